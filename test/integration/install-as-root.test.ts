// What `sudo … install` must never do for another user of the machine: read, change, give away or run something of
// root's, or of a third user's.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { replaceGhostConfig } from '../../src/ghost-site/config-file';
import { textOf } from '../../src/ghost-site/config-text';
import { isRoot, withRightsOf } from '../../src/shell/owner-rights';
import { ALL_ATTACKS, type Attack, NOBODY, startAttack } from '../support/install/attacker';
import { environmentIn, runInstall } from '../support/install/run';

const GIVEN = ['--bucket', 'blog-images', '--region', 'eu-central-1', '--cdn-url', 'https://images.example.com'];
const CONFIG = '{ "url": "https://blog.example.com" }\n';
const CLI = path.resolve(__dirname, '../../dist/cli.js');
const ROUNDS = 20;

// Other users have no rights that could be used against them.
const describeAsRoot = isRoot() ? describe : describe.skip;

let folder: string;
/** Ghost's folder, content and configuration belong to the user `NOBODY`, as whom Ghost runs. */
let ghost: string;
let content: string;
let storage: string;
let configFile: string;
/** A folder of root with secrets. */
let lure: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'as-root-')));
  chmodSync(folder, 0o755);
  lure = path.join(folder, 'lure');
  mkdirSync(path.join(lure, 'inner'), { recursive: true, mode: 0o700 });
  writeFileSync(path.join(lure, 'secret'), 'only for root', { mode: 0o600 });
  writeFileSync(path.join(lure, 'config.production.json'), '{"token":"only for root"}', { mode: 0o600 });
  ghost = path.join(folder, 'ghost');
  content = path.join(ghost, 'content');
  storage = path.join(content, 'adapters/storage');
  configFile = path.join(ghost, 'config.production.json');
  mkdirSync(content, { recursive: true });
  writeFileSync(configFile, CONFIG, { mode: 0o644 });
  give(ghost, content, configFile);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const give = (...places: string[]) => places.forEach((place) => lchownSync(place, NOBODY.uid, NOBODY.gid));

/** Everything of a folder of root: names, owners, modes and contents. */
const stateOf = (place: string): unknown[] =>
  ['.', ...(readdirSync(place, { recursive: true }) as string[]).sort()].map((name) => {
    const file = path.join(place, name);
    const stats = lstatSync(file);
    return [name, stats.uid, stats.gid, stats.mode, stats.isFile() ? readFileSync(file, 'utf8') : undefined];
  });

/** A link of Ghost's user. */
function plant(target: string, link: string): void {
  withRightsOf(NOBODY, () => mkdirSync(path.dirname(link), { recursive: true }));
  symlinkSync(target, link);
  give(link);
}

/** A file of Ghost's user. */
function write(file: string, text: string, owner = NOBODY): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o755 });
  chownSync(file, owner.uid, owner.gid);
}

/** Ghost's code, whose own check of adapters fails with what it prints. */
function layOutCode(check?: string, owner = NOBODY): string {
  const code = path.join(ghost, 'versions/6.65.0');
  write(path.join(code, 'package.json'), '{"name":"ghost","version":"6.65.0"}', owner);
  if (check !== undefined) {
    write(path.join(code, 'bin/validate-adapters.js'), check, owner);
  }
  symlinkSync(code, path.join(ghost, 'current'));
  lchownSync(path.join(ghost, 'current'), owner.uid, owner.gid);
  return code;
}

/** Makes everything that Ghost has root's. */
const giveToRoot = () => [ghost, content, configFile].forEach((place) => chownSync(place, 0, 0));

const install = (parameters: string[] = GIVEN, env: Record<string, string> = {}) =>
  runInstall(ghost, ['--yes', '--ghost', ghost, ...parameters], env);

