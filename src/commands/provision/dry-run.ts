import { stringify } from 'yaml';
import { checkGhostConfigFile } from '../../ghost-site/config-file';
import { type Colors, openTerminal } from '../../shell/terminal';
import { type Parameter, readTemplate } from '../../template/read';
import { type RenderedTemplate, renderTemplate } from '../../template/render';
import { checkRegion, namedRegion } from '../../aws/region';
import { certificateName } from './certificate/name';
import { planFolders, stepsOfFolders } from './folders';
import { ACCESS_KEY_STEP, planLines, type PlannedStep, stepsOfCreation } from './plan';
import { checkAccessKeyOption, type ProvisionOptions, readSettings, type Settings } from './settings';

/** The plan of `provision`, as far as it is known without AWS. */
export interface DryRun {
  /** For the terminal. */
  lines: string[];
  steps: PlannedStep[];
  /** The template with its conditions resolved. It can be deployed with the remaining parameters. */
  template: RenderedTemplate & { AWSTemplateFormatVersion: string; Parameters: Record<string, Partial<Parameter>> };
}

/** Runs `provision --dry-run`, which does not load the AWS SDK. */
export function runDryRun(options: ProvisionOptions): void {
  const settings = readSettings(options);
  checkAccessKeyOption(settings);
  if (options.writeConfig !== undefined) {
    checkGhostConfigFile(options.writeConfig);
  }
  const { region, setting } = namedRegion(options.region);
  if (region) {
    checkRegion(region, setting);
  }
  const terminal = openTerminal(options);
  const { lines, steps, template } = dryRun(settings, region, terminal.colors);
  if (options.json) {
    terminal.result({ domain: settings.domain, stackName: settings.stackName, region, steps, template });
  } else {
    lines.forEach((line) => terminal.say(line));
  }
}

/**
 * Plans an image server without credentials and network.
 *
 * @param region undefined when only the AWS configuration names it
 */
export function dryRun(settings: Settings, region: string | undefined, colors: Colors): DryRun {
  const { domain, parameters, certificateArn, hostedZoneId, wildcard } = settings;
  const folders = planFolders(settings.folders, {}, parameters);
  const zoneId = hostedZoneId === 'none' ? undefined : hostedZoneId;
  const knownLater = [
    ...(certificateArn ? [] : ['CertificateArn']),
    ...(parameters.GhostHost ? ['FallbackSecret'] : []),
  ];
  const source = readTemplate();
  const rendered = renderTemplate(
    source,
    {
      ...parameters,
      ...folders.parameters,
      ...(zoneId && { HostedZoneId: zoneId }),
      ...(region && { 'AWS::Region': region }),
    },
    knownLater,
  );
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    // Without their defaults, since empty values would not work.
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
    // Whether a folder to remove is there, only AWS knows.
    ...stepsOfFolders({ ...folders, removed: settings.folders.removed }, domain),
    ...(zoneId
      ? []
      : [
          {
            sign: '+' as const,
            what: 'DNS',
            words: `${hostedZoneId === 'none' ? '' : 'records in Route 53 if it has the zone, else '}you make a CNAME`,
          },
        ]),
    ...(settings.movesDomain
      ? [{ sign: '~' as const, what: 'domain', words: `${domain} moves here if another distribution has it` }]
      : []),
    ...(settings.createAccessKey ? [ACCESS_KEY_STEP] : []),
  ];
  const title = `Image server https://${domain}${region ? `, in ${region}` : ''}, by the stack ${settings.stackName}`;
  return {
    steps,
    template,
    lines: [
      ...planLines(title, steps, colors),
      // YAML 1.1, as CloudFormation reads it: there, an unquoted 2012-10-17 is a date.
      stringify(template, { lineWidth: 0, version: '1.1' }),
      'This was a dry run: AWS was not asked, and nothing was made.',
    ],
  };
}
