import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { parseAsCompose } from '../../../support/compose-env';
import { runInstall } from '../../../support/install/run';

const GIVEN = ['--bucket', 'blog-images', '--region', 'eu-central-1', '--cdn-url', 'https://images.example.com'];
const SETTINGS = {
  storage__active: 'S3CloudFrontStorage',
  storage__media__adapter: 'S3CloudFrontStorage',
  storage__media__staticFileURLPrefix: 'content/media',
  storage__files__adapter: 'S3CloudFrontStorage',
  storage__files__staticFileURLPrefix: 'content/files',
  storage__S3CloudFrontStorage__bucket: 'blog-images',
  storage__S3CloudFrontStorage__region: 'eu-central-1',
  storage__S3CloudFrontStorage__cdnUrl: 'https://images.example.com',
  urls__image: 'https://images.example.com',
  urls__media: 'https://images.example.com',
  urls__files: 'https://images.example.com',
};
const ENV = '# Mail\nmail__options__auth__pass="hidden$$word"\n# former: AKIAHIDDEN\nmail__from="Blog" # mine\n';

const isRoot = process.getuid?.() === 0;
const testAsRoot = isRoot ? test : test.skip;

let folder: string;
const place = (name: string) => path.join(folder, name);
const read = (name: string) => readFileSync(place(name), 'utf8');

/** Runs the command, and returns its exit code with everything that it has said. */
async function install(...parameters: string[]): Promise<{ status: number | null; said: string }> {
  const { status, stdout, stderr } = await runInstall(folder, ['--yes', ...parameters]);
  return { status, said: stdout + stderr };
}

/** Lays out a site: `lines` are those of the service `ghost`. */
function layOut(lines: string[], files: Record<string, string> = { 'ghost.env': ENV }): void {
  const service = ['volumes: [./data/ghost:/home/ghost/content]', ...lines].map((line) => `    ${line}\n`).join('');
  writeFileSync(place('compose.yml'), `services:\n  ghost:\n${service}`);
  Object.entries(files).forEach(([name, text]) => writeFileSync(place(name), text, { mode: 0o600 }));
}

