import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
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
jest.setTimeout(300_000);

const OPERATOR = 4711;
const GHOST = 4712;
const FILES = { 'images/2024/05/picture.png': onePixel(1) };

let cloud: Cloud;
let blog: SetupBlog;
let lab: SetupLab;
let sudo: Sudo;
let close: OpenedSetup['close'];

const configFile = () => path.join(blog.folder, 'config.production.json');
const readConfig = () => readFileSync(configFile(), 'utf8');

/** Only root can run a command as another user. */
const describeAsRoot = isRoot() ? describe : describe.skip;

beforeEach(async () => {
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
  const home = path.join(path.dirname(lab.bin), 'home');
  mkdirSync(home);
  chownSync(home, OPERATOR, OPERATOR);
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...rest } = cloud.environment;
  expect([AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY]).not.toContain(undefined);
  sudo = await startSudo(lab.bin, { ...rest, PATH: process.env.PATH, HOME: '/root', NO_COLOR: '1' });
});

afterEach(async () => {
  await sudo.close();
  await close();
});

/** Runs `setup` as a user who may read the installation, and write nothing in it. */
const setUp = (environment: NodeJS.ProcessEnv = {}) =>
  lab.setUp({ user: OPERATOR, environment: { HOME: path.join(path.dirname(lab.bin), 'home'), ...environment } });

describeAsRoot('setup by a user who may not write in the folder of Ghost', () => {
  test('takes the rights of root for the changes alone, and shows no secret to other users', async () => {
    const { status, output } = await setUp();
    expect([status, output]).toEqual([
      0,
      expect.stringContaining(`The images of this blog come from https://${DOMAIN}`),
    ]);
    expect(sudo.calls.map(([, , ...parameters]) => parameters)).toEqual([['setup-as-root'], ['setup-as-root']]);
    const [{ secret } = { secret: '' }] = cloud.account.state.accessKeys;
    expect(readConfig()).toContain(secret);
    expect([...sudo.calls.flat(), output].join('\n')).not.toContain(secret);
    const owners = ['config.production.json', 'content/adapters/storage/S3CloudFrontStorage/index.js'].map(
      (name) => statSync(path.join(blog.folder, name)).uid,
    );
    expect(owners).toEqual([0, GHOST]);

    const back = await lab.run(['setup', '--undo', '--yes'], {
      user: OPERATOR,
      environment: { HOME: path.join(path.dirname(lab.bin), 'home') },
    });
    expect([back.status, back.output]).toEqual([0, expect.stringContaining('stores its files on the disk again')]);
    expect(existsSync(path.join(blog.folder, 'content/adapters/storage/S3CloudFrontStorage'))).toBe(false);
  });

  test('says that sudo refuses, leaves everything as it is, and continues when it no longer does', async () => {
    const before = readConfig();
    sudo.refuses = true;
    const { status, output } = await setUp();
    expect([status, output]).toEqual([1, expect.stringContaining('The change as root did not succeed')]);
    expect(output).toContain('is not in the sudoers file');
    expect([readConfig(), blog.isDown, lab.restarts()]).toEqual([before, false, 0]);
    sudo.refuses = false;
    expect((await setUp()).status).toBe(0);
  });

  test('says that there is no sudo, and as whom to run it', async () => {
    const { status, output } = await setUp({ PATH: path.join(path.dirname(lab.bin), 'home') });
    expect([status, output]).toEqual([1, expect.stringContaining('sudo cannot be started (spawn sudo ENOENT)')]);
    expect(output).toContain("Run the command as a user who can write Ghost's configuration and content folder.");
    expect(lab.restarts()).toBe(0);
  });

  test('refuses a content folder that this user may not read, before anything is built', async () => {
    chmodSync(path.join(blog.folder, 'content'), 0o700);
    const { status, output } = await setUp();
    expect([status, output]).toEqual([1, expect.stringContaining('cannot be read (EACCES)')]);
    expect(cloud.account.state.stackStatus).toBeUndefined();
  });

  test('names a single file that this user may not read, and does not switch Ghost over', async () => {
    writeFileSync(path.join(blog.folder, 'content/images/closed.png'), onePixel(2), { mode: 0o600 });
    const { status, output } = await setUp();
    expect([status, output]).toEqual([1, expect.stringContaining('closed.png')]);
    expect([output, lab.restarts()]).toEqual([expect.stringContaining('was not switched over'), 0]);
  });
});
