import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCdnStandIn, type CdnStandIn } from '../support/cdn-stand-in';
import { makeCertificate } from '../support/certificate';
import { startEdge, type Edge } from '../support/doctor/edge';
import { runCommandLine } from '../support/doctor/run-command';
import { fixture } from '../support/fixtures';
import { get } from '../support/http-client';
import { AdminApi } from '../support/ghost/admin-api';
import { freePort, startGhost, type RunningGhost } from '../support/ghost/boot';
import { type DockerSite, layOutDockerSite, LAYOUTS } from '../support/ghost/docker-sites';
import { installGhost, type GhostInstall } from '../support/ghost/install';
import { startS3UnderTest, type S3UnderTest } from '../support/s3-under-test';
import { routeFromGhost } from '../support/tls-cdn/route-from-ghost';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

const CDN_HOST = 'images.example.test';
const CDN = `https://${CDN_HOST}`;
const SECRET = 'a-secret-between-the-cdn-and-$ghost';

describe.each(Object.entries(LAYOUTS))('a site directory of ghost-docker with %s', (_, layout) => {
  let folder: string;
  let install: GhostInstall;
  let s3: S3UnderTest;
  let bucket: string;
  let cdn: CdnStandIn;
  let edge: Edge;
  let certificateFile: string;
  let site: DockerSite;
  let ghost: RunningGhost;
  let admin: AdminApi;
  let before: Record<string, string>;
  let adapter: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ghost-docker-'));
    install = await installGhost();
    s3 = await startS3UnderTest();
    bucket = await s3.createBucket();
    const { endpoint, region, credentials } = s3;
    cdn = await startCdnStandIn({ hostname: CDN_HOST, s3: { endpoint, region, bucket, credentials } });
    const certificate = await makeCertificate(CDN_HOST, 90, folder);
    certificateFile = certificate.certificateFile;
    edge = await startEdge({ certificate, cdn });
    const port = await freePort();
    site = await layOutDockerSite(join(folder, 'site'), layout, `127.0.0.1:${port}`);
    // What "provision --write-config" ends with, of which Ghost makes no use yet.
    const { accessKeyId, secretAccessKey } = credentials;
    const options = { accessKeyId, secretAccessKey, cdnFallbackSecret: SECRET.replace('$', '$$$$') };
    await appendFile(
      site.envFile,
      Object.entries(options)
        .map(([name, value]) => `storage__S3CloudFrontStorage__${name}="${value}"\n`)
        .join(''),
    );
    before = await site.texts();
    const network = routeFromGhost(CDN_HOST, edge.tlsPort, certificateFile);
    ghost = await startGhost({
      install,
      config: {},
      port,
      contentPath: site.contentPath,
      env: () => ({ ...network, ...site.variables() }),
    });
    cdn.setGhost({ url: ghost.url, fallbackSecret: SECRET });
    adapter = join(site.contentPath, 'adapters/storage/S3CloudFrontStorage');
    await rm(join(site.contentPath, 'adapters'), { recursive: true });
    admin = await AdminApi.setUp(ghost.url);
  }, SETUP_TIMEOUT_MS);

  afterAll(async () => {
    await ghost?.stop();
    await edge?.close();
    await cdn?.close();
    await s3?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a command of the package on the site. */
  const run = (...parameters: string[]) =>
    runCommandLine(
      [...parameters, '--ghost', site.folder],
      { [`${CDN_HOST}:443`]: edge.tlsPort, [`${CDN_HOST}:80`]: edge.plainPort },
      { NODE_EXTRA_CA_CERTS: certificateFile },
    ).ended;

  const upload = async (name: string) => admin.uploadImage(fixture('landscape.jpg', name));

  it('has the adapter and the variables after install, and the next upload on the CDN', async () => {
    expect(await upload('before.jpg')).toContain(ghost.url);
    const { region, endpoint } = s3;
    const given = ['--bucket', bucket, '--region', region, '--cdn-url', CDN, '--endpoint', endpoint];
    const { status, stdout, stderr } = await run('install', '--yes', '--force-path-style', ...given);

    expect([status, stderr]).toEqual([0, expect.not.stringContaining('✖')]);
    expect(stdout + stderr).toContain('docker compose up -d --force-recreate ghost');
    expect(stdout + stderr).not.toContain(s3.credentials.secretAccessKey);
    expect(existsSync(join(adapter, 'dist/index.js'))).toBe(true);
    const { [site.envFile.slice(site.folder.length + 1)]: envFile = '', ...others } = await site.texts();
    expect(before).toMatchObject(others);
    expect(envFile).toContain('storage__active="S3CloudFrontStorage"');
    expect((await stat(site.envFile)).mode & 0o777).toBe(0o600);

    await ghost.restart();
    const url = await upload('after.jpg');
    expect(url).toMatch(new RegExp(`^${CDN}/content/images/`));
    expect((await s3.objects(bucket)).map(({ key }) => key)).toContain(new URL(url).pathname.slice(1));
  });

  it('serves the files of its ActivityPub from the disk, and redirects visitors behind Caddy to the CDN', async () => {
    const pictures = join(site.contentPath, 'images/activitypub/images');
    await mkdir(pictures, { recursive: true });
    await writeFile(join(pictures, 'avatar.jpg'), 'an avatar');
    const caddy = { via: '1.1 Caddy' };
    const avatar = await get(`${ghost.url}/content/images/activitypub/images/avatar.jpg`, caddy);
    expect([avatar.status, avatar.body.toString()]).toEqual([200, 'an avatar']);
    expect(avatar.headers).toMatchObject({
      'content-type': 'image/jpeg',
      'cache-control': 'public, max-age=31536000',
    });
    expect((await get(`${ghost.url}/content/images/activitypub/images/none.jpg`, caddy)).status).toBe(404);
    const old = await get(`${ghost.url}/content/images/2026/11/x.jpg`, caddy);
    expect([old.status, old.headers.location]).toEqual([302, `${CDN}/content/images/2026/11/x.jpg`]);
  });

  it('is moved in and found well by the doctor, which leave the files of its ActivityPub where they are', async () => {
    const migrated = await run('migrate');
    expect([migrated.status, migrated.stderr]).toEqual([0, '']);
    expect((await s3.objects(bucket)).filter(({ key }) => key.includes('activitypub'))).toEqual([]);

    const { stdout } = await run('doctor', '--json');
    const results = JSON.parse(stdout) as { name: string; result: string; found?: string }[];
    expect(results.filter(({ result }) => result === 'failed')).toEqual([]);
    expect(results.filter(({ result }) => result === 'passed').length).toBeGreaterThan(25);
  });

  it('is byte for byte what it was after --uninstall, and stores on its disk', async () => {
    const { status, stdout, stderr } = await run('install', '--uninstall', '--yes');
    expect([status, stdout + stderr]).toEqual([
      0,
      expect.stringContaining('docker compose up -d --force-recreate ghost'),
    ]);
    expect(await site.texts()).toEqual(before);
    expect(existsSync(adapter)).toBe(false);

    await ghost.restart();
    const url = await upload('again.jpg');
    expect([url.startsWith(ghost.url), (await get(url)).status]).toEqual([true, 200]);
    const files = await readdir(join(site.contentPath, 'images'), { recursive: true });
    expect(files.filter((name) => name.includes('again'))).not.toEqual([]);
  });
});