/** Every path below the site without the backups, with the text of the env file. */
const everything = () => [
  ...(readdirSync(folder, { recursive: true }) as string[]).filter((name) => !name.endsWith('.backup')).sort(),
  read('ghost.env'),
];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'install-docker-')));
  chmodSync(folder, 0o755);
  mkdirSync(place('data/ghost'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ADAPTER = 'data/ghost/adapters/storage/S3CloudFrontStorage';
const NEW_LAYOUT = [
  'image: ghost:6-next-alpine',
  'env_file: ghost.env',
  'environment: {url: "https://blog.example.com"}',
];

describe('install --print', () => {
  test('in a site directory is for that service: its env file, its name and its folders', async () => {
    layOut(['image: ghost:6', 'env_file: ghost.env'], { 'ghost.env': 'storage__s3__secretAccessKey=hidden$$\n' });
    const compose = read('compose.yml').replace('ghost:\n', 'blog:\n');
    writeFileSync(place('compose.yml'), compose);
    const { status, said } = await install('--print', ...GIVEN, '--ghost', '.');
    expect(status).toBe(0);
    const [, lines = ''] = /In ghost\.env, in addition to its settings:\n\n([^]*?)\n\n/.exec(said) ?? [];
    expect(parseAsCompose(`${lines}\n`)).toEqual(SETTINGS);
    const [, yaml = ''] =
      /compose\.override\.yml, with the adapter's folder[^]*?\n(services:[^]*?)\n\n/.exec(said) ?? [];
    expect(parse(yaml)).toEqual({
      services: {
        blog: {
          volumes: ['./S3CloudFrontStorage:/home/ghost/content/adapters/storage/S3CloudFrontStorage'],
          environment: SETTINGS,
        },
      },
    });
    expect(said).not.toMatch(/"storage"|migrate-export|hidden/);
  });

  test('without a Ghost that can be read prints for any Ghost, and says which options that needs', async () => {
    const compose =
      'services: {ghost: {extends: {file: base.yml, service: ghost}, volumes: ["./c:/home/ghost/content"]}}';
    writeFileSync(place('compose.yml'), compose);
    const { status, said } = await install('--print');
    expect([status, said]).toEqual([1, expect.stringContaining('install --print --bucket blog-images --region')]);
    expect(said).toContain('"extends"');
    for (const parameters of [[], ['--ghost', '.']]) {
      const printed = await install('--print', ...GIVEN, ...parameters);
      expect([printed.status, printed.said]).toEqual([0, expect.stringContaining('In config.production.json')]);
    }
  });
});

describe('install in a site directory of ghost-docker', () => {
  test('brings the adapter into the content folder, and the variables into ghost.env, and says how Ghost gets them', async () => {
    layOut(NEW_LAYOUT, { 'ghost.env': ENV, '.env': 'DOMAIN=blog.example.com\n' });
    const { status, said } = await install(...GIVEN);

    expect(status).toBe(0);
    expect(existsSync(place(`${ADAPTER}/dist/index.js`))).toBe(true);
    expect(parseAsCompose(read('ghost.env'))).toEqual({ ...parseAsCompose(ENV), ...SETTINGS });
    expect(read('ghost.env').startsWith(ENV)).toBe(true);
    expect(read('.env')).toBe('DOMAIN=blog.example.com\n');
    expect(statSync(place('ghost.env')).mode & 0o777).toBe(0o600);
    expect(said).toContain('docker compose up -d --force-recreate ghost');
    expect(said).toContain('+storage__active="S3CloudFrontStorage"');
    expect(said).toContain('The test used the Node of this machine');
    expect(said).not.toMatch(/hidden|HIDDEN|paths__/);
  });

  test('writes into .env, which is the env file of the container in the older layout', async () => {
    layOut(['image: ghost:${GHOST_VERSION:-6-alpine}', 'env_file: [.env]'], {
      '.env': 'GHOST_VERSION=6.65.0-alpine\nDATABASE_PASSWORD=hidden\n',
    });
    const { status, said } = await install(...GIVEN);

    expect(status).toBe(0);
    expect(said).toContain('Ghost 6.65.0 in');
    expect(said).not.toContain('hidden');
    expect(parseAsCompose(read('.env'))).toEqual({
      GHOST_VERSION: '6.65.0-alpine',
      DATABASE_PASSWORD: 'hidden',
      ...SETTINGS,
    });
    expect(Object.keys(SETTINGS).every((name) => /^(storage|urls)__/.test(name))).toBe(true);
  });

  test('changes nothing the second time, and --uninstall brings everything back byte for byte', async () => {
    layOut(NEW_LAYOUT);
    const before = everything();
    await install(...GIVEN);
    const installed = everything();
    expect((await install(...GIVEN)).said).toContain('Nothing to change');
    expect(everything()).toEqual(installed);

    const { status, said } = await install('--uninstall');
    expect([status, said]).toEqual([0, expect.stringContaining('docker compose up -d --force-recreate ghost')]);
    const [text, ...names] = everything().reverse();
    expect(text).toBe(ENV);
    expect(names.reverse().filter((name) => !name.includes('adapters'))).toEqual(before.slice(0, -1));
    expect(existsSync(place(ADAPTER))).toBe(false);
  });

  test.each([
    ['hand-written options and no line break at the end', '\r\nmail__from=x'],
    ['a comment after the former adapter', "\nstorage__active=LocalImagesStorage # ours\nmail__from='x'"],
  ])('--uninstall brings %s back byte for byte', async (_, end) => {
    const options = [
      'storage__S3CloudFrontStorage__bucket=blog-images',
      "storage__S3CloudFrontStorage__region='eu-central-1' # near",
      'storage__S3CloudFrontStorage__cdnUrl=https://images.example.com',
    ];
    const text = options.join(end.startsWith('\r') ? '\r\n' : '\n') + end;
    layOut(NEW_LAYOUT, { 'ghost.env': text });
    expect((await install()).status).toBe(0);
    expect(parseAsCompose(`${read('ghost.env')}\n`)).toMatchObject(SETTINGS);
    const { status, said } = await install('--uninstall');
    expect([status, read('ghost.env')]).toEqual([0, text]);
    expect(said).toMatch(/That is .*\.backup, the configuration from before the adapter/);
  });

  test('keeps a backup of the env file that the .gitignore of ghost-docker leaves out, and finds older ones', async () => {
    layOut(NEW_LAYOUT);
    await install(...GIVEN);
    const [backup = '', ...others] = readdirSync(folder).filter((name) => name.endsWith('.backup'));
    expect([backup, others]).toEqual([expect.stringMatching(/^ghost\.env\.bak\.\d{8}T/), []]);
    expect([read(backup), statSync(place(backup)).mode & 0o777]).toEqual([ENV, 0o600]);

    renameSync(place(backup), place(backup.replace('.bak', '')));
    await install('--uninstall');
    expect(read('ghost.env')).toBe(ENV);
  });

  test('--uninstall takes out exactly what was put in, when the file was changed since', async () => {
    layOut(NEW_LAYOUT);
    await install(...GIVEN);
    writeFileSync(place('ghost.env'), `${read('ghost.env')}labs__x=true\n`);
    await install('--uninstall');
    const { mail__from, mail__options__auth__pass, ...others } = parseAsCompose(read('ghost.env'));
    expect([mail__from, mail__options__auth__pass]).toEqual(['Blog', 'hidden$word']);
    // The options alone have no effect, and tell where the files are.
    expect(Object.keys(others).filter((name) => !name.startsWith('storage__S3CloudFrontStorage__'))).toEqual([
      'labs__x',
    ]);
  });

  testAsRoot('gives the adapter to the owner of the content folder, and the env file to the one it has', async () => {
    layOut(NEW_LAYOUT);
    chownSync(place('data/ghost'), 1000, 1000);
    chownSync(place('ghost.env'), 1234, 1234);
    expect((await install(...GIVEN)).status).toBe(0);
    const uid = (name: string) => statSync(place(name)).uid;
    expect([ADAPTER, `${ADAPTER}/dist/index.js`, 'data/ghost/adapters', 'ghost.env'].map(uid)).toEqual([
      1000, 1000, 1000, 1234,
    ]);
    expect(statSync(place('ghost.env')).mode & 0o777).toBe(0o600);
  });

  testAsRoot('follows no link that another user has put in place of the env file', async () => {
    layOut(NEW_LAYOUT, { 'of-root.env': ENV });
    symlinkSync(place('of-root.env'), place('ghost.env'));
    lchownSync(place('ghost.env'), 1000, 1000);
    const { status, said } = await install(...GIVEN);
    expect([status, said]).toEqual([1, expect.stringContaining('ghost.env is a link owned by the user 1000')]);
    expect(read('of-root.env')).toBe(ENV);
  });

  test.each<[string, string[], RegExp]>([
    [
      'a needed variable that "environment" sets to something else',
      [...NEW_LAYOUT.slice(0, 2), 'environment: {storage__active: LocalImagesStorage}'],
      /The service ghost in .*compose\.yml \("environment" or another env file\) .* sets another value for storage__active/,
    ],
    [
      'a service without an env file, whose block is printed',
      ['image: ghost:6'],
      /no env file[^]*compose\.override\.yml[^]*services:\n {2}ghost:\n {4}environment:\n {6}storage__active: S3CloudFrontStorage/,
    ],
    [
      'a folder for adapters that only the container has',
      ['image: ghost:6.65.0', 'env_file: ghost.env', 'environment: {paths__installedAdaptersPath: /adapters}'],
      /\/adapters, which is a folder of its container/,
    ],
    ['a Ghost that is too old', ['image: ghost:5.100.0', 'env_file: ghost.env'], /This is Ghost 5\.100\.0/],
  ])('refuses %s, and changes nothing', async (_, lines, message) => {
    layOut(lines);
    const before = everything();
    const { status, said } = await install(...GIVEN);
    expect([status, said]).toEqual([1, expect.stringMatching(message)]);
    expect(everything()).toEqual(before);
  });

  test('uses the content folder where Ghost is too old for paths__installedAdaptersPath, and says so', async () => {
    layOut(['image: ghost:6.53.0', 'env_file: ghost.env', 'environment: {paths__installedAdaptersPath: /adapters}']);
    const { status, said } = await install(...GIVEN);
    expect([status, said]).toEqual([0, expect.stringContaining('which needs Ghost 6.54.1 or newer')]);
    expect(existsSync(place(ADAPTER))).toBe(true);
  });

  test.each<[string, Record<string, string>]>([
    ['an empty env file, as it tells to create one', { 'ghost.env': '' }],
    ['an empty .env and an empty override', { 'ghost.env': ENV, '.env': '', 'compose.override.yml': '' }],
  ])('works with %s', async (_, files) => {
    layOut(NEW_LAYOUT, files);
    const { status, said } = await install(...GIVEN);
    expect([status, said]).toEqual([0, expect.stringContaining('docker compose up -d --force-recreate ghost')]);
    expect(parseAsCompose(read('ghost.env'))).toMatchObject(SETTINGS);
    await install('--uninstall');
    expect(read('ghost.env')).toBe(files['ghost.env']);
  });

  test('leads a service without an env file to a Ghost that is set up, with a block that holds only what is missing', async () => {
    const secret = { storage__S3CloudFrontStorage__secretAccessKey: 'hidden', storage__active: 'S3CloudFrontStorage' };
    const key = { storage__S3CloudFrontStorage__accessKeyId: 'AKIAHIDDEN' };
    layOut(['image: ghost:6', `environment: ${JSON.stringify({ ...secret, ...key })}`]);
    const refused = await install(...GIVEN);
    expect([refused.status, existsSync(place(ADAPTER))]).toEqual([1, false]);
    expect(refused.said).toMatch(/run the command again before you start Ghost/);
    expect(refused.said).not.toMatch(/\*{8}|hidden|HIDDEN|docker compose up/);

    writeFileSync(place('compose.override.yml'), refused.said.slice(refused.said.indexOf('services:')));
    const { status, said } = await install(...GIVEN);
    expect([status, said]).toEqual([0, expect.stringContaining('docker compose up -d --force-recreate ghost')]);
    expect(existsSync(place(`${ADAPTER}/dist/index.js`))).toBe(true);
    expect(read('compose.override.yml')).not.toContain('storage__active');
  });

  test('has the secrets of another adapter written by the user, where the service has no env file', async () => {
    layOut(['image: ghost:6', 'environment: {storage__s3__accessKeyId: hidden, storage__s3__secretAccessKey: hidden}']);
    const { said } = await install(...GIVEN, '--from', 's3');
    expect(said).toMatch(/Replace \*{8} with your secrets/);
    expect(said).not.toContain('hidden');
  });

  test.each([
    ['the folder of the adapter alone', './own:/home/ghost/content/adapters/storage/S3CloudFrontStorage', 'own'],
    ['the folder of all adapters', './own:/home/ghost/content/adapters', 'own/storage/S3CloudFrontStorage'],
  ])('puts the adapter where it is mounted from, and takes it out of there: %s', async (_, mount, adapter) => {
    layOut(NEW_LAYOUT);
    writeFileSync(place('compose.override.yml'), JSON.stringify({ services: { ghost: { volumes: [mount] } } }));
    const { status, said } = await install(...GIVEN);
    expect([status, said]).toEqual([0, expect.stringContaining(`+ ${place(adapter)}\n`)]);
    expect([existsSync(place(`${adapter}/dist/index.js`)), existsSync(place('data/ghost/adapters'))]).toEqual([
      true,
      false,
    ]);
    await install('--uninstall');
    expect([existsSync(place(adapter)), read('ghost.env')]).toEqual([false, ENV]);
  });

  test('refuses adapters that are in a Docker volume, and changes nothing', async () => {
    layOut(NEW_LAYOUT);
    const volumes = ['adapters:/home/ghost/content/adapters'];
    writeFileSync(place('compose.override.yml'), JSON.stringify({ services: { ghost: { volumes } } }));
    const { status, said } = await install(...GIVEN);
    expect([status, said]).toEqual([1, expect.stringMatching(/content\/adapters\/\S+ .* Docker volume adapters/)]);
    expect(read('ghost.env')).toBe(ENV);
  });

  test('writes into the configuration file that is mounted into the container', async () => {
    layOut(['image: ghost:6', 'env_file: ghost.env'], {
      'ghost.env': ENV,
      'config.json': '{"url": "https://blog.example.com"}\n',
    });
    const compose = read('compose.yml').replace(
      'content]',
      'content, ./config.json:/home/ghost/config.production.json]',
    );
    writeFileSync(place('compose.yml'), compose);
    const { status, said } = await install(...GIVEN);
    expect([status, said]).toEqual([0, expect.stringContaining('docker compose restart ghost')]);
    expect(JSON.parse(read('config.json'))).toMatchObject({ storage: { active: 'S3CloudFrontStorage' } });
    expect(read('ghost.env')).toBe(ENV);
  });
});
