import { Declined } from '../../shell/failure';
import { isLeftAlone } from './bucket';
import { type Destroyed, destroyed, wantsBucketDeleted } from './destroyed';
import { answerOf, cnamesOf, ifUnanswered, plainName, type Resolver } from './dns/live-dns';
import { recordsTo } from './dns/records';
import { deleteRecords, zoneToClear } from './zone-to-clear';
import type { Session } from './session';
import { skippedBucketOf } from './stack/events';
import { describeStack } from '../../aws/stack';
import { isOwn } from '../../aws/stack-state';

/**
 * Deletes the leftovers of deleted stacks, after an earlier run that did not finish.
 *
 * @param stackIds ARNs, the most recent one first
 * @returns an empty object when there are no leftovers
 */
export async function destroyLeftovers(session: Session, stackIds: string[]): Promise<Destroyed> {
  const { aws, terminal, resolver } = session;
  for (const id of stackIds) {
    const stack = await describeStack(aws, id);
    if (!stack || !isOwn(stack)) {
      continue;
    }
    const { Domain: domain = '', HostedZoneId } = stack.parameters;
    const { DistributionDomainName: target } = stack.outputs;
    const zone = await zoneToClear(session, stack);
    const hasRecords = zone && target && (await recordsTo(aws.route53, zone, domain, target)).length > 0;
    const skipped = await skippedBucketOf(aws, stack);
    const bucket = skipped && (await isLeftAlone(aws, skipped)) ? skipped : undefined;
    const danglingRecord =
      !HostedZoneId && !zone && target && (await mayPointTo(resolver, domain, target).catch(ifUnanswered(true)))
        ? domain
        : undefined;
    if (!hasRecords && !bucket && !danglingRecord) {
      continue;
    }
    terminal.say(`The stack ${stack.name} was already deleted. It left behind:`);
    if (hasRecords) {
      terminal.say(`  - the DNS records of ${domain}, which point to a deleted distribution`);
    }
    if (bucket) {
      terminal.say(`  - the bucket ${bucket} with everything in it`);
    }
    if (danglingRecord) {
      terminal.say(`  - the record of ${domain} at its DNS provider, unless it was deleted by hand`);
    }
    if (hasRecords) {
      if (!(await terminal.confirm('Delete the records?'))) {
        throw new Declined();
      }
      await deleteRecords(session, zone, domain, target);
    }
    return destroyed(session, stack, { bucket, withBucket: await wantsBucketDeleted(session, bucket), danglingRecord });
  }
  return {};
}

/**
 * Returns whether a record may still point to a deleted distribution. Since an alias to it no longer has addresses, the
 * result is false only for a record that points elsewhere.
 *
 * @throws Unanswered
 */
async function mayPointTo(resolver: Resolver, domain: string, target: string): Promise<boolean> {
  const targets = await cnamesOf(resolver, domain);
  return targets.includes(plainName(target)) || (!targets.length && !(await answerOf(resolver.resolve4(domain))));
}
