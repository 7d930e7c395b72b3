// The process of `startRemoteAccount`: an account in memory, which other processes call over HTTP.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { AwsAccount } from '../aws-account';
import { FALLBACK_HEADER } from '../../../src/core/cdn-contract';
import type { SentCommand } from '../aws-account/intercept';
import { listen } from '../local-server';
import type { AccountState, FailedOperation, FromAccount, ToAccount } from '.';
import { fromWire, toWire } from './wire';

const account = new AwsAccount();
const { nameServers } = account.hostedZones.add({ name: process.argv[2] ?? '' });
let killing: { operation: string; count: number } | undefined;
let failing: FailedOperation | null = null;

/** What ends the waits for the test, in the order of the calls. */
const waiting: (() => void)[] = [];

const send = (message: FromAccount) => process.send?.(message);

process.on('message', (message: ToAccount) => {
  if ('killAt' in message) {
    killing = message.killAt;
  } else if ('failAt' in message) {
    failing = message.failAt;
  } else {
    waiting.shift()?.();
  }
});
// The test has ended.
process.on('disconnect', () => process.exit());

/** Returns how a distribution asks Ghost. */
function ghostOf(config: unknown): Pick<AccountState, 'fallbackSecret' | 'ghostPath'> {
  const { Origins = [] } = (config ?? {}) as {
    Origins?: {
      Id: string;
      OriginPath?: string;
      OriginCustomHeaders?: { HeaderName: string; HeaderValue: string }[];
    }[];
  };
  const { OriginPath, OriginCustomHeaders = [] } = Origins.find(({ Id }) => Id === 'ghost') ?? {};
  const secret = OriginCustomHeaders.find(({ HeaderName }) => HeaderName.toLowerCase() === FALLBACK_HEADER);
  return { fallbackSecret: secret?.HeaderValue, ghostPath: OriginPath };
}

/** Tells the test about what there is now, and waits until it has built it. */
async function announce(): Promise<void> {
  const [distribution] = account.distributions.all;
  send({
    state: {
      buckets: account.buckets.all.map(({ name }) => name),
      accessKeys: account.identities.users.flatMap(({ accessKeys }) =>
        accessKeys.map(({ id, secret }) => ({ id, secret })),
      ),
      stackStatus: account.stacks.all.at(-1)?.status,
      ...ghostOf(distribution?.config),
    },
  });
  await new Promise<void>((resolve) => waiting.push(resolve));
}

const server = createServer((request, response) => {
  void text(request).then(async (body) => {
    const { pid, command } = fromWire(body) as { pid: number; command: SentCommand };
    let answer: object;
    try {
      answer =
        failing?.operation === command.operation
          ? { error: { name: failing.code, message: failing.message, status: 403 } }
          : { output: account.receive(command) };
    } catch (error) {
      const { name, message, $metadata, $response } = error as Error & {
        $metadata?: { httpStatusCode?: number };
        $response?: { headers?: object };
      };
      answer = { error: { name, message, status: $metadata?.httpStatusCode, headers: $response?.headers } };
    }
    await announce();
    if (killing?.operation === command.operation && --killing.count === 0) {
      killing = undefined;
      process.kill(pid, 'SIGKILL');
    }
    response.end(toWire(answer));
  });
});

void listen(server).then((port) => send({ port, nameServers }));
