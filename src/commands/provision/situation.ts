import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { Failure } from '../../shell/failure';
import { listAccessKeys } from './access-key';
import type { Aws } from './aws/sign-in';
import { checkBucket } from './bucket';
import {
  type Certificate,
  covers,
  describeCertificate,
  findCertificate,
  lookAtCertificate,
} from './certificate/certificate';
import { certificateName, wildcardOf } from './certificate/name';
import { checkAlias, describeDistribution } from './distribution';
import { leadsTo } from './dns/records';
import { checkApex, checkCaa, checkDelegation, checkExistingRecords, checkLiveRecord } from './dns/checks';
import type { Finding } from './finding';
import { findHostedZone, type HostedZone } from './dns/hosted-zone';
import { checkPermissions, IDENTITY_ACTIONS, PROVISIONING_ACTIONS, TENANT_ACTIONS } from './permissions';
import { bucketStatements } from '../../template/policies';
import type { Settings } from './settings';
import { describeStack, followStack, isAtWork, isEmpty, lastEventBeforeWork, type Stack } from './stack/stack';
import type { Session } from './session';

/** What is there before anything is done. */
export interface Situation {
  /** The stack that works, undefined when there is none yet. */
  stack?: Stack;
  /** The Route 53 zone that holds the domain. */
  zone?: HostedZone;
  /** Whether the zone has records that lead to the distribution, and that are not the stack's. */
  hasForeignRecords: boolean;
  /** One that is issued or waits for its validation. */
  certificate?: Certificate;
  /** The access key that the stack's user has already. */
  accessKeyId?: string;
  /** A bucket of the wanted name that is there, to be taken into the stack. */
  adoptedBucket?: string;
  /** ARN of the web ACL that the distribution has got outside of the stack. */
  foreignWebAclArn?: string;
  findings: Finding[];
}

/**
 * Looks at everything that decides what is to be done, and changes nothing.
 *
 * @throws Failure when a look is not allowed, or when the stack is in a state that only its owner can mend
 */
export async function lookAround(
  { aws, resolver }: Session,
  stack: Stack | undefined,
  settings: Settings,
): Promise<Situation> {
  const { domain, hostedZoneId, parameters } = settings;
  checkState(stack);
  const present = stack && !isEmpty(stack) ? stack : undefined;
  const { DistributionId: distributionId, DistributionDomainName: target } = present?.outputs ?? {};
  const found = hostedZoneId === 'none' ? undefined : await findHostedZone(aws.route53, domain, hostedZoneId, resolver);
  // Built without the zone (--hosted-zone none), the stack stays without it as long as nobody asks that zone.
  const isPassedOver =
    found && hostedZoneId === undefined && !aws.dnsElsewhere && present?.parameters.HostedZoneId === ''
      ? (await checkDelegation(resolver, found)) !== undefined
      : false;
  const zone = isPassedOver ? undefined : found;
  if (!zone && aws.dnsElsewhere) {
    throw new Failure(
      `--dns-profile: the account of that profile has no public zone for ${domain}.`,
      'Name the profile of the account that has it, or leave out --dns-profile to make the records yourself.',
    );
  }
  const bucket = newBucketOf(settings, present);
  const user = settings.createAccessKey ? present?.outputs.GhostUserName : undefined;
  const [certificate, bucketState, accessKeys, distribution, recordsLead, ...findings] = await Promise.all([
    findUsableCertificate(aws, settings, present),
    bucket ? checkBucket(aws, bucket, statementsToMerge(aws, settings, bucket)) : undefined,
    user ? listAccessKeys(aws, user) : [],
    distributionId ? describeDistribution(aws, distributionId) : undefined,
    zone && target ? leadsTo(aws.route53, zone, domain, target) : false,
    checkIdentity(aws, settings, present),
    checkPermissions(aws, neededActions(aws, settings, present, zone)),
    checkAlias(aws, domain, distributionId),
    ...(zone
      ? [checkDelegation(resolver, zone), checkExistingRecords(aws.route53, zone, domain, target)]
      : [checkApex(resolver, domain), checkLiveRecord(resolver, domain, target)]),
    checkCaa(resolver, domain, { wildcard: settings.wildcard }),
  ]);
  if (!certificate) {
    // That there can be none for this name is better said now.
    certificateName(domain, settings.wildcard);
    if (settings.wildcard && zone?.name === domain) {
      throw new Failure(
        `--wildcard: the certificate for ${wildcardOf(domain)} is validated in the zone above, and ${zone.id} is that of ${domain} alone.`,
        'Leave out --wildcard, or name the zone above with --hosted-zone.',
      );
    }
  }
  const all = [...findings.filter((finding) => finding !== undefined), ...(bucketState?.findings ?? [])];
  return {
    stack: present,
    zone,
    hasForeignRecords: recordsLead && !present?.parameters.HostedZoneId,
    certificate,
    accessKeyId: accessKeys[0],
    adoptedBucket: bucketState?.exists ? bucket : undefined,
    foreignWebAclArn: present?.parameters.WebAclArn ? undefined : distribution?.webAclArn,
    findings: [
      ...all.map((finding) => withoutHaste(finding, certificate, present)),
      ...whatIsNotMoved(parameters, present),
    ],
  };
}

