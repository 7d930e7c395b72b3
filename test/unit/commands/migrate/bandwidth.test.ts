import { setTimeout as sleep } from 'node:timers/promises';
import { limitBandwidth } from '../../../../src/commands/migrate/bandwidth';

test('transfers keep to the bandwidth, and unused bandwidth does not accumulate', async () => {
  const bandwidth = limitBandwidth(1_000_000, new AbortController().signal);
  await sleep(100);
  const startedAt = performance.now();
  await Promise.all([1, 2, 3].map(() => bandwidth.take(100_000)));
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(190);
});
