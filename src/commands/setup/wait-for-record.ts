import { Failure } from '../../shell/failure';
import { pointsTo } from '../provision/dns/live-dns';
import type { Provisioned } from '../provision/provision';
import type { Session } from '../provision/session';
import { showMissingRecord } from '../provision/show';

/** How long (s) to wait before asking DNS again. */
const PAUSE_SECONDS = 10;

/** How long (h) to wait for a record that the user creates: as long as ACM waits for that of a certificate. */
const LIMIT_HOURS = 72;

/**
 * Shows the DNS record that points to the image server, and waits until it is there.
 *
 * @throws Failure when it is not there after three days; Interruption after Ctrl-C
 */
export async function waitForRecord(
  { terminal, resolver, pause }: Pick<Session, 'terminal' | 'resolver' | 'pause'>,
  domain: string,
  record: NonNullable<Provisioned['missingRecord']>,
): Promise<void> {
  showMissingRecord(terminal, record);
  terminal.say("  Keep your DNS provider's proxy off for it (at Cloudflare, the orange cloud).");
  terminal.say('You can stop with Ctrl-C, and run the same command again when the record is there.');
  await terminal.step(`Waiting until ${domain} points to the image server`, async () => {
    for (let waited = 0; !(await pointsTo(resolver, domain, record.value)); waited += PAUSE_SECONDS) {
      if (waited >= LIMIT_HOURS * 3_600) {
        throw new Failure(
          `${domain} still does not point to ${record.value} after ${LIMIT_HOURS} hours.`,
          `Create the record that is shown above in the zone ${record.zone}, and run the same command again: everything else is kept.`,
        );
      }
      await pause(PAUSE_SECONDS);
    }
  });
}
