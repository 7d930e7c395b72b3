import { createHash } from 'node:crypto';
import type { Stack } from '../../aws/stack-state';
import type { Aws } from '../../aws/sign-in';
import { checked, parameterOf } from '../../template/checked-parameter';
import type { Problem } from './problem';

/** The option for such a bucket. */
const OPTION = '--account-regional-bucket';

/**
 * Reads the prefix of a bucket name in the account's own namespace, where other accounts cannot take names.
 *
 * @param value value of the option; true for the option without a value
 * @returns the prefix; the default comes from the domain, `images-example-com`
 * @throws Failure for an invalid prefix
 */
export function readBucketPrefix(value: string | true, domain: string): string {
  return checked(OPTION, 'BucketNamePrefix', value === true ? prefixOf(domain) : value);
}

/** Returns the prefix for a domain. Doubled hyphens make it unique, as in stack names. */
function prefixOf(domain: string): string {
  const { MaxLength = 0 } = parameterOf('BucketNamePrefix');
  const name = domain.replaceAll('-', '--').replaceAll('.', '-');
  const digest = createHash('sha256').update(domain).digest('hex').slice(0, 8);
  return name.length > MaxLength ? `${name.slice(0, MaxLength - digest.length - 1)}-${digest}` : name;
}

/**
 * Returns the whole name of a bucket in the account's namespace.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
 */
export const accountRegionalName = (prefix: string, { account, region }: Pick<Aws, 'account' | 'region'>): string =>
  `${prefix}-${account}-${region}-an`;

/** Returns the option with which another stack uses the bucket. */
export function optionOfBucket(name: string): string {
  const [, prefix] = /^(.+)-\d{12}-[a-z0-9-]+-an$/.exec(name) ?? [];
  return prefix === undefined ? `--bucket ${name}` : `${OPTION} ${prefix}`;
}

/** Checks that the stack does not have another bucket yet, since a bucket cannot change its namespace. */
export function checkNamespace(wanted: string, stack: Stack): Problem | undefined {
  const { BucketName } = stack.outputs;
  return BucketName === wanted
    ? undefined
    : {
        check: 'bucket',
        refuses: true,
        cause: `${OPTION}: the stack ${stack.name} has the bucket ${BucketName}, and S3 cannot rename a bucket.`,
        cure: `Leave out ${OPTION}. It only works for a new image server, with another --domain or --stack-name.`,
      };
}
