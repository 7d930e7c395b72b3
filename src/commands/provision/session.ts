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

/** The AWS account, terminal and DNS resolver of a command. */
export interface Session {
  aws: Aws;
  terminal: Terminal;
  resolver: Resolver;
  pause: Pause;
}

/** How long (s) to wait between two checks of CloudFormation's progress. */
export const SECONDS_BETWEEN_LOOKS = 3;

/** The width of the column with the region names, in characters. */
const REGION_WIDTH = 16;

/**
 * Authenticates with AWS.
 *
 * @param terminal default: a new one
 * @param isBuilt whether the command is only for an image server that exists
 * @throws Failure as `signIn` does
 */
export async function openSession(
  options: ProvisionOptions,
  terminal: Terminal = openTerminal(options),
  isBuilt = false,
): Promise<Session> {
  const choose = () => chooseRegion(terminal, isBuilt);
  const aws = await signIn({ ...options, isBuilt, chooseRegion: terminal.canChoose ? choose : undefined });
  // Short timeouts, so that an unresponsive name server does not delay the checks.
  const resolver = new DnsResolver({ timeout: 2_000, tries: 2 });
  const pause = (seconds: number) =>
    setTimeout(seconds * 1_000, undefined, { signal: terminal.signal }).catch(() => {
      throw new Interruption();
    });
  return { aws, terminal, resolver, pause };
}

/** Authenticates with AWS, for a command that is only for an image server that exists. */
export const openSessionOnStack = (options: ProvisionOptions): Promise<Session> =>
  openSession(options, openTerminal(options), true);

/** Asks for the region of an image server that exists, or of a new one. */
export const chooseRegion = (terminal: Terminal, isBuilt = false): Promise<string> =>
  terminal.choose(
    isBuilt
      ? 'In which region is the image server? (For others, use --region.)'
      : 'In which region should the bucket be? Choose the one closest to your Ghost. (For others, use --region.)',
    listRegions().map(({ name, place }) => ({ value: name, name: `${name.padEnd(REGION_WIDTH)}${place}` })),
  );
