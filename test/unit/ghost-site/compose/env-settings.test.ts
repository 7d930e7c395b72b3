import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { planConfigChange } from '../../../../src/commands/install/config-change';
import { removedConfig, restoredConfig } from '../../../../src/commands/install/config-restore';
import { assertConfigFile } from '../../../../src/commands/install/preconditions';
import { blogUrlOf, findBlog } from '../../../../src/commands/provision/blog';
import { checkGhostConfigFile, replaceGhostConfig, writeGhostConfig } from '../../../../src/ghost-site/config-file';
import type { GhostConfigBlock } from '../../../../src/ghost-site/edit-config';
import { warningOfReadableSecrets } from '../../../../src/ghost-site/readable-secrets';
import { findGhostSite } from '../../../../src/ghost-site/site';
import { parseAsCompose } from '../../../support/compose-env';

const BLOCK: GhostConfigBlock = {
  storage: { S3CloudFrontStorage: { bucket: 'blog-images', cdnFallbackSecret: 'pa$$word"\\', region: '123' } },
};
const COMPOSE = `services:
  ghost:
    image: ghost:6-next-alpine
    env_file: ghost.env
    environment: {url: "https://blog.example.com"}
    volumes: [./data/ghost:/home/ghost/content]
`;
const OPTIONS = { bucket: 'blog-images', region: 'eu-central-1', cdnUrl: 'https://images.example.com' };
const WRITTEN: GhostConfigBlock = {
  storage: { S3CloudFrontStorage: { ...OPTIONS, cdnFallbackSecret: 'a-secret-of-32-characters-or-more' } },
};
const BEFORE = '# Mail\nmail__from="Blog <a@example.com>" # mine\nstorage__S3CloudFrontStorage__tenantPrefix=old\n';

let folder: string;
const place = (name: string) => path.join(folder, name);
const env = () => readFileSync(place('ghost.env'), 'utf8');
const settings = () => findGhostSite({ ghost: folder }, {}).settings;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'env-settings-')));
  writeFileSync(place('compose.yml'), COMPOSE);
  writeFileSync(place('ghost.env'), BEFORE);
  chmodSync(place('ghost.env'), 0o600);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the options that provision writes', () => {
  test.each(['ghost.env', '.'])('go into the env file, as Docker Compose reads it: --write-config %s', (name) => {
    expect(checkGhostConfigFile(place(name)).file).toBe(place('ghost.env'));
    const backup = writeGhostConfig(place(name), BLOCK) ?? '';

    expect(parseAsCompose(env())).toEqual({
      mail__from: 'Blog <a@example.com>',
      storage__S3CloudFrontStorage__bucket: 'blog-images',
      storage__S3CloudFrontStorage__cdnFallbackSecret: 'pa$$word"\\',
      // Ghost would read a number.
      storage__S3CloudFrontStorage__region: '"123"',
    });
    expect(findGhostSite({ ghost: folder }, {}).config.storage).toEqual(BLOCK.storage);
    expect(env()).toMatch(/^# Mail\nmail__from="Blog <a@example\.com>" # mine\n/);
    expect(readFileSync(backup, 'utf8')).toBe(BEFORE);
    for (const file of [place('ghost.env'), backup]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    expect(readdirSync(folder)).toHaveLength(3);
    expect(writeGhostConfig(place(name), BLOCK)).toBeUndefined();
  });

  test.each(['ghost.env', '.'])('belong to the blog of that site: --write-config %s', (name) => {
    const blog = findBlog(place(name));
    expect([blog?.config.url, blog?.contentPath]).toEqual(['https://blog.example.com', place('data/ghost')]);
  });

  test('are for the URL of the file that sets it', () => {
    const sourceOf = () => blogUrlOf(findGhostSite({ ghost: folder }, {}), 'images.example.com')?.source;
    expect(sourceOf()).toBe(`"url" in ${place('compose.yml')}`);
    writeFileSync(place('compose.yml'), COMPOSE.replace(/ {4}environment:.*\n/, ''));
    writeFileSync(place('ghost.env'), `${BEFORE}url=https://blog.example.com\n`);
    expect(sourceOf()).toBe(`"url" in ${place('ghost.env')}`);
  });

  test('are refused in a file that the container does not read, with the folder to name in its place', () => {
    const file = place('config.production.json');
    expect(() => checkGhostConfigFile(file)).toThrow(
      /does not read config\.production\.json. Its settings are in .*ghost\.env/,
    );
    writeFileSync(file, '{}');
    expect(() => checkGhostConfigFile(file)).toThrow(
      expect.objectContaining({ cure: expect.stringContaining(`--write-config ${folder}`) as string }),
    );

    const mount = ', ./config.production.json:/home/ghost/config.production.json]';
    writeFileSync(place('compose.yml'), COMPOSE.replace(']', mount));
    expect(checkGhostConfigFile(file).file).toBe(file);
    writeFileSync(place('compose.yml'), 'services: {db: {image: mysql}}');
    expect(checkGhostConfigFile(file).file).toBe(file);
  });

  test('are refused where the service has no env file', () => {
    writeFileSync(place('compose.yml'), COMPOSE.replace('    env_file: ghost.env\n', ''));
    expect(() => checkGhostConfigFile(folder)).toThrow(/its service has no env file/);
  });

  test('are warned of in an env file that everybody can read', () => {
    expect(warningOfReadableSecrets(place('ghost.env'), env())).toBeUndefined();
    chmodSync(place('ghost.env'), 0o644);
    writeGhostConfig(folder, BLOCK);
    expect(warningOfReadableSecrets(place('ghost.env'), env())).toMatch(/mode 644.*\n.*chmod 600/);
  });
});

