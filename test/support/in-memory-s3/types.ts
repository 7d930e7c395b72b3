/** What a test asks of the server when it starts one. */
export interface InMemoryS3Options {
  /** Port on 127.0.0.1; a free one when absent. */
  port?: number;
  /** Round-trip time added to every request, in milliseconds: half before it is carried out, half before its answer. */
  latencyMs?: number;
  /** Ceiling for each connection and direction, in bytes a second. */
  bandwidthBytesPerSecond?: number;
  /**
   * Takes bodies as they come, without holding them against their checksums: for benchmarks, in which the work of the
   * server is not what is measured. ETags are then made of lengths.
   */
  trustsBodies?: boolean;
  /** Region the endpoint stands for; default `us-east-1`. */
  region?: string;
}

/** One request as it arrived. `status` is 0 until it is answered, and for ever when its connection was cut. */
export interface RecordedRequest {
  /** S3's own name: `PutObject`, `HeadObject`, `ListObjectsV2`, …; `Unknown` for what no operation matches. */
  operation: string;
  method: string;
  bucket?: string;
  key?: string;
  query: Record<string, string>;
  /** Lower-case names. */
  headers: Record<string, string>;
  status: number;
  accessKeyId?: string;
  /** Bytes of the body on the wire, chunk signatures and trailers included. */
  bytesReceived: number;
  /** Milliseconds since the epoch, with a fraction. */
  startedAtMs: number;
  endedAtMs: number;
}

export type FaultKind =
  /** An error as S3 words it; status 200 gives the late error of CompleteMultipartUpload and CopyObject. */
  | { status: number; code: string; message?: string }
  /** The connection is destroyed before an answer. */
  | 'reset'
  /** The request is carried out, then the connection is destroyed: a lost answer. */
  | 'reset-after-store'
  /** Accepted and never answered, until the server closes. */
  | 'stall'
  /** GetObject: half of the body, then the connection is destroyed. */
  | 'truncate-body'
  /** Carried out after a pause. */
  | { delayMs: number };

/** A misbehaviour; the first one that fits a request is applied to it. */
export interface Fault {
  /** Names of operations; any when absent. */
  operation?: string | string[];
  /** The whole key, or a pattern; any when absent. */
  key?: string | RegExp;
  /** How often it strikes; default 1, `Infinity` until cleared. */
  times?: number;
  /** Chance of striking a request that fits, 0 to 1; default 1. */
  probability?: number;
  kind: FaultKind;
}

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface InMemoryS3User extends Credentials {
  /** Makes these temporary credentials: requests must carry the token. */
  sessionToken?: string;
  /** After this moment the session token is answered with ExpiredToken. */
  expiresAt?: Date;
  /** IAM policy document; everything is allowed when absent. */
  policy?: object;
}

/** `honoured` as S3 does; the other two imitate other providers. */
export type ConditionalWrites = 'honoured' | 'not-implemented' | 'ignored';

export type ObjectOwnership = 'BucketOwnerEnforced' | 'ObjectWriter';

export interface BucketOptions {
  /** Default: the server's. */
  region?: string;
  /** Default `BucketOwnerEnforced`, on which ACLs are refused. */
  objectOwnership?: ObjectOwnership;
  /** Default `honoured`. */
  conditionalWrites?: ConditionalWrites;
  /** Bucket policy document. */
  policy?: object;
}

/** What is stored beside an object's bytes. */
export interface ObjectHeaders {
  contentType: string;
  cacheControl?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  contentLanguage?: string;
  expires?: string;
  storageClass: string;
  serverSideEncryption: string;
  sseKmsKeyId?: string;
  acl?: string;
  /** `x-amz-meta-*` without that prefix. */
  metadata: Record<string, string>;
}

export interface StoredObject extends ObjectHeaders {
  readonly bytes: Buffer;
  readonly size: number;
  /** With its quotes, as in the header. */
  readonly etag: string;
  readonly lastModified: Date;
}

export interface InMemoryMultipartUpload {
  uploadId: string;
  key: string;
  parts: { partNumber: number; size: number; etag: string }[];
}

export interface InMemoryS3 {
  /** `http://127.0.0.1:PORT`; `http://s3.localhost:PORT` reaches it with virtual-host style. */
  endpoint: string;
  port: number;
  region: string;
  /** Every request so far, in order of arrival. */
  requests: RecordedRequest[];
  /** The root user's keys, which allow everything. */
  credentials: Credentials;
  createBucket(name: string, options?: BucketOptions): void;
  addUser(user: InMemoryS3User): void;
  setBucketPolicy(bucket: string, policy: object): void;
  injectFault(fault: Fault): { clear(): void };
  clearFaults(): void;
  /** The live contents of a bucket. */
  objects(bucket: string): Map<string, StoredObject>;
  /** The uploads that were neither completed nor aborted. */
  multipartUploads(bucket: string): InMemoryMultipartUpload[];
  openConnections(): number;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}
