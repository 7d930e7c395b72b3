import { stringify } from 'yaml';
import { certificateName } from './certificate/name';
import { planLines, type PlannedStep, stepsOfCreation } from './plan';
import { type Parameter, readTemplate } from '../../template/read';
import { renderTemplate, type Stack } from '../../template/render';
import type { Settings } from './settings';
import type { Colors } from '../../shell/terminal';

/** What `provision` would build, as far as it can be told without AWS. */
export interface DryRun {
  /** For a terminal. */
  lines: string[];
  steps: PlannedStep[];
  /** The template with its conditions decided. It could be deployed as it is, with the parameters that are left. */
  template: Stack & { AWSTemplateFormatVersion: string; Parameters: Record<string, Partial<Parameter>> };
}

/**
 * Plans an image server without asking anybody: no credentials, no network.
 *
 * @param region as it was given, undefined where AWS's configuration is to tell it
 */
export function dryRun(settings: Settings, region: string | undefined, colors: Colors): DryRun {
  const { domain, parameters, certificateArn, hostedZoneId, wildcard } = settings;
  const zoneId = hostedZoneId === 'none' ? undefined : hostedZoneId;
  const knownLater = [
    ...(certificateArn ? [] : ['CertificateArn']),
    ...(parameters.GhostHost ? ['FallbackSecret'] : []),
  ];
  const source = readTemplate();
  const rendered = renderTemplate(
    source,
    { ...parameters, ...(zoneId && { HostedZoneId: zoneId }), ...(region && { 'AWS::Region': region }) },
    knownLater,
  );
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    // No default: empty they would not do.
    Parameters: Object.fromEntries(
      knownLater.map((name) => [name, { ...source.Parameters[name], Default: undefined }]),
    ),
    ...rendered,
  };
  const name = certificateArn ? '' : certificateName(domain, wildcard);
  const steps: PlannedStep[] = [
    certificateArn
      ? { sign: '=', what: 'certificate', words: certificateArn }
      : { sign: '+', what: 'certificate', words: `${name}, in us-east-1, unless one is there that covers the domain` },
    ...stepsOfCreation(template),
    ...(zoneId
      ? []
      : [
          {
            sign: '+' as const,
            what: 'DNS',
            words: `${hostedZoneId === 'none' ? '' : 'records in Route 53 if it has the zone, else '}you make a CNAME`,
          },
        ]),
    ...(settings.createAccessKey
      ? [{ sign: '+' as const, what: 'access key', words: 'for the user, shown once' }]
      : []),
  ];
  const title = `Image server https://${domain}${region ? `, in ${region}` : ''}, by the stack ${settings.stackName}`;
  return {
    steps,
    template,
    lines: [
      ...planLines(title, steps, colors),
      // As CloudFormation reads YAML, a bare 2012-10-17 would be a date.
      stringify(template, { lineWidth: 0, version: '1.1' }),
      'This was a dry run: AWS was not asked, and nothing was made.',
    ],
  };
}
