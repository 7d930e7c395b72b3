import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
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
  /** Variables by which the AWS SDK finds it and nothing else, with credentials that it does not look at. */
  environment: Record<string, string>;
  /** From now on looks who asks, and whether a policy allows it. */
  demandPermissions(): Promise<void>;
  /** Forgets all that was made, and looks at nobody's permissions any more. */
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
  const tell = async (what: string, body?: string) => {
    const { ok, status } = await fetch(`${endpoint}/moto-api/${what}`, { method: 'POST', body });
    if (!ok) throw new Error(`moto answers ${status} to ${what}`);
  };
  return {
    environment: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'moto',
      AWS_SECRET_ACCESS_KEY: 'moto',
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
    },
    demandPermissions: () => tell('reset-auth', '0'),
    async reset() {
      await tell('reset');
      await tell('reset-auth', 'inf');
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
