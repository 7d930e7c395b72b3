import { GetDistributionCommand } from '@aws-sdk/client-cloudfront';
import { Failure } from '../cli/failure';
import { call } from './aws-errors';
import { describeCertificate } from './certificate';
import { pointsTo } from './live-dns';
import type { Session } from './situation';
import { describeStack, type Stack } from './stack';

/** How an image server does. */
export interface Status {
  stack: Pick<Stack, 'name' | 'status' | 'statusReason' | 'outputs'>;
  domain: string;
  certificate: { arn: string; status: string; notAfter?: Date };
  /** CloudFront's word: `Deployed`, or `InProgress` for some minutes after a change. */
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
    describeCertificate(aws.acm, arn, domain),
    DistributionId
      ? call('cloudfront:GetDistribution', () =>
          aws.cloudFront.send(new GetDistributionCommand({ Id: DistributionId })),
        ).then(({ Distribution }) => Distribution?.Status)
      : undefined,
    DistributionDomainName ? pointsTo(resolver, domain, DistributionDomainName) : false,
  ]);
  const { name, status, statusReason, outputs } = stack;
  return {
    stack: { name, status, statusReason, outputs },
    domain,
    certificate: { arn, status: certificate.status, notAfter: certificate.notAfter },
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
  return stack;
}
