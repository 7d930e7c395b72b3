import {
  GetDistributionCommand,
  type DomainConflict,
  UpdateDomainAssociationCommand,
} from '@aws-sdk/client-cloudfront';
import { Failure } from '../../shell/failure';
import { requireStack } from '../../aws/stack';
import type { Stack } from '../../aws/stack-state';
import { describeDistribution } from './distribution';
import { ifUnanswered, isZone } from './dns/live-dns';
import { upsertAliases } from './dns/records';
import type { PlannedStep } from './plan';
import { SECONDS_BETWEEN_LOOKS, type Session } from './session';
import type { Settings } from './settings';
import type { Situation } from './situation';
import { createChangeSet, executeChangeSet } from './stack/change-set';
import { workOnStack } from './stack/events';
import { findConflict } from './domain-holder';

/** How long (s) to wait until CloudFront has deployed a change. */
const MAX_DEPLOYMENT_SECONDS = 3_600;

/** AWS's guide to moving a domain. */
const GUIDE =
  'https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/alternate-domain-names-move-options.html';

/** Returns the plan's steps for moving the domain. */
export function stepsOfMove({ domain }: Settings, { move, holder, movesRecords, zone }: Situation): PlannedStep[] {
  if (move === 'none' || move === 'waits') {
    return [];
  }
  const source = holder ? `from the distribution ${holder.id}` : 'from the distribution that has it';
  const words =
    move === 'finish'
      ? `${domain}, which was moved to the distribution, becomes part of the stack`
      : `${domain} moves here ${source}, without an outage. Files that are not in the bucket by then return 404`;
  const steps: PlannedStep[] = move === 'records' ? [] : [{ sign: '~', what: 'domain', words }];
  return movesRecords
    ? [
        ...steps,
        { sign: '~', what: 'DNS', words: `the records in the zone ${zone?.name} will point to this distribution` },
      ]
    : steps;
}

/**
 * Moves the domain to the stack's distribution and makes it part of the stack. Continues where an earlier run stopped.
 *
 * @throws Failure when CloudFront does not move it; the stack then stays without it
 */
export async function completeMove(session: Session, settings: Settings, situation: Situation): Promise<void> {
  const { aws, pause } = session;
  const { stackName } = settings;
  const stack = await requireStack(aws, stackName);
  const hasDomain = await takeDomain(session, settings, situation, stack);
  const parameters = { DomainIsElsewhere: 'false', ...(situation.movesRecords && { HostedZoneId: '' }) };
  const changeSet = await createChangeSet(aws, pause, { stackName, stack, parameters });
  if (changeSet) {
    await workOnStack(session, 'Adding the domain to the stack', stack.id, () =>
      // A rollback would remove the domain from the distribution.
      executeChangeSet(aws, changeSet, { rollsBack: false }),
    );
  }
  if (!hasDomain) {
    await repointRecords(session, settings, situation, stack);
  }
}

/** Moves the domain before the update of a stack that already includes it. */
export async function takeDomainBefore(session: Session, settings: Settings, situation: Situation): Promise<void> {
  const { move, stack } = situation;
  if ((move === 'now' || move === 'records') && stack) {
    await takeDomain(session, settings, situation, stack);
  }
}

/**
 * Moves the domain to a finished stack. If this run has just built it, the user confirms first; otherwise the plan
 * asked.
 *
 * @returns whether another distribution still has the domain
 */
export async function settleDomain(session: Session, settings: Settings, situation: Situation): Promise<boolean> {
  const { aws, terminal } = session;
  const { stackName, domain } = settings;
  if (situation.move !== 'after-build') {
    return situation.move === 'waits';
  }
  if (!situation.stack) {
    const { outputs } = await requireStack(aws, stackName);
    const question = `The distribution is ready, but does not have the domain yet. After the move, files that are not in its bucket, ${outputs.BucketName}, return 404. Move ${domain} now?`;
    if (!(await terminal.confirm(question))) {
      return true;
    }
  }
  await completeMove(session, settings, situation);
  return false;
}

