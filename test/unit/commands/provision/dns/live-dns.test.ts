import { Resolver as NodeResolver } from 'node:dns/promises';
import { isInside, pointsTo, zoneOf, type Resolver } from '../../../../../src/commands/provision/dns/live-dns';
import { resolverOf } from '../../../../support/resolver';

const DISTRIBUTION = 'd111111abcdef8.cloudfront.net';

describe('The zone that holds a domain', () => {
  test('is found above it', async () => {
    const resolver = resolverOf({ 'images.example.com': { A: ['192.0.2.1'] }, 'example.com': { SOA: true } });
    expect(await zoneOf(resolver, 'images.example.com')).toBe('example.com');
  });

  test('is the nearest one', async () => {
    const resolver = resolverOf({ 'blog.example.com': { SOA: true }, 'example.com': { SOA: true } });
    expect(await zoneOf(resolver, 'images.blog.example.com')).toBe('blog.example.com');
  });

  test('may be the domain itself', async () => {
    expect(await zoneOf(resolverOf({ 'example.com': { SOA: true } }), 'example.com')).toBe('example.com');
  });

  test('is not the zone that a CNAME points to', async () => {
    const resolver = resolverOf({
      'images.example.com': { CNAME: 'cdn.example.net' },
      'cdn.example.net': { SOA: true },
      'example.com': { SOA: true },
    });
    expect(await zoneOf(resolver, 'images.example.com')).toBe('example.com');
  });

  test('is never a top-level domain', async () => {
    expect(await zoneOf(resolverOf({ com: { SOA: true } }), 'images.example.com')).toBeUndefined();
  });

  test('is unknown when DNS does not answer', async () => {
    expect(await zoneOf(resolverOf({ 'example.com': { fails: 'ETIMEOUT' } }), 'images.example.com')).toBeUndefined();
  });

  test('contains names below its own, and no others', () => {
    expect(isInside('example.com', 'images.example.com')).toBe(true);
    expect(isInside('example.com.', 'Example.com')).toBe(true);
    expect(isInside('example.com', 'images.badexample.com')).toBe(false);
  });
});

describe('Visitors come to the distribution', () => {
  test('by a CNAME', async () => {
    const resolver = resolverOf({ 'images.example.com': { CNAME: `${DISTRIBUTION.toUpperCase()}.` } });
    expect(await pointsTo(resolver, 'images.example.com', DISTRIBUTION)).toBe(true);
  });

  test('by a chain of CNAMEs', async () => {
    const resolver = resolverOf({
      'images.example.com': { CNAME: 'cdn.example.com' },
      'cdn.example.com': { CNAME: DISTRIBUTION },
    });
    expect(await pointsTo(resolver, 'images.example.com', DISTRIBUTION)).toBe(true);
  });

  test('by an alias that has the same addresses', async () => {
    const resolver = resolverOf({
      'images.example.com': { A: ['192.0.2.1', '192.0.2.2'] },
      [DISTRIBUTION]: { A: ['192.0.2.2'] },
    });
    expect(await pointsTo(resolver, 'images.example.com', DISTRIBUTION)).toBe(true);
  });

  test('by a CNAME, whatever DNS answers for the distribution itself', async () => {
    const resolver = resolverOf({
      'images.example.com': { CNAME: DISTRIBUTION },
      [DISTRIBUTION]: { fails: 'ETIMEOUT' },
    });
    expect(await pointsTo(resolver, 'images.example.com', DISTRIBUTION)).toBe(true);
  });

  test('not while the domain points elsewhere', async () => {
    const resolver = resolverOf({
      'images.example.com': { CNAME: 'old.example.net' },
      'old.example.net': { A: ['198.51.100.1'] },
      [DISTRIBUTION]: { A: ['192.0.2.2'] },
    });
    expect(await pointsTo(resolver, 'images.example.com', DISTRIBUTION)).toBe(false);
  });

  test('not by CNAMEs in a loop', async () => {
    const resolver = {
      ...resolverOf({ 'a.example.com': { CNAME: 'b.example.com' }, 'b.example.com': { CNAME: 'a.example.com' } }),
      resolve4: () => Promise.reject(Object.assign(new Error('loop'), { code: 'ESERVFAIL' })),
    };
    expect(await pointsTo(resolver, 'a.example.com', DISTRIBUTION)).toBe(false);
  });

  test('is false when DNS does not answer', async () => {
    const resolver = resolverOf({ 'images.example.com': { fails: 'ETIMEOUT' } });
    expect(await pointsTo(resolver, 'images.example.com', DISTRIBUTION)).toBe(false);
  });
});

test("Node's own resolver can be used; without a network, it has no answers", async () => {
  const resolver = new NodeResolver({ timeout: 100, tries: 1 });
  resolver.setServers(['127.0.0.1:9']);
  const asked: Resolver = resolver;
  expect(await zoneOf(asked, 'images.example.com')).toBeUndefined();
});

test('a programming error is not reported as missing DNS answers', async () => {
  const resolver = {
    ...resolverOf({}),
    resolveSoa: () => {
      throw new TypeError('a mistake');
    },
  };
  await expect(zoneOf(resolver, 'images.example.com')).rejects.toThrow('a mistake');
});
