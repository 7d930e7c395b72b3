import { fork, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { digest, MIB } from '../support/bytes';
import { useBucket } from '../support/use-bucket';
import type { Possessions } from '../support/serving-process';

const CLIENTS = 300;
/** Half of them before the first byte. */
const LEAVING = 100;
/** More than the buffers of the connections between S3 and a visitor hold: a visitor who leaves does so in the middle. */
const FILM = randomBytes(8 * MIB);
const PATIENCE_MS = 120_000;
/** On a busy machine, S3 may not respond for longer than the 30 s after which a visitor gets an error. */
const SILENCE_MS = 600_000;

const bucket = useBucket({ per: 'file' });
let serving: ChildProcess;
let port: number;

beforeAll(async () => {
  await bucket.put('content/images/2026/11/film.mp4', FILM, { ContentType: 'video/mp4' });
  const script = path.resolve(__dirname, '../support/serving-process.ts');
  serving = fork(script, [JSON.stringify(bucket.options({ serve: 'stream', requestTimeoutMs: SILENCE_MS }))], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  });
  [port] = (await once(serving, 'message')) as [number];
});

afterAll(async () => {
  if (serving) {
    const exited = once(serving, 'exit');
    serving.kill();
    await exited;
  }
});

async function possessions(): Promise<Possessions> {
  const answer = once(serving, 'message') as Promise<[Possessions]>;
  serving.send('count');
  return (await answer)[0];
}

/** What the process holds once everybody has been served or has left. */
async function possessionsAtRest(): Promise<Possessions> {
  const deadline = Date.now() + PATIENCE_MS;
  let held = await possessions();
  while ((held.visitors > 0 || held.socketsInUse > 0) && Date.now() < deadline) {
    await sleep(100);
    held = await possessions();
  }
  return held;
}

/** A visitor with a connection of its own, who has started to receive the film and for now takes no more of it. */
interface Visitor {
  leave(): Promise<void>;
  /** @returns the digest of all that was received */
  receive(): Promise<string>;
}

async function visit(): Promise<Visitor> {
  const request = http.get({ host: '127.0.0.1', port, path: '/2026/11/film.mp4', agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  expect(response.statusCode).toBe(200);
  return {
    leave: () => leave(request),
    receive: async () => {
      const hash = createHash('sha256');
      for await (const chunk of response) hash.update(chunk as Buffer);
      return hash.digest('hex');
    },
  };
}

/** A visitor who closes the page as soon as it is asked for. */
async function visitAndLeaveAtOnce(): Promise<void> {
  const request = http.get({ host: '127.0.0.1', port, path: '/2026/11/film.mp4', agent: false });
  await once(request, 'finish');
  await leave(request);
}

async function leave(request: http.ClientRequest): Promise<void> {
  const closed = new Promise((resolve) => request.once('close', resolve));
  // To leave before the answer is an error to the one who asked.
  request.on('error', () => undefined).destroy();
  await closed;
}

/** What came of three hundred visitors at once. */
interface Storm {
  /** What the process held when the only visitors who had left were those who did so at once. */
  during: Possessions;
  /** The digests of what those have received who stayed: two of three. */
  received: string[];
}

async function storm(): Promise<Storm> {
  const half = LEAVING / 2;
  const impatient = Array.from({ length: half }, visitAndLeaveAtOnce);
  const visitors = await Promise.all(Array.from({ length: CLIENTS - half }, visit));
  await Promise.all(impatient);
  const during = await possessions();
  const leaving = visitors.slice(0, half).map((visitor) => visitor.leave());
  const received = await Promise.all(visitors.slice(half).map((visitor) => visitor.receive()));
  await Promise.all(leaving);
  return { during, received };
}

test('300 visitors at once, of whom a third leave in the middle: the others get every byte, and nothing stays behind', async () => {
  // The first visitors load what is loaded on first use, and fill the pool of connections to S3.
  await storm();
  const before = await possessionsAtRest();

  const { during, received } = await storm();

  expect(received).toHaveLength(CLIENTS - LEAVING);
  expect(new Set(received)).toEqual(new Set([digest(FILM)]));
  // Each visitor had a connection, and behind it one to S3 with a body on it.
  expect(during.socketsInUse).toBeGreaterThanOrEqual(2 * (CLIENTS - LEAVING / 2));
  const after = await possessionsAtRest();
  expect(after).toMatchObject({ visitors: 0, socketsInUse: 0, errors: [] });
  expect(after.handles?.files).toBe(before.handles?.files);
  expect(after.handles?.sockets ?? 0).toBeLessThanOrEqual(before.handles?.sockets ?? 0);
  expect(after.aliveBytes - before.aliveBytes).toBeLessThan(4 * MIB);
  expect(after.residentBytes - before.residentBytes).toBeLessThan(64 * MIB);
  const unfinished = bucket.server.memory?.requests.filter(({ endedAtMs }) => endedAtMs === 0) ?? [];
  expect(unfinished).toEqual([]);
});
