import { createHash } from 'node:crypto';
import { domainToASCII } from 'node:url';
import { Failure } from '../../shell/failure';
import { checked, parameterOf } from './checked-parameter';
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
  identity?: string;
  createAccessKey?: boolean;
  tenantPrefix?: string;
  priceClass?: string;
  webAcl?: string;
  stackName?: string;
  writeConfig?: string;
  dryRun?: boolean;
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
  /** `Z…`; `none` to ignore Route 53, where another provider serves the domain; undefined to find the zone. */
  hostedZoneId?: string;
  certificateArn?: string;
  wildcard: boolean;
  createAccessKey: boolean;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html */
const MAX_STACK_NAME = 128;

/** The options whose values are passed to the template unchanged. */
const PARAMETERS: Partial<Record<keyof ProvisionOptions, [option: string, parameter: string]>> = {
  certificateArn: ['--certificate-arn', 'CertificateArn'],
  bucket: ['--bucket', 'BucketName'],
  identity: ['--identity', 'Identity'],
  tenantPrefix: ['--tenant-prefix', 'TenantPrefix'],
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
    throw new Failure(
      '--domain is missing.',
      'Name the domain that images are to be shown from: --domain images.example.com',
    );
  }
  const domain = readDomain('--domain', options.domain);
  const parameters: Record<string, string> = { Domain: domain };
  for (const [name, [option, parameter]] of Object.entries(PARAMETERS)) {
    const value = options[name as keyof ProvisionOptions] as string | undefined;
    if (value !== undefined) {
      parameters[parameter] = checked(option, parameter, value);
    }
  }
  if (options.webAcl !== undefined) {
    parameters.WebAclArn = options.webAcl === 'none' ? '' : checked('--web-acl', 'WebAclArn', options.webAcl);
  }
  Object.assign(parameters, readGhost(options, domain));
  if (options.wildcard && options.certificateArn) {
    throw new Failure(
      '--wildcard and --certificate-arn exclude each other.',
      'Leave out --wildcard to use the certificate, or --certificate-arn to request a wildcard certificate.',
    );
  }
  if (options.hostedZone === 'none' && options.dnsProfile !== undefined) {
    throw new Failure(
      '--hosted-zone none and --dns-profile exclude each other.',
      'Leave out --dns-profile to make the records yourself, or --hosted-zone none to have them made in its account.',
    );
  }
  const hostedZoneId = options.hostedZone?.trim().replace(/^\/?hostedzone\//, '');
  return {
    domain,
    stackName: readStackName(options.stackName, domain),
    parameters,
    hostedZoneId:
      hostedZoneId === undefined || hostedZoneId === 'none'
        ? hostedZoneId
        : checked('--hosted-zone', 'HostedZoneId', hostedZoneId),
    certificateArn: parameters.CertificateArn,
    wildcard: options.wildcard ?? false,
    createAccessKey: options.createAccessKey ?? false,
  };
}

/** Refuses empty values, which come from unset shell variables: an empty bucket name would replace the stack's bucket. */
function refuseEmpty(options: ProvisionOptions): void {
  const [name] = Object.entries(options).find(([, value]) => typeof value === 'string' && value.trim() === '') ?? [];
  if (name !== undefined) {
    const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new Failure(
      `${option} is empty.`,
      `Write its value (a variable of the shell that is not set gives none), or leave out ${option}.`,
    );
  }
}

/**
 * Checks that `--create-access-key` has a user to create the key for.
 *
 * @param identityOfStack identity kind of the existing stack
 */
export function checkAccessKeyOption({ createAccessKey, parameters }: Settings, identityOfStack = 'policy-only'): void {
  const identity = parameters.Identity ?? identityOfStack;
  if (createAccessKey && identity !== 'iam-user') {
    throw new Failure(
      `--create-access-key needs a user, and --identity is ${identity}.`,
      'Add --identity iam-user. A Ghost on EC2 or ECS needs no access key: its role is safer.',
    );
  }
}

/**
 * Returns the stack name that the options give, directly or by the domain.
 *
 * @throws Failure without both options, or for an invalid name
 */
export function readStackName(stackName: string | undefined, domain: string | undefined): string {
  if (stackName === undefined && domain === undefined) {
    throw new Failure('Which image server is meant?', 'Name its domain: --domain images.example.com');
  }
  const name = stackName ?? stackNameOf(readDomain('--domain', domain ?? ''));
  if (!/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(name)) {
    throw new Failure(
      `--stack-name is "${name}".`,
      'It must begin with a letter, and have letters, digits and hyphens only, 128 at most: --stack-name ghost-images',
    );
  }
  return name;
}

/**
 * Returns a stack name that is unique to the domain, `ghost-images-example-com`. Doubled hyphens keep
 * `images-blog.example.com` apart from `images.blog.example.com`, since no label starts or ends with a hyphen.
 */
export function stackNameOf(domain: string): string {
  const name = `ghost-${domain.replaceAll('-', '--').replaceAll('.', '-')}`;
  const digest = createHash('sha256').update(domain).digest('hex').slice(0, 12);
  return name.length > MAX_STACK_NAME ? `${name.slice(0, MAX_STACK_NAME - 13)}-${digest}` : name;
}

function readDomain(option: string, value: string): string {
  const bare = value
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/[/?#].*$/, '');
  const domain = domainToASCII(bare.replace(/\.$/, '').toLowerCase());
  const isDomain = new RegExp(parameterOf('Domain').AllowedPattern ?? '').test(domain) && domain.length <= 253;
  if (!isDomain) {
    throw new Failure(
      `${option} is "${value}", which is no domain.`,
      'Write a domain with at least one dot, without port and path: images.example.com',
    );
  }
  if (bare !== value.trim()) {
    throw new Failure(`${option} is "${value}".`, `Write the domain alone, without scheme and path: ${domain}`);
  }
  return domain;
}
