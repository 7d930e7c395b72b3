// A Ghost of Docker Compose has the credentials and the network of its container, which the user of a command may not have.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CheckReport } from '../../src/commands/doctor/check';
import { runCommandLine } from '../support/doctor/run-command';
import { runInstall } from '../support/install/run';
import { onePixel } from '../support/one-pixel';
import { useInMemoryS3 } from '../support/use-bucket';

const s3 = useInMemoryS3();

/** Keys that S3 does not recognize. */
const OF_USER = { AWS_ACCESS_KEY_ID: 'AKIAOFTHEUSER0000000', AWS_SECRET_ACCESS_KEY: 'u'.repeat(40) };

let folder: string;
let bucket: string;
const place = (name: string) => path.join(folder, name);
const keysOfGhost = () => ({
  AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
});

/** Lays out a site whose options have no keys. */
function layOut(
  inEnvFile: Record<string, string>,
  inComposeFile: Record<string, string> = {},
  endpoint = s3.endpoint,
): void {
  const options = {
    bucket,
    region: s3.region,
    endpoint,
    forcePathStyle: 'true',
    cdnUrl: 'https://images.example.com',
  };
  const variables = [
    ...Object.entries(options).map(([name, value]) => [`storage__S3CloudFrontStorage__${name}`, value]),
    ...Object.entries(inEnvFile),
  ];
  writeFileSync(place('ghost.env'), variables.map(([name, value]) => `${name}=${value}\n`).join(''), { mode: 0o600 });
  const service = {
    image: 'ghost:6',
    env_file: 'ghost.env',
    environment: inComposeFile,
    volumes: ['./data/ghost:/var/lib/ghost/content'],
  };
  writeFileSync(place('compose.yml'), JSON.stringify({ services: { ghost: service } }));
}

/** Returns the results of `doctor` about credentials and files, by their names. */
async function doctor(env: Record<string, string> = {}, ...parameters: string[]): Promise<Map<string, CheckReport>> {
  const { stdout } = await runCommandLine(['doctor', '--json', '--ghost', folder, ...parameters], {}, env).ended;
  return new Map((JSON.parse(stdout) as CheckReport[]).map((report) => [report.name, report]));
}

beforeEach(() => {
  bucket = s3.newBucket();
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'container-credentials-')));
  mkdirSync(place('data/ghost/images/2026'), { recursive: true });
  writeFileSync(place('data/ghost/images/2026/a.png'), onePixel(1));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('keys that the container gets as variables', () => {
  test.each([
    ['an env file', () => layOut(keysOfGhost())],
    ['"environment"', () => layOut({}, keysOfGhost())],
  ])('from %s are those of install, migrate and doctor', async (_, layOutSite) => {
    layOutSite();
    const env = { ...OF_USER, AWS_PROFILE: 'of-the-user', AWS_SESSION_TOKEN: 'of-the-user' };
    const { status, stdout } = await runInstall(folder, ['--yes'], env, false);
    expect(status).toBe(0);
    expect(stdout).not.toMatch(/which Ghost may not have|does not have these credentials/);

    const migrated = await runCommandLine(['migrate', '--ghost', folder], {}, env).ended;
    expect([migrated.status, s3.objects(bucket).size]).toEqual([0, 1]);

    const reports = await doctor(env);
    expect(reports.get('credentials')).toMatchObject({
      result: 'passed',
      found: expect.stringContaining("from the variables of Ghost's container") as string,
    });
    expect(reports.get('accepted')?.result).toBe('passed');
  });

  test('are named with their file where S3 does not recognize them', async () => {
    layOut(OF_USER);
    const { stderr } = await runInstall(folder, ['--yes'], keysOfGhost(), false);
    expect(stderr).toContain(`AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in ${place('ghost.env')}`);
    const { cure } = (await doctor(keysOfGhost())).get('accepted') ?? {};
    expect(cure).toContain(`AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in ${place('ghost.env')}`);
  });

  test('are secrets, which other users of the machine must not be able to read', async () => {
    layOut(keysOfGhost());
    expect((await doctor()).get('secrets')?.result).toBe('passed');
    chmodSync(place('ghost.env'), 0o644);
    expect((await doctor()).get('secrets')).toMatchObject({
      result: 'warned',
      found: expect.stringContaining('AWS_SECRET_ACCESS_KEY') as string,
    });
    const { stdout } = await runInstall(folder, ['--yes']);
    expect(stdout).toMatch(/Every user of this machine can read .*AWS_SECRET_ACCESS_KEY[^]*chmod 600/);
    expect(readFileSync(place('ghost.env'), 'utf8')).toContain(s3.credentials.secretAccessKey);
  });
});

describe('credentials of the user that the container does not have', () => {
  test('are a warning of install and doctor, with where to set them', async () => {
    layOut({});
    const { status, stdout, stderr } = await runInstall(folder, ['--yes'], keysOfGhost(), false);
    expect(status).toBe(0);
    expect(stdout + stderr).toMatch(/Ghost's container does not have these credentials[^]*ghost\.env/);
    expect((await doctor(keysOfGhost())).get('credentials')).toMatchObject({
      result: 'warned',
      found: expect.stringContaining("Ghost's container does not have these credentials") as string,
      cure: expect.stringContaining(place('ghost.env')) as string,
    });
  });

  test('are not where the container has a way of its own, a file for example', async () => {
    layOut({ AWS_SHARED_CREDENTIALS_FILE: '/run/secrets/aws' });
    const { stdout } = await runInstall(folder, ['--yes'], keysOfGhost(), false);
    expect(stdout).not.toContain('does not have these credentials');
    expect((await doctor(keysOfGhost())).get('credentials')?.result).toBe('passed');
  });
});

describe('an S3 that only the network of Docker Compose knows', () => {
  const fix = /only containers can resolve that name[^]*--endpoint http:\/\/127\.0\.0\.1:9000/;

  test('is reached by doctor and migrate with --endpoint, as they say, and is left out by install', async () => {
    layOut(keysOfGhost(), {}, 'http://minio.invalid:9000');
    expect((await doctor()).get('S3 answers')?.cure).toMatch(fix);
    const refused = await runCommandLine(['migrate', '--ghost', folder], {}).ended;
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(fix)]);
    const { status, stderr } = await runInstall(folder, ['--yes'], {}, false);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/containers of Docker Compose[^]*--skip-check/)]);
    expect(stderr).not.toMatch(/--endpoint/);

    expect((await doctor({}, '--endpoint', s3.endpoint)).get('accepted')?.result).toBe('passed');
    const migrated = await runCommandLine(['migrate', '--ghost', folder, '--endpoint', s3.endpoint], {}).ended;
    expect([migrated.status, s3.objects(bucket).size]).toEqual([0, 1]);
  });
});
