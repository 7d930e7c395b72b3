import {
  type Check,
  failed,
  passed,
  type CheckReport,
  runChecks,
  unchecked,
  warned,
} from '../../../../src/commands/doctor/check';
import type { DoctorContext } from '../../../../src/commands/doctor/context';

const check = (name: string, run: Check['run'], ...needs: string[]): Check => ({
  group: 'CDN',
  name,
  label: `${name} is fine`,
  needs,
  run,
});
const bad = () => failed('tried', 'found', 'cure');

async function run(...checks: Check[]): Promise<Record<string, string>> {
  const reported: CheckReport[] = [];
  const context = { signal: new AbortController().signal } as DoctorContext;
  const results = await runChecks(checks, context, {
    started: () => undefined,
    finished: (result) => void reported.push(result),
  });
  expect(reported).toEqual(results);
  return Object.fromEntries(results.map(({ name, result, found }) => [name, `${result}: ${found}`]));
}

test('a check that needs a failed one, directly or not, is skipped and names the root cause', async () => {
  const never = jest.fn();
  expect(
    await run(
      check('DNS', bad),
      check('TLS', never, 'DNS'),
      check('bytes', never, 'TLS'),
      check('clock', () => passed('right')),
    ),
  ).toEqual({
    DNS: 'failed: found',
    TLS: 'unchecked: skipped because this failed: DNS is fine',
    bytes: 'unchecked: skipped because this failed: DNS is fine',
    clock: 'passed: right',
  });
  expect(never).not.toHaveBeenCalled();
});

test('a check runs although one that it needs has warned or is unchecked', async () => {
  expect(
    await run(
      check('warned', () => warned('tried', 'found', 'cure')),
      check('unknown', () => unchecked('nobody tells')),
      check('next', () => passed('right'), 'warned', 'unknown'),
    ),
  ).toMatchObject({ next: 'passed: right' });
});

test('a check that throws is reported as failed with the error message, and the others still run', async () => {
  expect(
    await run(
      check('broken', () => Promise.reject(new Error('socket hang up'))),
      check('other', () => passed('right')),
    ),
  ).toEqual({ broken: 'failed: socket hang up', other: 'passed: right' });
});

test('no further check starts after an abort', async () => {
  const stop = new AbortController();
  const never = jest.fn();
  const checks = [
    check('first', () => passed('right')),
    check('second', () => (stop.abort(), bad())),
    check('third', never),
  ];
  const results = await runChecks(checks, { signal: stop.signal } as DoctorContext, {
    started: () => 0,
    finished: () => 0,
  });
  expect(results.map(({ name }) => name)).toEqual(['first']);
  expect(never).not.toHaveBeenCalled();
});
