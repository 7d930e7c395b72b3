/**
 * Keeps Node from looking for packages in folders that every user can write, such as the temporary one, and for root in
 * folders of other users. It runs before everything else in the process.
 */
export const LOOKUP_SCRIPT = `
const fs = require('node:fs');
const path = require('node:path');
const Module = require('node:module');
const isRoot = process.getuid?.() === 0;
const statsOf = (folder) => {
  try {
    return fs.statSync(folder, { throwIfNoEntry: false });
  } catch {
    return undefined; // Node cannot read it either.
  }
};
const isShared = (folder) => {
  const stats = statsOf(folder);
  return stats !== undefined && ((stats.mode & (isRoot ? 0o022 : 0o002)) !== 0 || (isRoot && stats.uid !== 0));
};
const lookUp = Module._nodeModulePaths;
Module._nodeModulePaths = (from) => lookUp(from).filter((folder) => !isShared(path.dirname(folder)));
`;

/**
 * Looks up the adapter as Ghost's adapter manager does, in the order of its version, and creates an instance for each
 * block of options. It runs by itself with Ghost's Node, so it cannot use the code of this package.
 */
export const LOAD_SCRIPT = `
const { createRequire } = require('node:module');
const fs = require('node:fs');
const path = require('node:path');
const { places, readsExports, from, options } = JSON.parse(fs.readFileSync(0, 'utf8'));
const ghost = createRequire(from ?? '/');
const names = places.filter((place) => from || path.isAbsolute(place));

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
  if (!from) return undefined;
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
  answer.file = names.map(fileOf).find((found) => found !== undefined);
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
