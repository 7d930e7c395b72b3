import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { Failure } from '../cli/failure';
import type { Terminal } from '../cli/terminal';
import { listAccessKeys } from './access-key';
import type { Aws } from './aws';
import { checkBucket } from './bucket';
import { type Certificate, describeCertificate, findCertificate } from './certificate';
import { checkAlias } from './distribution';
import { checkApex, checkCaa, checkDelegation, checkExistingRecords } from './domain-checks';
import type { Finding } from './finding';
import { findHostedZone, type HostedZone } from './hosted-zone';
import type { Resolver } from './live-dns';
import type { Pause } from './pause';
import { checkPermissions, IDENTITY_ACTIONS, PROVISIONING_ACTIONS, TENANT_ACTIONS } from './permissions';
import { bucketStatements } from './policies';
import type { Settings } from './settings';
import { describeStack, followStack, isAtWork, isEmpty, lastEventBeforeWork, type Stack } from './stack';

/** What a command works with. */
export interface Session {
  aws: Aws;
  terminal: Terminal;
  resolver: Resolver;
  pause: Pause;
}

/** What is there before anything is done. */
export interface Situation {
  /** The stack that works, undefined when there is none yet. */
  stack?: Stack;
  /** The Route 53 zone that holds the domain. */
  zone?: HostedZone;
  /** One that is issued or waits for its validation. */
  certificate?: Certificate;
  /** The access key that the stack's user has already. */
  accessKeyId?: string;
  /** Whether a bucket of the wanted name is there, to be taken into the stack. */
  adoptsBucket: boolean;
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
  const { domain } = settings;
  checkState(stack);
  const present = stack && !isEmpty(stack) ? stack : undefined;
  const { hostedZoneId } = settings;
  const zone = hostedZoneId === 'none' ? undefined : await findHostedZone(aws.route53, domain, hostedZoneId, resolver);
  const newBucket =
    present?.parameters.BucketName === settings.parameters.BucketName ? undefined : settings.parameters.BucketName;
  const user = settings.createAccessKey ? present?.outputs.GhostUserName : undefined;
  const [certificate, bucket, accessKeys, ...findings] = await Promise.all([
    findUsableCertificate(aws, settings, present),
    newBucket ? checkBucket(aws, newBucket, statementsToMerge(aws, settings, newBucket)) : undefined,
    user ? listAccessKeys(aws, user) : [],
    checkIdentity(aws, settings, present),
    checkPermissions(aws, neededActions(aws, settings, present, zone)),
    checkAlias(aws, domain, present?.outputs.DistributionId),
    ...(zone
      ? [
          checkDelegation(resolver, zone),
          checkExistingRecords(aws.route53, zone, domain, present?.outputs.DistributionDomainName),
        ]
      : [checkApex(resolver, domain)]),
    checkCaa(resolver, domain, { wildcard: settings.wildcard }),
  ]);
  return {
    stack: present,
    zone,
    certificate,
    accessKeyId: accessKeys[0],
    adoptsBucket: bucket?.exists ?? false,
    findings: [...findings.filter((finding) => finding !== undefined), ...(bucket?.findings ?? [])].filter(
      // ACM renews a certificate long before it ends: until then the record can be mended.
      (finding) => !(finding.check === 'CAA' && certificate?.status === 'ISSUED') || !finding.refuses,
    ),
  };
}

/**
 * Whether the stack is one of this command: the name that was given may be that of another.
 *
 * @throws Failure when it is not
 */
export function checkOwnership({ name, parameters }: Stack): void {
  if (!('Domain' in parameters) || !('CertificateArn' in parameters)) {
    throw new Failure(
      `The stack ${name} is something else than an image server of this command.`,
      'Choose another name with --stack-name, or leave it out.',
    );
  }
}

/** Waits for the end of what CloudFormation does for the stack, if it does something. */
export async function settledStack({ aws, terminal, pause }: Session, stackName: string): Promise<Stack | undefined> {
  const stack = await describeStack(aws, stackName);
  if (!stack || !isAtWork(stack)) {
    return stack;
  }
  const since = await lastEventBeforeWork(aws, stack.id);
  await terminal.step(`CloudFormation is at work on the stack ${stackName} (${stack.status})`, ({ event }) =>
    followStack(aws, pause, stack.id, since, (happened) => event(eventLine(happened))),
  );
  return describeStack(aws, stackName);
}

/** An event of the stack as a line for a terminal. */
export function eventLine(event: StackEvent): string {
  const { ResourceStatus: status, ResourceType, LogicalResourceId, ResourceStatusReason: reason } = event;
  const line = `${(status ?? '').padEnd(18)} ${ResourceType} ${LogicalResourceId}`;
  return status?.endsWith('_FAILED') && reason ? `${line}: ${reason}` : line;
}

function checkState(stack: Stack | undefined): void {
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
  // With --wildcard the domain's own certificate will not do.
  const name = wildcard ? domain.replace(/^[^.]+/, '*') : domain;
  const current = stack?.parameters.CertificateArn;
  if (current) {
    const used = await describeCertificate(aws.acm, current, domain).catch((error: unknown) => {
      if (error instanceof Failure && !(error.cause instanceof Error)) {
        // It has expired, or the domain is another now: one more reason to run the command.
        return undefined;
      }
      throw error;
    });
    if (used?.status === 'ISSUED' && (!wildcard || used.wildcard)) {
      return used;
    }
  }
  return findCertificate(aws.acm, name);
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
