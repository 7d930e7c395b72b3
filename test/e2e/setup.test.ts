import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort, type RunningGhost, startGhost } from '../support/ghost/boot';
import { installGhost } from '../support/ghost/install';
import { onePixel } from '../support/one-pixel';
import type { SetupBlog } from '../support/setup/blog';
import { BLOG_HOST, type Cloud, startCloud } from '../support/setup/cloud';
import { openSetupLab, type SetupLab } from '../support/setup/lab';
import { stopEverywhere } from '../support/setup/stops';
import { SETUP_TIMEOUT_MS } from './timeouts';

const FILES = Object.fromEntries(
  Array.from({ length: 300 }, (_, index) => [`images/2024/05/picture-${index}.png`, onePixel(index)]),
);
const ADAPTER = 'adapters/storage/S3CloudFrontStorage';

describe('setup of a real Ghost with 300 files', () => {
  let cloud: Cloud;
  let ghost: RunningGhost;
  let blog: SetupBlog;
  let lab: SetupLab;

  beforeAll(async () => {
    const install = await installGhost();
    const port = await freePort();
    cloud = await startCloud(port);
    const env = { AWS_ENDPOINT_URL_S3: cloud.s3.endpoint };
    ghost = await startGhost({ install, config: {}, port, url: `https://${BLOG_HOST}`, env });
    const { contentPath } = ghost;
    await rm(path.join(contentPath, ADAPTER), { recursive: true });
    await mkdir(path.join(contentPath, 'images/2024/05'), { recursive: true });
    await Promise.all(Object.entries(FILES).map(([name, bytes]) => writeFile(path.join(contentPath, name), bytes)));
    const folder = path.dirname(contentPath);
    await writeFile(path.join(folder, '.ghost-cli'), '{}');
    blog = {
      folder,
      url: ghost.url,
      isDown: false,
      breaks: false,
      async restart() {
        blog.isDown = true;
        if (blog.breaks) {
          // Once; the adapter is taken out then.
          blog.breaks = false;
          await writeFile(path.join(contentPath, ADAPTER, 'dist/index.js'), 'throw new Error("It was damaged");');
        }
        await ghost.restart();
        blog.isDown = false;
      },
      close: () => ghost.stop(),
    };
    lab = await openSetupLab(cloud, blog);
  }, SETUP_TIMEOUT_MS);

  afterAll(async () => {
    await lab?.close();
    await blog?.close();
    await cloud?.close();
  });

  it('can be killed in each of its steps: the blog shows every image at every moment, and one more run ends it', async () => {
    await stopEverywhere({ cloud, blog, lab, files: FILES });
  }, 600_000);
});
