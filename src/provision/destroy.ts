import { ListEntitiesForPolicyCommand } from '@aws-sdk/client-iam';
import { Declined, Failure } from '../cli/failure';
import { deleteAccessKeys, listAccessKeys } from './access-key';
import type { Aws } from './aws';
import { absentIf, call } from './aws-errors';
import { deleteBucket } from './bucket';
import { deleteAliases } from './dns-records';
import { findHostedZone } from './hosted-zone';
import { checkOwnership, eventLine, type Session, settledStack } from './situation';
import { deleteStack, followStack, isEmpty, lastEventOf, type Stack } from './stack';

/** What is left of an image server. */
export interface Destroyed {
  /** Undefined when there was no stack. */
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
 * Takes the image server down. The bucket stays unless the user types its name twice.
 *
 * @throws Failure with cause and cure; Interruption when the user stops it
 */
export async function destroy(session: Session, stackName: string): Promise<Destroyed> {
  const { aws, terminal, pause, resolver } = session;
  const stack = await settledStackOrRemains(session, stackName);
  if (!stack) {
    return {};
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
  const zone =
    HostedZoneId || !aws.dnsElsewhere ? undefined : await findHostedZone(aws.route53, domain, undefined, resolver);

  terminal.say(`The stack ${stack.name} in ${aws.region} of the account ${aws.account} is going to be deleted:`);
  terminal.say(`  - the distribution: https://${domain} stops to work, and with it every image of the blog`);
  terminal.say(
    '  - the policy and identity of Ghost' + (keys.length > 0 ? `, with the access key ${keys.join(' and ')}` : ''),
  );
  if (HostedZoneId || zone) {
    terminal.say(`  - the DNS records of ${domain}`);
  }
  terminal.say(`The certificate is kept${bucket ? `, and so is the bucket ${bucket} with everything in it` : ''}.`);
  if (!(await terminal.confirm('Delete it?'))) {
    throw new Declined();
  }
  const withBucket = bucket !== undefined && (await wantsBucketDeleted(session, bucket));

  if (user && keys.length > 0) {
    await terminal.step(`Deleting the access keys of ${user}`, () => deleteAccessKeys(aws, user));
  }
  await terminal.step('Deleting the stack: CloudFront takes some minutes', async ({ event }) => {
    const since = await lastEventOf(aws, stack.id);
    await deleteStack(aws, stack);
    await followStack(aws, pause, stack.id, since, (happened) => event(eventLine(happened)));
  });
  if (zone && target) {
    await terminal.step(`Deleting the records of ${domain}`, () => deleteAliases(aws.route53, zone, domain, target));
  }
  if (withBucket) {
    await terminal.step(`Deleting the bucket ${bucket}`, ({ progress }) =>
      deleteBucket(aws, bucket, (count) => progress(`${count} objects and versions`)),
    );
  }
  return {
    stackName: stack.name,
    [withBucket ? 'deletedBucket' : 'keptBucket']: bucket,
    keptCertificate: CertificateArn,
    danglingRecord: HostedZoneId || zone || !target ? undefined : domain,
  };
}

/** Also a deletion that failed before is one to go on with. */
async function settledStackOrRemains(session: Session, stackName: string): Promise<Stack | undefined> {
  const stack = await settledStack(session, stackName);
  return stack?.status === 'DELETE_COMPLETE' ? undefined : stack;
}

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
