import {
  ACMClient,
  DescribeCertificateCommand,
  ListCertificatesCommand,
  RequestCertificateCommand,
  type CertificateDetail,
  type CertificateStatus,
  type CertificateSummary,
} from '@aws-sdk/client-acm';
import { mockClient } from 'aws-sdk-client-mock';
import {
  covers,
  describeCertificate,
  findCertificate,
  lookAtCertificate,
  requestCertificate,
} from '../../../../../src/commands/provision/certificate/certificate';

const DOMAIN = 'images.example.com';
const acm = mockClient(ACMClient);
const client = new ACMClient({ region: 'us-east-1' });
const arnOf = (id: string) => `arn:aws:acm:us-east-1:123456789012:certificate/${id}`;

interface Given {
  id: string;
  names: string[];
  status?: CertificateStatus;
  notAfter?: string;
  createdAt?: string;
  method?: 'DNS' | 'EMAIL';
  type?: CertificateSummary['Type'];
  more?: CertificateDetail;
  /** So many names are in the list; all are in the description. */
  listed?: number;
}

/** ACM with these certificates, two to a page. */
function accountHas(...certificates: Given[]) {
  const asDetail = (given: Given): CertificateDetail => ({
    CertificateArn: arnOf(given.id),
    DomainName: given.names[0],
    SubjectAlternativeNames: given.names,
    Status: given.status ?? 'ISSUED',
    Type: given.type ?? 'AMAZON_ISSUED',
    KeyAlgorithm: 'RSA-2048' as CertificateDetail['KeyAlgorithm'],
    ...(given.notAfter && { NotAfter: new Date(given.notAfter) }),
    ...(given.createdAt && { CreatedAt: new Date(given.createdAt) }),
    DomainValidationOptions: given.names.map((DomainName) => ({
      DomainName,
      ValidationMethod: given.method ?? 'DNS',
    })),
    ...given.more,
  });
  acm
    .on(ListCertificatesCommand)
    .callsFake(
      ({ CertificateStatuses = [], NextToken = '0' }: { CertificateStatuses?: string[]; NextToken?: string }) => {
        const matching = certificates.filter(({ status = 'ISSUED' }) => CertificateStatuses.includes(status));
        const end = Number(NextToken) + 2;
        return {
          CertificateSummaryList: matching.slice(Number(NextToken), end).map((given): CertificateSummary => {
            const { SubjectAlternativeNames = [], ...detail } = asDetail(given);
            const listed = given.listed ?? SubjectAlternativeNames.length;
            return {
              ...(detail as CertificateSummary),
              SubjectAlternativeNameSummaries: SubjectAlternativeNames.slice(0, listed),
              HasAdditionalSubjectAlternativeNames: listed < SubjectAlternativeNames.length,
            };
          }),
          ...(end < matching.length && { NextToken: String(end) }),
        };
      },
    );
  acm
    .on(DescribeCertificateCommand)
    .rejects(Object.assign(new Error('Could not find certificate'), { name: 'ResourceNotFoundException' }));
  for (const given of certificates) {
    acm.on(DescribeCertificateCommand, { CertificateArn: arnOf(given.id) }).resolves({ Certificate: asDetail(given) });
  }
}

beforeEach(() => {
  acm.reset();
  acm.on(RequestCertificateCommand).resolves({ CertificateArn: arnOf('new') });
});

describe('A certificate covers', () => {
  test.each([
    ['its name', ['images.example.com'], true],
    ['its name among others', ['example.com', 'images.example.com'], true],
    ['its name in other letters', ['Images.Example.COM'], true],
    ['names one level below a wildcard', ['*.example.com'], true],
    ['no name two levels below a wildcard', ['*.com'], false],
    ['no name beside a wildcard below it', ['*.images.example.com'], false],
    ['no other name', ['example.com', 'www.example.com'], false],
  ])('%s', (_, names, covered) => {
    expect(covers(names, DOMAIN)).toBe(covered);
  });

  test('no apex by a wildcard', () => {
    expect(covers(['*.example.com'], 'example.com')).toBe(false);
  });
});

