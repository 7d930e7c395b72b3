import { retry } from '../../../src/core/retry';

/** A step that fails this number of times before it succeeds. */
function failing(times: number) {
  let attempts = 0;
  return jest.fn(() => {
    attempts += 1;
    return attempts > times ? Promise.resolve('done') : Promise.reject(new Error(`attempt ${attempts}`));
  });
}

const pausesMs = [0, 1, 1];

test('a step is repeated until it succeeds', async () => {
  const step = failing(2);
  expect(await retry(step, { pausesMs })).toBe('done');
  expect(step).toHaveBeenCalledTimes(3);
});

test('a step that always fails ends with its last error', async () => {
  await expect(retry(failing(9), { pausesMs })).rejects.toThrow('attempt 3');
});

test('an error that will not go away by itself ends it at once', async () => {
  const step = failing(9);
  await expect(retry(step, { pausesMs, isTransient: () => false })).rejects.toThrow('attempt 1');
  expect(step).toHaveBeenCalledTimes(1);
});

test('an abort ends the attempts, and a pause at once', async () => {
  const stopping = new AbortController();
  const step = failing(9);
  const retrying = retry(step, { pausesMs: [0, 60_000], signal: stopping.signal });
  setImmediate(() => stopping.abort());
  await expect(retrying).rejects.toMatchObject({ name: 'AbortError' });
  const stopped = failing(9);
  await expect(retry(stopped, { pausesMs, signal: stopping.signal })).rejects.toThrow('attempt 1');
  expect([step, stopped].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
});
