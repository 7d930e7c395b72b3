import { requestCertificate } from './certificate/certificate';
import { recordSpellings, type ValidationRecord, validationRecord, waitUntilIssued } from './certificate/validation';
import { zoneOf } from './dns/live-dns';
import { upsertValidationRecord } from './dns/records';
import type { Session } from './session';
import type { Settings } from './settings';
import type { Situation } from './situation';

/**
 * Obtains an issued certificate: requests one unless an earlier run did so, creates or shows its DNS record, and waits.
 *
 * @returns its ARN
 * @throws Failure when ACM does not issue it
 */
export async function obtainCertificate(
  session: Session,
  { domain, wildcard }: Settings,
  { certificate, zone }: Situation,
): Promise<string> {
  const { aws, terminal, pause } = session;
  const { acm, route53 } = aws;
  const arn =
    certificate?.arn ??
    (await terminal.step('Requesting the certificate', () => requestCertificate(acm, { domain, wildcard })));
  const record = await terminal.step('Getting the validation record', () => validationRecord(acm, arn, pause));
  if (zone) {
    await terminal.step(`Creating the validation record in the zone ${zone.name}`, () =>
      upsertValidationRecord(route53, zone, record),
    );
  } else {
    await showValidationRecord(session, domain, record);
  }
  await terminal.step('Waiting for the certificate', ({ progress }) =>
    waitUntilIssued(acm, arn, {
      pause,
      onWaiting: ({ secondsLeft }) => progress(`${countdown(secondsLeft)} left`),
    }),
  );
  return arn;
}

async function showValidationRecord(
  { terminal, resolver }: Session,
  domain: string,
  record: ValidationRecord,
): Promise<void> {
  const { fullyQualified, relative, zone, value } = recordSpellings(record, await zoneOf(resolver, domain), domain);
  terminal.say();
  terminal.say('Create this record at your DNS provider, and never delete it: ACM needs it to renew the certificate.');
  terminal.say('  Type   CNAME');
  terminal.say(`  Name   ${fullyQualified}`);
  if (relative !== undefined) {
    terminal.say(`         or, if the provider adds ${zone} itself:  ${relative}`);
  }
  terminal.say(`  Value  ${value}`);
  terminal.say("  Keep your DNS provider's proxy off for it (at Cloudflare, the orange cloud).");
  terminal.say();
  terminal.say('You can stop with Ctrl-C and run the same command again later to continue waiting.');
}

/** `71 h 58 min` */
const countdown = (seconds: number) => `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
