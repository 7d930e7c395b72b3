import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { isRoot } from '../../src/shell/owner-rights';
import { onePixel } from '../support/one-pixel';
import type { SetupBlog } from '../support/setup/blog';
import { type Cloud, DOMAIN } from '../support/setup/cloud';
import type { SetupLab } from '../support/setup/lab';
import { type OpenedSetup, openSetup } from '../support/setup/open-setup';
import { type Sudo, startSudo } from '../support/setup/sudo';

/** A run takes seconds, and many of them are waited for on a busy machine. */
const OPERATOR = 4711;
const GHOST = 4712;
const FILES = { 'images/2024/05/picture.png': onePixel(1) };

let cloud: Cloud;
let blog: SetupBlog;
let lab: SetupLab;
let sudo: Sudo;
let close: OpenedSetup['close'];

const configFile = () => path.join(blog.folder, 'config.production.json');
/** That of the operator. */
const home = () => path.join(path.dirname(lab.bin), 'home');
const readConfig = () => readFileSync(configFile(), 'utf8');

/** Only root can run a command as another user. */
const describeAsRoot = isRoot() ? describe : describe.skip;

// Each test begins where the one before was stopped.
beforeAll(async () => {
  ({ cloud, blog, lab, close } = await openSetup(FILES));
  // As Ghost-CLI has it: the content is of the user "ghost", and everything may be read.
  for (const name of ['', ...(readdirSync(blog.folder, { recursive: true }) as string[])]) {
    const owner = name.startsWith('content') ? GHOST : 0;
    chownSync(path.join(blog.folder, name), owner, owner);
  }
  [blog.folder, lab.bin, path.dirname(lab.bin), path.dirname(cloud.authorityFile)].forEach((place) =>
    chmodSync(place, 0o755),
  );
  chmodSync(configFile(), 0o644);
  mkdirSync(home());
  chownSync(home(), OPERATOR, OPERATOR);
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...rest } = cloud.environment;
  expect([AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]).not.toContain(undefined);
  sudo = await startSudo(lab.bin, { ...rest, PATH: process.env.PATH, HOME: '/root', NO_COLOR: '1' });
});

afterAll(async () => {
  await sudo.close();
  await close();
});

/** Runs `setup` as a user who can read the installation, but cannot write in it. */
const setUp = (environment: NodeJS.ProcessEnv = {}, hurries = false) =>
  lab.setUp({ user: OPERATOR, environment: { HOME: home(), ...environment }, hurries });

describeAsRoot('setup by a user who cannot write in the Ghost folder', () => {
  test('refuses a content folder that this user may not read, before anything is built', async () => {
    const content = path.join(blog.folder, 'content');
    chmodSync(content, 0o700);
    const { status, output } = await setUp();
    expect([status, output]).toEqual([1, expect.stringContaining('cannot be read (EACCES)')]);
    expect(cloud.account.state.stackStatus).toBeUndefined();
    chmodSync(content, 0o755);
  });

  test('says that there is no sudo, and as whom to run it', async () => {
    const { status, output } = await setUp({ PATH: home() });
    expect([status, output]).toEqual([1, expect.stringContaining('sudo cannot be started (spawn sudo ENOENT)')]);
    expect(output).toContain("Run the command as a user who can write Ghost's configuration and content folder.");
    expect([lab.restarts(), blog.isDown]).toEqual([0, false]);
  });

  test('says that sudo refuses, and leaves everything as it is', async () => {
    const before = readConfig();
    sudo.refuses = true;
    const { status, output } = await setUp();
    expect([status, output]).toEqual([1, expect.stringContaining('The change as root failed')]);
    expect(output).toContain('is not in the sudoers file');
    expect([readConfig(), lab.restarts(), blog.isDown]).toEqual([before, 0, false]);
    // Its secret would be lost, and IAM allows two.
    expect(cloud.account.state.accessKeys).toEqual([]);
    Object.assign(sudo, { refuses: false, calls: [] });
  });

  test('names a single file that this user may not read, and does not switch Ghost over', async () => {
    const closed = path.join(blog.folder, 'content/images/closed.png');
    writeFileSync(closed, onePixel(2), { mode: 0o600 });
    const { status, output } = await setUp();
    expect([status, output]).toEqual([1, expect.stringContaining('closed.png')]);
    expect([output, lab.restarts()]).toEqual([expect.stringContaining('was not switched over'), 0]);
    rmSync(closed);
  });

  test('takes the rights of root for the changes alone, and shows no secret to other users', async () => {
    const { status, output } = await setUp();
    expect([status, output]).toEqual([
      0,
      expect.stringContaining(`The images of this blog come from https://${DOMAIN}`),
    ]);
    expect(sudo.calls.map(([, , ...parameters]) => parameters)).toEqual([['setup-as-root'], ['setup-as-root']]);
    const secrets = cloud.account.state.accessKeys.map(({ secret }) => secret);
    expect(secrets.some((secret) => readConfig().includes(secret))).toBe(true);
    const seen = [...sudo.calls.flat(), output].join('\n');
    expect(secrets.filter((secret) => seen.includes(secret))).toEqual([]);
    const adapter = path.join(blog.folder, 'content/adapters/storage/S3CloudFrontStorage');
    expect([statSync(configFile()).uid, statSync(path.join(adapter, 'package.json')).uid]).toEqual([0, GHOST]);

    sudo.inputs = [];
    const environment = { HOME: home(), HTTPS_PROXY: 'http://proxy.example.test:3128' };
    const back = await lab.run(['setup', '--undo', '--yes'], { user: OPERATOR, environment });
    expect([back.status, back.output]).toEqual([0, expect.stringContaining('stores its files on the disk again')]);
    expect(existsSync(adapter)).toBe(false);
    // The copy needs the proxy, which sudo does not pass on; nothing else does.
    const passed = sudo.inputs.map((input) => (JSON.parse(input) as { proxy?: object }).proxy);
    const proxy = { HTTPS_PROXY: environment.HTTPS_PROXY };
    expect(passed).toEqual([proxy, undefined, proxy, undefined]);
  });

  test('says that Ghost is down, and how to go back, when sudo refuses on the way back', async () => {
    const { restart } = blog;
    blog.breaks = true;
    blog.restart = async (options) => {
      // As when sudo asks for the password again, and gets no answer.
      sudo.refuses = true;
      await restart(options);
    };
    const { status, output } = await setUp({}, true);
    expect([status, output, blog.isDown]).toEqual([1, expect.stringContaining('Ghost is down'), true]);
    expect(output).toMatch(/Remove the adapter: sudo .*install --uninstall/);
    expect(output).toContain('ghost restart');

    Object.assign(blog, { restart });
    sudo.refuses = false;
    const again = await setUp();
    expect([again.status, again.output]).toEqual([1, expect.stringContaining('it runs from the disk again')]);
    expect(blog.isDown).toBe(false);
  });
});
