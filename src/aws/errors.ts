import { type ForeignError, NETWORK_CODES, statusOf } from '../core/foreign-error';
import { explainProxy } from '../core/proxies';
import { isWebPage, messageOfService } from '../core/s3/service-answer';
import { Failure } from '../shell/failure';

/** Error codes for expired credentials. */
const EXPIRED = ['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired'];

/** Error codes for an unknown access key or a wrong secret key. */
const WRONG_KEY = [
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'InvalidAccessKeyId',
];

/** Error codes for a wrong clock. */
const CLOCK = ['RequestTimeTooSkewed', 'RequestInTheFuture'];

/** Error codes for too many requests. */
const THROTTLED = [
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'PriorRequestNotComplete',
  'SlowDown',
  'TooManyRequestsException',
];

/** Error codes for a region that the account has not enabled. */
const REGION_NOT_ENABLED = ['OptInRequired', 'AuthFailure'];

/** Error codes for an exceeded quota. */
const LIMITS = ['LimitExceeded', 'LimitExceededException', 'LimitsExceeded', 'ServiceQuotaExceededException'];

/** Error codes for missing permissions. */
const DENIED = [
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'UnauthorizedException',
  'NotAuthorized',
  'NotAuthorizedException',
  'Forbidden',
];

/** How much (characters) of an AWS response to quote. Messages about permissions contain long ARNs. */
const MAX_CHARACTERS = 1_000;

/** Error codes for an unreachable service. */
const NETWORK = [...NETWORK_CODES, 'TimeoutError'];

/**
 * Runs a request and treats certain errors as "does not exist".
 *
 * @param errorNames names of these errors
 * @returns the response; undefined for such an error
 */
export async function absentIf<T>(errorNames: string[], request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof Error && errorNames.includes(error.name)) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Finds the action that was denied in an AWS message, such as a stack event.
 *
 * @returns `s3:CreateBucket`; undefined when the message is about something else
 */
export function deniedActionOf(text: string): string | undefined {
  const action = String.raw`['"]?([a-z][a-z0-9-]*:[A-Z][A-Za-z0-9]*)`;
  const phrases = [
    `(?:authorized|permissions?) to perform:?(?: the)? ${action}`,
    `(?:allows|deny for|denies) (?:the )?${action}`,
    // CloudFormation puts the call in front of the service's message.
    `API: ${action}\\b[^]*?(?:Access ?Denied|not authorized|UnauthorizedOperation|Forbidden)`,
  ];
  for (const phrase of phrases) {
    const found = new RegExp(phrase).exec(text)?.[1];
    if (found) {
      return found;
    }
  }
  return undefined;
}

/**
 * Explains an error whose cause is not the request itself: permissions, credentials, clock, throttling, network, region
 * or quota.
 *
 * @param action IAM action that the call needs, `acm:RequestCertificate`
 * @returns a Failure with the cause and a fix; any other error unchanged, so that callers can check its `name`
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function explain(action: string, error: unknown): unknown {
  if (typeof error !== 'object' || error === null || error instanceof Failure) {
    return error;
  }
  const foreign: ForeignError = error;
  const message = foreign.message ?? '';
  const ofProxy = explainProxy(error);
  if (ofProxy) {
    return new Failure(...ofProxy, { cause: error });
  }
  const names = [foreign.name, foreign.Code, foreign.code];
  const is = (known: string[]) => names.some((name) => name && known.includes(name));
  const answer = answerOf(foreign);
  const failure = (cause: string, cure: string) => new Failure(`${cause}${answer}`, cure, { cause: error });

  // The errors of credential providers have messages but no codes.
  if (is(['CredentialsProviderError', 'TokenProviderError', 'ProviderError'])) {
    return /expired|refresh|SSO session/i.test(message) ? expired(failure) : noCredentials(message, failure);
  }
  if (is(EXPIRED)) {
    return expired(failure);
  }
  if (is(CLOCK) || (is(WRONG_KEY) && /signature expired|not yet current/i.test(message))) {
    return failure(
      'AWS rejected the request because the clock of this machine is wrong.',
      'Set the clock (on Linux: timedatectl set-ntp true), then run the command again.',
    );
  }
  if (is(WRONG_KEY)) {
    return failure(
      'The access key does not exist, or the secret key does not belong to it.',
      'Check the credentials with: aws sts get-caller-identity. If they are right, check in the console (Account → AWS ' +
        'Regions) that the region is enabled in your account.',
    );
  }
  if (is(THROTTLED) || statusOf(foreign) === 429) {
    return failure(
      `AWS received too many requests (${action}), and several retries did not help.`,
      'Run the same command again in a few minutes: it resumes where it stopped.',
    );
  }
  if (is(REGION_NOT_ENABLED)) {
    return failure(
      `The region is not enabled in this account, or the account has not subscribed to the service (${action}).`,
      'Enable the region in the console (Account → AWS Regions), or choose another one with --region.',
    );
  }
  // TooManyDistributions, TooManyHostedZones …
  if (is(LIMITS) || names.some((name) => name && /^TooMany(?!Requests|Tags)/.test(name))) {
    return failure(
      `The account has reached a quota (${action}).${answer ? '' : ` AWS says: ${message}`}`,
      'Delete resources that you no longer need, or request a higher quota in the console (Service Quotas).',
    );
  }
  if (is(NETWORK)) {
    return failure(
      `${hostOf(foreign) ?? 'AWS'} cannot be reached for ${action} (${foreign.code ?? foreign.name}).`,
      'Check the network, the proxy and the region name, then run the command again: it resumes where it stopped.',
    );
  }
  if (isWebPage(foreign)) {
    return failure(
      `A web page came back instead of a response from AWS (${action}).`,
      'A proxy, a firewall or a login page of the network blocks the request. Allow it there, or use another network.',
    );
  }
  if (is(DENIED) || (statusOf(foreign) === 403 && isNameless(foreign))) {
    return denied(action, message, failure);
  }
  return error;
}

/** Returns the response of AWS, with its status, as a sentence; empty when there was no response. */
function answerOf(foreign: ForeignError): string {
  const status = statusOf(foreign);
  const text = messageOfService(foreign, {}, MAX_CHARACTERS)
    // The text that was signed follows.
    ?.replace(/ The (Canonical String|String-to-Sign)\b.*$/, '')
    .replace(/\bA[KS]IA[A-Z0-9]{4,}/g, '…');
  return status === undefined
    ? ''
    : ` AWS answered ${status} ${foreign.name ?? foreign.Code ?? ''}${text ? `: ${text}` : ''}`;
}

