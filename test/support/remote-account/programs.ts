import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../ghost/run-command';

const root = path.resolve(__dirname, '../../..');

/** The paths of the built programs. */
export interface Programs {
  /** The command line from its sources, in an account that another process has. */
  cli: string;
  server: string;
}

let programs: Promise<Programs> | undefined;

/** Builds the command line and the program of the account, once in a test file. */
export function builtPrograms(): Promise<Programs> {
  programs ??= build();
  return programs;
}

async function build(): Promise<Programs> {
  await removeFormer();
  // Below the repository, where they find its packages and the parts of this one.
  const folder = await mkdtemp(path.join(root, `.programs-${process.pid}-`));
  // Commands are run by other users, too.
  await chmod(folder, 0o755);
  const entries = ['cli', 'server'].map((name) => `${name}=${__dirname}/${name}.ts`);
  await runCommand(
    path.join(root, 'node_modules/.bin/esbuild'),
    // With its packages, of whose many files each run would read a thousand.
    [
      ...entries,
      `--outdir=${folder}`,
      '--bundle',
      '--platform=node',
      '--main-fields=module,main',
      '--log-level=warning',
    ],
    { cwd: root },
  );
  const pathOf = (name: keyof Programs) => path.join(folder, `${name}.js`);
  return { cli: pathOf('cli'), server: pathOf('server') };
}

/** Removes what processes have left that have ended: Jest tells its test files nothing of their end. */
async function removeFormer(): Promise<void> {
  for (const name of await readdir(root)) {
    const [, pid] = /^\.programs-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && (Number(pid) === process.pid || !isRunning(Number(pid)))) {
      await rm(path.join(root, name), { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
