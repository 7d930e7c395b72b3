import { parseConfig } from '../../../src/core/config';
import { contentDispositionOf, contentHeaders } from '../../../src/core/content-headers';
import { contentEncodingOf, contentTypeOf, contentTypeOfRaw, TELLING_BYTES } from '../../../src/core/content-types';

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
    ['page.html', 'text/plain', 'text/plain; charset=utf-8'],
    ['drawing.svg', 'application/octet-stream', 'application/octet-stream'],
    ['report.pdf', 'application/pdf', 'application/pdf'],
    ['odd.pdf', 'application/octet-stream', 'application/octet-stream'],
  ])('Ghost’s word is kept for the file %s: %s', (name, ghosts, type) => {
    expect(contentTypeOf(name, files, ghosts)).toBe(type);
  });

  test.each([
    ['config.yaml', 'text/yaml'],
    ['config.yaml', undefined],
    ['main.go', 'text/x-go'],
    ['odd.xyz123', 'text/unheard-of; boundary=x'],
  ])('the file %s stays readable, of which Ghost says %s', (name, ghosts) => {
    expect(contentTypeOf(name, files, ghosts)).toBe('text/plain; charset=utf-8');
  });

  test.each([
    ['page.html', 'text/plain; charset=utf-8'],
    ['page.HTM', 'text/plain; charset=utf-8'],
    ['script.js', 'text/plain; charset=utf-8'],
    ['feed.xml', 'text/plain; charset=utf-8'],
    ['page.xhtml', 'application/octet-stream'],
    ['drawing.svg', 'application/octet-stream'],
    ['script.mjs', 'application/octet-stream'],
    ['feed.rss', 'application/octet-stream'],
    ['report.pdf', 'application/pdf'],
    ['notes.txt', 'text/plain; charset=utf-8'],
  ])('of a file for which Ghost 5 says nothing, %s is %s', (name, type) => {
    expect(contentTypeOf(name, files)).toBe(type);
  });

  test.each([
    ['photo.jpg', images, 'text/html', 'image/jpeg'],
    ['photo.jpg', images, 'image/svg+xml', 'image/jpeg'],
    ['page.html', images, 'text/html', 'application/octet-stream'],
    ['page.html', media, 'text/html; charset=utf-8', 'application/octet-stream'],
    ['page.html', files, 'text/html', 'text/plain; charset=utf-8'],
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

describe('a text', () => {
  test.each([
    ['notes.txt', undefined, 'text/plain; charset=utf-8'],
    ['notes.txt', 'text/plain', 'text/plain; charset=utf-8'],
    ['table.csv', undefined, 'text/csv; charset=utf-8'],
    ['readme.md', undefined, 'text/markdown; charset=utf-8'],
    ['dates.ics', undefined, 'text/calendar; charset=utf-8'],
    ['subtitles.vtt', undefined, 'text/vtt; charset=utf-8'],
    ['notes.txt', 'text/plain; charset=iso-8859-1', 'text/plain; charset=iso-8859-1'],
    ['data.json', undefined, 'application/json'],
  ])('%s, of which Ghost says %s, is %s: umlauts are shown', (name, ghosts, type) => {
    expect(contentTypeOf(name, files, ghosts, Buffer.from('Größe'))).toBe(type);
  });

  test.each([
    ['Latin-1', Buffer.from('Größe', 'latin1')],
    ['Latin-1, with its only umlaut at the end', Buffer.from('Café', 'latin1')],
    ['UTF-16', Buffer.from('\ufeffGröße', 'utf16le')],
  ])('in %s is not called UTF-8', (_, bytes) => {
    expect(contentTypeOf('notes.txt', files, 'text/plain', bytes)).toBe('text/plain');
  });

  test('whose first part ends within a character is UTF-8', () => {
    const start = Buffer.from(`a${'ü'.repeat(TELLING_BYTES)}`).subarray(0, TELLING_BYTES);
    expect(contentTypeOf('notes.txt', files, 'text/plain', start)).toContain('utf-8');
  });
});

describe('a type that runs scripts is never stored', () => {
  test.each([
    ...['text/jscript', 'text/livescript', 'text/javascript1.5', 'text/javascript', 'text/ecmascript', 'TEXT/JScript'],
    ...['application/javascript', 'application/x-javascript', 'application/ecmascript', 'text/x-ecmascript'],
    ...['multipart/x-mixed-replace', 'multipart/related', 'message/rfc822', 'text/x-component', 'text/vbscript'],
    ...['text/cache-manifest', 'application/hta', 'text/html', 'application/xhtml+xml'],
  ])('%s', (type) => {
    for (const prefix of [images, media, files]) {
      expect(contentTypeOf('x', prefix, type)).toBe('application/octet-stream');
      expect(contentTypeOf('x', prefix, `${type}; boundary=x`)).toBe('application/octet-stream');
    }
  });

  test.each([
    'application/postscript',
    'application/pdf',
    'application/vnd.ms-excel',
    'font/woff2',
    'model/gltf-binary',
  ])('%s runs none, and is kept', (type) => {
    expect(contentTypeOf('x', files, type)).toBe(type);
  });
});

describe('an image whose name says nothing about it', () => {
  const ftyp = (brands: string) =>
    Buffer.concat([Buffer.from([0, 0, 0, 8 + brands.length]), Buffer.from(`ftyp${brands}`)]);
  const kinds: [string, Buffer][] = [
    ['image/jpeg', Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...Buffer.alloc(20)])],
    ['image/png', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1')],
    ['image/gif', Buffer.from('GIF89a\x01\0\x01\0\0\0\0')],
    ['image/webp', Buffer.from('RIFF\x10\0\0\0WEBPVP8L')],
    ['image/avif', ftyp('avif\0\0\0\0avifmif1')],
    ['image/avif', ftyp('mif1\0\0\0\0avif')],
    ['image/x-icon', Buffer.from([0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0])],
  ];

  test.each(kinds)('%s: the bytes say it', (type, bytes) => {
    for (const name of ['thumb.php', 'thumb', 'thumb.aspx', 'image', 'x.unheard-of', 'page.html']) {
      expect(contentTypeOfRaw(`thumbnail/${name}`, images, bytes)).toBe(type);
      expect(contentTypeOf(name, images, 'application/octet-stream', bytes)).toBe(type);
    }
    expect(contentTypeOf('x', files, undefined, bytes)).toBe('application/octet-stream');
  });

  test.each([
    ['a page', Buffer.from('<html><script>alert(1)</script></html>')],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')],
    ['a video', ftyp('isom\0\0\0\0mp42')],
    ['a part of an MPEG', Buffer.from([0, 0, 1, 0xba, 1, 0, 0, 0, 0, 0, 0, 0])],
    ['nothing', Buffer.alloc(0)],
  ])('%s is never taken for one', (_, bytes) => {
    expect(contentTypeOfRaw('thumbnail/thumb', images, bytes)).toBe('application/octet-stream');
  });
});

describe('a JPEG of another extension, and a compressed SVG', () => {
  test.each(['x.jfif', 'x.JFIF', 'x.jpe', 'x.pjpeg', 'x.pjp', 'x.jif', 'x.jfi'])('%s is image/jpeg', (name) => {
    expect(contentTypeOf(name, images)).toBe('image/jpeg');
    expect(contentTypeOf(name, images, 'image/pjpeg')).toBe('image/jpeg');
  });

  test('an .svgz is an SVG with the encoding of its bytes, and of its bytes only', () => {
    const gzip = Buffer.from([0x1f, 0x8b, 8, 0]);
    expect(contentTypeOf('x.svgz', images, undefined, gzip)).toBe('image/svg+xml');
    expect(contentEncodingOf('x.svgz', 'image/svg+xml', gzip)).toBe('gzip');
    expect(contentEncodingOf('x.svgz', 'image/svg+xml', Buffer.from('<svg/>'))).toBeUndefined();
    expect(contentTypeOf('x.svgz', files, undefined, gzip)).toBe('application/octet-stream');
    expect(contentEncodingOf('x.svgz', 'application/octet-stream', gzip)).toBeUndefined();
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
    expect(contentDispositionOf('Jahresbericht 2026.pdf', files)).toBe('attachment; filename="Jahresbericht 2026.pdf"');
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

  test.each([
    ['long', `${'x'.repeat(3000)}.pdf`, /x\.pdf/],
    ['long and Chinese', `${'很'.repeat(400)}.pdf`, /%E5%BE%88\.pdf$/],
    ['written from right to left', 'invoice\u202efdp.exe', /^attachment; filename=invoicefdp\.exe$/],
    ['empty', '', /^attachment$/],
  ])('a name that is %s makes a header that S3 takes', (_, name, expected) => {
    const header = contentDispositionOf(name, files) ?? '';
    expect(header).toMatch(expected);
    expect(header.length).toBeLessThan(1100);
  });

  test('images and videos have no name of their own', () => {
    expect(contentDispositionOf('x.jpg', images)).toBeUndefined();
    expect(contentDispositionOf('x.mp4', media)).toBeUndefined();
  });
});
