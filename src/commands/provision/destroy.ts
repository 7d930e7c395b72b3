import { ListEntitiesForPolicyCommand } from '@aws-sdk/client-iam';
import { Declined, Failure } from '../../shell/failure';
import { deleteAccessKeys, listAccessKeys } from './access-key';
import { absentIf } from '../../aws/errors';
import type { Aws } from '../../aws/sign-in';
import { deleteBucket, isLeftAlone } from './bucket';
import { readDistribution } from './distribution';
import { findHostedZone, type HostedZone } from './dns/hosted-zone';
import { answerOf, cnamesOf, ifUnanswered, plainName, type Resolver } from './dns/live-dns';
import { deleteAliases, recordsTo } from './dns/records';
import type { Session } from './session';
import { checkPlan } from './web-acl';
import { settledStack, skippedBucketOf, workOnStack } from './stack/events';
import {
  checkOwnership,
  deleteStack,
  describeStack,
  isDeleted,
  isEmpty,
  isOwn,
  listDeletedStacks,
  type Stack,
} from '../../aws/stack';

/** The result of `provision destroy`. */
export interface Destroyed {
  /** Undefined when there was neither a stack nor anything left of one. */
  stackName?: string;
  /** The bucket that was kept, with everything in it. */
  keptBucket?: string;
  deletedBucket?: string;
  /** ARN of the certificate, which is always kept: something else may use it, and it costs nothing. */
  keptCertificate?: string;
  /** The record at another DNS provider that still points to the deleted distribution. */
  danglingRecord?: string;
}

/**
 * Deletes the image server. The bucket is kept unless the user types its name twice. For a stack that is already deleted,
 * what it has left is deleted.
 *
 * @throws Failure with cause and cure; Declined when the user does not agree; Interruption after Ctrl-C
 */
export async function destroy(session: Session, stackName: string): Promise<Destroyed> {
  const { aws, terminal } = session;
  const stack = await settledStack(session, stackName);
  if (!stack) {
    return destroyRemains(session, await listDeletedStacks(aws, stackName));
  }
  if (isDeleted(stack)) {
    return destroyRemains(session, [stack.id]);
  }
  checkOwnership(stack);
  if (stack.isProtected) {
    throw new Failure(
      `The stack ${stack.name} is protected against its deletion.`,
      `If it is to go: aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${stack.name}`,
    );
  }
  const { Domain: domain = '', HostedZoneId } = stack.parameters;
  const { BucketName: bucket, GhostUserName: user, DistributionDomainName: target } = stack.outputs;
  const { DistributionId: distributionId } = stack.outputs;
  const details = distributionId ? await readDistribution(aws, distributionId) : undefined;
  checkPlan(details?.webAclArn, distributionId ?? '');
  await checkPolicyIsFree(aws, stack);
  const keys = user ? await listAccessKeys(aws, user) : [];
  const zone = await foreignZoneOf(session, stack);

  terminal.say(`The stack ${stack.name} in ${aws.region} of the account ${aws.account} is going to be deleted:`);
  lossesOf(stack, keys, zone).forEach((line) => terminal.say(line));
  if (!(await terminal.confirm('Delete it?'))) {
    throw new Declined();
  }
  const withBucket = await wantsBucketDeleted(session, bucket);

  if (user && keys.length > 0) {
    await terminal.step(`Deleting the access keys of ${user}`, () => deleteAccessKeys(aws, user));
  }
  // Before the distribution: its name may be assigned to somebody else's distribution next.
  if (zone && target) {
    await deleteRecords(session, zone, domain, target);
  }
  await workOnStack(session, 'Deleting the stack: CloudFront takes some minutes', stack.id, () =>
    deleteStack(aws, stack),
  );
  const danglingRecord = HostedZoneId || zone || !target ? undefined : domain;
  return destroyed(session, stack, { bucket, withBucket, danglingRecord });
}

/** Returns what goes with a stack and what is kept, as lines for the terminal. */
function lossesOf(stack: Stack, keys: string[], zone: HostedZone | undefined): string[] {
  if (isEmpty(stack)) {
    return ['  it was begun, and nothing has been made of it yet'];
  }
  const { Domain: domain, HostedZoneId } = stack.parameters;
  const { BucketName: bucket } = stack.outputs;
  return [
    `  - the distribution: https://${domain} stops to work, and with it every image of the blog`,
    `  - the policy and identity of Ghost${keys.length > 0 ? `, with the access key ${keys.join(' and ')}` : ''}`,
    ...(HostedZoneId || zone ? [`  - the DNS records of ${domain}`] : []),
    `The certificate is kept${bucket ? `, and so is the bucket ${bucket} with everything in it` : ''}.`,
  ];
}

