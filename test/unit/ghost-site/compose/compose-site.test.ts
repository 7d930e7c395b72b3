import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findGhostSite, type GhostSiteOptions } from '../../../../src/ghost-site/site';

let folder: string;
const place = (name: string) => path.join(folder, name);

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'compose-')));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(place(name)), { recursive: true });
    writeFileSync(place(name), text);
  }
}

const find = (options: GhostSiteOptions = { ghost: folder }, environment: NodeJS.ProcessEnv = {}) =>
  findGhostSite(options, environment);

/** A Compose file with a service `ghost` that has these lines. */
const ghost = (...lines: string[]) => `services:\n  ghost:\n${lines.map((line) => `    ${line}\n`).join('')}`;
const CONTENT = 'volumes: [./data/ghost:/var/lib/ghost/content]';

describe('the site directories of ghost-docker', () => {
  test('with the settings in .env', () => {
    write({
      'compose.yml': `services:
  caddy:
    image: caddy:2
    environment:
      DOMAIN: \${DOMAIN:?required}
  ghost:
    image: ghost:\${GHOST_VERSION:-6-alpine}
    env_file:
      - .env
    environment:
      NODE_ENV: production
      url: https://\${DOMAIN:?DOMAIN environment variable is required}
      admin__url: \${ADMIN_DOMAIN:+https://\${ADMIN_DOMAIN}}
    volumes:
      - \${UPLOAD_LOCATION:-./data/ghost}:/var/lib/ghost/content
  activitypub:
    image: ghcr.io/tryghost/activitypub:1.2.8
    volumes:
      - \${UPLOAD_LOCATION:-./data/ghost}:/opt/activitypub/content
  tinybird-sync:
    image: ghost:\${GHOST_VERSION:-6-alpine}
    volumes: [tinybird_files:/data/tinybird]
volumes:
  tinybird_files:
`,
      '.env': 'DOMAIN=blog.example.com\nUPLOAD_LOCATION=./files\nstorage__S3CloudFrontStorage__bucket="blog-images"\n',
    });
    const { config, compose, ...site } = find();
    expect(site).toMatchObject({
      folder,
      configFile: place('.env'),
      contentPath: place('files'),
      major: 6,
      version: undefined,
    });
    expect(config).toMatchObject({
      url: 'https://blog.example.com',
      storage: { S3CloudFrontStorage: { bucket: 'blog-images' } },
    });
    expect(compose?.name).toBe('ghost');
  });

  test('with the settings in ghost.env', () => {
    write({
      'compose.yml': ghost(
        'image: ghost:6.65.0-next-alpine',
        'env_file: ghost.env',
        'environment:',
        '  url: https://${DOMAIN}',
        '  paths__contentPath: /home/ghost/content',
        'volumes:',
        '  - type: bind',
        '    source: ${CONTENT_LOCATION:-data/ghost}',
        '    target: /home/ghost/content',
      ),
      '.env': 'DOMAIN=blog.example.com\nstorage__active=never-read\n',
      'ghost.env': 'url=https://other.example.com\nstorage__active="S3CloudFrontStorage"\n',
      '.ghost-docker.json': '{}',
    });
    const { config, ...site } = find();
    expect(site).toMatchObject({ configFile: place('ghost.env'), contentPath: place('data/ghost'), version: '6.65.0' });
    expect(config).toMatchObject({ url: 'https://blog.example.com', storage: { active: 'S3CloudFrontStorage' } });
  });

  test('are found from their directory, and by the name of the env file or its backup', () => {
    write({
      'compose.yml': ghost('image: ghost:6', 'env_file: ghost.env', CONTENT),
      'ghost.env': 'url=https://new.example.com\n',
      'ghost.env.20261128T120000000Z.backup': 'url=https://old.example.com\n',
    });
    const former = process.cwd();
    process.chdir(folder);
    try {
      expect(find({}).configFile).toBe(place('ghost.env'));
    } finally {
      process.chdir(former);
    }
    expect(find({ config: place('ghost.env') }).contentPath).toBe(place('data/ghost'));
    const backup = find({ config: place('ghost.env.20261128T120000000Z.backup') });
    expect([backup.config.url, backup.contentPath]).toEqual(['https://old.example.com', place('data/ghost')]);
  });
});

