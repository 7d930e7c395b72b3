import { ACMClient } from '@aws-sdk/client-acm';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { IAMClient } from '@aws-sdk/client-iam';
import { Route53Client } from '@aws-sdk/client-route-53';
import { S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { throughProxies } from '../core/proxies';
import { Failure } from '../shell/failure';
import { explainErrors } from './explain-errors';
import { checkChosenProfile, checkProfile } from './profiles';
import { findRegion } from './find-region';

/** The AWS account that a command uses, with a client for each service. */
export interface Aws {
  /** Twelve digits. */
  account: string;
  callerArn: string;
  /** Region of the bucket and the stack. */
  region: string;
  cloudFormation: CloudFormationClient;
  /** In us-east-1, because CloudFront accepts certificates only from there. */
  acm: ACMClient;
  cloudFront: CloudFrontClient;
  route53: Route53Client;
  /** Whether the hosted zones are in another account, where the stack cannot change records. */
  dnsElsewhere: boolean;
  s3: S3Client;
  iam: IAMClient;
}

/** The region that requests to global services are signed for. */
const GLOBAL_REGION = 'us-east-1';

/**
 * How many times to try a request. More than the SDK's three, because a command polls a stack for minutes, and other
 * tools share the account's rate limits.
 */
const MAX_ATTEMPTS = 8;

/** The options for the credentials of a command. */
export interface SignInOptions {
  region?: string;
  profile?: string;
  /** Profile of the account with the hosted zones. */
  dnsProfile?: string;
  /** Asks the user for a region when none is set; undefined without a terminal. */
  chooseRegion?: () => Promise<string>;
  /** Whether the command is for an image server that exists, whose region it is; otherwise, for a new one. */
  isBuilt?: boolean;
}

/**
 * Authenticates with the credentials of the environment or of a profile, and creates the clients.
 *
 * @param options profiles and region, with the same meaning as in the AWS CLI
 * @throws Failure without credentials or a region, for a profile that does not exist, and in partitions with a
 *   different CloudFront (China, GovCloud)
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export async function signIn(options: SignInOptions): Promise<Aws> {
  const { profile, dnsProfile, chooseRegion, isBuilt } = options;
  await checkChosenProfile(profile);
  await checkProfile(dnsProfile, '--dns-profile');
  const found = await findRegion(options);
  if (!found && !chooseRegion) {
    throw noRegion(isBuilt);
  }
  const common = { profile, maxAttempts: MAX_ATTEMPTS, ...(await throughProxies({})) };
  const sts = explainErrors(new STSClient({ ...common, region: found ?? GLOBAL_REGION }));
  const identity = await sts.send(new GetCallerIdentityCommand({}));
  const callerArn = identity.Arn ?? '';
  if (!callerArn.startsWith('arn:aws:')) {
    throw new Failure(
      `The credentials of ${callerArn} are not for the commercial AWS regions.`,
      'Use an account of the commercial regions. China and GovCloud have a different CloudFront.',
    );
  }
  // Asked last, so that a user does not choose a region only to learn that the credentials are missing.
  const region = found ?? (await chooseRegion?.());
  if (!region) {
    throw noRegion(isBuilt);
  }
  return {
    account: identity.Account ?? '',
    callerArn,
    region,
    cloudFormation: explainErrors(new CloudFormationClient({ ...common, region })),
    acm: explainErrors(new ACMClient({ ...common, region: GLOBAL_REGION })),
    cloudFront: explainErrors(new CloudFrontClient({ ...common, region: GLOBAL_REGION })),
    route53: explainErrors(new Route53Client({ ...common, profile: dnsProfile ?? profile, region: GLOBAL_REGION })),
    dnsElsewhere: dnsProfile !== undefined,
    // An existing bucket may be in another region, which is then in the response.
    s3: explainErrors(new S3Client({ ...common, region, followRegionRedirects: true })),
    iam: explainErrors(new IAMClient({ ...common, region: GLOBAL_REGION })),
  };
}

const noRegion = (isBuilt = false) =>
  new Failure(
    'No AWS region is set.',
    isBuilt
      ? 'Add the region of the image server, for example --region eu-central-1'
      : 'Choose the region for the bucket, close to the blog: --region eu-central-1',
  );
