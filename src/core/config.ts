import { closest } from 'fastest-levenshtein';
import * as z from 'zod/mini';
import { CONFIG_INVALID } from './error-codes';
import { errors } from './ghost-host';

const MIB = 1024 * 1024;

/** Names of uploads are never given again: browsers and the CDN may keep them for a year and need not ask. */
export const DEFAULT_CACHE_CONTROL = 'public, max-age=31536000, immutable';

/** S3's smallest part but for the last: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MIN_PART_BYTES = 5 * MIB;
/** What is uploaded in one request or one part is held in memory. */
const MAX_BYTES_IN_MEMORY = 1024 * MIB;

/** What stands in Ghost's configuration below `storage.S3CloudFrontStorage`, with defaults filled in. */
export interface Config {
  bucket: string;
  region?: string;
  cdnUrl: string;
  staticFileURLPrefix: string;
  tenantPrefix: string;
  accessKeyId?: string;
  secretAccessKey?: string;
  sessionToken?: string;
  endpoint?: string;
  forcePathStyle?: boolean;
  distributionId?: string;
  cdnFallbackSecret?: string;
  serve: 'auto' | 'stream' | 'redirect';
  cacheControl: string;
  storageClass?: string;
  serverSideEncryption?: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  kmsKeyId?: string;
  acl?: string;
  multipartUploadThresholdBytes: number;
  multipartChunkSizeBytes: number;
  uploadConcurrency: number;
  requestTimeoutMs: number;
  maxAttempts: number;
}

/** The options whose values are never shown. */
export const SECRET_OPTIONS: ReadonlySet<string> = new Set([
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'cdnFallbackSecret',
]);

/** The options that are addresses, in which a password may stand. */
export const ADDRESS_OPTIONS: ReadonlySet<string> = new Set(['cdnUrl', 'endpoint']);

/** Names of the older adapters (ghost-storage-adapter-s3, ghos3) and ours for the same thing. */
const FORMER_NAMES: Record<string, keyof Config> = { assetHost: 'cdnUrl', pathPrefix: 'staticFileURLPrefix' };

/** What the older adapters had and S3 no longer needs, with the reason to take it out. */
const OBSOLETE_NAMES: Record<string, string> = {
  signatureVersion: 'every request is signed with version 4',
};

const trimSlashes = (value: string) => value.replace(/^\/+|\/+$/g, '');
const isLoopback = (hostname: string) =>
  hostname === 'localhost' ||
  hostname.endsWith('.localhost') ||
  hostname === '[::1]' ||
  /^127(\.\d+){3}$/.test(hostname);

/** Text. A whole number becomes its text: Ghost turns `storage__…__tenantPrefix=7` of the environment into a number. */
const text = (expected: string) =>
  z.pipe(
    z.transform((value: unknown) => (Number.isSafeInteger(value) ? String(value) : value)),
    z.string(expected).check(z.trim(), z.minLength(1, expected)),
  );

/** A word of S3's, which is sent in a header. */
const name = (expected: string) => text(expected).check(z.regex(/^[\w-]+$/, expected));

/** A key or token. A file that it was read from often ends with a line break. */
const secret = (expected: string) => z.string(expected).check(z.trim(), z.regex(/^[\x21-\x7e]+$/, expected));

/** A number, or its digits: a JSON file holds the one, a secret file or a template the other. */
const wholeNumber = (min: number, max: number) => {
  const expected = `must be a whole number from ${min} to ${max}`;
  return z.pipe(
    z.transform((value: unknown) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value)),
    z.int(expected).check(z.minimum(min, expected), z.maximum(max, expected)),
  );
};

const trueOrFalse = z.pipe(
  z.transform((value: unknown) => (value === 'true' ? true : value === 'false' ? false : value)),
  z.boolean('must be true or false'),
);

const oneOf = <const T extends string>(...values: T[]) => z.enum(values, `must be one of: ${values.join(', ')}`);

/** Letters, digits and the few marks that need no encoding, in segments: a prefix is part of every URL. */
const prefix = (expected: string) =>
  z.pipe(
    z.pipe(text(expected), z.transform(trimSlashes)),
    z
      .string()
      .check(
        z.refine((value) => /^[\w.@~-]+(\/[\w.@~-]+)*$/.test(value) && !/(^|\/)\.{1,2}(\/|$)/.test(value), expected),
      ),
  );

const hasUserInfo = (value: unknown) =>
  typeof value === 'string' && URL.canParse(value) && Boolean(new URL(value).username || new URL(value).password);

