import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { checkGhostConfigFile } from '../../ghost-site/config-file';
import { Failure } from '../../shell/failure';
import { type Colors, openTerminal, type Terminal } from '../../shell/terminal';
import { type Parameter, readTemplate } from '../../template/read';
import { type RenderedTemplate, renderTemplate } from '../../template/render';
import { checkRegion, namedRegion } from '../../aws/region';
import { certificateName } from './certificate/name';
import { type Chosen, applyDefaults, withDefaults } from './defaults';
import { planFolders, stepsOfFolders } from './folders';
import { accessKeyStep, planLines, type PlannedStep, stepsOfCreation } from './plan';
import { checkAccessKeyOption, type ProvisionOptions, readSettings, type Settings } from './settings';

/** The plan of `provision`, as far as it is known without asking AWS. */
export interface DryRun {
  /** For the terminal. */
  lines: string[];
  steps: PlannedStep[];
  /** The template with its conditions resolved. It can be deployed with the remaining parameters. */
  template: RenderedTemplate & { AWSTemplateFormatVersion: string; Parameters: Record<string, Partial<Parameter>> };
}

/** Runs `provision --dry-run` and `provision --template`, which do not load the AWS SDK's clients. */
export async function runDryRun(options: ProvisionOptions): Promise<void> {
  const given = readSettings(options);
  const { template: file, json, writeConfig } = options;
  if (json && file === '-') {
    throw new Failure(
      '--json and --template - cannot be used together.',
      'Leave out --template: the JSON contains the template.',
    );
  }
  if (writeConfig !== undefined) {
    checkGhostConfigFile(writeConfig);
  }
  const { region, setting } = namedRegion(options.region);
  if (region) {
    checkRegion(region, setting);
  }
  const settings = applyDefaults(await withDefaults(given, options), undefined);
  checkAccessKeyOption(settings);
  const terminal = openTerminal({ json: json || file === '-' });
  const { lines, steps, template } = dryRun(settings, region, terminal.colors);
  if (json) {
    const { domain, stackName, defaults: { chosen = [] } = {} } = settings;
    terminal.result({ domain, stackName, region, steps, chosen: chosen.map(shownToPrograms), template });
  } else {
    lines.forEach((line) => terminal.say(line));
  }
  if (file !== undefined) {
    // YAML 1.1, as CloudFormation reads it: there, an unquoted 2012-10-17 is a date.
    writeTemplate(terminal, file, stringify(template, { lineWidth: 0, version: '1.1' }));
  }
}

const shownToPrograms = ({ what, value, reason }: Chosen) => ({ what, value, reason });

/** @throws Failure when the file already exists or cannot be written */
function writeTemplate(terminal: Terminal, file: string, text: string): void {
  if (file === '-') {
    terminal.line(text.trimEnd());
    return;
  }
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(
      code === 'EEXIST'
        ? `--template: ${file} already exists and was not changed.`
        : `--template: ${file} cannot be written (${code}).`,
      'Choose a new file in a folder that you can write to, or - for the standard output.',
      { cause: error },
    );
  }
  terminal.say(`The template was written to ${file}.`);
}

/**
 * Plans an image server without credentials and network.
 *
 * @param region undefined when only the AWS configuration sets it
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
      : {
          sign: '+',
          what: 'certificate',
          words: `${name}, in us-east-1, unless there is already one that covers the domain`,
        },
    ...stepsOfCreation(template),
    // Without AWS, it is unknown which of the folders to remove exist.
    ...stepsOfFolders({ ...folders, removed: settings.folders.removed }, domain),
    ...(zoneId
      ? []
      : [
          {
            sign: '+' as const,
            what: 'DNS',
            words: `${hostedZoneId === 'none' ? '' : 'records in Route 53 if it has the zone, otherwise '}you create a CNAME`,
          },
        ]),
    ...(settings.movesDomain
      ? [{ sign: '~' as const, what: 'domain', words: `${domain} moves here if another distribution has it` }]
      : []),
    ...(settings.createAccessKey ? [accessKeyStep(settings)] : []),
  ];
  const title = `Image server https://${domain}${region ? `, in ${region}` : ''}, with the stack ${settings.stackName}`;
  return {
    steps,
    template,
    lines: [
      ...planLines(title, steps, settings, colors),
      'This was a dry run: no request was sent to AWS, and nothing was created.',
    ],
  };
}
