import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { checkChosenProfile } from '../../../aws/profiles';
import { placeOf } from '../../../core/option-origins';
import { connect } from '../../../core/s3/client';
import { placeOfCredentials } from '../../../core/s3/places';
import { knownService } from '../../../core/s3/service';
import { statusOf } from '../../../core/foreign-error';
import { codeOf } from '../../../core/s3/errors';
import { messageOfService } from '../../../core/s3/service-answer';
import { hasContainerKeys, isOfUser, lacksCredentialsOfUser } from '../../../ghost-site/compose/container-credentials';
import { fixForHostOfCompose } from '../../../ghost-site/compose/host-of-compose';
import type { GhostSite } from '../../../ghost-site/site';
import { Failure } from '../../../shell/failure';
import { type CheckResult, failed, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { anonymousHead, connectionOptions, isInOtherRegion, signedRequestError } from '../s3-requests';

/** A Ghost error that explains an S3 error. */
type GhostError = Error & { errorType: string; help?: string };

/** S3's limit for the difference of clocks: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html */
const MAX_SKEW_MS = 15 * 60 * 1000;

/** How far (ms) a clock may be off before it is worth a warning. */
const NOTABLE_SKEW_MS = 2 * 60 * 1000;

/** The sources of credentials, by the names that the SDK gives them in `$source`. */
const SOURCES: Record<string, string> = {
  CREDENTIALS_CODE: "Ghost's configuration",
  CREDENTIALS_ENV_VARS: 'the environment',
  CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN: 'a web identity token',
  CREDENTIALS_PROFILE: 'a profile',
  CREDENTIALS_PROFILE_SOURCE_PROFILE: 'a profile with a role',
  CREDENTIALS_PROFILE_SSO: 'a profile with SSO',
  CREDENTIALS_PROFILE_PROCESS: 'a profile with a program',
  CREDENTIALS_STS_ASSUME_ROLE: 'a role',
  CREDENTIALS_HTTP: 'the role of the container',
  CREDENTIALS_IMDS: 'the role of the machine',
};

/**
 * The error codes for rejected credentials, with the fixes for those in the configuration and for those from elsewhere.
 */
const REJECTIONS = [
  {
    codes: ['ExpiredToken', 'ExpiredTokenException', 'InvalidToken', 'TokenRefreshRequired'],
    found: 'The session token is invalid or has expired',
    inConfig: () =>
      `Renew ${placeOf('sessionToken')}, "accessKeyId" and "secretAccessKey", or remove all three to use the role of the machine.`,
    elsewhere: (place: string) => `Sign in again (aws sso login), or renew the temporary credentials in ${place}.`,
  },
  {
    codes: ['InvalidAccessKeyId', 'InvalidClientTokenId', 'UnrecognizedClientException'],
    found: 'S3 does not recognize the access key ID',
    inConfig: () =>
      `Correct ${placeOf('accessKeyId')}, or remove it with "secretAccessKey" to use the role of the machine.`,
    elsewhere: (place: string) =>
      `Correct the credentials in ${place}. S3 also rejects deleted keys, and keys of another S3 service.`,
  },
  {
    codes: ['SignatureDoesNotMatch', 'InvalidSignatureException'],
    found: 'The secret access key does not belong to the access key ID',
    inConfig: () => `Correct ${placeOf('secretAccessKey')}.`,
    elsewhere: (place: string) => `Correct the secret access key in ${place}.`,
  },
  {
    codes: ['RequestTimeTooSkewed'],
    found: 'The clock of this machine is wrong',
    inConfig: () => 'Set the clock, preferably with NTP.',
    elsewhere: () => 'Set the clock, preferably with NTP.',
  },
];

/** Checks that there are credentials that have not expired. */
export async function checkCredentials(context: DoctorContext): Promise<CheckResult> {
  const { config } = context;
  const ofContainer = context.site && context.options.profile === undefined && hasContainerKeys(context.site);
  const tried = config.accessKeyId
    ? 'The command read "accessKeyId" and "secretAccessKey" in the configuration.'
    : ofContainer
      ? `The command read ${placeOfCredentials(process.env)}, which Ghost's container gets.`
      : 'The command searched the environment, the profile and the role of the machine, as the AWS SDK does.';
  try {
    if (config.accessKeyId === undefined) {
      await checkChosenProfile(undefined);
    }
    const { client } = await connect(config);
    const credentials = await client.config.credentials();
    const { accessKeyId, expiration, $source = {} }: typeof credentials & { $source?: object } = credentials;
    const source = config.accessKeyId ? 'CREDENTIALS_CODE' : Object.keys($source).find((name) => name in SOURCES);
    if (expiration && expiration.getTime() < Date.now()) {
      return failed(
        tried,
        `The credentials expired at ${expiration.toISOString()}.`,
        'Sign in again (aws sso login), or renew them.',
      );
    }
    const until = expiration ? `, until ${expiration.toISOString()}` : '';
    const from =
      ofContainer && !config.accessKeyId
        ? "the variables of Ghost's container"
        : (SOURCES[source ?? ''] ?? 'the AWS SDK');
    const found = `${masked(accessKeyId)} from ${from}${until}`;
    return isOnlyOfUser(context, $source)
      ? warned(
          tried,
          `${found}, but Ghost's container does not have these credentials.`,
          `Set ${keysToSet(context.site)}, or give the machine a role (EC2, ECS).`,
        )
      : passed(found);
  } catch (error) {
    if (error instanceof Failure) {
      return failed(tried, error.message, error.cure);
    }
    return failed(
      tried,
      `There are no credentials for S3: ${(error as Error).message}`,
      `Set ${keysToSet(context.site)}, give the machine a role (EC2, ECS), or pass an AWS profile with --profile.`,
    );
  }
}

/** A container gets its keys as variables, which the AWS SDK reads. */
const keysToSet = (site: GhostSite | undefined): string =>
  site?.compose && site.settings.format === 'env'
    ? `AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in ${site.settings.file}`
    : '"accessKeyId" and "secretAccessKey"';

/** A profile that was named is reported by another check. */
const isOnlyOfUser = ({ config, site, options: { profile } }: DoctorContext, source: object): boolean =>
  site !== undefined &&
  config.accessKeyId === undefined &&
  profile === undefined &&
  lacksCredentialsOfUser(site) &&
  isOfUser(source);

/** Checks that S3 can be reached. */
export async function checkS3Answers(context: DoctorContext): Promise<CheckResult> {
  const { config, probes } = context;
  const { status, error } = await anonymousHead(context);
  const where = knownService(config).endpoint ?? 'S3';
  if (status !== undefined) {
    return passed(where);
  }
  const { message, help = '' } = probes.first.bucket.explain(error, 'HeadObject', probes.first.key) as GhostError;
  const ofCompose = context.site && fixForHostOfCompose(context.site, codeOf(error), config);
  return failed(
    `The command requested the bucket ${config.bucket} at ${where}, without credentials.`,
    message,
    ofCompose === undefined ? help : `${ofCompose}\nOtherwise: ${help}`,
  );
}

/** Checks that the clock of this machine is accurate enough for signed requests. */
export async function checkClock(context: DoctorContext): Promise<CheckResult> {
  const { headers, at } = await anonymousHead(context);
  const theirs = Date.parse(headers.date ?? '');
  if (Number.isNaN(theirs)) {
    return unchecked('S3 does not send its time');
  }
  const off = at - theirs;
  const minutes = `${Math.round(Math.abs(off) / 60_000)} minutes ${off < 0 ? 'slow' : 'fast'}`;
  const tried = 'The command compared the clock of this machine with that of S3.';
  const cure = 'Set the clock, preferably with NTP (on Linux: timedatectl set-ntp true).';
  if (Math.abs(off) > MAX_SKEW_MS) {
    return failed(
      tried,
      `The clock of this machine is ${minutes}. S3 refuses requests that are more than 15 minutes off.`,
      cure,
    );
  }
  return Math.abs(off) > NOTABLE_SKEW_MS
    ? warned(tried, `The clock of this machine is ${minutes}.`, cure)
    : passed("it agrees with S3's clock");
}

/** Checks that S3 accepts the credentials. Whether they have permissions is checked later. */
export async function checkAccepted(context: DoctorContext): Promise<CheckResult> {
  const { config, probes } = context;
  const error = await signedRequestError(context);
  const tried = `The command sent a signed request to ${knownService(config).endpoint ?? 'S3'}.`;
  const code = codeOf(error);
  const rejection = REJECTIONS.find(({ codes }) => codes.includes(code));
  if (rejection) {
    const { found, inConfig, elsewhere } = rejection;
    const text = messageOfService(error, config);
    const answer = `S3 answered ${statusOf(error)} ${code}${text ? `: ${text}` : ''}`;
    const cure = config.accessKeyId === undefined ? elsewhere(placeOfCredentials(process.env)) : inConfig();
    return failed(tried, `${found} (${code}). ${answer}`, cure);
  }
  // Other checks report what S3 says about the bucket, the file or the permissions.
  if (error === undefined || codeOf(error) === 'NoSuchBucket' || isInOtherRegion(error)) {
    return passed('S3 recognizes the credentials');
  }
  const explained = probes.first.bucket.explain(error, 'GetObject', probes.first.key) as GhostError;
  return ['NotFoundError', 'NoPermissionError'].includes(explained.errorType)
    ? passed('S3 recognizes the credentials')
    : failed(tried, explained.message, explained.help ?? '');
}

/** Checks that the credentials belong to a user or role for Ghost. */
export async function checkIdentity({ config, options: { profile } }: DoctorContext): Promise<CheckResult> {
  if (profile !== undefined && config.accessKeyId === undefined) {
    return warned(
      `The command used the profile ${profile}.`,
      'The checks show what this profile may do, which may differ from what Ghost may do.',
      'Also run the command without --profile, where Ghost runs and as its user.',
    );
  }
  const { isAws, endpoint } = (await connect(config)).service;
  if (!isAws) {
    return unchecked(`${endpoint} is not AWS`);
  }
  const client = new STSClient({ ...(await connectionOptions(config)), endpoint: undefined });
  try {
    const { Arn } = await client.send(new GetCallerIdentityCommand({}));
    if (Arn === undefined) {
      return unchecked('the answer to sts:GetCallerIdentity has no identity');
    }
    return Arn.endsWith(':root')
      ? warned(
          'The command called sts:GetCallerIdentity.',
          `Ghost uses the root user of the account (${Arn}).`,
          'Create a separate user or role for Ghost, with provision --identity … or with the policy that the command policy prints.',
        )
      : passed(Arn);
  } catch (error) {
    // Ghost needs only S3, and the network of the machine may allow nothing else.
    return unchecked(`there was no answer to sts:GetCallerIdentity (${codeOf(error)})`);
  } finally {
    client.destroy();
  }
}

/** Shows enough of a key ID to recognize it in IAM. */
const masked = (accessKeyId: string) =>
  accessKeyId.length < 16 ? '…' : `${accessKeyId.slice(0, 4)}…${accessKeyId.slice(-4)}`;
