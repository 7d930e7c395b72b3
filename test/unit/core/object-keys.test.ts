import { ObjectKeys } from '../../../src/core/object-keys';

const plain = new ObjectKeys({
  cdnUrl: 'https://images.example.com',
  staticFileURLPrefix: 'content/images',
  tenantPrefix: '',
});
const tenant = new ObjectKeys({
  cdnUrl: 'https://cdn.example.com/base',
  staticFileURLPrefix: 'content/media',
  tenantPrefix: 'blogs/seven',
});

describe('every spelling of a file is one key', () => {
  test.each([
    ['relative', '2026/11/x.jpg'],
    ['with a leading slash', '/2026/11/x.jpg'],
    ['with doubled slashes', '//2026//11///x.jpg'],
    ['with dots', './2026/./11/x.jpg'],
    ['with the prefix', 'content/images/2026/11/x.jpg'],
    ['with the prefix and a slash', '/content/images/2026/11/x.jpg'],
    ['below a sub-directory', '/blog/content/images/2026/11/x.jpg'],
    ['absolute on the disk', '/var/lib/ghost/content/images/2026/11/x.jpg'],
    ['of the CDN', 'https://images.example.com/content/images/2026/11/x.jpg'],
    ['of the site', 'http://blog.example.com/content/images/2026/11/x.jpg'],
    ['of the site in a sub-directory', 'https://example.com/blog/content/images/2026/11/x.jpg'],
    ['with a query', '/2026/11/x.jpg?v=1&a=/b'],
    ['with a query and a fragment', 'https://images.example.com/content/images/2026/11/x.jpg?v=1#top'],
    ['of Ghost’s database', '__GHOST_URL__/content/images/2026/11/x.jpg'],
    ['percent-encoded', '/2026%2F11/%78.jpg'],
  ])('%s', (_, spelling) => {
    expect(plain.toKey(spelling)).toBe('content/images/2026/11/x.jpg');
    expect(plain.toPath(spelling)).toBe('2026/11/x.jpg');
  });

  test('a name and its directory', () => {
    for (const directory of [
      '2026/11',
      '/2026/11/',
      'content/images/2026/11',
      '/var/lib/ghost/content/images/2026/11',
    ]) {
      expect(plain.toKey('x.jpg', directory)).toBe('content/images/2026/11/x.jpg');
    }
    expect(plain.toKey('x.jpg', 'content/images')).toBe('content/images/x.jpg');
    expect(plain.toKey('x.jpg', '')).toBe('content/images/x.jpg');
  });

  test('a name that is given with its directory is taken as it is: it never becomes another file', () => {
    expect(plain.toKey('clip.mp4?v=1_thumb.jpg', '2026/11')).toBe('content/images/2026/11/clip.mp4?v=1_thumb.jpg');
    expect(plain.toKey('100%25.jpg', '2026/11')).toBe('content/images/2026/11/100%25.jpg');
    expect(plain.toKey('x.jpg', 'a%20b')).toBe('content/images/a%20b/x.jpg');
  });

  test('only what stands before a path is taken off', () => {
    expect(plain.toPath('backup/content/images/2026/x.jpg')).toBe('backup/content/images/2026/x.jpg');
    expect(plain.toDirectory('backup/content/images/2026')).toBe('backup/content/images/2026');
    expect(plain.toPath('/var/lib/ghost/content/images/a/content/images/x.jpg')).toBe('a/content/images/x.jpg');
  });

  test('the path of a request is below the prefix already', () => {
    expect(plain.toKeyOfRequest('/content/images/x.jpg?v=1')).toBe('content/images/content/images/x.jpg');
    expect(plain.toKeyOfRequest('//2026//%C3%BC.jpg')).toBe('content/images/2026/ü.jpg');
  });

  test('a tenant’s keys are below its prefix, and its URLs below the base of the CDN', () => {
    const key = 'blogs/seven/content/media/2026/11/clip.mp4';
    expect(tenant.toKey('2026/11/clip.mp4')).toBe(key);
    expect(tenant.toUrl(key)).toBe(`https://cdn.example.com/base/${key}`);
    expect(tenant.toKey(tenant.toUrl(key))).toBe(key);
    expect(tenant.toKey(key)).toBe(key);
  });

  test.each([
    ['%C3%BCber.jpg', 'über.jpg'],
    ['a%20b+c.jpg', 'a b+c.jpg'],
    ['100%25.jpg', '100%.jpg'],
    ['100%.jpg', '100%.jpg'],
    ['%2541.jpg', '%41.jpg'],
    ['日本語.jpg', '日本語.jpg'],
    ['a%3Fb.jpg', 'a?b.jpg'],
    ['a#b.jpg', 'a#b.jpg'],
  ])('%s is decoded exactly once', (spelling, decoded) => {
    expect(plain.toPath(spelling)).toBe(decoded);
  });

  test.each([
    'über uns.jpg',
    'a+b.jpg',
    '100%.jpg',
    '日本語/🎉.png',
    'what?.jpg',
    'a#b.jpg',
    "it's (1).jpg",
    '*.jpg',
    'logo@2x.png',
    '%2e%2e.jpg',
  ])('the URL of %s leads back to it', (relativePath) => {
    const url = plain.toUrl(plain.keyOf(relativePath));
    expect(new URL(url).href).toBe(url);
    expect(plain.toPath(url)).toBe(relativePath);
  });

  test('keeps @ readable, and encodes + and * in URLs', () => {
    expect(plain.toUrl('content/images/logo@2x+*.png')).toBe(
      'https://images.example.com/content/images/logo@2x%2B%2A.png',
    );
  });
});

