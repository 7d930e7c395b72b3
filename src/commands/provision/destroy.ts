import { ListEntitiesForPolicyCommand } from '@aws-sdk/client-iam';
import { Declined, Failure } from '../../shell/failure';
import { deleteAccessKeys, listAccessKeys } from './access-key';
import type { Aws } from './aws/sign-in';
import { absentIf, call } from './aws/errors';
import { deleteBucket, isLeftAlone } from './bucket';
import { deleteAliases, hasAliases } from './dns/records';
import { findHostedZone, type HostedZone } from './dns/hosted-zone';
import { answerOf, cnamesOf, plainName, type Resolver, Unanswered } from './dns/live-dns';
import { checkOwnership, eventLine, isOwn, settledStack } from './situation';
import { type Session } from './session';
import {
  deleteStack,
  describeStack,
  followStack,
  isDeleted,
  isEmpty,
  lastEventOf,
  listDeletedStacks,
  skippedBucketOf,
  type Stack,
} from './stack/stack';

/** What is left of an image server. */
export interface Destroyed {
  /** Undefined when there was no stack, and nothing left of one. */
  stackName?: string;
  /** The bucket that was kept, with everything in it. */
  keptBucket?: string;
  deletedBucket?: string;
  /** The certificate stays: others may use it, and it costs nothing. */
  keptCertificate?: string;
  /** The record that still leads to the distribution that is gone, at another DNS provider. */
  danglingRecord?: string;
}

/**
 * Takes the image server down. The bucket stays unless the user types its name twice. Of a stack that is deleted
 * already, it goes on with what that has left.
 *
 * @throws Failure with cause and cure; Interruption when the user stops it
 */
export async function destroy(session: Session, stackName: string): Promise<Destroyed> {
  const { aws, terminal, pause } = session;
  const stack = await settledStack(session, stackName);
  if (!stack) {
    return destroyRemainsOf(session, await listDeletedStacks(aws, stackName));
  }
  if (isDeleted(stack)) {
    return destroyRemainsOf(session, [stack.id]);
  }
  if (!isEmpty(stack)) {
    checkOwnership(stack);
  }
  if (stack.isProtected) {
    throw new Failure(
      `The stack ${stack.name} is protected against its deletion.`,
      `If it is to go: aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${stack.name}`,
    );
  }
  const { Domain: domain = '', HostedZoneId, CertificateArn } = stack.parameters;
  const {
    BucketName: bucket,
    GhostUserName: user,
    GhostPolicyArn: policy,
    DistributionDomainName: target,
  } = stack.outputs;
  if (policy) {
    await checkPolicyIsFree(aws, policy, stack);
  }
  const keys = user ? await listAccessKeys(aws, user) : [];
  const zone = await foreignZoneOf(session, stack);

  terminal.say(`The stack ${stack.name} in ${aws.region} of the account ${aws.account} is going to be deleted:`);
  if (isEmpty(stack)) {
    terminal.say('  it was begun, and nothing has been made of it yet');
  } else {
    terminal.say(`  - the distribution: https://${domain} stops to work, and with it every image of the blog`);
    terminal.say(
      '  - the policy and identity of Ghost' + (keys.length > 0 ? `, with the access key ${keys.join(' and ')}` : ''),
    );
    if (HostedZoneId || zone) {
      terminal.say(`  - the DNS records of ${domain}`);
    }
    terminal.say(`The certificate is kept${bucket ? `, and so is the bucket ${bucket} with everything in it` : ''}.`);
  }
  if (!(await terminal.confirm('Delete it?'))) {
    throw new Declined();
  }
  const withBucket = bucket !== undefined && (await wantsBucketDeleted(session, bucket));

  if (user && keys.length > 0) {
    await terminal.step(`Deleting the access keys of ${user}`, () => deleteAccessKeys(aws, user));
  }
  // Before the distribution: a record that leads to one that is gone leads to whoever gets its name next.
  if (zone && target) {
    await deleteRecords(session, zone, domain, target);
  }
  await terminal.step('Deleting the stack: CloudFront takes some minutes', async ({ event }) => {
    const since = await lastEventOf(aws, stack.id);
    await deleteStack(aws, stack);
    await followStack(aws, pause, stack.id, since, (happened) => event(eventLine(happened)));
  });
  if (withBucket) {
    await deleteWholeBucket(session, bucket);
  }
  return {
    stackName: stack.name,
    [withBucket ? 'deletedBucket' : 'keptBucket']: bucket,
    keptCertificate: CertificateArn,
    danglingRecord: HostedZoneId || zone || !target ? undefined : domain,
  };
}

