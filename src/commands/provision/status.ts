import { GetDistributionCommand } from '@aws-sdk/client-cloudfront';
import { absentIf } from '../../aws/errors';
import type { Aws } from '../../aws/sign-in';
import { readCertificate } from './certificate/certificate';
import { pointsTo } from './dns/live-dns';
import type { Session } from './session';
import { requireStack } from '../../aws/stack';
import { foldersOf, type Stack } from '../../aws/stack-state';

/** The current state of an image server. */
export interface Status {
  stack: Pick<Stack, 'name' | 'status' | 'statusReason' | 'outputs'>;
  domain: string;
  /** The folders for your own files. */
  folders: string[];
  /** Undefined for a stack that was never built. */
  certificate?: { arn: string; status: string; notAfter?: Date };
  /**
   * `Deployed`; `InProgress` for some minutes after a change; `DELETED` when it was deleted outside of CloudFormation.
   */
  distribution?: string;
  /** Whether the domain points to the distribution. */
  pointsToDistribution: boolean;
}

/**
 * Reads the current state of an image server.
 *
 * @throws Failure when there is no such stack
 */
export async function readStatus({ aws, resolver }: Session, stackName: string): Promise<Status> {
  const stack = await requireStack(aws, stackName);
  const { Domain: domain = '', CertificateArn: arn = '' } = stack.parameters;
  const { DistributionId, DistributionDomainName } = stack.outputs;
  const [certificate, distribution, pointsToDistribution] = await Promise.all([
    arn ? readCertificate(aws.acm, arn, domain) : undefined,
    DistributionId ? distributionStatus(aws, DistributionId) : undefined,
    DistributionDomainName ? pointsTo(resolver, domain, DistributionDomainName) : false,
  ]);
  const { name, status, statusReason, outputs } = stack;
  return {
    stack: { name, status, statusReason, outputs },
    domain,
    folders: foldersOf(stack),
    certificate: arn ? { arn, status: certificate?.status ?? 'DELETED', notAfter: certificate?.notAfter } : undefined,
    distribution,
    pointsToDistribution,
  };
}

async function distributionStatus({ cloudFront }: Aws, Id: string): Promise<string | undefined> {
  const answer = await absentIf(['NoSuchDistribution'], () => cloudFront.send(new GetDistributionCommand({ Id })));
  return answer ? answer.Distribution?.Status : 'DELETED';
}
