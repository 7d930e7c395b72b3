import type { Change } from '@aws-sdk/client-cloudformation';
import type { Colors } from '../../shell/terminal';
import type { Stack as RenderedStack } from '../../template/render';

/** What the template's resources are, in the words of who reads the plan. */
const RESOURCES: Record<string, string> = {
  Bucket: 'private bucket: encrypted, versioned, TLS only; it outlives the stack',
  BucketPolicy: 'CloudFront alone may read images, media and files',
  OriginAccessControl: 'CloudFront signs its requests to the bucket',
  ImageHeaders: 'security headers of images',
  FileHeaders: 'security headers of media and files',
  TenantFunction: 'takes the tenant prefix from paths that Ghost is asked for',
  Distribution: 'CDN on the domain: HTTP/3, IPv6, TLS 1.2+, compressed',
  DomainRecords: 'A, AAAA and HTTPS records of the domain',
  GhostPolicy: 'least privilege for Ghost',
  GhostUser: 'who Ghost signs in as; its access key is made apart',
  GhostEc2Role: 'who a Ghost on EC2 signs in as',
  GhostInstanceProfile: 'brings the role to the instance',
  GhostTaskRole: 'who a Ghost on ECS signs in as',
};

/** A line of the plan. */
export interface PlannedStep {
  /** What happens: `+` is made, `~` changed in place, `±` replaced, `-` removed, `=` used as it is. */
  sign: '+' | '~' | '±' | '-' | '=';
  /** `AWS::S3::Bucket`, `certificate` */
  what: string;
  words: string;
}

/**
 * The steps of a stack that is not there yet.
 *
 * @param adoptedBucket name of one that is there, and comes into the stack
 */
export function stepsOfCreation(stack: RenderedStack, adoptedBucket?: string): PlannedStep[] {
  const { Origins } = stack.Resources.Distribution?.Properties.DistributionConfig as { Origins: { Id: string }[] };
  const hasGhost = Origins.some(({ Id }) => Id === 'ghost');
  return Object.entries(stack.Resources).map(([name, { Type }]) => {
    const words = RESOURCES[name] ?? name;
    if (name === 'Bucket' && adoptedBucket) {
      return { sign: '=', what: Type, words: `${adoptedBucket} that is there already, with everything in it` };
    }
    return {
      sign: '+',
      what: Type,
      words: name === 'Distribution' && hasGhost ? `${words}; missing sizes are made by Ghost` : words,
    };
  });
}

/** The steps of a change set. One that touches no resource changes what the stack says of itself. */
export function stepsOfChanges(changes: Change[]): PlannedStep[] {
  if (changes.length === 0) {
    return [{ sign: '~', what: 'stack', words: 'its outputs and descriptions; nothing that it has made' }];
  }
  return changes.map(({ ResourceChange = {} }) => {
    const { Action, LogicalResourceId = '', ResourceType = '', Replacement, Details = [] } = ResourceChange;
    const words = RESOURCES[LogicalResourceId] ?? LogicalResourceId;
    const properties = [...new Set(Details.flatMap(({ Target }) => Target?.Name ?? Target?.Attribute ?? []))].join(
      ', ',
    );
    const step = { what: ResourceType, words: properties ? `${words} (${properties})` : words };
    if (Action === 'Add') {
      return { ...step, sign: '+' };
    }
    if (Action === 'Remove') {
      return { ...step, sign: '-' };
    }
    if (Action === 'Import') {
      return { ...step, sign: '=', words: `${LogicalResourceId} that is there already, with everything in it` };
    }
    return { ...step, sign: Replacement === 'True' || Replacement === 'Conditional' ? '±' : '~' };
  });
}

const SIGNS: Record<PlannedStep['sign'], { meaning: string; color: 'green' | 'yellow' | 'magenta' | 'red' | 'dim' }> = {
  '+': { meaning: 'made', color: 'green' },
  '~': { meaning: 'changed in place', color: 'yellow' },
  '±': { meaning: 'replaced', color: 'magenta' },
  '-': { meaning: 'removed', color: 'red' },
  '=': { meaning: 'used as it is', color: 'dim' },
};

/** The plan as lines for a terminal, with what it costs. */
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

/** Steps as lines for a terminal, with their signs explained. */
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
  freeTrafficTerabytes: 1,
  freeRequestsMillion: 10,
  trafficPerGigabyte: 0.085,
};

/** A blog with many pictures, and sizes made of each. */
const EXAMPLE = { gigabytes: 10, uploads: 2_000 };

/** @returns lines about what the image server costs in a month, roughly */
export function roughCosts(): string[] {
  const storage = EXAMPLE.gigabytes * PRICES.storagePerGigabyteMonth;
  const uploads = (EXAMPLE.uploads / 1_000) * PRICES.putPerThousand;
  return [
    `about $${(storage + uploads).toFixed(2)} a month for ${EXAMPLE.gigabytes} GB of files and ${EXAMPLE.uploads.toLocaleString('en-US')} new ones, in us-east-1`,
    `CloudFront: ${PRICES.freeTrafficTerabytes} TB and ${PRICES.freeRequestsMillion} million requests a month are free, then about $${PRICES.trafficPerGigabyte} a GB`,
    `prices of ${PRICES.date}; the certificate is free, and so are requests from CloudFront to S3`,
  ];
}
