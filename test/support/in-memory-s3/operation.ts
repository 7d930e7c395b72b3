import type { IncomingMessage } from 'node:http';
import type { Caller, User } from './authorization';
import type { Faults } from './faults';
import type { ReceivedBody } from './receive-body';
import type { Bucket } from './store';
import type { RecordedRequest } from './types';

/** The state of a server. */
export interface ServerState {
  readonly region: string;
  readonly latencyMs: number;
  readonly bandwidthBytesPerSecond: number | undefined;
  readonly trustsBodies: boolean;
  readonly forgetsBodies: boolean;
  readonly buckets: Map<string, Bucket>;
  /** By access key. */
  readonly users: Map<string, User>;
  readonly faults: Faults;
  readonly requests: RecordedRequest[];
}

/** An answer; undefined headers are left out. */
export interface Reply {
  status: number;
  headers?: Record<string, string | undefined>;
  /** XML as a string, or an object's bytes. For a HEAD, only its length is sent. */
  body?: string | Buffer[];
}

/** A request with a valid signature and the operation's permission. */
export interface OperationContext {
  readonly state: ServerState;
  readonly request: IncomingMessage;
  readonly bucketName: string;
  /** @throws NoSuchBucket */
  readonly bucket: Bucket;
  readonly key: string;
  readonly query: Record<string, string>;
  /** Lower-case names. */
  readonly headers: Record<string, string>;
  readonly caller: Caller;
  /** Returns whether the caller has another permission, on `key` or, without one, on the bucket. */
  isAllowed(action: string, key?: string): boolean;
  /** @throws AccessDenied if the caller does not have it, in another bucket than the request's if one is given */
  requireAllowed(action: string, key?: string, inBucket?: Bucket): void;
  /** Sends `100 Continue` if the client waits for it. To be called once the headers are found valid. */
  receiveBody(): Promise<ReceivedBody>;
}

export interface Operation {
  /** S3's name. */
  name: string;
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  level: 'service' | 'bucket' | 'object';
  /** A query parameter or header that distinguishes it from others with the same method and level. */
  marker?: { query?: string; header?: string };
  /** The permission it needs on its bucket or object; absent if the operation checks its own. */
  action?: string;
  run(context: OperationContext): Reply | Promise<Reply>;
}
