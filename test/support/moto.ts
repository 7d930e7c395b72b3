import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { findTool } from './tls-cdn/tools';

/** Whether the machine has moto, services of AWS in memory: `pip install 'moto[server]'`. */
export const hasMoto = Boolean(findTool('moto_server'));

/** Python loads slowly on a machine that does other things besides. */
const START_MS = 60_000;

/** moto validates a certificate by itself when so many seconds have passed, whatever records there are. */
const VALIDATION_SECONDS = 1;

/** A running moto. */
export interface Moto {
  /** For the clients: where it listens, credentials that it does not look at, and a region. */
  connection: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  /** Forgets all that was made. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts moto on a free port of loopback.
 *
 * @throws Error with what moto has said, when it does not start
 */
export async function startMoto(): Promise<Moto> {
  const moto = spawn('moto_server', ['-H', '127.0.0.1', '-p', '0'], {
    env: { ...process.env, MOTO_ACM_VALIDATION_WAIT: String(VALIDATION_SECONDS) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const endpoint = await addressOf(moto).catch((error: unknown) => {
    moto.kill('SIGKILL');
    throw error;
  });
  return {
    connection: {
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'moto', secretAccessKey: 'moto' },
    },
    async reset() {
      const { ok, status } = await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' });
      if (!ok) throw new Error(`moto does not forget: ${status}`);
    },
    async stop() {
      const exit = once(moto, 'exit');
      moto.kill('SIGKILL');
      await exit;
    },
  };
}

/** moto says where it listens when it does. */
async function addressOf(moto: ChildProcess): Promise<string> {
  const said: string[] = [];
  const timer = setTimeout(() => moto.kill('SIGKILL'), START_MS);
  try {
    return await new Promise<string>((resolve, reject) => {
      const failed = (reason: string) => reject(new Error([`moto_server ${reason}`, ...said].join('\n')));
      moto.once('error', (error) => failed(error.message));
      moto.once('exit', () => failed('has ended:'));
      // Read on to the end: a full pipe would stop moto.
      createInterface({ input: moto.stderr! }).on('line', (line) => {
        said.push(line);
        const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
        if (address) resolve(address);
      });
    });
  } finally {
    clearTimeout(timer);
  }
}
