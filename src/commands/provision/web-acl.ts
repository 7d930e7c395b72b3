import { Failure } from '../../shell/failure';
import type { Problem } from './problem';

/** Returns the name in the ARN of a web ACL. */
const nameOf = (arn: string) => arn.split('/').at(-2) ?? arn;

/**
 * Returns whether CloudFront created a web ACL, as it does for flat-rate plans.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/flat-rate-pricing-plan.html
 */
function isCreatedByCloudFront(arn = ''): boolean {
  return nameOf(arn).startsWith('CreatedByCloudFront-');
}

/**
 * Returns the web ACL for the stack's parameters, so that its next update neither removes the web ACL of a plan nor
 * restores that of a former plan.
 *
 * @param stored ARN in the stack's parameters
 * @param actual ARN of the distribution's web ACL
 * @returns an ARN, or an empty string for none; undefined to keep the stored one
 */
export function webAclToStore(stored = '', actual = ''): string | undefined {
  const isOutdated = stored === '' || isCreatedByCloudFront(stored) || isCreatedByCloudFront(actual);
  return isOutdated && stored !== actual ? actual : undefined;
}

/**
 * Checks that an update of the stack can do what `--web-acl` asks for. CloudFront refuses to remove or replace the web
 * ACL of a flat-rate plan, and CloudFormation changes nothing if the stack's parameters already have the wanted web
 * ACL.
 *
 * @param wanted ARN, empty for none, undefined without the option
 * @param stored ARN in the stack's parameters
 * @param actual ARN of the web ACL that the distribution has
 */
export function checkWebAcl(
  wanted: string | undefined,
  { stored = '', actual = '', distributionId: id }: { stored?: string; actual?: string; distributionId: string },
): Problem | undefined {
  if (wanted === undefined || wanted === actual) {
    return undefined;
  }
  const refused = (cause: string, cure: string) => ({ check: 'web ACL', refuses: true, cause, cure });
  if (isCreatedByCloudFront(actual)) {
    return refused(
      `The distribution ${id} has the web ACL ${nameOf(actual)}, which CloudFront created, as it does for flat-rate plans. CloudFront refuses to remove or replace it during the subscription.`,
      `Leave out --web-acl. To use another web ACL, cancel the plan first: ${cancellation(id)} ${removal(id)}`,
    );
  }
  if (wanted !== stored) {
    return undefined;
  }
  const has = actual ? `the web ACL ${nameOf(actual)}` : 'no web ACL';
  const command = wanted === '' ? 'disassociate-distribution-web-acl' : 'associate-distribution-web-acl';
  return refused(
    `The distribution ${id} has ${has}, which was changed outside of CloudFormation. An update of the stack would not change it back.`,
    `Change it as follows, and leave out --web-acl:\n${commandLines(id, command, wanted)}`,
  );
}

/**
 * Checks before a deletion that the distribution does not seem to have a flat-rate plan.
 *
 * @param actual ARN of the web ACL that the distribution has
 * @throws Failure with instructions to cancel the plan
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowToDeleteDistribution.html
 */
export function checkPlan(actual: string | undefined, distributionId: string): void {
  if (actual !== undefined && isCreatedByCloudFront(actual)) {
    throw new Failure(
      `The distribution ${distributionId} has the web ACL ${nameOf(actual)}, which CloudFront created, as it does for flat-rate plans. A distribution with a plan cannot be deleted before the end of the billing cycle. Nothing was deleted.`,
      `Cancel the plan: ${cancellation(distributionId)} The images are still served until then. ${removal(distributionId)}`,
    );
  }
}

const cancellation = (id: string) =>
  `CloudFront console → Distributions → ${id} → Manage plan. Run the command again when the billing cycle has ended.`;

/** Needed because such a web ACL can remain after a plan, or come from CloudFront's own protections without a plan. */
const removal = (id: string) =>
  'If the web ACL is still there afterwards, or if there is no plan, remove it. CloudFront only allows that without a plan:\n' +
  commandLines(id, 'disassociate-distribution-web-acl');

const commandLines = (id: string, command: string, arn = '') =>
  `  ETAG=$(aws cloudfront get-distribution-config --id ${id} --query ETag --output text)\n` +
  `  aws cloudfront ${command} --id ${id} --if-match "$ETAG"${arn && ` --web-acl-arn ${arn}`}`;
