import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Feature } from '../../../core/features';
import { connect, isAwsEndpoint } from '../../../core/s3/client';
import { isNotImplemented, isTaken } from '../../../core/s3/errors';
import { type Check, failed, type Finding, passed, unchecked, warned } from '../check';
import { anonymousAnswer, firstAnswer, refusalToAbort, refusalToWrite } from '../facts';
import { askAnonymously, connectionOf, regionOf, statusOf, wordOf } from '../requests';
import type { SetUp } from '../set-up';

/** The bucket and its settings. */
export const bucketChecks: Check[] = [
  {
    group: 'Bucket',
    name: 'bucket',
    needs: ['accepted'],
    async run(setUp) {
      const { bucket, endpoint } = setUp.config;
      const error = await firstAnswer(setUp);
      const { status } = await anonymousAnswer(setUp);
      // Asked in a wrong region, S3 tells the right one, and nothing else.
      return wordOf(error ?? {}) === 'NoSuchBucket' || (status === 404 && !isElsewhere(error))
        ? failed(
            `The bucket ${bucket} was asked for${endpoint ? ` at ${endpoint}` : ''}.`,
            'There is none of that name (NoSuchBucket).',
            'Correct "bucket" (or "endpoint"), or create it: the command provision builds it with everything around it.',
          )
        : passed(bucket);
    },
  },
  {
    group: 'Bucket',
    name: 'bucket region',
    needs: ['bucket'],
    async run(setUp) {
      const { config } = setUp;
      const error = await firstAnswer(setUp);
      const { headers } = await anonymousAnswer(setUp);
      const real = (isElsewhere(error) ? regionOf(error) : undefined) ?? headers['x-amz-bucket-region'];
      if (!isElsewhere(error)) {
        return passed(real ?? config.region ?? 'as configured');
      }
      return failed(
        `The bucket was asked for in ${config.region ?? 'the region of the environment'}.`,
        `It is in ${real ?? 'another region'} (${wordOf(error)}).`,
        `Set "region" to ${real ? `"${real}"` : 'the region of the bucket'}.`,
      );
    },
  },
  setting('ownership', 's3:GetBucketOwnershipControls', async (client, { config }) => {
    const tried = 'Who owns the objects of the bucket was read.';
    const enforced = await client
      .send(new GetBucketOwnershipControlsCommand({ Bucket: config.bucket }))
      .then(({ OwnershipControls }) => OwnershipControls?.Rules?.[0]?.ObjectOwnership === 'BucketOwnerEnforced')
      .catch(insteadOf('OwnershipControlsNotFoundError', false));
    if (enforced && config.acl) {
      return failed(
        tried,
        `The bucket has no ACLs (BucketOwnerEnforced), and "acl" is "${config.acl}": S3 refuses every upload.`,
        'Remove "acl": CloudFront reads the bucket without any.',
      );
    }
    return enforced
      ? passed('BucketOwnerEnforced')
      : warned(
          tried,
          'The bucket has ACLs, by which single objects can be public.',
          `aws s3api put-bucket-ownership-controls --bucket ${config.bucket} --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'`,
        );
  }),
  setting('public access block', 's3:GetBucketPublicAccessBlock', async (client, { config }) => {
    const block = await client
      .send(new GetPublicAccessBlockCommand({ Bucket: config.bucket }))
      .then(({ PublicAccessBlockConfiguration }) => PublicAccessBlockConfiguration)
      .catch(insteadOf('NoSuchPublicAccessBlockConfiguration', undefined));
    const { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } = block ?? {};
    const off = Object.entries({ BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets })
      .filter(([, isOn]) => !isOn)
      .map(([name]) => name);
    return off.length === 0
      ? passed('on')
      : warned(
          'What blocks public access to the bucket was read.',
          `${off.join(', ')} ${off.length === 1 ? 'is' : 'are'} off.`,
          `aws s3api put-public-access-block --bucket ${config.bucket} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`,
        );
  }),
  { group: 'Bucket', name: 'private', needs: ['bucket region'], run: checkPrivacy },
  setting('encryption', 's3:GetEncryptionConfiguration', async (client, { config }) => {
    const algorithm = await client
      .send(new GetBucketEncryptionCommand({ Bucket: config.bucket }))
      .then(
        ({ ServerSideEncryptionConfiguration }) =>
          ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
      )
      .catch(insteadOf('ServerSideEncryptionConfigurationNotFoundError', undefined));
    return algorithm
      ? passed(algorithm)
      : warned(
          'How the bucket encrypts was read.',
          'It does not, unless an upload asks for it.',
          'Set "serverSideEncryption" to "AES256", or encrypt by default in the settings of the bucket.',
        );
  }),
  setting('versioning', 's3:GetBucketVersioning', async (client, { config }) => {
    const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: config.bucket }));
    return Status === 'Enabled'
      ? passed('on')
      : warned(
          'Whether the bucket keeps former versions was read.',
          'It does not: what is deleted or overwritten by mistake is gone.',
          `aws s3api put-bucket-versioning --bucket ${config.bucket} --versioning-configuration Status=Enabled`,
        );
  }),
  setting('incomplete uploads', 's3:GetLifecycleConfiguration', async (client, { config }) => {
    const rules = await client
      .send(new GetBucketLifecycleConfigurationCommand({ Bucket: config.bucket }))
      .then(({ Rules }) => Rules ?? [])
      .catch(insteadOf('NoSuchLifecycleConfiguration', []));
    const days = rules
      .filter(({ Status }) => Status === 'Enabled')
      .map(({ AbortIncompleteMultipartUpload }) => AbortIncompleteMultipartUpload?.DaysAfterInitiation)
      .find((found) => found !== undefined);
    return days !== undefined
      ? passed(`removed after ${days} ${days === 1 ? 'day' : 'days'}`)
      : warned(
          'The lifecycle rules of the bucket were read.',
          'None removes the parts of large uploads that were broken off: they are paid for, and nobody sees them.',
          'Add a rule with AbortIncompleteMultipartUpload, DaysAfterInitiation 1. (One that is there already has to be written along with it.)',
        );
  }),
  { group: 'Bucket', name: 'conditional writes', needs: ['bucket region'], run: conditionalWrites },
  {
    group: 'Bucket',
    name: 'conditional large uploads',
    needs: ['conditional writes'],
    run: checkConditionalCompletion,
  },
];