/**
 * Deletes what deleted stacks have left, because an earlier run was stopped or refused before its end.
 *
 * @param stackIds ARNs, the last one first
 * @returns an empty object when nothing is left
 */
async function destroyRemains(session: Session, stackIds: string[]): Promise<Destroyed> {
  const { aws, terminal, resolver } = session;
  for (const id of stackIds) {
    const stack = await describeStack(aws, id);
    if (!stack || !isOwn(stack)) {
      continue;
    }
    const { Domain: domain = '', HostedZoneId } = stack.parameters;
    const { DistributionDomainName: target } = stack.outputs;
    const zone = await foreignZoneOf(session, stack);
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
    terminal.say(`The stack ${stack.name} is deleted already. It has left:`);
    if (hasRecords) {
      terminal.say(`  - the DNS records of ${domain}, which lead to a distribution that is gone`);
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

/** Deletes the bucket if that is wanted, and returns the result for a stack that is deleted. */
async function destroyed(
  { aws, terminal }: Session,
  { name: stackName, parameters }: Stack,
  { bucket, withBucket, danglingRecord }: { bucket?: string; withBucket: boolean; danglingRecord?: string },
): Promise<Destroyed> {
  const rest = { stackName, keptCertificate: parameters.CertificateArn, danglingRecord };
  if (!bucket || !withBucket) {
    return { ...rest, keptBucket: bucket };
  }
  await terminal.step(`Deleting the bucket ${bucket}`, ({ progress }) =>
    deleteBucket(aws, bucket, (count) => progress(`${count} objects and versions`)),
  );
  return { ...rest, deletedBucket: bucket };
}

/** Finds the zone in another account with the domain's records, which are not deleted with the stack. */
async function foreignZoneOf({ aws, resolver }: Session, { parameters }: Stack): Promise<HostedZone | undefined> {
  const { Domain, HostedZoneId } = parameters;
  return !Domain || HostedZoneId || !aws.dnsElsewhere
    ? undefined
    : findHostedZone(aws.route53, Domain, undefined, resolver);
}

/**
 * Whether a record may still point to a deleted distribution. An alias to it no longer has addresses, so only a record
 * that points elsewhere rules it out.
 *
 * @throws Unanswered
 */
async function mayPointTo(resolver: Resolver, domain: string, target: string): Promise<boolean> {
  const targets = await cnamesOf(resolver, domain);
  return targets.includes(plainName(target)) || (!targets.length && !(await answerOf(resolver.resolve4(domain))));
}

const deleteRecords = ({ aws, terminal }: Session, zone: HostedZone, domain: string, target: string) =>
  terminal.step(`Deleting the records of ${domain}`, () => deleteAliases(aws.route53, zone, domain, target));

/**
 * Checks that nothing outside of the stack uses its policy. IAM would refuse to delete the policy when the distribution
 * is already gone.
 */
async function checkPolicyIsFree({ iam }: Aws, { outputs }: Stack): Promise<void> {
  const { GhostPolicyArn: PolicyArn, GhostUserName, GhostRoleName, GhostTaskRoleName } = outputs;
  // An earlier deletion may have deleted the policy already.
  const entities =
    PolicyArn === undefined
      ? undefined
      : await absentIf(['NoSuchEntity', 'NoSuchEntityException'], () =>
          iam.send(new ListEntitiesForPolicyCommand({ PolicyArn })),
        );
  const own = [GhostUserName, GhostRoleName, GhostTaskRoleName];
  const commands = [
    ...(entities?.PolicyUsers ?? []).map(({ UserName = '' }) => ['user', UserName]),
    ...(entities?.PolicyRoles ?? []).map(({ RoleName = '' }) => ['role', RoleName]),
    ...(entities?.PolicyGroups ?? []).map(({ GroupName = '' }) => ['group', GroupName]),
  ]
    .filter(([, name]) => !own.includes(name))
    .map(([kind, name]) => `aws iam detach-${kind}-policy --${kind}-name ${name} --policy-arn ${PolicyArn}`);
  if (commands.length > 0) {
    throw new Failure(
      `The policy ${PolicyArn} is in use outside of the stack.`,
      `Take it off first, then run the command again:\n${commands.join('\n')}`,
    );
  }
}

/** @returns false also without a bucket */
async function wantsBucketDeleted({ terminal }: Session, bucket: string | undefined): Promise<boolean> {
  if (bucket === undefined) {
    return false;
  }
  const questions = [
    `To delete the bucket as well, with every file of the blog in it, type its name, ${bucket} (Enter keeps it):`,
    'There is no way back. Type the name again to delete the bucket (Enter keeps it):',
  ];
  for (const question of questions) {
    if ((await terminal.type(question)).trim() !== bucket) {
      return false;
    }
  }
  return true;
}
