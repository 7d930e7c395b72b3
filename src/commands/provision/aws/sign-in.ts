import { ACMClient } from '@aws-sdk/client-acm';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { IAMClient } from '@aws-sdk/client-iam';
import { Route53Client } from '@aws-sdk/client-route-53';
import { S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Failure } from '../../../shell/failure';
import { call } from './errors';
import { checkRegion, namedRegion } from './region';

/** The account that the command works in. */
export interface Aws {
  /** Twelve digits. */
  account: string;
  callerArn: string;
  /** Of the bucket and the stack. */
  region: string;
  cloudFormation: CloudFormationClient;
  acm: ACMClient;
  cloudFront: CloudFrontClient;
  route53: Route53Client;
  /** Whether the zones of the domain are in another account, which the stack cannot change. */
  dnsElsewhere: boolean;
  s3: S3Client;
  iam: IAMClient;
}

/** CloudFront takes certificates from here only, and what has no region is signed for here. */
const GLOBAL_REGION = 'us-east-1';

/** A few more than the SDK's three: a stack is watched for minutes, and other tools share the account's rate limits. */
const MAX_ATTEMPTS = 8;

/**
 * Signs in to AWS with the credentials of the environment or a profile.
 *
 * @param options names of profiles and of the region, as AWS's own tools take them
 * @throws Failure without credentials or region, and in the partitions that have no such CloudFront (China, GovCloud)
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export async function signIn(options: { region?: string; profile?: string; dnsProfile?: string }): Promise<Aws> {
  const { profile, dnsProfile } = options;
  const region = await readRegion(options);
  const common = { profile, maxAttempts: MAX_ATTEMPTS };
  const identity = await call('sts:GetCallerIdentity', () =>
    new STSClient({ ...common, region }).send(new GetCallerIdentityCommand({})),
  );
  const callerArn = identity.Arn ?? '';
  if (!callerArn.startsWith('arn:aws:')) {
    throw new Failure(
      `The credentials belong to the partition of ${callerArn}.`,
      "Use an account of AWS's commercial regions: elsewhere CloudFront is another service.",
    );
  }
  return {
    account: identity.Account ?? '',
    callerArn,
    region,
    cloudFormation: new CloudFormationClient({ ...common, region }),
    acm: new ACMClient({ ...common, region: GLOBAL_REGION }),
    cloudFront: new CloudFrontClient({ ...common, region: GLOBAL_REGION }),
    route53: new Route53Client({ ...common, profile: dnsProfile ?? profile, region: GLOBAL_REGION }),
    dnsElsewhere: dnsProfile !== undefined,
    // A bucket that is there already may be in another region: then the answer says so.
    s3: new S3Client({ ...common, region, followRegionRedirects: true }),
    iam: new IAMClient({ ...common, region: GLOBAL_REGION }),
  };
}

async function readRegion({ region, profile }: { region?: string; profile?: string }): Promise<string> {
  const named = namedRegion(region);
  const found = await new CloudFormationClient({ region: named.region, profile }).config
    .region()
    .catch(() => undefined);
  if (!found) {
    throw new Failure(
      'No region is given.',
      'Name the region that the bucket is to be in, near to the blog: --region eu-central-1',
    );
  }
  checkRegion(found, named.setting);
  return found;
}