/** The bucket that the stack does not have yet. Its own generated name is none. */
function newBucketOf({ parameters }: Settings, stack: Stack | undefined): string | undefined {
  const { BucketName: wanted } = parameters;
  return [stack?.parameters.BucketName, stack?.outputs.BucketName].includes(wanted) ? undefined : wanted;
}

/** What keeps ACM from issuing a certificate is a word to its owner when it is issued: it is renewed much later. */
function withoutHaste(finding: Finding, certificate: Certificate | undefined, stack: Stack | undefined): Finding {
  const harmless = { CAA: true, delegation: stack !== undefined }[finding.check] && certificate?.status === 'ISSUED';
  return harmless ? { ...finding, refuses: false } : finding;
}

/** What of a stack that serves a blog cannot be changed without the files being somewhere else. */
function whatIsNotMoved(parameters: Record<string, string>, stack: Stack | undefined): Finding[] {
  const { BucketName, TenantPrefix, Domain } = parameters;
  const changes = [
    BucketName && ![stack?.parameters.BucketName, stack?.outputs.BucketName].includes(BucketName)
      ? `the bucket becomes ${BucketName}: the files stay in ${stack?.outputs.BucketName}`
      : undefined,
    TenantPrefix !== undefined && TenantPrefix !== (stack?.parameters.TenantPrefix ?? '')
      ? `the tenant prefix becomes "${TenantPrefix}": the files stay where they are`
      : undefined,
    Domain && Domain !== stack?.parameters.Domain
      ? `the domain becomes ${Domain}: addresses on ${stack?.parameters.Domain} stop to work`
      : undefined,
  ].filter((change) => change !== undefined);
  return stack
    ? changes.map((change) => ({
        check: 'files',
        refuses: false,
        cause: `In this stack ${change}.`,
        cure: 'Every image of the blog that was stored before is lost to its visitors until it is moved. A second image server is another stack: --stack-name.',
      }))
    : [];
}

export const isOwn = ({ parameters }: Stack) => 'Domain' in parameters && 'CertificateArn' in parameters;

/**
 * Whether the stack is one of this command: the name that was given may be that of another.
 *
 * @throws Failure when it is not
 */
export function checkOwnership(stack: Stack): void {
  if (!isOwn(stack)) {
    throw new Failure(
      `The stack ${stack.name} is something else than an image server of this command.`,
      'Choose another name with --stack-name, or leave it out.',
    );
  }
}

/**
 * Waits for the end of what CloudFormation does for the stack, if it does something. How that ends is told; what is left
 * to do, the command sees for itself.
 *
 * @returns the stack, also one whose deletion has come to its end
 */
export async function settledStack({ aws, terminal, pause }: Session, stackName: string): Promise<Stack | undefined> {
  const stack = await describeStack(aws, stackName);
  if (!stack || !isAtWork(stack)) {
    return stack;
  }
  const since = await lastEventBeforeWork(aws, stack.id);
  try {
    await terminal.step(`CloudFormation is at work on the stack ${stackName} (${stack.status})`, ({ event }) =>
      followStack(aws, pause, stack.id, since, (happened) => event(eventLine(happened))),
    );
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    terminal.warn(`${error.message}\n  ${error.cure}`);
  }
  // The name finds nothing after a deletion, and what that has left is still to be told.
  return describeStack(aws, stack.id);
}

