import crypto from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { cdnRequestMatcher } from '../../../src/adapter/cdn-requests';
import { FALLBACK_HEADER } from '../../../src/core/cdn-contract';
import { parseConfig } from '../../../src/core/config';

const SECRET = 'a-secret-of-more-than-thirty-two-characters';
const { config } = parseConfig({ bucket: 'b', cdnUrl: 'images.example.com', cdnFallbackSecret: SECRET });

function requestWith(headers: Record<string, string>): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.rawHeaders = Object.entries(headers).flat();
  Object.assign(request.headers, headers);
  return request;
}

const matches = (secret: string) => cdnRequestMatcher(config)(requestWith({ 'x-ghost-cdn-fallback-key': secret }));

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

describe('two secrets', () => {
  const FORMER = 'the-former-secret-that-the-cdn-still-sends';
  const both = parseConfig({ bucket: 'b', cdnUrl: 'images.example.com', cdnFallbackSecret: [SECRET, FORMER] }).config;
  const isOfCdn = (secret: string) => cdnRequestMatcher(both)(requestWith({ 'x-ghost-cdn-fallback-key': secret }));

  test.each([
    ['the new one', SECRET, true],
    ['the former one', FORMER, true],
    ['a guess', `${FORMER.slice(0, -1)}x`, false],
    ['both in one header', `${SECRET}, ${FORMER}`, false],
    ['nothing', '', false],
  ])('are both valid, and %s takes as long to compare as any other guess', (_, guess, isRight) => {
    const compare = jest.spyOn(crypto, 'timingSafeEqual');
    expect(isOfCdn(guess)).toBe(isRight);
    expect(compare.mock.calls.map(([one, other]) => [one.byteLength, other.byteLength])).toEqual([
      [32, 32],
      [32, 32],
    ]);
    compare.mockRestore();
  });

  test('redirect a visitor behind a proxy that names itself, as one secret does', () => {
    expect(cdnRequestMatcher(both)(requestWith({ via: '1.1 Caddy' }))).toBe(false);
  });
});

test('the secret is in a header that Ghost leaves out of its log, also where Ghost answers without the adapter', () => {
  // https://github.com/TryGhost/framework/blob/main/packages/logging/lib/GhostLogger.js
  expect(FALLBACK_HEADER).toMatch(/pin|password|pass|key|authorization|bearer|cookie/i);
});
