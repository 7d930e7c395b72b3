import { once } from 'node:events';
import http, { type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseConfig } from '../../src/core/config';
import { Bucket } from '../../src/core/s3/bucket';
import { createAdapter, optionsFor } from '../support/adapter';
import { listen, stop } from '../support/local-server';
import { useUploadFolder } from '../support/use-bucket';

// A service that keeps a connection busy with a byte now and then is never silent, and never done.

const uploads = useUploadFolder();
const REQUEST_TIMEOUT_MS = 300;
const BYTE_EVERY_MS = 50;

let server: Server;
let endpoint: string;
let requests: string[];

/** Starts a service that knows no object, and answers with headers and then one byte of the body at a time. */
beforeEach(async () => {
  requests = [];
  server = http.createServer((request, response) => {
    requests.push(request.method ?? '');
    request.resume();
    response.writeHead(request.method === 'HEAD' ? 404 : 200, {
      'x-amz-request-id': 'SLOW',
      'content-length': 1_000_000,
      etag: '"0"',
      'last-modified': new Date().toUTCString(),
      'content-type': 'image/jpeg',
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.flushHeaders();
    const timer = setInterval(() => response.write('x'), BYTE_EVERY_MS);
    response.once('close', () => clearInterval(timer));
  });
  endpoint = `http://127.0.0.1:${await listen(server)}`;
});
afterEach(() => stop(server));

const OPTIONS = { requestTimeoutMs: REQUEST_TIMEOUT_MS, maxAttempts: 2 };
const service = () => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'KEY', secretAccessKey: 'secret' },
});
const adapter = () => createAdapter(service(), 'blog', OPTIONS);

test('an image that arrives one byte at a time is given up', async () => {
  await expect(adapter().read({ path: '2026/11/x.jpg' })).rejects.toMatchObject({ code: 'STORAGE_S3_UNREACHABLE' });
});

test('an upload whose response arrives one byte at a time is given up, and says so', async () => {
  const file = await uploads.file('x.jpg', 'bytes');
  await expect(adapter().save(file, '2026/11')).rejects.toMatchObject({ code: 'STORAGE_S3_UNREACHABLE' });
  expect(requests.length).toBeGreaterThan(1);
});

test('a response whose headers arrive one byte at a time is given up', async () => {
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    socket.resume().on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
    const timer = setInterval(() => socket.write('x'), BYTE_EVERY_MS);
    socket.once('close', () => clearInterval(timer));
  });
  await expect(adapter().exists('x.jpg', '2026/11')).rejects.toMatchObject({ code: 'STORAGE_S3_UNREACHABLE' });
});

test('a download is not given up while its reader works on what has arrived', async () => {
  let response!: ServerResponse;
  server.removeAllListeners('request');
  server.on('request', (_request, answer: ServerResponse) => {
    response = answer;
    answer.writeHead(200, { 'x-amz-request-id': 'SLOW', 'content-length': 10, etag: '"0"' });
    answer.write('12345');
  });
  // The headers come in time on a busy machine, too.
  const requestTimeoutMs = 1_500;
  const { config } = parseConfig(optionsFor(service(), 'blog', { ...OPTIONS, requestTimeoutMs }));
  const { Body } = await new Bucket(config).get('content/images/2026/11/x.jpg');
  const chunks: Buffer[] = [];
  for await (const chunk of Body) {
    chunks.push(chunk as Buffer);
    if (chunks.length === 1) {
      response.end('67890');
      await once(Body, 'readable');
    }
    await sleep(3 * requestTimeoutMs);
  }
  expect(Buffer.concat(chunks).toString()).toBe('1234567890');
});
