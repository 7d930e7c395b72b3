import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { NameRecords } from '../resolver';
import { builtPrograms } from './programs';

/** What is in the account. */
export interface AccountState {
  buckets: string[];
  accessKeys: { id: string; secret: string }[];
  /** Of the last stack; undefined before there is one. */
  stackStatus?: string;
  /** What CloudFront sends to Ghost, once there is a distribution with a blog. */
  fallbackSecret?: string;
  /** The path of that blog below its host, `/blog`. */
  ghostPath?: string;
}

/** What the process of the account sends. */
export type FromAccount = { port: number; nameServers: string[] } | { state: AccountState };

/** What it receives; anything else lets it continue. */
export type ToAccount =
  | { killAt: { operation: string; count: number } }
  | { failAt: FailedOperation | null }
  | { isBuilt: true };

/** An operation that AWS refuses. */
export interface FailedOperation {
  operation: string;
  /** AWS's code, `ExpiredToken`. */
  code: string;
  message: string;
}

/** An AWS account in a process of its own, for commands that run in theirs, and can be killed. */
export interface RemoteAccount {
  /** The environment of a command that uses it. */
  environment: Record<string, string>;
  state: AccountState;
  /** Kills the command that sends an operation for the nth time from now, once it is carried out. */
  killAt(operation: string, count?: number): void;
  /** Refuses an operation from now on, and none with null. */
  failAt(failed: FailedOperation | null): void;
  close(): void;
}

/**
 * Starts an account.
 *
 * @param zone Route 53 zone in it, to which the domain is delegated
 * @param live what the internet shows of other names
 * @param build makes the servers of what the account has by now; called after each command
 */
export async function startRemoteAccount(
  zone: string,
  live: Record<string, NameRecords>,
  build: (state: AccountState) => Promise<void> | void,
): Promise<RemoteAccount> {
  const { server } = await builtPrograms();
  const child = fork(server, [zone], { execArgv: [] });
  const [{ port, nameServers }] = (await once(child, 'message')) as [{ port: number; nameServers: string[] }];
  const send = (message: ToAccount) => void child.send(message);
  const account: RemoteAccount = {
    environment: {
      REMOTE_ACCOUNT: `http://127.0.0.1:${port}`,
      REMOTE_DNS: JSON.stringify({ [zone]: { SOA: true, NS: nameServers }, ...live }),
    },
    state: { buckets: [], accessKeys: [] },
    killAt: (operation, count = 1) => send({ killAt: { operation, count } }),
    failAt: (failed) => send({ failAt: failed }),
    close: () => void child.kill(),
  };
  let building = Promise.resolve();
  child.on('message', ({ state }: { state: AccountState }) => {
    account.state = state;
    // One after the other, as each sees what the former has built.
    building = building.then(() => build(state));
    building.then(
      () => send({ isBuilt: true }),
      (error: unknown) => child.emit('error', error),
    );
  });
  return account;
}
