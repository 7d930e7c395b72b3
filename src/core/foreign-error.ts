/** The fields that are read from an error of the SDK, a service, or the network. */
export interface ForeignError {
  name?: string;
  message?: string;
  code?: string;
  Code?: string;
  Region?: string;
  hostname?: string;
  address?: string;
  port?: number;
  errors?: ForeignError[];
  cause?: unknown;
  /** Of an error of a proxy. */
  proxyHelp?: string;
  $metadata?: { httpStatusCode?: number; requestId?: string; attempts?: number };
  $response?: { headers?: Record<string, string> };
  /** The body of a response that the SDK could not parse. */
  $responseBodyText?: string;
  /** Of a web page that the SDK could parse. */
  head?: { title?: unknown };
}

/** Node's codes for a broken connection, after which another attempt may work. */
export const PASSING_NETWORK_CODES = ['EAI_AGAIN', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'];

/** Node's codes for an unreachable host or a broken connection. */
export const NETWORK_CODES = [...PASSING_NETWORK_CODES, 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND'];

/** Returns an error of any origin in the shape of its known fields; for `null` and `undefined`, one without any. */
export function asForeign(error: unknown): ForeignError {
  return error ?? {};
}

/** Returns the HTTP status of a response that the SDK reported as an error; undefined when there was no response. */
export function statusOf(error: unknown): number | undefined {
  return asForeign(error).$metadata?.httpStatusCode;
}
