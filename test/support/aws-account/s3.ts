import type {
  DeleteObjectsCommandInput,
  GetBucketPolicyCommandInput,
  LifecycleRule,
  ListObjectVersionsCommandInput,
  ObjectOwnership,
  PublicAccessBlockConfiguration,
  ServerSideEncryption,
} from '@aws-sdk/client-s3';
import { awsError } from './aws-error';
import { page } from './pages';
import type { ClientConfig, Operations } from './switchboard';

export interface ObjectVersion {
  key: string;
  /** Greater for later versions. */
  versionId: string;
  /** Whether it marks the object as deleted. */
  isDeleteMarker?: boolean;
}

export interface Bucket {
  name: string;
  region: string;
  /** JSON */
  policy?: string;
  publicAccessBlock?: PublicAccessBlockConfiguration;
  versioning?: 'Enabled' | 'Suspended';
  ownership?: ObjectOwnership;
  encryption?: ServerSideEncryption;
  /** Whether a lifecycle rule removes incomplete uploads. */
  abortsUploads?: boolean;
  /** Other lifecycle rules. */
  lifecycle?: LifecycleRule[];
  /** Oldest first. */
  versions: ObjectVersion[];
  /** Whether it is in another account. */
  otherOwner: boolean;
}

type BucketInput = GetBucketPolicyCommandInput;

/** S3 with its buckets, in all regions. */
export class Buckets {
  readonly all: Bucket[] = [];
  private writes = 0;

  constructor(private readonly region: string) {}

  /** Adds a bucket, with a version of each of the keys in `objects`. */
  add({ objects = [], ...given }: Partial<Bucket> & { name: string; objects?: string[] }): Bucket {
    const bucket: Bucket = {
      region: this.region,
      otherOwner: false,
      versions: objects.map((key) => ({ key, versionId: this.nextVersionId() })),
      ...given,
    };
    this.all.push(bucket);
    return bucket;
  }

  find(name: string): Bucket | undefined {
    return this.all.find((bucket) => bucket.name === name);
  }

  /** @throws BucketNotEmpty, NoSuchBucket */
  remove(name: string): void {
    const bucket = this.find(name);
    if (!bucket) {
      throw noSuchBucket();
    }
    if (bucket.versions.length > 0) {
      throw awsError('s3', 'BucketNotEmpty', 'The bucket you tried to delete is not empty', 409);
    }
    this.all.splice(this.all.indexOf(bucket), 1);
  }

