import { once } from 'node:events';
import { connect } from 'node:net';
import {
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { Failure } from '../../../src/shell/failure';
import { deniedActionOf } from '../../../src/aws/errors';
import { signIn } from '../../../src/aws/sign-in';
import { requestCertificate } from '../../../src/commands/provision/certificate/certificate';
import { AwsAccount } from '../../support/aws-account';

const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

function awsError(name: string, message = '', more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

let account: AwsAccount;
beforeEach(() => (account = new AwsAccount()));
afterEach(() => account.restore());

/** Returns the result of a request for a certificate that ends with an error, or with nothing thrown. */
async function resultOf(error?: unknown): Promise<unknown> {
  const { acm } = await signIn({ region: 'eu-central-1' });
  const fail = () => {
    throw error as Error;
  };
  if (error !== undefined) account.answerNext('acm:RequestCertificate', fail);
  return requestCertificate(acm, { domain: 'images.example.com', wildcard: false }).catch((caught: unknown) => caught);
}

async function explained(error: unknown): Promise<Failure> {
  const result = await resultOf(error);
  if (!(result instanceof Failure)) throw new Error(`not explained: ${String(result)}`);
  return result;
}

test('the answer to a call is passed on', async () => {
  expect(await resultOf()).toBe(account.certificates.all[0]?.arn);
});

describe('Access denied', () => {
  const WORDS =
    'User: arn:aws:iam::123456789012:user/ada is not authorized to perform: acm:AddTagsToCertificate on resource: ' +
    'arn:aws:acm:us-east-1:123456789012:certificate/* because no identity-based policy allows the acm:AddTagsToCertificate action';

  test('names the action, the resource and the caller', async () => {
    const { message, cure } = await explained(awsError('AccessDeniedException', WORDS));
    expect(message).toContain('arn:aws:iam::123456789012:user/ada has no permission for acm:AddTagsToCertificate');
    expect(message).toContain('on arn:aws:acm:us-east-1:123456789012:certificate/*');
    expect(cure).toContain('Allow acm:AddTagsToCertificate');
  });

  test.each(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'NotAuthorizedException', 'Forbidden'])(
    'without words names the action of the call: %s',
    async (name) => {
      expect((await explained(awsError(name))).message).toContain('has no permission for acm:RequestCertificate');
    },
  );

  test('is recognized by its status, too', async () => {
    const error = awsError('UnknownError', '', { $metadata: { httpStatusCode: 403 } });
    expect((await explained(error)).message).toContain('has no permission for acm:RequestCertificate');
  });

  test.each([
    [new HeadBucketCommand({ Bucket: 'blog' }), 's3:ListBucket'],
    [new ListObjectVersionsCommand({ Bucket: 'blog' }), 's3:ListBucketVersions'],
    [
      new DeleteObjectsCommand({ Bucket: 'blog', Delete: { Objects: [{ Key: 'a', VersionId: '1' }] } }),
      's3:DeleteObjectVersion',
    ],
    [new GetPublicAccessBlockCommand({ Bucket: 'blog' }), 's3:GetBucketPublicAccessBlock'],
    [new GetBucketLifecycleConfigurationCommand({ Bucket: 'blog' }), 's3:GetLifecycleConfiguration'],
  ])('names the action that IAM uses for the call: %#', async (command, action) => {
    const { s3 } = await signIn({ region: 'eu-central-1' });
    account.answerNext(action, awsError('AccessDenied'));
    await expect(s3.send(command as HeadBucketCommand)).rejects.toThrow(`has no permission for ${action}.`);
  });

  test('by the organization refers to its administrator', async () => {
    const { message, cure } = await explained(
      awsError('AccessDenied', `${WORDS.replace(/because.*/, 'with an explicit deny in a service control policy')}`),
    );
    expect(message).toContain('service control policy');
    expect(cure).toContain('administrator');
  });

  test('by an explicit deny says so', async () => {
    const words = WORDS.replace(/because.*/, 'with an explicit deny in an identity-based policy');
    expect((await explained(awsError('AccessDenied', words))).message).toContain('explicitly denies it');
  });

  test('for an unverified account refers to AWS Support', async () => {
    const words = 'Your account must be verified before you can add new CloudFront resources.';
    expect((await explained(awsError('AccessDenied', words))).cure).toContain('AWS Support');
  });
});

describe('Credentials', () => {
  test('that are missing: the ways to provide some', async () => {
    const { message, cure } = await explained(
      awsError('CredentialsProviderError', 'Could not load credentials from any providers'),
    );
    expect(message).toBe('No AWS credentials were found.');
    expect(cure).toMatch(/--profile.*AWS_PROFILE.*aws login.*aws sso login.*aws configure/);
  });

  test('that are missing in a profile: its name', async () => {
    const words = 'Could not resolve credentials using profile: [blog] in configuration/credentials file(s).';
    expect((await explained(awsError('CredentialsProviderError', words))).message).toBe(
      'The profile "blog" has no credentials.',
    );
  });

  test.each([
    ['ExpiredToken', ''],
    ['ExpiredTokenException', ''],
    ['RequestExpired', ''],
    ['TokenRefreshRequired', ''],
    ['CredentialsProviderError', 'The SSO session associated with this profile has expired.'],
    ['TokenProviderError', "Token is expired. To refresh this SSO session run 'aws sso login'."],
  ])('that have expired: sign in again (%s)', async (name, words) => {
    const { message, cure } = await explained(awsError(name, words));
    expect(message).toContain('expired');
    expect(cure).toMatch(/aws sso login.*resumes/);
  });

  test.each(['InvalidClientTokenId', 'UnrecognizedClientException', 'SignatureDoesNotMatch', 'InvalidAccessKeyId'])(
    'that are wrong: how to check them (%s)',
    async (name) => {
      const { message, cure } = await explained(awsError(name, `The signature of ${SECRET} does not match`));
      expect(message).toContain('The access key does not exist');
      expect(cure).toContain('aws sts get-caller-identity');
    },
  );

  test('that are wrong are reported when the command authenticates', async () => {
    account.answerNext('sts:GetCallerIdentity', awsError('InvalidClientTokenId', 'The security token is invalid.'));
    await expect(signIn({ region: 'eu-central-1' })).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('The access key does not exist'),
    });
  });

  test('are never shown', async () => {
    for (const name of ['SignatureDoesNotMatch', 'CredentialsProviderError', 'InvalidAccessKeyId', 'ExpiredToken']) {
      const { message, cure } = await explained(awsError(name, `profile: x ${SECRET}`, { AWSAccessKeyId: 'AKIA0' }));
      expect(message + cure).not.toMatch(/wJalr|AKIA/);
    }
  });
});

