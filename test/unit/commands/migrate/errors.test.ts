import { parseConfig } from '../../../../src/core/config';
import type { FeatureLocation } from '../../../../src/commands/migrate/feature-location';
import { explainOrThrow } from '../../../../src/commands/migrate/errors';
import { Bucket } from '../../../../src/core/s3/bucket';

const { config } = parseConfig({ bucket: 'blog-images', region: 'eu-central-1', cdnUrl: 'https://images.example.com' });
const location = { bucket: new Bucket(config) } as FeatureLocation;
const explanationOf = (code: string, more: object) =>
  explainOrThrow(Object.assign(new Error(code), { code, ...more }), location, 'GetObject', 'content/images/a.jpg');

test.each([
  ['ENOSPC', 'The disk is full (ENOSPC).'],
  ['EDQUOT', "This user's disk quota is used up (EDQUOT)."],
  ['EROFS', 'The disk is read-only (EROFS).'],
])('a disk that takes no file (%s) ends the run with an error that says so', (code, message) => {
  expect(() => explanationOf(code, { syscall: 'write' })).toThrow(message);
});

test('a file that cannot be written is reported, and does not end the run', () => {
  expect(explanationOf('EACCES', { syscall: 'open', path: '/srv/a.jpg' })).toBe('/srv/a.jpg: EACCES');
});