describe('an env file in another folder than the Compose file', () => {
  const nameFile = (entry: string) =>
    writeFileSync(place('site/compose.yml'), COMPOSE.replace('env_file: ghost.env', `env_file: ${entry}`));
  const siteOf = () => findGhostSite({ ghost: place('site') }, {});
  beforeEach(() => ['site/env', 'shared'].forEach((name) => mkdirSync(place(name), { recursive: true })));

  test.each(['site/env/ghost.env', 'shared/ghost.env'])(
    'gets the options, and its backup is kept out of Git as those next to a Compose file are: %s',
    (name) => {
      nameFile(path.relative(place('site'), place(name)));
      writeFileSync(place(name), 'mail__from=a@example.com\n');
      const site = siteOf();
      expect(() => assertConfigFile(site)).not.toThrow();
      expect(checkGhostConfigFile(place('site')).file).toBe(place(name));

      const backup = writeGhostConfig(site.settings, WRITTEN);
      expect(backup).toMatch(/\/ghost\.env\.bak\.\w+\.backup$/);
      expect(siteOf().config.storage).toEqual(WRITTEN.storage);
      chmodSync(place(name), 0o644);
      const text = readFileSync(place(name), 'utf8');
      expect(warningOfReadableSecrets(site.settings, text)).toMatch(/It contains cdnFallbackSecret.*\n.*chmod 600/);

      const { all } = planConfigChange({ text, settings: site.settings, major: 6 }, OPTIONS);
      replaceGhostConfig(site.settings, site.settings.withValues(text, all));
      const installed = readFileSync(place(name), 'utf8');
      expect(restoredConfig(siteOf().settings, installed, OPTIONS.cdnUrl)?.text).not.toContain('storage__active');
      replaceGhostConfig(siteOf().settings, text);
      expect(removedConfig(siteOf().settings)?.storage.active).toBe('S3CloudFrontStorage');
    },
  );

  test('may be empty', () => {
    nameFile('env/ghost.env');
    writeFileSync(place('site/env/ghost.env'), '');
    expect(() => assertConfigFile(siteOf())).not.toThrow();
  });

  test('is made with variables, and not with JSON, where it does not exist yet', () => {
    nameFile('[{path: env/ghost.env, required: false}]');
    writeGhostConfig(siteOf().settings, BLOCK);
    expect(siteOf().config.storage).toEqual(BLOCK.storage);
  });
});

describe('a setting in an env file', () => {
  test('may need a variable of the project, of the service or of an earlier env file', () => {
    const named = () => findGhostSite({ ghost: folder, config: place('ghost.env') }, {}).settings;
    writeFileSync(
      place('compose.yml'),
      COMPOSE.replace('ghost.env', '[first.env, ghost.env]').replace('{url', '{OF_SERVICE: "1", url'),
    );
    writeFileSync(place('.env'), 'BUCKET=pictures\n');
    writeFileSync(place('first.env'), 'REGION=eu-central-1\n');
    const own = 'storage__S3CloudFrontStorage__bucket=${BUCKET:?}\nstorage__active="${OF_SERVICE:?}"\n';
    writeFileSync(place('ghost.env'), `${own}storage__S3CloudFrontStorage__region=\${REGION:?}\n`);
    chmodSync(place('ghost.env'), 0o644);

    expect(named().own(env()).storage).toEqual({
      active: 1,
      S3CloudFrontStorage: { bucket: 'pictures', region: 'eu-central-1' },
    });
    expect(() => checkGhostConfigFile(named())).not.toThrow();
    expect(warningOfReadableSecrets(named(), env())).toBeUndefined();
    expect(blogUrlOf(findGhostSite({ ghost: folder }, {}), 'images.example.com')?.source).toBe(
      `"url" in ${place('compose.yml')}`,
    );
    writeGhostConfig(named(), BLOCK);
    expect(findGhostSite({ ghost: folder }, {}).config.storage).toMatchObject(BLOCK.storage);
    expect(named().withoutValues(own, [['storage', 'active']])).not.toContain('active');
  });

  test('is one variable for each value, and takes the place of what would replace it', () => {
    const text =
      'storage__media=LocalMediaStorage\nstorage__x__key_FILE=/run/secrets/key\nurls={"image":"https://a.example.com"}\n';
    const after = settings().withValues(text, [
      [['storage', 'media'], { adapter: 'A', isTrue: true, list: [1, 'b'] }],
      [['storage', 'x', 'key'], 'b'],
    ]);
    expect(parseAsCompose(after)).toEqual({
      storage__media__adapter: 'A',
      storage__media__isTrue: 'true',
      storage__media__list: '[1,"b"]',
      storage__x__key: 'b',
      urls: '{"image":"https://a.example.com"}',
    });
  });

  test('that Compose sets by "environment" is seen as Ghost sees it', () => {
    expect(settings().seen('url="https://other.example.com"\nurls__image="x"\n')).toEqual({
      url: 'https://blog.example.com',
      urls: { image: 'x' },
    });
  });

  test('is taken out with everything below it', () => {
    const text = 'storage__media__adapter=A\nstorage__mediaother=B\nstorage__media_FILE=x\nA=1\n';
    expect(settings().withoutValues(text, [['storage', 'media']])).toBe('storage__mediaother=B\nA=1\n');
  });
});
