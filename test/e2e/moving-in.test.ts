import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import pLimit from 'p-limit';
import { startCdnStandIn, type CdnStandIn } from '../support/cdn-stand-in';
import { makeCertificate } from '../support/certificate';
import { startEdge, type Edge } from '../support/doctor/edge';
import { runCommandLine } from '../support/doctor/run-command';
import { localHosts } from '../support/local-hosts';
import { fixture } from '../support/fixtures';
import { get } from '../support/http-client';
import { AdminApi, type Post } from '../support/ghost/admin-api';
import { freePort, startGhost, type RunningGhost } from '../support/ghost/boot';
import { installGhost, type GhostInstall } from '../support/ghost/install';
import { onePixel } from '../support/one-pixel';
import { startNpmRegistry, type NpmRegistry } from '../support/npm-registry';
import { KEYS, runOnTerminal, type TerminalSession } from '../support/pseudo-terminal';
import { startS3UnderTest, type S3UnderTest } from '../support/s3-under-test';
import { routeFromGhost } from '../support/tls-cdn/route-from-ghost';
import { installTools } from '../support/tls-cdn/tools';
import { openDoorsTo, type Visitors } from '../support/tls-cdn/visitors';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

const CDN_HOST = 'images.example.test';
const CDN = `https://${CDN_HOST}`;
const SECRET = 'a-secret-between-the-cdn-and-ghost';
/** The commands of the README's "Move a blog", line by line. */
const COMMANDS =
  /^## Move a blog$[^]*?^```bash$\n([^]*?)^```$/m
    .exec(readFileSync(resolve(__dirname, '../../README.md'), 'utf8'))?.[1]
    ?.trim()
    .split('\n') ?? [];
const PICTURES = 300;
const PICTURES_IN_A_POST = 30;
/** So many look at the blog at a time. */
const VISITORS = 4;

/** An `<img>` in the browser. */
interface LazyImage {
  loading: string;
  complete: boolean;
  onload: unknown;
  onerror: unknown;
}

