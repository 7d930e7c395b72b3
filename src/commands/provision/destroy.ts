import { ListEntitiesForPolicyCommand } from '@aws-sdk/client-iam';
import { Declined, Failure } from '../../shell/failure';
import { deleteAccessKeys, listAccessKeys } from './access-key';
import { absentIf } from '../../aws/errors';
import type { Aws } from '../../aws/sign-in';
import { readDistribution } from './distribution';
import { type Destroyed, destroyed, wantsBucketDeleted } from './destroyed';
import { acceptsDangling, stillPointsTo, showRecord, waitUntilGone } from './record-elsewhere';
import { destroyLeftovers } from './leftovers';
import type { Session } from './session';
import { settledStack, workOnStack } from './stack/events';
import { checkPlan } from './web-acl';
import { deleteRecords, zoneToClear } from './zone-to-clear';
import { deleteStack, listDeletedStacks } from '../../aws/stack';
import { checkOwnership, isDeleted, isEmpty, type Stack } from '../../aws/stack-state';

/**
 * Deletes the image server. The bucket is kept unless the user types its name twice. If the stack is already deleted,
 * this deletes its leftovers.
 *
 * @throws Failure with the cause and a fix; Declined when the user declines; Interruption after Ctrl-C
 */
export async function destroy(session: Session, stackName: string): Promise<Destroyed> {
  const { aws, terminal } = session;
  const stack = await settledStack(session, stackName);
  if (!stack) {
    return destroyLeftovers(session, await listDeletedStacks(aws, stackName));
  }
  if (isDeleted(stack)) {
    return destroyLeftovers(session, [stack.id]);
  }
  checkOwnership(stack);
  if (stack.isProtected) {
    throw new Failure(
      `The stack ${stack.name} has termination protection, so it cannot be deleted.`,
      `To delete it anyway, run this first: aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${stack.name}`,
    );
  }
  const { Domain: domain = '', HostedZoneId } = stack.parameters;
  const { BucketName: bucket, GhostUserName: user, DistributionDomainName: target } = stack.outputs;
  const { DistributionId: distributionId } = stack.outputs;
  const details = distributionId ? await readDistribution(aws, distributionId) : undefined;
  checkPlan(details?.webAclArn, distributionId ?? '');
  await checkPolicyIsFree(aws, stack);
  const keys = user ? await listAccessKeys(aws, user) : [];
  const zone = await zoneToClear(session, stack);
  // The stack was built for moving the domain, but the domain was not moved.
  const isOfAnother =
    stack.parameters.DomainIsElsewhere === 'true' && details !== undefined && !details.aliases.includes(domain);
  const record = HostedZoneId || aws.dnsElsewhere || !target ? undefined : { domain, target, isOfAnother };
  const isDangling = record && !zone && (await stillPointsTo(session.resolver, record)) !== false;

  if (isDangling) {
    await showRecord(session, record);
  }
  terminal.say(`This deletes the stack ${stack.name} in ${aws.region} in the account ${aws.account}:`);
  lossesOf(stack, keys, { hasZone: zone !== undefined, isOfAnother }).forEach((line) => terminal.say(line));
  if (!(await terminal.confirm('Delete it?'))) {
    throw new Declined();
  }
  const leavesRecord = isDangling && (await acceptsDangling(session, record));
  const withBucket = await wantsBucketDeleted(session, bucket);

  // Before the distribution, because CloudFront could assign its name to someone else's distribution.
  if (zone && target) {
    await deleteRecords(session, zone, domain, target);
  }
  if (record && (zone || isDangling) && !leavesRecord) {
    await waitUntilGone(session, record);
  }
  if (user && keys.length > 0) {
    await terminal.step(`Deleting the access keys of ${user}`, () => deleteAccessKeys(aws, user));
  }
  await workOnStack(session, 'Deleting the stack (CloudFront takes some minutes)', stack.id, () =>
    deleteStack(aws, stack),
  );
  return destroyed(session, stack, { bucket, withBucket, danglingRecord: leavesRecord ? domain : undefined });
}

/** Returns what is deleted with a stack and what is kept, as lines for the terminal. */
function lossesOf(
  stack: Stack,
  keys: string[],
  { hasZone, isOfAnother }: { hasZone: boolean; isOfAnother: boolean },
): string[] {
  if (isEmpty(stack)) {
    return ['  it is empty, because nothing was built yet'];
  }
  const { Domain: domain, HostedZoneId } = stack.parameters;
  const { BucketName: bucket } = stack.outputs;
  return [
    isOfAnother
      ? `  - the distribution, which does not serve ${domain} (another one does)`
      : `  - the distribution: https://${domain} stops working, and with it every image of the blog`,
    `  - Ghost's policy and identity${keys.length > 0 ? `, with the access key ${keys.join(' and ')}` : ''}`,
    ...((HostedZoneId && !isOfAnother) || hasZone ? [`  - the DNS records of ${domain}`] : []),
    `The certificate is kept${bucket ? `, and so is the bucket ${bucket} with everything in it` : ''}.`,
  ];
}

/**
 * Checks that nothing outside of the stack uses its policy. Otherwise IAM refuses to delete the policy, at a time when
 * the distribution is already deleted.
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
      `Something outside of the stack uses the policy ${PolicyArn}.`,
      `Detach the policy, then run the command again:\n${commands.join('\n')}`,
    );
  }
}
