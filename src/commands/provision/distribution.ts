import { GetDistributionConfigCommand, paginateListDistributions } from '@aws-sdk/client-cloudfront';
import { Failure } from '../../shell/failure';
import type { Aws } from './aws/sign-in';
import { absentIf, call } from './aws/errors';
import type { Finding } from './finding';

/** Ghost sends bytes, and no redirect, to who shows this header. */
const FALLBACK_HEADER = 'X-Ghost-Cdn-Fallback';

/** What the stack itself does not tell of its distribution. */
export interface DistributionDetails {
  /** What it shows to Ghost; undefined without a Ghost origin. In the stack the parameter is hidden. */
  fallbackSecret?: string;
  /** ARN of the web ACL that it has, also of one that was given to it outside of the stack, as flat-rate plans do. */
  webAclArn?: string;
}

/**
 * @param distributionId `E…`
 * @throws Failure when somebody has deleted it behind the stack's back
 */
export async function describeDistribution({ cloudFront }: Aws, distributionId: string): Promise<DistributionDetails> {
  const answer = await absentIf(['NoSuchDistribution'], () =>
    call('cloudfront:GetDistributionConfig', () =>
      cloudFront.send(new GetDistributionConfigCommand({ Id: distributionId })),
    ),
  );
  if (!answer) {
    throw new Failure(
      `The distribution ${distributionId} of the stack is gone: it was deleted outside of CloudFormation.`,
      'Run "provision destroy", which keeps the bucket, and then "provision" with --bucket and its name.',
    );
  }
  const { DistributionConfig } = answer;
  return {
    fallbackSecret: (DistributionConfig?.Origins?.Items ?? [])
      .flatMap(({ CustomHeaders }) => CustomHeaders?.Items ?? [])
      .find(({ HeaderName }) => HeaderName?.toLowerCase() === FALLBACK_HEADER.toLowerCase())?.HeaderValue,
    webAclArn: DistributionConfig?.WebACLId || undefined,
  };
}

/**
 * Looks for another distribution of the account that has the domain: CloudFront gives a name to one only.
 *
 * @param ownId the distribution of the stack, if there is one
 */
export async function checkAlias(
  { cloudFront }: Aws,
  domain: string,
  ownId: string | undefined,
): Promise<Finding | undefined> {
  return call('cloudfront:ListDistributions', async () => {
    for await (const { DistributionList } of paginateListDistributions({ client: cloudFront }, {})) {
      for (const { Id, Aliases, Comment } of DistributionList?.Items ?? []) {
        if (Id !== ownId && Aliases?.Items?.includes(domain)) {
          return {
            check: 'alias',
            refuses: true,
            cause: `${domain} is an alternate domain name of the distribution ${Id}${Comment ? ` ("${Comment}")` : ''}.`,
            cure: `Remove it there (console: CloudFront → ${Id} → General → Settings → Edit → Alternate domain name), or choose another --domain.`,
          };
        }
      }
    }
    return undefined;
  });
}
