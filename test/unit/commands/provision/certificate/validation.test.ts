import { ACMClient, DescribeCertificateCommand, type CertificateDetail } from '@aws-sdk/client-acm';
import { mockClient } from 'aws-sdk-client-mock';
import { Interruption } from '../../../../../src/shell/failure';
import {
  recordSpellings,
  validationRecord,
  waitUntilIssued,
} from '../../../../../src/commands/provision/certificate/validation';

const DOMAIN = 'images.example.com';
const ARN = 'arn:aws:acm:us-east-1:123456789012:certificate/a';
const HOUR = 3_600_000;
const acm = mockClient(ACMClient);
const client = new ACMClient({ region: 'us-east-1' });
const missing = () => Object.assign(new Error('not found'), { name: 'ResourceNotFoundException' });

const pending = (more: CertificateDetail = {}): CertificateDetail => ({
  CertificateArn: ARN,
  DomainName: DOMAIN,
  Status: 'PENDING_VALIDATION',
  ...more,
});
const validation = (name: string, more: object = {}) => ({
  DomainName: name,
  ValidationMethod: 'DNS' as const,
  ValidationStatus: 'PENDING_VALIDATION' as const,
  ResourceRecord: {
    Name: `_abc.${name.replace('*.', '')}.`,
    Type: 'CNAME' as const,
    Value: '_def.acm-validations.aws.',
  },
  ...more,
});

/** ACM describes the certificate in these ways, one after the other; the last one stays. */
function describedAs(...answers: (CertificateDetail | Error)[]) {
  const describe = acm.on(DescribeCertificateCommand);
  for (const answer of answers.slice(0, -1)) {
    if (answer instanceof Error) describe.rejectsOnce(answer);
    else describe.resolvesOnce({ Certificate: answer });
  }
  const last = answers.at(-1);
  if (last instanceof Error) describe.rejects(last);
  else describe.resolves({ Certificate: last });
}

let pauses: number[];
const pause = (seconds: number) => {
  pauses.push(seconds);
  return Promise.resolve();
};

beforeEach(() => {
  acm.reset();
  pauses = [];
});

describe('The record of a certificate', () => {
  const record = { name: `_abc.${DOMAIN}.`, value: '_def.acm-validations.aws.' };

  test('is waited for: ACM makes it up after the request', async () => {
    describedAs(
      missing(),
      pending(),
      pending({ DomainValidationOptions: [validation(DOMAIN, { ResourceRecord: undefined })] }),
      pending({ DomainValidationOptions: [validation(DOMAIN)] }),
    );
    expect(await validationRecord(client, ARN, pause)).toEqual(record);
    expect(pauses).toHaveLength(3);
  });

  test('is not waited for without end', async () => {
    describedAs(pending());
    await expect(validationRecord(client, ARN, pause)).rejects.toMatchObject({
      name: 'Failure',
      cure: expect.stringContaining('resumes'),
    });
    expect(pauses.reduce((sum, seconds) => sum + seconds)).toBeLessThan(90);
  });

  test('is the same for a wildcard and the name below it', async () => {
    const names = ['*.example.com', 'example.com'];
    describedAs(pending({ DomainValidationOptions: names.map((name) => validation(name)) }));
    expect((await validationRecord(client, ARN, pause)).name).toBe('_abc.example.com.');
  });

  test('is that of the name that is not validated yet', async () => {
    const validated = validation('other.example', { ValidationStatus: 'SUCCESS' });
    describedAs(pending({ DomainValidationOptions: [validated, validation(DOMAIN)] }));
    expect(await validationRecord(client, ARN, pause)).toEqual(record);
  });

  test('is told of a certificate that is issued, too: renewal needs it', async () => {
    describedAs(
      pending({ Status: 'ISSUED', DomainValidationOptions: [validation(DOMAIN, { ValidationStatus: 'SUCCESS' })] }),
    );
    expect(await validationRecord(client, ARN, pause)).toEqual(record);
  });

  test('of several names is left to the user', async () => {
    describedAs(pending({ DomainValidationOptions: [validation(DOMAIN), validation('other.example')] }));
    await expect(validationRecord(client, ARN, pause)).rejects.toMatchObject({
      name: 'Failure',
      cure: expect.stringContaining('_abc.other.example. CNAME _def.acm-validations.aws.'),
    });
  });

  test('does not exist for a certificate that waits for an e-mail', async () => {
    describedAs(pending({ DomainValidationOptions: [validation(DOMAIN, { ValidationMethod: 'EMAIL' })] }));
    await expect(validationRecord(client, ARN, pause)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('EMAIL'),
    });
  });

  test('does not exist for a certificate that was refused at once', async () => {
    describedAs(pending({ Status: 'FAILED', FailureReason: 'DOMAIN_NOT_ALLOWED' }));
    await expect(validationRecord(client, ARN, pause)).rejects.toMatchObject({ name: 'Failure' });
  });

  test('stays unknown when AWS has another trouble', async () => {
    describedAs(new Error('internal error'));
    await expect(validationRecord(client, ARN, pause)).rejects.toThrow('internal error');
  });
});

