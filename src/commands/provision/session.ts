import { Resolver as DnsResolver } from 'node:dns/promises';
import { setTimeout } from 'node:timers/promises';
import { Interruption } from '../../shell/failure';
import { openTerminal, type Terminal } from '../../shell/terminal';
import { listRegions } from '../../aws/regions';
import { type Aws, signIn } from '../../aws/sign-in';
import type { Resolver } from './dns/live-dns';
import type { ProvisionOptions } from './settings';

/** Waits for a number of seconds; rejects with an Interruption when the user presses Ctrl-C. */
export type Pause = (seconds: number) => Promise<void>;

/** What a command works with. */
export interface Session {
  aws: Aws;
  terminal: Terminal;
  resolver: Resolver;
  pause: Pause;
}

/** How long (s) to wait before looking again at work that CloudFormation is doing. */
export const SECONDS_BETWEEN_LOOKS = 3;

/** How wide the names of regions are, with a gap. */
const REGION_WIDTH = 16;

/**
 * Authenticates with AWS.
 *
 * @param terminal default: a new one
 * @throws Failure as `signIn`
 */
export async function openSession(
  options: ProvisionOptions,
  terminal: Terminal = openTerminal(options),
): Promise<Session> {
  const aws = await signIn({ ...options, chooseRegion: terminal.canChoose ? () => chooseRegion(terminal) : undefined });
  // Checks before the start: a name server that does not answer must not hold them up for long.
  const resolver = new DnsResolver({ timeout: 2_000, tries: 2 });
  const pause = (seconds: number) =>
    setTimeout(seconds * 1_000, undefined, { signal: terminal.signal }).catch(() => {
      throw new Interruption();
    });
  return { aws, terminal, resolver, pause };
}

/** Asks for the region of the bucket. */
export const chooseRegion = (terminal: Terminal): Promise<string> =>
  terminal.choose(
    'In which region do you want the bucket? Take the one nearest to your Ghost. (--region names any other.)',
    listRegions().map(({ name, place }) => ({ value: name, name: `${name.padEnd(REGION_WIDTH)}${place}` })),
  );
