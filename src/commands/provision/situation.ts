import { Failure } from '../../shell/failure';
import { bucketStatements } from '../../template/policies';
import { listAccessKeys } from './access-key';
import type { Aws } from '../../aws/sign-in';
import { accountRegionalName, checkNamespace } from './account-regional-bucket';
import { checkBucket } from './bucket';
import {
  type Certificate,
  checkRenewal,
  covers,
  requireCertificate,
  findCertificate,
  readCertificate,
} from './certificate/certificate';
import { certificateName, wildcardOf } from './certificate/name';
import { describeDistribution } from './distribution';
import { checkDelegation } from './dns/checks';
import { findIpAddressType, type IpAddressType } from './dns/ghost-addresses';
import { findHostedZone, type HostedZone } from './dns/hosted-zone';
import { hasRecordsOfOthers, zonePointsTo } from './dns/records';
import { findProblems, problemsOfMoving, softened } from './find-problems';
import type { Problem } from './problem';
import type { Session } from './session';
import type { Settings } from './settings';
import {
  type DomainMove,
  domainMoveOf,
  findConflict,
  findHolder,
  hasLost,
  type Holder,
  problemOfNoHolder,
} from './domain-holder';
import { checkWebAcl, webAclToStore } from './web-acl';
import { checkState, isEmpty, type Stack } from '../../aws/stack-state';

/** The state of everything that exists before a run. */
export interface Situation {
  /** The stack; undefined when there is none yet. */
  stack?: Stack;
  /** The Route 53 zone of the domain. */
  zone?: HostedZone;
  /** Whether the zone has records that point to the distribution and do not belong to the stack. */
  hasForeignRecords: boolean;
  /** A certificate that is issued or waits for its validation. */
  certificate?: Certificate;
  /** The access key of the stack's user. */
  accessKeyId?: string;
  /** Name of an existing bucket for the stack to import. */
  adoptedBucket?: string;
  /** New ARN of the web ACL for the stack, empty for none; undefined to keep the stack's. */
  webAclArn?: string;
  /** How CloudFront must connect to the blog; undefined to keep the stack's value. */
  ghostIpAddressType?: IpAddressType;
  /** Another distribution of the account that has the domain. */
  holder?: Holder;
  move: DomainMove;
  /** Whether the zone has records of another distribution that move with the domain. */
  movesRecords: boolean;
  problems: Problem[];
}

/**
 * Reads everything that the plan depends on, and changes nothing.
 *
 * @param stack the stack; undefined when there is none
 * @throws Failure without the permissions to read, or when the stack is in a state that only its owner can fix
 */
export async function readSituation(
  session: Session,
  stack: Stack | undefined,
  settings: Settings,
): Promise<Situation> {
  const { aws } = session;
  const { domain, parameters } = settings;
  if (stack) {
    checkState(stack);
  }
  const present = stack && !isEmpty(stack) ? stack : undefined;
  const { DistributionId: distributionId, DistributionDomainName: target, GhostUserName } = present?.outputs ?? {};
  const zone = await findZone(session, settings, present);
  const bucket = newBucketOf(settings, present, aws);
  const user = settings.createAccessKey ? GhostUserName : undefined;
  const ghostHost = parameters.GhostHost ?? present?.parameters.GhostHost;
  const distribution = distributionId ? await describeDistribution(aws, distributionId) : undefined;
  const holder = await findHolder(aws, domain, distributionId);
  const leadsElsewhere = zone !== undefined && (await hasRecordsOfOthers(aws.route53, zone, domain, target));
  const hasDomain = distribution?.aliases.includes(domain) ?? false;
  const isLost = present !== undefined && settings.movesDomain && !holder && hasLost(present, domain, hasDomain);
  const isTaken = isLost && (await findConflict(aws, domain, distributionId ?? '')) !== undefined;
  const move = domainMoveOf(settings, present, holder, { hasDomain, isTaken, leadsElsewhere });
  const [certificate, bucketState, accessKeys, recordsLead, ghostIpAddressType, problems] = await Promise.all([
    findUsableCertificate(aws, settings, present),
    bucket ? checkBucket(aws, bucket, statementsToMerge(aws, settings, bucket)) : undefined,
    user ? listAccessKeys(aws, user) : [],
    zone && target ? zonePointsTo(aws.route53, zone, domain, target) : false,
    ghostHost ? findIpAddressType(session.resolver, ghostHost, present?.parameters.GhostIpAddressType) : undefined,
    findProblems(session, settings, present, zone, { move, holder }),
  ]);
  if (!certificate) {
    checkCertificateName(settings, zone);
  }
  const webAclProblem =
    distributionId === undefined
      ? undefined
      : checkWebAcl(parameters.WebAclArn, {
          stored: present?.parameters.WebAclArn,
          actual: distribution?.webAclArn,
          distributionId,
        });
  const renewal = certificate && checkRenewal(certificate, Date.now());
  return {
    stack: present,
    zone,
    hasForeignRecords: recordsLead && !present?.parameters.HostedZoneId,
    certificate,
    accessKeyId: accessKeys[0],
    adoptedBucket: bucketState?.exists ? bucket : undefined,
    webAclArn: present && webAclToStore(present.parameters.WebAclArn, distribution?.webAclArn),
    ghostIpAddressType,
    holder,
    move,
    movesRecords: move !== 'none' && leadsElsewhere,
    problems: [
      ...problems.map((problem) => softened(problem, certificate, present)),
      ...(bucketState?.problems ?? []),
      ...(renewal ? [renewal] : []),
      ...(webAclProblem ? [webAclProblem] : []),
      ...(isLost && !isTaken ? [problemOfNoHolder(domain, present)] : []),
      ...(present ? problemsOfMoving(parameters, present) : []),
      ...(present && bucket && parameters.BucketNamePrefix ? [checkNamespace(bucket, present)] : []).filter(
        (problem) => problem !== undefined,
      ),
    ],
  };
}

