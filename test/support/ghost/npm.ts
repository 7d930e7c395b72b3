import { readFile, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { extract } from 'tar';
import { runCommand } from './run-command';

/** No look at known faults or at who wants donations, and no scripts of packages. */
const QUIET = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];

/**
 * Installs packages of the npm registry into a folder of their own: with --no-save, npm removes those of earlier calls.
 *
 * @param folder the target; created if missing
 * @param packages names with their exact versions
 * @throws Error with the end of npm's output, if it fails
 */
export async function npmInstall(folder: string, packages: string[]): Promise<void> {
  const flags = ['--prefix', folder, '--no-save', '--no-package-lock', ...QUIET];
  await runNpm(['install', ...flags, ...packages], dirname(folder));
}

/**
 * Installs what the lock file in a folder names, after npm has compared it with the checksums there.
 *
 * @param folder with `package.json` and `package-lock.json`
 * @throws Error with the end of npm's output, if it fails
 */
export async function npmInstallLocked(folder: string): Promise<void> {
  await runNpm(['ci', ...QUIET], folder);
}

/**
 * Unpacks one package, without what it depends on.
 *
 * @param spec the package's name and exact version, as in `ghost@6.65.0`
 * @param folder the archive is kept here while it is unpacked
 * @param target an existing folder for the package's files
 * @throws Error with the end of npm's output, if it fails
 */
export async function unpackFromNpm(spec: string, folder: string, target: string): Promise<void> {
  const packed = await runNpm(['pack', spec, '--pack-destination', folder, '--loglevel=error'], folder);
  const archive = join(folder, packed.trim().split('\n').at(-1) ?? '');
  // By this library, as a machine may have no program of the name tar.
  // As npm does: the archive has the user IDs of Ghost's own machines, which root would take over.
  await extract({ file: archive, cwd: target, strip: 1, preserveOwner: false });
  await rm(archive);
}

/**
 * Returns the environment for package managers: the caller's, without the variables that `npm run` and Jest add.
 *
 * @param nodeBinary the Node that comes first on PATH
 */
export function packageManagerEnvironment(nodeBinary?: string): NodeJS.ProcessEnv {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^(npm_(package|lifecycle)_|npm_config_(local_prefix|nodedir)$|INIT_CWD$|NODE_(ENV|OPTIONS)$|JEST_)/.test(
          name,
        ),
    ),
  );
  if (!nodeBinary) return env;
  // On Windows, the variable is spelled Path, and only process.env finds it by either name.
  return { ...env, PATH: [dirname(nodeBinary), process.env.PATH].join(delimiter) };
}

/** Returns the fields of a package's manifest. */
export async function readManifest<Fields>(folder: string): Promise<Fields> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Fields;
}

function runNpm(args: string[], cwd: string): Promise<string> {
  const options = { cwd, env: packageManagerEnvironment() };
  if (process.platform !== 'win32') return runCommand('npm', args, options);
  // There, npm is a batch file, which cannot be run without a shell. It runs this script, which is installed with Node.
  const script = join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  return runCommand(process.execPath, [script, ...args], options);
}
