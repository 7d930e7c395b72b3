import { listAccessKeys } from './access-key';
import { checkAccessLogs, logBucketOf } from './access-logs';
import type { Aws } from '../../aws/sign-in';
import type { Stack } from '../../aws/stack-state';
import type { Certificate } from './certificate/certificate';
import { checkCaa } from './dns/caa';
import { checkApex, checkDelegation, checkExistingRecords, checkLiveRecord } from './dns/checks';
import type { HostedZone } from './dns/hosted-zone';
import { checkPermissions, IDENTITY_ACTIONS, LOG_ACTIONS, MOVING_ACTIONS, PROVISIONING_ACTIONS } from './permissions';
import type { Problem } from './problem';
import type { Session } from './session';
import type { Settings } from './settings';
import { type DomainMove, type Holder, problemOfHolder } from './domain-holder';

/** Runs the checks before the start that only decide whether to continue. */
export async function findProblems(
  { aws, resolver }: Session,
  settings: Settings,
  stack: Stack | undefined,
  zone: HostedZone | undefined,
  { move, holder }: { move: DomainMove; holder?: Holder },
): Promise<Problem[]> {
  const { domain, wildcard } = settings;
  const { DistributionDomainName: target } = stack?.outputs ?? {};
  const isMoving = move !== 'none';
  const stays = move === 'waits' || (!isMoving && holder !== undefined);
  // Records to the other distribution move with the domain.
  const mayLeadElsewhere = isMoving || holder !== undefined;
  const problems = await Promise.all([
    checkIdentity(aws, settings, stack),
    checkPermissions(aws, neededActions(aws, settings, stack, zone)),
    ...(zone
      ? [checkDelegation(resolver, zone), checkExistingRecords(aws.route53, zone, domain, target, mayLeadElsewhere)]
      : [checkApex(resolver, domain), ...(mayLeadElsewhere ? [] : [checkLiveRecord(resolver, domain, target)])]),
    checkCaa(resolver, domain, { wildcard }),
  ]);
  const logs = checkAccessLogs(settings.parameters.AccessLogDestination, aws, {
    stack,
    stackName: settings.stackName,
    imageBucket: settings.parameters.BucketName ?? stack?.outputs.BucketName,
  });
  return [...problems, logs, stays ? problemOfHolder(domain, holder, !isMoving) : undefined].filter(
    (problem) => problem !== undefined,
  );
}

/** Turns a problem that only prevents ACM from issuing a certificate into a warning if there already is one. */
export function softened(problem: Problem, certificate: Certificate | undefined, stack: Stack | undefined): Problem {
  const concernsCertificate = problem.check === 'CAA' || (problem.check === 'delegation' && stack !== undefined);
  return concernsCertificate && certificate?.status === 'ISSUED' ? { ...problem, refuses: false } : problem;
}

/** Returns a warning for each change of an existing stack that leaves the blog's files at the old place. */
export function problemsOfMoving(
  { BucketName, TenantPrefix, Domain }: Record<string, string>,
  stack: Stack,
): Problem[] {
  const { parameters, outputs } = stack;
  const changes = [
    BucketName && ![parameters.BucketName, outputs.BucketName].includes(BucketName)
      ? `the bucket changes to ${BucketName}, but the files stay in ${outputs.BucketName}`
      : undefined,
    TenantPrefix !== undefined && TenantPrefix !== (parameters.TenantPrefix ?? '')
      ? `the tenant prefix changes to "${TenantPrefix}", but the files stay where they are`
      : undefined,
    Domain && Domain !== parameters.Domain
      ? `the domain changes to ${Domain}, and URLs on ${parameters.Domain} stop working`
      : undefined,
  ].filter((change) => change !== undefined);
  return changes.map((change) => ({
    check: 'files',
    refuses: false,
    cause: `In this stack ${change}.`,
    cure: "Visitors cannot see the blog's existing images until you move the files. For a second image server, use another stack (--stack-name).",
  }));
}

/** Checks that a change of identity can delete the stack's user, which IAM refuses while the user has access keys. */
async function checkIdentity(
  aws: Aws,
  { parameters }: Settings,
  stack: Stack | undefined,
): Promise<Problem | undefined> {
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
        cure: `Give Ghost other credentials first. Then delete the key, and run the command again:\n${keys
          .map((key) => `aws iam delete-access-key --user-name ${user} --access-key-id ${key}`)
          .join('\n')}`,
      };
}

function neededActions(
  aws: Aws,
  { parameters, movesDomain }: Settings,
  stack: Stack | undefined,
  zone: HostedZone | undefined,
): string[] {
  const identity = parameters.Identity ?? stack?.parameters.Identity ?? 'policy-only';
  const changesDns = zone !== undefined && !aws.dnsElsewhere;
  return [
    ...Object.keys(PROVISIONING_ACTIONS).filter((action) => changesDns || !action.startsWith('route53:')),
    ...(IDENTITY_ACTIONS[identity] ?? []),
    ...(movesDomain ? MOVING_ACTIONS : []),
    ...([parameters, stack?.parameters].some((given) => logBucketOf(given?.AccessLogDestination)) ? LOG_ACTIONS : []),
  ];
}
