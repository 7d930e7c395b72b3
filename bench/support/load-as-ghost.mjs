// Loads and creates one adapter and saves an image, as a booting Ghost does. Runs without a TypeScript loader, so that
// only the adapter is measured.
// Started with the `Loading` of footprint.ts as JSON; prints the `Loaded` as JSON.
import { createRequire } from 'node:module';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

const { ghost, module, options, environment, file } = JSON.parse(process.argv[2]);
Object.assign(process.env, environment);
// Ghost reads its configuration from the working directory.
process.chdir(ghost);
const manager = path.join(ghost, 'core/server/services/adapter-manager/adapter-manager.js');
const requireAsGhost = createRequire(manager);
// Every Ghost has loaded these before any adapter: its log, its configuration, the base classes of adapters, Node's HTTP.
requireAsGhost('@tryghost/logging');
requireAsGhost('./index.js');
requireAsGhost('node:http');

const memory = () => {
  globalThis.gc();
  return process.memoryUsage.rss();
};
const before = memory();
const begin = performance.now();
const loaded = requireAsGhost(module);
const loadMilliseconds = performance.now() - begin;
const loadBytes = memory() - before;

const beginOfUse = performance.now();
const storage = new (loaded.default ?? loaded)(options);
await storage.save({ name: 'first.jpg', path: file, type: 'image/jpeg' }, '2026/11');
const firstSaveMilliseconds = loadMilliseconds + performance.now() - beginOfUse;
const firstSaveBytes = memory() - before;
process.stdout.write(JSON.stringify({ loadMilliseconds, loadBytes, firstSaveMilliseconds, firstSaveBytes }), () =>
  process.exit(),
);
