import type { ACMClient, CertificateStatus, KeyAlgorithm } from '@aws-sdk/client-acm';
import { signIn } from '../../../../../src/aws/sign-in';
import {
  covers,
  requireCertificate,
  findCertificate,
  readCertificate,
  requestCertificate,
} from '../../../../../src/commands/provision/certificate/certificate';
import { AwsAccount, type Certificate } from '../../../../support/aws-account';
import { awsError } from '../../../../support/aws-account/aws-error';

const DOMAIN = 'images.example.com';

let account: AwsAccount;
let acm: ACMClient;

beforeEach(async () => {
  account = new AwsAccount();
  ({ acm } = await signIn({ region: 'eu-central-1' }));
});
afterEach(() => account.restore());

/** Adds a certificate to the account and returns its ARN. */
const add = (names: string[], given: Partial<Certificate> = {}) => account.certificates.add({ names, ...given }).arn;

const otherNames = (count: number) => Array.from({ length: count }, (_, index) => `${index}.example.net`);

describe('A certificate covers', () => {
  test.each([
    ['its name', ['images.example.com'], true],
    ['its name among others', ['example.com', 'images.example.com'], true],
    ['its name in other letters', ['Images.Example.COM'], true],
    ['names one level below a wildcard', ['*.example.com'], true],
    ['no name two levels below a wildcard', ['*.com'], false],
    ['no name next to a wildcard below it', ['*.images.example.com'], false],
    ['no other name', ['example.com', 'www.example.com'], false],
  ])('%s', (_, names, covered) => {
    expect(covers(names, DOMAIN)).toBe(covered);
  });

  test('no apex by a wildcard', () => {
    expect(covers(['*.example.com'], 'example.com')).toBe(false);
  });
});

describe('A certificate in the account', () => {
  test('that is deleted while it is looked at is not waited for', async () => {
    add([DOMAIN], { status: 'PENDING_VALIDATION' });
    account.answerNext('acm:DescribeCertificate', awsError('acm', 'ResourceNotFoundException', 'Deleted.'));
    expect(await findCertificate(acm, DOMAIN)).toBeUndefined();
  });

  test('for the exact name is reused', async () => {
    add(['www.example.com']);
    const notAfter = new Date('2027-01-01');
    const arn = add([DOMAIN], { notAfter });
    expect(await findCertificate(acm, DOMAIN)).toEqual({
      arn,
      status: 'ISSUED',
      names: [DOMAIN],
      wildcard: false,
      renewsItself: true,
      notAfter,
      createdAt: expect.any(Date),
    });
  });

  test('for a wildcard of the same level is reused', async () => {
    const arn = add(['*.example.com', 'example.com']);
    expect(await findCertificate(acm, DOMAIN)).toMatchObject({ arn, wildcard: true });
  });

  test('for a wildcard is not reused for names of another level', async () => {
    add(['*.example.com']);
    expect(await findCertificate(acm, 'example.com')).toBeUndefined();
    expect(await findCertificate(acm, 'a.images.example.com')).toBeUndefined();
  });

  test.each(['RSA_2048', 'EC_prime256v1'] as const)('is found with a key of type %s, on any page', async (key) => {
    otherNames(3).forEach((name) => add([name]));
    const arn = add([DOMAIN], { keyAlgorithm: key });
    expect((await findCertificate(acm, DOMAIN))?.arn).toBe(arn);
  });

  test('with more than a hundred names is looked at in full', async () => {
    const arn = add([...otherNames(100), DOMAIN]);
    expect((await findCertificate(acm, DOMAIN))?.arn).toBe(arn);
  });

  test('with more than a hundred other names is left alone', async () => {
    add(otherNames(101));
    expect(await findCertificate(acm, DOMAIN)).toBeUndefined();
  });

  test('is chosen: issued before pending, exact before wildcard, valid longest first', async () => {
    const inOrder: [string, Partial<Certificate>][] = [
      [DOMAIN, { notAfter: new Date('2027-06-01') }],
      [DOMAIN, { notAfter: new Date('2027-01-01') }],
      ['*.example.com', { notAfter: new Date('2028-06-01') }],
      ['*.example.com', { notAfter: new Date('2028-01-01') }],
      [DOMAIN, { status: 'PENDING_VALIDATION' }],
    ];
    const arns = inOrder
      .toReversed()
      .map(([name, given]) => add([name], given))
      .reverse();
    for (const arn of arns) {
      expect((await findCertificate(acm, DOMAIN))?.arn).toBe(arn);
      account.certificates.all.pop();
    }
    expect(await findCertificate(acm, DOMAIN)).toBeUndefined();
  });

  test.each<[string, string[], Partial<Certificate>]>([
    ['waits for an e-mail', [DOMAIN], { status: 'PENDING_VALIDATION', validationMethod: 'EMAIL' }],
    ['waits for other names, too', [DOMAIN, 'other.example'], { status: 'PENDING_VALIDATION' }],
    ['was not validated in time', [DOMAIN], { status: 'VALIDATION_TIMED_OUT' }],
    ['was refused', [DOMAIN], { status: 'FAILED' }],
    ['has expired', [DOMAIN], { status: 'EXPIRED' }],
    ['comes from a private authority', [DOMAIN], { type: 'PRIVATE' }],
    ['has a key type that CloudFront does not accept', [DOMAIN], { keyAlgorithm: 'EC_secp384r1' }],
  ])('is not reused when it %s', async (_, names, given) => {
    add(names, given);
    expect(await findCertificate(acm, DOMAIN)).toBeUndefined();
  });
});