/** Whether the answer is S3's way of saying that the bucket is in another region. */
function isElsewhere(error: unknown): boolean {
  return (
    ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'].includes(
      wordOf(error ?? {}),
    ) || statusOf(error ?? {}) === 301
  );
}

/**
 * A check of what the owner has set. Ghost's own policy does not allow to read it: then it cannot be told.
 *
 * @param action that reading it needs
 */
function setting(name: string, action: string, read: (client: S3Client, setUp: SetUp) => Promise<Finding>): Check {
  return {
    group: 'Bucket',
    name,
    needs: ['bucket region'],
    async run(setUp) {
      const { config, options } = setUp;
      // The owner of the bucket may have a profile, where Ghost has keys of its own.
      const own = options.profile === undefined ? {} : { credentials: undefined };
      const client = new S3Client({ ...connectionOf(config), ...own });
      try {
        return await read(client, setUp);
      } catch (error) {
        const isRefused = statusOf(error) === 403;
        return unchecked(
          isRefused ? `needs ${action}, which Ghost does not` : `the service does not tell (${wordOf(error)})`,
          isRefused ? `To check it, run the command with --profile and a profile that may ${action}.` : undefined,
        );
      } finally {
        client.destroy();
      }
    },
  };
}

/** @returns what to do with an error that means "there is none" */
function insteadOf<T>(name: string, instead: T): (error: unknown) => T {
  return (error) => {
    if (wordOf(error) === name) {
      return instead;
    }
    throw error;
  };
}

