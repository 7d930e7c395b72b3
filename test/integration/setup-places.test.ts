import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../support/ghost/boot';
import { get } from '../support/http-client';
import { onePixel } from '../support/one-pixel';
import { type BlogStandIn, startBlogStandIn } from '../support/setup/blog';
import { type Cloud, DOMAIN } from '../support/setup/cloud';
import type { InstallationOptions } from '../support/setup/installation';
import type { SetupLab } from '../support/setup/lab';
import { type OpenedSetup, openSetup } from '../support/setup/open-setup';

/** A run takes seconds, and many of them are waited for on a busy machine. */
const PICTURE = 'images/2024/05/picture.png';
const FILES = { [PICTURE]: onePixel(1) };
const UNATTENDED = ['--domain', DOMAIN, '--region', 'eu-central-1', '--yes'];
const ADAPTER = 'adapters/storage/S3CloudFrontStorage';

let cloud: Cloud;
let blog: BlogStandIn;
let lab: SetupLab;
let close: OpenedSetup['close'];

const open = async (options: InstallationOptions) => {
  ({ cloud, blog, lab, close } = await openSetup(FILES, options));
};

afterEach(() => close());

type Config = Record<string, unknown> & { storage?: object; adapters?: { storage?: object } };

const configText = () => readFileSync(blog.settingsFile, 'utf8');
const config = () => JSON.parse(configText()) as Config;

/** Returns the texts of the backups of the configuration, the oldest first. */
const backups = () =>
  readdirSync(blog.folder)
    .filter((name) => name.endsWith('.backup'))
    .sort()
    .map((name) => readFileSync(path.join(blog.folder, name), 'utf8'));

/** Sets the blog up, and proves that its images come from the CDN and its missing sizes from Ghost. */
async function setUpAndVisit(): Promise<string> {
  const { status, output } = await lab.setUp();
  expect([status, output]).toEqual([0, expect.stringContaining(`The images of this blog come from https://${DOMAIN}`)]);
  const base = new URL(blog.url).pathname.slice(1);
  for (const name of [PICTURE, PICTURE.replace('images/', 'images/size/w100/')]) {
    expect(await lab.visit(path.posix.join(base, 'content', name))).toEqual(FILES[PICTURE]);
  }
  // CloudFront asks Ghost itself for a size that the bucket does not have.
  const size = `http://127.0.0.1:${cloud.ports().cdn}/content/${PICTURE.replace('images/', 'images/size/w300/')}`;
  expect(await get(size, { host: DOMAIN })).toMatchObject({ status: 200, body: FILES[PICTURE] });
  expect(cloud.s3.objects(cloud.bucket() ?? '').has(`content/${PICTURE}`)).toBe(true);
  return output;
}

/** Goes back, and proves that the configuration is that of before the switch. */
async function goBack(before: string, { restarts } = { restarts: 2 }): Promise<Config> {
  const { status, output } = await lab.run(['setup', '--undo', '--yes']);
  expect([status, output]).toEqual([0, expect.stringContaining('Ghost stores its files on the disk again')]);
  // Posts of that time show them as they are.
  expect(output).toContain('contain full CDN URLs. Keep the CDN');
  const [original, withOptions] = backups();
  // What the image server needs stays, without effect, for another time.
  expect([original, configText()]).toEqual([before, withOptions]);
  expect([lab.restarts(), existsSync(path.join(blog.contentPath, ADAPTER))]).toEqual([restarts, false]);
  const base = new URL(blog.url).pathname.slice(1);
  expect(await lab.visit(path.posix.join(base, 'content', PICTURE))).toEqual(FILES[PICTURE]);
  return config();
}

describe('setup', () => {
  test('switches a blog over, and back, whose storage is set below "adapters"', async () => {
    await open({});
    const own = { active: 'LocalImagesStorage', LocalImagesStorage: {} };
    // Ghost does not read "storage" then.
    const storage = { active: 'unused' };
    writeFileSync(blog.settingsFile, JSON.stringify({ ...config(), storage, adapters: { storage: own } }, null, 4));
    const before = configText();
    await setUpAndVisit();
    expect(config()).toMatchObject({
      storage,
      adapters: { storage: { ...own, active: 'S3CloudFrontStorage', S3CloudFrontStorage: {} } },
    });
    const after = await goBack(before);
    expect([after.storage, after.adapters?.storage]).toEqual([
      storage,
      { ...own, S3CloudFrontStorage: expect.anything() as object },
    ]);
  });

  test('switches a blog in a sub-directory over, and back', async () => {
    await open({ url: 'https://blog.example.test/blog' });
    const before = configText();
    await setUpAndVisit();
    expect(config().urls).toEqual({
      image: `https://${DOMAIN}`,
      media: `https://${DOMAIN}`,
      files: `https://${DOMAIN}`,
    });
    await goBack(before);
  });

  test('switches a blog on Ghost 5 over, says what it lacks and adds it after the update, and goes back', async () => {
    await open({ version: '5.130.6' });
    const before = configText();
    const output = await setUpAndVisit();
    expect(output.split('1/6 Build')[0]).toContain('Ghost 5 does not support "urls"');
    expect(config()).not.toHaveProperty('urls');

    const manifest = path.join(blog.folder, 'current/package.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('5.130.6', '6.65.0'));
    expect(await setUpAndVisit()).not.toContain('Ghost 5');
    expect(config()).toHaveProperty('urls.image', `https://${DOMAIN}`);
    await goBack(before, { restarts: 3 });
  });

  test('refuses a second blog on the image server of another one, whose files and key stay as they are', async () => {
    await open({});
    expect((await lab.setUp()).status).toBe(0);
    const bucket = cloud.bucket() ?? '';
    const files = { [PICTURE]: onePixel(2), 'images/2024/06/second.png': onePixel(3) };
    const second = await startBlogStandIn(await freePort(), cloud.s3.endpoint, files, {
      url: 'https://second.example.test',
    });
    try {
      const before = readFileSync(second.settingsFile, 'utf8');
      const objects = [...cloud.s3.objects(bucket).keys()];
      const keys = cloud.account.state.accessKeys;
      const { status, output } = await lab.run(['setup', '--ghost', second.folder, ...UNATTENDED]);
      expect([status, output]).toEqual([
        1,
        expect.stringContaining(`https://${DOMAIN} is the image server of another blog, https://blog.example.test.`),
      ]);
      expect(output).toContain('--domain images-2.example.test');
      expect([...cloud.s3.objects(bucket).keys()]).toEqual(objects);
      expect(cloud.account.state.accessKeys).toEqual(keys);
      expect([readFileSync(second.settingsFile, 'utf8'), second.starts]).toEqual([before, 1]);
      expect(await lab.visit(`content/${PICTURE}`)).toEqual(FILES[PICTURE]);
    } finally {
      await second.close();
    }
  });
});
