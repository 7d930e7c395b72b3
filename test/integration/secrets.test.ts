import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { createUploadFolder, optionsFor, type UploadFolder } from '../support/adapter';
import { startBlogServer } from '../support/blog-server';
import { startPatient, type Patient, SECRET } from '../support/doctor';
import { runCommandLine } from '../support/doctor/run-command';
import { type Attacked, attacks } from '../support/hostile-input';
import { startInMemoryS3, type FaultKind, type InMemoryS3 } from '../support/in-memory-s3';
import { Seen } from '../support/marked-secrets';

// Whatever is done and whatever fails, a secret is found nowhere but in the configuration that its user wrote it into.

const BUCKET = 'blog-images';
const KEYS = {
  accessKeyId: 'AKIAMARKEDMARKED0001',
  secretAccessKey: 'marked/secret+access/key=0123456789abcdef',
  sessionToken: 'marked/session+token/0123456789abcdefghijklmn==',
};
const FALLBACK_SECRET = 'marked fallback&secret/0123456789';
const FORMER_FALLBACK_SECRET = 'marked former&secret/9876543210';
const ADMIN_KEY_ID = '6e0704b3c1a5f20001234567';
const ADMIN_KEY_SECRET = '00112233445566778899aabbccddeeff'.repeat(2);
const OTHERS = {
  'password in an address': 'marked-password-of-an-address',
  'password of a proxy': 'marked-password-of-a-proxy',
  'password of the mail server': 'marked-password-of-the-mail',
  'password of the database': 'marked-password-of-the-database',
  'keys of another adapter': 'marked/key+of/another+adapter/0123456789',
};
const MARKS = {
  ...KEYS,
  ...OTHERS,
  cdnFallbackSecret: FALLBACK_SECRET,
  'former cdnFallbackSecret': FORMER_FALLBACK_SECRET,
  'secret of the doctor’s patient': SECRET,
  GHOST_ADMIN_API_KEY: ADMIN_KEY_SECRET,
};

let server: InMemoryS3;
let uploads: UploadFolder;
let folder: string;
let seen: Seen;

beforeEach(async () => {
  server = await startInMemoryS3();
  server.createBucket(BUCKET);
  server.addUser(KEYS);
  uploads = await createUploadFolder();
  folder = await mkdtemp(path.join(tmpdir(), 'secrets-'));
  seen = new Seen(MARKS);
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    jest.spyOn(console, name).mockImplementation((...given: unknown[]) => seen.note('console', given));
  }
  for (const name of ['stdout', 'stderr'] as const) {
    jest.spyOn(process[name], 'write').mockImplementation((chunk) => {
      seen.note('output of the process', String(chunk));
      return true;
    });
  }
});

afterEach(async () => {
  jest.restoreAllMocks();
  await uploads.remove();
  await rm(folder, { recursive: true, force: true });
  await server.close();
});

const optionsWith = (overrides: Record<string, unknown> = {}) =>
  optionsFor({ ...server, credentials: KEYS }, BUCKET, {
    sessionToken: KEYS.sessionToken,
    cdnFallbackSecret: [FALLBACK_SECRET, FORMER_FALLBACK_SECRET],
    maxAttempts: 1,
    ...overrides,
  });

/** What S3 may say of the credentials, in words that name them, and what may happen on the way. */
const FAILURES: Record<string, FaultKind> = {
  forbidden: { status: 403, code: 'AccessDenied', message: `User ${KEYS.accessKeyId} may not` },
  'unknown key': { status: 403, code: 'InvalidAccessKeyId', message: `${KEYS.accessKeyId} does not exist` },
  'wrong key': { status: 403, code: 'SignatureDoesNotMatch', message: `${KEYS.accessKeyId} ${KEYS.secretAccessKey}` },
  'expired token': { status: 400, code: 'ExpiredToken', message: KEYS.sessionToken },
  'invalid token': { status: 400, code: 'InvalidToken', message: KEYS.sessionToken },
  'wrong clock': { status: 403, code: 'RequestTimeTooSkewed', message: KEYS.accessKeyId },
  'other region': { status: 301, code: 'PermanentRedirect' },
  'no bucket': { status: 404, code: 'NoSuchBucket' },
  'too much': { status: 503, code: 'SlowDown' },
  broken: { status: 500, code: 'InternalError', message: KEYS.secretAccessKey },
  strange: { status: 418, code: 'Teapot', message: `${KEYS.accessKeyId} ${KEYS.secretAccessKey} ${KEYS.sessionToken}` },
  reset: 'reset',
  silent: 'stall',
  truncated: 'truncate-body',
};

