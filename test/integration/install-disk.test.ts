// What is on the disk after an installation that another program, or the power, has come in the way of.
import fs, { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { carryOutInstall } from '../../src/commands/install/install';
import { planInstall } from '../../src/commands/install/plan';
import { carryOutUninstall, planUninstall } from '../../src/commands/install/uninstall';
import { findGhostSite } from '../../src/ghost-site/site';
import { openTerminal } from '../../src/shell/terminal';

const OPTIONS = { bucket: 'blog-images', region: 'eu-central-1', cdnUrl: 'https://images.example.com' };
const terminal = openTerminal({ yes: true });

let folder: string;
let configFile: string;
let adapter: string;
const site = () => findGhostSite({ ghost: folder }, {});
const config = () => JSON.parse(readFileSync(configFile, 'utf8')) as Record<string, unknown>;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'install-disk-')));
  mkdirSync(path.join(folder, 'content'));
  configFile = path.join(folder, 'config.production.json');
  adapter = path.join(folder, 'content/adapters/storage/S3CloudFrontStorage');
  writeFileSync(configFile, '{ "url": "https://blog.example.com" }');
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** What another program writes while the question is open. */
const addMail = () => writeFileSync(configFile, JSON.stringify({ ...config(), mail: { from: 'a@example.com' } }));
const REFUSAL = {
  message: expect.stringContaining('since this command read it. It was not overwritten.') as string,
  cure: expect.stringContaining('Everything is as it was before the command.') as string,
};

test('install does not overwrite what another program has written while the question was open', () => {
  const plan = planInstall(site(), OPTIONS);
  addMail();
  expect(() => carryOutInstall(terminal, plan)).toThrow(expect.objectContaining(REFUSAL) as Error);
  expect(config()).toEqual({ url: 'https://blog.example.com', mail: { from: 'a@example.com' } });
  expect(existsSync(adapter)).toBe(false);
  carryOutInstall(terminal, planInstall(site(), OPTIONS));
  expect(config()).toMatchObject({ mail: { from: 'a@example.com' }, storage: { active: 'S3CloudFrontStorage' } });
});

test('install --uninstall does not either, and Ghost keeps the adapter', () => {
  carryOutInstall(terminal, planInstall(site(), OPTIONS));
  const plan = planUninstall(site(), {});
  addMail();
  expect(() => carryOutUninstall(terminal, plan)).toThrow(expect.objectContaining(REFUSAL) as Error);
  expect(config()).toMatchObject({ mail: { from: 'a@example.com' }, storage: { active: 'S3CloudFrontStorage' } });
  expect(existsSync(path.join(adapter, 'package.json'))).toBe(true);
});

test('the disk keeps every file of the adapter before the configuration that needs them', () => {
  const paths = new Map<number, string>();
  const open = fs.openSync;
  const sync = fs.fsyncSync;
  const synced: string[] = [];
  jest.spyOn(fs, 'openSync').mockImplementation((file, flags, mode) => {
    const opened = open(file, flags, mode);
    paths.set(opened, path.resolve(String(file)));
    return opened;
  });
  jest.spyOn(fs, 'fsyncSync').mockImplementation((opened) => {
    synced.push(paths.get(opened) ?? '');
    sync(opened);
  });
  carryOutInstall(terminal, planInstall(site(), OPTIONS));

  const storage = path.dirname(adapter);
  const names = (fs.readdirSync(adapter, { recursive: true }) as string[]).filter((name) =>
    fs.statSync(path.join(adapter, name)).isFile(),
  );
  // They are written under another name first.
  const kept = synced.map((file) => file.replace(/\.S3CloudFrontStorage-\w{6}/, 'S3CloudFrontStorage'));
  const configAt = kept.findIndex((file) => path.dirname(file) === folder && path.basename(file).includes('config.'));
  const before = kept.slice(0, configAt);
  const wanted = [
    ...names.map((name) => path.join(adapter, name)),
    ...(process.platform === 'win32' ? [] : [adapter, storage]),
  ];
  expect(configAt).toBeGreaterThan(0);
  expect(wanted.filter((file) => !before.includes(file))).toEqual([]);
  if (process.platform !== 'win32') {
    // The rename is what is kept last.
    expect(before.at(-1)).toBe(storage);
  }
});
