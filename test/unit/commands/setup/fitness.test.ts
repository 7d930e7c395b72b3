import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { refuseDomain, refuseDown, refuseOtherBucket, refuseUnfit } from '../../../../src/commands/setup/fitness';
import { findGhostSite, type GhostSiteOptions } from '../../../../src/ghost-site/site';
import { Failure } from '../../../../src/shell/failure';
import { listen, stop } from '../../../support/local-server';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'fitness-')));
  for (const name of ['images', 'media', 'files', 'themes']) {
    mkdirSync(path.join(folder, 'content', name), { recursive: true });
  }
  writeConfig({});
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const writeConfig = (settings: object) =>
  writeFileSync(
    path.join(folder, 'config.production.json'),
    JSON.stringify({ url: 'https://blog.example.com', ...settings }),
  );

/** Lays out Ghost's code as Ghost-CLI does. */
function layOutCode(version: string): void {
  const code = path.join(folder, 'versions', version);
  mkdirSync(code, { recursive: true });
  writeFileSync(path.join(code, 'package.json'), JSON.stringify({ name: 'ghost', version }));
  symlinkSync(code, path.join(folder, 'current'));
}

const site = (options: GhostSiteOptions = {}) => findGhostSite({ ghost: folder, ...options }, {});

/** Returns message and fix of what is refused. */
async function refusal(check: () => void | Promise<void>): Promise<string> {
  try {
    await check();
  } catch (error) {
    if (error instanceof Failure) {
      return `${error.message}\n${error.cure}`;
    }
    throw error;
  }
  throw new Error('It was not refused.');
}

const refusalOf = (options: GhostSiteOptions = {}) => refusal(() => refuseUnfit(site(options), options));