test.each([
  ['RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.'],
  ['SignatureDoesNotMatch', 'Signature expired: 20261124T010000Z is now earlier than 20261124T030000Z'],
  ['InvalidSignatureException', 'Signature not yet current: 20261124T050000Z is still later than 20261124T030000Z'],
])('A clock that is wrong is named: %s', async (name, words) => {
  expect((await explained(awsError(name, words))).message).toContain('clock');
});

test.each([
  awsError('ThrottlingException', 'Rate exceeded'),
  awsError('Throttling', 'Rate exceeded'),
  awsError('TooManyRequestsException'),
  awsError('PriorRequestNotComplete'),
  awsError('Unknown', '', { $metadata: { httpStatusCode: 429 } }),
])('Throttling after all tries: run again (%s)', async (error) => {
  expect((await explained(error)).cure).toContain('resumes');
});

describe('The network', () => {
  test('names the host that has no address', async () => {
    const error = awsError('Error', 'getaddrinfo ENOTFOUND acm.eu-west-9.amazonaws.com', {
      code: 'ENOTFOUND',
      hostname: 'acm.eu-west-9.amazonaws.com',
    });
    expect((await explained(error)).message).toContain(
      'acm.eu-west-9.amazonaws.com cannot be reached for acm:RequestCertificate (ENOTFOUND)',
    );
  });

  test('names the address that refuses', async () => {
    const one = awsError('Error', '', { code: 'ECONNREFUSED', address: '192.0.2.1', port: 443 });
    const several = Object.assign(new AggregateError([one]), { code: 'ECONNREFUSED' });
    expect((await explained(one)).message).toContain('192.0.2.1:443');
    expect((await explained(several)).message).toContain('192.0.2.1:443');
  });

  test('names the address of a real connection that is refused', async () => {
    const [error] = (await once(connect(9, '127.0.0.1'), 'error')) as [Error];
    expect((await explained(error)).message).toBe(
      '127.0.0.1:9 cannot be reached for acm:RequestCertificate (ECONNREFUSED).',
    );
  });

  test('names AWS when a timeout says nothing more', async () => {
    expect((await explained(awsError('TimeoutError'))).message).toContain(
      'AWS cannot be reached for acm:RequestCertificate (TimeoutError)',
    );
  });
});

test.each(['OptInRequired', 'AuthFailure'])('A region that is not enabled: how to enable it (%s)', async (name) => {
  expect((await explained(awsError(name))).cure).toContain('Enable the region');
});

