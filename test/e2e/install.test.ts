import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fixture } from '../support/fixtures';
import { get } from '../support/http-client';
import { AdminApi } from '../support/ghost/admin-api';
import { startGhost, type RunningGhost } from '../support/ghost/boot';
import { installGhost, type GhostInstall } from '../support/ghost/install';
import { runCommand } from '../support/ghost/run-command';
import { startCdnStandIn, type CdnStandIn } from '../support/cdn-stand-in';
import { startS3UnderTest, type S3UnderTest } from '../support/s3-under-test';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

const CLI = join(__dirname, '../../dist/cli.js');

describe('the command "install"', () => {
  let install: GhostInstall;
  let s3: S3UnderTest;
  let bucket: string;
  let cdn: CdnStandIn;
  beforeAll(async () => {
    install = await installGhost();
    s3 = await startS3UnderTest();
    bucket = await s3.createBucket();
    const { endpoint, region, credentials } = s3;
    cdn = await startCdnStandIn({ s3: { endpoint, region, bucket, credentials } });
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await cdn?.close();
    await s3?.close();
  });

  /** Runs the command with Ghost's Node. */
  const run = (parameters: string[], cwd: string) =>
    runCommand(install.nodeBinary, [CLI, 'install', ...parameters], {
      cwd,
      env: { PATH: process.env.PATH, NO_COLOR: '1' },
    });

  const connection = () => {
    const { accessKeyId, secretAccessKey } = s3.credentials;
    return {
      block: { bucket, region: s3.region, endpoint: s3.endpoint, forcePathStyle: true, cdnUrl: cdn.url },
      credentials: { accessKeyId, secretAccessKey },
    };
  };

  describe('on a blog that has stored on its disk', () => {
    let ghost: RunningGhost;
    let admin: AdminApi;
    let folder: string;
    let adapter: string;
    let configBefore: string;
    beforeAll(async () => {
      const { block, credentials } = connection();
      // As "provision" leaves it where somebody has copied the block alone.
      const config = { storage: { S3CloudFrontStorage: { ...block, ...credentials } } };
      ghost = await startGhost({ install, config });
      folder = dirname(ghost.contentPath);
      adapter = join(ghost.contentPath, 'adapters/storage/S3CloudFrontStorage');
      await rm(adapter, { recursive: true });
      configBefore = await readConfig();
      admin = await AdminApi.setUp(ghost.url);
    }, SETUP_TIMEOUT_MS);
    afterAll(() => ghost?.stop());

    const readConfig = () => readFile(join(folder, 'config.production.json'), 'utf8');
    const upload = async (name: string) => {
      const url = await admin.uploadImage(fixture('landscape.jpg', name));
      return { url, status: (await get(url)).status };
    };

    it('has the next upload on the CDN, and nothing more on the disk', async () => {
      expect(await upload('before.jpg')).toEqual({ url: expect.stringContaining(ghost.url), status: 200 });

      const output = await run(['--ghost', folder, '--yes'], folder);
      await ghost.restart();
      const after = await upload('after.jpg');

      expect(output).toContain('loads as Ghost loads it');
      expect(output).not.toContain(s3.credentials.secretAccessKey);
      expect(after).toEqual({ url: expect.stringContaining(`${cdn.url}/content/images/`), status: 200 });
      expect((await s3.objects(bucket)).map(({ key }) => key)).toContain(new URL(after.url).pathname.slice(1));
      const files = await readdir(join(ghost.contentPath, 'images'), { recursive: true });
      expect(files.filter((name) => name.includes('after'))).toEqual([]);
    });

    it('writes the addresses of the CDN on Ghost 6, and says what is missing on Ghost 5', async () => {
      const { urls } = JSON.parse(await readConfig()) as { urls?: object };
      const output = await run(['--ghost', folder], folder);

      expect(urls).toEqual(install.major === 6 ? { image: cdn.url, media: cdn.url, files: cdn.url } : undefined);
      expect(output.includes('Ghost 5 does not support "urls"')).toBe(install.major === 5);
    });

    it('changes nothing the second time', async () => {
      const before = await readConfig();

      expect(await run(['--ghost', folder], folder)).toContain('Nothing to change');

      expect(await readConfig()).toBe(before);
    });

    it('leaves no log file and nothing else behind that Ghost has not made', async () => {
      expect(await readdir(join(ghost.contentPath, 'logs'))).toEqual([]);
      expect(await readdir(dirname(adapter))).toEqual(['S3CloudFrontStorage']);
    });

    it('gives everything back with --uninstall: the configuration byte for byte, and uploads on the disk', async () => {
      await run(['--ghost', folder, '--uninstall', '--yes'], folder);
      await ghost.restart();
      const { url, status } = await upload('again.jpg');

      expect(await readConfig()).toBe(configBefore);
      expect(existsSync(adapter)).toBe(false);
      expect([url.startsWith(ghost.url), status]).toEqual([true, 200]);
      expect(existsSync(join(ghost.contentPath, new URL(url).pathname.replace('/content/', '')))).toBe(true);
    });
  });

  it('prints an environment with which Ghost stores on the CDN, without a line in its configuration', async () => {
    const { block, credentials } = connection();
    const named = ['--bucket', bucket, '--region', block.region, '--cdn-url', cdn.url, '--endpoint', block.endpoint];
    const printed = await run(['--print', '--json', '--force-path-style', ...named], '/');
    const { environment } = JSON.parse(printed) as { environment: Record<string, string> };
    const env = {
      ...environment,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    const ghost = await startGhost({ install, config: {}, env });
    try {
      const admin = await AdminApi.setUp(ghost.url);
      const { url } = await admin.uploadMedia(fixture('clip.mp4', 'environment.mp4'));

      expect(url).toContain(`${cdn.url}/content/media/`);
    } finally {
      await ghost.stop();
    }
  });
});