/**
 * Goes on with what deleted stacks have left: an earlier run may have been stopped, or refused, before its end.
 *
 * @param stackIds ARNs, the last one first
 * @returns nothing at all when nothing is left
 */
async function destroyRemainsOf(session: Session, stackIds: string[]): Promise<Destroyed> {
  const { aws, terminal, resolver } = session;
  for (const id of stackIds) {
    const stack = await describeStack(aws, id);
    if (!stack || !isOwn(stack)) {
      continue;
    }
    const { Domain: domain = '', HostedZoneId, CertificateArn } = stack.parameters;
    const { DistributionDomainName: target } = stack.outputs;
    const zone = await foreignZoneOf(session, stack);
    const hasRecords = zone && target ? await hasAliases(aws.route53, zone, domain, target) : false;
    const skipped = await skippedBucketOf(aws, stack);
    const bucket = skipped && (await isLeftAlone(aws, skipped)) ? skipped : undefined;
    const danglingRecord =
      !HostedZoneId && !zone && target && (await mayLeadTo(resolver, domain, target)) ? domain : undefined;
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
    if (zone && target && hasRecords) {
      if (!(await terminal.confirm('Delete the records?'))) {
        throw new Declined();
      }
      await deleteRecords(session, zone, domain, target);
    }
    const withBucket = bucket !== undefined && (await wantsBucketDeleted(session, bucket));
    if (withBucket) {
      await deleteWholeBucket(session, bucket);
    }
    return {
      stackName: stack.name,
      [withBucket ? 'deletedBucket' : 'keptBucket']: bucket,
      keptCertificate: CertificateArn,
      danglingRecord,
    };
  }
  return {};
}

/** The zone of another account that has the records of the domain: the stack does not take them along. */
function foreignZoneOf({ aws, resolver }: Session, { parameters }: Stack): Promise<HostedZone | undefined> {
  const { Domain, HostedZoneId } = parameters;
  return !Domain || HostedZoneId || !aws.dnsElsewhere
    ? Promise.resolve(undefined)
    : findHostedZone(aws.route53, Domain, undefined, resolver);
}

/**
 * Whether a record may still lead to a distribution that is gone. An alias to it has no addresses any more: only what
 * leads elsewhere is known to be none.
 */
async function mayLeadTo(resolver: Resolver, domain: string, target: string): Promise<boolean> {
  try {
    const targets = await cnamesOf(resolver, domain);
    return targets.includes(plainName(target)) || (!targets.length && !(await answerOf(resolver.resolve4(domain))));
  } catch (error) {
    if (error instanceof Unanswered) {
      return true;
    }
    throw error;
  }
}

const deleteRecords = ({ aws, terminal }: Session, zone: HostedZone, domain: string, target: string) =>
  terminal.step(`Deleting the records of ${domain}`, () => deleteAliases(aws.route53, zone, domain, target));

const deleteWholeBucket = ({ aws, terminal }: Session, bucket: string) =>
  terminal.step(`Deleting the bucket ${bucket}`, ({ progress }) =>
    deleteBucket(aws, bucket, (count) => progress(`${count} objects and versions`)),
  );

/** IAM deletes no policy that something else has: the deletion would fail at its end, with the images gone. */
async function checkPolicyIsFree({ iam }: Aws, PolicyArn: string, { outputs }: Stack): Promise<void> {
  // An earlier deletion may have come as far as the policy.
  const entities = await absentIf(['NoSuchEntity', 'NoSuchEntityException'], () =>
    call('iam:ListEntitiesForPolicy', () => iam.send(new ListEntitiesForPolicyCommand({ PolicyArn }))),
  );
  const own = [outputs.GhostUserName, outputs.GhostRoleName, outputs.GhostTaskRoleName];
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

async function wantsBucketDeleted({ terminal }: Session, bucket: string): Promise<boolean> {
  const first = await terminal.type(
    `To delete the bucket as well, with every file of the blog in it, type its name, ${bucket} (Enter keeps it):`,
  );
  if (first.trim() !== bucket) {
    return false;
  }
  const second = await terminal.type(
    'There is no way back. Type the name again to delete the bucket (Enter keeps it):',
  );
  return second.trim() === bucket;
}
