import { parseConfig } from '../../../../src/core/config';
import { isNotFound, isTaken } from '../../../../src/core/s3/errors';
import { explainS3Error } from '../../../../src/core/s3/explain-error';

const { config } = parseConfig({
  bucket: 'blog-images',
  cdnUrl: 'images.example.com',
  region: 'eu-west-1',
  acl: 'public-read',
  storageClass: 'COLD',
  accessKeyId: 'AKIAMARKED',
  secretAccessKey: 'marked-secret',
});

/** An error as the SDK throws it. */
function answer(status: number, code = 'Unknown', extra: object = {}): Error {
  return Object.assign(new Error(code), {
    name: code,
    $metadata: { httpStatusCode: status, requestId: 'R1' },
    ...extra,
  });
}

const explain = (error: unknown, operation: Parameters<typeof explainS3Error>[1] = 'PutObject') =>
  explainS3Error(error, operation, config, 'content/images/x.jpg') as Error & Record<string, unknown>;

describe('an error of S3 is explained with the setting or permission and the fix', () => {
  test.each([
    [
      answer(404, 'NoSuchBucket'),
      'IncorrectUsageError',
      'The bucket "blog-images" does not exist.',
      'Correct "bucket"',
    ],
    [
      answer(403, 'InvalidAccessKeyId'),
      'IncorrectUsageError',
      'S3 does not recognize the access key ID.',
      '"accessKeyId"',
    ],
    [
      answer(403, 'SignatureDoesNotMatch'),
      'IncorrectUsageError',
      'The secret access key does not belong',
      'Correct "secretAccessKey"',
    ],
    [answer(400, 'ExpiredToken'), 'IncorrectUsageError', 'session token', '"sessionToken"'],
    [answer(403, 'RequestTimeTooSkewed'), 'IncorrectUsageError', 'clock', 'NTP'],
    [
      answer(400, 'AccessControlListNotSupported'),
      'IncorrectUsageError',
      'does not allow ACLs, but "acl" is "public-read"',
      'Remove "acl"',
    ],
    [answer(400, 'InvalidStorageClass'), 'IncorrectUsageError', '"COLD"', '"storageClass"'],
    [answer(400, 'KMS.NotFoundException'), 'IncorrectUsageError', 'cannot encrypt', '"kmsKeyId"'],
    [
      Object.assign(new Error('no'), { name: 'CredentialsProviderError' }),
      'IncorrectUsageError',
      'no credentials',
      '"accessKeyId"',
    ],
    [new Error('Region is missing'), 'IncorrectUsageError', 'region of the bucket is unknown', 'Set "region"'],
    [answer(403, 'AccessDenied'), 'NoPermissionError', 's3:PutObject is not allowed', 'Allow s3:PutObject'],
    [answer(503, 'SlowDown'), 'InternalServerError', 'SlowDown', 'Try again'],
    [
      Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
      'InternalServerError',
      'S3 cannot be reached (ECONNREFUSED)',
      '"endpoint"',
    ],
    [
      Object.assign(new Error('x'), { name: 'TimeoutError' }),
      'InternalServerError',
      'S3 cannot be reached (TimeoutError)',
      'Try again',
    ],
    [
      Object.assign(new Error("Cannot find module './aws-sdk-x.js'"), { code: 'MODULE_NOT_FOUND' }),
      'IncorrectUsageError',
      'A file of S3CloudFrontStorage is missing',
      'Restart Ghost',
    ],
    [
      Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' }),
      'InternalServerError',
      'open any more files or connections on this machine (EMFILE)',
      'LimitNOFILE',
    ],
    ['a text', 'InternalServerError', 'failed to carry out PutObject', 'Try again'],
    [undefined, 'InternalServerError', 'failed to carry out PutObject', 'Try again'],
  ])('%s', (error, errorType, message, help) => {
    const explained = explain(error);
    expect(explained).toMatchObject({
      errorType,
      message: expect.stringContaining(message),
      help: expect.stringContaining(help),
    });
    expect(explained.context).toContain('PutObject of "content/images/x.jpg" in bucket "blog-images"');
  });

  test.each([
    [answer(301, 'PermanentRedirect', { $response: { headers: { 'x-amz-bucket-region': 'us-east-2' } } })],
    [answer(400, 'AuthorizationHeaderMalformed', { Region: 'us-east-2' })],
    [answer(400, 'Unknown', { $response: { headers: { 'x-amz-bucket-region': 'us-east-2' } } })],
  ])('a bucket in another region is named with its region: %s', (error) => {
    expect(explain(error).message).toContain(
      'The bucket "blog-images" is in the region "us-east-2", not in "eu-west-1".',
    );
    expect(explain(error).help).toContain('Set "region" to "us-east-2"');
  });

  test('a refused HEAD names both permissions that it takes', () => {
    expect(explain(answer(403), 'HeadObject').message).toContain(
      's3:GetObject on its objects and s3:ListBucket on the bucket',
    );
  });

  test('a 403 and a missing bucket are never "absent"', () => {
    expect(isNotFound(answer(403))).toBe(false);
    expect(isNotFound(answer(404, 'NoSuchBucket'))).toBe(false);
    expect(isNotFound(answer(404, 'NotFound'))).toBe(true);
    expect(isNotFound(answer(404, 'NoSuchKey'))).toBe(true);
  });

  test('a name is taken when S3 says so, also to two writers at the same moment', () => {
    expect(isTaken(answer(412, 'PreconditionFailed'))).toBe(true);
    expect(isTaken(answer(409, 'ConditionalRequestConflict'))).toBe(true);
    expect(isTaken(answer(409, 'OperationAborted'))).toBe(false);
  });

  test('the signed request, its key ID and its token stay out of the error', () => {
    const error = answer(403, 'SignatureDoesNotMatch', {
      AWSAccessKeyId: 'AKIAMARKED',
      CanonicalRequest: 'x-amz-security-token:marked-token',
      $response: { headers: { 'x-amz-security-token': 'marked-token' } },
    });
    const explained = explain(error);
    const everything = JSON.stringify(Object.getOwnPropertyNames(explained).map((name) => explained[name]));
    expect(everything).not.toMatch(/AKIAMARKED|marked-token|marked-secret/);
  });
});
