import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { get } from '../support/http-client';
import { onePixel } from '../support/one-pixel';
import type { SetupBlog } from '../support/setup/blog';
import { type Cloud, DOMAIN } from '../support/setup/cloud';
import type { EndedRun, SetupLab } from '../support/setup/lab';
import { type OpenedSetup, openSetup } from '../support/setup/open-setup';

/** A run takes seconds, and many of them are waited for on a busy machine. */
const PICTURE = 'images/2024/05/picture.png';
const FILES = { [PICTURE]: onePixel(1) };

let cloud: Cloud;
let blog: SetupBlog;
let lab: SetupLab;
let close: OpenedSetup['close'];
/** The text of Ghost's configuration. */
let before: string;

const configFile = () => path.join(blog.folder, 'config.production.json');
const readConfig = () => readFileSync(configFile(), 'utf8');
const writeConfig = (text: string) => writeFileSync(configFile(), text);

// A run that is refused changes nothing for the next one.
beforeAll(async () => {
  ({ cloud, blog, lab, close } = await openSetup(FILES));
  before = readConfig();
});

afterAll(() => close());

const SETUP = ['setup', '--domain', DOMAIN, '--region', 'eu-central-1', '--yes'];

/** The blog runs from its disk, and shows its images. */
async function expectBlogOnDisk(): Promise<void> {
  const answer = await get(`http://127.0.0.1:${cloud.ports().front}/content/${PICTURE}`);
  expect([answer.status, FILES[PICTURE]?.equals(answer.body), lab.restarts()]).toEqual([200, true, 0]);
}

/** @param texts what the run has to say */
async function expectRefused({ status, output }: EndedRun, ...texts: string[]): Promise<void> {
  expect([status, output]).toEqual([1, expect.stringContaining(texts[0] ?? '')]);
  texts.forEach((text) => expect(output).toContain(text));
  expect(output).not.toContain('Unexpected error');
  await expectBlogOnDisk();
}

function expectNothingChanged(): void {
  expect([readConfig(), cloud.account.state.stackStatus]).toEqual([before, undefined]);
}

describe('setup names the problem and the way on, builds nothing, and leaves the blog on its disk, with', () => {
  afterEach(() => {
    cloud.account.failAt(null);
    expectNothingChanged();
  });

  test('a folder without Ghost', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'no-ghost-'));
    await expectRefused(await lab.run([...SETUP, '--ghost', folder]), folder, '--ghost');
    await expectRefused(await lab.run([...SETUP, '--ghost', path.join(folder, 'missing')]), 'missing');
    rmSync(folder, { recursive: true });
  });

  test('a profile that does not exist', async () => {
    writeFileSync(path.join(path.dirname(lab.bin), 'config'), '[profile blog]\nregion = eu-central-1\n');
    const environment = { AWS_CONFIG_FILE: path.join(path.dirname(lab.bin), 'config') };
    const named = await lab.run([...SETUP, '--profile', 'blgo'], { environment });
    await expectRefused(named, '--profile is "blgo"', 'Its profiles are blog');
    const ofEnvironment = await lab.run(SETUP, { environment: { ...environment, AWS_PROFILE: 'blgo' } });
    await expectRefused(ofEnvironment, 'AWS_PROFILE is "blgo"');
  });

  test.each([
    ['no credentials', 'CredentialsProviderError', 'Could not load credentials from any providers', 'aws login'],
    ['an expired session', 'ExpiredToken', 'The security token included in the request is expired', 'expired'],
    [
      'a key that AWS does not recognize',
      'InvalidClientTokenId',
      'The security token is invalid',
      'InvalidClientTokenId',
    ],
  ])('%s', async (_, code, message, text) => {
    cloud.account.failAt({ operation: 'GetCallerIdentity', code, message });
    await expectRefused(await lab.setUp(), text);
  });

  test.each<[string, object, string]>([
    ['another storage adapter', { storage: { active: 's3' } }, 'Ghost stores its files with "s3"'],
    [
      'an image server on another domain',
      {
        storage: {
          active: 'S3CloudFrontStorage',
          S3CloudFrontStorage: { bucket: 'other', region: 'eu-west-1', cdnUrl: 'https://pictures.example.test' },
        },
      },
      'This Ghost already gets its images from pictures.example.test',
    ],
    ['no URL', { url: 'blog' }, 'The URL of this blog is unknown'],
    ['the domain of the images as its own', { url: `https://${DOMAIN}` }, 'is the domain of the blog itself'],
  ])('a blog with %s', async (_, config, message) => {
    writeConfig(JSON.stringify({ ...(JSON.parse(before) as object), ...config }));
    await expectRefused(await lab.setUp(), message);
    writeConfig(before);
  });

  test('no rights to look at the DNS zones', async () => {
    const message = 'User is not authorized to perform: route53:ListHostedZones';
    cloud.account.failAt({ operation: 'ListHostedZones', code: 'AccessDenied', message });
    await expectRefused(await lab.setUp(), 'route53:ListHostedZones', '--hosted-zone none');
  });
});

describe('a setup that cannot continue', () => {
  test('continues in the next run: after an expired session, after a full disk, and while another setup is running', async () => {
    for (const operation of ['RequestCertificate', 'DescribeStackEvents', 'CreateAccessKey']) {
      cloud.account.failAt({ operation, code: 'ExpiredToken', message: 'The security token is expired' });
      await expectRefused(await lab.setUp(), 'expired');
      expect(readConfig()).toBe(before);
    }
    cloud.account.failAt(null);
    for (const name of ['config.production.json', 'index.js']) {
      const full = await lab.setUp({ environment: { FULL_DISK: name } });
      await expectRefused(
        full,
        'could not be written',
        'The disk is full. Free some space, then run the command again.',
      );
      expect(readConfig()).not.toContain('"active"');
    }
    const others: Promise<EndedRun>[] = [];
    const { status } = await lab.setUp({
      watch(child) {
        child.stdout?.on('data', (text: Buffer) => {
          if (others.length === 0 && text.includes('1/6 Build')) others.push(lab.setUp());
        });
      },
    });
    const [other] = await Promise.all(others);
    expect([other?.status, other?.output]).toEqual([1, expect.stringContaining('Another setup is running')]);
    expect([status, lab.restarts()]).toEqual([0, 1]);
  });
});

describe('a blog without any file', () => {
  test('is set up, and gets back to its disk', async () => {
    const empty = await openSetup({});
    const { status, output } = await empty.lab.setUp();
    expect([status, output]).toEqual([
      0,
      expect.stringContaining(`The images of this blog come from https://${DOMAIN}`),
    ]);
    expect((await empty.lab.run(['setup', '--undo', '--yes'])).status).toBe(0);
    expect([
      readFileSync(path.join(empty.blog.folder, 'config.production.json'), 'utf8').includes('"active"'),
      empty.lab.restarts(),
    ]).toEqual([false, 2]);
    await empty.close();
  });
});