describe('setup, before anything is built,', () => {
  test.each<[string, object]>([
    ['a new blog', {}],
    ["Ghost's own storage, which is named", { storage: { active: 'LocalImagesStorage', media: 'LocalMediaStorage' } }],
    ['options that an earlier run has written', { storage: { S3CloudFrontStorage: { bucket: 'pictures' } } }],
    ['the adapter in use', { storage: { active: 'S3CloudFrontStorage', S3CloudFrontStorage: { bucket: 'pictures' } } }],
  ])('takes a blog with %s', async (_, config) => {
    layOutCode('6.65.0');
    writeConfig(config);
    await expect(refuseUnfit(site(), {})).resolves.toBeUndefined();
  });

  test.each([
    ['5.129.2', 'This is Ghost 5.129.2, but the adapter needs Ghost 5.130 or newer.\nUpdate Ghost first: ghost update'],
    ['4.48.9', 'This is Ghost 4.48.9, but the adapter needs Ghost 5.130 or newer.\nUpdate Ghost first: ghost update'],
  ])('refuses Ghost %s, with the way to a newer one', async (version, message) => {
    layOutCode(version);
    expect(await refusalOf()).toContain(message);
  });

  test('refuses a container with an image of Ghost 4, whose exact version is not known', async () => {
    expect(await refusal(() => refuseUnfit({ ...site(), version: undefined, major: 4 }, {}))).toContain(
      'This is Ghost 4, but the adapter needs Ghost 5.130 or newer.',
    );
  });

  test.each<[string, object, string]>([
    ['images', { storage: { active: 'ghost-storage-cloudinary' } }, 'ghost-storage-cloudinary'],
    ['media', { storage: { media: { adapter: 's3', bucket: 'videos' } } }, 's3'],
    ['files', { storage: { active: 'S3CloudFrontStorage', files: 'my-files' } }, 'my-files'],
    ['images, below adapters', { adapters: { storage: { active: 'gcs' } } }, 'gcs'],
    ['images with a name like that of the disk', { storage: { active: 'LocalS3Storage' } }, 'LocalS3Storage'],
  ])('refuses another adapter for %s, with the way from its bucket', async (_, config, name) => {
    writeConfig(config);
    const said = await refusalOf();
    expect(said).toContain(`Ghost stores its files with "${name}" (in ${folder}/config.production.json)`);
    expect(said).toMatch(new RegExp(`provision[^]*migrate --from-bucket[^]*install --from ${name}`));
  });

  test.each([
    ['is not there', 'content-of-another', 'does not exist or is not a folder'],
    ['is a file', 'config.production.json', 'does not exist or is not a folder'],
    ['is below a file', 'config.production.json/content', 'does not exist or is not a folder'],
    ['is not one of Ghost', 'backup', "does not look like Ghost's content folder"],
  ])('refuses a content folder in the configuration that %s', async (_, name, message) => {
    mkdirSync(path.join(folder, 'backup'));
    writeConfig({ paths: { contentPath: path.join(folder, name) } });
    const said = await refusalOf();
    expect(said).toContain(`${path.join(folder, name)} ${message}`);
    expect(said).toContain('--content');
  });

  test.each(['images', 'themes', 'images/2026/11'])(
    'refuses the folder %s of Ghost as the content folder, and names the one that is meant',
    async (name) => {
      mkdirSync(path.join(folder, 'content', name), { recursive: true });
      const said = await refusalOf({ content: path.join(folder, 'content', name) });
      expect(said).toContain('not its content folder (--content).');
      expect(said).toContain(`--content ${path.join(folder, 'content')}`);
    },
  );

  test.each<[object, string]>([
    [{ url: undefined }, 'has no "url"'],
    [{ url: 'blog.example.com' }, 'has the "url" "blog.example.com"'],
    [{ url: 5 }, 'has the "url" 5'],
  ])('refuses a blog whose URL is not known: %j', async (config, message) => {
    writeConfig(config);
    expect(await refusalOf()).toContain(`config.production.json ${message}.\nWrite the URL of the blog there`);
  });

  test('refuses a Ghost without a configuration file, and names the one of another environment', async () => {
    writeFileSync(path.join(folder, 'config.development.json'), '{}');
    const found = site();
    rmSync(path.join(folder, 'config.production.json'));
    expect(await refusal(() => refuseUnfit(found, {}))).toMatch(
      /config\.production\.json does not exist\. Its folder contains config\.development\.json\.\n.*--config/,
    );
  });

  describe('in a folder of Docker Compose', () => {
    /** Writes a Compose file whose Ghost has these variables, and returns what is said of it. */
    function compose(variables: Record<string, string>): GhostSiteOptions {
      rmSync(path.join(folder, 'config.production.json'));
      const ghost = {
        image: 'ghost:6.65.0',
        env_file: 'ghost.env',
        environment: { url: 'https://blog.example.com', ...variables },
        volumes: ['./content:/var/lib/ghost/content'],
      };
      writeFileSync(path.join(folder, 'ghost.env'), '');
      writeFileSync(path.join(folder, 'compose.yml'), JSON.stringify({ services: { ghost } }));
      return { ghost: folder };
    }

    test.each<[string, Record<string, string>, string]>([
      ['active', { storage__active: 'LocalImagesStorage' }, 'sets another value for storage__active'],
      ['media', { storage__media__adapter: 'LocalMediaStorage' }, 'sets another value for storage__media'],
      ['urls', { urls__media: 'https://blog.example.com' }, 'sets another value for urls__media'],
      ['adapters', { paths__installedAdaptersPath: '/opt/adapters' }, 'Ghost looks for adapters in /opt/adapters'],
    ])('refuses what "environment" has and a file cannot change: %s', async (_, variables, message) => {
      expect(await refusalOf(compose(variables))).toContain(message);
    });

    test.each<[string, Record<string, string>]>([
      ['nothing of it', {}],
      [
        'what setup writes itself',
        { storage__active: 'S3CloudFrontStorage', storage__S3CloudFrontStorage__serve: 'redirect' },
      ],
      ['the addresses of an image server', { urls__image: 'https://images.example.com' }],
    ])('takes one whose "environment" has %s', async (_, variables) => {
      await expect(refuseUnfit(site(compose(variables)), {})).resolves.toBeUndefined();
    });
  });

  test('refuses the domain of the blog itself for its images', async () => {
    writeConfig({ url: 'https://www.example.com' });
    expect(await refusal(() => refuseDomain(site(), 'www.example.com'))).toMatch(
      /www\.example\.com is the domain of the blog itself\.[^]*images\.example\.com/,
    );
  });

  test.each(['https://pictures.example.com', 'pictures.example.com/', 'HTTPS://Pictures.Example.com'])(
    'refuses another domain than that of the image server in use: %s',
    async (cdnUrl) => {
      writeConfig({ storage: { active: 'S3CloudFrontStorage', S3CloudFrontStorage: { cdnUrl } } });
      const said = await refusal(() => refuseDomain(site(), 'images.example.com'));
      expect(said).toMatch(/already gets its images from pictures\.example\.com[^]*--domain pictures\.example\.com/);
      expect(said).toContain('setup --undo');
      expect(() => refuseDomain(site(), 'pictures.example.com')).not.toThrow();
    },
  );

  test('takes another domain where the options of an earlier run are not in use', () => {
    writeConfig({ storage: { S3CloudFrontStorage: { cdnUrl: 'https://pictures.example.com' } } });
    expect(() => refuseDomain(site(), 'images.example.com')).not.toThrow();
  });
});

