import { spawnSync, type SpawnSyncOptionsWithStringEncoding, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Failure } from '../../shell/failure';
import { ADAPTER } from '../../core/features';
import { isInside, namesIn } from '../../shell/paths';

const TIMEOUT_MS = 60_000;

/** What to load, and how. */
export interface LoadCheck {
  /** The path of the Node that Ghost runs with. */
  node: string;
  /** The adapter's folder. */
  folder: string;
  /** Ghost's content folder, with `adapters`. */
  contentPath: string;
  /** `paths.installedAdaptersPath` in Ghost's configuration. */
  installedAdaptersPath?: string;
  /** The folder with Ghost's own code, undefined when only the content is here. */
  codeFolder?: string;
  /** Ghost's major version. */
  major?: number;
  /** The options that Ghost passes to each instance of the adapter. */
  options: object[];
  /** The owner of Ghost's content, as whom Ghost runs. */
  owner: Stats;
}

/**
 * Loads the adapter in a separate process as Ghost does when it starts, and creates its instances.
 *
 * @throws Failure with the reason why Ghost could not load it
 */
export function assertThatGhostLoads(check: LoadCheck): void {
  const { node, folder, codeFolder, contentPath, installedAdaptersPath, major, options } = check;
  const content = path.join(contentPath, 'adapters', 'storage', ADAPTER);
  const internal = codeFolder && path.join(codeFolder, 'core', 'server', 'adapters', 'storage', ADAPTER);
  const installed = installedAdaptersPath && path.join(installedAdaptersPath, 'storage', ADAPTER);
  // Ghost looks for a bare name in its node_modules.
  const places = major === 5 ? [ADAPTER, content, internal] : [ADAPTER, internal, installed, content];
  const input = JSON.stringify({
    places: places.filter((place) => place !== undefined),
    readsExports: major !== 5,
    from: path.join(codeFolder ?? tmpdir(), 'core', 'server', 'services', 'adapter-manager', 'index.js'),
    options,
  });
  // Ghost's logging may have printed lines before the last one.
  const answer = run(check, [node, '-e', SCRIPT], { input }).stdout.trimEnd().split('\n').at(-1) ?? '';
  // The file is the one that Ghost loads for the adapter's name, with symbolic links resolved.
  const { file, problem } = JSON.parse(answer) as { file?: string; problem?: string };
  if (file === undefined) {
    throw new Failure(
      `Ghost could not find the adapter: ${problem ?? `it does not look into ${path.dirname(folder)}`}.`,
      `May the owner of ${contentPath} read ${folder}, and everything on the way to it?`,
    );
  }
  if (!isInside(file, realpathSync(folder))) {
    throw new Failure(
      `Something else has the name of the adapter: Ghost would load ${file} in place of ${folder}.`,
      `Move ${file} away; where it comes with an image, have it removed there. Then run the command again.`,
    );
  }
  if (problem !== undefined) {
    throw new Failure(`Ghost could not load the adapter: ${problem}`, 'Mend that, and run the command again.');
  }
  runGhostsOwnCheck(check);
}

/** Runs the check of adapters that Ghost 6 has for users who build images. */
function runGhostsOwnCheck(check: LoadCheck): void {
  const { node, codeFolder, contentPath, installedAdaptersPath } = check;
  const script = path.join(codeFolder ?? '', 'bin', 'validate-adapters.js');
  if (codeFolder === undefined || !existsSync(script)) {
    return;
  }
  const { status, stdout, stderr } = run(check, [node, script, `storage:${ADAPTER}`], {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      paths__contentPath: contentPath,
      ...(installedAdaptersPath && { paths__installedAdaptersPath: installedAdaptersPath }),
    },
  });
  if (status !== 0) {
    throw new Failure(
      `Ghost's own check of adapters (${script}) refuses the adapter:\n${`${stdout}${stderr}`.trim()}`,
      'Mend what it says, and run the command again.',
    );
  }
}

