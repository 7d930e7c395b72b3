import { Failure } from '../../shell/failure';
import { pointsTo } from '../provision/dns/live-dns';
import type { Provisioned } from '../provision/provision';
import type { Session } from '../provision/session';
import { showMissingRecord } from '../provision/show';

/** How long (s) to wait before asking DNS again. */
const PAUSE_SECONDS = 10;

/** How long (h) to wait for a record that the user creates. ACM waits as long for the record of a certificate. */
const LIMIT_HOURS = 72;

/**
 * Shows the DNS record that points to the image server, and waits until it exists.
 *
 * @throws Failure when it does not exist after three days; Interruption after Ctrl-C
 */
export async function waitForRecord(
  { terminal, resolver, pause }: Pick<Session, 'terminal' | 'resolver' | 'pause'>,
  domain: string,
  record: NonNullable<Provisioned['missingRecord']>,
): Promise<void> {
  showMissingRecord(terminal, record);
  terminal.say("  Turn off your DNS provider's proxy for this record (at Cloudflare, the orange cloud).");
  terminal.say('You can stop with Ctrl-C, and run the same command again when the record exists.');
  await terminal.step(`Waiting until ${domain} points to the image server`, async () => {
    for (let waited = 0; !(await pointsTo(resolver, domain, record.value)); waited += PAUSE_SECONDS) {
      if (waited >= LIMIT_HOURS * 3_600) {
        throw new Failure(
          `${domain} still does not point to ${record.value} after ${LIMIT_HOURS} hours.`,
          `Create the record that is shown above in the zone ${record.zone}, and run the same command again. Everything else is kept.`,
        );
      }
      await pause(PAUSE_SECONDS);
    }
  });
}
