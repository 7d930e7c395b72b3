import { closest } from 'fastest-levenshtein';
import * as z from 'zod/mini';
import { contradictions, leftover } from './config-problems';
import { CONFIG_INVALID } from './error-codes';
import { errors } from './ghost-host';
import { mistake } from './mistaken-values';
import { howToCorrect, originOf } from './option-origins';
import {
  cdnUrl,
  fallbackSecrets,
  httpUrl,
  name,
  oneOf,
  prefix,
  secret,
  text,
  trueOrFalse,
  wholeNumber,
} from './option-values';

const MIB = 1024 * 1024;

/** Names of uploads are never reused, so browsers and the CDN may keep them for a year without asking again. */
export const DEFAULT_CACHE_CONTROL = 'public, max-age=31536000, immutable';

/** S3's minimum size of a part, except for the last one: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MIN_PART_BYTES = 5 * MIB;
/** Each request or part of an upload is held in memory. */
const MAX_BYTES_IN_MEMORY = 1024 * MIB;

/**
 * The options below `storage.S3CloudFrontStorage` in Ghost's configuration, with defaults filled in. The table in
 * docs/configuration.md is written from the comments of this interface (`npm run docs`).
 */
export interface Config {
  /** Bucket name. @example "blog-images" */
  bucket: string;
  /**
   * URL of the CDN, without `/content/images`. It may have a path, and may be on the blog's own host.
   * @example "https://images.example.com"
   */
  cdnUrl: string;
  /** Region of the bucket. @default from the environment or the AWS profile @example "eu-central-1" */
  region?: string;
  /**
   * Path for the files of a feature: `content/images`, `content/media` or `content/files`.
   * @default "content/images" @example "content/media"
   */
  staticFileURLPrefix: string;
  /** Path in front of `staticFileURLPrefix`, if several blogs share the bucket. @default none @example "blog-one" */
  tenantPrefix: string;
  /**
   * Access key ID. On EC2 and ECS, a role is safer.
   * @default from the environment, the AWS profile or a role @example "AKIAIOSFODNN7EXAMPLE"
   */
  accessKeyId?: string;
  /** Secret access key for `accessKeyId`. @example "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" */
  secretAccessKey?: string;
  /** Session token of temporary credentials. @default none @example "the-session-token" */
  sessionToken?: string;
  /**
   * ID of the CloudFront distribution. The adapter invalidates replaced and deleted files there, such as video
   * thumbnails.
   * @default none @example "E2EXAMPLE1ABCD"
   */
  distributionId?: string;
  /**
   * Secret that the CDN sends to Ghost in the header `X-Ghost-Cdn-Fallback-Key`, at least 16 characters. While you
   * replace it, write a list of the new and the former one: both are accepted.
   * @default none @example "a-long-random-text-that-only-the-cdn-knows"
   */
  cdnFallbackSecret?: readonly string[];
  /**
   * Response of Ghost to requests below `/content/images`. `redirect` sends visitors to the CDN, and `stream` sends the
   * bytes, except those of originals. `auto` streams to the CDN, and redirects visitors.
   * @default "auto" @example "stream"
   */
  serve: 'auto' | 'stream' | 'redirect';
  /**
   * `Cache-Control` header of stored files. Thumbnails of videos get five minutes, as Ghost reuses their names.
   * @default "public, max-age=31536000, immutable" @example "public, max-age=86400"
   */
  cacheControl: string;
  /** Whether images keep the GPS data of the camera. Ghost's originals, `photo_o.jpg`, always do. @default false @example true */
  keepLocation: boolean;
  /**
   * URL of an S3 service other than AWS. The default region is `us-east-1` there.
   * @default AWS @example "https://s3.example.com"
   */
  endpoint?: string;
  /** Whether the bucket name is in the path of requests, as MinIO and Ceph need it. @default false @example true */
  forcePathStyle?: boolean;
  /** S3 storage class of stored files. @default the bucket's @example "INTELLIGENT_TIERING" */
  storageClass?: string;
  /** Encryption of stored files: `AES256`, `aws:kms` or `aws:kms:dsse`. @default the bucket's @example "aws:kms" */
  serverSideEncryption?: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  /** ID, ARN or alias of the KMS key for `aws:kms`. @default the AWS managed key @example "alias/blog" */
  kmsKeyId?: string;
  /**
   * Canned ACL of stored files. Buckets on AWS refuse most ACLs by default.
   * @default none @example "bucket-owner-full-control"
   */
  acl?: string;
  /** Size (bytes) from which a file is uploaded in parts. @default 8388608 @example 16777216 */
  multipartUploadThresholdBytes: number;
  /** Size (bytes) of a part, at least 5 MiB. @default 6291456 @example 16777216 */
  multipartChunkSizeBytes: number;
  /** How many parts of a file are uploaded at the same time. @default 8 @example 2 */
  uploadConcurrency: number;
  /** How many uploads of the process run at the same time. The others wait. @default 32 @example 8 */
  maxConcurrentUploads: number;
  /** How much memory (bytes) all uploads of the process together use for files. @default 50331648 @example 33554432 */
  uploadMemoryBytes: number;
  /** How long (ms) a request may go without progress. @default 30000 @example 60000 */
  requestTimeoutMs: number;
  /** How often a request is sent before it fails. Waiting for a throttled S3 does not count. @default 4 @example 10 */
  maxAttempts: number;
}

