import { rmSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../ghost/run-command';

const root = path.resolve(__dirname, '../../..');

/** The paths of the built programs. */
export interface Programs {
  /** The command line from its sources, which shares the SDK's clients with `preload`. */
  cli: string;
  preload: string;
  server: string;
}

let programs: Promise<Programs> | undefined;

/** Builds the command line and the two programs of the account, once in a process. */
export function builtPrograms(): Promise<Programs> {
  programs ??= build();
  return programs;
}

async function build(): Promise<Programs> {
  // Below the repository, where they find its packages and the parts of this one.
  const folder = await mkdtemp(path.join(root, '.programs-'));
  // Commands are run by other users, too.
  await chmod(folder, 0o755);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const sources = { cli: 'src/cli.ts', preload: `${__dirname}/preload.ts`, server: `${__dirname}/server.ts` };
  const entries = Object.entries(sources).map(([name, file]) => `${name}=${file}`);
  await runCommand(
    path.join(root, 'node_modules/.bin/esbuild'),
    [...entries, `--outdir=${folder}`, '--bundle', '--platform=node', '--packages=external', '--log-level=warning'],
    { cwd: root },
  );
  const pathOf = (name: keyof Programs) => path.join(folder, `${name}.js`);
  return { cli: pathOf('cli'), preload: pathOf('preload'), server: pathOf('server') };
}
