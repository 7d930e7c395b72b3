import type { ACMClient, CertificateDetail, DomainStatus, FailureReason } from '@aws-sdk/client-acm';
import { Interruption } from '../../../../../src/shell/failure';
import { signIn } from '../../../../../src/aws/sign-in';
import {
  recordSpellings,
  validationRecord,
  waitUntilIssued,
} from '../../../../../src/commands/provision/certificate/validation';
import { AwsAccount, type Certificate, validationRecord as recordFor } from '../../../../support/aws-account';
import { awsError } from '../../../../support/aws-account/aws-error';

const DOMAIN = 'images.example.com';
const HOUR = 3_600_000;

let account: AwsAccount;
let acm: ACMClient;
let pauses: number[];

beforeEach(async () => {
  account = new AwsAccount();
  ({ acm } = await signIn({ region: 'eu-central-1' }));
  pauses = [];
});
afterEach(() => account.restore());

const pause = (seconds: number) => {
  pauses.push(seconds);
  return Promise.resolve();
};

/** Adds a certificate that waits for its validation, and returns its ARN. */
const addPending = (given: Partial<Certificate> = {}) =>
  account.certificates.add({ names: [DOMAIN], status: 'PENDING_VALIDATION', ...given }).arn;

/** Answers the next look at the certificate differently. */
const describedAs = (...certificates: CertificateDetail[]) =>
  account.answerNext('acm:DescribeCertificate', ...certificates.map((Certificate) => ({ Certificate })));

describe('The record of a certificate', () => {
  /** ACM has already decided on the records. */
  const described = 1;
  const record = (name = DOMAIN) => ({ name: recordFor(name).Name, value: recordFor(name).Value });

  test('is waited for: ACM decides on it after the request', async () => {
    const arn = addPending();
    account.answerNext('acm:DescribeCertificate', awsError('acm', 'ResourceNotFoundException', 'not found'));
    describedAs({ Status: 'PENDING_VALIDATION' });
    expect(await validationRecord(acm, arn, pause)).toEqual(record());
    expect(pauses).toHaveLength(3);
  });

  test('is not waited for without end', async () => {
    describedAs(...Array.from({ length: 30 }, () => ({ Status: 'PENDING_VALIDATION' as const })));
    await expect(validationRecord(acm, addPending(), pause)).rejects.toMatchObject({
      name: 'Failure',
      cure: expect.stringContaining('resumes'),
    });
    expect(pauses.reduce((sum, seconds) => sum + seconds)).toBeLessThan(90);
  });

  test('is the same for a wildcard and the name below it', async () => {
    const arn = addPending({ names: ['*.example.com', 'example.com'], described });
    expect(await validationRecord(acm, arn, pause)).toEqual(record('example.com'));
  });

  test('is that of the name that is not validated yet', async () => {
    const validation = (DomainName: string, ValidationStatus: DomainStatus) => ({
      DomainName,
      ValidationMethod: 'DNS' as const,
      ValidationStatus,
      ResourceRecord: recordFor(DomainName),
    });
    describedAs({
      Status: 'PENDING_VALIDATION',
      DomainValidationOptions: [validation('other.example', 'SUCCESS'), validation(DOMAIN, 'PENDING_VALIDATION')],
    });
    expect(await validationRecord(acm, addPending(), pause)).toEqual(record());
  });

  test('is returned for an issued certificate, too: renewal needs it', async () => {
    const arn = addPending({ status: 'ISSUED', described });
    expect(await validationRecord(acm, arn, pause)).toEqual(record());
  });

  test('of several names is left to the user', async () => {
    const arn = addPending({ names: [DOMAIN, 'other.example'], described });
    const { name, value } = record('other.example');
    await expect(validationRecord(acm, arn, pause)).rejects.toMatchObject({
      name: 'Failure',
      cure: expect.stringContaining(`${name} CNAME ${value}`),
    });
  });

  test('does not exist for a certificate that waits for an e-mail', async () => {
    await expect(validationRecord(acm, addPending({ validationMethod: 'EMAIL' }), pause)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('EMAIL'),
    });
  });

  test('does not exist for a certificate that was refused at once', async () => {
    const arn = addPending({ status: 'FAILED', failureReason: 'DOMAIN_NOT_ALLOWED' });
    await expect(validationRecord(acm, arn, pause)).rejects.toMatchObject({ name: 'Failure' });
  });

  test('is not reported as missing when AWS has another problem', async () => {
    account.answerNext('acm:DescribeCertificate', new Error('internal error'));
    await expect(validationRecord(acm, addPending(), pause)).rejects.toThrow('internal error');
  });
});