describe('A certificate that is there', () => {
  test('for the exact name is reused', async () => {
    accountHas({ id: 'a', names: ['www.example.com'] }, { id: 'b', names: [DOMAIN], notAfter: '2027-01-01' });
    expect(await findCertificate(client, DOMAIN)).toEqual({
      arn: arnOf('b'),
      status: 'ISSUED',
      names: [DOMAIN],
      wildcard: false,
      notAfter: new Date('2027-01-01'),
      createdAt: undefined,
    });
  });

  test('for a wildcard of the same level is reused', async () => {
    accountHas({ id: 'a', names: ['*.example.com', 'example.com'] });
    expect(await findCertificate(client, DOMAIN)).toMatchObject({ arn: arnOf('a'), wildcard: true });
  });

  test('is found with RSA and with EC keys, on any page', async () => {
    accountHas({ id: 'a', names: ['a.example'] }, { id: 'b', names: ['b.example'] }, { id: 'c', names: [DOMAIN] });
    expect((await findCertificate(client, DOMAIN))?.arn).toBe(arnOf('c'));
    const [first] = acm.commandCalls(ListCertificatesCommand);
    expect(first?.args[0].input.Includes).toEqual({ keyTypes: ['RSA_2048', 'EC_prime256v1'] });
  });

  test('with more than a hundred names is looked at in full', async () => {
    accountHas({ id: 'a', names: ['a.example', 'b.example', DOMAIN], listed: 2 });
    expect((await findCertificate(client, DOMAIN))?.arn).toBe(arnOf('a'));
  });

  test('with more than a hundred names of others is left alone', async () => {
    accountHas({ id: 'a', names: ['a.example', 'b.example'], listed: 1 });
    expect(await findCertificate(client, DOMAIN)).toBeUndefined();
  });

  test('is chosen: issued before pending, exact before wildcard, valid longest first', async () => {
    const all: Given[] = [
      { id: 'exact-long', names: [DOMAIN], notAfter: '2027-06-01' },
      { id: 'exact-short', names: [DOMAIN], notAfter: '2027-01-01' },
      { id: 'wildcard-long', names: ['*.example.com'], notAfter: '2028-06-01' },
      { id: 'wildcard-short', names: ['*.example.com'], notAfter: '2028-01-01' },
      { id: 'pending', names: [DOMAIN], status: 'PENDING_VALIDATION' },
    ];
    for (let from = 0; from < all.length; from += 1) {
      accountHas(...all.slice(from).reverse());
      expect((await findCertificate(client, DOMAIN))?.arn).toBe(arnOf(all[from]?.id ?? ''));
    }
  });

  test.each<[string, Given]>([
    ['waits for an e-mail', { id: 'a', names: [DOMAIN], status: 'PENDING_VALIDATION', method: 'EMAIL' }],
    ['waits for other names, too', { id: 'a', names: [DOMAIN, 'other.example'], status: 'PENDING_VALIDATION' }],
    ['was not validated in time', { id: 'a', names: [DOMAIN], status: 'VALIDATION_TIMED_OUT' }],
    ['was refused', { id: 'a', names: [DOMAIN], status: 'FAILED' }],
    ['has expired', { id: 'a', names: [DOMAIN], status: 'EXPIRED' }],
    ['comes from a private authority', { id: 'a', names: [DOMAIN], type: 'PRIVATE' }],
  ])('is not reused when it %s', async (_, certificate) => {
    accountHas(certificate);
    expect(await findCertificate(client, DOMAIN)).toBeUndefined();
  });
});