describe('A certificate that the user has named', () => {
  test('is used when it is issued', async () => {
    const arn = add(['*.example.com']);
    expect(await requireCertificate(acm, arn, DOMAIN)).toMatchObject({ status: 'ISSUED', wildcard: true });
  });

  test('is used when it is still to be validated', async () => {
    const arn = add([DOMAIN], { status: 'PENDING_VALIDATION' });
    expect((await requireCertificate(acm, arn, DOMAIN)).status).toBe('PENDING_VALIDATION');
  });

  test.each([
    ['is not an ARN', 'my-certificate', 'not the ARN'],
    ['is something else', 'arn:aws:s3:::bucket', 'not the ARN'],
    ['is in another region', 'arn:aws:acm:eu-central-1:123456789012:certificate/a', 'eu-central-1'],
    ['does not exist', 'arn:aws:acm:us-east-1:123456789012:certificate/z', 'does not exist'],
  ])('is refused when it %s', async (_, arn, cause) => {
    await expect(requireCertificate(acm, arn, DOMAIN)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining(cause),
      cure: expect.stringMatching(/\w/),
    });
  });

  test('is refused when it is for other names, which are listed', async () => {
    const arn = add(['example.com', '*.blog.example.com']);
    await expect(requireCertificate(acm, arn, DOMAIN)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringMatching(/example\.com, \*\.blog\.example\.com.*only one label/),
      cure: expect.stringContaining('*.example.com'),
    });
  });

  test.each<[CertificateStatus, Partial<Certificate>, string]>([
    ['EXPIRED', {}, 'EXPIRED'],
    ['REVOKED', {}, 'REVOKED'],
    ['INACTIVE', {}, 'INACTIVE'],
    ['FAILED', { failureReason: 'CAA_ERROR' }, 'CAA'],
    ['VALIDATION_TIMED_OUT', {}, '72 hours'],
    ['ISSUED', { keyAlgorithm: 'EC_secp384r1' }, 'EC_secp384r1'],
    ['ISSUED', { keyAlgorithm: 'EC-secp521r1' as KeyAlgorithm }, 'EC-secp521r1'],
    ['ISSUED', { type: 'PRIVATE' }, 'private certificate authority'],
  ])('is refused when it is %s %j', async (status, given, cause) => {
    const arn = add([DOMAIN], { status, ...given });
    await expect(requireCertificate(acm, arn, DOMAIN)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining(cause),
    });
  });

  test.each(['RSA_2048', 'RSA-4096', 'EC_prime256v1', 'EC-prime256v1'])('may have the key type %s', async (key) => {
    const arn = add([DOMAIN], { keyAlgorithm: key as KeyAlgorithm });
    expect((await requireCertificate(acm, arn, DOMAIN)).arn).toBe(arn);
  });

  test('is not called missing when AWS has another problem', async () => {
    account.answerNext('acm:DescribeCertificate', new Error('internal error'));
    await expect(requireCertificate(acm, add([DOMAIN]), DOMAIN)).rejects.toThrow('internal error');
  });
});

