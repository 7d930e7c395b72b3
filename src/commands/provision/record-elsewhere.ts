import { Failure } from '../../shell/failure';
import { recordSpellings } from './certificate/validation';
import {
  answerOf,
  cnamesOf,
  ifUnanswered,
  isDistribution,
  plainName,
  type Resolver,
  shareAddress,
  zoneOf,
} from './dns/live-dns';
import type { Session } from './session';

/** The record of a domain at another DNS provider, which the stack cannot delete. */
export interface RecordElsewhere {
  domain: string;
  /** The distribution, `d111111abcdef8.cloudfront.net` */
  target: string;
  /**
   * Whether another distribution has the domain. Then CloudFront's IP addresses do not show which one a record is for.
   */
  isOfAnother: boolean;
}

/** How long (s) to wait until DNS no longer returns a record. This is longer than the usual TTLs. */
const MAX_WAIT_SECONDS = 3_600;

/** How long (s) to wait between two queries. */
const INTERVAL_SECONDS = 10;

/**
 * Returns whether the domain still points to the distribution in live DNS.
 *
 * @returns false when the domain points elsewhere or has no record; undefined when DNS does not answer
 */
export async function stillPointsTo(
  resolver: Resolver,
  { domain, target, isOfAnother }: RecordElsewhere,
): Promise<boolean | undefined> {
  const look = async () => {
    const targets = await cnamesOf(resolver, domain);
    if (isOfAnother || targets.some(isDistribution)) {
      return targets.includes(plainName(target));
    }
    return (await shareAddress(resolver, [domain], [target])) || (await isAtCloudFront(resolver, domain));
  };
  return look().catch(ifUnanswered(undefined));
}

/**
 * Returns whether an alias points to CloudFront. DNS providers may resolve it to other addresses than the ones seen
 * here.
 */
async function isAtCloudFront(resolver: Resolver, domain: string): Promise<boolean> {
  const addresses = (await answerOf(resolver.resolve4(domain))) ?? [];
  const names = await Promise.all(
    addresses.map((address) => answerOf(resolver.reverse(address)).catch(ifUnanswered(undefined))),
  );
  return names.flatMap((found) => found ?? []).some(isDistribution);
}

/** Shows the record that has to be deleted before the distribution. */
export async function showRecord({ terminal, resolver }: Session, { domain, target }: RecordElsewhere): Promise<void> {
  const zoneName = await zoneOf(resolver, domain);
  const { fullyQualified, relative, zone, value } = recordSpellings({ name: domain, value: target }, zoneName, domain);
  terminal.say();
  terminal.say(
    'First delete this record at your DNS provider. Otherwise, someone else could take over the name once the distribution is deleted:',
  );
  terminal.say('  Type   CNAME (at the apex of a zone: ALIAS or ANAME)');
  terminal.say(`  Name   ${fullyQualified}${relative === undefined ? '' : `, or ${relative} in the zone ${zone}`}`);
  terminal.say(`  Value  ${value}`);
  terminal.say('If the record is in Route 53 in another account, the command deletes it with --dns-profile.');
  terminal.say();
}

/**
 * Asks whether to wait until the record is deleted. With `--yes`, the command waits.
 *
 * @returns whether to delete the distribution while the record still points to it
 */
export async function acceptsDangling({ terminal }: Session, { domain }: RecordElsewhere): Promise<boolean> {
  const question = `The record still exists. Press Enter to wait until it is deleted. To delete the distribution anyway, type ${domain}:`;
  return (await terminal.type(question)).trim() === domain;
}

/**
 * Waits until the domain no longer points to the distribution in live DNS.
 *
 * @throws Failure after an hour; Interruption after Ctrl-C
 */
export async function waitUntilGone({ terminal, resolver, pause }: Session, record: RecordElsewhere): Promise<void> {
  const { domain, target } = record;
  await terminal.step(`Waiting until ${domain} no longer points to the distribution`, async ({ progress }) => {
    for (let left = MAX_WAIT_SECONDS; ; left -= INTERVAL_SECONDS) {
      const leads = await stillPointsTo(resolver, record);
      if (leads === false) {
        return;
      }
      if (left <= 0) {
        throw new Failure(
          leads
            ? `${domain} still points to the distribution ${target}. Nothing was deleted.`
            : `DNS does not answer, so ${domain} may still point to the distribution ${target}. Nothing was deleted.`,
          leads
            ? 'Delete the record at your DNS provider. Run the command again when its TTL has passed. DNS caches keep the record until then.'
            : 'Check the network and the name servers of this machine, then run the command again.',
        );
      }
      progress(
        `DNS caches keep a record for its TTL; ${Math.ceil(left / 60)} min left (press Ctrl-C to stop; nothing is deleted)`,
      );
      await pause(INTERVAL_SECONDS);
    }
  });
}