describe('a blog with years of files on its disk', () => {
  let folder: string;
  let install: GhostInstall;
  let s3: S3UnderTest;
  let bucket: string;
  let cdn: CdnStandIn;
  let edge: Edge;
  let ghost: RunningGhost;
  let admin: AdminApi;
  let visitors: Visitors;
  let registry: NpmRegistry;
  let site: string;
  let commandEnvironment: Record<string, string>;
  let posts: Post[];
  /** Digests of all files of the content folders, before anything is moved. */
  let before: Record<string, string>;
  let configBefore: string;
  const sessions: TerminalSession[] = [];

  beforeAll(async () => {
    await installTools();
    folder = await mkdtemp(join(tmpdir(), 'moving-in-'));
    install = await installGhost();
    s3 = await startS3UnderTest();
    bucket = await s3.createBucket();
    const { endpoint, region, credentials } = s3;
    cdn = await startCdnStandIn({ hostname: CDN_HOST, s3: { endpoint, region, bucket, credentials } });
    const certificate = await makeCertificate(CDN_HOST, 90, folder);
    edge = await startEdge({ certificate, cdn });
    const publicKey = new X509Certificate(certificate.cert).publicKey.export({ type: 'spki', format: 'der' });
    const digest = createHash('sha256').update(publicKey).digest('base64');
    visitors = await openDoorsTo({
      chromiumArgs: [
        `--host-resolver-rules=MAP ${CDN_HOST}:443 127.0.0.1:${edge.tlsPort}, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
        `--ignore-certificate-errors-spki-list=${digest}`,
      ],
    });
    commandEnvironment = { NODE_EXTRA_CA_CERTS: certificate.certificateFile };
    registry = await startNpmRegistry(folder);

    const { accessKeyId, secretAccessKey } = credentials;
    const block = { bucket, region, endpoint, forcePathStyle: true, accessKeyId, secretAccessKey };
    // What "provision" ends with, of which Ghost makes no use yet.
    const config = { storage: { S3CloudFrontStorage: { ...block, cdnUrl: CDN, cdnFallbackSecret: SECRET } } };
    const env = routeFromGhost(CDN_HOST, edge.tlsPort, certificate.certificateFile);
    const port = await freePort();
    ghost = await startGhost({ install, config, port, env });
    cdn.setGhost({ url: ghost.url, fallbackSecret: SECRET });
    site = dirname(ghost.contentPath);
    await rm(join(ghost.contentPath, 'adapters/storage/S3CloudFrontStorage'), { recursive: true });
    configBefore = await readConfig();
    admin = await AdminApi.setUp(ghost.url);
    posts = await fillBlog();
    // Themes ask for sizes, which Ghost creates and keeps among the images.
    await lookAtAll();
    before = await digests();
  }, SETUP_TIMEOUT_MS);

  afterAll(async () => {
    for (const session of sessions) session.kill();
    await visitors?.close();
    await registry?.close();
    await ghost?.stop();
    await edge?.close();
    await cdn?.close();
    await s3?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const readConfig = () => readFile(join(site, 'config.production.json'), 'utf8');

  /** The CDN's domain is on this machine. */
  const network = () => ({ [`${CDN_HOST}:443`]: edge.tlsPort, [`${CDN_HOST}:80`]: edge.plainPort });

  /** Runs a command of the package on the blog. */
  async function run(...parameters: string[]) {
    return runCommandLine([...parameters, '--ghost', site], network(), commandEnvironment).ended;
  }

  /** Types one of the README's commands into a terminal on which npx has not yet downloaded the package. */
  function type(command: string): TerminalSession {
    const home = join(folder, 'home');
    const script = `
      cd() { builtin cd '${site}'; }
      sudo() { "$@"; }
      ${COMMANDS[0]}
      ${command}`;
    const session = runOnTerminal(`bash -c "$SCRIPT"`, {
      SCRIPT: script,
      PATH: process.env.PATH,
      HOME: home,
      npm_config_registry: registry.url,
      npm_config_update_notifier: 'false',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...localHosts(network()),
      ...commandEnvironment,
    });
    sessions.push(session);
    return session;
  }

  /** Images of years ago are on the disk; posts show them, a video and a download. */
  async function fillBlog(): Promise<Post[]> {
    const directory = join(ghost.contentPath, 'images/2019/03');
    await mkdir(directory, { recursive: true });
    const names = Array.from({ length: PICTURES }, (_, index) => `picture-${index}.png`);
    await Promise.all(names.map((name, index) => writeFile(join(directory, name), onePixel(index))));
    const large = await admin.uploadImage(fixture('landscape.jpg', 'lake.jpg'));
    const video = await admin.uploadMedia(fixture('clip.mp4'), fixture('clip-thumbnail.jpg'));
    const download = await admin.uploadFile(fixture('field-notes.pdf'));
    const published: Post[] = [];
    for (let first = 0; first < PICTURES; first += PICTURES_IN_A_POST) {
      const shown = names.slice(first, first + PICTURES_IN_A_POST);
      const pictures = shown.map((name) => `<p><img src="${ghost.url}/content/images/2019/03/${name}"></p>`);
      const more = `<p><img src="${large}"><a href="${download}">notes</a> <a href="${video.url}">clip</a></p>`;
      const html = [...pictures, more].join('\n');
      published.push(
        await admin.createPost({ title: `Post ${first}`, html, feature_image: large, status: 'published' }),
      );
    }
    return published;
  }

  /** Digests of the files below images, media and files, by their path in the content folder. */
  async function digests(): Promise<Record<string, string>> {
    const folders = ['images', 'media', 'files'].map((name) => join(ghost.contentPath, name));
    const entries = (
      await Promise.all(folders.map((path) => readdir(path, { recursive: true, withFileTypes: true })))
    ).flat();
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const pairs = files.sort().map(async (file): Promise<[string, string]> => {
      const digest = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      return [relative(ghost.contentPath, file), digest];
    });
    return Object.fromEntries(await Promise.all(pairs));
  }

  /** Opens a post in a browser, which loads all of its images, and returns where they came from. */
  async function look(post: Post) {
    const visitor = await visitors.arrive();
    await visitor.page.goto(post.url);
    const images = visitor.page.locator('article img');
    // As for a reader who scrolls through all of it.
    await images.evaluateAll((all) =>
      Promise.all(
        (all as unknown as LazyImage[]).map(async (image) => {
          image.loading = 'eager';
          if (!image.complete) await new Promise((end) => (image.onload = image.onerror = end));
        }),
      ),
    );
    await visitor.page.waitForLoadState('networkidle');
    const isShown = await images.evaluateAll((all) =>
      (all as unknown as { naturalWidth: number }[]).map(({ naturalWidth }) => naturalWidth > 0),
    );
    const pictures = visitor.responses.filter(({ url }) => new URL(url).pathname.includes('/content/images/'));
    await visitor.close();
    return {
      shown: isShown.filter(Boolean).length,
      broken: isShown.filter((is) => !is).length,
      missing: visitor.responses.filter(({ status }) => status >= 400).map(({ status, url }) => `${status} ${url}`),
      failures: visitor.failures,
      // Redirects are on the way, not where an image comes from.
      hosts: [...new Set(pictures.filter(({ status }) => status < 300).map(({ url }) => new URL(url).host))],
    };
  }

  /** Opens all posts in a browser, some of them at a time. */
  const lookAtAll = () => {
    const atATime = pLimit(VISITORS);
    return Promise.all(posts.map((post) => atATime(() => look(post))));
  };

  const everyPostComesFrom = async (host: string) => {
    for (const { shown, ...rest } of await lookAtAll()) {
      // Its own, the one at its top and its bottom, and those of other posts that the theme leads to.
      expect(shown).toBeGreaterThanOrEqual(PICTURES_IN_A_POST + 2);
      expect(rest).toEqual({ broken: 0, missing: [], failures: [], hosts: [host] });
    }
  };

  it('moves in by the commands of the README, and every old post shows its images from the CDN', async () => {
    // What "provision" has left is there: AWS is not.
    const [goThere, provision, migrate = '', install = '', restart, again = '', ...more] = COMMANDS;
    expect([goThere, restart, more.length]).toEqual(['cd /var/www/ghost', 'ghost restart', 1]);
    expect(provision).toMatch(/ provision .*--write-config config.production.json$/);

    const migrating = type(migrate);
    await migrating.shows('Ok to proceed?');
    migrating.press(`y${KEYS.enter}`);
    expect([await migrating.ends(), migrating.screen().join('\n')]).toEqual([0, expect.not.stringContaining('✖')]);
    const keys = (await s3.objects(bucket)).map(({ key }) => key).sort();
    expect(keys).toEqual(
      Object.keys(before)
        .map((file) => `content/${file}`)
        .sort(),
    );
    // It may restart at any time before install.
    await ghost.restart();
    await everyPostComesFrom(new URL(ghost.url).host);

    const installing = type(install);
    await installing.shows(/\(y\/N\)/);
    installing.press(`y${KEYS.enter}`);
    expect([await installing.ends(), installing.screen().join('\n')]).toEqual([0, expect.not.stringContaining('✖')]);
    expect(installing.screen().join('\n')).toMatch(/Next:[^]*npx ghost-storage-s3-cloudfront migrate/);

    await ghost.restart();
    const migratingAgain = type(again);
    expect([await migratingAgain.ends(), migratingAgain.screen().join('\n')]).toEqual([
      0,
      expect.stringContaining('Everything is in the bucket'),
    ]);
    await everyPostComesFrom(CDN_HOST);
  }, 300_000);

  it('is found well by the doctor', async () => {
    const looking = type(COMMANDS.at(-1) ?? '');
    expect([await looking.ends(), looking.screen().join('\n')]).toEqual([0, expect.not.stringContaining('✖')]);
    const { stdout } = await run('doctor', '--json');
    const results = JSON.parse(stdout) as { group: string; name: string; result: string; found?: string }[];
    expect(results.filter(({ result }) => result === 'failed')).toEqual([]);
    expect(results.filter(({ result }) => result === 'passed').length).toBeGreaterThan(25);
    expect((await s3.objects(bucket)).filter(({ key }) => key.includes('doctor'))).toEqual([]);
  });

  it('has its next upload on the CDN, and nothing more to move', async () => {
    const url = await admin.uploadImage(fixture('portrait.jpg', 'after.jpg'));
    expect(url).toMatch(new RegExp(`^${CDN}/content/images/`));
    const again = await run('migrate', '--json');
    expect(again.status).toBe(0);
    const { results } = JSON.parse(again.stdout) as { results: Record<string, unknown> };
    expect(Object.keys(results)).toEqual(['present']);
  });

  it('moves out again, and works from the disk with every byte that it had', async () => {
    const back = await run('migrate', '--to-local', '--verify');
    expect([back.status, back.stderr]).toEqual([0, '']);
    const uninstalled = await run('install', '--uninstall', '--yes');
    expect([uninstalled.status, uninstalled.stderr]).toEqual([0, '']);
    await ghost.restart();

    expect(await readConfig()).toBe(configBefore);
    const after = await digests();
    expect(after).toMatchObject(before);
    expect(Object.keys(after).filter((file) => file.includes('after'))).not.toEqual([]);
    await cdn.close();
    await everyPostComesFrom(new URL(ghost.url).host);
    const url = await admin.uploadImage(fixture('portrait.jpg', 'again.jpg'));
    expect([url.startsWith(ghost.url), (await get(url)).status]).toEqual([true, 200]);
  }, 300_000);
});