/** The options whose values must never be shown. */
export const SECRET_OPTIONS: ReadonlySet<string> = new Set([
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'cdnFallbackSecret',
]);

/** The options that are URLs, which may contain a password. */
export const ADDRESS_OPTIONS: ReadonlySet<string> = new Set(['cdnUrl', 'endpoint']);

/** Option names of older adapters (ghost-storage-adapter-s3, ghos3), with ours for the same thing. */
const FORMER_NAMES: Record<string, keyof Config> = { assetHost: 'cdnUrl', pathPrefix: 'staticFileURLPrefix' };

/** Options of older adapters that S3 no longer needs, with the reason to remove them. */
const OBSOLETE_NAMES: Record<string, string> = { signatureVersion: 'every request is signed with version 4' };

const ENDPOINT_EXPECTED = 'must be the URL of the S3 service, for example "https://s3.example.com"';
const DISTRIBUTION_EXPECTED = 'must be the ID of your CloudFront distribution, for example "E2EXAMPLE1ABCD"';
const REGION_EXPECTED = 'must be the region of the bucket, for example "eu-west-1"';
/** A region becomes part of a host name, and the SDK accepts no other characters. */
const HOST_LABEL = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/;
const CACHE_CONTROL_EXPECTED = 'must be the value of a Cache-Control header, for example "public, max-age=31536000"';

/** Ghost parses values in the environment that look like a number, true, false or an object. */
const HOW_TO_QUOTE = 'write it as text, in quotes (in an environment variable with both pairs of quotes: \'"…"\')';

const schema = z.strictObject({
  bucket: text('must be the name of your S3 bucket').check(
    z.regex(/^[A-Za-z0-9][\w.-]*$/, 'must be only the name of the bucket, not a path, a URL or an ARN'),
  ),
  region: z.optional(text(REGION_EXPECTED).check(z.regex(HOST_LABEL, REGION_EXPECTED))),
  cdnUrl,
  staticFileURLPrefix: z._default(
    prefix('must be the path below which files are stored: "content/images", "content/media" or "content/files"'),
    'content/images',
  ),
  tenantPrefix: z._default(
    prefix('must be a path of letters, digits, ".", "_", "-" and "/"').check(
      z.refine(
        (value) => !/(^|\/)content\/(images|media|files)(\/|$)/.test(value),
        'must not contain "content/images": its files would be among those of another blog',
      ),
    ),
    '',
  ),
  accessKeyId: z.optional(secret('must be the access key ID as text')),
  secretAccessKey: z.optional(secret('must be the secret access key as text')),
  sessionToken: z.optional(secret('must be the session token as text')),
  endpoint: z.optional(z.pipe(text(ENDPOINT_EXPECTED), httpUrl(ENDPOINT_EXPECTED))),
  forcePathStyle: z.optional(trueOrFalse),
  distributionId: z.optional(text(DISTRIBUTION_EXPECTED).check(z.regex(/^[A-Z0-9]+$/, DISTRIBUTION_EXPECTED))),
  cdnFallbackSecret: z.optional(fallbackSecrets),
  serve: z._default(oneOf('auto', 'stream', 'redirect'), 'auto'),
  cacheControl: z._default(
    text(CACHE_CONTROL_EXPECTED).check(
      z.regex(/^[\x20-\x7e]*$/, 'must be plain ASCII text'),
      z.regex(/^(?!cache-control\s*:|\d+$)/i, CACHE_CONTROL_EXPECTED),
    ),
    DEFAULT_CACHE_CONTROL,
  ),
  keepLocation: z._default(trueOrFalse, false),
  // Storage classes and canned ACLs differ between providers, and new ones are added: S3 itself checks their spelling.
  storageClass: z.optional(name('must be an S3 storage class, for example "INTELLIGENT_TIERING"')),
  serverSideEncryption: z.optional(oneOf('AES256', 'aws:kms', 'aws:kms:dsse')),
  kmsKeyId: z.optional(secret('must be the ID, ARN or alias of a KMS key')),
  acl: z.optional(name('must be a canned S3 ACL, for example "bucket-owner-full-control"')),
  multipartUploadThresholdBytes: z._default(wholeNumber(1, MAX_BYTES_IN_MEMORY), 8 * MIB),
  multipartChunkSizeBytes: z._default(wholeNumber(MIN_PART_BYTES, MAX_BYTES_IN_MEMORY), 6 * MIB),
  uploadConcurrency: z._default(wholeNumber(1, 64), 8),
  maxConcurrentUploads: z._default(wholeNumber(1, 1000), 32),
  uploadMemoryBytes: z._default(wholeNumber(MIN_PART_BYTES, MAX_BYTES_IN_MEMORY), 48 * MIB),
  requestTimeoutMs: z._default(wholeNumber(100, 3_600_000), 30_000),
  maxAttempts: z._default(wholeNumber(1, 20), 4),
});

