import { runCommand, useWarmBlog, writeConfig } from '../support/warm/command';

const site = useWarmBlog();

/** Runs the command, and returns its error and how to fix it. */
async function failureOf(options: Parameters<typeof runCommand>[1] = {}) {
  const { error, result } = await runCommand(site, options);
  expect([error?.name, result]).toEqual(['Failure', undefined]);
  return { message: error?.message ?? '', cure: error?.cure ?? '' };
}

const options = () => ({ bucket: 'blog-images', region: 'eu-central-1', cdnUrl: site.cdn.url });

describe('a configuration that is not enough', () => {
  test('has no URL of the blog', async () => {
    writeConfig(site, undefined, options());
    expect(await failureOf()).toEqual({
      message: `"url" in ${site.config} is missing.`,
      cure: 'Add the URL that visitors use: --ghost-url https://blog.example.com',
    });
  });

  test.each(['blog', 'ftp://blog.example.com', ''])('has a URL that is not one: %j', async (ghostUrl) => {
    expect((await failureOf({ ghostUrl })).message).toBe(
      `--ghost-url is "${ghostUrl}", which is not the URL of a blog.`,
    );
  });

  test('has a password in the URL, which is not shown', async () => {
    const { message, cure } = await failureOf({ ghostUrl: 'https://me:secret@blog.example.com' });
    expect(message).toBe('--ghost-url contains a user name or password.');
    expect(message + cure).not.toContain('secret');
  });

  test('does not configure the adapter', async () => {
    writeConfig(site, site.blog.url);
    expect(await failureOf()).toEqual({
      message: `${site.config} does not configure S3CloudFrontStorage.`,
      cure: 'Add the URL of the CDN: --cdn-url https://images.example.com',
    });
    expect((await runCommand(site, { cdnUrl: site.cdn.url })).error).toBeUndefined();
  });

  test('has a wrong URL of the CDN', async () => {
    expect((await failureOf({ cdnUrl: 'http://images.example.com' })).message).toContain(
      '"cdnUrl" is "http://images.example.com" (from --cdn-url), but must start with https://',
    );
  });

  test('is not on this machine', async () => {
    const { cure } = await failureOf({ config: undefined, ghostUrl: site.blog.url });
    expect(cure).toContain(
      'Where Ghost is not on this machine, add --ghost-url https://blog.example.com --cdn-url https://images.example.com',
    );
  });
});

