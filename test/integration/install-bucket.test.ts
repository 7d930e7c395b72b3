// `install` looks at the bucket before it switches Ghost over to it.
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isRoot } from '../../src/shell/owner-rights';
import { NOBODY } from '../support/install/attacker';
import { createAdapter } from '../support/adapter';
import { runInstall } from '../support/install/run';
import { freePort } from '../support/ghost/boot';
import { useInMemoryS3 } from '../support/use-bucket';

const s3 = useInMemoryS3();
const testAsRoot = isRoot() ? test : test.skip;

let folder: string;
let configFile: string;
let adapter: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'install-bucket-'));
  chmodSync(folder, 0o755);
  mkdirSync(path.join(folder, 'content'));
  configFile = path.join(folder, 'config.production.json');
  adapter = path.join(folder, 'content/adapters/storage/S3CloudFrontStorage');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a configuration whose options `provision` has written, and returns its text. */
function writeOptions(bucket: string, options: Record<string, unknown> = {}): string {
  const { endpoint, region, credentials } = s3;
  const block = { bucket, region, endpoint, forcePathStyle: true, cdnUrl: 'https://images.example.com' };
  const text = JSON.stringify({ storage: { S3CloudFrontStorage: { ...block, ...credentials, ...options } } }, null, 2);
  writeFileSync(configFile, text, { mode: 0o640 });
  return text;
}

const install = (parameters: string[], env: Record<string, string> = {}) =>
  runInstall(folder, parameters, { AWS_EC2_METADATA_DISABLED: 'true', ...env }, false);

const NOTHING_BUT_UPLOADS = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:PutObject', Resource: '*' }],
};

/** A bucket or an account that Ghost cannot use, as options of the adapter. */
const UNUSABLE: [string, () => Record<string, unknown> | Promise<Record<string, unknown>>, RegExp][] = [
  ['a bucket that does not exist', () => ({ bucket: 'no-such-bucket' }), /The bucket "no-such-bucket" does not exist/],
  ['a server that is off', async () => ({ endpoint: `http://127.0.0.1:${await freePort()}` }), /ECONNREFUSED/],
  ['no credentials', () => ({ accessKeyId: null, secretAccessKey: null }), /no credentials[^]*accessKeyId/],
  [
    'no region',
    () => ({ region: null, endpoint: null, accessKeyId: null, secretAccessKey: null }),
    /region|credentials/,
  ],
  [
    'a wrong secret',
    () => ({ secretAccessKey: 'x'.repeat(40) }),
    /does not belong to the access key[^]*config\.production/,
  ],
  ['an unknown key', () => ({ accessKeyId: 'AKIANOBODY0000000000' }), /does not recognize the access key ID/],
  [
    'another region',
    () => ({ bucket: s3.newBucket({ region: 'eu-west-1' }) }),
    /is in the region "eu-west-1"[^]*Set "region" to "eu-west-1"/,
  ],
  [
    'a user without the permission',
    () => {
      const user = { accessKeyId: 'AKIAFEWRIGHTS0000000', secretAccessKey: 'y'.repeat(40) };
      s3.addUser({ ...user, policy: NOTHING_BUT_UPLOADS });
      return user;
    },
    /s3:ListBucket is not allowed/,
  ],
  [
    'a clock that is wrong',
    () => {
      s3.injectFault({ kind: { status: 403, code: 'RequestTimeTooSkewed' }, times: Infinity });
      return {};
    },
    /clock of this machine/,
  ],
];

test.each(UNUSABLE)('--yes refuses to switch Ghost to %s, and changes nothing', async (_, options, cause) => {
  const before = writeOptions(s3.newBucket(), await options());
  const { status, stderr } = await install(['--yes']);
  expect([status, stderr]).toEqual([1, expect.stringMatching(cause)]);
  expect(stderr).toContain('Nothing was changed.');
  expect(stderr).toContain('--skip-check');
  expect([readFileSync(configFile, 'utf8'), existsSync(adapter)]).toEqual([before, false]);
});

test('without --yes, the cause and the fix are shown before the question', async () => {
  writeOptions('no-such-bucket');
  const { status, stdout } = await install([]);
  expect([status, stdout]).toEqual([1, expect.stringMatching(/"no-such-bucket" does not exist[^]*create the bucket/)]);
  expect(existsSync(adapter)).toBe(false);
});

test('an image is built without a bucket by --skip-check', async () => {
  writeOptions('no-such-bucket');
  const requests = s3.requests.length;
  expect((await install(['--yes', '--skip-check'])).status).toBe(0);
  expect([existsSync(adapter), s3.requests.length]).toEqual([true, requests]);
});

test('a bucket that answers is asked once by its owner, and Ghost is switched over', async () => {
  const bucket = s3.newBucket();
  writeOptions(bucket);
  const { status, stdout, stderr } = await install(['--yes']);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/Next:\n {2}restart Ghost\n {2}npx ghost-storage-s3-cloudfront doctor/);
  const asked = s3.requests.filter((request) => request.bucket === bucket);
  expect(new Set(asked.map(({ operation }) => operation))).toEqual(new Set(['ListObjectsV2']));
  expect(asked.length).toBeLessThanOrEqual(3);
});

test('migrate comes before the restart as long as the bucket has no files of the blog', async () => {
  const bucket = s3.newBucket();
  writeOptions(bucket);
  mkdirSync(path.join(folder, 'content/images/2026'), { recursive: true });
  const { stdout } = await install(['--yes']);
  expect(stdout).toMatch(
    /⚠ The bucket has no files of this blog yet[^]*Next:\n.* migrate [^]*restart[^]* migrate [^]*doctor/,
  );
});

test('migrate comes after the restart alone when it has run before', async () => {
  const bucket = s3.newBucket();
  writeOptions(bucket);
  mkdirSync(path.join(folder, 'content/images/2026'), { recursive: true });
  await createAdapter(s3, bucket).saveRaw(Buffer.from('an image'), '2026/a.png');
  const { stdout } = await install(['--yes']);
  expect(stdout).not.toContain('no files of this blog');
  expect(stdout).toMatch(/Next:\n {2}restart Ghost\n.* migrate [^]*doctor/);
});

test('what is already installed stays installed while the bucket cannot be used, which is only reported', async () => {
  const bucket = s3.newBucket();
  writeOptions(bucket);
  await install(['--yes']);
  s3.injectFault({ kind: { status: 403, code: 'RequestTimeTooSkewed' }, times: Infinity });
  const { status, stdout } = await install([]);
  expect([status, stdout]).toEqual([0, expect.stringMatching(/⚠ The clock[^]*Nothing to change/)]);
});

testAsRoot('credentials of root that Ghost does not have are named', async () => {
  const { accessKeyId, secretAccessKey } = s3.credentials;
  const bucket = s3.newBucket();
  writeOptions(bucket, { accessKeyId: null, secretAccessKey: null });
  const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const warning = /AWS_ACCESS_KEY_ID[^]*which Ghost may not have: it runs as the user 65534/;
  [folder, path.join(folder, 'content'), configFile].forEach((place) => chownSync(place, NOBODY.uid, NOBODY.gid));
  expect((await install(['--yes'], env)).stdout).toMatch(warning);
  writeOptions(bucket);
  expect((await install([], env)).stdout).not.toMatch(warning);
});
