import { randomBytes } from 'node:crypto';
import type { GhostConfigBlock } from '../../ghost-site/edit-config';
import { Declined, Failure } from '../../shell/failure';
import { type AccessKey, createAccessKey, listAccessKeys } from './access-key';
import { confirmPlan } from './confirm-plan';
import { recordSpellings } from './certificate/validation';
import { applyDefaults } from './defaults';
import { describeDistribution } from './distribution';
import { pointsTo, zoneOf } from './dns/live-dns';
import { upsertAliases } from './dns/records';
import { planFolders, stepsOfFolders } from './folders';
import { warningOfFormats } from './formats';
import { ghostConfigOf } from './ghost-config';
import { obtainCertificate } from './obtain-certificate';
import { completeMove, settleDomain, stepsOfMove, takeDomainBefore } from './move-domain';
import { planLines, type PlannedStep, stepsAroundStack, stepsOfChanges, stepsOfNewStack } from './plan';
import { reportProblems } from './problem';
import type { Session } from './session';
import { checkAccessKeyOption, type Settings } from './settings';
import { readSituation, type Situation } from './situation';
import { createChangeSet, discardChangeSet, executeChangeSet, mayRollBack } from './stack/change-set';
import { settledStack, workOnStack } from './stack/events';
import { deleteStack, describeStack } from '../../aws/stack';
import { checkOwnership, isDeleted, isFailedCreation, type Stack } from '../../aws/stack-state';

/** The result of `provision`. */
export interface Provisioned {
  /** Whether this run has changed anything in AWS. */
  changed: boolean;
  stack: Stack;
  config: GhostConfigBlock;
  accessKey?: AccessKey;
  /** The IDs of the access keys that Ghost's user had before this run; empty if they cannot be read. */
  formerKeys: string[];
  /** The folders that this run stopped serving. */
  removedFolders: string[];
  /** Whether another distribution still has the domain. */
  isWithoutDomain: boolean;
  /** The record that the user still has to create at another DNS provider. */
  missingRecord?: { name: string; relativeName: string; zone: string; value: string };
}

/**
 * Builds the image server, or brings it up to date: shows the plan, asks for confirmation, and carries it out. It
 * detects the results of an earlier run and continues from there.
 *
 * @throws Failure with the cause and a fix; Declined when the user declines; Interruption after Ctrl-C
 */
export async function provision(session: Session, wanted: Settings): Promise<Provisioned> {
  const { aws, terminal, pause } = session;
  const { stackName, domain } = wanted;
  const { stack: existing, isCleared } = await clearedStack(session, stackName);
  const settings = applyDefaults(wanted, existing);
  const situation = await terminal.step('Checking the current state', () => readSituation(session, existing, settings));
  reportProblems(terminal, situation.problems);
  const { stack, certificate, adoptedBucket } = situation;
  checkAccessKeyOption(settings, stack?.parameters.Identity);

  const title = `Image server https://${domain}, in ${aws.region} in the account ${aws.account}`;
  const folders = planFolders(settings.folders, stack?.parameters ?? {}, settings.parameters);
  if (folders.unknown.length > 0) {
    terminal.warn(`--remove-folder: the image server has no folder ${folders.unknown.join(', ')}.`);
  }
  const ofFormats = warningOfFormats(settings.parameters, stack?.parameters);
  if (ofFormats !== undefined) {
    terminal.warn(ofFormats);
  }
  const done = isCleared ? ['The leftovers of the failed attempt were deleted'] : [];
  const ofMove = stepsOfMove(settings, situation);
  if (situation.move === 'finish') {
    await confirmPlan(terminal, planLines(title, ofMove, settings, terminal.colors), done);
    await completeMove(session, settings, situation);
    return { ...(await provision(session, settings)), changed: true };
  }
  const parameters = { ...parametersOf(settings, situation, aws.dnsElsewhere), ...folders.parameters };
  const ofFolders = stepsOfFolders(folders, domain);
  const around = stepsAroundStack(settings, situation, aws.dnsElsewhere);
  const newStack = stack ? [] : stepsOfNewStack({ ...parameters, 'AWS::Region': aws.region }, adoptedBucket);

  const isIssued = certificate?.status === 'ISSUED';
  if (!isIssued) {
    // The changes of an existing stack are known only when the certificate is issued; the user confirms them
    // separately.
    const steps = stack ? around.before : [...around.before, ...newStack, ...ofFolders, ...ofMove, ...around.after];
    await confirmPlan(terminal, planLines(title, steps, settings, terminal.colors), done);
  }
  const CertificateArn = isIssued ? certificate.arn : await obtainCertificate(session, settings, situation);
  if (!isIssued) {
    done.push('The certificate was requested and is kept');
  }

  const changeSet = await terminal.step('Sending the template to CloudFormation', () =>
    createChangeSet(aws, pause, { stackName, stack, parameters: { ...parameters, CertificateArn }, adoptedBucket }),
  );
  const steps: PlannedStep[] = [
    ...(isIssued ? around.before : []),
    ...newStack,
    ...(stack && changeSet ? stepsOfChanges(changeSet.changes, situation.ghostIpAddressType) : []),
    ...ofFolders,
    ...ofMove,
    ...around.after,
  ];
  const hasChanges = steps.some(({ sign }) => sign !== '=');
  const isAgreed = !isIssued && !stack;
  if (hasChanges && !isAgreed) {
    await confirmPlan(
      terminal,
      planLines(title, steps, settings, terminal.colors),
      done,
      changeSet && (() => discardChangeSet(aws, changeSet, stack)),
    );
  }
  await takeDomainBefore(session, settings, situation);
  if (changeSet) {
    const work = stack ? 'Changing the stack' : 'Building the stack (CloudFront takes some minutes)';
    await workOnStack(session, work, changeSet.stackId, () =>
      executeChangeSet(aws, changeSet, { rollsBack: mayRollBack(stack) }),
    );
  }
  const isWithoutDomain = await settleDomain(session, settings, situation);
  const finished = await finish(session, settings, situation, isWithoutDomain);
  return { changed: !isIssued || hasChanges, removedFolders: folders.removed, ...finished };
}