describeAsRoot('root that installs while Ghost’s user exchanges folders', () => {
  test.each(ALL_ATTACKS)(`changes nothing of root's in ${ROUNDS} rounds: %s`, async (attack: Attack) => {
    const before = stateOf(lure);
    const stop = await startAttack(attack, content, lure);
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        await install();
        await install(['--uninstall']);
        expect(stateOf(lure)).toEqual(before);
      }
    } finally {
      await stop();
    }
    expect(stateOf(lure)).toEqual(before);
  });
});

describeAsRoot("root that writes Ghost's configuration while its folder is exchanged", () => {
  test(`reads and changes nothing of root's in ${10 * ROUNDS} rounds`, async () => {
    give(folder);
    const before = stateOf(lure);
    const stop = await startAttack('a link in place of the folder of the configuration', content, lure);
    try {
      for (let round = 0; round < 10 * ROUNDS; round += 1) {
        let text = '';
        try {
          text = textOf(configFile);
          replaceGhostConfig(configFile, `{ "round": ${round} }`);
        } catch {
          // It may fail while the folder is not there.
        }
        expect(text).not.toContain('only for root');
      }
    } finally {
      await stop();
    }
    expect(stateOf(lure)).toEqual(before);
  });
});

describeAsRoot('a link in the way of the adapter', () => {
  test.each([
    'content/adapters',
    'content/adapters/storage',
    'content/adapters/storage/S3CloudFrontStorage',
    'content/adapters/storage/S3CloudFrontStorage.new',
    'content/adapters/storage/S3CloudFrontStorage.old',
  ])('is refused and named: %s', async (name) => {
    const link = path.join(ghost, name);
    plant(lure, link);
    const before = stateOf(lure);
    for (const parameters of [GIVEN, ['--uninstall']]) {
      const { status, stderr } = await install(parameters);
      expect([status, stderr]).toEqual([1, expect.stringMatching(new RegExp(`${link} is a link[^]*delete it`))]);
    }
    expect([stateOf(lure), readFileSync(configFile, 'utf8')]).toEqual([before, CONFIG]);
  });

  test('is refused where it is the content folder, and leads to a folder of root', async () => {
    rmSync(content, { recursive: true });
    plant(lure, content);
    const before = stateOf(lure);
    expect(await install()).toMatchObject({ status: 1, stderr: expect.stringContaining(`${content} is a link`) });
    expect(stateOf(lure)).toEqual(before);
  });
});

describeAsRoot('a path in a configuration that another user can write', () => {
  test.each(['contentPath', 'installedAdaptersPath'])('does not lead root into its own folders: %s', async (name) => {
    writeFileSync(configFile, JSON.stringify({ paths: { [name]: lure } }));
    const before = stateOf(lure);
    expect(await install()).toMatchObject({ status: 1, stderr: expect.stringContaining(`names ${lure}`) });
    expect(stateOf(lure)).toEqual(before);
  });
});

describeAsRoot('a content folder of root', () => {
  beforeEach(giveToRoot);

  test('is refused while others may write there', async () => {
    chmodSync(content, 0o775);
    const { status, stderr } = await install();
    expect([status, stderr]).toEqual([1, expect.stringMatching(/Users other than root can write[^]*chmod go-w/)]);
    expect(readdirSync(content)).toEqual([]);
  });

  test('gets the adapter, as a container has it', async () => {
    expect(await install()).toMatchObject({ status: 0 });
    expect(existsSync(path.join(storage, 'S3CloudFrontStorage/dist/index.js'))).toBe(true);
  });
});

