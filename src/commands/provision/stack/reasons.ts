import { Failure } from '../../../shell/failure';
import { deniedActionOf } from '../../../aws/errors';

/** Fixes for failures, by CloudFormation's reason. */
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
    'AWS has to enable CloudFront for new accounts. Open a case with AWS Support ("Account and billing"), then run the command again.',
  ],
  [
    /resource record set .* already exists/i,
    'The zone already has a record with that name. Delete it if nothing needs it, or choose another --domain, and run the command again.',
  ],
  [
    /certificate .*(doesn't exist|isn't valid|does not cover|include)|InvalidViewerCertificate/i,
    'CloudFront does not accept the certificate. Leave out --certificate-arn to find or request a suitable one.',
  ],
  [
    /(bucket|BucketName).*(already (exists|owned))|BucketAlready/i,
    'Bucket names are unique worldwide. Choose another --bucket, or leave it out for a generated name.',
  ],
  [
    /limit|quota|TooMany/i,
    'Request a higher quota in the console (Service Quotas), or delete resources that you no longer need. Then run the command again.',
  ],
];

/**
 * Explains a failure of CloudFormation.
 *
 * @param reason reason from CloudFormation
 * @param what what failed, as the start of a sentence
 * @returns a Failure with a fix for the reason
 */
export function explained(reason: string, what: string): Failure {
  const action = deniedActionOf(reason);
  if (action) {
    return new Failure(
      `${what}: the permission ${action} is missing.`,
      `Allow ${action} for the user or role that runs the command, and run it again. AWS says: ${reason}`,
    );
  }
  const cure = CURES.find(([pattern]) => pattern.test(reason))?.[1];
  return new Failure(
    `${what}: ${reason}`,
    cure ?? 'Fix the problem, and run the command again. It continues from here.',
  );
}
