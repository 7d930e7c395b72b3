import type { Config } from '../config';
import {
  ADAPTER_INCOMPLETE,
  FILE_NOT_FOUND,
  S3_FAILED,
  S3_FORBIDDEN,
  S3_MISCONFIGURED,
  S3_UNREACHABLE,
  TOO_MANY_OPEN_FILES,
} from '../error-codes';
import { asForeign, statusOf } from '../foreign-error';
import { errors } from '../ghost-host';
import { placeOf, whereToSet } from '../option-origins';
import { explainProxy } from '../proxies';
import { codeOf, isNotFound, regionOf } from './errors';
import { explainAnswer, type Explanation as FailureExplanation } from './explain-answer';
import { explainNetwork } from './explain-network';
import { placeOfCredentials } from './places';
import { knownService } from './service';
import { messageOfService } from './service-answer';

/** The S3 operations that the adapter uses, each with the permission it needs. */
const PERMISSIONS = {
  PutObject: 's3:PutObject',
  // Without s3:ListBucket, S3 answers 403 instead of 404 for a key that does not exist.
  GetObject: 's3:GetObject on its objects and s3:ListBucket on the bucket',
  HeadObject: 's3:GetObject on its objects and s3:ListBucket on the bucket',
  DeleteObject: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket',
} as const;

export type S3Operation = keyof typeof PERMISSIONS;

/** A message and the help that goes with it. */
type Explanation = [message: string, help: string];

const EXPIRED_TOKEN = (): Explanation => [
  'The session token of the S3 credentials is invalid or has expired.',
  'Renew "sessionToken", "accessKeyId" and "secretAccessKey", or remove all three to use the role of the machine.',
];

const UNUSABLE_KEY = ({ kmsKeyId = 'of the bucket' }: Config): Explanation => [
  `S3 cannot encrypt with the key "${kmsKeyId}".`,
  'Correct "serverSideEncryption" and "kmsKeyId", and make sure that the key is enabled in the region of the bucket.',
];

/** Explains the error codes that a setting of the adapter or the machine causes. */
const SETTINGS: Record<string, (config: Config, key: string) => Explanation> = {
  NoSuchBucket: ({ bucket }) => [
    `The bucket "${bucket}" does not exist.`,
    `Correct ${placeOf('bucket')} (or the endpoint), or create the bucket.`,
  ],
  InvalidAccessKeyId: ({ accessKeyId }) => [
    'S3 does not recognize the access key ID.',
    accessKeyId
      ? `Correct ${placeOf('accessKeyId')}, or remove "accessKeyId" and "secretAccessKey" to use the role of the machine.`
      : `Correct it in ${placeOfCredentials(process.env)}, or set "accessKeyId" and "secretAccessKey".`,
  ],
  SignatureDoesNotMatch: ({ accessKeyId }) => [
    'The secret access key does not belong to the access key ID.',
    accessKeyId
      ? `Correct ${placeOf('secretAccessKey')}.`
      : `Correct it in ${placeOfCredentials(process.env)}, or set "accessKeyId" and "secretAccessKey".`,
  ],
  ExpiredToken: EXPIRED_TOKEN,
  InvalidToken: EXPIRED_TOKEN,
  TokenRefreshRequired: EXPIRED_TOKEN,
  RequestTimeTooSkewed: () => [
    'The clock of this machine is more than 15 minutes off.',
    'Set the clock, preferably with NTP.',
  ],
  CredentialsProviderError: () => [
    'There are no credentials for S3.',
    'Set "accessKeyId" and "secretAccessKey", or give the machine a role (EC2, ECS) or a profile of the AWS CLI.',
  ],
  AccessControlListNotSupported: ({ bucket, acl }) => [
    `The bucket "${bucket}" does not allow ACLs, but "acl" is "${acl}".`,
    'Remove "acl" from the configuration of S3CloudFrontStorage. CloudFront needs no ACL to read the bucket.',
  ],
  InvalidStorageClass: ({ storageClass }) => [
    `S3 does not recognize the storage class "${storageClass}".`,
    'Correct or remove "storageClass".',
  ],
  InvalidObjectState: (_, key) => [
    `The file "${key}" is archived, and S3 does not serve it until it is restored.`,
    'Restore it, and choose a "storageClass" (and bucket lifecycle rules) with immediate access.',
  ],
  InvalidEncryptionAlgorithmError: UNUSABLE_KEY,
  'KMS.NotFoundException': UNUSABLE_KEY,
  'KMS.DisabledException': UNUSABLE_KEY,
  'KMS.KMSInvalidStateException': UNUSABLE_KEY,
  'KMS.InvalidKeyUsageException': UNUSABLE_KEY,
};

