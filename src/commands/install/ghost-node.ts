import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../../shell/failure';
import { idsOf, type Owner, withRightsOf } from '../../shell/owner-rights';
import { belongsToRoot, ownerOf, wayTo } from '../../shell/path-owners';
import { readRegularFile, someNamesIn } from '../../shell/read-file';

/** Where Node is on most servers. */
const USUAL_NODES = ['/usr/local/bin/node', '/usr/bin/node'];

const TIMEOUT_MS = 10_000;
const LARGEST_UNIT = 100_000;

/** A Node that Ghost's user can run. */
export interface GhostNode {
  node: string;
  /** As Node prints it, `v20.20.2`. */
  version: string;
}

/**
 * Finds Ghost's Node: from the service that Ghost-CLI created, otherwise the one that runs this command, or one that
 * Ghost's user can run.
 *
 * @param folder Ghost's folder
 * @param user the user with whose rights Node is run
 * @throws Failure when the user cannot run any of them
 */
export function nodeOfGhost(folder: string, user: Owner): GhostNode {
  const ofService = nodesOfServices(folder).find((node) => existsSync(node) && isTrusted(node, user));
  const named = ofService === undefined ? undefined : versionOf(ofService, user);
  if (ofService !== undefined && named?.version !== undefined) {
    return { node: ofService, version: named.version };
  }
  const own = versionOf(process.execPath, user);
  if (own.version !== undefined) {
    return { node: process.execPath, version: own.version };
  }
  for (const node of USUAL_NODES.filter((place) => existsSync(place) && isTrusted(place, user))) {
    const { version } = versionOf(node, user);
    if (version !== undefined && Number.parseInt(version.slice(1), 10) >= 20) {
      return { node, version };
    }
  }
  throw new Failure(
    `Ghost runs as the user ${user.uid}, who cannot run ${process.execPath} (${own.code}).`,
    'Install Node 20 or newer where every user can run it, for example /usr/bin/node, and run the command again.',
  );
}

/** Root runs only a Node that no other user can replace. */
const isTrusted = (node: string, user: Owner): boolean =>
  node === process.execPath || idsOf(user).uid !== undefined || process.getuid?.() !== 0 || belongsToRoot(wayTo(node));

function versionOf(node: string, user: Owner): { version?: string; code?: string } {
  const { stdout, status, ...ended } = spawnSync(node, ['--version'], {
    ...idsOf(user),
    cwd: '/',
    env: {},
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const version = /^v\d+\.\d+\.\d+\S*/.exec(stdout ?? '')?.[0];
  const error: NodeJS.ErrnoException | undefined = ended.error;
  return { version, code: error?.code ?? `exit code ${status}` };
}

/** Returns the programs that the units of Ghost-CLI start. A unit belongs to the owner of Ghost's folder. */
function nodesOfServices(folder: string): string[] {
  const units = path.join(folder, 'system', 'files');
  return withRightsOf(ownerOf(wayTo(units)), () =>
    someNamesIn(units)
      .filter((name) => /^ghost_.*\.service$/.test(name))
      .flatMap((name) => /^ExecStart=(\/\S*node)\s/m.exec(unitText(path.join(units, name)))?.slice(1) ?? []),
  );
}

function unitText(file: string): string {
  try {
    return readRegularFile(file, LARGEST_UNIT).bytes.toString('utf8');
  } catch {
    return '';
  }
}