/** Waits until CloudFormation is idle, and deletes the leftovers of a failed creation. */
async function clearedStack(session: Session, stackName: string): Promise<{ stack?: Stack; isCleared: boolean }> {
  const stack = await settledStack(session, stackName);
  if (!stack || isDeleted(stack)) {
    return { isCleared: false };
  }
  if (!isFailedCreation(stack)) {
    return { stack, isCleared: false };
  }
  checkOwnership(stack);
  const question = `An earlier attempt to build ${stackName} failed (${stack.status}). Delete its leftovers and build it again?`;
  if (!(await session.terminal.confirm(question))) {
    throw new Declined();
  }
  await workOnStack(session, `Deleting the leftovers of ${stackName}`, stack.id, () => deleteStack(session.aws, stack));
  return { isCleared: true };
}

/** Returns the stack's parameters except the certificate. A parameter that is not included keeps its value. */
function parametersOf(
  { parameters, hostedZoneId }: Settings,
  { stack, zone, hasForeignRecords, webAclArn, ghostIpAddressType, move, movesRecords }: Situation,
  dnsElsewhere: boolean,
): Record<string, string> {
  const needsSecret = parameters.GhostHost && !stack?.parameters.GhostHost;
  // Records that the stack created remain its own even if they pointed elsewhere: without the zone, it would delete
  // them.
  const isOwnZone = zone !== undefined && stack?.parameters.HostedZoneId === zone.id;
  const leavesRecords = movesRecords && !(isOwnZone && (move === 'now' || move === 'records'));
  return {
    ...(webAclArn !== undefined && { WebAclArn: webAclArn }),
    ...parameters,
    // A bucket name equal to the stack's generated one is not a new name.
    ...(stack &&
      parameters.BucketName === stack.outputs.BucketName && { BucketName: stack.parameters.BucketName ?? '' }),
    // Existing records that point to the distribution would prevent the stack from creating its own.
    ...(zone && !dnsElsewhere && !hasForeignRecords && { HostedZoneId: leavesRecords ? '' : zone.id }),
    ...((move === 'after-build' || move === 'waits') && { DomainIsElsewhere: 'true' }),
    // The domain differs from the one that the stack was built without.
    ...(move === 'none' && stack?.parameters.DomainIsElsewhere === 'true' && { DomainIsElsewhere: 'false' }),
    ...(hostedZoneId === 'none' && { HostedZoneId: '' }),
    ...(ghostIpAddressType && { GhostIpAddressType: ghostIpAddressType }),
    ...(needsSecret && { FallbackSecret: randomBytes(32).toString('base64url') }),
  };
}

/** Does the work after the stack: DNS records in another account, Ghost's configuration and its access key. */
async function finish(
  session: Session,
  { stackName, domain, createAccessKey: wantsAccessKey }: Settings,
  { zone, hasForeignRecords }: Situation,
  isWithoutDomain: boolean,
): Promise<Omit<Provisioned, 'changed' | 'removedFolders'>> {
  const { aws, terminal } = session;
  const stack = await describeStack(aws, stackName);
  if (!stack) {
    throw new Failure(`The stack ${stackName} no longer exists.`, 'Someone deleted it. Run the command again.');
  }
  const { DistributionId = '', DistributionDomainName = '', GhostUserName = '' } = stack.outputs;
  if (zone && aws.dnsElsewhere && !hasForeignRecords && !isWithoutDomain) {
    await terminal.step(`Pointing ${domain} to the distribution`, () =>
      upsertAliases(aws.route53, zone, domain, DistributionDomainName),
    );
  }
  const { fallbackSecret } = await describeDistribution(aws, DistributionId);
  const missingRecord =
    zone || isWithoutDomain ? undefined : await missingRecordOf(session, domain, DistributionDomainName);
  const formerKeys = GhostUserName ? await readableKeys(aws, GhostUserName) : [];
  // Last, because a later failure would lose the secret, which IAM shows only once.
  const accessKey = wantsAccessKey ? await createAccessKey(session, GhostUserName) : undefined;
  const config = ghostConfigOf(stack, fallbackSecret, accessKey);
  return { stack, config, accessKey, formerKeys, missingRecord, isWithoutDomain };
}

/** Returns the IDs of a user's access keys. They are only shown, so that no error may end the run. */
async function readableKeys(aws: Session['aws'], user: string): Promise<string[]> {
  try {
    return await listAccessKeys(aws, user);
  } catch {
    return [];
  }
}

async function missingRecordOf(
  { resolver }: Session,
  domain: string,
  target: string,
): Promise<Provisioned['missingRecord']> {
  if (await pointsTo(resolver, domain, target)) {
    return undefined;
  }
  const { fullyQualified, relative, zone, value } = recordSpellings(
    { name: domain, value: target },
    await zoneOf(resolver, domain),
    domain,
  );
  return { name: fullyQualified, relativeName: relative ?? fullyQualified, zone, value };
}