describe('A certificate is waited for', () => {
  const secondsLeft: number[] = [];
  const onWaiting = (wait: { secondsLeft: number }) => void secondsLeft.push(wait.secondsLeft);

  beforeEach(() => {
    secondsLeft.length = 0;
  });

  test('until it is issued', async () => {
    describedAs(pending(), pending(), pending({ Status: 'ISSUED' }));
    await waitUntilIssued(client, ARN, { pause, onWaiting });
    expect(pauses).toEqual([10, 10]);
  });

  test('not at all when it is issued already', async () => {
    describedAs(pending({ Status: 'ISSUED' }));
    await waitUntilIssued(client, ARN, { pause, onWaiting });
    expect(pauses).toEqual([]);
  });

  test('every 10 seconds for 5 minutes, then every 30', async () => {
    describedAs(...Array.from({ length: 33 }, () => pending()), pending({ Status: 'ISSUED' }));
    await waitUntilIssued(client, ARN, { pause, onWaiting });
    expect(pauses).toEqual([...Array.from({ length: 30 }, () => 10), 30, 30, 30]);
  });

  test('with a countdown to the end of the 72 hours, which an interruption does not set back', async () => {
    const CreatedAt = new Date(Date.now() - 70 * HOUR);
    describedAs(pending({ CreatedAt }), pending({ Status: 'ISSUED' }));
    await waitUntilIssued(client, ARN, { pause, onWaiting });
    expect(secondsLeft[0]).toBeGreaterThan(2 * 3600 - 60);
    expect(secondsLeft[0]).toBeLessThanOrEqual(2 * 3600);
  });

  test('with a countdown that ends at zero', async () => {
    describedAs(pending({ CreatedAt: new Date(Date.now() - 80 * HOUR) }), pending({ Status: 'ISSUED' }));
    await waitUntilIssued(client, ARN, { pause, onWaiting });
    expect(secondsLeft).toEqual([0]);
  });

  test('until the user interrupts', async () => {
    describedAs(pending());
    const interrupted = () => Promise.reject(new Interruption('stopped'));
    await expect(waitUntilIssued(client, ARN, { pause: interrupted, onWaiting })).rejects.toThrow(Interruption);
  });

  test('no longer than ACM tries', async () => {
    describedAs(pending(), pending({ Status: 'VALIDATION_TIMED_OUT' }));
    await expect(waitUntilIssued(client, ARN, { pause, onWaiting })).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('72 hours'),
      cure: expect.stringContaining('requests a new certificate'),
    });
  });

  test('no longer than it exists', async () => {
    describedAs(pending(), missing());
    await expect(waitUntilIssued(client, ARN, { pause, onWaiting })).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('deleted'),
    });
  });

  test.each<[NonNullable<CertificateDetail['FailureReason']>, RegExp]>([
    ['CAA_ERROR', /amazon\.com/],
    ['DOMAIN_NOT_ALLOWED', /Safe Browsing/],
    ['ADDITIONAL_VERIFICATION_REQUIRED', /AWS Support/],
    ['DOMAIN_VALIDATION_DENIED', /AWS Support/],
    ['NO_AVAILABLE_CONTACTS', /by DNS/],
    ['INVALID_PUBLIC_DOMAIN', /public ending/],
    ['PCA_LIMIT_EXCEEDED', /--certificate-arn/],
    ['SLR_NOT_FOUND', /--certificate-arn/],
    ['OTHER', /console/],
  ])('no longer when ACM refuses it, and then there is a cure: %s', async (FailureReason, cure) => {
    describedAs(pending({ Status: 'FAILED', FailureReason }));
    await expect(waitUntilIssued(client, ARN, { pause, onWaiting })).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining(FailureReason),
      cure: expect.stringMatching(cure),
    });
  });

  test('no longer when ACM refuses it for a reason that it keeps to itself', async () => {
    describedAs(pending({ Status: 'FAILED' }));
    await expect(waitUntilIssued(client, ARN, { pause, onWaiting })).rejects.toMatchObject({ name: 'Failure' });
  });
});

describe('A record is spelled', () => {
  const record = { name: '_abc.images.example.com.', value: '_def.acm-validations.aws.' };

  test('in full and relative to its zone', () => {
    expect(recordSpellings(record, 'example.com', DOMAIN)).toEqual({
      fullyQualified: '_abc.images.example.com',
      relative: '_abc.images',
      zone: 'example.com',
      value: '_def.acm-validations.aws',
    });
  });

  test('relative to the zone of the domain alone', () => {
    expect(recordSpellings(record, 'images.example.com.', DOMAIN).relative).toBe('_abc');
  });

  test('with an @ for the zone itself', () => {
    const own = { name: 'example.com', value: 'd111111abcdef8.cloudfront.net' };
    expect(recordSpellings(own, 'example.com', 'example.com').relative).toBe('@');
  });

  test('relative to the likely zone when nobody knows it', () => {
    expect(recordSpellings(record, undefined, DOMAIN)).toMatchObject({ relative: '_abc.images', zone: 'example.com' });
    expect(recordSpellings(record, undefined, 'example.com').zone).toBe('example.com');
  });

  test('only in full when it belongs to another zone', () => {
    expect(recordSpellings(record, 'example.net', DOMAIN).relative).toBeUndefined();
  });
});