/** Does all that Ghost and visitors do with an adapter, and notes all that comes of it. */
async function useAll(where: string, options: Record<string, unknown>, input = '2026/11/x.jpg'): Promise<void> {
  const adapter = new S3CloudFrontStorage(options);
  const { path: upload } = await uploads.file('x.jpg', 'bytes');
  for (const [name, call] of attacks(adapter as unknown as Attacked, input, upload)) {
    try {
      seen.note(`${where}: ${name}`, await call());
    } catch (error) {
      seen.note(`${where}: error of ${name}`, error);
    }
  }
  await adapter.saveRaw(Buffer.from('bytes'), '2026/x.jpg').catch(() => undefined);
  const blog = await startBlogServer(adapter);
  for (const headers of [{}, { 'x-ghost-cdn-fallback-key': FALLBACK_SECRET }, { via: '1.1 cdn' }]) {
    for (const target of ['/2026/x.jpg', '/missing.jpg', '/../x.jpg']) {
      const answer = await blog.request(target, headers).catch((error: unknown) => error);
      seen.note(`${where}: answer of serve`, answer);
      seen.note(`${where}: body of serve`, String((answer as { body?: Buffer }).body));
    }
  }
  seen.note(`${where}: errors of serve`, blog.errors);
  await blog.close();
  seen.note(`${where}: the adapter`, adapter);
  seen.note(`${where}: its methods`, Object.getOwnPropertyDescriptors(Object.getPrototypeOf(adapter)));
}

describe('the adapter reveals no secret', () => {
  test('when it works', async () => {
    await new S3CloudFrontStorage(optionsWith()).saveRaw(Buffer.from('bytes'), '2026/11/x.jpg');
    await useAll('works', optionsWith());
    expect(seen.findings()).toEqual([]);
    expect(seen.places()).toContain('works: read(…)');
    expect(seen.count).toBeGreaterThan(40);
  });

  test.each(Object.keys(FAILURES))('when S3 fails: %s', async (name) => {
    await new S3CloudFrontStorage(optionsWith()).saveRaw(Buffer.from('bytes'), '2026/11/x.jpg');
    server.injectFault({ times: Infinity, kind: FAILURES[name] as FaultKind });
    await useAll(name, optionsWith(name === 'silent' ? { requestTimeoutMs: 300 } : {}));
    expect(seen.findings()).toEqual([]);
    expect(seen.places()).toContain(`${name}: error of read(…)`);
  });

  test('when S3 is not there, in another region, or does not know it', async () => {
    await useAll('unreachable', optionsWith({ endpoint: 'http://127.0.0.1:9' }));
    await useAll('region', optionsWith({ region: 'eu-west-3' }));
    await useAll('bucket', optionsWith({ bucket: 'not-there' }));
    await useAll('token', optionsWith({ sessionToken: `${KEYS.sessionToken}x` }));
    await useAll('key', optionsWith({ secretAccessKey: `${KEYS.secretAccessKey}x` }));
    expect(seen.findings()).toEqual([]);
    expect(seen.places()).toContain('key: error of exists(input)');
  });

  test('when a path is refused', async () => {
    await useAll('path', optionsWith(), '../x.jpg');
    expect(seen.findings()).toEqual([]);
    expect(seen.places()).toContain('path: error of urlToPath(input)');
  });

  test('when the configuration is refused', () => {
    const withPassword = (host: string) => `https://user:${OTHERS['password in an address']}@${host}`;
    const wrong: Record<string, unknown>[] = [
      { bucket: undefined },
      { unknown: KEYS.secretAccessKey },
      { accessKeyId: undefined },
      { secretAccessKey: undefined },
      { accessKeyId: undefined, secretAccessKey: undefined },
      { endpoint: withPassword('s3.example.com') },
      { cdnUrl: withPassword('images.example.com') },
      { assetHost: withPassword('images.example.com'), cdnUrl: undefined },
      ...[...Object.entries(KEYS), ['cdnFallbackSecret', FALLBACK_SECRET] as const].flatMap(([option, value]) => [
        { [option]: [value, value] },
        { [option]: { value } },
        { [option]: `${value}\nä` },
        { [option]: Buffer.from(value) },
      ]),
    ];
    const refused = wrong.filter((overrides) => {
      try {
        seen.note('taken', new S3CloudFrontStorage(optionsWith(overrides)));
        return false;
      } catch (error) {
        seen.note('refused', error);
        return true;
      }
    });
    expect(seen.findings()).toEqual([]);
    expect(refused).toEqual(wrong);
  });
});

/** A site with secrets all over its configuration. */
async function layOutSite(): Promise<string> {
  const site = path.join(folder, 'site');
  await mkdir(path.join(site, 'content/images/2026/11'), { recursive: true });
  await writeFile(path.join(site, 'content/images/2026/11/x.jpg'), 'bytes');
  const config = {
    url: 'https://blog.example.com',
    mail: { options: { auth: { user: 'postmaster', pass: OTHERS['password of the mail server'] } } },
    database: { connection: { user: 'ghost', password: OTHERS['password of the database'] } },
    storage: {
      active: 'S3CloudFrontStorage',
      S3CloudFrontStorage: optionsWith(),
      S3Storage: {
        ...optionsWith({ cdnFallbackSecret: undefined }),
        secretAccessKey: OTHERS['keys of another adapter'],
      },
    },
  };
  await writeFile(path.join(site, 'config.production.json'), JSON.stringify(config, null, 2));
  return site;
}