describe('what is not a file of this storage is refused', () => {
  test('before anything is decoded in a path of thousands of folders', () => {
    const decode = jest.spyOn(global, 'decodeURIComponent');
    expect(() => plain.toKeyOfRequest('/%25'.repeat(4000))).toThrow('has more than 4096 characters');
    expect(decode.mock.calls.length).toBeLessThan(5);
    decode.mockRestore();
  });

  test.each([
    '../x.jpg',
    '2026/../../x.jpg',
    '/content/images/../../secrets.txt',
    '..',
    '%2e%2e/x.jpg',
    '%252e%252e/x.jpg',
    '%2E%2E%2Fx.jpg',
    '..%2fx.jpg',
    '2026/%2e%2e/%2e%2e/%2e%2e/x.jpg',
    'https://images.example.com/content/images/../../../x.jpg',
    'https://images.example.com/content/images/%2e%2e/%2e%2e/x.jpg',
    '..\\x.jpg',
    '2026\\11\\x.jpg',
    '%5c%2e%2e%5cx.jpg',
    'x%00.jpg',
    'x\0.jpg',
    'x\n.jpg',
    'x%0d%0a.jpg',
    'half\ud800.jpg',
    'https://images.example.com/other/x.jpg',
    'https://elsewhere.example.com/x.jpg',
    'ftp://x',
    '',
    '/',
    '.',
    '?v=1',
    'content/images',
    'content/images/',
    'https://images.example.com/content/images/',
  ])('%j', (spelling) => {
    expect(() => plain.toKey(spelling)).toThrow(
      expect.objectContaining({ errorType: 'IncorrectUsageError', code: 'STORAGE_PATH_REFUSED' }),
    );
  });

  test.each([undefined, null, 7, {}])('%p', (spelling) => {
    expect(() => plain.toKey(spelling as string)).toThrow(expect.objectContaining({ code: 'STORAGE_PATH_REFUSED' }));
  });

  test('a directory that leaves the storage', () => {
    expect(() => plain.toKey('x.jpg', '../../other')).toThrow('leaves the storage');
    expect(() => plain.toKey('../x.jpg', '2026/11')).toThrow('leaves the storage');
  });

  test.each([
    '/size/w600/content/images/2026/11/x.jpg',
    '/size/w600/1/content/images/2026/11/x.jpg',
    'size/w600/__GHOST_URL__/content/images/2026/11/x.jpg',
    '/size/w600/format/webp/a/b/content%2Fimages/2026/11/x.jpg',
    '/size/w600/size/w300/2026/11/x.jpg',
    '/size/w600//size/w300/size/w100/2026/11/x.jpg',
    '/size/w600/%73ize/w300/2026/11/x.jpg',
    '/size/w600/.%2Fsize/w300/2026/11/x.jpg',
    '/size/w600/format/webp/size/w300/2026/11/x.jpg',
    '/size/w600/format/webp/size/w300/format/avif/2026/11/x.jpg?v=1',
  ])('%s is not a size: there would be any number of them for one image', (spelling) => {
    expect(() => plain.toKey(spelling)).toThrow('is not an image size');
    expect(() => plain.toKeyOfRequest(spelling)).toThrow('is not an image size');
  });

  test('another tenant’s URL is none of ours', () => {
    const url = 'https://cdn.example.com/base/blogs/eight/content/media/x.mp4';
    expect(() => tenant.toPath(url)).toThrow('is not a URL below blogs/seven/content/media');
  });

  test('another tenant’s file never becomes one of ours', () => {
    for (const spelling of [
      '../eight/content/media/x.mp4',
      '/blogs/eight/x.mp4',
      'blogs/eight/content/media/x.mp4',
      'https://cdn.example.com/base/blogs/eight/content/media/x.mp4',
    ]) {
      let key: string;
      try {
        key = tenant.toKey(spelling);
      } catch {
        continue;
      }
      expect(key.startsWith('blogs/seven/content/media/')).toBe(true);
    }
  });

  test('a key of more than 1,024 bytes, with its length', () => {
    const longest = 'x'.repeat(1024 - 'content/images/'.length);
    expect(plain.toKey(longest)).toHaveLength(1024);
    expect(() => plain.toKey(`${longest}x`)).toThrow('has a key of 1025 bytes in the bucket, and S3 allows 1024');
    expect(() => plain.toKey('é'.repeat(600))).toThrow('1215 bytes');
  });

  test('says at most the beginning of what was refused', () => {
    expect(() => plain.toKey(`../${'x'.repeat(5000)}`)).toThrow(/^.{0,300}$/);
  });
});
