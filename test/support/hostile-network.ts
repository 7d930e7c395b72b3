import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from './local-server';

/** Faults of a request on its way to S3, or of its answer. */
export const MISHAPS = [
  /** The connection is reset, half of the time after S3 has processed the request: a lost answer. */
  'reset',
  /** 503 SlowDown, without S3 receiving the request. */
  'slow-down',
  /** 500 InternalError, half of the time although S3 has processed the request. */
  'internal-error',
  /** No answer, half of the time although S3 has processed the request. */
  'stall',
  /** S3 receives half of the body, then the connection is cut. */
  'truncated-request',
  /** The client receives half of the body, then the connection is closed. */
  'truncated-answer',
  /** The answer is delayed. */
  'slow-answer',
  /** The answer to a PUT or GET has a wrong ETag. */
  'wrong-etag',
] as const;

export type Mishap = (typeof MISHAPS)[number];

/** How S3 is unreachable: connections are refused and reset, or requests are never answered. */
export type Outage = 'refused' | 'silent';

export interface HostileNetworkOptions {
  /** Possible faults; default: all. */
  mishaps?: readonly Mishap[];
  /** Probability of each fault for each request, 0 to 1; default 0.05. */
  probability?: number;
  /** Seed of the random numbers; default 1. */
  seed?: number;
  /** How long (ms) a slow answer is delayed; default 300. */
  slowAnswerMs?: number;
  /** Gives the answer of somebody else to a request: a web page, a proxy. S3 answers the others. */
  answerInstead?: (request: IncomingMessage) => ForeignAnswer | undefined;
  /** Leaves out headers of S3's answers, as services do that send fewer. */
  leavesOut?: (header: string, request: IncomingMessage) => boolean;
}

/** An answer that is not S3's. */
export interface ForeignAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
  /** Whether S3 carries out the request nevertheless. */
  isCarriedOut?: boolean;
}