describeAsRoot('the try of the adapter', () => {
  /** Code of another user, which leaves a trace where it is run. */
  const traceOf = (name: string) => path.join(folder, 'traces', name);
  const leavingTrace = (name: string) =>
    `require('node:fs').writeFileSync(${JSON.stringify(traceOf(name))}, String(process.getuid()));`;
  beforeEach(() => {
    mkdirSync(path.join(folder, 'traces'));
    chmodSync(path.join(folder, 'traces'), 0o777);
  });

  test.each([
    ['root', 0],
    ['another user', NOBODY.uid],
  ])('loads no package from a folder that all users can write, with content of %s', async (_, uid) => {
    if (uid === 0) {
      giveToRoot();
    }
    const shared = path.join(folder, 'tmp');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    const other = { uid: 4711, gid: 4711 };
    write(path.join(shared, 'node_modules/ghost-storage-base/index.js'), leavingTrace('base'), other);
    write(path.join(shared, 'node_modules/S3CloudFrontStorage/index.js'), leavingTrace('adapter'), other);
    write(path.join(shared, 'config.production.json'), '{"paths":{"contentPath":"/nowhere"}}', other);
    const temporary = process.env.TMPDIR;
    process.env.TMPDIR = shared;
    try {
      // Once without Ghost's code, and once with a Ghost that is in such a folder.
      expect(await install(GIVEN, { TMPDIR: shared })).toMatchObject({ status: 0 });
      const moved = path.join(shared, 'ghost');
      renameSync(ghost, moved);
      ghost = moved;
      layOutCode("require('ghost-storage-base');", { uid, gid: uid });
      const { stderr } = await runInstall(moved, ['--yes', '--ghost', moved, ...GIVEN], { TMPDIR: shared });
      expect(stderr).toContain("Cannot find module 'ghost-storage-base'");
    } finally {
      process.env.TMPDIR = temporary;
    }
    expect(readdirSync(path.join(folder, 'traces'))).toEqual([]);
    expect(readdirSync(shared).sort()).toEqual(['config.production.json', 'ghost', 'node_modules']);
  });

  test("runs with the rights of Ghost's user alone, in a folder of its own, without the environment of root", async () => {
    const report =
      '({ uid: process.getuid(), groups: process.getgroups(), cwd: process.cwd(), env: process.env, mode: require("node:fs").statSync(".").mode & 0o777 })';
    layOutCode(`console.error('REPORT' + JSON.stringify(${report}) + 'END'); process.exit(1);`);
    const env = {
      AWS_SECRET_ACCESS_KEY: 'of-root',
      NODE_PATH: lure,
      NODE_OPTIONS: '--no-warnings',
      NODE_EXTRA_CA_CERTS: '/x',
      LD_LIBRARY_PATH: lure,
    };
    const { stderr } = await install(GIVEN, env);
    const [, text = ''] = /REPORT(.*)END/.exec(stderr) ?? [];
    const found = JSON.parse(text) as { cwd: string; env: Record<string, string> };
    expect(found).toMatchObject({ uid: NOBODY.uid, groups: [NOBODY.gid], mode: 0o700 });
    expect(Object.keys(found.env).filter((name) => name in env)).toEqual([]);
    expect(existsSync(found.cwd)).toBe(false);
  });

  test('of code of another user is never run as root, where the content is root’s', async () => {
    giveToRoot();
    layOutCode(`${leavingTrace('check')}`);
    await install();
    expect(readFileSync(traceOf('check'), 'utf8')).toBe(String(NOBODY.uid));
  });

  test('is refused where that user cannot reach the adapter, and names the user and the place', async () => {
    giveToRoot();
    layOutCode();
    chmodSync(ghost, 0o700);
    const { status, stderr } = await install();
    expect(status).toBe(1);
    expect(stderr).toContain('Ghost could not find the adapter');
    expect(stderr).toMatch(new RegExp(`the user ${NOBODY.uid}, .*, permission to read ${storage}`));
    expect(existsSync(storage)).toBe(false);
  });

  test('is never run as root where Ghost’s user cannot run Node', async () => {
    layOutCode(leavingTrace('check'));
    const { execPath } = process;
    symlinkSync(execPath, path.join(lure, 'node'));
    process.execPath = path.join(lure, 'node');
    try {
      const { status, stderr } = await install();
      const uid =
        status === 0 ? readFileSync(traceOf('check'), 'utf8') : /The user (\d+).* cannot run/.exec(stderr)?.[1];
      expect(uid).toBe(String(NOBODY.uid));
    } finally {
      process.execPath = execPath;
    }
  });

  test.each([
    ['root', 0],
    ['another user', NOBODY.uid],
  ])('does not run a program as root that a service of Ghost’s user names, with content of %s', async (_, uid) => {
    if (uid === 0) {
      giveToRoot();
    }
    const node = path.join(ghost, 'bin/node');
    write(node, `#!/bin/sh\nid -u >> ${traceOf('node')}\nexec ${process.execPath} "$@"\n`);
    write(path.join(ghost, 'system/files/ghost_blog.service'), `[Service]\nExecStart=${node} /usr/bin/ghost run\n`);
    expect(await install()).toMatchObject({ status: 0 });
    const users = existsSync(traceOf('node')) ? readFileSync(traceOf('node'), 'utf8').trim().split('\n') : [];
    expect(users).not.toContain('0');
  });
});

