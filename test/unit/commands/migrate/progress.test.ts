import { setTimeout as sleep } from 'node:timers/promises';
import { limitBandwidth } from '../../../../src/commands/migrate/bandwidth';
import { inParallel } from '../../../../src/commands/migrate/parallel';
import { showProgress } from '../../../../src/commands/migrate/progress';
import { openTerminal } from '../../../../src/shell/terminal';
import { duration, megabytes } from '../../../../src/shell/text';
import { listenToOutput, type WrittenOutput } from '../../../support/written-output';

test.each([
  [0, '0.0 MB'],
  [1_234_567, '1.2 MB'],
  [400_000_000, '400 MB'],
  [3_500_000_000, '3.5 GB'],
])('%i bytes are %s', (bytes, text) => {
  expect(megabytes(bytes)).toBe(text);
});

test.each([
  [6.2, '7 s'],
  [180, '3 min'],
  [7_800, '2 h 10 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

describe('on a terminal', () => {
  const { isTTY, columns } = process.stdout;
  let written: WrittenOutput;
  beforeEach(() => {
    Object.assign(process.stdout, { isTTY: true, columns: 120 });
    jest.replaceProperty(process, 'env', { PATH: process.env.PATH });
    written = listenToOutput();
  });
  afterEach(() => {
    Object.assign(process.stdout, { isTTY, columns });
    jest.restoreAllMocks();
    process.removeAllListeners('SIGINT');
  });

  test('a bar shows files, bytes, rate and the time left, and is gone afterwards', async () => {
    const terminal = openTerminal({});
    const progress = showProgress(terminal);
    progress.found(4, 4_000_000);
    progress.finished(1_000_000);
    progress.transferred(1_000_000);
    await sleep(400);
    progress.stop();
    expect(written.stdout).toMatch(/█{6}░{18} 1 of 4 files, 1\.0 MB of 4\.0 MB, [\d.]+ MB\/s, \d+ s left/);
    const { length } = written.stdout;
    await sleep(200);
    expect(written.stdout).toHaveLength(length);
  });
});

test('a bandwidth is kept to, and what was not used is not saved up', async () => {
  const bandwidth = limitBandwidth(1_000_000, new AbortController().signal);
  await sleep(100);
  const startedAt = performance.now();
  await Promise.all([1, 2, 3].map(() => bandwidth.take(100_000)));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(190);
});

describe('many jobs', () => {
  const memoryOf = (bytes: number) => ({ maxBytes: 100, bytesOf: () => bytes });
  const items = async function* (count: number) {
    for (let item = 0; item < count; item += 1) {
      await Promise.resolve();
      yield item;
    }
  };

  test('are done so many at a time, and take so much memory together', async () => {
    let [running, most, done] = [0, 0, 0];
    const job = async () => {
      most = Math.max(most, (running += 1));
      await sleep(2);
      [running, done] = [running - 1, done + 1];
    };
    await inParallel(items(40), { concurrency: 8, memory: memoryOf(10) }, new AbortController(), job);
    expect([most, done]).toEqual([8, 40]);
    most = 0;
    await inParallel(items(10), { concurrency: 8, memory: memoryOf(40) }, new AbortController(), job);
    expect(most).toBe(2);
    most = 0;
    await inParallel(items(3), { concurrency: 8, memory: memoryOf(1_000) }, new AbortController(), job);
    expect([most, done]).toEqual([1, 53]);
  });

  test('end with the first failure, when those under way have ended', async () => {
    let [started, ended] = [0, 0];
    const stopping = new AbortController();
    const job = async (item: number) => {
      started += 1;
      await sleep(item === 3 ? 1 : 20);
      ended += 1;
      if (item === 3) {
        throw new Error('no more');
      }
    };
    await expect(inParallel(items(1_000), { concurrency: 8 }, stopping, job)).rejects.toThrow('no more');
    expect(started).toBe(ended);
    expect([started < 20, stopping.signal.aborted]).toEqual([true, true]);
  });
});