describe('a blog whose pages cannot be found', () => {
  const sitemap = () => `${site.blog.url}sitemap.xml`;

  test('is private', async () => {
    site.blog.reply('/sitemap.xml', { status: 302, headers: { location: '/private/?r=%2Fsitemap.xml' } });
    site.blog.reply('/private/', { headers: { 'content-type': 'text/html' }, body: '<form>' });
    const { message, cure } = await failureOf();
    expect(message).toBe(`The blog ${site.blog.url} is private, so its pages cannot be read.`);
    expect(cure).toContain('Make site private');
  });

  test.each([
    [{ status: 404 }, 'answered 404'],
    [{ status: 503 }, 'answered 503'],
    [{ headers: { 'content-type': 'text/html' }, body: '<h1>Parked</h1>' }, 'is not a sitemap'],
  ])('has no sitemap: %j', async (reply, reason) => {
    site.blog.reply('/sitemap.xml', reply);
    const { message, cure } = await failureOf();
    expect(message).toBe(`The sitemap of the blog cannot be read: ${sitemap()} ${reason}.`);
    expect(cure).toContain('--ghost-url');
  });

  test('does not run', async () => {
    const { message } = await failureOf({ ghostUrl: 'http://127.0.0.1:9' });
    expect(message).toBe(
      'The sitemap of the blog cannot be read: http://127.0.0.1:9/sitemap.xml no answer (ECONNREFUSED).',
    );
  });

  test('lists the pages of another host', async () => {
    site.blog.reply('/sitemap.xml', { body: '<urlset><url><loc>https://www.example.com/</loc></url></urlset>' });
    const { message } = await failureOf();
    expect(message).toBe(`The sitemap ${sitemap()} lists only pages of other hosts, such as www.example.com.`);
  });

  test('lists more pages than one run reads', async () => {
    const urls = (from: number) =>
      `<urlset>${Array.from({ length: 30_000 }, (_, at) => `<url><loc>${site.blog.url}${from + at}/</loc></url>`).join('')}</urlset>`;
    const index = ['a', 'b'].map((name) => `<sitemap><loc>${site.blog.url}${name}.xml</loc></sitemap>`).join('');
    site.blog.reply('/sitemap.xml', { body: `<sitemapindex>${index}</sitemapindex>` });
    site.blog.reply('/a.xml', { body: urls(0) });
    site.blog.reply('/b.xml', { body: urls(30_000) });
    expect(await failureOf()).toEqual({
      message: `The sitemap ${sitemap()} lists more than 50000 pages.`,
      cure: 'Choose the pages that changed recently, for example with --since 7d',
    });
  });

  test('lists so many pages that the rest of its sitemaps is not even read', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const index = names.map((name) => `<sitemap><loc>${site.blog.url}${name}.xml</loc></sitemap>`).join('');
    site.blog.reply('/sitemap.xml', { body: `<sitemapindex>${index}</sitemapindex>` });
    names.forEach((name) => {
      const url = (_: unknown, at: number) => `<url><loc>${site.blog.url}${name}/${at}/</loc></url>`;
      site.blog.reply(`/${name}.xml`, { body: `<urlset>${Array.from({ length: 30_000 }, url).join('')}</urlset>` });
    });
    expect((await failureOf({ concurrency: '1' })).message).toContain('lists more than 50000 pages');
    expect(site.blog.requests).toEqual(['/sitemap.xml', '/a.xml', '/b.xml']);
  });

  test('has more images than one run requests', async () => {
    const path = (page: number, at: number) => `/content/images/${page}/${at}`;
    for (let page = 0; page < 5; page += 1) {
      const images = Array.from({ length: 41_000 }, (_, at) => `<img src="${site.cdn.url}${path(page, at)}">`);
      site.blog.publish(`/${page}/`, images.join(''));
    }
    const { error } = await runCommand(site);
    expect(error).toMatchObject({ message: 'The pages have more than 200000 images.' });
    expect(site.cdn.requests).toEqual([]);
  });

  test('lists more sitemaps than one run reads', async () => {
    const index = `<sitemap><loc>${site.blog.url}a.xml</loc></sitemap>`.repeat(101);
    site.blog.reply('/sitemap.xml', { body: `<sitemapindex>${index}</sitemapindex>` });
    expect((await failureOf()).message).toMatch(/^The sitemap of .* lists more than 100 other sitemaps\.$/);
  });
});

test('a blog whose pages show nothing from the CDN gets a hint', async () => {
  site.blog.publish('/', '<img src="https://other.example.com/content/images/a.jpg">');
  const { said, exitCode } = await runCommand(site);
  expect(said).toContain(`No page shows an image from ${site.cdn.url}/content/images/.`);
  expect(exitCode).toBe(0);
});

test('a blog that moved to another host is read there', async () => {
  const other = site.blog.url.replace('127.0.0.1', 'localhost');
  site.blog.publish('/', `<img src="${site.image('a.jpg')}">`);
  site.blog.reply('/sitemap.xml', { status: 301, headers: { location: `${site.blog.url}sitemap-posts.xml` } });
  expect((await runCommand(site, { ghostUrl: other })).result?.otherImages.count).toBe(1);
});

describe('a blog on the internet', () => {
  // The stand-in is a proxy here, which gets requests for whole URLs.
  beforeEach(() => (process.env.http_proxy = site.blog.url));
  afterEach(() => delete process.env.http_proxy);
  const blog = 'http://blog.example.com';

  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/',
    'http://0x7f.1/',
    'http://localhost:8080/',
    'http://localhost./',
    'http://intranet/',
    'http://metadata.google.internal/',
  ])('cannot send the command to %s, which only this network reaches', async (location) => {
    site.blog.reply(`${blog}/sitemap.xml`, { status: 302, headers: { location } });
    expect((await failureOf({ ghostUrl: blog })).message).toContain(`answered 302 (to ${location})`);
    expect(site.blog.requests).toEqual([`${blog}/sitemap.xml`]);
  });

  test('may move to another host of the internet', async () => {
    const location = 'http://www.example.com/sitemap.xml';
    site.blog.reply(`${blog}/sitemap.xml`, { status: 301, headers: { location } });
    await failureOf({ ghostUrl: blog });
    expect(site.blog.requests).toEqual([`${blog}/sitemap.xml`, location]);
  });
});