describeAsRoot("Ghost's configuration file", () => {
  test('is not read where it is a link to a file of root', async () => {
    rmSync(configFile);
    plant(path.join(lure, 'config.production.json'), configFile);
    const before = stateOf(lure);
    const { status, stdout, stderr } = await install();
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${configFile} is a link owned by the user`)]);
    expect(stdout + stderr).not.toContain('only for root');
    expect(stateOf(lure)).toEqual(before);
  });

  test('is not read where it is a second name of a file of root', async () => {
    rmSync(configFile);
    linkSync(path.join(lure, 'config.production.json'), configFile);
    const before = stateOf(lure);
    expect(await install()).toMatchObject({ status: 1, stderr: expect.stringContaining('EACCES') });
    expect(stateOf(lure)).toEqual(before);
  });

  test('keeps a second name of it as it was', async () => {
    const other = path.join(folder, 'other.json');
    linkSync(configFile, other);
    expect(await install()).toMatchObject({ status: 0 });
    expect(readFileSync(other, 'utf8')).toBe(CONFIG);
  });

  test('belongs to its owner afterwards, with a backup, in a folder of another user', async () => {
    chownSync(configFile, 4711, 4711);
    chmodSync(configFile, 0o640);
    expect(await install()).toMatchObject({ status: 0 });
    const files = readdirSync(ghost).filter((name) => name.startsWith('config.'));
    expect(files).toHaveLength(2);
    for (const name of files) {
      const { uid, gid, mode } = lstatSync(path.join(ghost, name));
      expect([uid, gid, mode & 0o777]).toEqual([4711, 4711, 0o640]);
    }
  });
});

describeAsRoot('a FIFO', () => {
  test.each([
    'config.production.json',
    'current/package.json',
    '.ghost-cli',
    'content/adapters/storage/S3CloudFrontStorage/package.json',
    'content/adapters/storage/S3CloudFrontStorage/dist/index.js',
    'system/files/ghost_blog.service',
  ])('is never waited for: %s', (name) => {
    layOutCode();
    const adapter = path.join(storage, 'S3CloudFrontStorage');
    if (name.includes('dist')) {
      expect(
        spawnSync(process.execPath, [CLI, 'install', '--yes', '--skip-check', ...GIVEN], {
          cwd: ghost,
          env: environmentIn(ghost),
        }).status,
      ).toBe(0);
      expect(existsSync(adapter)).toBe(true);
    }
    const fifo = path.join(ghost, name);
    rmSync(fifo, { force: true });
    mkdirSync(path.dirname(fifo), { recursive: true });
    execFileSync('mkfifo', [fifo]);
    const { status, signal } = spawnSync(process.execPath, [CLI, 'install', '--yes', '--skip-check', ...GIVEN], {
      cwd: ghost,
      env: environmentIn(ghost),
      timeout: 240_000,
      killSignal: 'SIGKILL',
    });
    expect([status, signal]).toEqual([expect.any(Number), null]);
  });
});
