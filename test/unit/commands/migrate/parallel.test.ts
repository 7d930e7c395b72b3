import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../../../../src/commands/migrate/parallel';

const memoryOf = (bytes: number) => ({ maxBytes: 100, bytesOf: () => bytes });
const items = async function* (count: number) {
  for (let item = 0; item < count; item += 1) {
    await Promise.resolve();
    yield item;
  }
};

test('jobs keep to the concurrency and to the memory', async () => {
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

test('the first failure stops further jobs, and running ones come to their end', async () => {
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
