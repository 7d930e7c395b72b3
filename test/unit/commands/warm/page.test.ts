import fc from 'fast-check';
import { isSize, PageReader } from '../../../../src/commands/warm/page';

const IMAGES = 'https://images.example.com/content/images/';
const PAGE = 'https://blog.example.com/welcome/';

function read(html: string, { pageUrl = PAGE, imagesUrl = IMAGES, pieces = 1 } = {}): PageReader {
  const page = new PageReader(new URL(pageUrl), imagesUrl);
  const length = Math.ceil(html.length / pieces);
  for (let at = 0; at < html.length; at += length) page.write(html.slice(at, at + length));
  page.end();
  return page;
}

/** Returns the paths below content/images of the images that are found. */
const imagesIn = (html: string, options?: Parameters<typeof read>[1]) =>
  [...read(html, options).images].map((url) => url.slice((options?.imagesUrl ?? IMAGES).length));

describe('the images of a page', () => {
  test.each([
    ['src', `<img src="${IMAGES}2026/11/a.jpg">`],
    ['srcset', `<img srcset="${IMAGES}2026/11/a.jpg 600w">`],
    ['srcset without a descriptor', `<img srcset="${IMAGES}2026/11/a.jpg">`],
    ['a source', `<picture><source srcset="${IMAGES}2026/11/a.jpg 1x, /other.jpg 2x" type="image/webp"></picture>`],
    ['a preload', `<link rel="preload" as="image" imagesrcset="${IMAGES}2026/11/a.jpg 300w" imagesizes="50vw">`],
    ['an icon', `<link rel="icon" href="${IMAGES}2026/11/a.jpg">`],
    ['the image for Facebook', `<meta property="og:image" content="${IMAGES}2026/11/a.jpg">`],
    ['the image for X', `<meta name="twitter:image" content="${IMAGES}2026/11/a.jpg"/>`],
    ['a background', `<div style="color: red; background-image: url('${IMAGES}2026/11/a.jpg')">`],
    ['a background with entities', `<div style="background: url(&quot;${IMAGES}2026/11/a.jpg&quot;)">`],
    ['a background without quotes', `<div style="background:url( ${IMAGES}2026/11/a.jpg )">`],
    ['a URL without a protocol', '<img src="//images.example.com/content/images/2026/11/a.jpg">'],
    ['a URL with spaces around it', `<img src="\n  ${IMAGES}2026/11/a.jpg ">`],
    ['a fragment', `<img src="${IMAGES}2026/11/a.jpg#top">`],
    ['upper case', `<IMG SRC=${IMAGES}2026/11/a.jpg>`],
    ['noscript', `<noscript><img src="${IMAGES}2026/11/a.jpg"></noscript>`],
  ])('are found in %s', (_, html) => {
    expect(imagesIn(html)).toEqual(['2026/11/a.jpg']);
  });

  test('are all candidates of a srcset, each once', () => {
    const srcset = ['w300', 'w600', 'w1000'].map((size) => `${IMAGES}size/${size}/a.jpg ${size.slice(1)}w`);
    const html = `<img srcset="${srcset.join(',\n  ')}" src="${IMAGES}size/w600/a.jpg">`;
    expect(imagesIn(html).sort()).toEqual(['size/w1000/a.jpg', 'size/w300/a.jpg', 'size/w600/a.jpg']);
  });

  test('keep entities, commas and other writing systems in their names', () => {
    expect(
      imagesIn(`<img src="${IMAGES}a&amp;b.jpg"><img srcset="${IMAGES}a,b.jpg 2x"><img src="${IMAGES}北.png">`),
    ).toEqual(['a&b.jpg', 'a,b.jpg', '%E5%8C%97.png']);
  });

  test('are found when the CDN is on the host of the blog, whatever their URLs are relative to', () => {
    const onBlog = { imagesUrl: 'https://blog.example.com/content/images/' };
    expect(imagesIn('<img src="/content/images/a.jpg"><img src="../content/images/b.jpg">', onBlog)).toEqual([
      'a.jpg',
      'b.jpg',
    ]);
    expect(imagesIn('<base href="/content/"><img src="images/a.jpg">', onBlog)).toEqual(['a.jpg']);
  });

  test('are those of one blog where several share the CDN', () => {
    const imagesUrl = 'https://images.example.com/blog-one/content/images/';
    expect(imagesIn(`<img src="${imagesUrl}a.jpg"><img src="${IMAGES}b.jpg">`, { imagesUrl })).toEqual(['a.jpg']);
  });

  test.each([
    ['another host', '<img src="https://evil.example.com/content/images/a.jpg">'],
    ['another port', '<img src="https://images.example.com:8443/content/images/a.jpg">'],
    ['a host that only starts like it', '<img src="https://images.example.com.evil.test/content/images/a.jpg">'],
    ['a URL with a password', '<img src="https://me:secret@images.example.com/content/images/a.jpg">'],
    ['another folder', '<img src="https://images.example.com/content/media/a.jpg">'],
    ['a way out of the folder', `<img src="${IMAGES}../../admin/a.jpg"><img src="${IMAGES}%2e%2e/media/a.jpg">`],
    ['the folder itself', `<img src="${IMAGES}">`],
    ['data:', '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><img srcset="data:image/png;base64,AA== 1x">'],
    ['javascript:', '<img src="javascript:alert(1)">'],
    ['a comment', `<!-- <img src="${IMAGES}a.jpg"> -->`],
    ['a script', `<script>document.write('<img src="${IMAGES}a.jpg">')</script>`],
    ['a text', `&lt;img src="${IMAGES}a.jpg"&gt;`],
    ['a list that is longer than any theme writes', `<img srcset="${IMAGES}a.jpg 1x, ${'x'.repeat(20_000)} 2x">`],
    ['a style that is as long', `<p style="background: url(${IMAGES}a.jpg);${' '.repeat(10_000)}">`],
    ['a URL that no server takes', `<img src="${IMAGES}${'x'.repeat(2_048)}.jpg">`],
    ['no value', '<img src><img srcset><img><source><div style>'],
  ])('are not taken from %s', (_, html) => {
    expect(imagesIn(html)).toEqual([]);
  });

  test('are the same however the page arrives in pieces', () => {
    const html = `<p><img class=x src="${IMAGES}a.jpg" srcset="${IMAGES}b.jpg 1x, ${IMAGES}c.jpg 2x"></p>`.repeat(3);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: html.length }), (pieces) => {
        expect(imagesIn(html, { pieces })).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
      }),
    );
  });

  test('are all below the CDN, whatever a page contains', () => {
    const part = fc.constantFrom(
      '<img ',
      'src=',
      'srcset=',
      '"',
      "'",
      '>',
      ' ',
      ',',
      '//',
      '..',
      IMAGES,
      'a.jpg 2x',
      '<!--',
      '<svg>',
      '<![CDATA[',
      'url(',
      'style=',
      '\0',
      '&#x2f;',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 40 }), (parts) => {
        for (const url of read(parts.join('')).images) expect(url.startsWith(IMAGES)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

test.each([
  ['a list of commas', `<img srcset="${'a,'.repeat(500_000)}">`],
  ['a list of spaces', `<img srcset="${' '.repeat(1_000_000)}x">`],
  ['many short lists', `<img srcset="${'a ,, '.repeat(3_900)}">`.repeat(50)],
  ['many backgrounds', `<p style="${'url('.repeat(2_400)}">`.repeat(100)],
  ['paragraphs without an end', '<p>'.repeat(500_000)],
  ['attributes', `<img ${Array.from({ length: 100_000 }, (_, at) => `a${at}`).join(' ')}>`],
])('a page of %s takes at most a few seconds', (_, html) => {
  const startedAt = process.cpuUsage();
  read(html);
  const { user } = process.cpuUsage(startedAt);
  expect(user / 1e6).toBeLessThan(5);
});

test('a page of open elements is refused before it takes long', () => {
  expect(() => read('<div>'.repeat(2_000_000))).toThrow('has more than 5000 elements inside each other');
  expect(imagesIn(`${'<div>'.repeat(4_000)}<img src="${IMAGES}a.jpg">`)).toEqual(['a.jpg']);
});

test('the page with older posts is found', () => {
  expect(read('<link rel="next" href="https://blog.example.com/page/2/">').next?.href).toBe(
    'https://blog.example.com/page/2/',
  );
  expect(read('<link rel="prev" href="https://blog.example.com/">').next).toBeUndefined();
});

test.each([
  ['size/w600/2026/11/a.jpg', true],
  ['size/w600h400/2026/11/a.jpg', true],
  ['size/w600/format/webp/2026/11/a.jpg', false],
  ['2026/11/a.jpg', false],
  ['2026/11/size/w600/a.jpg', false],
])('whether %s is a size that may come as WebP: %s', (path, expected) => {
  expect(isSize(`${IMAGES}${path}`, IMAGES)).toBe(expected);
});
