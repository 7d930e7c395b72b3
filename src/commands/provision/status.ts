import { GetDistributionCommand } from '@aws-sdk/client-cloudfront';
import { Failure } from '../../shell/failure';
import { absentIf, call } from './aws/errors';
import { lookAtCertificate } from './certificate/certificate';
import { pointsTo } from './dns/live-dns';
import { checkOwnership } from './situation';
import { type Session } from './session';
import { describeStack, isEmpty, type Stack } from './stack/stack';

/** How an image server does. */
export interface Status {
  stack: Pick<Stack, 'name' | 'status' | 'statusReason' | 'outputs'>;
  domain: string;
  /** Undefined for a stack that was never built. */
  certificate?: { arn: string; status: string; notAfter?: Date };
  /**
   * CloudFront's word: `Deployed`, or `InProgress` for some minutes after a change; `DELETED` where somebody has deleted it
   * behind the stack's back.
   */
  distribution?: string;
  /** Whether the domain leads to the distribution. */
  pointsToDistribution: boolean;
}

/** @throws Failure when there is no such stack */
export async function readStatus({ aws, resolver }: Session, stackName: string): Promise<Status> {
  const stack = await requireStack(aws, stackName);
  const { Domain: domain = '', CertificateArn: arn = '' } = stack.parameters;
  const { DistributionId, DistributionDomainName } = stack.outputs;
  const [certificate, distribution, pointsToDistribution] = await Promise.all([
    arn ? lookAtCertificate(aws.acm, arn, domain) : undefined,
    DistributionId
      ? absentIf(['NoSuchDistribution'], () =>
          call('cloudfront:GetDistribution', () =>
            aws.cloudFront.send(new GetDistributionCommand({ Id: DistributionId })),
          ),
        ).then((answer) => (answer ? answer.Distribution?.Status : 'DELETED'))
      : undefined,
    DistributionDomainName ? pointsTo(resolver, domain, DistributionDomainName) : false,
  ]);
  const { name, status, statusReason, outputs } = stack;
  return {
    stack: { name, status, statusReason, outputs },
    domain,
    certificate: arn ? { arn, status: certificate?.status ?? 'DELETED', notAfter: certificate?.notAfter } : undefined,
    distribution,
    pointsToDistribution,
  };
}

/** @throws Failure when there is no such stack in the region */
export async function requireStack(aws: Session['aws'], stackName: string): Promise<Stack> {
  const stack = await describeStack(aws, stackName);
  if (!stack) {
    throw new Failure(
      `There is no stack ${stackName} in ${aws.region} of the account ${aws.account}.`,
      'Name another --region or --profile, or the stack itself with --stack-name. "provision" builds one.',
    );
  }
  if (!isEmpty(stack)) {
    checkOwnership(stack);
  }
  return stack;
}