describe('A certificate that the user has named', () => {
  test('is used when it is issued', async () => {
    accountHas({ id: 'a', names: ['*.example.com'], notAfter: '2027-01-01' });
    expect(await describeCertificate(client, arnOf('a'), DOMAIN)).toMatchObject({ status: 'ISSUED', wildcard: true });
  });

  test('is used when it is still to be validated', async () => {
    accountHas({ id: 'a', names: [DOMAIN], status: 'PENDING_VALIDATION' });
    expect((await describeCertificate(client, arnOf('a'), DOMAIN)).status).toBe('PENDING_VALIDATION');
  });

  test.each([
    ['is no ARN', 'my-certificate', 'not the ARN'],
    ['is something else', 'arn:aws:s3:::bucket', 'not the ARN'],
    ['is in another region', 'arn:aws:acm:eu-central-1:123456789012:certificate/a', 'eu-central-1'],
    ['does not exist', arnOf('z'), 'no certificate'],
  ])('is refused when it %s', async (_, arn, cause) => {
    accountHas();
    await expect(describeCertificate(client, arn, DOMAIN)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining(cause),
      cure: expect.stringMatching(/\w/),
    });
  });

  test('is refused when it is for other names, which are told', async () => {
    accountHas({ id: 'a', names: ['example.com', '*.blog.example.com'] });
    await expect(describeCertificate(client, arnOf('a'), DOMAIN)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringMatching(/example\.com, \*\.blog\.example\.com.*one label only/),
      cure: expect.stringContaining('*.example.com'),
    });
  });

  test.each<[CertificateStatus, CertificateDetail, string]>([
    ['EXPIRED', {}, 'EXPIRED'],
    ['REVOKED', {}, 'REVOKED'],
    ['INACTIVE', {}, 'INACTIVE'],
    ['FAILED', { FailureReason: 'CAA_ERROR' }, 'CAA'],
    ['VALIDATION_TIMED_OUT', {}, '72 hours'],
    ['ISSUED', { KeyAlgorithm: 'EC_secp384r1' }, 'EC_secp384r1'],
    ['ISSUED', { KeyAlgorithm: 'EC-secp521r1' as CertificateDetail['KeyAlgorithm'] }, 'EC-secp521r1'],
    ['ISSUED', { Type: 'PRIVATE' }, 'private authority'],
  ])('is refused when it is %s %j', async (status, more, cause) => {
    accountHas({ id: 'a', names: [DOMAIN], status, more });
    await expect(describeCertificate(client, arnOf('a'), DOMAIN)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining(cause),
    });
  });

  test.each(['RSA_2048', 'RSA-4096', 'EC_prime256v1', 'EC-prime256v1'])('may have the key type %s', async (key) => {
    accountHas({ id: 'a', names: [DOMAIN], more: { KeyAlgorithm: key as CertificateDetail['KeyAlgorithm'] } });
    expect((await describeCertificate(client, arnOf('a'), DOMAIN)).arn).toBe(arnOf('a'));
  });

  test('is not called missing when AWS has another trouble', async () => {
    acm.on(DescribeCertificateCommand).rejects(new Error('internal error'));
    await expect(describeCertificate(client, arnOf('a'), DOMAIN)).rejects.toThrow('internal error');
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
    accountHas({ id: 'a', names: ['*.example.com'], status, notAfter: '2026-01-01' });
    expect(await lookAtCertificate(client, arnOf('a'), DOMAIN)).toEqual({
      arn: arnOf('a'),
      status,
      names: ['*.example.com'],
      wildcard: true,
      notAfter: new Date('2026-01-01'),
      createdAt: undefined,
    });
  });

  test('is shown also when the domain is another now', async () => {
    accountHas({ id: 'a', names: ['old.example.com', '*.example.net'] });
    expect(await lookAtCertificate(client, arnOf('a'), DOMAIN)).toMatchObject({
      names: ['old.example.com', '*.example.net'],
      wildcard: false,
    });
  });

  test('may be gone', async () => {
    accountHas();
    expect(await lookAtCertificate(client, arnOf('z'), DOMAIN)).toBeUndefined();
  });

  test('that may not be looked at names the missing permission', async () => {
    acm.on(DescribeCertificateCommand).rejects(Object.assign(new Error(''), { name: 'AccessDeniedException' }));
    await expect(lookAtCertificate(client, arnOf('a'), DOMAIN)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('acm:DescribeCertificate'),
    });
  });
});

describe('A new certificate', () => {
  const requests = () => acm.commandCalls(RequestCertificateCommand).map(({ args: [{ input }] }) => input);

  beforeEach(() => accountHas());

  test('is for the domain, validated by DNS, and tagged', async () => {
    expect(await requestCertificate(client, { domain: DOMAIN, wildcard: false })).toBe(arnOf('new'));
    expect(requests()).toEqual([
      {
        DomainName: DOMAIN,
        ValidationMethod: 'DNS',
        IdempotencyToken: expect.stringMatching(/^\w{1,32}$/),
        Tags: [{ Key: 'ghost-storage-s3-cloudfront', Value: DOMAIN }],
      },
    ]);
  });

  test('is for the names beside the domain with --wildcard', async () => {
    await requestCertificate(client, { domain: DOMAIN, wildcard: true });
    expect(requests()[0]).toMatchObject({ DomainName: '*.example.com', Tags: [{ Value: DOMAIN }] });
  });

  test('is one when it is requested twice, and another for another name', async () => {
    await requestCertificate(client, { domain: DOMAIN, wildcard: false });
    await requestCertificate(client, { domain: DOMAIN, wildcard: false });
    await requestCertificate(client, { domain: DOMAIN, wildcard: true });
    const [first, again, other] = requests().map(({ IdempotencyToken }) => IdempotencyToken);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  test.each<CertificateStatus>(['FAILED', 'VALIDATION_TIMED_OUT'])(
    'is not the one that ACM has refused within the hour: %s',
    async (status) => {
      await requestCertificate(client, { domain: DOMAIN, wildcard: false });
      accountHas({ id: 'refused', names: [DOMAIN], status }, { id: 'other', names: ['a.example'], status });
      await requestCertificate(client, { domain: DOMAIN, wildcard: false });
      const [first, again] = requests().map(({ IdempotencyToken }) => IdempotencyToken);
      expect(again).not.toBe(first);
    },
  );

  test('is not requested for a name that no certificate can have', async () => {
    await expect(requestCertificate(client, { domain: 'example.com', wildcard: true })).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('*.com'),
    });
    expect(requests()).toEqual([]);
  });

  test('fails loudly when ACM does not say which it is', async () => {
    acm.on(RequestCertificateCommand).resolves({});
    await expect(requestCertificate(client, { domain: DOMAIN, wildcard: false })).rejects.toThrow('ARN');
  });
});
