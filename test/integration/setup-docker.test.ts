import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DockerImage } from '../support/ghost/docker-sites';
import { onePixel } from '../support/one-pixel';
import type { BlogStandIn } from '../support/setup/blog';
import { type Cloud, DOMAIN } from '../support/setup/cloud';
import type { SetupLab } from '../support/setup/lab';
import { type OpenedSetup, openSetup } from '../support/setup/open-setup';
import { countCopied } from '../support/setup/stops';

/** A run takes seconds, and many of them are waited for on a busy machine. */
const FILES = { 'images/2024/05/picture.png': onePixel(1), 'images/2024/06/other.png': onePixel(2) };
/** Lines with the options of the adapter. */
const OPTIONS = /^storage__S3CloudFrontStorage__[^\n]*\n/gm;
const ADAPTER = 'adapters/storage/S3CloudFrontStorage';

let cloud: Cloud;
let blog: BlogStandIn;
let lab: SetupLab;
let close: OpenedSetup['close'];

const open = async (image: DockerImage) => {
  ({ cloud, blog, lab, close } = await openSetup(FILES, { image }));
};
const settings = () => readFileSync(blog.settingsFile, 'utf8');
const isActive = () => settings().includes('storage__active');

afterEach(() => close());

describe('setup in a site directory of Docker Compose', () => {
  test.each<DockerImage>(['ghost:6-alpine', 'ghost:6-next-alpine'])(
    'leads to a blog of %s on the CDN, also after a kill at the restart, and back with every byte',
    async (image) => {
      await open(image);
      const before = settings();
      expect((await lab.setUp({ killsAtRestart: true })).status).toBeNull();
      expect([isActive(), blog.starts]).toEqual([true, 1]);

      const { status, output } = await lab.setUp();
      expect([status, output]).toEqual([
        0,
        expect.stringContaining(`The images of this blog come from https://${DOMAIN}`),
      ]);
      expect(output).toMatch(
        /Found {3}Ghost 6(\.65\.0)? at https:\/\/blog\.example\.test, 2 files .*\n +Docker Compose, not on EC2/,
      );
      expect(output).toContain('docker compose up -d --force-recreate ghost');
      expect([blog.starts, countCopied({ cloud, files: FILES })]).toEqual([2, 2]);
      expect(await lab.visit('content/images/2024/05/picture.png')).toEqual(FILES['images/2024/05/picture.png']);
      expect(statSync(blog.settingsFile).mode & 0o777).toBe(0o600);

      // Both the bucket and the disk keep what was uploaded since.
      const later = 'images/2024/07/later.png';
      const objects = cloud.s3.objects(cloud.bucket() ?? '');
      const object = objects.get('content/images/2024/05/picture.png');
      objects.set(`content/${later}`, object as NonNullable<typeof object>);
      const back = await lab.run(['setup', '--undo', '--yes']);
      expect([back.status, back.output]).toEqual([
        0,
        expect.stringContaining('Ghost stores its files on the disk again'),
      ]);
      expect(readFileSync(path.join(blog.contentPath, later))).toEqual(FILES['images/2024/05/picture.png']);
      expect(await lab.visit(`content/${later}`)).toEqual(FILES['images/2024/05/picture.png']);
      // What the image server needs stays, without effect, for another time.
      expect(settings().replace(OPTIONS, '')).toBe(before);
      expect(existsSync(path.join(blog.contentPath, ADAPTER))).toBe(false);
      expect([blog.starts, statSync(blog.settingsFile).mode & 0o777]).toEqual([3, 0o600]);
    },
  );

  test('puts a Ghost that does not come up back on its disk by itself, and restarts one with another adapter', async () => {
    await open('ghost:6-next-alpine');
    const before = settings();
    blog.breaks = true;
    const { status, output } = await lab.setUp({ hurries: true });
    expect([status, output]).toEqual([1, expect.stringContaining('it runs from the disk again')]);
    expect(output).toContain('Ghost did not come up with the adapter: The stand-in was told to break');
    expect(output).toContain('docker compose logs ghost');
    expect([blog.isDown, blog.starts]).toEqual([false, 3]);
    expect(settings().replace(OPTIONS, '')).toBe(before);
    expect(await lab.visit('content/images/2024/05/picture.png')).toEqual(FILES['images/2024/05/picture.png']);

    blog.breaks = false;
    expect((await lab.setUp()).status).toBe(0);

    // A container is not made again by itself when only a file in its content folder is another one.
    writeFileSync(path.join(blog.contentPath, ADAPTER, 'dist/index.js'), '// of a former version');
    const { starts } = blog;
    expect((await lab.setUp()).status).toBe(0);
    expect(blog.starts).toBe(starts + 1);
  });
});