async function findZone(
  { aws, resolver }: Session,
  { domain, hostedZoneId }: Settings,
  stack: Stack | undefined,
): Promise<HostedZone | undefined> {
  const found = hostedZoneId === 'none' ? undefined : await findHostedZone(aws.route53, domain, hostedZoneId, resolver);
  // A stack built with --hosted-zone none does not use the zone until the domain is delegated to it.
  const mayStayOut = hostedZoneId === undefined && !aws.dnsElsewhere && stack?.parameters.HostedZoneId === '';
  const zone = found && mayStayOut && (await checkDelegation(resolver, found)) !== undefined ? undefined : found;
  if (!zone && aws.dnsElsewhere) {
    throw new Failure(
      `--dns-profile: the account of that profile has no public zone for ${domain}.`,
      'Use a profile of the account that has it, or leave out --dns-profile to create the records yourself.',
    );
  }
  return zone;
}

/**
 * @throws Failure when no certificate can be requested, because that would otherwise fail only after the confirmation
 */
function checkCertificateName({ domain, wildcard }: Settings, zone: HostedZone | undefined): void {
  certificateName(domain, wildcard);
  if (wildcard && zone?.name === domain) {
    throw new Failure(
      `--wildcard: the certificate for ${wildcardOf(domain)} is validated in the parent zone, but ${zone.id} is the zone of ${domain} itself.`,
      'Leave out --wildcard, or pass the parent zone with --hosted-zone.',
    );
  }
}

/** Returns the wanted bucket unless it is the stack's own, whose name may be generated. */
function newBucketOf({ parameters }: Settings, stack: Stack | undefined, aws: Aws): string | undefined {
  const { BucketName, BucketNamePrefix: prefix } = parameters;
  const wanted = prefix ? accountRegionalName(prefix, aws) : BucketName;
  return [stack?.parameters.BucketName, stack?.outputs.BucketName].includes(wanted) ? undefined : wanted;
}

async function findUsableCertificate(
  aws: Aws,
  settings: Settings,
  stack: Stack | undefined,
): Promise<Certificate | undefined> {
  const { domain, wildcard, certificateArn } = settings;
  if (certificateArn) {
    return requireCertificate(aws.acm, certificateArn, domain);
  }
  const current = stack?.parameters.CertificateArn;
  const used = current ? await readCertificate(aws.acm, current, domain) : undefined;
  if (used?.status === 'ISSUED' && covers(used.names, domain) && (!wildcard || used.wildcard)) {
    return used;
  }
  // With --wildcard, a certificate for the domain's own name is not enough.
  return findCertificate(aws.acm, wildcard ? wildcardOf(domain) : domain);
}

/** Returns the statements that the template adds to the bucket's policy, for a distribution that does not exist yet. */
function statementsToMerge({ account }: Aws, { parameters }: Settings, bucket: string): string {
  const tenantPrefix = parameters.TenantPrefix ?? '';
  const distributionId = 'YOUR_DISTRIBUTION_ID';
  return JSON.stringify(bucketStatements({ bucket, tenantPrefix, account, distributionId }), null, 2);
}
