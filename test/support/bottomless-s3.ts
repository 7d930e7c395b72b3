import { createHash } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from './local-server';

/** How a bottomless S3 answers. */
export interface BottomlessOptions {
  /** After so many requests, all of one second are answered with 503 SlowDown, however slow the client is. */
  restsAfter?: number;
  /** Round-trip time (ms); default 0. */
  latencyMs?: number;
}

/** An S3 that checks what it receives, and keeps only its size: gigabytes fit into it. */
export interface BottomlessS3 {
  endpoint: string;
  /** The sizes (bytes) of the stored objects, by key. */
  sizes: Map<string, number>;
  /** How many requests were answered with SlowDown. */
  refused: number;
  /** The largest number of requests at the same time. */
  mostAtOnce: number;
  /** How many multipart uploads were neither completed nor aborted. */
  unfinished(): number;
  close(): Promise<void>;
}

/** Starts an S3 for any bucket and any credentials. Objects are read as zeros. */
export async function startBottomlessS3({
  restsAfter = Infinity,
  latencyMs = 0,
}: BottomlessOptions = {}): Promise<BottomlessS3> {
  const parts = new Map<string, number[]>();
  let uploads = 0;
  let atOnce = 0;
  let taken = 0;
  let restsUntilMs = 0;

  const isTooMuch = () => {
    const now = performance.now();
    if (now < restsUntilMs) return true;
    taken += 1;
    if (taken <= restsAfter) return false;
    taken = 0;
    restsUntilMs = now + 1_000;
    return true;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://s3');
    const key = decodeURIComponent(pathname).replace(/^\/[^/]+\//, '');
    const uploadId = searchParams.get('uploadId') ?? '';
    const refused = isTooMuch();
    const size = await receive(request);
    await sleep(latencyMs);
    const answer = (status: number, body = '', headers: Record<string, string | number> = {}) => {
      response.writeHead(status, { 'x-amz-request-id': 'BOTTOMLESS', 'content-length': body.length, ...headers });
      response.end(body);
    };
    const error = (status: number, code: string) =>
      answer(status, request.method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    const etag = { etag: `"${'0'.repeat(32)}"` };
    const known = s3.sizes.get(key);
    if (refused) {
      s3.refused += 1;
      error(503, 'SlowDown');
    } else if (size === undefined) {
      error(400, 'BadDigest');
    } else if (request.method === 'POST' && searchParams.has('uploads')) {
      const id = `upload-${(uploads += 1)}`;
      parts.set(id, []);
      const ids = `<UploadId>${id}</UploadId><Key>${key}</Key>`;
      answer(200, `<InitiateMultipartUploadResult>${ids}</InitiateMultipartUploadResult>`);
    } else if (request.method === 'PUT' && uploadId) {
      parts.get(uploadId)?.push(size);
      answer(200, '', etag);
    } else if (request.method === 'DELETE' && uploadId) {
      parts.delete(uploadId);
      answer(204);
    } else if ((request.method === 'POST' || request.method === 'PUT') && known !== undefined) {
      error(412, 'PreconditionFailed');
    } else if (request.method === 'POST') {
      s3.sizes.set(
        key,
        (parts.get(uploadId) ?? []).reduce((sum, part) => sum + part, 0),
      );
      parts.delete(uploadId);
      answer(200, `<CompleteMultipartUploadResult><ETag>${etag.etag}</ETag></CompleteMultipartUploadResult>`);
    } else if (request.method === 'PUT') {
      s3.sizes.set(key, size);
      answer(200, '', etag);
    } else if (known === undefined) {
      error(404, 'NoSuchKey');
    } else {
      response.writeHead(200, { 'x-amz-request-id': 'BOTTOMLESS', 'content-length': known, ...etag });
      await sendZeros(request.method === 'HEAD' ? 0 : known, response);
    }
  };

  const server = http.createServer((request, response) => {
    s3.mostAtOnce = Math.max(s3.mostAtOnce, (atOnce += 1));
    response.once('close', () => (atOnce -= 1));
    handle(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  const port = await listen(server);
  const s3: BottomlessS3 = {
    endpoint: `http://127.0.0.1:${port}`,
    sizes: new Map(),
    refused: 0,
    mostAtOnce: 0,
    unfinished: () => parts.size,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return s3;
}

/** Returns the size of a body; undefined when it is not what its MD5 says. */
async function receive(request: IncomingMessage): Promise<number | undefined> {
  const expected = request.headers['content-md5'];
  const hash = createHash('md5');
  let size = 0;
  for await (const piece of request) {
    size += (piece as Buffer).byteLength;
    if (expected) hash.update(piece as Buffer);
  }
  return expected && hash.digest('base64') !== expected ? undefined : size;
}

async function sendZeros(bytes: number, response: ServerResponse): Promise<void> {
  const zeros = Buffer.alloc(256 * 1024);
  for (let left = bytes; left > 0; left -= zeros.byteLength) {
    if (!response.write(zeros.subarray(0, left)) && !response.destroyed) {
      await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
    }
  }
  response.end();
}
