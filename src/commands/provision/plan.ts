import type { Change } from '@aws-sdk/client-cloudformation';
import type { Colors } from '../../shell/terminal';
import { readTemplate } from '../../template/read';
import { type RenderedTemplate, renderTemplate } from '../../template/render';
import { certificateName } from './certificate/name';
import type { IpAddressType } from './dns/ghost-addresses';
import type { Settings } from './settings';
import type { Situation } from './situation';

/** The template's resources as the plan describes them. */
const RESOURCES: Record<string, string> = {
  Bucket: 'private bucket: encrypted, versioned, TLS only; it outlives the stack',
  BucketPolicy: 'CloudFront alone may read images, media and files',
  OriginAccessControl: 'CloudFront signs its requests to the bucket',
  ImageHeaders: 'security headers of images',
  FileHeaders: 'security headers of media and files',
  PathFunction: 'encodes plus signs in file names',
  FolderFunction: 'keeps files in folders from running scripts',
  CorsFunction: 'lets pages read the images that they have shown',
  TenantFunction: 'takes the tenant prefix from paths that Ghost is asked for',
  Distribution: 'CDN on the domain: HTTP/3, IPv6, TLS 1.2+, compressed',
  AccessLogSource: 'access logs of the distribution',
  AccessLogTarget: 'bucket for the access logs',
  AccessLogDelivery: 'writes the access logs to the bucket',
  DomainRecords: 'A, AAAA and HTTPS records of the domain',
  GhostPolicy: 'least privilege for Ghost',
  GhostUser: 'who Ghost signs in as; its access key is made apart',
  GhostEc2Role: 'who a Ghost on EC2 signs in as',
  GhostInstanceProfile: 'brings the role to the instance',
  GhostTaskRole: 'who a Ghost on ECS signs in as',
};

/** A line of the plan. */
export interface PlannedStep {
  /** `+` created, `~` changed in place, `±` replaced, `-` removed, `=` used as it is */
  sign: '+' | '~' | '±' | '-' | '=';
  /** `AWS::S3::Bucket`, `certificate` */
  what: string;
  words: string;
}

