import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Failure } from '../../shell/failure';
import { idsOf, isRoot, type Owner, withRightsOf } from '../../shell/owner-rights';
import { wayTo } from '../../shell/path-owners';
import { LOOKUP_SCRIPT } from './load-scripts';

const TIMEOUT_MS = 60_000;

/** The variables that a Ghost process gets from this one. Others change what Node loads, or are root's secrets. */
const HARMLESS = ['LANG', 'LC_ALL', 'TZ', 'SystemRoot', 'SYSTEMROOT'];

/** Where to find the programs that Ghost's code may start. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How Ghost's code is run, and with whose rights. */
export interface GhostProcess {
  /** The path of the Node that Ghost runs with. */
  node: string;
  user: Owner;
}

/**
 * Runs a script with Ghost's Node and the rights of Ghost's user, to find files that Ghost cannot read. It runs in a
 * new folder: in Ghost's own, its logging would create log files, and a shared one may contain code of other users.
 *
 * @throws Failure when it cannot be run, or does not end
 */
export function runAsGhost(
  { node, user }: GhostProcess,
  parameters: string[],
  { input, environment }: { input?: string; environment?: Record<string, string> },
): SpawnSyncReturns<string> {
  const folder = withRightsOf(user, () => mkdtempSync(path.join(temporaryFolder(), 'ghost-check-')));
  try {
    const lookup = path.join(folder, 'lookup.cjs');
    withRightsOf(user, () => writeFileSync(lookup, LOOKUP_SCRIPT, { flag: 'wx', mode: 0o600 }));
    const result = spawnSync(node, ['--require', lookup, ...parameters], {
      ...idsOf(user),
      cwd: folder,
      env: {
        ...harmlessEnvironment(),
        PATH: USUAL_PATH,
        HOME: folder,
        TMPDIR: folder,
        NODE_ENV: 'production',
        ...environment,
      },
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      input: input ?? '',
    });
    if (result.error) {
      throw new Failure(
        `The command could not test the adapter with the rights of Ghost's user: ${result.error.message}`,
        `Check that the user ${user.uid} can run ${node}, and that it is Node 20 or newer.`,
        { cause: result.error },
      );
    }
    return result;
  } finally {
    withRightsOf(user, () => rmSync(folder, { recursive: true, force: true }));
  }
}

const harmlessEnvironment = () =>
  Object.fromEntries(HARMLESS.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

/** Returns the temporary folder of all users where other users cannot use root's own. */
function temporaryFolder(): string {
  const own = tmpdir();
  const isOpen = wayTo(own).steps.every(
    ({ stats }) => stats.uid === 0 && ((stats.mode & 0o022) === 0 || (stats.mode & 0o1000) !== 0),
  );
  return !isRoot() || (isOpen && (wayTo(own).end.stats.mode & 0o001) !== 0) ? own : '/tmp';
}
