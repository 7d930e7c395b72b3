import crypto from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { cdnRequestMatcher } from '../../../src/adapter/cdn-requests';
import { parseConfig } from '../../../src/core/config';

const SECRET = 'a-secret-of-more-than-thirty-two-characters';
const { config } = parseConfig({ bucket: 'b', cdnUrl: 'images.example.com', cdnFallbackSecret: SECRET });

const matches = (secret: string) =>
  cdnRequestMatcher(config)({ headers: { 'x-ghost-cdn-fallback': secret } } as unknown as IncomingMessage);

test.each([
  ['the secret', SECRET, true],
  ['a guess of the same length', `${SECRET.slice(0, -1)}x`, false],
  ['its beginning', SECRET.slice(0, 10), false],
  ['a longer guess', `${SECRET}x`, false],
  ['nothing', '', false],
])('%s takes as long to compare as any other guess', (_, guess, isRight) => {
  const compare = jest.spyOn(crypto, 'timingSafeEqual');
  expect(matches(guess)).toBe(isRight);
  expect(compare.mock.calls.map(([one, other]) => [one.byteLength, other.byteLength])).toEqual([[32, 32]]);
  compare.mockRestore();
});
