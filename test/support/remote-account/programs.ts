import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
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

/** Builds the command line and the program of the account, once for all test files of a run. */
export function builtPrograms(): Promise<Programs> {
  programs ??= build();
  return programs;
}

async function build(): Promise<Programs> {
  // Below the repository, where they find the parts of this package.
  const name = `.programs-${await digestOfSources()}`;
  const folder = path.join(root, name);
  if (!(await readdir(root)).includes(name)) {
    await removeFormer(name);
    await buildInto(folder);
  }
  const pathOf = (program: keyof Programs) => path.join(folder, `${program}.js`);
  return { cli: pathOf('cli'), server: pathOf('server') };
}

async function buildInto(folder: string): Promise<void> {
  const unfinished = await mkdtemp(path.join(root, `.programs-of-${process.pid}-`));
  // Commands are run by other users, too.
  await chmod(unfinished, 0o755);
  const program = path.join(__dirname, 'build-programs.ts');
  await runCommand(process.execPath, ['--import', 'tsx', program, unfinished], { cwd: root });
  try {
    await rename(unfinished, folder);
  } catch {
    // Another worker was faster.
    statSync(folder);
    await rm(unfinished, { recursive: true });
  }
}

/** Returns another text once a file that the programs are built from has come, gone or changed. */
async function digestOfSources(): Promise<string> {
  const folders = ['src', 'test/support', 'infrastructure', 'scripts'].map((name) =>
    readdir(path.join(root, name), { recursive: true, withFileTypes: true }),
  );
  const entries = (await Promise.all(folders)).flat().filter((entry) => entry.isFile());
  const settings = ['package.json', 'package-lock.json', 'tsconfig.json'].map((name) => path.join(root, name));
  const hash = createHash('sha256');
  for (const file of [...entries.map(({ parentPath, name }) => path.join(parentPath, name)), ...settings].sort()) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Removes what was built from former sources and no test still runs, and what processes have left that have ended. */
async function removeFormer(current: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith('.programs-') || name === current) continue;
    const [, pid] = /^\.programs-of-(\d+)-/.exec(name) ?? [];
    const folder = path.join(root, name);
    if (pid ? !isRunning(Number(pid)) : isOld(folder)) await rm(folder, { recursive: true, force: true });
  }
}

/** Whether a folder was made longer ago than a run of the tests takes. */
function isOld(folder: string): boolean {
  const mtimeMs = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  return Date.now() - mtimeMs > 24 * 3_600_000;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
