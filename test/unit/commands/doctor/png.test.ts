import { inflateSync } from 'node:zlib';
import { createPng } from '../../../../src/commands/doctor/png';

test('creates a unique PNG of a few kilobytes that is wide enough for Ghost to create sizes', () => {
  const bytes = createPng('doctor-1');
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  expect(width).toBeGreaterThan(1000);
  const at = bytes.indexOf('IDAT');
  const pixels = inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)));
  // Each line starts with a byte for its filter.
  expect(pixels).toHaveLength((width + 1) * height);
  // The checksum of an empty IEND is the same in every PNG.
  expect(bytes.subarray(-4).toString('hex')).toBe('ae426082');
  expect(bytes.length).toBeLessThan(10_000);
  expect(createPng('doctor-2')).not.toEqual(bytes);
});
