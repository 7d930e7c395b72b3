import { parseConfig } from '../../../src/core/config';
import {
  contentDispositionOf,
  contentHeaders,
  contentTypeOf,
  contentTypeOfRaw,
} from '../../../src/core/content-headers';

const images = 'content/images';
const media = 'content/media';
const files = 'content/files';

describe('the type of an upload', () => {
  test.each([
    ['photo.jpg', images, 'image/jpeg', 'image/jpeg'],
    ['photo.jpg', images, undefined, 'image/jpeg'],
    ['photo.JPG', images, undefined, 'image/jpeg'],
    ['photo.avif', images, undefined, 'image/avif'],
    ['favicon.ico', images, 'image/x-icon', 'image/x-icon'],
    ['drawing.svg', images, 'image/svg+xml', 'image/svg+xml'],
    ['clip.mp4', media, 'video/mp4', 'video/mp4'],
    ['clip.webm', media, 'application/octet-stream', 'video/webm'],
    ['song.m4a', media, undefined, 'audio/mp4'],
    ['no-extension', images, undefined, 'application/octet-stream'],
    ['odd.xyz123', images, undefined, 'application/octet-stream'],
  ])('%s in %s, of which Ghost says %s, is %s', (name, prefix, ghosts, type) => {
    expect(contentTypeOf(name, prefix, ghosts)).toBe(type);
  });

  test.each([
    ['page.html', 'text/plain', 'text/plain'],
    ['drawing.svg', 'application/octet-stream', 'application/octet-stream'],
    ['report.pdf', 'application/pdf', 'application/pdf'],
    ['odd.pdf', 'application/octet-stream', 'application/octet-stream'],
  ])('Ghost’s word is kept for the file %s: %s', (name, ghosts, type) => {
    expect(contentTypeOf(name, files, ghosts)).toBe(type);
  });

  test.each([
    ['page.html', 'text/plain'],
    ['page.HTM', 'text/plain'],
    ['script.js', 'text/plain'],
    ['feed.xml', 'text/plain'],
    ['page.xhtml', 'application/octet-stream'],
    ['drawing.svg', 'application/octet-stream'],
    ['script.mjs', 'application/octet-stream'],
    ['feed.rss', 'application/octet-stream'],
    ['report.pdf', 'application/pdf'],
    ['notes.txt', 'text/plain'],
  ])('of a file for which Ghost 5 says nothing, %s is %s', (name, type) => {
    expect(contentTypeOf(name, files)).toBe(type);
  });

  test.each([
    ['photo.jpg', images, 'text/html', 'image/jpeg'],
    ['photo.jpg', images, 'image/svg+xml', 'image/jpeg'],
    ['page.html', images, 'text/html', 'application/octet-stream'],
    ['page.html', media, 'text/html; charset=utf-8', 'application/octet-stream'],
    ['page.html', files, 'text/html', 'text/plain'],
    ['x.svg', files, 'image/svg+xml', 'application/octet-stream'],
    ['x.xml', images, 'application/xml', 'application/octet-stream'],
    ['x.jpg', images, 'application/xhtml+xml', 'image/jpeg'],
    ['x.svg', media, 'image/svg+xml', 'application/octet-stream'],
    ['x.png', images, 'image/png, text/html', 'image/png'],
    ['x.png', images, ' text/html', 'image/png'],
    ['x.dae', images, 'model/vnd.collada+xml', 'application/octet-stream'],
    ['x.jpg', images, 'text/xsl', 'image/jpeg'],
  ])('%s in %s that claims to be %s is stored as %s: nothing that runs in a browser', (name, prefix, claimed, type) => {
    expect(contentTypeOf(name, prefix, claimed)).toBe(type);
  });
});

describe('the type of what Ghost makes itself', () => {
  test.each([
    ['size/w600/2026/11/x.jpg', 'image/jpeg'],
    ['size/w1000/format/webp/2026/11/x.jpg', 'image/webp'],
    ['size/w1000/format/avif/2026/11/x.png', 'image/avif'],
    ['size/w256h256/format/png/2026/11/icon.svg', 'image/png'],
    ['icon/favicon-1.ico', 'image/vnd.microsoft.icon'],
    ['size/w1000/format/html/x.jpg', 'application/octet-stream'],
  ])('%s is %s', (path, type) => {
    expect(contentTypeOfRaw(path, images)).toBe(type);
  });
});

describe('what is stored with the bytes', () => {
  const { config } = parseConfig({ bucket: 'b', cdnUrl: 'c.example.com' });

  test('browsers and the CDN may keep it for a year', () => {
    expect(contentHeaders(config, 'an-id', 'image/png')).toMatchObject({
      ContentType: 'image/png',
      CacheControl: 'public, max-age=31536000, immutable',
    });
  });

  test.each([
    ['content/media', 'image/jpeg', {}, 'public, max-age=300'],
    ['content/media', 'image/jpeg', { distributionId: 'E1' }, 'public, max-age=300, s-maxage=31536000'],
    ['content/media', 'image/jpeg', { cacheControl: 'public, max-age=60' }, 'public, max-age=60'],
    ['content/media', 'video/mp4', {}, 'public, max-age=31536000, immutable'],
    ['content/images', 'image/jpeg', {}, 'public, max-age=31536000, immutable'],
  ])('browsers ask again for what Ghost replaces: %s, %s with %j', (staticFileURLPrefix, type, options, expected) => {
    const { config } = parseConfig({ bucket: 'b', cdnUrl: 'c.example.com', staticFileURLPrefix, ...options });
    expect(contentHeaders(config, 'an-id', type).CacheControl).toBe(expected);
  });

  test('no ACL, storage class or encryption is named unless it is configured', () => {
    expect(JSON.parse(JSON.stringify(contentHeaders(config, 'an-id', 'image/png')))).toEqual({
      ContentType: 'image/png',
      CacheControl: config.cacheControl,
      Metadata: { 'upload-id': 'an-id' },
    });
  });

  test('a download keeps the name its author gave it', () => {
    expect(contentDispositionOf('Jahresbericht 2026.pdf', files)).toBe('inline; filename="Jahresbericht 2026.pdf"');
    expect(contentDispositionOf(Buffer.from('Größe.pdf').toString('latin1'), files)).toContain(
      "filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf",
    );
  });

  test.each(['a"b\\c.pdf', 'a\r\nX-Evil: 1.pdf', '日本.pdf', '🎉.pdf', 'half\ud800.pdf'])(
    'the name %j makes a header of plain ASCII',
    (name) => {
      expect(contentDispositionOf(name, files)).toMatch(/^[\x20-\x7e]*$/);
    },
  );

  test('pictures and videos have no name of their own', () => {
    expect(contentDispositionOf('x.jpg', images)).toBeUndefined();
    expect(contentDispositionOf('x.mp4', media)).toBeUndefined();
  });
});
