import type { ACMClient, CertificateDetail, DomainValidation } from '@aws-sdk/client-acm';
import { Failure } from '../../../shell/failure';
import type { Pause } from '../session';
import { certificateDetail } from './acm';

/** The CNAME that proves to ACM, now and at each renewal, who owns the domain. */
export interface ValidationRecord {
  /** `_abc.images.example.com.` */
  name: string;
  /** `_def.xyz.acm-validations.aws.` */
  value: string;
}

/** How long (s) after the request ACM gives up. */
const VALIDATION_SECONDS = 72 * 3600;

/** ACM takes some seconds after the request to choose the record. */
const RECORD_TRIES = 20;
const RECORD_INTERVAL_SECONDS = 3;

/** ACM mostly sees a record in Route 53 within minutes. A record that the user has to create takes longer. */
const EAGER_SECONDS = 300;
const EAGER_INTERVAL_SECONDS = 10;
const PATIENT_INTERVAL_SECONDS = 30;

/**
 * Returns the CNAME to create for a certificate that is being validated.
 *
 * @throws Failure when ACM does not give one within a minute, when the certificate is not validated by DNS, or when it
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
        'Finish its validation as ACM describes it, then run the command again, or leave out --certificate-arn to get ' +
          'one that is validated by DNS.',
      );
    }
    const records = recordsOf(options);
    if (records && records.length > 1) {
      throw new Failure(
        `The certificate ${arn} has several names that are not validated yet.`,
        ['Make these records, then run the command again:', ...records.map(asLine)].join('\n'),
      );
    }
    if (records?.[0]) {
      return records[0];
    }
    if (tries === RECORD_TRIES) {
      throw new Failure(
        `ACM has not said by which record it validates the certificate ${arn}.`,
        'Run the same command again in a few minutes: it resumes where it stopped.',
      );
    }
    await pause(RECORD_INTERVAL_SECONDS);
  }
}

/**
 * Waits until ACM has issued a certificate. After an interruption ACM continues by itself.
 *
 * @param waiting `pause`: waits between two looks; `onWaiting`: called before each pause with the seconds until ACM
 * gives up
 * @throws Failure when ACM refuses to issue it, or has given up
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
      throw new Failure(
        `The certificate ${arn} has been deleted.`,
        'Run the command again: it requests a new certificate.',
      );
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
 * Returns a record as the user has to type it: some DNS providers want the full name, others the part in front of the
 * zone.
 *
 * @param zoneName zone of the domain; undefined to assume the parent of the domain
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

/** ACM's reasons for refusing a certificate; `PCA` for all reasons of private authorities. */
const FAILURES: Partial<Record<string, [cause: string, cure: string]>> = {
  CAA_ERROR: [
    'a CAA record does not allow Amazon to issue certificates for the domain, or could not be read.',
    'Add the CAA record 0 issue "amazon.com" (for a wildcard: 0 issuewild "amazon.com") where the others are',
  ],
  DOMAIN_NOT_ALLOWED: [
    'Amazon issues no certificates for the domain, for example because a list of dangerous sites has it.',
    'Look the domain up at Google Safe Browsing and similar lists, have it removed, or use another domain',
  ],
  ADDITIONAL_VERIFICATION_REQUIRED: [
    'Amazon wants to know more before it issues a certificate for this domain.',
    'Ask AWS Support to verify the domain',
  ],
  DOMAIN_VALIDATION_DENIED: ['Amazon has denied the validation of the domain.', 'Ask AWS Support for the reason'],
  NO_AVAILABLE_CONTACTS: [
    'it was requested with validation by e-mail, and no address of the domain could be found.',
    'Leave out --certificate-arn, so that it is validated by DNS',
  ],
  INVALID_PUBLIC_DOMAIN: ['the domain is not a public one.', 'Use a domain below a public ending such as .com'],
  SLR_NOT_FOUND: ['ACM lacks its service-linked role for private certificates.', 'Leave out --certificate-arn'],
  PCA: ['it was requested from a private authority, which did not issue it.', 'Leave out --certificate-arn'],
};

/** Returns why a certificate will not be issued any more, by its status and reason. */
export function validationFailure({ CertificateArn, DomainName, Status, FailureReason }: CertificateDetail): Failure {
  const what = `The certificate for ${DomainName} (${CertificateArn})`;
  const again = 'run the command again: it requests a new certificate';
  if (Status === 'VALIDATION_TIMED_OUT') {
    return new Failure(
      `${what} was not validated within 72 hours: ACM has not seen its CNAME record.`,
      `Check at your DNS provider that the record can be made, then ${again}.`,
    );
  }
  if (Status !== 'FAILED') {
    return new Failure(
      `${what} cannot be used: its status is ${Status}.`,
      `With --certificate-arn, name another one, or leave it out; then ${again}.`,
    );
  }
  const reason = FailureReason ?? 'OTHER';
  const [cause, cure] = FAILURES[reason.replace(/^PCA_.*/, 'PCA')] ?? [
    'ACM says no more about it.',
    'Look at the certificate in the console of ACM in us-east-1',
  ];
  return new Failure(`${what} was refused (${reason}): ${cause}`, `${cure}, then ${again}.`);
}

/**
 * Returns the records of the names that are not validated yet, each once: a wildcard shares the record of its parent
 * domain. Returns undefined while a record is missing.
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