/**
 * Returns the steps of building a new stack.
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

/** Returns the steps of building a stack from a rendered template. */
export function stepsOfCreation(template: RenderedTemplate, adoptedBucket?: string): PlannedStep[] {
  const { Origins } = template.Resources.Distribution?.Properties.DistributionConfig as {
    Origins: { Id: string; CustomOriginConfig?: { IpAddressType?: string } }[];
  };
  const ghost = Origins.find(({ Id }) => Id === 'ghost');
  return Object.entries(template.Resources).map(([name, { Type, Properties }]) => {
    const words = RESOURCES[name] ?? name;
    if (name === 'Bucket' && adoptedBucket) {
      return { sign: '=', what: Type, words: `${adoptedBucket} that is there already, with everything in it` };
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

/** Returns how CloudFront connects to Ghost, where that is not as usual. */
const connection = (ipAddressType = 'ipv4') =>
  ipAddressType === 'ipv4' ? '' : `, requested over ${ipAddressType === 'ipv6' ? 'IPv6' : 'IPv4 and IPv6'}`;

/**
 * Returns the steps of a change set. One without resources changes the stack's outputs or descriptions.
 *
 * @param ghostIpAddressType how CloudFront will connect to Ghost, if that changes
 */
export function stepsOfChanges(changes: Change[], ghostIpAddressType?: IpAddressType): PlannedStep[] {
  if (changes.length === 0) {
    return [{ sign: '~', what: 'stack', words: 'its outputs and descriptions; nothing that it has made' }];
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
        words: `${LogicalResourceId} that is there already, with everything in it`,
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

/** Returns the steps that do not belong to the stack, `before` and `after` it. */
export function stepsAroundStack(
  settings: Settings,
  { stack, certificate, zone, accessKeyId, hasForeignRecords, movesRecords }: Situation,
  dnsElsewhere: boolean,
): { before: PlannedStep[]; after: PlannedStep[] } {
  const validated = zone
    ? `validated by a record in the Route 53 zone ${zone.name}`
    : 'validated by a record that you make';
  const what = 'certificate';
  const names = certificate?.names.join(', ');
  const after: PlannedStep[] = [];
  if (zone && dnsElsewhere && !hasForeignRecords && !movesRecords) {
    after.push({ sign: '+', what: 'DNS', words: `A, AAAA and HTTPS records in the Route 53 zone ${zone.name}` });
  }
  if (!stack && !zone) {
    const words = `a CNAME record for ${settings.domain}, which you make at your DNS provider`;
    after.push({ sign: '+', what: 'DNS', words });
  }
  if (stack?.parameters.GhostHost && settings.parameters.GhostHost === '') {
    const words = `CloudFront no longer requests image sizes from ${stack.parameters.GhostHost}; sizes that are not in the bucket return 404`;
    after.push({ sign: '-', what: 'Ghost', words });
  }
  if (settings.createAccessKey && !accessKeyId) {
    after.push(ACCESS_KEY_STEP);
  }
  if (certificate?.status === 'ISSUED') {
    return { before: [{ sign: '=', what, words: `${names} (${certificate.arn})` }], after };
  }
  const words = certificate
    ? `${names}, requested before; ${validated}`
    : `${certificateName(settings.domain, settings.wildcard)}, in us-east-1; ${validated}`;
  return { before: [{ sign: '+', what, words }], after };
}

export const ACCESS_KEY_STEP: PlannedStep = { sign: '+', what: 'access key', words: 'for the user, shown once' };

const SIGNS: Record<PlannedStep['sign'], { meaning: string; color: 'green' | 'yellow' | 'magenta' | 'red' | 'dim' }> = {
  '+': { meaning: 'made', color: 'green' },
  '~': { meaning: 'changed in place', color: 'yellow' },
  '±': { meaning: 'replaced', color: 'magenta' },
  '-': { meaning: 'removed', color: 'red' },
  '=': { meaning: 'used as it is', color: 'dim' },
};

/** Returns the plan as lines for the terminal, with its costs. */
export function planLines(title: string, steps: PlannedStep[], colors: Colors): string[] {
  return [
    colors.bold(title),
    '',
    ...stepLines(steps, colors),
    '',
    `${colors.bold('Costs')}, roughly:`,
    ...roughCosts().map((line) => `  ${line}`),
    '',
  ];
}

/** Returns steps as lines for the terminal, with their signs explained. */
export function stepLines(steps: PlannedStep[], colors: Colors): string[] {
  const width = Math.max(...steps.map(({ what }) => what.length));
  const used = Object.entries(SIGNS).filter(([sign]) => steps.some((step) => step.sign === sign));
  return [
    ...steps.map(({ sign, what, words }) => `  ${colors[SIGNS[sign].color](sign)} ${what.padEnd(width)}  ${words}`),
    '',
    colors.dim(`  ${used.map(([sign, { meaning }]) => `${sign} ${meaning}`).join(', ')}`),
  ];
}

/** Prices of November 2026: https://aws.amazon.com/s3/pricing/ and https://aws.amazon.com/cloudfront/pricing/ */
const PRICES = {
  date: 'November 2026',
  storagePerGigabyteMonth: 0.023,
  putPerThousand: 0.005,
  getPerThousand: 0.0004,
  freeTrafficTerabytes: 1,
  freeRequestsMillion: 10,
  trafficPerGigabyte: 0.085,
  freeFunctionCallsMillion: 2,
  functionCallsPerMillion: 0.1,
};

/** A blog with many images in several sizes. */
const EXAMPLE = { gigabytes: 10, uploads: 2_000 };

/** Returns the rough monthly costs of an image server, as lines for the terminal. */
export function roughCosts(): string[] {
  const storage = EXAMPLE.gigabytes * PRICES.storagePerGigabyteMonth;
  const uploads = (EXAMPLE.uploads / 1_000) * PRICES.putPerThousand;
  return [
    `about $${(storage + uploads).toFixed(2)} a month for ${EXAMPLE.gigabytes} GB of files and ${EXAMPLE.uploads.toLocaleString('en-US')} new ones, in us-east-1`,
    `CloudFront: ${PRICES.freeTrafficTerabytes} TB and ${PRICES.freeRequestsMillion} million requests a month are free, then about $${PRICES.trafficPerGigabyte} a GB`,
    `its functions, called twice per request: ${PRICES.freeFunctionCallsMillion} million calls a month are free, then $${PRICES.functionCallsPerMillion.toFixed(2)} per million`,
    `requests from CloudFront to the bucket: $${PRICES.getPerThousand} per 1,000; data transfer between them is free`,
    `prices of ${PRICES.date}; the certificate is free`,
  ];
}
