import { GetBucketPolicyStatusCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { Feature } from '../../../core/features';
import { placeOf, whereToSet } from '../../../core/option-origins';
import { connect } from '../../../core/s3/client';
import { describeAnswer } from '../../../core/s3/not-s3';
import { placeOfEndpoint } from '../../../core/s3/places';
import { knownService } from '../../../core/s3/service';
import { codeOf, regionOf } from '../../../core/s3/errors';
import { type CheckResult, failed, passed, unchecked, warned } from '../check';
import type { DoctorContext } from '../context';
import { networkCodeOf } from '../../../core/network-code';
import type { Probe } from '../probes';
import {
  anonymousHead,
  connectionOptions,
  isInOtherRegion,
  requestAnonymously,
  signedRequestError,
  writeRefusal,
} from '../s3-requests';

/** Checks that the bucket exists. */
export async function checkBucket(context: DoctorContext): Promise<CheckResult> {
  const { bucket } = context.config;
  const { endpoint } = knownService(context.config);
  const error = await signedRequestError(context);
  const { status } = await anonymousHead(context);
  // In the wrong region, S3 only answers with the correct one.
  const isThere = codeOf(error) === 'NoSuchKey' || isInOtherRegion(error);
  return codeOf(error) === 'NoSuchBucket' || (status === 404 && !isThere)
    ? failed(
        `The command requested the bucket ${bucket}${endpoint ? ` at ${endpoint}` : ''}.`,
        `The bucket ${bucket} does not exist (NoSuchBucket).`,
        `Correct ${placeOf('bucket')}${endpoint ? ` (or ${placeOfEndpoint(context.config)})` : ''}, or create the bucket. The command provision creates it with everything that it needs.`,
      )
    : passed(bucket);
}

/** Checks that the bucket is in the configured region. */
export async function checkBucketRegion(context: DoctorContext): Promise<CheckResult> {
  const { bucket, region } = context.config;
  const error = await signedRequestError(context);
  const { headers } = await anonymousHead(context);
  const isInOther = isInOtherRegion(error);
  const real = (isInOther ? regionOf(error) : undefined) ?? headers['x-amz-bucket-region'];
  return isInOther
    ? failed(
        `The command requested the bucket ${bucket} in ${region ?? 'the region of the environment'}.`,
        `The bucket ${bucket} is in ${real ?? 'another region'} (${codeOf(error)}).`,
        `Set "region" to ${real ? `"${real}"` : 'the region of the bucket'}${whereToSet('region')}.`,
      )
    : passed(real ?? region ?? 'as configured');
}

/** Checks that the bucket cannot be listed or read without credentials. */
export async function checkPrivacy(context: DoctorContext): Promise<CheckResult> {
  const { config, probes } = context;
  const tried = 'The command read the bucket without credentials, not through the CDN.';
  const cure =
    `Remove the public statement from the bucket policy (and public ACLs from its objects), and block public access. ` +
    'CloudFront reads a private bucket with origin access control: infrastructure/template.yaml has the policy for it.';
  const listing = await requestAnonymously(config, (client) =>
    client.send(new ListObjectsV2Command({ Bucket: config.bucket, MaxKeys: 1 })),
  );
  const isListed = listing.output?.Name !== undefined || listing.output?.KeyCount !== undefined;
  const isWritten = (await writeRefusal(context)) === undefined;
  const readable: Feature[] = [];
  for (const probe of isWritten ? probes.all : []) {
    if (await isPublic(probe, probes.bytes)) {
      readable.push(probe.feature);
    }
  }
  const open = [
    ...(isListed ? ['list the files'] : []),
    ...(readable.length === 0 ? [] : [`read ${readable.join(', ')}`]),
  ];
  if (open.length > 0) {
    return failed(tried, `Anyone can ${open.join(' and ')} in the bucket.`, cure);
  }
  if ((await connect(config)).service.isAws && (await hasPublicPolicy(context))) {
    return warned(
      tried,
      'S3 refused to let the command read the bucket without credentials, but considers the bucket policy public.',
      cure,
    );
  }
  const { status, headers } = listing;
  if (status === undefined || status >= 500) {
    return unchecked(`S3 does not answer requests without credentials (${status ?? networkCodeOf(listing.error)})`);
  }
  if (status < 300) {
    const answer = describeAnswer(status, headers['content-type']);
    return unchecked(`the answer to requests without credentials is ${answer}, which is not a list of the bucket`);
  }
  return isWritten ? passed('refused without credentials') : passed('no listing without credentials');
}

/** Returns whether anyone can read a test image. A web page does not count, whatever its status. */
async function isPublic({ config, key }: Probe, bytes: Buffer): Promise<boolean> {
  const { output } = await requestAnonymously(config, async (client) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: config.bucket, Key: key }));
    return Body?.transformToByteArray();
  });
  return output !== undefined && bytes.equals(output);
}

async function hasPublicPolicy({ config }: DoctorContext): Promise<boolean> {
  const client = new S3Client(await connectionOptions(config));
  const command = new GetBucketPolicyStatusCommand({ Bucket: config.bucket });
  const answer = await client.send(command).catch(() => undefined);
  client.destroy();
  return answer?.PolicyStatus?.IsPublic ?? false;
}