/**
 * Returns the Ghost error for a failed request to S3, which names the setting or permission to correct.
 *
 * The SDK's error is not attached, because it contains the signed request with key IDs and session tokens.
 *
 * @param operation S3 operation that failed
 * @param key key of the object, for the message
 */
export function explainS3Error(error: unknown, operation: S3Operation, config: Config, key: string): Error {
  // It is already a Ghost error, about an unreadable file or another request.
  if (error instanceof Error && 'errorType' in error) {
    return error;
  }
  const code = codeOf(error);
  const status = statusOf(error);
  const requestId = asForeign(error).$metadata?.requestId;
  const { endpoint } = knownService(config);
  const where = `bucket "${config.bucket}"${endpoint ? ` at ${endpoint}` : ''}`;
  const text = messageOfService(error, config);
  const answer = `${status ? `S3 answered ${status}` : 'no answer,'} ${code}${text ? `: ${text}` : ''}`;
  const context = `${operation} of "${key}" in ${where}: ${answer}${requestId ? ` (request ID ${requestId})` : ''}`;
  const errorDetails = { operation, key, bucket: config.bucket, status, code, requestId };
  const ghostError = (type: keyof typeof errors, ourCode: string, cause: string, help?: string) => {
    // A missing file is not a failure of S3, and its error is shown to visitors.
    const message = status && type !== 'NotFoundError' ? `${cause} ${answer}` : cause;
    return new errors[type]({ message, help, code: ourCode, context, errorDetails });
  };

  const ofProxy = explainProxy(error);
  if (ofProxy) {
    return ghostError('InternalServerError', S3_UNREACHABLE, ...ofProxy);
  }
  const answered = explainAnswer(error, config, key, where);
  if (answered) {
    return ghostError('InternalServerError', ...answered);
  }
  const setting = explainSetting(error, config, key);
  if (setting) {
    return ghostError('IncorrectUsageError', S3_MISCONFIGURED, ...setting);
  }
  if (code === 'MODULE_NOT_FOUND') {
    return ghostError(
      'IncorrectUsageError',
      ADAPTER_INCOMPLETE,
      'A file of S3CloudFrontStorage is missing: the adapter was updated or removed while Ghost was running.',
      'Restart Ghost. If that does not help, install the adapter again.',
    );
  }
  if (status === 401 || status === 403) {
    // A refusal by KMS names the missing permission only in its text.
    const permission = /\bkms:\w+/.exec(asForeign(error).message ?? '')?.[0] ?? PERMISSIONS[operation];
    return ghostError(
      'NoPermissionError',
      S3_FORBIDDEN,
      `S3 refuses access to the ${where}: ${permission} is not allowed.`,
      `Allow ${permission} for the credentials that Ghost uses, and check the bucket policy.`,
    );
  }
  if (isNotFound(error) && operation !== 'PutObject') {
    return ghostError('NotFoundError', FILE_NOT_FOUND, `The file "${key}" does not exist.`);
  }
  return ghostError(
    'InternalServerError',
    ...(explainNetwork(error, config, where) ?? explainFailure(code, operation, config)),
  );
}

/** Explains an error that a setting causes; undefined for any other. */
function explainSetting(error: unknown, config: Config, key: string): Explanation | undefined {
  const code = codeOf(error);
  const status = statusOf(error);
  const region = regionOf(error);
  const isInOther = region && region !== config.region && status !== 403 && status !== 404;
  if (isInOther || code === 'AuthorizationHeaderMalformed' || code === 'PermanentRedirect') {
    return [
      `The bucket "${config.bucket}" is in ${region ? `the region "${region}"` : 'another region'}, not in "${config.region ?? 'the default region'}".`,
      `Set "region" to ${region ? `"${region}"` : 'the region of the bucket'}${whereToSet('region')}.`,
    ];
  }
  const explain = Object.hasOwn(SETTINGS, code) ? SETTINGS[code] : undefined;
  if (!explain && /region is missing/i.test(asForeign(error).message ?? '')) {
    return ['The region of the bucket is unknown.', 'Set "region" in the configuration of S3CloudFrontStorage.'];
  }
  return explain?.(config, key);
}

/** Explains an error that no setting causes, with our code for it. */
function explainFailure(code: string, operation: S3Operation, config: Config): FailureExplanation {
  if (code === 'EMFILE' || code === 'ENFILE') {
    return [
      TOO_MANY_OPEN_FILES,
      `Ghost cannot open any more files or connections on this machine (${code}).`,
      'Try again. If that does not help, raise the limit of open files: LimitNOFILE in a systemd unit, "ulimits" in Docker.',
    ];
  }
  const { endpoint, isAws } = knownService(config);
  return [
    S3_FAILED,
    `S3 failed to carry out ${operation}: ${code}.`,
    `Try again. If that does not help, look up the code in ${isAws ? 'the S3 API reference' : `the documentation of ${endpoint}`}.`,
  ];
}