/** The names of all options. */
export const OPTION_NAMES = Object.keys(schema.shape);

/**
 * Checks the configuration of the adapter and fills in defaults.
 *
 * @param raw block that Ghost passes: `storage.S3CloudFrontStorage`, merged with the feature's own block
 * @returns the configuration, and notices for its owner (old option names that were understood)
 * @throws IncorrectUsageError that lists every problem at once, each with the option, its value and the fix
 */
export function parseConfig(raw: unknown): { config: Config; notices: string[] } {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw invalid(['the configuration must be a block of options, with at least "bucket" and "cdnUrl"']);
  }
  const { options, notices } = renameFormerOptions(withoutUnset(raw as Record<string, unknown>));
  const leftovers = Object.entries(options).flatMap(([name, value]) => {
    const reasons = [value]
      .flat()
      .map((each) => leftover(each, SECRET_OPTIONS.has(name)) ?? mistake(name, each, options));
    const reason = reasons.find(Boolean);
    return reason && OPTION_NAMES.includes(name) ? [[name, `${nameAndValue(name, value)} ${reason}`] as const] : [];
  });
  const result = schema.safeParse(options);
  if (!result.success || leftovers.length > 0) {
    const isElsewhere = ({ path: [name] }: z.core.$ZodIssue) => leftovers.every(([other]) => other !== name);
    const issues = result.error?.issues.filter(isElsewhere) ?? [];
    throw invalid([...leftovers.map(([, problem]) => problem), ...issues.flatMap((issue) => describe(issue, options))]);
  }
  const problems = contradictions(result.data);
  if (problems.length > 0) {
    throw invalid(problems);
  }
  return { config: result.data, notices };
}

/** Drops options that are null or empty, as Docker Compose makes them from `${VARIABLE:-}`. */
function withoutUnset(raw: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(raw).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  );
}

function renameFormerOptions(raw: Record<string, unknown>): { options: Record<string, unknown>; notices: string[] } {
  const options = { ...raw };
  const notices: string[] = [];
  for (const [former, name] of Object.entries(FORMER_NAMES)) {
    if (former in options) {
      notices.push(
        `S3CloudFrontStorage: the option "${former}" is called "${name}" in this adapter. Rename it in Ghost's configuration.`,
      );
      options[name] ??= options[former];
      delete options[former];
    }
  }
  return { options, notices };
}

function describe(issue: z.core.$ZodIssue, options: Record<string, unknown>): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(describeUnknown);
  }
  const name = String(issue.path[0]);
  if (!(name in options)) {
    return [`"${name}" is missing: it ${issue.message}`];
  }
  const value = options[name];
  const isGuessed = issue.code === 'invalid_type' && issue.expected === 'string';
  return [`${nameAndValue(name, value)} ${issue.message}${isGuessed ? `: ${HOW_TO_QUOTE}` : ''}`];
}

/** Returns an option with its value, unless that is a secret, and with the flag or the environment variable that it comes from. */
function nameAndValue(name: string, value: unknown): string {
  const origin = originOf(name);
  const from = origin ? ` (from ${origin})` : '';
  // Everything before an @ in a URL is a user name and a password, however misspelled the rest is.
  const isSecret = SECRET_OPTIONS.has(name) || (ADDRESS_OPTIONS.has(name) && hasAt(value));
  return isSecret ? `"${name}"${from}` : `"${name}" is ${shorten(value)}${from}, but`;
}

function describeUnknown(name: string): string {
  if (Object.hasOwn(OBSOLETE_NAMES, name)) {
    return `"${name}" is not an option of this adapter (${OBSOLETE_NAMES[name]}): remove it`;
  }
  const longer = OPTION_NAMES.filter((option) => option.toLowerCase().includes(name.toLowerCase()));
  const suggestion = closest(name, longer.length > 0 ? longer : OPTION_NAMES);
  return `"${name}" is not an option of this adapter. Did you mean "${suggestion}"?`;
}

const hasAt = (value: unknown) => typeof value === 'string' && value.includes('@');

/** Shows a value, but not an object or a function: there may be secrets in it, or no way to show it. */
function shorten(value: unknown): string {
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  const shown = typeof value === 'string' ? JSON.stringify(value) : isPlain ? String(value) : `of type ${typeof value}`;
  return shown.length > 100 ? `${shown.slice(0, 100)}…` : shown;
}

/** @param problems each begins with its option */
function invalid(problems: string[]): Error {
  return new errors.IncorrectUsageError({
    message: `S3CloudFrontStorage is not configured correctly: ${[...new Set(problems)].join('; ')}`,
    code: CONFIG_INVALID,
    help: howToCorrect(problems.map((problem) => /^"(\w+)"/.exec(problem)?.[1] ?? '')),
  });
}
