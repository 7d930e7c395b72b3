import { Kept } from '../../../src/adapter/kept';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('an image that Ghost does not fetch is dropped from memory once, after ten seconds', () => {
  const drop = jest.fn();
  const kept = new Kept(drop);
  kept.take(1_000);
  kept.expire();
  jest.advanceTimersByTime(9_900);
  expect(drop).not.toHaveBeenCalled();
  jest.advanceTimersByTime(100);
  expect(drop).toHaveBeenCalledTimes(1);
  kept.end();
  expect(drop).toHaveBeenCalledTimes(1);
});
