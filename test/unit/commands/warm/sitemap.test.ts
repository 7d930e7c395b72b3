import { MAX_SITEMAP_ENTRIES, SitemapReader } from '../../../../src/commands/warm/sitemap';

function read(...pieces: string[]) {
  const reader = new SitemapReader();
  pieces.forEach((piece) => reader.write(piece));
  return reader.end();
}

const HEADER = '<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet type="text/xsl" href="//blog/sitemap.xsl"?>';

describe('a sitemap', () => {
  test('has pages with the times of their last change, but not with their images', () => {
    const text = `${HEADER}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
      <url><loc>https://blog.example.com/a/?x=1&amp;y=2</loc><lastmod>2026-11-20T10:00:00.000Z</lastmod>
        <image:image><image:loc>https://images.example.com/a.jpg</image:loc><loc>https://no</loc></image:image></url>
      <url><loc> https://blog.example.com/b/ </loc></url>
      <url><loc><![CDATA[https://blog.example.com/c/]]></loc><lastmod>yesterday</lastmod></url>
      <url><lastmod>2026-11-20</lastmod></url>
    </urlset>`;
    expect(read(text)).toEqual({
      isIndex: false,
      entries: [
        { url: 'https://blog.example.com/a/?x=1&y=2', changedAt: Date.parse('2026-11-20T10:00:00.000Z') },
        { url: 'https://blog.example.com/b/', changedAt: undefined },
        { url: 'https://blog.example.com/c/', changedAt: undefined },
      ],
    });
  });

  test('can be an index, and may arrive in pieces', () => {
    const text = `${HEADER}<sitemapindex><sitemap><loc>https://blog.example.com/sitemap-posts.xml</loc></sitemap></sitemapindex>`;
    expect(read(...text)).toEqual({
      isIndex: true,
      entries: [{ url: 'https://blog.example.com/sitemap-posts.xml', changedAt: undefined }],
    });
  });

  test.each(['', 'Not found', '<html><body><loc>https://blog.example.com/</loc></body></html>', '{"urlset":1}'])(
    'is not %j',
    (text) => expect(read(text)).toBeUndefined(),
  );

  test('is read up to the limits of the protocol', () => {
    const entry = '<url><loc>https://blog.example.com/</loc></url>';
    const long = `<url><loc>https://blog.example.com/${'x'.repeat(3_000)}</loc></url>`;
    expect(read('<urlset>', long, entry.repeat(MAX_SITEMAP_ENTRIES + 10))?.entries).toHaveLength(MAX_SITEMAP_ENTRIES);
    expect(read('<urlset>', long)?.entries).toEqual([]);
  });

  test('of open elements is refused', () => {
    expect(() => read('<urlset>'.repeat(1_000_000))).toThrow('has more than 100 elements inside each other');
  });

  test('does not expand entities of its own', () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>';
    expect(read(`${bomb}<urlset><url><loc>https://blog.example.com/&b;&f;</loc></url></urlset>`)?.entries[0]?.url).toBe(
      'https://blog.example.com/&b;&f;',
    );
  });
});
