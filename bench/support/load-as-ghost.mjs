// A process that loads one adapter, makes it and saves a picture, as a Ghost that boots does. Without a loader of
// TypeScript, so that what is measured is what Node needs for the adapter.
// Started with JSON, the `Loading` of footprint.ts; prints JSON, the `Loaded`.
import { createRequire } from 'node:module';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

const { ghost, module, options, environment, file } = JSON.parse(process.argv[2]);
Object.assign(process.env, environment);
// Ghost reads its configuration from there.
process.chdir(ghost);
const manager = path.join(ghost, 'core/server/services/adapter-manager/adapter-manager.js');
const requireAsGhost = createRequire(manager);
// What every Ghost has loaded before it asks for an adapter, whichever that is: its log, its configuration, the classes
// that adapters extend, and Node's HTTP.
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