  /** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html */
  readonly operations: Operations = {
    HeadBucket: ({ Bucket = '' }: BucketInput, client) => {
      const bucket = this.find(Bucket);
      // A response without a body: the SDK names it "NotFound" for 404, and "Unknown" otherwise.
      if (!bucket) {
        throw awsError('s3', 'NotFound', 'UnknownError', 404);
      }
      if (bucket.otherOwner) {
        throw awsError('s3', 'Unknown', 'UnknownError', 403);
      }
      if (bucket.region !== client.region) {
        throw awsError('s3', 'Unknown', 'UnknownError', 301, inRegion(bucket));
      }
      return { BucketRegion: bucket.region };
    },

    GetBucketPolicy: ({ Bucket = '' }: BucketInput, client) => {
      const { policy } = this.get(Bucket, client);
      if (policy === undefined) {
        throw awsError('s3', 'NoSuchBucketPolicy', 'The bucket policy does not exist', 404);
      }
      return { Policy: policy };
    },

    GetBucketPolicyStatus: ({ Bucket = '' }: BucketInput, client) => {
      const { Statement = [] } = JSON.parse(this.get(Bucket, client).policy ?? '{}') as {
        Statement?: { Principal?: unknown; Condition?: object }[];
      };
      const IsPublic = Statement.some(({ Principal, Condition }) => Principal === '*' && !Condition);
      return { PolicyStatus: { IsPublic } };
    },

    GetBucketEncryption: ({ Bucket = '' }: BucketInput, client) => {
      const { encryption: SSEAlgorithm } = this.get(Bucket, client);
      if (!SSEAlgorithm) {
        const message = 'The server side encryption configuration was not found';
        throw awsError('s3', 'ServerSideEncryptionConfigurationNotFoundError', message, 404);
      }
      return {
        ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm } }] },
      };
    },

    GetPublicAccessBlock: ({ Bucket = '' }: BucketInput, client) => {
      const { publicAccessBlock } = this.get(Bucket, client);
      if (!publicAccessBlock) {
        const message = 'The public access block configuration was not found';
        throw awsError('s3', 'NoSuchPublicAccessBlockConfiguration', message, 404);
      }
      return { PublicAccessBlockConfiguration: publicAccessBlock };
    },

    GetBucketVersioning: ({ Bucket = '' }: BucketInput, client) => ({ Status: this.get(Bucket, client).versioning }),

    GetBucketOwnershipControls: ({ Bucket = '' }: BucketInput, client) => {
      const { ownership } = this.get(Bucket, client);
      if (!ownership) {
        throw awsError('s3', 'OwnershipControlsNotFoundError', 'The bucket ownership controls were not found', 404);
      }
      return { OwnershipControls: { Rules: [{ ObjectOwnership: ownership }] } };
    },

    GetBucketLifecycleConfiguration: ({ Bucket = '' }: BucketInput, client) => {
      const { abortsUploads, lifecycle = [] } = this.get(Bucket, client);
      if (!abortsUploads && lifecycle.length === 0) {
        throw awsError('s3', 'NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist', 404);
      }
      const ofUploads = { Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } };
      return { Rules: [...(abortsUploads ? [ofUploads] : []), ...lifecycle] };
    },

    /** Objects have no content here. */
    GetObject: ({ Bucket = '' }: BucketInput, client) => {
      this.get(Bucket, client);
      throw awsError('s3', 'NoSuchKey', 'The specified key does not exist.', 404);
    },

    ListObjectVersions: (input: ListObjectVersionsCommandInput, client) => {
      const { Bucket = '', Prefix = '', KeyMarker = '', VersionIdMarker } = input;
      const { versions } = this.get(Bucket, client);
      const following = versions
        .filter(
          ({ key, versionId }) =>
            key.startsWith(Prefix) &&
            (key > KeyMarker || (key === KeyMarker && VersionIdMarker !== undefined && versionId < VersionIdMarker)),
        )
        .sort((one, other) => (one.key + other.versionId < other.key + one.versionId ? -1 : 1));
      const { items, next } = page(following);
      const shown = (marked: boolean) =>
        items
          .filter(({ isDeleteMarker = false }) => isDeleteMarker === marked)
          .map((version) => ({
            Key: version.key,
            VersionId: version.versionId,
            IsLatest: isLatest(versions, version),
          }));
      const last = items.at(-1);
      return {
        Versions: shown(false),
        DeleteMarkers: shown(true),
        IsTruncated: next !== undefined,
        ...(next && { NextKeyMarker: last?.key, NextVersionIdMarker: last?.versionId }),
      };
    },

    DeleteObjects: ({ Bucket = '', Delete }: DeleteObjectsCommandInput, client) => {
      const bucket = this.get(Bucket, client);
      const objects = Delete?.Objects ?? [];
      if (objects.length === 0 || objects.length > 1000) {
        throw awsError('s3', 'MalformedXML', 'The XML you provided was not well-formed');
      }
      const deleted = objects.map(({ VersionId }) => VersionId);
      bucket.versions = bucket.versions.filter(({ versionId }) => !deleted.includes(versionId));
      return { Deleted: Delete?.Quiet ? [] : objects };
    },

    DeleteBucket: ({ Bucket = '' }: BucketInput, client) => {
      this.get(Bucket, client);
      this.remove(Bucket);
      return {};
    },
  };

  private nextVersionId(): string {
    return String(++this.writes).padStart(32, '0');
  }

  private get(name: string, client: ClientConfig): Bucket {
    const bucket = this.find(name);
    if (!bucket) {
      throw noSuchBucket();
    }
    if (bucket.otherOwner) {
      throw awsError('s3', 'AccessDenied', 'Access Denied', 403);
    }
    if (bucket.region !== client.region) {
      throw awsError(
        's3',
        'PermanentRedirect',
        'The bucket you are attempting to access must be addressed using the specified endpoint. ' +
          'Please send all future requests to this endpoint.',
        301,
        inRegion(bucket),
      );
    }
    return bucket;
  }
}

const inRegion = ({ region }: Bucket) => ({ 'x-amz-bucket-region': region });

const noSuchBucket = () => awsError('s3', 'NoSuchBucket', 'The specified bucket does not exist', 404);

const isLatest = (versions: ObjectVersion[], { key, versionId }: ObjectVersion) =>
  versions.findLast((version) => version.key === key)?.versionId === versionId;
