import { readWarmSettings } from '../../../../src/commands/warm/settings';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const HOUR = 3_600_000;
const read = (options: Parameters<typeof readWarmSettings>[0]) => readWarmSettings(options, NOW);

test('two requests at a time for all pages, unless the options say otherwise', () => {
  expect(read({})).toEqual({ concurrency: 2, since: undefined });
});

test.each([
  ['2026-11-01', '2026-11-01T00:00:00Z'],
  ['2026-11-01T08:30Z', '2026-11-01T08:30:00Z'],
  ['2026-11-01T08:30:15.250+02:00', '2026-11-01T06:30:15.250Z'],
])('--since %s is a date', (since, time) => {
  expect(read({ since }).since).toBe(Date.parse(time));
});

test.each([
  ['12h', 12],
  ['7d', 7 * 24],
  ['2w', 14 * 24],
])('--since %s is a duration until now', (since, hours) => {
  expect(read({ since }).since).toBe(NOW - hours * HOUR);
});

test.each([
  '',
  '7',
  'd',
  '-7d',
  '7m',
  '1.5d',
  'yesterday',
  '2026',
  '2026-02-30',
  '2026-13-01',
  '2026-11-01T25:00Z',
  '2026-11-01T08:30',
  '01.11.2026',
  '99999d',
])('--since %j is refused, with the forms that are accepted', (since) => {
  expect(() => read({ since })).toThrow(
    expect.objectContaining({
      message: `--since is "${since}", which is neither a date nor a duration.`,
      cure: expect.stringContaining('12h, 7d, 2w'),
    }),
  );
});

test('--since in the future is refused, because no page can have changed', () => {
  expect(() => read({ since: '2026-11-30' })).toThrow('--since is "2026-11-30", which is in the future.');
});

test.each(['0', '17', '-1', '2.5', 'two', ''])('--concurrency %j is refused, with the range', (concurrency) => {
  expect(() => read({ concurrency })).toThrow(
    expect.objectContaining({
      message: `--concurrency is "${concurrency}".`,
      cure: 'Use a whole number from 1 to 16.',
    }),
  );
});
