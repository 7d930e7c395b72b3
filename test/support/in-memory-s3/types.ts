/** Options for starting the server. */
export interface InMemoryS3Options {
  /** Port on 127.0.0.1; default: a free one. */
  port?: number;
  /** Round-trip time (ms) added to every request: half before it takes effect, half before its answer. */
  latencyMs?: number;
  /** Limit for each direction of a connection, in bytes per second. */
  bandwidthBytesPerSecond?: number;
  /**
   * Accepts bodies without verifying their checksums, for benchmarks, which must not measure the server's work. ETags are
   * then derived from lengths.
   */
  trustsBodies?: boolean;
  /** Keeps zeros in the place of bodies above 1 MiB, so that gigabytes fit into the memory. */
  forgetsBodies?: boolean;
  /** The endpoint's region; default `us-east-1`. */
  region?: string;
}

/** A received request. `status` is 0 until it is answered, and stays 0 if its connection is cut. */
export interface RecordedRequest {
  /** S3's name: `PutObject`, `HeadObject`, `ListObjectsV2`, …; `Unknown` if no operation matches. */
  operation: string;
  method: string;
  bucket?: string;
  key?: string;
  query: Record<string, string>;
  /** Lower-case names. */
  headers: Record<string, string>;
  status: number;
  accessKeyId?: string;
  /** Size (bytes) of the transferred body, including chunk signatures and trailers. */
  bytesReceived: number;
  /** Milliseconds since the epoch, with a fraction. */
  startedAtMs: number;
  endedAtMs: number;
}

export type FaultKind =
  /** One of S3's errors; status 200 gives the late error of CompleteMultipartUpload and CopyObject. */
  | { status: number; code: string; message?: string }
  /** Answers 200 with this body, and does nothing: a web page in the place of S3, or an error that no client notices. */
  | { answer: string }
  /** Destroys the connection before an answer. */
  | 'reset'
  /** Lets the request take effect, then destroys the connection: a lost answer. */
  | 'reset-after-store'
  /** Never answers, until the server closes. */
  | 'stall'
  /** GetObject: sends half of the body, then destroys the connection. */
  | 'truncate-body'
  /** Lets the request take effect after a pause. */
  | { delayMs: number }
  /** Lets the request take effect once this returns true, which is asked every few milliseconds. */
  | { until: () => boolean };

/** A fault. A request gets the first one that fits. */
export interface Fault {
  /** Names of operations; default: any. */
  operation?: string | string[];
  /** The whole key, or a pattern; default: any. */
  key?: string | RegExp;
  /** How many requests it applies to; default 1, `Infinity` until cleared. */
  times?: number;
  /** Probability that it applies to a request that fits, 0 to 1; default 1. */
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
  /** From this moment on, requests with the session token get ExpiredToken. */
  expiresAt?: Date;
  /** IAM policy document; default: everything is allowed. */
  policy?: object;
}

/** `honoured` is S3's behavior; the other two are those of other providers. */
export type ConditionalWrites = 'honoured' | 'not-implemented' | 'ignored';

export type ObjectOwnership = 'BucketOwnerEnforced' | 'ObjectWriter';

export interface BucketOptions {
  /** Default: the server's. */
  region?: string;
  /** Default `BucketOwnerEnforced`, which refuses ACLs. */
  objectOwnership?: ObjectOwnership;
  /** Default `honoured`. */
  conditionalWrites?: ConditionalWrites;
  /** Bucket policy document. */
  policy?: object;
  /** Headers of CopyObject that it does not implement, in lower case: it answers 501 to them. */
  unknownCopyHeaders?: string[];
  /** How its ListObjectsV2 differs from S3's. */
  listing?: ListingDifference;
}

/** How other providers list, and what wrong endpoints answer. */
export interface ListingDifference {
  /** The order of the keys; default: by their bytes. */
  order?: (one: string, other: string) => number;
  /** Changes an answer before it is sent, given the parameters of the request. A string is sent as it is. */
  change?: (answer: Record<string, unknown>, query: Record<string, string>) => Record<string, unknown> | string;
}

/** The metadata stored with an object's bytes. */
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
  /** The tags as in `x-amz-tagging`, which only copying looks at. */
  tagging?: string;
  /** `x-amz-meta-*` without that prefix. */
  metadata: Record<string, string>;
}

export interface StoredObject extends ObjectHeaders {
  readonly bytes: Buffer;
  readonly size: number;
  /** Includes the quotes, as in the header. */
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
  /** Returns the objects of a bucket, which change with it. */
  objects(bucket: string): Map<string, StoredObject>;
  /** Returns the uploads that were neither completed nor aborted. */
  multipartUploads(bucket: string): InMemoryMultipartUpload[];
  openConnections(): number;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}
