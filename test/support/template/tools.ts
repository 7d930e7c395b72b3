import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type { RenderedTemplate } from './render';
import { App, Stack as CdkStack } from 'aws-cdk-lib/core';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import { AwsSolutionsChecks } from 'cdk-nag';

interface Validator {
  CompositeEngine: new () => {
    validateTemplate(
      template: object,
      config: { severityLevel: 'WARN' },
    ): { diagnostics: { severity: string; ruleId: string; message: string; entity?: { logicalId?: string } }[] };
  };
  TemplateContent: new (text: string) => object;
}

// A bundled dependency of aws-cdk-lib, which does not export it.
const fromCdk = createRequire(require.resolve('aws-cdk-lib/package.json'));
const { CompositeEngine, TemplateContent } = fromCdk('@aws/cloudformation-validate') as Validator;
let engine: InstanceType<Validator['CompositeEngine']> | undefined;

/** Findings that we accept, and why. */
const ACCEPTED: Record<string, string> = {
  "WARN W9002: Property 'DestinationResourceArn' has a hardcoded ARN - use Ref, GetAtt, or a parameter instead":
    'it is a parameter, whose default is an ARN that names no bucket',
};

/**
 * Checks a template against the schemas of AWS resources and their rules.
 *
 * @param template as YAML or JSON
 * @returns errors and warnings that are not accepted, one line each
 */
export function schemaFindings(template: string): string[] {
  engine ??= new CompositeEngine();
  return engine
    .validateTemplate(new TemplateContent(template), { severityLevel: 'WARN' })
    .diagnostics.map(({ severity, ruleId, message }) => `${severity} ${ruleId}: ${message}`)
    .filter((finding) => !(finding in ACCEPTED));
}

/**
 * Checks a rendered stack against cdk-nag's AwsSolutions rules, which would misread conditions.
 *
 * @returns each finding as "rule resource", sorted
 */
export function nagFindings(stack: RenderedTemplate): string[] {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'template-'));
  try {
    const templateFile = path.join(folder, 'template.json');
    writeFileSync(templateFile, JSON.stringify(stack));
    const app = new App({ outdir: folder });
    const cdkStack = new CdkStack(app, 'stack');
    new CfnInclude(cdkStack, 'included', { templateFile });
    return new AwsSolutionsChecks(app)
      .validateScope(cdkStack)
      .violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map((resource) => `${ruleName} ${resource.constructPath?.split('/').at(-1)}`),
      )
      .sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
