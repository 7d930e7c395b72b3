import type { Change } from '@aws-sdk/client-cloudformation';
import type { Colors } from '../../shell/terminal';
import { readTemplate } from '../../template/read';
import { type RenderedTemplate, renderTemplate } from '../../template/render';
import { certificateName } from './certificate/name';
import type { IpAddressType } from './dns/ghost-addresses';
import { costLines } from './costs';
import { stepsOfFormats } from './formats';
import { RESOURCES, typeDescription } from './resource-descriptions';
import type { Settings } from './settings';
import type { Situation } from './situation';

/** A line of the plan. */
export interface PlannedStep {
  /** `+` create, `~` change in place, `±` replace, `-` remove, `=` use as is */
  sign: '+' | '~' | '±' | '-' | '=';
  /** `AWS::S3::Bucket`, `certificate` */
  what: string;
  words: string;
}

/**
 * Returns the steps for building a new stack.
 *
 * @param adoptedBucket name of an existing bucket that the stack imports
 */
export function stepsOfNewStack(parameters: Record<string, string>, adoptedBucket?: string): PlannedStep[] {
  const rendered = renderTemplate(
    readTemplate(),
    // A domain that is moved is added at the end.
    { ...parameters, DomainIsElsewhere: 'false', 'AWS::Partition': 'aws' },
    ['CertificateArn'],
  );
  return stepsOfCreation(rendered, adoptedBucket);
}

interface OriginAddress {
  Id: string;
  CustomOriginConfig?: { IpAddressType?: string };
}

/** Returns the steps for building a stack from a rendered template. */
export function stepsOfCreation(template: RenderedTemplate, adoptedBucket?: string): PlannedStep[] {
  const distribution = template.Resources.Distribution?.Properties.DistributionConfig as
    | { Origins: OriginAddress[] }
    | undefined;
  const ghost = distribution?.Origins.find(({ Id }) => Id === 'ghost');
  return Object.entries(template.Resources).map(([name, { Type, Properties }]) => {
    const words = RESOURCES[name] ?? name;
    if (name === 'Bucket' && adoptedBucket) {
      return { sign: '=', what: Type, words: `the existing bucket ${adoptedBucket}, with everything in it` };
    }
    if (name === 'Bucket' && Properties.BucketNamespace) {
      return { sign: '+', what: Type, words: `${words}; its name is reserved for this account` };
    }
    return {
      sign: '+',
      what: Type,
      words:
        name === 'Distribution' && ghost
          ? `${words}; Ghost creates missing image sizes${connection(ghost.CustomOriginConfig?.IpAddressType)}`
          : words,
    };
  });
}

/** Returns how CloudFront connects to Ghost, unless it is over IPv4. */
const connection = (ipAddressType = 'ipv4') =>
  ipAddressType === 'ipv4' ? '' : `, requested over ${ipAddressType === 'ipv6' ? 'IPv6' : 'IPv4 and IPv6'}`;

/**
 * Returns the steps of a change set. Without resources, it only changes the stack's outputs or descriptions.
 *
 * @param ghostIpAddressType how CloudFront will connect to Ghost, if that changes
 */
export function stepsOfChanges(changes: Change[], ghostIpAddressType?: IpAddressType): PlannedStep[] {
  if (changes.length === 0) {
    return [{ sign: '~', what: 'stack', words: 'only its outputs and descriptions, none of its resources' }];
  }
  return changes.map(({ ResourceChange = {} }) => {
    const { Action, LogicalResourceId = '', ResourceType = '', Replacement, Details = [] } = ResourceChange;
    const connects =
      ghostIpAddressType && LogicalResourceId === 'Distribution'
        ? `; connects to Ghost over ${ghostIpAddressType === 'ipv6' ? 'IPv6' : 'IPv4'}`
        : '';
    const words = `${RESOURCES[LogicalResourceId] ?? LogicalResourceId}${connects}`;
    const properties = [...new Set(Details.flatMap(({ Target }) => Target?.Name ?? Target?.Attribute ?? []))].join(
      ', ',
    );
    if (Action === 'Import') {
      return {
        sign: '=',
        what: ResourceType,
        words: `the existing ${LogicalResourceId}, with everything in it`,
      };
    }
    const changed = Replacement === 'True' || Replacement === 'Conditional' ? '±' : '~';
    return {
      sign: Action === 'Add' ? '+' : Action === 'Remove' ? '-' : changed,
      what: ResourceType,
      words: properties ? `${words} (${properties})` : words,
    };
  });
}