const httpUrl = (expected: string) =>
  z.string(expected).check(
    z.refine((value) => /^https?:\/\/[^/?#]/i.test(value) && URL.canParse(value), expected),
    z.refine((value) => !hasUserInfo(value), 'must not hold a user name or password'),
  );

const CDN_URL_EXPECTED = 'must be the address of your CDN, for example "https://images.example.com"';
const cdnUrl = z.pipe(
  z.pipe(
    text(CDN_URL_EXPECTED),
    // A bare host name is how most people write it, and what the older adapters' assetHost often held.
    z.transform((value: string) =>
      /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `https://${value.replace(/^\/\//, '')}`,
    ),
  ),
  z.pipe(
    httpUrl(CDN_URL_EXPECTED).check(
      z.refine((value) => !/[?#]/.test(value), 'must not have a query or a fragment'),
      z.refine(
        (value) => !/\/content\/(images|media|files)(\/|$)/.test(value),
        'must be the bare address of the CDN, without "/content/images": that is added to it',
      ),
      z.refine(
        (value) => !URL.canParse(value) || new URL(value).protocol !== 'http:' || isLoopback(new URL(value).hostname),
        'must begin with https:// (pictures over http: are blocked on an https: blog)',
      ),
    ),
    z.transform((value: string) => {
      // Through URL, so that the host is lower case and a default port is gone; the path keeps its spelling.
      const { origin, pathname } = new URL(value);
      return `${origin}${pathname.replace(/\/+$/, '')}`;
    }),
  ),
);

const ENDPOINT_EXPECTED = 'must be the address of the S3 service, for example "https://s3.example.com"';
const REGION_EXPECTED = 'must be the region of the bucket, for example "eu-west-1"';
/** A region becomes part of a host name, and the SDK signs for no other. */
const HOST_LABEL = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/;
const FALLBACK_SECRET_EXPECTED =
  'must have at least 16 characters, letters, digits and signs: it is what tells the CDN from visitors';

const schema = z.strictObject({
  bucket: text('must be the name of your S3 bucket').check(
    z.regex(/^[A-Za-z0-9][\w.-]*$/, 'must be only the name of the bucket, without a path, an address or an ARN'),
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
        'must not hold "content/images": it would lie among the files of another blog',
      ),
    ),
    '',
  ),
  accessKeyId: z.optional(secret('must be the access key ID as text')),
  secretAccessKey: z.optional(secret('must be the secret access key as text')),
  sessionToken: z.optional(secret('must be the session token as text')),
  endpoint: z.optional(z.pipe(text(ENDPOINT_EXPECTED), httpUrl(ENDPOINT_EXPECTED))),
  forcePathStyle: z.optional(trueOrFalse),
  distributionId: z.optional(
    text('must be the ID of your CloudFront distribution, for example "E2EXAMPLE1ABCD"').check(
      z.regex(/^[A-Z0-9]+$/, 'must be the ID of your CloudFront distribution, for example "E2EXAMPLE1ABCD"'),
    ),
  ),
  cdnFallbackSecret: z.optional(
    z.string('must be text').check(z.trim(), z.regex(/^[\x20-\x7e]{16,}$/, FALLBACK_SECRET_EXPECTED)),
  ),
  serve: z._default(oneOf('auto', 'stream', 'redirect'), 'auto'),
  cacheControl: z._default(
    text('must be a Cache-Control header').check(z.regex(/^[\x20-\x7e]*$/, 'must be plain ASCII text')),
    DEFAULT_CACHE_CONTROL,
  ),
  // Storage classes and canned ACLs differ between providers and grow: S3 itself answers for their spelling.
  storageClass: z.optional(name('must be a storage class of S3, for example "INTELLIGENT_TIERING"')),
  serverSideEncryption: z.optional(oneOf('AES256', 'aws:kms', 'aws:kms:dsse')),
  kmsKeyId: z.optional(secret('must be the ID, ARN or alias of a KMS key')),
  acl: z.optional(name('must be a canned ACL of S3, for example "bucket-owner-full-control"')),
  multipartUploadThresholdBytes: z._default(wholeNumber(1, MAX_BYTES_IN_MEMORY), 8 * MIB),
  multipartChunkSizeBytes: z._default(wholeNumber(MIN_PART_BYTES, MAX_BYTES_IN_MEMORY), 8 * MIB),
  uploadConcurrency: z._default(wholeNumber(1, 64), 6),
  requestTimeoutMs: z._default(wholeNumber(100, 3_600_000), 30_000),
  maxAttempts: z._default(wholeNumber(1, 20), 4),
});

/** Every option there is. */
export const OPTION_NAMES = Object.keys(schema.shape);

/**
 * Checks the configuration of the adapter and fills in defaults.
 *
 * @param raw what Ghost passes: the block of `storage.S3CloudFrontStorage`, merged with the feature's own
 * @returns the configuration, and what its owner should know about it (old names that were understood)
 * @throws IncorrectUsageError that lists every problem at once, each with the option, its value and the cure
 */
export function parseConfig(raw: unknown): { config: Config; notices: string[] } {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw invalid(['the configuration must be a block of options, with at least "bucket" and "cdnUrl"']);
  }
  const { options, notices } = renameFormerOptions(withoutUnset(raw as Record<string, unknown>));
  const result = schema.safeParse(options);
  if (!result.success) {
    throw invalid(result.error.issues.flatMap((issue) => describe(issue, options)));
  }
  const problems = contradictions(result.data);
  if (problems.length > 0) {
    throw invalid(problems);
  }
  return { config: result.data, notices };
}

/** An option set to null or to nothing, as Docker Compose does with `${VARIABLE:-}`, is one that is not set. */
function withoutUnset(raw: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(raw).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  );
}

