import type { IncomingMessage } from 'node:http';
import type { S3Client } from '@aws-sdk/client-s3';
import { passSignals, signalOf } from './ended-by';

/** The parts of the SDK's HTTP handler that are used here. Bodies of requests are bytes, those of responses Node streams. */
type Handle = (request: HttpRequest, options?: { abortSignal?: Ending }) => Promise<{ response: { body: unknown } }>;

/**
 * Ends a request, in the SDK's simple form of a signal. An `AbortSignal` of each request with its events took a tenth of
 * the time for an image that is sent to a visitor.
 */
interface Ending {
  aborted: boolean;
  onabort: (() => void) | null;
}

interface HttpRequest {
  method: string;
  query?: Record<string, unknown>;
  headers: Record<string, string>;
  body?: Uint8Array;
}

/** The lowest acceptable total rate (bytes/s) of all transfers of the process. */
const MIN_BYTES_PER_SECOND = 2048;

/** The lowest acceptable rate (bytes/s) of a single transfer, however many there are. */
const MIN_BYTES_PER_SECOND_EACH = 128;

/**
 * How long (ms) S3 may work on completing an upload or on a copy, during which it sends spaces to keep the connection.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
const MAX_WORK_MS = 15 * 60_000;

/** The transfers of the process, each with the highest number of transfers that ran at the same time. */
const transfers = new Set<{ most: number }>();

function beginTransfer(): { most: number } {
  const transfer = { most: 0 };
  transfers.add(transfer);
  for (const each of transfers) {
    each.most = Math.max(each.most, transfers.size);
  }
  return transfer;
}

const leastRate = ({ most }: { most: number }) => Math.max(MIN_BYTES_PER_SECOND / most, MIN_BYTES_PER_SECOND_EACH);

/**
 * Limits the time of each request of a client, so that a service that sends or takes a byte now and then cannot hold it up
 * forever. Slow connections have the time that they need, also with many transfers at once: the limit grows with the bytes
 * to send, and a response may take as long as it keeps coming.
 *
 * @param timeoutMs the time that every request has in addition
 * @param limitsBody whether response bodies are limited too; false where a visitor sets the pace
 */
export function limitRequests(client: S3Client, timeoutMs: number, limitsBody: boolean): void {
  passSignals(client);
  const handler = client.config.requestHandler as unknown as { handle: Handle };
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, options) => {
    const ending: Ending = { aborted: false, onabort: null };
    const passOn = () => {
      ending.aborted = true;
      ending.onabort?.();
    };
    const given = signalOf(request);
    given?.addEventListener('abort', passOn, { once: true });
    if (given?.aborted) {
      passOn();
    }
    const transfer = beginTransfer();
    const begin = Date.now();
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    const endWhenOver = () => {
      const limitMs = timeoutMs + workMsOf(request) + (bytesOf(request) / leastRate(transfer)) * 1000;
      const leftMs = begin + limitMs - Date.now();
      if (leftMs > 0) {
        timer = setTimeout(endWhenOver, leftMs);
      } else {
        isOver = true;
        passOn();
      }
    };
    endWhenOver();
    try {
      const answer = await handle(request, { ...options, abortSignal: ending });
      if (limitsBody) {
        endWhenTrickling(answer.response.body as IncomingMessage, timeoutMs + workMsOf(request));
      }
      return answer;
    } catch (error) {
      throw isOver ? timeout('the request took too long') : error;
    } finally {
      transfers.delete(transfer);
      clearTimeout(timer);
      given?.removeEventListener('abort', passOn);
    }
  };
}

/** Ends a response that arrives too slowly while it is being read. */
function endWhenTrickling(body: IncomingMessage, windowMs: number): void {
  const { socket } = body as { socket?: IncomingMessage['socket'] };
  if (!socket) {
    return;
  }
  const transfer = beginTransfer();
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    const isRead = body.readableFlowing === true || body.listenerCount('readable') > 0;
    const isWaitedFor = isRead && body.readableLength === 0 && !body.complete;
    if (isWaitedFor && socket.bytesRead - before < (leastRate(transfer) * windowMs) / 1000) {
      body.destroy(timeout('the response arrived too slowly'));
    }
    before = socket.bytesRead;
  }, windowMs).unref();
  body.once('close', () => {
    transfers.delete(transfer);
    clearInterval(timer);
  });
}

function bytesOf({ body }: HttpRequest): number {
  return body?.byteLength ?? 0;
}

function workMsOf({ method, query, headers }: HttpRequest): number {
  const isCompletion = method === 'POST' && query && 'uploadId' in query;
  return isCompletion || headers['x-amz-copy-source'] !== undefined ? MAX_WORK_MS : 0;
}

/** The SDK repeats requests that end with an error of this name. */
const timeout = (message: string): Error => Object.assign(new Error(message), { name: 'TimeoutError' });