/**
 * Runs a program as the user that Ghost runs as, when the process may do so, to find files that Ghost cannot read. It
 * does not run in Ghost's folder, where Ghost's logging would create log files that belong to another user.
 */
function run(
  { owner: { uid, gid } }: LoadCheck,
  [command = '', ...parameters]: string[],
  options: Partial<SpawnSyncOptionsWithStringEncoding>,
): SpawnSyncReturns<string> {
  const all = { cwd: tmpdir(), encoding: 'utf8' as const, timeout: TIMEOUT_MS, ...options };
  const asOwner = process.getuid?.() === 0 && uid !== 0 ? { uid, gid } : {};
  const first = spawnSync(command, parameters, { ...all, ...asOwner });
  const error: NodeJS.ErrnoException | undefined = first.error;
  // Ghost's user cannot run a Node in root's home. Ghost itself then runs with another one.
  const result = error?.code === 'EACCES' ? spawnSync(command, parameters, all) : first;
  if (result.error || (options.input !== undefined && result.status !== 0)) {
    throw new Failure(
      `The adapter could not be tried out: ${result.error?.message ?? result.stderr.trim()}`,
      `Does ${command} run here? It has to be Node 20 or newer.`,
      { cause: result.error },
    );
  }
  return result;
}

/**
 * Looks the adapter up as Ghost's adapter manager does, in the order of its version, and creates an instance for each
 * block of options. It runs by itself with Ghost's Node, so it cannot use the code of this package.
 */
const SCRIPT = `
const { createRequire } = require('node:module');
const fs = require('node:fs');
const path = require('node:path');
const { places, readsExports, from, options } = JSON.parse(fs.readFileSync(0, 'utf8'));
const ghost = createRequire(from);

function fileOf(place) {
  if (readsExports && path.isAbsolute(place)) {
    try {
      const manifest = path.join(place, 'package.json');
      const file = createRequire(manifest).resolve(JSON.parse(fs.readFileSync(manifest, 'utf8')).name);
      if (fs.realpathSync(file).startsWith(fs.realpathSync(place) + path.sep)) return file;
    } catch {}
  }
  try {
    return ghost.resolve(place);
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function baseClass() {
  try {
    const base = ghost('ghost-storage-base');
    return base.StorageBase ?? base;
  } catch {
    return undefined;
  }
}

function check(file) {
  const exported = ghost(file);
  const Adapter = typeof exported === 'function' ? exported : exported.default;
  if (typeof Adapter !== 'function') return 'it exports no class';
  const Base = baseClass();
  if (!(Base && Adapter.prototype instanceof Base) && Object.getPrototypeOf(Adapter).name !== 'StorageBase') {
    return 'it does not inherit from StorageBase';
  }
  for (const block of options) {
    const adapter = new Adapter(block);
    const missing = adapter.requiredFns.filter((name) => typeof adapter[name] !== 'function');
    if (missing.length > 0) return 'it lacks ' + missing.join(', ');
  }
}

const answer = {};
try {
  answer.file = places.map(fileOf).find((found) => found !== undefined);
  if (answer.file) {
    answer.file = fs.realpathSync(answer.file);
    answer.problem = check(answer.file);
  }
} catch (error) {
  answer.problem = error.message;
}
fs.writeSync(1, '\\n' + JSON.stringify(answer));
process.exit(0);
`;

/** Returns the path of Ghost's Node: from the service that Ghost-CLI created, otherwise the one that runs this command. */
export function nodeOfGhost(folder: string): string {
  const units = path.join(folder, 'system', 'files');
  const found = namesIn(units)
    .filter((name) => /^ghost_.*\.service$/.test(name))
    .map((name) => /^ExecStart=(\S*node)\s/m.exec(readFileSync(path.join(units, name), 'utf8'))?.[1])
    .find((node) => node !== undefined && existsSync(node));
  return found ?? process.execPath;
}