describe('A certificate that is in use', () => {
  test.each<CertificateStatus>([
    'ISSUED',
    'PENDING_VALIDATION',
    'EXPIRED',
    'REVOKED',
    'INACTIVE',
    'FAILED',
    'VALIDATION_TIMED_OUT',
  ])('is shown as it is: %s', async (status) => {
    const notAfter = new Date('2026-01-01');
    const createdAt = new Date();
    const arn = add(['*.example.com'], { status, notAfter, createdAt });
    expect(await readCertificate(acm, arn, DOMAIN)).toEqual({
      arn,
      status,
      names: ['*.example.com'],
      wildcard: true,
      renewsItself: true,
      notAfter,
      createdAt,
    });
  });

  test('is shown even after the domain has changed', async () => {
    const names = ['old.example.com', '*.example.net'];
    expect(await readCertificate(acm, add(names), DOMAIN)).toMatchObject({ names, wildcard: false });
  });

  test('may be gone', async () => {
    const arn = add([DOMAIN]);
    account.certificates.all.pop();
    expect(await readCertificate(acm, arn, DOMAIN)).toBeUndefined();
  });

  test('has the missing permission in the error when it cannot be read', async () => {
    account.deny('acm:DescribeCertificate');
    await expect(readCertificate(acm, add([DOMAIN]), DOMAIN)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('acm:DescribeCertificate'),
    });
  });
});

describe('A new certificate', () => {
  const request = (wildcard = false) => requestCertificate(acm, { domain: DOMAIN, wildcard });

  test('is for the domain, validated by DNS, and tagged', async () => {
    const arn = await request();
    expect(account.certificates.all).toEqual([
      expect.objectContaining({
        arn,
        names: [DOMAIN],
        validationMethod: 'DNS',
        tags: { 'ghost-storage-s3-cloudfront': DOMAIN },
      }),
    ]);
    expect(await findCertificate(acm, DOMAIN)).toMatchObject({ arn, status: 'PENDING_VALIDATION' });
  });

  test('is for all names next to the domain with --wildcard', async () => {
    await request(true);
    expect(account.certificates.all).toMatchObject([
      { names: ['*.example.com'], tags: { 'ghost-storage-s3-cloudfront': DOMAIN } },
    ]);
  });

  test('is one when it is requested twice, and another for another name', async () => {
    const arn = await request();
    expect(await request()).toBe(arn);
    expect(await request(true)).not.toBe(arn);
    expect(account.certificates.all).toHaveLength(2);
  });

  test.each<CertificateStatus>(['FAILED', 'VALIDATION_TIMED_OUT'])(
    'is not the one that ACM refused within the last hour: %s',
    async (status) => {
      const refused = await request();
      account.certificates.get(refused).status = status;
      add(['a.example'], { status });
      expect(await request()).not.toBe(refused);
    },
  );

  test('is not requested for a name that no certificate can have', async () => {
    await expect(requestCertificate(acm, { domain: 'example.com', wildcard: true })).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('*.com'),
    });
    expect(account.actions).not.toContain('acm:RequestCertificate');
  });

  test('fails loudly when ACM does not say which it is', async () => {
    account.answerNext('acm:RequestCertificate', {});
    await expect(request()).rejects.toThrow('ARN');
  });
});
