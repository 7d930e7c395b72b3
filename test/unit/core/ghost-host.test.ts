import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const adapter = path.resolve(__dirname, '../../../dist/index.js');
const options = { bucket: 'b', assetHost: 'images.example.com' };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ghost-host-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writePackage(name: string, source: string): void {
  const home = path.join(folder, 'node_modules', name);
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, 'index.js'), source);
}

/** Runs a program in the folder, as `index.js` of a Ghost, and reads what it prints as JSON. */
function run(body: string): unknown {
  const program = path.join(folder, 'index.js');
  writeFileSync(program, `const Adapter = require(${JSON.stringify(adapter)});\n${body}`);
  return JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8' }));
}

const report = `
  let refused;
  try { Adapter.validate({}); } catch (error) { refused = error; }
  const instance = new Adapter(${JSON.stringify(options)});
  console.log(JSON.stringify({
    parent: Object.getPrototypeOf(Adapter).name,
    name: Adapter.name,
    requiredFns: instance.requiredFns,
    errorType: refused.errorType,
    isGhosts: refused.isGhosts ?? false,
    isBase: instance.isGhosts ?? false,
    logged: globalThis.logged ?? [],
  }));`;

describe('the built adapter', () => {
  test('runs where no Ghost package is installed', () => {
    expect(run(`console.warn = (line) => (globalThis.logged = [line]);${report}`)).toEqual({
      parent: 'StorageBase',
      name: 'S3CloudFrontStorage',
      requiredFns: ['exists', 'save', 'serve', 'delete', 'read'],
      errorType: 'IncorrectUsageError',
      isGhosts: false,
      isBase: false,
      logged: [expect.stringContaining('"assetHost" is called "cdnUrl"')],
    });
  });

  test.each([
    ['Ghost 5', 'module.exports = class StorageBase'],
    ['Ghost 6', 'exports.StorageBase = class StorageBase'],
  ])('uses the base class, the errors and the log of %s', (_, declaration) => {
    writePackage(
      'ghost-storage-base',
      `${declaration} { requiredFns = ['exists', 'save', 'serve', 'delete', 'read']; isGhosts = true; };`,
    );
    writePackage(
      '@tryghost/errors',
      'exports.IncorrectUsageError = class extends Error { constructor(options) { super(options.message); Object.assign(this, options); this.errorType = "IncorrectUsageError"; this.isGhosts = true; } };',
    );
    writePackage('@tryghost/logging', 'globalThis.logged = []; exports.warn = (line) => globalThis.logged.push(line);');
    expect(run(report)).toMatchObject({
      parent: 'StorageBase',
      isGhosts: true,
      isBase: true,
      logged: [expect.stringContaining('"assetHost" is called "cdnUrl"')],
    });
  });

  test('says what is to be known of the configuration once, though Ghost makes three instances', () => {
    writePackage('@tryghost/logging', 'globalThis.logged = []; exports.warn = (line) => globalThis.logged.push(line);');
    const result = run(`new Adapter(${JSON.stringify(options)}); new Adapter(${JSON.stringify(options)});${report}`);
    expect((result as { logged: string[] }).logged).toHaveLength(1);
  });

  test.each([
    ['https://images.example.com/content/images', true],
    ['https://other.example.com', true],
    ['https://images.example.com', false],
    ['https://images.example.com/', false],
    [undefined, false],
  ])('with urls.image of %j in Ghost’s configuration warns: %p', (image, warns) => {
    const home = path.join(folder, 'core/shared/config');
    mkdirSync(home, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{"name": "ghost", "version": "6.65.0"}');
    const settings = JSON.stringify({ 'urls:image': image, 'urls:media': 'https://elsewhere.example.com' });
    writeFileSync(path.join(home, 'index.js'), `module.exports = { get: (key) => (${settings})[key] };`);
    const result = run(`console.warn = (line) => (globalThis.logged ??= []).push(line);
      new Adapter({ bucket: 'b', cdnUrl: 'images.example.com' });
      console.log(JSON.stringify(globalThis.logged ?? []));`) as string[];
    expect(result).toEqual(warns ? [expect.stringContaining('Set "urls.image" to "https://images.example.com"')] : []);
  });

  test('finds Ghost also where another program has started it', () => {
    const ghost = path.join(folder, 'ghost');
    mkdirSync(path.join(ghost, 'core/shared/config'), { recursive: true });
    writeFileSync(path.join(ghost, 'package.json'), '{"name": "ghost", "version": "6.65.0"}');
    const settings = "{ 'urls:image': 'https://other.example.com' }";
    writeFileSync(path.join(ghost, 'core/shared/config/index.js'), `exports.get = (key) => (${settings})[key];`);
    const loader = path.join(ghost, 'core/loader.js');
    writeFileSync(loader, `module.exports = require(${JSON.stringify(adapter)});`);
    const result = run(`console.warn = (line) => (globalThis.logged ??= []).push(line);
      delete require.cache[${JSON.stringify(adapter)}];
      const Loaded = require(${JSON.stringify(loader)});
      new Loaded({ bucket: 'b', cdnUrl: 'images.example.com', tenantPrefix: 'seven' });
      console.log(JSON.stringify(globalThis.logged ?? []));`);
    expect(result).toEqual([expect.stringContaining('Set "urls.image" to "https://images.example.com/seven"')]);
  });

  test('shows no credentials when it is logged', () => {
    expect(
      run(`
        const instance = new Adapter({ bucket: 'b', cdnUrl: 'c.example.com', accessKeyId: 'AKIAMARKED', secretAccessKey: 'marked' });
        console.log(JSON.stringify(require('util').inspect(instance, { depth: 9, showHidden: true }) + JSON.stringify(instance)));`),
    ).not.toMatch(/MARKED|marked/);
  });
});
