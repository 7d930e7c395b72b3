import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckReport } from '../../src/commands/doctor/check';
import { type Breakage, type Patient, startPatient } from '../support/doctor';
import { runCommandLine } from '../support/doctor/run-command';
import { installTools } from '../support/tls-cdn/tools';

let patient: Patient;

beforeAll(() => installTools(), 300_000);

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
  for (const group of ['Config', 'Credentials', 'Bucket', 'Permissions', 'CDN', 'Ghost']) {
    expect(stdout).toMatch(new RegExp(`^${group}$`, 'm'));
  }
  expect(stdout).toMatch(/^ {2}✔ certificate +until 20/m);
  expect(stdout).toMatch(/^ {2}– ownership +needs s3:GetBucketOwnershipControls/m);
  expect(stdout).toMatch(/^✔ \d+ checks passed, \d+ not checked\.$/m);
  expect(patient.keys()).toEqual([]);
});

test('ends with 1 when something is wrong, with what was tried, what came back and the cure', async () => {
  const { status, stdout, stderr } = await (await run({ cdn: { bucket: 'other-images' } })).ended;
  expect([status, stderr]).toEqual([1, '']);
  expect(stdout).toMatch(/^ {2}✖ same bytes +The answer is 404: the CDN reads another bucket/m);
  expect(stdout).toMatch(/^ {6}tried: content\/images\/.* was put into the bucket, and asked for at https:/m);
  expect(stdout).toMatch(/^ {6}cure: {2}Set the domain name of the CDN's origin/m);
  expect(stdout).toMatch(/^ {2}– type +because of "same bytes"$/m);
  expect(stdout).toMatch(/^✖ \d+ checks passed, 1 failed, \d+ not checked\.$/m);
  expect(patient.keys()).toEqual([]);
});

test('ends with 0 when there are warnings only', async () => {
  const { status, stdout } = await (await run({ adapterVersion: '0.9.1' })).ended;
  expect([status, stdout]).toEqual([0, expect.stringMatching(/⚠ adapter +It is 0\.9\.1[^]*1 warning/)]);
});

test('--json is for programs: every check with its result, and nothing else', async () => {
  const { status, stdout } = await (await run({ forbidden: ['s3:ListBucket'] }, '--json')).ended;
  expect(status).toBe(1);
  const results = JSON.parse(stdout) as CheckReport[];
  expect(results).toContainEqual({
    group: 'Permissions',
    name: 'list',
    result: 'failed',
    tried: expect.any(String),
    found: expect.stringContaining('s3:ListBucket'),
    cure: expect.stringContaining('"s3:ListBucket"'),
  });
  expect(results).toContainEqual({ group: 'Permissions', name: 'read', result: 'passed', found: 's3:GetObject' });
});

test('Ctrl-C ends it with 130 and leaves nothing in the bucket', async () => {
  const slow = { operation: 'GetObject', key: /doctor-/, times: Infinity, kind: { delayMs: 100 } };
  const { child, ended } = await run({ prepare: (s3) => s3.injectFault(slow) });
  while (patient.keys().length < 3) await sleep(5);
  child.kill('SIGINT');
  const { status, stderr } = await ended;
  expect([status, stderr]).toEqual([130, 'Stopped. Nothing of the doctor is left in the bucket.\n']);
  expect(patient.keys()).toEqual([]);
});

test.each(['SIGTERM', 'SIGHUP'] as const)('%s leaves nothing in the bucket either', async (signal) => {
  const slow = { operation: 'GetObject', key: /doctor-/, times: Infinity, kind: { delayMs: 100 } };
  const { child, ended } = await run({ prepare: (s3) => s3.injectFault(slow) });
  while (patient.keys().length < 3) await sleep(5);
  child.kill(signal);
  expect((await ended).status).toBe(130);
  expect(patient.keys()).toEqual([]);
});

test('when nobody reads on, it stops, leaves nothing in the bucket, and does not end as if all were well', async () => {
  const slow = { operation: 'GetObject', key: /doctor-/, times: Infinity, kind: { delayMs: 100 } };
  const { child, ended } = await run({ prepare: (s3) => s3.injectFault(slow) });
  while (patient.keys().length < 3) await sleep(5);
  child.stdout?.destroy();
  const { status, stderr } = await ended;
  expect([status, stderr]).toEqual([141, '']);
  expect(patient.keys()).toEqual([]);
});

test('an object that cannot be taken away again is named, and keeps it from ending with 0', async () => {
  const refusal = { operation: 'DeleteObject', times: Infinity, kind: { status: 403, code: 'AccessDenied' } };
  const { ended } = await run({});
  while (patient.keys().length < 3) await sleep(2);
  patient.s3.injectFault(refusal);
  const { status, stdout } = await ended;
  expect(status).toBe(1);
  expect(stdout).toMatch(/✖ cleaned up +content\/images\/.*could not be deleted: it is still in the bucket/);
});
