import type { ServerResponse } from 'node:http';
import type { Reply } from './operation';
import type { Pace } from './pace';

const SMALLEST_SLICE_BYTES = 4 * 1024;
const LARGEST_SLICE_BYTES = 256 * 1024;
const SLICE_MS = 5;

/**
 * Sends an answer.
 *
 * @param pace the bandwidth of the connection, if it is limited
 * @param truncate whether to send half of the body and then cut the connection
 */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  { pace, truncate }: { pace?: Pace; truncate: boolean },
): Promise<void> {
  const pieces = typeof reply.body === 'string' ? [Buffer.from(reply.body)] : (reply.body ?? []);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const hasLength = reply.status !== 204 && reply.status !== 304;
  response.writeHead(
    reply.status,
    definedOnly({
      ...(typeof reply.body === 'string' && { 'content-type': 'application/xml' }),
      ...(hasLength && { 'content-length': String(length) }),
      ...reply.headers,
    }),
  );
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  if (truncate) {
    await writePaced(response, [Buffer.concat(pieces).subarray(0, Math.floor(length / 2))], pace);
    await flushed(response);
    response.destroy();
    return;
  }
  await writePaced(response, pieces, pace);
  response.end();
}

async function writePaced(response: ServerResponse, pieces: Buffer[], pace: Pace | undefined): Promise<void> {
  if (!pace) {
    for (const piece of pieces) response.write(piece);
    return;
  }
  pace.begin();
  const perSlice = (pace.bytesPerSecond * SLICE_MS) / 1000;
  const sliceBytes = Math.floor(Math.min(Math.max(perSlice, SMALLEST_SLICE_BYTES), LARGEST_SLICE_BYTES));
  for (const piece of pieces) {
    for (let offset = 0; offset < piece.length && !response.destroyed; offset += sliceBytes) {
      const slice = piece.subarray(offset, offset + sliceBytes);
      await pace.carry(slice.length);
      response.write(slice);
    }
  }
}

function flushed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.write('', () => resolve());
    response.once('close', resolve);
  });
}

function definedOnly(headers: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