describe('A certificate is waited for', () => {
  let secondsLeft: number[];
  const onWaiting = (wait: { secondsLeft: number }) => void secondsLeft.push(wait.secondsLeft);
  beforeEach(() => (secondsLeft = []));

  /** Waits, and does something during the nth pause. */
  function wait(arn: string, act = () => account.certificates.validate(arn), during = 1): Promise<void> {
    const pauseAndAct = (seconds: number) => {
      pauses.push(seconds);
      if (pauses.length === during) act();
      return Promise.resolve();
    };
    return waitUntilIssued(acm, arn, { pause: pauseAndAct, onWaiting });
  }

  test('until it is issued', async () => {
    await wait(addPending(), undefined, 2);
    expect(pauses).toEqual([10, 10]);
  });

  test('not at all when it is issued already', async () => {
    await wait(addPending({ status: 'ISSUED' }));
    expect(pauses).toEqual([]);
  });

  test('every 10 seconds for 5 minutes, then every 30', async () => {
    await wait(addPending(), undefined, 33);
    expect(pauses).toEqual([...Array.from({ length: 30 }, () => 10), 30, 30, 30]);
  });

  test('with a countdown to the end of the 72 hours, which an interruption does not set back', async () => {
    await wait(addPending({ createdAt: new Date(Date.now() - 70 * HOUR) }));
    expect(secondsLeft[0]).toBeGreaterThan(2 * 3600 - 60);
    expect(secondsLeft[0]).toBeLessThanOrEqual(2 * 3600);
  });

  test('with a countdown that ends at zero', async () => {
    const arn = addPending();
    describedAs({ Status: 'PENDING_VALIDATION', CreatedAt: new Date(Date.now() - 80 * HOUR) });
    await wait(arn);
    expect(secondsLeft).toEqual([0]);
  });

  test('until the user interrupts', async () => {
    const interrupted = () => Promise.reject(new Interruption('stopped'));
    await expect(waitUntilIssued(acm, addPending(), { pause: interrupted, onWaiting })).rejects.toThrow(Interruption);
  });

  test('no longer than ACM tries', async () => {
    await expect(wait(addPending(), () => account.advance({ hours: 73 }))).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('72 hours'),
      cure: expect.stringContaining('requests a new certificate'),
    });
  });

  test('no longer than it exists', async () => {
    await expect(wait(addPending(), () => account.certificates.all.splice(0))).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('deleted'),
    });
  });

  test.each<[FailureReason, RegExp]>([
    ['CAA_ERROR', /amazon\.com/],
    ['DOMAIN_NOT_ALLOWED', /Safe Browsing/],
    ['ADDITIONAL_VERIFICATION_REQUIRED', /AWS Support/],
    ['DOMAIN_VALIDATION_DENIED', /AWS Support/],
    ['NO_AVAILABLE_CONTACTS', /by DNS/],
    ['INVALID_PUBLIC_DOMAIN', /public top-level domain/],
    ['PCA_LIMIT_EXCEEDED', /--certificate-arn/],
    ['SLR_NOT_FOUND', /--certificate-arn/],
    ['OTHER', /console/],
  ])('no longer when ACM rejects it, and the error has the fix: %s', async (reason, cure) => {
    const arn = addPending();
    await expect(wait(arn, () => account.certificates.fail(arn, reason))).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining(reason),
      cure: expect.stringMatching(cure),
    });
  });

  test('no longer when ACM refuses it without a reason', async () => {
    await expect(wait(addPending({ status: 'FAILED' }))).rejects.toMatchObject({ name: 'Failure' });
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

  test('relative to the likely zone when the zone is unknown', () => {
    expect(recordSpellings(record, undefined, DOMAIN)).toMatchObject({ relative: '_abc.images', zone: 'example.com' });
    expect(recordSpellings(record, undefined, 'example.com').zone).toBe('example.com');
  });

  test('only in full when it belongs to another zone', () => {
    expect(recordSpellings(record, 'example.net', DOMAIN).relative).toBeUndefined();
  });
});
