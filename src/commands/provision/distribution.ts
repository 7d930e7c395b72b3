import { GetDistributionConfigCommand } from '@aws-sdk/client-cloudfront';
import { FALLBACK_HEADER, FORMER_FALLBACK_HEADER } from '../../core/cdn-contract';
import { Failure } from '../../shell/failure';
import type { Aws } from '../../aws/sign-in';
import { absentIf } from '../../aws/errors';

/** Details of a distribution that the outputs of its stack do not contain. */
export interface DistributionDetails {
  /** The secret that it sends to Ghost; undefined without a Ghost origin. CloudFormation hides the parameter. */
  fallbackSecret?: string;
  /** ARN of its web ACL, which flat-rate plans add outside of the stack. */
  webAclArn?: string;
  /** Its alternate domain names. */
  aliases: string[];
  /** ETag of its configuration, needed for changes. */
  etag?: string;
}

/**
 * Reads the details of a distribution.
 *
 * @param distributionId `E…`
 * @returns undefined when it does not exist
 */
export async function readDistribution(
  { cloudFront }: Aws,
  distributionId: string,
): Promise<DistributionDetails | undefined> {
  const answer = await absentIf(['NoSuchDistribution'], () =>
    cloudFront.send(new GetDistributionConfigCommand({ Id: distributionId })),
  );
  if (!answer) {
    return undefined;
  }
  const { DistributionConfig } = answer;
  return {
    fallbackSecret: (DistributionConfig?.Origins?.Items ?? [])
      .flatMap(({ CustomHeaders }) => CustomHeaders?.Items ?? [])
      .find(({ HeaderName = '' }) => [FALLBACK_HEADER, FORMER_FALLBACK_HEADER].includes(HeaderName.toLowerCase()))
      ?.HeaderValue,
    webAclArn: DistributionConfig?.WebACLId || undefined,
    aliases: DistributionConfig?.Aliases?.Items ?? [],
    etag: answer.ETag,
  };
}

/**
 * Reads the details of a stack's distribution.
 *
 * @param distributionId `E…`
 * @throws Failure when it was deleted outside of CloudFormation
 */
export async function describeDistribution(aws: Aws, distributionId: string): Promise<DistributionDetails> {
  const details = await readDistribution(aws, distributionId);
  if (!details) {
    throw new Failure(
      `The stack's distribution ${distributionId} no longer exists. It was deleted outside of CloudFormation.`,
      'Run "provision destroy" (it keeps the bucket), and then "provision" with --bucket and the name of the bucket.',
    );
  }
  return details;
}
