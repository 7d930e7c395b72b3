import type { CheckReport } from '../../src/commands/doctor/check';
import { type Breakage, type Patient, startPatient } from '../support/doctor';
import { runCommandLine } from '../support/doctor/run-command';
import { installTools } from '../support/tls-cdn/tools';
import { waitUntil } from '../support/wait-until';

let patient: Patient;

beforeAll(() => installTools());

afterEach(() => patient.close());

async function run(breakage: Breakage, ...args: string[]) {
  patient = await startPatient(breakage);
  return runCommandLine(['doctor', '--ghost', patient.folder, ...args], patient.ports, {
    NODE_EXTRA_CA_CERTS: patient.authorityFile,
  });
}

test('ends with 0 when everything is as it should be, one line for each check, in groups', async () => {
  const { status, stdout, stderr } = await (await run({})).ended;
  expect([status, stderr]).toEqual([0, '']);
  for (const group of ['Configuration', 'Credentials', 'Bucket', 'Permissions', 'CDN', 'Your files', 'Ghost']) {
    expect(stdout).toMatch(new RegExp(`^${group}$`, 'm'));
  }
  expect(stdout).toMatch(/^ {2}✔ browsers trust the certificate +until 20/m);
  expect(stdout).toMatch(
    /^ {2}– no single file can be made public +this needs the permission s3:GetBucketOwnershipControls/m,
  );
  expect(stdout).toMatch(/^ {2}✔ videos can be skipped +the CDN sends parts of files$/m);
  expect(stdout).toMatch(/^✔ \d+ checks passed, \d+ not checked\.$/m);
  expect(patient.keys()).toEqual([]);
});

test('ends with 1 when something is wrong, with what was tested, what came back and the fix, which is repeated at the end', async () => {
  const { status, stdout, stderr } = await (await run({ cdn: { bucket: 'other-images' } })).ended;
  expect([status, stderr]).toEqual([1, '']);
  expect(stdout).toMatch(
    /^ {2}✖ images arrive unchanged +The CDN answers 404 for a file in the bucket: it reads another bucket/m,
  );
  expect(stdout).toMatch(/^ {6}tested: The command stored content\/images\/.* in the bucket, and requested https:/m);
  expect(stdout).toMatch(/^ {6}fix: {4}Set the domain name of the CDN's origin/m);
  expect(stdout).toMatch(/^– 1\d checks were skipped because this failed: images arrive unchanged$/m);
  expect(stdout).toMatch(/^✖ \d+ checks passed, 1 failed, \d+ not checked\.$/m);
  expect(stdout).toMatch(
    /\n\nFix this first:\n {2}✖ The CDN answers 404 .*\n {4}fix: {4}Set the domain name of the CDN's origin.*\n$/,
  );
  expect(patient.keys()).toEqual([]);
});

test('in a wrong folder, the cause and its fix are all that is shown, and the rest is a number', async () => {
  patient = await startPatient();
  const { ended } = runCommandLine(['doctor', '--ghost', `${patient.folder}/content`], patient.ports);
  const { status, stdout } = await ended;
  expect(status).toBe(1);
  expect(stdout).toMatch(/^– \d\d checks were skipped because this failed: Ghost's configuration can be read$/m);
  expect(stdout).toMatch(/^Fix this first:\n {2}✖ --ghost: .*content .*\n {4}fix: {4}Name the folder that Ghost/m);
  expect(stdout.split('\n').length).toBeLessThan(20);
});

test('--verbose also shows status codes, permissions, and each check that was skipped', async () => {
  const { ended } = await run({ cdn: { bucket: 'other-images' } }, '--verbose');
  const { stdout } = await ended;
  expect(stdout).toMatch(/^ {2}✔ Ghost may read files +a test file was read back \(s3:GetObject\)$/m);
  expect(stdout).toMatch(
    /^ {2}– browsers know the type of each file +skipped because this failed: images arrive unchanged$/m,
  );
});

test('ends with 0 when there are warnings only', async () => {
  const { status, stdout } = await (await run({ adapterVersion: '0.9.1' })).ended;
  expect([status, stdout]).toEqual([
    0,
    expect.stringMatching(
      /⚠ the adapter is installed +The adapter in .* has version 0\.9\.1[^]*, 1 warning, [^]*\n\nOne warning:\n {2}⚠ The adapter in .*\n {4}fix: /,
    ),
  ]);
});

test('--json is for programs: every check with its result, and nothing else', async () => {
  const { status, stdout } = await (await run({ forbidden: ['s3:ListBucket'] }, '--json')).ended;
  expect(status).toBe(1);
  const results = JSON.parse(stdout) as CheckReport[];
  expect(results).toContainEqual({
    group: 'Permissions',
    name: 'list',
    label: 'Ghost may look for files',
    result: 'failed',
    tried: expect.any(String),
    found: expect.stringContaining('s3:ListBucket'),
    cure: expect.stringContaining('"s3:ListBucket"'),
  });
  expect(results).toContainEqual({
    group: 'Permissions',
    name: 'read',
    label: 'Ghost may read files',
    result: 'passed',
    found: 'a test file was read back',
    detail: 's3:GetObject',
  });
});

test('Ctrl-C ends it with 130 and leaves nothing in the bucket', async () => {
  const slow = { operation: 'GetObject', key: /doctor-/, times: Infinity, kind: { delayMs: 100 } };
  const { child, ended } = await run({ prepare: (s3) => s3.injectFault(slow) });
  await waitUntil(() => patient.keys().length >= 3);
  child.kill('SIGINT');
  const { status, stderr } = await ended;
  expect([status, stderr]).toEqual([130, 'Stopped. No test files are left in the bucket.\n']);
  expect(patient.keys()).toEqual([]);
});

test.each(['SIGTERM', 'SIGHUP'] as const)('%s leaves nothing in the bucket either', async (signal) => {
  const slow = { operation: 'GetObject', key: /doctor-/, times: Infinity, kind: { delayMs: 100 } };
  const { child, ended } = await run({ prepare: (s3) => s3.injectFault(slow) });
  await waitUntil(() => patient.keys().length >= 3);
  child.kill(signal);
  expect((await ended).status).toBe(130);
  expect(patient.keys()).toEqual([]);
});

test('when no program reads the rest, it stops, leaves nothing in the bucket, and does not end as if all were well', async () => {
  const slow = { operation: 'GetObject', key: /doctor-/, times: Infinity, kind: { delayMs: 100 } };
  const { child, ended } = await run({ prepare: (s3) => s3.injectFault(slow) });
  await waitUntil(() => patient.keys().length >= 3);
  child.stdout?.destroy();
  const { status, stderr } = await ended;
  expect([status, stderr]).toEqual([141, '']);
  expect(patient.keys()).toEqual([]);
});

test('an object that cannot be taken away again is named, and keeps it from ending with 0', async () => {
  const refusal = { operation: 'DeleteObject', times: Infinity, kind: { status: 403, code: 'AccessDenied' } };
  const slow = { operation: 'GetObject', key: /doctor-/, times: Infinity, kind: { delayMs: 100 } };
  const { ended } = await run({ prepare: (s3) => s3.injectFault(slow) });
  await waitUntil(() => patient.keys().length >= 3);
  patient.s3.injectFault(refusal);
  const { status, stdout } = await ended;
  expect(status).toBe(1);
  expect(stdout).toMatch(
    /✖ nothing is left in the bucket +content\/images\/.*could not be deleted and is still in the bucket/,
  );
});
