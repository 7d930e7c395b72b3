import { createHash } from 'node:crypto';
import { domainToASCII } from 'node:url';
import { Failure } from '../shell/failure';
import { parameterOf } from './checked-parameter';

/**
 * The longest stack name, in characters.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
 */
const MAX_STACK_NAME = 128;

/**
 * Returns the name from `--stack-name`, or the name that belongs to `--domain`.
 *
 * @throws Failure when both options are missing, or for an invalid name
 */
export function readStackName(stackName: string | undefined, domain: string | undefined): string {
  if (stackName === undefined && domain === undefined) {
    throw new Failure('No image server is specified.', 'Add its domain: --domain images.example.com');
  }
  const name = stackName ?? stackNameOf(readDomain('--domain', domain ?? ''));
  if (!/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(name)) {
    throw new Failure(
      `--stack-name is "${name}".`,
      'A stack name starts with a letter and has only letters, digits and hyphens, at most 128: --stack-name ghost-images',
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

/**
 * Reads the domain of an image server.
 *
 * @param option that the domain comes from, as the error refers to it
 * @returns the domain in lower case and ASCII
 * @throws Failure with the option, its value and a fix
 */
export function readDomain(option: string, value: string): string {
  const bare = value
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/[/?#].*$/, '');
  const domain = domainToASCII(bare.replace(/\.$/, '').toLowerCase());
  const isDomain = new RegExp(parameterOf('Domain').AllowedPattern ?? '').test(domain) && domain.length <= 253;
  if (!isDomain) {
    throw new Failure(
      `${option} is "${value}", which is not a domain.`,
      'Use a domain with at least one dot, without a port or a path: images.example.com',
    );
  }
  if (bare !== value.trim()) {
    throw new Failure(`${option} is "${value}".`, `Use only the domain, without "https://" or a path: ${domain}`);
  }
  return domain;
}
