import type { IncomingMessage } from 'node:http';
import type { Caller, User } from './authorization';
import type { Faults } from './faults';
import type { ReceivedBody } from './receive-body';
import type { Bucket } from './store';
import type { RecordedRequest } from './types';

/** Everything a server knows. */
export interface ServerState {
  readonly region: string;
  readonly latencyMs: number;
  readonly bandwidthBytesPerSecond: number | undefined;
  readonly trustsBodies: boolean;
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
  /** A string is XML; buffers are an object's bytes. A HEAD has its length and not itself sent. */
  body?: string | Buffer[];
}

/** A request whose signature and main permission are in order. */
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
  /** Whether the caller may do something further, to `key` or, without one, to the bucket. */
  isAllowed(action: string, key?: string): boolean;
  /** @throws AccessDenied when they may not */
  requireAllowed(action: string, key?: string): void;
  /** Asks the client for the body if it waits to be asked. To be called when nothing in the headers is wrong. */
  receiveBody(): Promise<ReceivedBody>;
}

export interface Operation {
  /** S3's name. */
  name: string;
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  level: 'service' | 'bucket' | 'object';
  /** A query parameter or header that tells it from others of the same method and level. */
  marker?: { query: string } | { header: string };
  /** The permission it needs on its bucket or object; absent where the operation asks by itself. */
  action?: string;
  run(context: OperationContext): Reply | Promise<Reply>;
}