test.each(['LimitExceededException', 'LimitExceeded', 'LimitsExceeded', 'TooManyDistributions'])(
  "an exceeded quota is explained with AWS's message: %s",
  async (name) => {
    const { message, cure } = await explained(awsError(name, 'You have reached 2500 certificates'));
    expect(message).toContain('2500 certificates');
    expect(cure).toContain('Service Quotas');
  },
);

describe('The words of AWS and the status are always there', () => {
  const answered = (name: string, status: number, words: string, more = {}) =>
    explained(awsError(name, words, { $metadata: { httpStatusCode: status }, ...more }));

  test.each([
    [
      'AccessDeniedException',
      403,
      'User: arn:aws:iam::1:user/ada is not authorized to perform: acm:X because of a boundary',
    ],
    ['AccessDenied', 403, 'Your account must be verified before you can add resources.'],
    ['ExpiredToken', 400, 'The provided token has expired.'],
    ['InvalidClientTokenId', 403, 'The security token included in the request is invalid.'],
    ['RequestTimeTooSkewed', 403, 'The difference between the request time and the current time is too large.'],
    ['ThrottlingException', 400, 'Rate exceeded'],
    ['OptInRequired', 403, 'You are not subscribed to this service'],
    ['LimitExceededException', 400, 'You have reached 2500 certificates'],
  ])('%s %i', async (name, status, words) => {
    const { message } = await answered(name, status, words);
    expect(message).toContain(`AWS answered ${status} ${name}: ${words}`);
    expect(message.split(words)).toHaveLength(2);
  });

  test('without the text that was signed, and without key IDs', async () => {
    const words =
      'The request signature we calculated does not match. Check your key AKIAIOSFODNN7EXAMPLE.\n\nThe Canonical String ' +
      "for this request should have been\n'POST\n/\nx-amz-security-token:FwoGZXIv'";
    const { message } = await answered('SignatureDoesNotMatch', 403, words);
    expect(message).toContain('403 SignatureDoesNotMatch: The request signature we calculated does not match.');
    expect(message).not.toMatch(/AKIA|FwoG|Canonical/);
  });

  test('of a proxy that blocks the request, too, which has nothing to do with permissions', async () => {
    const { message, cure } = await answered('Unknown', 403, 'UnknownError', {
      $responseBodyText: '<html><head><title>Blocked by Example Proxy</title></head><body><br></body></html>',
    });
    expect(message).toContain('A web page came back instead of a response from AWS');
    expect(message).toContain('403 Unknown: Blocked by Example Proxy');
    expect(message).not.toContain('permission');
    expect(cure).toContain('proxy');
  });
});

describe('An error that has nothing to do with the environment is passed on unchanged', () => {
  test.each([
    awsError('ResourceNotFoundException', 'no such certificate'),
    awsError('NoSuchBucket', '', { $metadata: { httpStatusCode: 404 } }),
    awsError('InvalidObjectState', '', { $metadata: { httpStatusCode: 403 } }),
    awsError('AbortError'),
    new TypeError('a mistake of the program'),
    new Failure('known', 'already'),
    'no error at all',
  ])('%s', async (error) => {
    expect(await resultOf(error)).toBe(error);
  });

  test('and an explained error keeps its cause', async () => {
    const error = awsError('AccessDenied');
    expect((await explained(error)).cause).toBe(error);
  });
});

describe("The missing action is found in AWS's messages", () => {
  test.each([
    ['User: arn:aws:iam::1:user/x is not authorized to perform: s3:CreateBucket on resource: arn', 's3:CreateBucket'],
    ['API: s3:PutBucketPolicy Access Denied', 's3:PutBucketPolicy'],
    ['API: iam:CreateRole User: arn:aws:iam::1:user/x is not authorized to perform: iam:CreateRole', 'iam:CreateRole'],
    [
      'Resource handler returned message: "Access denied for operation \'AWS::CloudFront::Distribution: User: arn is ' +
        'not authorized to perform: cloudfront:CreateDistribution on resource" (HandlerErrorCode: AccessDenied)',
      'cloudfront:CreateDistribution',
    ],
    [
      'because no identity-based policy allows the route53:ChangeResourceRecordSets action',
      'route53:ChangeResourceRecordSets',
    ],
    [
      "You don't have permission to perform the 'cloudformation:CreateChangeSet' action",
      'cloudformation:CreateChangeSet',
    ],
  ])('%s', (text, action) => {
    expect(deniedActionOf(text)).toBe(action);
  });

  test('and not in messages about something else', () => {
    expect(deniedActionOf('images.example.com already exists in stack arn:aws:cloudformation:x')).toBeUndefined();
    expect(deniedActionOf('API: s3:CreateBucket the bucket exists')).toBeUndefined();
  });
});
