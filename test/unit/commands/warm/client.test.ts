import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Client, isTransient, reasonOf } from '../../../../src/commands/warm/client';
import { listen, stop } from '../../../support/local-server';

let server: Server;
let respond: RequestListener;
let sockets: Set<Socket>;
const stopping = new AbortController();
const open = (requestMs?: number) => Client.open({ connections: 2, signal: stopping.signal, requestMs });

beforeEach(async () => {
  sockets = new Set();
  server = createServer((request, response) => respond(request, response));
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await listen(server);
});
afterEach(() => stop(server));

const urlOf = (path: string) => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);

async function failureOf(client: Client, path = '/'): Promise<{ reason: string; isTransient: boolean }> {
  const error: unknown = await client
    .get(urlOf(path), '*/*')
    .then(({ body }) => buffer(body))
    .catch((thrown: unknown) => thrown);
  client.close();
  return { reason: reasonOf(error), isTransient: isTransient(error) };
}

test('requests share their connections', async () => {
  respond = (_request, response) => response.end('x');
  const client = await open();
  for (let count = 0; count < 5; count += 1) await buffer((await client.get(urlOf('/'), '*/*')).body);
  client.close();
  expect(sockets.size).toBe(1);
});

test.each<[string, RequestListener]>([
  ['does not answer', () => {}],
  ['sends only the headers', (_request, response) => response.writeHead(200).flushHeaders()],
  ['stops in the middle', (_request, response) => response.writeHead(200, { 'content-length': '100' }).write('half')],
])('a server that %s fails after the time limit, and is asked again', async (_, listener) => {
  respond = listener;
  expect(await failureOf(await open(200))).toEqual({
    reason: 'sent no complete answer in 0.2 s',
    isTransient: true,
  });
});

test('a connection that breaks in the middle of an image fails, and is opened again', async () => {
  respond = (_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
  };
  expect(await failureOf(await open())).toEqual({ reason: 'no answer (ECONNRESET)', isTransient: true });
});

test.each([
  [404, false],
  [403, false],
  [429, true],
  [500, true],
  [504, true],
])('whether %s may pass: %s', async (status, expected) => {
  respond = (_request, response) => response.writeHead(status).end();
  expect(await failureOf(await open())).toEqual({ reason: `answered ${status}`, isTransient: expected });
});

test.each([
  ['without a target', undefined, 'answered 302'],
  ['to a file', 'file:///etc/passwd', 'answered 302 (to file:///etc/passwd)'],
  ['to something that is not a URL', 'http://', 'answered 302 (to http://)'],
  ['to itself, again and again', '/', 'answered 302 (to /)'],
])('a redirect %s is not followed', async (_, location, reason) => {
  let count = 0;
  respond = (_request, response) => {
    count += 1;
    response.writeHead(302, { ...(location !== undefined && { location }) }).end();
  };
  expect(await failureOf(await open())).toEqual({ reason, isTransient: false });
  expect(count).toBeLessThanOrEqual(6);
});

test('an unknown host is not asked again', async () => {
  const client = await open();
  const error: unknown = await client.get(new URL('http://blog.invalid/'), '*/*').catch((thrown: unknown) => thrown);
  client.close();
  expect(reasonOf(error)).toMatch(/^no answer \((ENOTFOUND|EAI_AGAIN)\)$/);
});

test('Ctrl-C ends a request that waits', async () => {
  let isAsked = () => {};
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  respond = () => isAsked();
  const controller = new AbortController();
  const client = await Client.open({ connections: 1, signal: controller.signal });
  const failed = client.get(urlOf('/'), '*/*').catch(({ name }: Error) => name);
  await asked;
  controller.abort();
  expect(await failed).toBe('AbortError');
  const [socket] = sockets;
  if (socket && !socket.closed) await once(socket, 'close');
  client.close();
});
