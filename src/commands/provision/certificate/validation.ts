import type { ACMClient, CertificateDetail, DomainValidation } from '@aws-sdk/client-acm';
import { Failure } from '../../../shell/failure';
import type { Pause } from '../session';
import { certificateDetail } from './acm';

/** The CNAME that proves to ACM, now and at each renewal, that you own the domain. */
export interface ValidationRecord {
  /** `_abc.images.example.com.` */
  name: string;
  /** `_def.xyz.acm-validations.aws.` */
  value: string;
}

/** How long (s) ACM waits for the validation of a requested certificate. */
const VALIDATION_SECONDS = 72 * 3600;

/** How many times to ask ACM for the record, which it chooses some seconds after the request. */
const RECORD_TRIES = 20;

/** How long (s) to wait between these tries. */
const RECORD_INTERVAL_SECONDS = 3;

/** How long (s) to check frequently whether the certificate is issued. With Route 53, it usually takes minutes. */
const EAGER_SECONDS = 300;

/** How long (s) to wait between two checks at first. */
const EAGER_INTERVAL_SECONDS = 10;

/** How long (s) to wait between two checks after that, as for a record that the user has to create. */
const PATIENT_INTERVAL_SECONDS = 30;

/**
 * Returns the CNAME to create for a certificate that is being validated.
 *
 * @throws Failure when ACM does not return one within a minute, when the certificate is not validated by DNS, or when
 *   it
 * needs records for several names
 * @see https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
 */
export async function validationRecord(acm: ACMClient, arn: string, pause: Pause): Promise<ValidationRecord> {
  for (let tries = 1; ; tries += 1) {
    const certificate = await certificateDetail(acm, arn);
    if (certificate?.Status === 'FAILED') {
      throw validationFailure(certificate);
    }
    const options = certificate?.DomainValidationOptions ?? [];
    const foreign = options.find(({ ValidationMethod }) => ValidationMethod && ValidationMethod !== 'DNS');
    if (foreign) {
      throw new Failure(
        `The certificate ${arn} is validated by ${foreign.ValidationMethod}, not by DNS.`,
        'Finish its validation as ACM describes it, then run the command again. Or leave out --certificate-arn to ' +
          'request one that is validated by DNS.',
      );
    }
    const records = recordsOf(options);
    if (records && records.length > 1) {
      throw new Failure(
        `The certificate ${arn} has several names that are not validated yet.`,
        ['Create these records, then run the command again:', ...records.map(asLine)].join('\n'),
      );
    }
    if (records?.[0]) {
      return records[0];
    }
    if (tries === RECORD_TRIES) {
      throw new Failure(
        `ACM has not returned the DNS record that validates the certificate ${arn}.`,
        'Run the same command again in a few minutes: it resumes where it stopped.',
      );
    }
    await pause(RECORD_INTERVAL_SECONDS);
  }
}

/**
 * Waits until ACM has issued a certificate. ACM continues even if the command is interrupted.
 *
 * @param waiting `pause`: waits between two checks; `onWaiting`: called before each pause with the seconds until ACM
 * gives up
 * @throws Failure when ACM rejects the certificate or has given up
 * @see https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-failed.html
 */
export async function waitUntilIssued(
  acm: ACMClient,
  arn: string,
  { pause, onWaiting }: { pause: Pause; onWaiting: (wait: { secondsLeft: number }) => void },
): Promise<void> {
  for (let waited = 0; ;) {
    const certificate = await certificateDetail(acm, arn);
    if (!certificate) {
      throw new Failure(`The certificate ${arn} was deleted.`, 'Run the command again. It requests a new certificate.');
    }
    if (certificate.Status === 'ISSUED') {
      return;
    }
    if (certificate.Status !== 'PENDING_VALIDATION') {
      throw validationFailure(certificate);
    }
    const since = certificate.CreatedAt?.getTime() ?? Date.now();
    onWaiting({ secondsLeft: Math.max(0, Math.round(VALIDATION_SECONDS - (Date.now() - since) / 1000)) });
    const seconds = waited < EAGER_SECONDS ? EAGER_INTERVAL_SECONDS : PATIENT_INTERVAL_SECONDS;
    await pause(seconds);
    waited += seconds;
  }
}

/**
 * Returns a record as the user has to enter it: some DNS providers expect the full name, others the part before the
 * zone.
 *
 * @param zoneName zone of the domain; undefined to assume the domain's parent
 * @returns names without a final dot; `relative` is `@` for the zone itself, and undefined for a name outside the zone
 */