/**
 * Moves the domain to the stack's distribution, and then the records that point to another distribution. At any time,
 * one distribution has the domain, and DNS points to a distribution.
 *
 * @returns whether the distribution has the domain. If no other distribution had it, the stack adds it, and its records
 *   are not changed here.
 * @throws Failure when CloudFront does not move it
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/alternate-domain-names-move.html
 */
async function takeDomain(session: Session, settings: Settings, situation: Situation, stack: Stack): Promise<boolean> {
  const { aws, terminal } = session;
  const { domain } = settings;
  const { DistributionId: id = '', DistributionDomainName: target = '' } = stack.outputs;
  const { aliases, etag } = await describeDistribution(aws, id);
  const hasDomain =
    aliases.includes(domain) ||
    (await terminal.step(`Moving ${domain} to the distribution ${id}`, () =>
      associate(session, { domain, id, target, etag }),
    ));
  if (situation.holder && hasDomain && !aliases.includes(domain)) {
    terminal.warn(
      `The distribution ${situation.holder.id} no longer has ${domain}. If a template manages it, remove the domain from that template, or its next update will fail.`,
    );
  }
  await terminal.step('Waiting until CloudFront has deployed it', () => waitUntilDeployed(session, id));
  if (hasDomain) {
    await repointRecords(session, settings, situation, stack);
  }
  return hasDomain;
}

/** Points the records of another distribution to the stack's, which already has the domain. */
async function repointRecords(
  { aws, terminal }: Session,
  { domain }: Settings,
  { zone, movesRecords }: Situation,
  { outputs: { DistributionDomainName: target = '' } }: Stack,
): Promise<void> {
  if (zone && movesRecords) {
    await terminal.step(`Pointing ${domain} to the distribution`, () =>
      upsertAliases(aws.route53, zone, domain, target),
    );
  }
}

/** @returns false when no distribution has the domain */
async function associate(
  session: Session,
  { domain, id, target, etag }: { domain: string; id: string; target: string; etag?: string },
): Promise<boolean> {
  const { aws } = session;
  const conflict = await findConflict(aws, domain, id);
  if (!conflict) {
    return false;
  }
  try {
    await aws.cloudFront.send(
      new UpdateDomainAssociationCommand({ Domain: domain, TargetResource: { DistributionId: id }, IfMatch: etag }),
    );
  } catch (error) {
    throw await explainRefusal(session, error as Error, { domain, id, target, conflict });
  }
  return true;
}

async function explainRefusal(
  { aws, resolver }: Session,
  error: Error,
  { domain, id, target, conflict }: { domain: string; id: string; target: string; conflict: DomainConflict },
): Promise<Error> {
  const { ResourceId, AccountId = '' } = conflict;
  const isOwn = aws.account.endsWith(AccountId.replace(/^\*+/, ''));
  if (isOwn || error instanceof Failure) {
    return error instanceof Failure
      ? error
      : new Failure(
          `CloudFront did not move ${domain} from ${ResourceId} to the distribution ${id}: ${error.message}`,
          'Fix the problem, and run the same command again. It continues where it stopped.',
          { cause: error },
        );
  }
  const isApex = await isZone(resolver, domain).catch(ifUnanswered(false));
  return new Failure(
    `CloudFront did not move ${domain} to the distribution ${id}, because ${ResourceId} in another account (${AccountId}) has it. CloudFront says: ${error.message}`,
    `Create the record ${isApex ? '_.' : '_'}${domain} TXT "${target}". Disable the other distribution, and run the same command again. Without access to that account, or to avoid the outage, ask AWS Support to move the domain to ${id}, and then run the command again. See ${GUIDE}`,
    { cause: error },
  );
}

/** @throws Failure after an hour */
async function waitUntilDeployed({ aws, pause }: Session, id: string): Promise<void> {
  for (let waited = 0; waited < MAX_DEPLOYMENT_SECONDS; waited += SECONDS_BETWEEN_LOOKS) {
    const { Distribution } = await aws.cloudFront.send(new GetDistributionCommand({ Id: id }));
    if (Distribution?.Status === 'Deployed') {
      return;
    }
    await pause(SECONDS_BETWEEN_LOOKS);
  }
  throw new Failure(
    `CloudFront has not deployed the distribution ${id} within an hour.`,
    'Run the same command again later. It continues where it stopped.',
  );
}