/** An event of the stack as a line for a terminal. */
export function eventLine(event: StackEvent): string {
  const { ResourceStatus: status, ResourceType, LogicalResourceId, ResourceStatusReason: reason } = event;
  const line = `${(status ?? '').padEnd(18)} ${ResourceType} ${LogicalResourceId}`;
  return status?.endsWith('_FAILED') && reason ? `${line}: ${reason}` : line;
}

/** @throws Failure for a stack that is none of this command, or that only its owner can mend */
export function checkState(stack: Stack | undefined): void {
  if (stack && !isEmpty(stack)) {
    checkOwnership(stack);
  }
  if (stack?.status === 'UPDATE_ROLLBACK_FAILED') {
    throw new Failure(
      `The stack ${stack.name} is UPDATE_ROLLBACK_FAILED: ${stack.statusReason ?? 'an update failed, and so did the way back.'}`,
      `Mend what is named there, run aws cloudformation continue-update-rollback --stack-name ${stack.name}, then run the command again.`,
    );
  }
  if (stack?.status === 'DELETE_FAILED') {
    throw new Failure(
      `The stack ${stack.name} is DELETE_FAILED: ${stack.statusReason ?? 'its deletion did not come to an end.'}`,
      'Finish it with "provision destroy", then run the command again.',
    );
  }
}

/** With another identity the stack removes its user, which IAM refuses as long as it has access keys. */
async function checkIdentity(
  aws: Aws,
  { parameters }: Settings,
  stack: Stack | undefined,
): Promise<Finding | undefined> {
  const user = stack?.outputs.GhostUserName;
  if (!user || !parameters.Identity || parameters.Identity === 'iam-user') {
    return undefined;
  }
  const keys = await listAccessKeys(aws, user);
  return keys.length === 0
    ? undefined
    : {
        check: 'identity',
        refuses: true,
        cause: `--identity ${parameters.Identity} removes the user ${user}, which has the access key ${keys.join(' and ')}.`,
        cure: `Let Ghost sign in another way first. Then delete the key, and run the command again:\n${keys
          .map((key) => `aws iam delete-access-key --user-name ${user} --access-key-id ${key}`)
          .join('\n')}`,
      };
}

async function findUsableCertificate(
  aws: Aws,
  settings: Settings,
  stack: Stack | undefined,
): Promise<Certificate | undefined> {
  const { domain, wildcard, certificateArn } = settings;
  if (certificateArn) {
    return describeCertificate(aws.acm, certificateArn, domain);
  }
  const current = stack?.parameters.CertificateArn;
  const used = current ? await lookAtCertificate(aws.acm, current, domain) : undefined;
  if (used?.status === 'ISSUED' && covers(used.names, domain) && (!wildcard || used.wildcard)) {
    return used;
  }
  // With --wildcard the domain's own certificate will not do.
  return findCertificate(aws.acm, wildcard ? wildcardOf(domain) : domain);
}

function neededActions(
  aws: Aws,
  { parameters }: Settings,
  stack: Stack | undefined,
  zone: HostedZone | undefined,
): string[] {
  const identity = parameters.Identity ?? stack?.parameters.Identity ?? 'policy-only';
  const changesDns = zone !== undefined && !aws.dnsElsewhere;
  return [
    ...Object.keys(PROVISIONING_ACTIONS).filter((action) => changesDns || !action.startsWith('route53:')),
    ...(IDENTITY_ACTIONS[identity] ?? []),
    ...((parameters.TenantPrefix ?? stack?.parameters.TenantPrefix) ? TENANT_ACTIONS : []),
  ];
}

/** What the template would write into the bucket's policy; the distribution is still to be made. */
function statementsToMerge({ account }: Aws, { parameters }: Settings, bucket: string): string {
  const tenantPrefix = parameters.TenantPrefix ?? '';
  const distributionId = 'YOUR_DISTRIBUTION_ID';
  return JSON.stringify(bucketStatements({ bucket, tenantPrefix, account, distributionId }), null, 2);
}
