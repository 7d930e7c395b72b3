// A separate process that attacks a storage adapter inside a Ghost-like server, so that a crash ends only this process.
// Forked with `AttackOptions` as JSON; sends "ready", then for each input number the `AttackResult`.
import { createServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type Attacked, attacks, hostileInput, type Surroundings } from '../../test/support/hostile-input';
import { requestRaw } from '../../test/support/http-client';
import { createStorage, type Handler, type StorageOptions } from '../support/storages';

/** The argument of the process. */
export interface AttackOptions {
  storage: StorageOptions;
  surroundings: Surroundings;
  /** Processes with the same seed create the same inputs. */
  seed: number;
  inputs: number;
  /** Path of a temporary file. */
  upload: string;
}

/** The result of one input, over all methods. */
export interface AttackResult {
  /**
   * Names of errors that are not Ghost's, such as `TypeError`. A `TypeError` does not count if a harmless path causes it
   * too, or if the input is not text: Ghost passes only text.
   */
  errors: string[];
  /** Calls that timed out. */
  hung: number;
  /** Redirects to URLs outside of the CDN. */
  strayed: number;
  /** Responses with a status of 500 or above, and missing responses. */
  failedVisits: number;
}

const TIMEOUT_MS = 5000;
const HUNG = Symbol('hung');

type ErrorHandler = (
  error: { statusCode?: number },
  request: unknown,
  response: ServerResponse,
  next: (error: unknown) => void,
) => void;

/** Mounts the middleware in Ghost's own Express, and answers its errors with their status, both as Ghost does. */
async function listen(handler: Handler, ghost: string): Promise<number> {
  const express = createRequire(path.join(ghost, 'package.json'))('express') as () => {
    use(path: string, handler: Handler): void;
    use(handler: ErrorHandler): void;
  };
  const application = express();
  application.use('/content/images', handler);
  application.use((error, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    response.statusCode = error.statusCode ?? 500;
    response.end();
  });
  const server = createServer(application as unknown as Parameters<typeof createServer>[1]);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function withTimeout<T>(call: () => T | Promise<T>): Promise<T | typeof HUNG> {
  const stop = new AbortController();
  const late = sleep<typeof HUNG>(TIMEOUT_MS, HUNG, { signal: stop.signal }).catch((): typeof HUNG => HUNG);
  try {
    return await Promise.race([call(), late]);
  } finally {
    stop.abort();
  }
}

async function main({ storage: options, surroundings, seed, inputs, upload }: AttackOptions): Promise<void> {
  const adapter = createStorage(options) as unknown as Attacked;
  const handler = adapter.serve?.() as Handler | undefined;
  const port = handler && (await listen(handler, options.ghost));
  // These two expect the prefix in front of a directory, as their getTargetDir() returns it.
  const takesWholeKeys = options.name === 'ghos3' || options.name === 'ghost-storage-adapter-s3';
  const prefix = takesWholeKeys ? `${surroundings.ownPrefix}/` : '';
  // Methods that fail for a harmless path too: hostile paths are not to blame.
  const unable = new Set<string>();
  for (const [name, call] of attacks(adapter, surroundings.file, upload, prefix)) {
    await withTimeout(call).catch((error: unknown) => error instanceof TypeError && unable.add(name));
  }
  const all = fc.sample(hostileInput(surroundings), { seed, numRuns: inputs });

  const attack = async (input: unknown): Promise<AttackResult> => {
    const came: AttackResult = { errors: [], hung: 0, strayed: 0, failedVisits: 0 };
    for (const [call, run] of attacks(adapter, input, upload, prefix)) {
      try {
        came.hung += (await withTimeout(run)) === HUNG ? 1 : 0;
      } catch (error) {
        const { name = typeof error, errorType } = (error ?? {}) as { name?: string; errorType?: string };
        const isOwn =
          errorType !== undefined || (name === 'TypeError' && (unable.has(call) || typeof input !== 'string'));
        came.errors.push(...(isOwn ? [] : [name]));
      }
    }
    if (port !== undefined && typeof input === 'string') {
      const target = `/content/images${input.startsWith('/') ? '' : '/'}${input}`;
      const answer = await withTimeout(() => requestRaw(port, target));
      if (answer === HUNG) {
        came.hung += 1;
      } else {
        const { status, headers } = answer;
        came.failedVisits += status >= 500 || status === 0 ? 1 : 0;
        came.strayed +=
          headers.location?.startsWith(`${surroundings.cdnUrl}/${surroundings.ownPrefix}/`) === false ? 1 : 0;
      }
    }
    return came;
  };

  process.on('disconnect', () => process.exit(0));
  process.on('message', ({ index }: { index: number }) => {
    void attack(all[index]).then((came) => process.send?.(came));
  });
  process.send?.('ready');
}

void main(JSON.parse(process.argv[2] ?? '') as AttackOptions);
