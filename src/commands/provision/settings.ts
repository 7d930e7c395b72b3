import { Failure } from '../../shell/failure';
import { checked } from '../../template/checked-parameter';
import { readDomain, readStackName } from '../../template/stack-name';
import { type FolderChanges, readFolders } from './folders';
import { readAccessLogs } from './access-logs';
import { readBucketPrefix } from './account-regional-bucket';
import type { CountedFiles } from './costs';
import type { Defaults } from './defaults';
import { readGhost } from './ghost-url';

/** The command-line options as Commander parses them. */
export interface ProvisionOptions {
  domain?: string;
  ghostUrl?: string;
  /** False with `--no-ghost`. */
  ghost?: boolean;
  region?: string;
  profile?: string;
  dnsProfile?: string;
  hostedZone?: string;
  certificateArn?: string;
  wildcard?: boolean;
  bucket?: string;
  /** True when the option has no value. */
  accountRegionalBucket?: string | true;
  identity?: string;
  createAccessKey?: boolean;
  rotateSecret?: boolean;
  rotateAccessKey?: boolean;
  tenantPrefix?: string;
  /** False with `--no-public-originals`. */
  publicOriginals?: boolean;
  formats?: string;
  priceClass?: string;
  webAcl?: string;
  moveDomain?: boolean;
  accessLogs?: string;
  folder?: string[];
  removeFolder?: string[];
  stackName?: string;
  writeConfig?: string;
  dryRun?: boolean;
  /** `-` for the standard output. */
  template?: string;
  yes?: boolean;
  json?: boolean;
}

/** The requested image server. An undefined value keeps the stack's value, or the template's default. */
export interface Settings {
  /** Lower case, ASCII. */
  domain: string;
  stackName: string;
  /** The template parameters that the options set. */
  parameters: Record<string, string>;
  folders: FolderChanges;
  /** `Z…`; `none` to ignore Route 53 if the DNS is at another provider; undefined to find the zone. */
  hostedZoneId?: string;
  certificateArn?: string;
  wildcard: boolean;
  createAccessKey: boolean;
  /** Whether to move the domain from another distribution. */
  movesDomain: boolean;
  /** The file of `--write-config`. */
  configFile?: string;
  /** Values for a new image server that the options do not set; undefined for the template's defaults. */
  defaults?: Defaults;
  /** The blog's files, for the cost estimate. */
  files?: CountedFiles;
}

/** The options whose values are passed to the template unchanged. */
const PARAMETERS: Partial<Record<keyof ProvisionOptions, [option: string, parameter: string]>> = {
  certificateArn: ['--certificate-arn', 'CertificateArn'],
  bucket: ['--bucket', 'BucketName'],
  identity: ['--identity', 'Identity'],
  tenantPrefix: ['--tenant-prefix', 'TenantPrefix'],
  formats: ['--formats', 'Formats'],
  priceClass: ['--price-class', 'PriceClass'],
};

/**
 * Reads the options of `provision`.
 *
 * @throws Failure with the option, its value and a fix
 */
export function readSettings(options: ProvisionOptions): Settings {
  refuseEmpty(options);
  if (options.domain === undefined) {
    throw new Failure('--domain is missing.', 'Add the domain for the images: --domain images.example.com');
  }
  const domain = readDomain('--domain', options.domain);
  const parameters: Record<string, string> = { Domain: domain };
  for (const [name, [option, parameter]] of Object.entries(PARAMETERS)) {
    const value = options[name as keyof ProvisionOptions] as string | undefined;
    if (value !== undefined) {
      parameters[parameter] = checked(option, parameter, value);
    }
  }
  if (options.accessLogs !== undefined) {
    parameters.AccessLogDestination = readAccessLogs(options.accessLogs);
  }
  if (options.publicOriginals !== undefined) {
    parameters.PublicOriginals = String(options.publicOriginals);
  }
  if (options.webAcl !== undefined) {
    parameters.WebAclArn = options.webAcl === 'none' ? '' : checked('--web-acl', 'WebAclArn', options.webAcl);
  }
  if (options.bucket !== undefined && options.accountRegionalBucket !== undefined) {
    throw new Failure(
      '--bucket and --account-regional-bucket cannot be used together.',
      "Leave out --bucket to create a new bucket in your account's namespace. An existing bucket keeps its name.",
    );
  }
  if (options.accountRegionalBucket !== undefined) {
    parameters.BucketNamePrefix = readBucketPrefix(options.accountRegionalBucket, domain);
  }
  Object.assign(parameters, readGhost(options, domain));
  if (options.ghost === false && options.formats !== undefined && options.formats !== 'none') {
    throw new Failure(
      `--formats ${options.formats} and --no-ghost cannot be used together.`,
      'Ghost creates the image sizes as WebP. Leave out --formats, or use --ghost-url in place of --no-ghost.',
    );
  }
  if (options.wildcard && options.certificateArn) {
    throw new Failure(
      '--wildcard and --certificate-arn cannot be used together.',
      'Leave out --wildcard to use the certificate, or --certificate-arn to request a wildcard certificate.',
    );
  }
  if (options.hostedZone === 'none' && options.dnsProfile !== undefined) {
    throw new Failure(
      '--hosted-zone none and --dns-profile cannot be used together.',
      'Leave out --dns-profile to create the records yourself, or leave out --hosted-zone none to create them in the account of that profile.',
    );
  }
  const hostedZoneId = options.hostedZone?.trim().replace(/^\/?hostedzone\//, '');
  return {
    domain,
    stackName: readStackName(options.stackName, domain),
    parameters,
    folders: readFolders(options.folder, options.removeFolder),
    hostedZoneId:
      hostedZoneId === undefined || hostedZoneId === 'none'
        ? hostedZoneId
        : checked('--hosted-zone', 'HostedZoneId', hostedZoneId),
    certificateArn: parameters.CertificateArn,
    wildcard: options.wildcard ?? false,
    createAccessKey: options.createAccessKey ?? false,
    movesDomain: options.moveDomain ?? false,
    configFile: options.writeConfig,
  };
}

/** Refuses empty values, which unset shell variables cause: an empty bucket name would replace the stack's bucket. */
export function refuseEmpty(options: ProvisionOptions): void {
  const isEmpty = (value: unknown) => typeof value === 'string' && value.trim() === '';
  const [name] = Object.entries(options).find(([, value]) => [value].flat().some(isEmpty)) ?? [];
  if (name !== undefined) {
    const option = optionOf(name);
    throw new Failure(
      `${option} is empty.`,
      `Add its value (an unset shell variable is empty), or leave out ${option}.`,
    );
  }
}

/** Returns an option as it is typed: `--stack-name` for `stackName`. */
export const optionOf = (name: string): string =>
  `--${name === 'ghost' ? 'no-ghost' : name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * Checks that `--create-access-key` is used with a user.
 *
 * @param identityOfStack value of `--identity` in the existing stack
 */
export function checkAccessKeyOption({ createAccessKey, parameters }: Settings, identityOfStack = 'policy-only'): void {
  const identity = parameters.Identity ?? identityOfStack;
  if (createAccessKey && identity !== 'iam-user') {
    throw new Failure(
      `--create-access-key needs --identity iam-user, but the identity is ${identity}.`,
      'Add --identity iam-user. On EC2 and ECS, use a role instead, which is safer and needs no access key.',
    );
  }
}
