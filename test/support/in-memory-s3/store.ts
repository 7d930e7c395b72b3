import { createHash, randomBytes } from 'node:crypto';
import type { ChecksumAlgorithm } from './checksums';
import type { Content } from './content';
import { parsePolicy, type Policy } from './policy';
import { S3Error } from './s3-error';
import type {
  BucketOptions,
  ConditionalWrites,
  ListingDifference,
  ObjectHeaders,
  ObjectOwnership,
  StoredObject,
} from './types';
import { compareUtf8 } from './utf8-order';

export interface Checksum {
  algorithm: ChecksumAlgorithm;
  /** Base64, followed by `-` and the number of parts for a multipart object. */
  value: string;
}

export class S3Object implements StoredObject {
  readonly contentType: string;
  readonly cacheControl?: string;
  readonly contentDisposition?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly expires?: string;
  readonly storageClass: string;
  readonly serverSideEncryption: string;
  readonly sseKmsKeyId?: string;
  readonly acl?: string;
  readonly tagging?: string;
  readonly metadata: Record<string, string>;
  readonly lastModified = new Date();
  readonly etag: string;

  /**
   * @param content the bytes
   * @param headers from the request
   * @param digest the ETag without quotes: the MD5, or for several parts the MD5 of their MD5s and their number
   * @param checksum the client's, if it sent one
   */
  constructor(
    readonly content: Content,
    headers: ObjectHeaders,
    digest: string,
    readonly checksum?: Checksum,
  ) {
    this.contentType = headers.contentType;
    this.cacheControl = headers.cacheControl;
    this.contentDisposition = headers.contentDisposition;
    this.contentEncoding = headers.contentEncoding;
    this.contentLanguage = headers.contentLanguage;
    this.expires = headers.expires;
    this.storageClass = headers.storageClass;
    this.serverSideEncryption = headers.serverSideEncryption;
    this.sseKmsKeyId = headers.sseKmsKeyId;
    this.acl = headers.acl;
    this.tagging = headers.tagging;
    this.metadata = headers.metadata;
    // With SSE-KMS, an ETag is not a digest of the bytes, and clients must not use it as one.
    this.etag = headers.serverSideEncryption === 'aws:kms' ? `"${randomBytes(16).toString('hex')}"` : `"${digest}"`;
  }

  get bytes(): Buffer {
    return this.content.bytes;
  }

  get size(): number {
    return this.content.size;
  }
}

export interface UploadedPart {
  content: Content;
  /** Includes the quotes. */
  etag: string;
  md5: Buffer;
  checksum?: Checksum;
  lastModified: Date;
}

export interface MultipartUpload {
  uploadId: string;
  key: string;
  initiated: Date;
  headers: ObjectHeaders;
  checksumAlgorithm?: ChecksumAlgorithm;
  parts: Map<number, UploadedPart>;
}

/** The objects of a bucket. Their order is cached until a key is added or deleted. */
export class ObjectMap extends Map<string, S3Object> {
  #sorted: string[] | undefined;

  override set(key: string, object: S3Object): this {
    if (!this.has(key)) this.#sorted = undefined;
    return super.set(key, object);
  }

  override delete(key: string): boolean {
    this.#sorted = undefined;
    return super.delete(key);
  }

  override clear(): void {
    this.#sorted = undefined;
    super.clear();
  }

  /** Returns the keys in the order of listings, by their UTF-8 bytes. */
  sortedKeys(): string[] {
    this.#sorted ??= [...this.keys()].sort(compareUtf8);
    return this.#sorted;
  }
}

export interface PublicAccessBlock {
  BlockPublicAcls: boolean;
  IgnorePublicAcls: boolean;
  BlockPublicPolicy: boolean;
  RestrictPublicBuckets: boolean;
}

/** A bucket without blocks of public access, since tests set up access with policies. */
export class Bucket {
  readonly created = new Date();
  readonly objects = new ObjectMap();
  readonly uploads = new Map<string, MultipartUpload>();
  readonly region: string;
  readonly objectOwnership: ObjectOwnership;
  readonly conditionalWrites: ConditionalWrites;
  readonly unknownCopyHeaders: string[];
  readonly listing: ListingDifference;
  publicAccessBlock?: PublicAccessBlock;
  policy?: Policy;

  constructor(
    readonly name: string,
    options: BucketOptions & { region: string },
  ) {
    this.region = options.region;
    this.objectOwnership = options.objectOwnership ?? 'BucketOwnerEnforced';
    this.conditionalWrites = options.conditionalWrites ?? 'honoured';
    this.unknownCopyHeaders = options.unknownCopyHeaders ?? [];
    this.listing = options.listing ?? {};
    if (options.policy) this.policy = parsePolicy(JSON.stringify(options.policy));
  }

  /** @throws NoSuchUpload if the upload was completed, aborted or never started, or belongs to another key */
  upload(uploadId: string, key: string): MultipartUpload {
    const upload = this.uploads.get(uploadId);
    if (upload?.key !== key) {
      throw new S3Error('NoSuchUpload', 'There is no such upload: it may have been completed or aborted.', {
        UploadId: uploadId,
      });
    }
    return upload;
  }
}

export function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest();
}