function renameFormerOptions(raw: Record<string, unknown>): { options: Record<string, unknown>; notices: string[] } {
  const options = { ...raw };
  const notices: string[] = [];
  for (const [former, name] of Object.entries(FORMER_NAMES)) {
    if (!(former in options)) {
      continue;
    }
    notices.push(
      `S3CloudFrontStorage: the option "${former}" is called "${name}" here. Rename it in Ghost's configuration.`,
    );
    if (!(name in options)) {
      options[name] = options[former];
    }
    delete options[former];
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
  // What stands before an @ in an address is a name and a password, however the rest is misspelled.
  const isSecret = SECRET_OPTIONS.has(name) || (ADDRESS_OPTIONS.has(name) && hasAt(options[name]));
  const value = isSecret ? '' : ` is ${shorten(options[name])}, but`;
  return [`"${name}"${value} ${issue.message}`];
}

function describeUnknown(name: string): string {
  if (Object.hasOwn(OBSOLETE_NAMES, name)) {
    return `"${name}" is no option of this adapter (${OBSOLETE_NAMES[name]}): remove it`;
  }
  const longer = OPTION_NAMES.filter((option) => option.toLowerCase().includes(name.toLowerCase()));
  const suggestion = closest(name, longer.length > 0 ? longer : OPTION_NAMES);
  return `"${name}" is no option of this adapter. Did you mean "${suggestion}"?`;
}

function contradictions(config: Config): string[] {
  const problems: string[] = [];
  if (config.accessKeyId && !config.secretAccessKey) {
    problems.push(
      '"accessKeyId" is set without "secretAccessKey": set both, or neither to use the role of the machine',
    );
  }
  if (config.secretAccessKey && !config.accessKeyId) {
    problems.push(
      '"secretAccessKey" is set without "accessKeyId": set both, or neither to use the role of the machine',
    );
  }
  if (config.sessionToken && !config.accessKeyId && !config.secretAccessKey) {
    problems.push(
      '"sessionToken" is set without "accessKeyId" and "secretAccessKey": it only works together with them',
    );
  }
  if (config.kmsKeyId && !config.serverSideEncryption?.startsWith('aws:kms')) {
    problems.push('"kmsKeyId" is set, but "serverSideEncryption" is not "aws:kms": set it, or remove "kmsKeyId"');
  }
  return problems;
}

const hasAt = (value: unknown) => typeof value === 'string' && value.includes('@');

/** Neither what holds more values nor a function is shown: there may be secrets in it, or nothing that can be shown. */
function shorten(value: unknown): string {
  const isPlain = typeof value === 'number' || typeof value === 'boolean';
  const shown = typeof value === 'string' ? JSON.stringify(value) : isPlain ? String(value) : `of type ${typeof value}`;
  return shown.length > 100 ? `${shown.slice(0, 100)}…` : shown;
}

function invalid(problems: string[]): Error {
  return new errors.IncorrectUsageError({
    message: `S3CloudFrontStorage is not configured correctly: ${[...new Set(problems)].join('; ')}`,
    code: CONFIG_INVALID,
    help: 'Correct the block "storage" → "S3CloudFrontStorage" of Ghost\'s configuration and start Ghost again.',
  });
}