/** Of the configuration, which is the user's, and of what it was before. */
const isConfiguration = (name: string) => name.startsWith('config.production.json');

/** Runs what is built, with secrets in its environment, and notes what it says and writes. */
async function run(site: string, args: string[], ports: Record<string, number> = {}, env: Record<string, string> = {}) {
  const proxy = `http://proxy:${OTHERS['password of a proxy']}@127.0.0.1:9`;
  const temporary = path.join(folder, 'temporary');
  await mkdir(temporary, { recursive: true });
  const { ended } = runCommandLine(args, ports, {
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    AWS_SESSION_TOKEN: KEYS.sessionToken,
    GHOST_ADMIN_API_KEY: `${ADMIN_KEY_ID}:${ADMIN_KEY_SECRET}`,
    HTTPS_PROXY: proxy,
    HTTP_PROXY: proxy,
    TMPDIR: temporary,
    ...env,
  });
  const { status, stdout, stderr } = await ended;
  const where = args.join(' ').replaceAll(folder, '');
  seen.note(where, stdout);
  seen.note(where, stderr);
  await seen.noteFiles(where, site, isConfiguration);
  await seen.noteFiles(where, temporary, () => false);
  return { status, said: `${stdout}${stderr}` };
}

describe('the command line reveals no secret', () => {
  test('install: what changes, what is printed to be set, and what is taken out again', async () => {
    const site = await layOutSite();
    const at = ['--ghost', site];
    for (const args of [
      ['install', ...at, '--from', 'S3Storage', '--print'],
      ['install', ...at, '--print', '--json'],
      ['install', ...at, '--from', 'S3Storage', '--yes'],
      ['install', ...at, '--from', 'S3Storage', '--json', '--yes', '--skip-check'],
      ['install', ...at, '--cdn-url', 'https://other.example.com', '--yes', '--skip-check'],
      ['install', ...at, '--uninstall', '--yes'],
    ]) {
      const { said } = await run(site, args);
      expect(said).not.toBe('');
    }
    expect((await run(site, ['install', ...at, '--endpoint', 'no address', '--yes'])).status).toBe(1);
    expect(seen.findings()).toEqual([]);
    expect(seen.places().some((place) => place.includes('S3CloudFrontStorage/package.json'))).toBe(true);
  });

  test('migrate: the result, the report and every error', async () => {
    const site = await layOutSite();
    const report = path.join(site, 'report.jsonl');
    const migrate = ['migrate', '--ghost', site, '--report', report];
    expect((await run(site, [...migrate, '--dry-run'])).status).toBe(0);
    expect((await run(site, [...migrate, '--json'])).status).toBe(0);
    server.objects(BUCKET).clear();
    for (const name of ['forbidden', 'unknown key', 'wrong key', 'expired token', 'strange']) {
      const fault = server.injectFault({ times: Infinity, kind: FAILURES[name] as FaultKind });
      expect((await run(site, ['--debug', ...migrate])).status).not.toBe(0);
      fault.clear();
    }
    const from = `https://user:${OTHERS['password in an address']}@old.example.com`;
    const ghost = ['--ghost-url', 'http://127.0.0.1:9', '--yes'];
    expect((await run(site, [...migrate, ...ghost, '--from-url', from])).status).not.toBe(0);
    expect(
      (await run(site, ['--debug', ...migrate, ...ghost, '--from-url', 'https://old.example.com'])).status,
    ).not.toBe(0);
    expect(seen.findings()).toEqual([]);
    expect(seen.places().some((place) => place.endsWith('report.jsonl: report.jsonl'))).toBe(true);
  });

  test('policy and a dry run of provision', async () => {
    const site = await layOutSite();
    expect((await run(site, ['policy', '--ghost', site])).status).toBe(0);
    const provision = [
      'provision',
      '--dry-run',
      '--domain',
      'images.example.com',
      '--ghost-url',
      'https://a.example.com',
    ];
    expect((await run(site, provision)).status).toBe(0);
    expect((await run(site, [...provision, '--json'])).status).toBe(0);
    expect(seen.findings()).toEqual([]);
  });

  describe('doctor', () => {
    let patient: Patient;
    afterEach(() => patient.close());

    test.each([
      ['when all is well', undefined],
      ['when S3 refuses the keys', FAILURES['wrong key']],
      ['when S3 fails strangely', FAILURES.strange],
    ])('%s, as text, as JSON and in full', async (_, kind) => {
      patient = await startPatient({
        config: ({ storage }) => Object.assign(storage.S3CloudFrontStorage, KEYS),
        prepare: (s3) => {
          s3.addUser(KEYS);
          if (kind) s3.injectFault({ times: Infinity, kind });
        },
      });
      const environment = { NODE_EXTRA_CA_CERTS: patient.authorityFile };
      for (const options of [[], ['--json']]) {
        const args = ['--debug', 'doctor', '--ghost', patient.folder, ...options];
        const { said } = await run(path.join(patient.folder, 'content'), args, patient.ports, environment);
        expect(said).toContain('images.example.test does not answer');
      }
      expect(seen.findings()).toEqual([]);
    });
  });
});
