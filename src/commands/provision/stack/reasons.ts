import { Failure } from '../../../shell/failure';
import { deniedActionOf } from '../../../aws/errors';

/** What to do about a failure, by the reason that CloudFormation gives. */
const CURES: [reason: RegExp, cure: string][] = [
  [
    /CNAMEs? you provided|CNAMEAlreadyExists/i,
    'The domain is an alternate domain name of another distribution, here or in another account. Run the command again with --move-domain. It moves the domain without an outage, or shows what to do in the other account. Otherwise, choose another --domain.',
  ],
  [
    /pricing plan/i,
    'CloudFront does not allow this with a flat-rate plan. Cancel the plan (CloudFront console → Distributions → the distribution → Manage plan), and run the command again when the billing cycle has ended.',
  ],
  [
    /must be verified/i,
    'AWS has to enable CloudFront for a new account: open a case with AWS Support ("Account and billing"), then run the command again.',
  ],
  [
    /resource record set .* already exists/i,
    'A record of that name is in the zone. Delete it if nothing needs it, or choose another --domain, and run the command again.',
  ],
  [
    /certificate .*(doesn't exist|isn't valid|does not cover|include)|InvalidViewerCertificate/i,
    'CloudFront does not take the certificate. Leave out --certificate-arn to have a fitting one found or requested.',
  ],
  [
    /(bucket|BucketName).*(already (exists|owned))|BucketAlready/i,
    'Bucket names are unique in the whole world. Choose another --bucket, or leave it out for a generated name.',
  ],
  [
    /limit|quota|TooMany/i,
    'Ask for more in the console, Service Quotas, or delete what is not needed; then run the command again.',
  ],
];

/**
 * Explains a failure of CloudFormation.
 *
 * @param reason in CloudFormation's words
 * @param what failed, as the beginning of a sentence
 * @returns a Failure with a cure that fits the reason
 */
export function explained(reason: string, what: string): Failure {
  const action = deniedActionOf(reason);
  if (action) {
    return new Failure(
      `${what}: the permission ${action} is missing.`,
      `Allow ${action} to the identity that provisions, and run the command again. AWS says: ${reason}`,
    );
  }
  const cure = CURES.find(([pattern]) => pattern.test(reason))?.[1];
  return new Failure(
    `${what}: ${reason}`,
    cure ?? 'Mend what is named there, and run the command again: it goes on from here.',
  );
}
