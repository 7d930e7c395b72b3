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
import { errors } from '../ghost-host';
import { asForeign, NETWORK_CODES, statusOf } from '../foreign-error';
import { codeOf, isNotFound, regionOf } from './errors';

/** The operations of S3 that the adapter uses, each with the permission it needs. */
const PERMISSIONS = {
  PutObject: 's3:PutObject',
  // Without s3:ListBucket, S3 answers 403 and not 404 for a key that does not exist.
  GetObject: 's3:GetObject on its objects and s3:ListBucket on the bucket',
  HeadObject: 's3:GetObject on its objects and s3:ListBucket on the bucket',
  DeleteObject: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket',
} as const;

export type S3Operation = keyof typeof PERMISSIONS;

/**
 * Turns whatever a request to S3 failed with into an error of Ghost's that names the setting or the permission and
 * the cure.
 *
 * The SDK's error itself is not attached: it carries the signed request, and with it key IDs and session tokens.
 *
 * @param operation that failed
 * @param key of the object concerned
 */
export function explainS3Error(error: unknown, operation: S3Operation, config: Config, key: string): Error {
  if (isExplained(error)) {
    return error;
  }
  const code = codeOf(error);
  const status = statusOf(error);
  const requestId = asForeign(error).$metadata?.requestId;
  const where = `bucket "${config.bucket}"${config.endpoint ? ` at ${config.endpoint}` : ''}`;
  const context = [
    `${operation} of "${key}" in ${where}:`,
    status ? `S3 answered ${status}` : 'no answer,',
    code,
    requestId ? `(request ID ${requestId})` : '',
  ]
    .filter(Boolean)
    .join(' ');
  const details = { context, errorDetails: { operation, key, bucket: config.bucket, status, code, requestId } };

  const usage = (message: string, help: string) =>
    new errors.IncorrectUsageError({ message, help, code: S3_MISCONFIGURED, ...details });

  const region = regionOf(error);
  if (
    code === 'AuthorizationHeaderMalformed' ||
    code === 'PermanentRedirect' ||
    (region && region !== config.region && status !== 403 && status !== 404)
  ) {
    return usage(
      `The bucket "${config.bucket}" is in ${region ? `the region "${region}"` : 'another region'}, not in "${config.region ?? 'the default region'}".`,
      `Set "region"${region ? ` to "${region}"` : ' to the region of the bucket'} in the configuration of S3CloudFrontStorage.`,
    );
  }

  switch (code) {
    case 'NoSuchBucket':
      return usage(
        `The bucket "${config.bucket}" does not exist.`,
        'Correct "bucket" (or "endpoint") in the configuration of S3CloudFrontStorage, or create the bucket.',
      );
    case 'InvalidAccessKeyId':
      return usage(
        'S3 does not know the access key ID.',
        'Correct "accessKeyId", or remove "accessKeyId" and "secretAccessKey" to use the role of the machine.',
      );
    case 'SignatureDoesNotMatch':
      return usage('The secret access key does not belong to the access key ID.', 'Correct "secretAccessKey".');
    case 'ExpiredToken':
    case 'InvalidToken':
    case 'TokenRefreshRequired':
      return usage(
        'The session token of the S3 credentials is invalid or has expired.',
        'Renew "sessionToken" together with its keys, or remove all three to use the role of the machine.',
      );
    case 'RequestTimeTooSkewed':
      return usage('The clock of this machine is more than 15 minutes off.', 'Set the clock, best with NTP.');
    case 'CredentialsProviderError':
      return usage(
        'There are no credentials for S3.',
        'Set "accessKeyId" and "secretAccessKey", or give the machine a role (EC2, ECS) or a profile of the AWS CLI.',
      );
    case 'AccessControlListNotSupported':
      return usage(
        `The bucket "${config.bucket}" allows no ACLs, and "acl" is "${config.acl}".`,
        'Remove "acl" from the configuration of S3CloudFrontStorage: CloudFront reads the bucket without any.',
      );
    case 'InvalidStorageClass':
      return usage(`S3 does not know the storage class "${config.storageClass}".`, 'Correct or remove "storageClass".');
    case 'InvalidObjectState':
      return usage(
        `The file "${key}" is in an archive: S3 does not hand it out at once.`,
        'Restore it, and choose a "storageClass" (and lifecycle rules of the bucket) with immediate access.',
      );
    case 'InvalidEncryptionAlgorithmError':
    case 'KMS.NotFoundException':
    case 'KMS.DisabledException':
    case 'KMS.KMSInvalidStateException':
    case 'KMS.InvalidKeyUsageException':
      return usage(
        `S3 cannot encrypt with the key "${config.kmsKeyId ?? 'of the bucket'}".`,
        'Correct "serverSideEncryption" and "kmsKeyId", and enable the key in the region of the bucket.',
      );
    case 'MODULE_NOT_FOUND':
      return new errors.IncorrectUsageError({
        message: 'A file of S3CloudFrontStorage is missing: it was updated or removed while Ghost ran.',
        help: 'Restart Ghost. If it stays so, install the adapter again.',
        code: ADAPTER_INCOMPLETE,
        ...details,
      });
    case 'EMFILE':
    case 'ENFILE':
      return new errors.InternalServerError({
        message: `This machine lets Ghost open no more files and connections (${code}).`,
        code: TOO_MANY_OPEN_FILES,
        help: 'Try again. If it stays so, raise the limit of open files: LimitNOFILE of a systemd unit, "ulimits" in Docker.',
        ...details,
      });
    default:
  }

  if (/region is missing/i.test(asForeign(error).message ?? '')) {
    return usage('The region of the bucket is not known.', 'Set "region" in the configuration of S3CloudFrontStorage.');
  }
  if (status === 401 || status === 403) {
    // A refusal of the key service names its own permission, in the text alone.
    const permission = /\bkms:\w+/.exec(asForeign(error).message ?? '')?.[0] ?? PERMISSIONS[operation];
    return new errors.NoPermissionError({
      message: `S3 refuses access to the ${where}: ${permission} is not allowed.`,
      code: S3_FORBIDDEN,
      help: `Allow ${permission} to the credentials that Ghost uses, and check the bucket's policy.`,
      ...details,
    });
  }
  if (isNotFound(error) && operation !== 'PutObject') {
    return new errors.NotFoundError({
      message: `The file "${key}" does not exist.`,
      code: FILE_NOT_FOUND,
      ...details,
    });
  }
  if (code === 'TimeoutError' || NETWORK_CODES.includes(code)) {
    return new errors.InternalServerError({
      message: `S3 cannot be reached (${code}): the ${where}.`,
      code: S3_UNREACHABLE,
      help: 'Try again. If it stays so, check "endpoint", "region" and the network of this machine.',
      ...details,
    });
  }
  return new errors.InternalServerError({
    message: `S3 failed to carry out ${operation}: ${code}.`,
    code: S3_FAILED,
    help: 'Try again; if it stays so, look up the code in the S3 API reference.',
    ...details,
  });
}

/** Whether it is one of Ghost's errors already: of a file that could not be read, or of another request. */
function isExplained(error: unknown): error is Error {
  return error instanceof Error && 'errorType' in error;
}
