import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { type GhostInstall, installGhost } from '../../test/support/ghost/install';

/**
 * Runs a program of benchmarks on the Node that Ghost 6 runs on, as the adapters do in real life: starts it again on that
 * Node if this process has another one. Everything that it starts, and the version in its results, follow from that.
 *
 * @param program gets the installed Ghost
 */
export async function onGhostsNode(program: (ghost: GhostInstall) => Promise<void>): Promise<void> {
  const ghost = await installGhost({ version: '6' });
  if (realpathSync(process.execPath) === realpathSync(ghost.nodeBinary)) {
    await program(ghost);
    return;
  }
  const again = spawn(ghost.nodeBinary, ['--import', 'tsx', ...process.argv.slice(1)], { stdio: 'inherit' });
  const [code] = (await once(again, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}