/** Returns the steps that are not part of the stack: `before` it and `after` it. */
export function stepsAroundStack(
  settings: Settings,
  { stack, certificate, zone, accessKeyId, hasForeignRecords, movesRecords }: Situation,
  dnsElsewhere: boolean,
): { before: PlannedStep[]; after: PlannedStep[] } {
  const validated = zone
    ? `validated by a record in the Route 53 zone ${zone.name}`
    : 'validated by a record that you create';
  const what = 'certificate';
  const names = certificate?.names.join(', ');
  const after: PlannedStep[] = [];
  if (zone && dnsElsewhere && !hasForeignRecords && !movesRecords) {
    after.push({ sign: '+', what: 'DNS', words: `A, AAAA and HTTPS records in the Route 53 zone ${zone.name}` });
  }
  if (!stack && !zone) {
    const words = `a CNAME record for ${settings.domain}, which you create at your DNS provider`;
    after.push({ sign: '+', what: 'DNS', words });
  }
  if (stack?.parameters.GhostHost && settings.parameters.GhostHost === '') {
    const words = `CloudFront no longer requests image sizes from ${stack.parameters.GhostHost}; sizes that are not in the bucket return 404`;
    after.push({ sign: '-', what: 'Ghost', words });
  }
  if (stack) {
    after.push(
      ...stepsOfOriginals(settings.parameters, stack.parameters),
      ...stepsOfFormats(settings.parameters, stack.parameters),
    );
  }
  if (settings.createAccessKey && !accessKeyId) {
    after.push(accessKeyStep(settings));
  }
  if (certificate?.status === 'ISSUED') {
    return { before: [{ sign: '=', what, words: `${names} (${certificate.arn})` }], after };
  }
  const words = certificate
    ? `${names}, requested before; ${validated}`
    : `${certificateName(settings.domain, settings.wildcard)}, in us-east-1; ${validated}`;
  return { before: [{ sign: '+', what, words }], after };
}

/**
 * Returns the step for originals, if they become private or public with this version's template.
 *
 * @param wanted parameters that the run sets
 * @param before parameters of the stack; one of version 1.1.0 or older has none for originals, which are public there
 */
export function stepsOfOriginals(wanted: Record<string, string>, before: Record<string, string>): PlannedStep[] {
  const { PublicOriginals: was = 'true' } = before;
  const becomes = wanted.PublicOriginals ?? before.PublicOriginals ?? 'false';
  const words =
    becomes === 'true'
      ? 'visitors can get them (photo_o.jpg)'
      : 'visitors no longer get them (photo_o.jpg, which Ghost never links), except for copies that CloudFront keeps until they expire or are invalidated; provision --public-originals keeps them public';
  return was === becomes ? [] : [{ sign: '~', what: 'originals', words }];
}

/** Returns the step for the access key, with the place that its secret is written to. */
export const accessKeyStep = ({ configFile }: Settings): PlannedStep => ({
  sign: '+',
  what: 'access key',
  words: `for the user, ${configFile === undefined ? 'shown once' : `written to ${configFile}`}`,
});

/** The meanings and colors of the signs. */
const SIGNS: Record<PlannedStep['sign'], { meaning: string; color: 'green' | 'yellow' | 'magenta' | 'red' | 'dim' }> = {
  '+': { meaning: 'created', color: 'green' },
  '~': { meaning: 'changed in place', color: 'yellow' },
  '±': { meaning: 'replaced', color: 'magenta' },
  '-': { meaning: 'removed', color: 'red' },
  '=': { meaning: 'used as is', color: 'dim' },
};

/** The options for a blog whose URL is unknown. */
const WITHOUT_URL = '\n  Add --ghost-url https://blog.example.com, or --no-ghost if that is what you want.';

/**
 * Returns the plan as lines for the terminal: its steps, the automatically chosen values, warnings, and the costs.
 *
 * @param settings the result of `applyDefaults`
 */
export function planLines(
  title: string,
  steps: PlannedStep[],
  { defaults, files }: Pick<Settings, 'defaults' | 'files'>,
  colors: Colors,
): string[] {
  const { chosen = [], warnings = [] } = defaults ?? {};
  const width = Math.max(...chosen.map(({ what }) => what.length));
  return [
    colors.bold(title),
    '',
    ...stepLines(steps, colors),
    '',
    ...chosen.map(({ what, value, reason }) => `  ${what.padEnd(width)}  ${value} ${colors.dim(`(${reason})`)}`),
    ...(chosen.length > 0 ? [''] : []),
    ...warnings.flatMap(({ text, isAboutUrl }) => [
      `${colors.yellow('⚠')} ${text}${isAboutUrl ? WITHOUT_URL : ''}`,
      '',
    ]),
    `${colors.bold('Costs')}, roughly:`,
    ...costLines(files).map((line) => `  ${line}`),
    '',
  ];
}

/** Returns steps as lines for the terminal, with an explanation of their signs if these differ. */
export function stepLines(steps: PlannedStep[], colors: Colors): string[] {
  const width = Math.max(...steps.map(({ what }) => typeDescription(what).length));
  const used = Object.entries(SIGNS).filter(([sign]) => steps.some((step) => step.sign === sign));
  return [
    ...steps.map(
      ({ sign, what, words }) =>
        `  ${colors[SIGNS[sign].color](sign)} ${typeDescription(what).padEnd(width)}  ${words}`,
    ),
    ...(used.length > 1
      ? ['', colors.dim(`  ${used.map(([sign, { meaning }]) => `${sign} ${meaning}`).join(', ')}`)]
      : []),
  ];
}