export function recordSpellings(
  record: ValidationRecord,
  zoneName: string | undefined,
  domain: string,
): { fullyQualified: string; relative: string | undefined; zone: string; value: string } {
  const fullyQualified = withoutDot(record.name);
  const zone = withoutDot(zoneName ?? (domain.split('.').length > 2 ? domain.slice(domain.indexOf('.') + 1) : domain));
  const inside = fullyQualified.toLowerCase().endsWith(`.${zone.toLowerCase()}`);
  const relative = inside ? fullyQualified.slice(0, -zone.length - 1) : undefined;
  return {
    fullyQualified,
    relative: fullyQualified.toLowerCase() === zone.toLowerCase() ? '@' : relative,
    zone,
    value: withoutDot(record.value),
  };
}

/** Explanations of ACM's reasons for rejecting a certificate; `PCA` is for all reasons of private authorities. */
const FAILURES: Partial<Record<string, [cause: string, cure: string]>> = {
  CAA_ERROR: [
    'a CAA record does not allow Amazon to issue certificates for the domain, or could not be read.',
    'Add the CAA record 0 issue "amazon.com" (for a wildcard: 0 issuewild "amazon.com") next to the existing ones',
  ],
  DOMAIN_NOT_ALLOWED: [
    'Amazon does not issue certificates for the domain, for example because it is on a list of dangerous sites.',
    'Check the domain on Google Safe Browsing and similar lists and have it removed, or use another domain',
  ],
  ADDITIONAL_VERIFICATION_REQUIRED: [
    'Amazon needs more information before it issues a certificate for this domain.',
    'Ask AWS Support to verify the domain',
  ],
  DOMAIN_VALIDATION_DENIED: ['Amazon has denied the validation of the domain.', 'Ask AWS Support for the reason'],
  NO_AVAILABLE_CONTACTS: [
    'it was requested with validation by e-mail, but ACM found no e-mail address for the domain.',
    'Leave out --certificate-arn to use validation by DNS',
  ],
  INVALID_PUBLIC_DOMAIN: [
    'the domain is not a public one.',
    'Use a domain under a public top-level domain such as .com',
  ],
  SLR_NOT_FOUND: ['ACM does not have its service-linked role for private certificates.', 'Leave out --certificate-arn'],
  PCA: [
    'it was requested from a private certificate authority, which did not issue it.',
    'Leave out --certificate-arn',
  ],
};

/** Explains why a certificate can no longer be issued, from its status and reason. */
export function validationFailure({ CertificateArn, DomainName, Status, FailureReason }: CertificateDetail): Failure {
  const what = `The certificate for ${DomainName} (${CertificateArn})`;
  const again = 'run the command again. It requests a new certificate';
  if (Status === 'VALIDATION_TIMED_OUT') {
    return new Failure(
      `${what} was not validated within 72 hours, because ACM did not find its CNAME record.`,
      `Check at your DNS provider that you can create the record, then ${again}.`,
    );
  }
  if (Status !== 'FAILED') {
    return new Failure(
      `${what} cannot be used: its status is ${Status}.`,
      `Use another one with --certificate-arn, or leave the option out. Then ${again}.`,
    );
  }
  const reason = FailureReason ?? 'OTHER';
  const [cause, cure] = FAILURES[reason.replace(/^PCA_.*/, 'PCA')] ?? [
    'ACM gives no further reason.',
    'Check the certificate in the ACM console in us-east-1',
  ];
  return new Failure(`${what} was rejected (${reason}): ${cause}`, `${cure}, then ${again}.`);
}

/**
 * Returns the records of the names that are not validated yet, without duplicates, because a wildcard has the same
 * record as its parent domain. Returns undefined while a record is missing.
 */
function recordsOf(options: DomainValidation[]): ValidationRecord[] | undefined {
  const pending = options.filter(({ ValidationStatus }) => ValidationStatus !== 'SUCCESS');
  const wanted = pending.length > 0 ? pending : options;
  if (wanted.some(({ ResourceRecord }) => !ResourceRecord)) {
    return undefined;
  }
  const byName = new Map<string, ValidationRecord>();
  for (const { ResourceRecord } of wanted) {
    if (ResourceRecord?.Name && ResourceRecord.Value) {
      byName.set(ResourceRecord.Name, { name: ResourceRecord.Name, value: ResourceRecord.Value });
    }
  }
  return [...byName.values()];
}

function asLine({ name, value }: ValidationRecord): string {
  return `${name} CNAME ${value}`;
}

function withoutDot(name: string): string {
  return name.replace(/\.$/, '');
}
