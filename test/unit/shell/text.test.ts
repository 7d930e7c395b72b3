import { duration, megabytes, number } from '../../../src/shell/text';

test.each([
  [0, '0'],
  [999, '999'],
  [1_000, '1,000'],
  [-12_345, '-12,345'],
  [1_234_567, '1,234,567'],
])('%i is written %s', (value, text) => {
  expect(number(value)).toBe(text);
});

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