async function checkPrivacy(setUp: SetUp): Promise<Finding> {
  const { config, probes } = setUp;
  const tried = 'The bucket was read without credentials, beside the CDN.';
  const cure =
    `Take the public statement out of the bucket's policy (and public ACLs off its objects), and block public access. ` +
    'CloudFront reads a private bucket by origin access control: infrastructure/template.yaml has its policy.';
  const listing = await askAnonymously(config, (client) =>
    client.send(new ListObjectsV2Command({ Bucket: config.bucket, MaxKeys: 1 })),
  );
  const isWritten = (await refusalToWrite(setUp)) === undefined;
  const readable: Feature[] = [];
  for (const probe of isWritten ? probes.all : []) {
    const { status = 0 } = await askAnonymously(probe.config, (client) =>
      client.send(new GetObjectCommand({ Bucket: probe.config.bucket, Key: probe.key, Range: 'bytes=0-0' })),
    );
    if ([200, 206].includes(status)) {
      readable.push(probe.feature);
    }
  }
  const open = [
    ...(listing.status === 200 ? ['list its files'] : []),
    ...(readable.length === 0 ? [] : [`read ${readable.join(', ')} at S3`]),
  ];
  if (open.length > 0) {
    return failed(tried, `Everybody may ${open.join(' and ')}.`, cure);
  }
  if (listing.status !== undefined && listing.status >= 500) {
    return unchecked(`S3 does not answer at the moment (${listing.status})`);
  }
  if (isAwsEndpoint(config.endpoint)) {
    const client = new S3Client(connectionOf(config));
    const { PolicyStatus } = await client
      .send(new GetBucketPolicyStatusCommand({ Bucket: config.bucket }))
      .catch(() => ({ PolicyStatus: undefined }));
    client.destroy();
    if (PolicyStatus?.IsPublic) {
      return warned(tried, 'It was refused, but S3 holds the policy of the bucket for public.', cure);
    }
  }
  return isWritten ? passed('refused without credentials') : passed('no listing without credentials');
}

/** Looked at once, for uploads in one request and for those in parts. */
function conditionalWrites(setUp: SetUp): Promise<Finding> {
  return setUp.fact('conditional writes', () => checkConditionalWrites(setUp));
}

async function checkConditionalWrites(setUp: SetUp): Promise<Finding> {
  const { first, bytes } = setUp.probes;
  if ((await refusalToWrite(setUp)) !== undefined) {
    return unchecked('nothing could be written: see Permissions');
  }
  const tried = 'A file was written twice, the second time with If-None-Match: *.';
  try {
    await first.bucket.put(first.key, bytes, first.headers, true);
  } catch (error) {
    if (isTaken(error)) {
      return passed('a taken name is refused');
    }
    if (isNotImplemented(error)) {
      return warned(
        tried,
        'The service has no conditional writes (501).',
        'Run only one Ghost process on this bucket: it gives taken names a random suffix.',
      );
    }
    throw first.bucket.explain(error, 'PutObject', first.key);
  }
  return failed(
    tried,
    'The service takes no notice of the condition: the second write has replaced the first.',
    'Two uploads of one name at the same moment become one. Run only one Ghost process on this bucket, or use a service with conditional writes.',
  );
}

async function checkConditionalCompletion(setUp: SetUp): Promise<Finding> {
  const { first, bytes } = setUp.probes;
  if ((await refusalToWrite(setUp)) !== undefined || (await refusalToAbort(setUp)) !== undefined) {
    return unchecked('no upload in parts could be taken back: see Permissions');
  }
  if ((await conditionalWrites(setUp)).result !== 'passed') {
    return unchecked('the service has no conditional writes');
  }
  const { sdk, client } = await connect(first.config);
  const target = { Bucket: first.config.bucket, Key: first.key };
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ ...target, ...first.headers }));
  try {
    const part = { PartNumber: 1 };
    const { ETag, ChecksumCRC32 } = await client.send(
      new sdk.UploadPartCommand({ ...target, ...part, UploadId, Body: bytes }),
    );
    await client.send(
      new sdk.CompleteMultipartUploadCommand({
        ...target,
        UploadId,
        MultipartUpload: { Parts: [{ ...part, ETag, ChecksumCRC32 }] },
        IfNoneMatch: '*',
      }),
    );
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined);
    return isTaken(error)
      ? passed('a taken name is refused')
      : warned(
          'An upload in parts was completed with If-None-Match: *, under a name that is taken.',
          `The service answers ${statusOf(error) ?? ''} ${wordOf(error)}.`,
          'Run only one Ghost process on this bucket.',
        );
  }
  return warned(
    'An upload in parts was completed with If-None-Match: *, under a name that is taken.',
    'The service takes no notice of the condition.',
    'Large uploads look whether their name is free just before their end. To be quite safe, run only one Ghost process on this bucket.',
  );
}
