import { existsSync } from 'node:fs';
import path from 'node:path';
import { onePixel } from '../support/one-pixel';
import type { SetupBlog } from '../support/setup/blog';
import { type Cloud, DOMAIN } from '../support/setup/cloud';
import type { SetupLab } from '../support/setup/lab';
import { type OpenedSetup, openSetup } from '../support/setup/open-setup';
import { type Configured, countCopied, readConfig, stopEverywhere } from '../support/setup/stops';

/** A run takes seconds, and many of them are waited for on a busy machine. */
const FILES = Object.fromEntries(
  Array.from({ length: 300 }, (_, index) => [`images/2024/05/picture-${index}.png`, onePixel(index)]),
);
const ADAPTER = 'content/adapters/storage/S3CloudFrontStorage';

let cloud: Cloud;
let blog: SetupBlog;
let lab: SetupLab;
let close: OpenedSetup['close'];

beforeEach(async () => {
  ({ cloud, blog, lab, close } = await openSetup(FILES));
});

afterEach(() => close());

describe('setup', () => {
  test('leads from an empty account to a blog on the CDN, and back with every byte', async () => {
    const before = readConfig(blog);
    const { status, output } = await lab.setUp();
    expect([status, output]).toEqual([
      0,
      expect.stringContaining(`The images of this blog come from https://${DOMAIN}`),
    ]);
    expect(countCopied({ cloud, files: FILES })).toBe(300);
    expect(output).toMatch(/Found {3}Ghost 6\.65\.0 at https:\/\/blog\.example\.test, 300 files/);
    expect(output).toContain('Your files cost less than $0.01 a month');
    const { secretAccessKey } = (JSON.parse(readConfig(blog)) as Configured).storage.S3CloudFrontStorage;
    expect(output).not.toContain(secretAccessKey);

    const again = await lab.setUp();
    expect([again.status, again.output]).toEqual([0, expect.stringContaining('Ghost already uses the image server.')]);
    expect([lab.restarts(), cloud.account.state.accessKeys]).toEqual([1, [expect.anything()]]);

    const back = await lab.run(['setup', '--undo', '--yes']);
    expect([back.status, back.output]).toEqual([
      0,
      expect.stringContaining('Ghost stores its files on the disk again'),
    ]);
    const { storage, ...rest } = JSON.parse(readConfig(blog)) as Configured;
    // What the image server needs stays, without effect, for another time.
    expect([rest, Object.keys(storage)]).toEqual([JSON.parse(before), ['S3CloudFrontStorage']]);
    expect(existsSync(path.join(blog.folder, ADAPTER))).toBe(false);
    expect(await lab.visit('content/images/2024/05/picture-1.png')).toEqual(FILES['images/2024/05/picture-1.png']);
  });

  test('can be killed in each of its steps, and comes to the same end with every image shown at every moment', async () => {
    await stopEverywhere({ cloud, blog, lab, files: FILES });
  });

  test('shows the error in the log of a Ghost that does not come up', async () => {
    blog.breaks = true;
    const { output } = await lab.setUp();
    expect(output).toContain('Ghost did not come up with the adapter: The stand-in was told to break');
  });
});
