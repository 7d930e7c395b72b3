import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
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
    [
      'a secret in a variable of Compose',
      {
        'compose.yml': `${ghost(
          'image: ghost:6',
          'environment: {storage__x__secretAccessKey_FILE: /run/secrets/key}',
          'secrets: [key]',
          CONTENT,
        )}secrets:\n  key: {environment: S3_KEY}\n`,
        '.env': 'S3_KEY=of the variable\n',
      },
      { config: { storage: { x: { secretAccessKey: 'of the variable' } } } },
    ],
    [
      'numbers as Docker Compose reads them',
      {
        'compose.yml': ghost(
          'image: ghost:6',
          'environment: {storage__x__a: 0123, storage__x__b: 1_000, storage__x__c: "0123", storage__x__d: 0b11}',
          CONTENT,
        ),
      },
      { config: { storage: { x: { a: 83, b: 1000, c: '0123', d: 3 } } } },
    ],
    [
      'paths from the folder of the first file that COMPOSE_FILE names, with the .env there',
      {
        'docker/compose.yml': ghost(
          'image: "ghost:${TAG}"',
          'env_file: ghost.env',
          'volumes: [./data:/var/lib/ghost/content]',
        ),
        'docker/ghost.env': 'url=https://docker.example.com\n',
        'docker/.env': 'TAG=6.65.0\n',
        '.env': 'COMPOSE_FILE=docker/compose.yml\n',
      },
      {
        configFile: 'docker/ghost.env',
        contentPath: 'docker/data',
        version: '6.65.0',
        config: { url: 'https://docker.example.com' },
      },
    ],
    [
      'PWD, which is the folder where Docker Compose is run',
      { 'compose.yml': ghost('image: ghost:6', 'volumes: ["${PWD}/data/ghost:/var/lib/ghost/content"]') },
      { contentPath: 'data/ghost' },
    ],
    [
      'a Ghost that only another file of COMPOSE_FILE has',
      {
        'compose.yml': 'services:\n  web: {image: nginx}\n',
        'blog.yml': ghost('image: ghost:6', CONTENT),
        '.env': 'COMPOSE_FILE=compose.yml:blog.yml\n',
      },
      { contentPath: 'data/ghost' },
    ],
    [
      'tags that replace what earlier files say',
      {
        'compose.yml': `${ghost('image: ghost:6', 'env_file: one.env', 'environment: {url: https://a.example.com}', 'ports: ["80:2368"]', CONTENT)}  web:\n    image: nginx\n`,
        'compose.override.yml': `${ghost('env_file: !override two.env', 'environment: !reset null', 'ports: !reset []', 'volumes: !override ["./other:/var/lib/ghost/content"]')}  web: !reset null\n`,
        'two.env': 'url=https://b.example.com\n',
      },
      {
        configFile: 'two.env',
        contentPath: 'other',
        config: { url: 'https://b.example.com' },
      },
    ],
    [
      "the official image before a web server and a backup, which have Ghost's content, too",
      {
        'compose.yml': `services:
  blog: {image: "ghost:6", volumes: ["./g1:/var/lib/ghost/content"]}
  web: {image: nginx, volumes: ["./g1:/var/lib/ghost/content:ro"]}
  backup: {image: acme/ghost-backup, extends: {file: a.yml, service: b}, volumes: ["./g1:/var/lib/ghost/content"]}
`,
      },
      { contentPath: 'g1' },
    ],
    [
      'an image of its own before a web server, which only reads the content',
      {
        'compose.yml': `services:
  blog: {build: ., volumes: ["./g1:/var/lib/ghost/content"]}
  web: {image: nginx, volumes: [{type: bind, source: ./g1, target: /var/lib/ghost/content, read_only: true}]}
`,
      },
      { contentPath: 'g1', version: undefined },
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
      /is the Docker volume blog, so this command cannot reach it from the host/,
    ],
    ['no volume at all', { 'compose.yml': ghost('image: ghost:6') }, /is not mounted/],
    ['extends', { 'compose.yml': ghost('extends: {file: a.yml, service: ghost}', CONTENT) }, /uses "extends"/],
    ['include', { 'compose.yml': 'include: [ghost.yml]\nservices: {}\n' }, /uses "include"/],
    [
      'a tag of Compose',
      { 'compose.yml': ghost('image: ghost:6', 'environment: {url: !reset null}', CONTENT) },
      /service ghost in .*compose\.yml uses !override or !reset inside "environment"/,
    ],
    [
      'an unknown tag',
      { 'compose.yml': ghost('image: ghost:6', 'environment: !other null', CONTENT) },
      /compose\.yml cannot be read: .*!other/,
    ],
    [
      'a file that COMPOSE_FILE names and that does not exist',
      { 'compose.yml': ghost('image: ghost:6', CONTENT), '.env': 'COMPOSE_FILE=compose.yml:other.yml\n' },
      /COMPOSE_FILE names .*other\.yml, which does not exist/,
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
      /the format "raw", which this command does not read/,
    ],
    [
      'several Ghosts',
      {
        'compose.yml':
          'services:\n  a: {image: ghost:6, volumes: ["./a:/var/lib/ghost/content"]}\n  b: {image: ghost:6, volumes: ["./b:/var/lib/ghost/content"]}\n',
      },
      /several Ghost services: a, b/,
    ],
  ])('with %s says so', (_, files, message) => {
    write(files);
    expect(() => find().contentPath).toThrow(message);
  });

  test('whose env files have names with the same start takes the one that is named, or whose backup is', () => {
    const backup = '.env.production.bak.20261129T000000000Z.backup';
    write({
      'compose.yml': ghost('image: ghost:6', 'env_file: [.env, .env.production]', CONTENT),
      '.env': '',
      '.env.production': 'url=https://old.example.com\n',
      '.env.local': 'A=3\n',
      [backup]: 'A=4\n',
    });
    for (const name of ['.env', '.env.production', backup]) {
      const { settings } = find({ ghost: folder, config: place(name) });
      expect([settings.format, settings.file]).toEqual(['env', place(name)]);
    }
    expect(() => find({ ghost: folder, config: place('.env.local') })).toThrow(/Ghost cannot read .*\.env\.local/);
    const { settings } = find({ ghost: folder, config: place('.env.production') });
    expect(settings.seen('url=https://blog.example.com\n').url).toBe('https://blog.example.com');
    expect(settings.seen('').url).toBeUndefined();
  });

  test('that includes others is not that of a Ghost next to it, which has its own configuration', () => {
    const included = ghost('image: mysql');
    write({ 'compose.yml': `include: [db.yml]\n${included.replace('ghost:', 'db:')}` });
    expect(() => find()).toThrow(expect.objectContaining({ cure: expect.stringContaining('--config') as string }));
    write({ 'config.production.json': '{"url": "https://json.example.com"}' });
    for (const options of [{ ghost: folder }, { ghost: folder, content: place('.') }]) {
      const { configFile, compose } = find(options);
      expect([configFile, compose]).toEqual([place('config.production.json'), undefined]);
    }
  });

  test('that cannot be read is not passed over where the command is run', () => {
    write({ 'compose.yml': ghost('image: ghost:6', 'environment: !other null', CONTENT) });
    const former = process.cwd();
    process.chdir(folder);
    try {
      expect(() => find({})).toThrow(/compose\.yml cannot be read/);
    } finally {
      process.chdir(former);
    }
  });

  test.each<[string, Record<string, string>]>([
    ['includes another', { 'compose.yml': 'include: [g.yml]\n' }],
    ['is named and missing', { '.env': 'COMPOSE_FILE=compose.yml\n' }],
  ])('is not passed over for a Ghost elsewhere when it %s', (_, files) => {
    write(files);
    const former = process.cwd();
    process.chdir(folder);
    try {
      expect(() => find({})).toThrow(/include|COMPOSE_FILE/);
    } finally {
      process.chdir(former);
    }
  });

  const TWO =
    'services:\n  a: {image: ghost:6, env_file: a.env, volumes: ["./a:/var/lib/ghost/content"]}\n  b: {image: ghost:6, env_file: b.env, volumes: ["./b:/var/lib/ghost/content"]}\n';

  test.each([
    ['its env file', { config: 'b.env' }],
    ['its content folder', { content: 'b' }],
    ['both', { config: 'b.env', content: 'b' }],
  ])('with several Ghosts has one chosen by %s', (_, names) => {
    write({ 'compose.yml': TWO, 'a.env': 'url=https://a.example.com\n', 'b.env': 'url=https://b.example.com\n' });
    mkdirSync(place('b'));
    const named = Object.fromEntries(Object.entries(names).map(([option, name]) => [option, place(name)]));
    for (const options of [named, { ...named, ghost: folder }]) {
      const { config, compose, contentPath, configFile } = find(options);
      expect([config.url, compose?.name, contentPath, configFile]).toEqual([
        'https://b.example.com',
        'b',
        place('b'),
        place('b.env'),
      ]);
    }
  });

  test('that cannot be read is said for a named env file, which is not taken for JSON', () => {
    write({ 'compose.yml': ghost('extends: {file: a.yml, service: b}', 'env_file: g.env', CONTENT), 'g.env': 'a=b\n' });
    expect(() => find({ config: place('g.env') })).toThrow(/uses "extends"/);
  });

  const testAsRoot = process.getuid?.() === 0 ? test : test.skip;

  testAsRoot('has the home folder of the user who has called sudo', () => {
    write({ 'compose.yml': ghost('image: ghost:6', 'volumes: ["~/none/content:/var/lib/ghost/content"]') });
    const [, home] = /^daemon:(?:[^:]*:){4}([^:]*)/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
    expect(find({ ghost: folder }, { SUDO_USER: 'daemon' }).contentPath).toBe(`${home}/none/content`);
  });

  testAsRoot("asks for the whole path where root's home has the same folder as that user's", () => {
    const [inHome] = readdirSync(homedir());
    write({ 'compose.yml': ghost('image: ghost:6', `volumes: ["~/${inHome}:/var/lib/ghost/content"]`) });
    expect(() => find({ ghost: folder }, { SUDO_USER: 'daemon' }).contentPath).toThrow(
      /depending on whose home folder "~" is/,
    );
  });

  test('that has no Ghost is not a site', () => {
    write({ 'compose.yml': 'services:\n  web: {image: nginx}\n' });
    expect(() => find()).toThrow(/is not a Ghost folder/);
  });

  test('finds a content folder that only --content names', () => {
    write({ 'compose.yml': ghost('image: ghost:6', 'volumes: ["blog:/var/lib/ghost/content"]') });
    mkdirSync(place('mnt'));
    expect(find({ ghost: folder, content: place('mnt') }).contentPath).toBe(place('mnt'));
  });
});