describe('any Compose file with Ghost', () => {
  test.each<[string, Record<string, string>, object]>([
    [
      'env_file as a list, of which later ones win, and environment as a list, which wins over all',
      {
        'docker-compose.yml': ghost(
          'image: docker.io/library/ghost:5.130.6',
          'env_file: [one.env, {path: two.env}, {path: none.env, required: false}]',
          'environment: ["url=https://fixed.example.com", "storage__active"]',
          CONTENT,
        ),
        'one.env': 'url=a\nstorage__active=a\nstorage__media=one\n',
        'two.env': 'storage__media=two\nstorage__files=$URL\n',
        '.env': 'URL=ofproject\nstorage__active=ofcompose\n',
      },
      {
        version: '5.130.6',
        configFile: 'one.env',
        config: {
          url: 'https://fixed.example.com',
          storage: { active: 'ofcompose', media: 'two', files: 'ofproject' },
        },
      },
    ],
    [
      'an override, which adds and replaces',
      {
        'compose.yaml': ghost('image: ghost:5-alpine', 'environment: {url: https://a.example.com}', CONTENT),
        'compose.override.yml': ghost(
          'image: ghost:6.65.0',
          'environment: {urls__image: https://images.example.com}',
          'volumes: [./other:/var/lib/ghost/content, ./adapter:/var/lib/ghost/content/adapters/storage/X]',
        ),
      },
      {
        version: '6.65.0',
        contentPath: 'other',
        config: { url: 'https://a.example.com', urls: { image: 'https://images.example.com' } },
      },
    ],
    [
      'the files that COMPOSE_FILE names, and no others',
      {
        'compose.yml': ghost('image: ghost:6', CONTENT),
        'second.yml': ghost('environment: {url: https://second.example.com}'),
        'compose.override.yml': ghost('environment: {url: https://override.example.com}'),
        '.env': 'COMPOSE_FILE=compose.yml:second.yml\n',
      },
      { config: { url: 'https://second.example.com' } },
    ],
    [
      'a service of another name, an image of its own and anchors',
      {
        'compose.yml': `x-common: &common\n  restart: always\n  environment: {url: https://a.example.com}\nservices:\n  blog:\n    <<: *common\n    build: .\n    volumes: [/srv/content:/home/ghost/content:z]\n`,
      },
      { contentPath: '/srv/content', version: undefined, config: { url: 'https://a.example.com' } },
    ],
    [
      'a volume that is a folder of the host, and a home folder',
      {
        'compose.yml': `${ghost('image: ghost', 'volumes: ["content:/var/lib/ghost/content", "~/x:/x"]')}volumes:\n  content:\n    driver_opts: {type: none, o: bind, device: /srv/blog}\n`,
      },
      { contentPath: '/srv/blog', major: undefined },
    ],
    [
      'a content folder below what is mounted, and values with dollars',
      {
        'compose.yml': ghost(
          'image: ghost:6@sha256:0123',
          'environment: {paths__contentPath: /data/blog, url: "https://a.example.com/$$x"}',
          'volumes: [./x:/var/lib/ghost/content, ./all:/data]',
        ),
      },
      { contentPath: 'all/blog', major: 6, config: { url: 'https://a.example.com/$x' } },
    ],
    [
      'a configuration file that is mounted, under the environment',
      {
        'compose.yml': ghost(
          'image: ghost:6',
          'environment: {url: https://a.example.com}',
          'volumes: [./content:/var/lib/ghost/content, ./ghost.json:/var/lib/ghost/config.production.json]',
        ),
        'ghost.json': '{"url": "https://file.example.com", "storage": {"active": "s3"}}',
      },
      { configFile: 'ghost.json', config: { url: 'https://a.example.com', storage: { active: 's3' } } },
    ],
    [
      'a secret in a file',
      {
        'compose.yml': `${ghost(
          'image: ghost:6',
          'environment: {storage__x__secretAccessKey_FILE: /run/secrets/key}',
          'secrets: [key]',
          CONTENT,
        )}secrets:\n  key: {file: ./key.txt}\n`,
        'key.txt': 'of the file\n',
      },
      { config: { storage: { x: { secretAccessKey: 'of the file' } } } },
    ],
  ])('%s', (_, files, expected) => {
    write(files);
    const { configFile, contentPath, ...found } = find();
    const { configFile: file, contentPath: content, ...others } = expected as Record<string, string>;
    expect(found).toMatchObject(others);
    expect([configFile, contentPath]).toEqual([
      file === undefined ? configFile : place(file),
      content === undefined ? contentPath : path.resolve(folder, content),
    ]);
  });

  test('has its paths mapped between the container and the host', () => {
    write({
      'compose.yml': ghost(
        'image: ghost:6.65.0',
        'environment: {paths__installedAdaptersPath: /adapters}',
        'volumes: [./data:/var/lib/ghost/content, ./images:/var/lib/ghost/content/images, ./own:/adapters, cache:/var/lib/ghost/content/cache]',
      ),
    });
    const { compose, config } = find();
    expect(config.paths?.installedAdaptersPath).toBe(place('own'));
    const pairs: [string, string | undefined][] = [
      ['/var/lib/ghost/content/adapters', place('data/adapters')],
      ['/var/lib/ghost/content/images/2026/x.jpg', place('images/2026/x.jpg')],
      ['/var/lib/ghost/content/cache/x', undefined],
      ['/var/lib/ghost/current', undefined],
    ];
    for (const [inContainer, onHost] of pairs) {
      expect(compose?.toHost(inContainer)).toBe(onHost);
      expect(onHost === undefined ? inContainer : compose?.toContainer(onHost)).toBe(inContainer);
    }
    expect(compose?.toContainer(place('data/cache/x'))).toBeUndefined();
  });

  test('is left to an existing Ghost of Ghost-CLI, and to a named configuration file', () => {
    write({
      'compose.yml': ghost('image: ghost:6', CONTENT),
      'config.production.json': '{"url": "https://json.example.com"}',
    });
    expect(find({ config: place('config.production.json') }).config.url).toBe('https://json.example.com');
    mkdirSync(place('current'));
    expect(find().configFile).toBe(place('config.production.json'));
  });

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'a named volume',
      { 'compose.yml': ghost('image: ghost:6', 'volumes: ["blog:/var/lib/ghost/content"]') },
      /is the Docker volume blog, which this command cannot reach/,
    ],
    ['no volume at all', { 'compose.yml': ghost('image: ghost:6') }, /is not mounted from anywhere/],
    ['extends', { 'compose.yml': ghost('extends: {file: a.yml, service: ghost}', CONTENT) }, /uses "extends"/],
    ['include', { 'compose.yml': 'include: [ghost.yml]\nservices: {}\n' }, /uses "include"/],
    [
      'a tag of Compose',
      { 'compose.yml': ghost('image: ghost:6', 'environment: !reset null', CONTENT) },
      /compose\.yml cannot be read: .*!reset/,
    ],
    ['broken YAML', { 'compose.yml': 'services:\n  ghost: {' }, /compose\.yml cannot be read/],
    [
      'a missing variable',
      { 'compose.yml': ghost('image: ghost:6', 'environment: {url: "${DOMAIN:?set it}"}', CONTENT) },
      /needs the variable DOMAIN, which is not set: set it/,
    ],
    [
      'a missing env file',
      { 'compose.yml': ghost('image: ghost:6', 'env_file: none.env', CONTENT) },
      /none\.env, which the Compose file names, does not exist/,
    ],
    [
      'a raw env file',
      { 'compose.yml': ghost('image: ghost:6', 'env_file: [{path: a.env, format: raw}]', CONTENT) },
      /the format "raw", which is not read here/,
    ],
    [
      'several Ghosts',
      {
        'compose.yml':
          'services:\n  a: {image: ghost:6, volumes: ["./a:/var/lib/ghost/content"]}\n  b: {image: ghost:6, volumes: ["./b:/var/lib/ghost/content"]}\n',
      },
      /several services that are Ghost: a, b/,
    ],
  ])('with %s says so', (_, files, message) => {
    write(files);
    expect(() => find()).toThrow(message);
  });

  test('that cannot be read is not passed over where the command is run', () => {
    write({ 'compose.yml': ghost('image: ghost:6', 'environment: !reset null', CONTENT) });
    const former = process.cwd();
    process.chdir(folder);
    try {
      expect(() => find({})).toThrow(/compose\.yml cannot be read/);
    } finally {
      process.chdir(former);
    }
  });

  test('that has no Ghost is no site', () => {
    write({ 'compose.yml': 'services:\n  web: {image: nginx}\n' });
    expect(() => find()).toThrow(/is not a Ghost folder/);
  });

  test('finds a content folder that only --content names', () => {
    write({ 'compose.yml': ghost('image: ghost:6', 'volumes: ["blog:/var/lib/ghost/content"]') });
    mkdirSync(place('mnt'));
    expect(find({ ghost: folder, content: place('mnt') }).contentPath).toBe(place('mnt'));
  });
});