describe('setup, before it writes the options,', () => {
  const WANTED = { bucket: 'pictures', region: 'eu-central-1', cdnUrl: 'https://images.example.com' };

  test.each<[string, Record<string, string>, Record<string, string>, string]>([
    [
      'another bucket',
      { bucket: 'other' },
      {},
      '"bucket" in FILE is "other", but that of the image server is "pictures"',
    ],
    [
      'another prefix',
      { tenantPrefix: 'blog-7' },
      { tenantPrefix: 'blog-8' },
      '"tenantPrefix" in FILE is "blog-7", but that of the image server is "blog-8"',
    ],
    [
      'a prefix, and the image server has none',
      { tenantPrefix: 'blog-7' },
      {},
      '"tenantPrefix" in FILE is "blog-7", but that of the image server is ""',
    ],
    [
      'no prefix, and the image server has one',
      {},
      { tenantPrefix: 'blog-8' },
      '"tenantPrefix" in FILE is "", but that of the image server is "blog-8"',
    ],
  ])(
    'refuses a Ghost in use with %s, where its files would be lost from sight',
    async (_, present, wanted, message) => {
      const config = { storage: { S3CloudFrontStorage: { ...WANTED, ...present } } };
      writeConfig({ storage: { active: 'S3CloudFrontStorage', ...config.storage } });
      const said = await refusal(() => refuseOtherBucket(site(), { ...WANTED, ...wanted }));
      expect(said).toContain(message.replace('FILE', path.join(folder, 'config.production.json')));
      expect(said).toContain('setup --undo');
      // Nothing is there yet that could be lost.
      writeConfig(config);
      expect(() => refuseOtherBucket(site(), { ...WANTED, ...wanted })).not.toThrow();
    },
  );

  test('takes the same bucket, also with other options and for videos alone', () => {
    const block = { ...WANTED, tenantPrefix: '', region: 'us-east-1', serve: 'stream' };
    writeConfig({ storage: { media: 'S3CloudFrontStorage', S3CloudFrontStorage: block } });
    expect(() => refuseOtherBucket(site(), WANTED)).not.toThrow();
  });
});

describe('setup, with a blog that it has to prove the switch with,', () => {
  let server: Server | undefined;
  afterEach(async () => {
    await (server && stop(server));
    server = undefined;
  });

  /** Starts what answers for the blog, and names it in the configuration. */
  async function startBlog(listener: RequestListener, settings: object = {}): Promise<void> {
    server = createServer(listener);
    writeConfig({ server: { host: '127.0.0.1', port: await listen(server) }, ...settings });
  }

  const IN_USE = { storage: { active: 'S3CloudFrontStorage', S3CloudFrontStorage: { bucket: 'pictures' } } };

  test.each<[number, Record<string, string>]>([
    [503, {}],
    [403, {}],
    [301, { location: 'https://www.example.com/' }],
  ])('refuses one for which Ghost does not answer, but something else with %i', async (status, headers) => {
    await startBlog((_, response) => response.writeHead(status, headers).end());
    const said = await refusal(() => refuseDown(site(), 'images.example.com'));
    expect(said).toContain(`The blog https://blog.example.com does not answer like Ghost (${status}`);
    expect(said).toMatch(/\nStart Ghost, or allow requests from this machine to it/);
  });

  test('refuses one that nothing listens for', async () => {
    await startBlog(() => {});
    await (server && stop(server));
    server = undefined;
    expect(await refusal(() => refuseDown(site(), 'images.example.com'))).toContain('ECONNREFUSED');
  });

  test('takes one that runs from the disk', async () => {
    await startBlog((_, response) => response.writeHead(404).end('404 Image not found'));
    await expect(refuseDown(site(), 'images.example.com')).resolves.toBeUndefined();
  });

  test('takes one that is down with the adapter, which has been offered to be brought up', async () => {
    await startBlog((_, response) => response.writeHead(503).end(), IN_USE);
    await expect(refuseDown(site(), 'images.example.com')).resolves.toBeUndefined();
  });
});