type MakeFailure = (cause: string, cure: string) => Failure;

function expired(failure: MakeFailure): Failure {
  return failure(
    'The AWS credentials have expired.',
    'Sign in again (aws sso login, or fetch new temporary credentials), then run the same command again: it resumes ' +
      'where it stopped.',
  );
}

function noCredentials(message: string, failure: MakeFailure): Failure {
  const profile = /profile:? \[?([\w.@+-]+)\]?/i.exec(message)?.[1];
  return failure(
    profile ? `The profile "${profile}" has no credentials.` : 'No AWS credentials were found.',
    'Choose a profile with --profile or AWS_PROFILE, or create one with aws login (AWS CLI 2.32 or newer), aws sso login or aws configure.',
  );
}

function denied(action: string, message: string, failure: MakeFailure): Failure {
  // New accounts: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/troubleshooting-distributions.html
  if (/account must be verified/i.test(message)) {
    return failure(
      'AWS has not verified this account yet.',
      'Ask AWS Support to verify it, then run the command again.',
    );
  }
  const missing = deniedActionOf(message) ?? action;
  const caller = /User:\s+(arn:\S+)/.exec(message)?.[1];
  const resource = /on resource:?\s+(\S+?)[.,]?(?:\s|$)/.exec(message)?.[1];
  const who = caller ?? 'The user of these credentials';
  const where = resource ? ` on ${resource}` : '';
  const byOrganization = /service control policy|resource control policy/i.exec(message)?.[0];
  if (byOrganization) {
    return failure(
      `${who} has no permission for ${missing}${where}: a ${byOrganization} of the organization denies it.`,
      `Ask the administrator of the organization to allow ${missing}.`,
    );
  }
  return failure(
    `${who} has no permission for ${missing}${where}${/explicit deny/i.test(message) ? ': a policy explicitly denies it' : ''}.`,
    `Allow ${missing}${where} in a policy of that user or role, or use other credentials with --profile. ` +
      'Then run the same command again: it resumes where it stopped.',
  );
}

/** Returns whether the error has no code of its own, because a response to HEAD has no body. */
function isNameless({ name = '', Code }: ForeignError): boolean {
  return !Code && ['', 'Error', 'Unknown', 'UnknownError', '403'].includes(name);
}

function hostOf({ hostname, address, port, errors, cause }: ForeignError): string | undefined {
  if (hostname) {
    return hostname;
  }
  if (address) {
    return port ? `${address}:${port}` : address;
  }
  // The error of several connection attempts contains one error for each address.
  const inner = errors?.[0] ?? (cause as ForeignError | undefined);
  return inner ? hostOf(inner) : undefined;
}