/** A network between an adapter and S3. */
export interface HostileNetwork {
  /** S3's URL through the network: `http://127.0.0.1:PORT`. */
  endpoint: string;
  port: number;
  /** How often each fault has occurred. */
  injected: Record<Mishap, number>;
  /** Makes S3 unreachable until `bringBack`. */
  takeAway(outage: Outage): Promise<void>;
  bringBack(): Promise<void>;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a network between an adapter and an S3 server on which faults occur at random. It forwards every request
 * unchanged, including the Host header, so that signatures stay valid.
 *
 * @param target URL of the S3 server
 * @returns once it listens on 127.0.0.1
 */
export async function startHostileNetwork(
  target: string,
  {
    mishaps = MISHAPS,
    probability = 0.05,
    seed = 1,
    slowAnswerMs = 300,
    answerInstead,
    leavesOut,
  }: HostileNetworkOptions = {},
): Promise<HostileNetwork> {
  const { hostname, port: targetPort } = new URL(target);
  const random = randomNumbers(seed);
  const injected = Object.fromEntries(MISHAPS.map((mishap) => [mishap, 0])) as Record<Mishap, number>;
  const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
  const sockets = new Set<Socket>();
  let isSilent = false;

  /** Forwards a request, or only the first bytes of its body, and returns S3's answer. */
  const forward = (request: IncomingMessage, response: ServerResponse, bytes = Infinity): Promise<IncomingMessage> => {
    const { method, url: path, headers } = request;
    const onwards = http.request({
      agent,
      host: hostname,
      port: targetPort,
      method,
      path,
      headers: endToEnd(headers),
    });
    // The client is gone, or the connection was cut.
    response.once('close', () => onwards.destroy());
    if (bytes === Infinity) {
      request.pipe(onwards);
    } else {
      handOnFirst(bytes, request, onwards, () => onwards.destroy());
    }
    return new Promise((resolve, reject) => onwards.once('response', resolve).on('error', reject));
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (isSilent) {
      return;
    }
    const foreign = answerInstead?.(request);
    if (foreign) {
      await finished(foreign.isCarriedOut ? await forward(request, response) : request);
      response.writeHead(foreign.status, { 'content-length': Buffer.byteLength(foreign.body), ...foreign.headers });
      response.end(request.method === 'HEAD' ? undefined : foreign.body);
      return;
    }
    const mishap = mishaps[Math.floor(random() / probability)];
    const isCarriedOut = random() < 0.5;
    if (mishap !== 'reset' && mishap !== 'slow-down' && mishap !== 'internal-error' && mishap !== 'stall') {
      return handOn(request, response, mishap);
    }
    injected[mishap] += 1;
    const isSeen = isCarriedOut && mishap !== 'slow-down';
    await finished(isSeen ? await forward(request, response) : request);
    if (mishap === 'reset') {
      request.socket.resetAndDestroy();
    } else if (mishap === 'slow-down') {
      refuse(response, 503, 'SlowDown');
    } else if (mishap === 'internal-error') {
      refuse(response, 500, 'InternalError');
    }
  };

  /** Forwards a request and its answer, possibly with faults. */
  const handOn = async (request: IncomingMessage, response: ServerResponse, mishap?: Mishap): Promise<void> => {
    const happens = (kind: Mishap, isPossible: boolean): boolean => {
      const isSo = kind === mishap && isPossible;
      injected[kind] += Number(isSo);
      return isSo;
    };
    const cut = () => request.socket.destroy();

    const length = Number(request.headers['content-length'] ?? 0);
    if (happens('truncated-request', length > 1)) {
      await forward(request, response, Math.floor(length / 2)).catch(cut);
      return;
    }
    const answer = await forward(request, response);
    answer.once('aborted', cut);
    if (happens('slow-answer', true)) {
      await sleep(slowAnswerMs);
    }
    const headers = Object.fromEntries(
      Object.entries(endToEnd(answer.headers)).filter(([name]) => !leavesOut?.(name, request)),
    );
    if (happens('wrong-etag', headers.etag !== undefined && request.method !== 'HEAD')) {
      headers.etag = '"d41d8cd98f00b204e9800998ecf8427e"';
    }
    if (isSilent) {
      return;
    }
    response.writeHead(answer.statusCode ?? 0, headers);
    const answerLength = request.method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 2);
    if (happens('truncated-answer', answerLength > 1)) {
      handOnFirst(Math.floor(answerLength / 2), answer, response, cut);
    } else {
      answer.pipe(response);
    }
  };

  const server = http.createServer((request, response) => {
    // S3 has cut the connection or is unreachable, so this cuts the client's connection.
    handle(request, response).catch(() => request.socket.resetAndDestroy());
  });
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const stop = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    sockets.forEach((socket) => socket.resetAndDestroy());
    await closed;
  };
  const port = await listen(server);

  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    injected,
    async takeAway(outage) {
      isSilent = outage === 'silent';
      if (outage === 'refused') {
        await stop();
      }
    },
    async bringBack() {
      isSilent = false;
      if (!server.listening) {
        await listen(server, port);
      }
    },
    async close() {
      if (server.listening) {
        await stop();
      }
      agent.destroy();
    },
  };
}

/** Headers of one connection only, and `Expect`, which are not forwarded. */
function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const handedOn = { ...headers };
  for (const name of ['connection', 'keep-alive', 'expect']) {
    delete handedOn[name];
  }
  return handedOn;
}

/** Forwards the first bytes of a message, discards the rest, and then calls a function. */
function handOnFirst(bytes: number, from: Readable, to: Writable, then: () => void): void {
  let left = bytes;
  from.on('data', (piece: Buffer) => {
    if (left > 0) {
      to.write(piece.subarray(0, left), left <= piece.byteLength ? then : undefined);
      left -= piece.byteLength;
    }
  });
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Injected</Message></Error>`,
  );
}

/** Reads and discards a message. */
async function finished(message: IncomingMessage): Promise<void> {
  message.resume();
  await new Promise<void>((resolve, reject) => message.once('end', resolve).once('close', reject));
}

/** Creates a generator of numbers from 0 to 1 that depend on the seed only: mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
