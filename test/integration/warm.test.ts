import { existsSync, linkSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCommand, useWarmBlog } from '../support/warm/command';

const site = useWarmBlog();
const sizes = (name: string, ...widths: number[]) => widths.map((width) => `size/w${width}/2026/11/${name}`);

/** Returns the HTML of images with several candidates. */
const html = (...paths: string[]) =>
  paths.map((name) => `<img src="${site.image(name)}" srcset="${site.image(name)} 1x">`).join('');

/** The directory of the file with the progress. */
const progressFolder = () => path.join(site.folder, 'settings/ghost-storage-s3-cloudfront');
const progressFiles = () => (existsSync(progressFolder()) ? readdirSync(progressFolder()) : []);

describe('warm', () => {
  test('requests each size of all published pages as both kinds of browsers, and every other image once', async () => {
    site.blog.publish('/', html('2026/11/a.jpg', ...sizes('a.jpg', 300, 600)));
    site.blog.publish('/b/', html(...sizes('a.jpg', 600), 'size/w600/format/webp/2026/11/b.jpg'));
    site.blog.publish('/c/', '<p>No image</p><img src="https://other.example.com/content/images/c.jpg">');
    const { result, exitCode } = await runCommand(site);
    expect(result).toEqual({
      pages: { read: 3, failed: 0 },
      sizes: { count: 2, bytes: 200, bytesWithWebp: 120, sentAsWebp: 2 },
      otherImages: { count: 2, bytes: 1_100 },
      fromEarlierRun: 0,
      redirected: [],
      failures: [],
      complete: true,
    });
    expect(exitCode).toBe(0);
    const asked = sizes('a.jpg', 300, 600).flatMap((name) => [name, `${name} (webp)`]);
    expect([...site.cdn.requests].sort()).toEqual(
      ['2026/11/a.jpg', 'size/w600/format/webp/2026/11/b.jpg', ...asked].sort(),
    );
  });

  test('ends with a table that compares the bytes', async () => {
    site.blog.publish('/', html('2026/11/a.jpg', ...sizes('a.jpg', 300, 600)));
    const { said } = await runCommand(site, { json: false });
    expect(said).toMatch(/^ {2}Pages +1$/m);
    expect(said).toMatch(/^ {2}Image sizes +2 {2}0\.0 MB without WebP, 0\.0 MB with WebP \(40 % less\)$/m);
    expect(said).toMatch(/^ {2}Other images +1 {2}0\.0 MB$/m);
    expect(said).toContain('✔ The CDN has sent 3 images of 1 page.');
  });

  test('says when the CDN sends no WebP', async () => {
    const [name = ''] = sizes('a.jpg', 600);
    site.cdn.reply(name, { headers: { 'content-type': 'image/jpeg' }, body: 'jpeg' });
    site.blog.publish('/', html(name));
    const { said } = await runCommand(site, { json: false });
    expect(said).toMatch(/Image sizes +1 {2}0\.0 MB, none as WebP$/m);
  });

  test('reads older posts, which only the pages of the home page and of tags show', async () => {
    site.blog.publish('/', `<link rel="next" href="${site.blog.url}page/2/">`, '2026-11-20');
    site.blog.reply('/page/2/', {
      headers: { 'content-type': 'text/html' },
      body: `<link rel="next" href="/page/3/"><link rel="prev" href="/">${html('old.jpg')}`,
    });
    const last = `<link rel="next" href="/page/2/"><link rel="next" href="http://127.0.0.1:9/page/4/">${html('older.jpg')}`;
    site.blog.reply('/page/3/', { headers: { 'content-type': 'text/html' }, body: last });
    const { result } = await runCommand(site);
    expect(result?.pages).toEqual({ read: 3, failed: 0 });
    expect(site.cdn.requests.sort()).toEqual(['old.jpg', 'older.jpg']);
    await runCommand(site, { since: '2026-11-01' });
    expect(site.blog.requests.filter((page) => page === '/page/2/')).toHaveLength(1);
  });

  test('reads with --since only the home page, and pages that changed since then or may have', async () => {
    site.blog.publish('/', '', '2020-01-01T00:00:00.000Z');
    site.blog.publish('/old/', '', '2026-10-31T23:59:59.999Z');
    site.blog.publish('/new/', '', '2026-11-01T00:00:00.000Z');
    site.blog.publish('/newest/', '', '2026-11-20T00:00:00.000Z');
    site.blog.publish('/unknown/', '');
    const { result } = await runCommand(site, { since: '2026-11-01', concurrency: '1' });
    expect(result?.pages.read).toBe(4);
    const pages = site.blog.requests.filter((page) => !page.endsWith('.xml'));
    expect(pages).toEqual(['/', '/newest/', '/new/', '/unknown/']);
  });

  test.each([
    ['two', undefined, 2],
    ['one', '1', 1],
    ['five', '5', 5],
  ])('never sends more than %s requests at a time', async (_, concurrency, most) => {
    site.blog.publish('/', html(...Array.from({ length: 12 }, (_name, at) => sizes(`${at}.jpg`, 600)).flat()));
    const { exitCode } = await runCommand(site, { concurrency });
    expect([exitCode, site.cdn.mostAtOnce]).toEqual([0, most]);
  });

  test('needs no Ghost on this machine when both URLs are given', async () => {
    const imagesUrl = `${site.cdn.url}/blog-one/content/images/`;
    site.blog.publish('/', `<img src="${imagesUrl}a.jpg"><img src="${site.image('b.jpg')}">`);
    const away = { config: undefined, ghostUrl: site.blog.url, cdnUrl: site.cdn.url, tenantPrefix: 'blog-one' };
    const { result, error } = await runCommand(site, away);
    expect([result?.otherImages.count, error]).toEqual([1, undefined]);
  });
});

describe('what fails', () => {
  const FAILURES = [
    ['is missing', { status: 404 }, 'answered 404'],
    ['may not be read', { status: 403 }, 'answered 403'],
    ['is a page', { headers: { 'content-type': 'text/html' }, body: '<p>' }, 'is not an image, but text/html'],
    [
      'is elsewhere',
      { status: 302, headers: { location: 'https://evil.example.com/a.jpg' } },
      'answered 302 (to https://evil.example.com/a.jpg)',
    ],
    [
      'is in a loop',
      { status: 302, headers: { location: '/content/images/a.jpg' } },
      'answered 302 (to /content/images/a.jpg)',
    ],
  ] as const;

  test.each(FAILURES)(
    'an image that %s is named with the reason, and the others are requested',
    async (_, reply, reason) => {
      site.cdn.reply('a.jpg', reply);
      site.blog.publish('/', html('a.jpg', 'b.jpg'));
      const { result, exitCode } = await runCommand(site);
      expect(result).toMatchObject({
        otherImages: { count: 1 },
        failures: [{ kind: 'image', url: site.image('a.jpg'), reason }],
        complete: false,
      });
      expect(exitCode).toBe(1);
    },
  );

  const HTML = { 'content-type': 'text/html' };
  test.each([
    ['fails', { status: 500 }, 'answered 500'],
    ['is missing', { status: 404 }, 'answered 404'],
    ['is a file', { headers: { 'content-type': 'application/json' } }, 'is not a page, but application/json'],
    [
      'is elsewhere',
      { status: 302, headers: { location: 'https://evil.test/' } },
      'answered 302 (to https://evil.test/)',
    ],
    ['is too large', { headers: HTML, body: Buffer.alloc(11 * 1024 * 1024, ' ') }, 'has more than 10485760 bytes'],
    ['is too deep', { headers: HTML, body: '<div>'.repeat(6_000) }, 'has more than 5000 elements inside each other'],
  ])('a page that %s is named with the reason, and the others are read', async (_, reply, reason) => {
    site.blog.reply('/a/', reply);
    site.blog.publish('/a/', '');
    site.blog.publish('/b/', html('b.jpg'));
    const { result, exitCode } = await runCommand(site);
    expect(result).toMatchObject({
      pages: { read: 2, failed: 1 },
      otherImages: { count: 1 },
      failures: [{ kind: 'page', url: `${site.blog.url}a/`, reason }],
    });
    expect(exitCode).toBe(1);
  });

  test('answers of the wrong kind do not keep a connection from the next request', async () => {
    site.cdn.reply('a.jpg', { headers: HTML, body: '<p>' });
    site.blog.reply('/a/', { headers: { 'content-type': 'application/json' }, body: '{}' });
    site.blog.publish('/a/', '');
    site.blog.publish('/b/', html('a.jpg', 'b.jpg'));
    const { result } = await runCommand(site, { concurrency: '1' });
    expect(result).toMatchObject({ pages: { read: 2, failed: 1 }, otherImages: { count: 1 } });
  });

  test('the first ten are listed, and the rest is counted; --verbose lists all', async () => {
    const names = Array.from({ length: 13 }, (_, at) => `${at}.jpg`);
    names.forEach((name) => site.cdn.reply(name, { status: 404 }));
    site.blog.publish('/', html(...names));
    const { said } = await runCommand(site, { json: false });
    expect(said.match(/answered 404/g)).toHaveLength(10);
    expect(said).toContain('… and 3 more (--verbose lists all)');
    expect(said).toMatch(/^ {2}Failed +13 {2}images$/m);
    expect(said).toContain('✖ 13 images failed.');
    const all = await runCommand(site, { json: false, verbose: true });
    expect(all.said.match(/answered 404/g)).toHaveLength(13);
  });

  test('a request is repeated when the CDN or Ghost is overloaded', async () => {
    const good = { headers: { 'content-type': 'image/jpeg' }, body: 'x' };
    site.cdn.reply('a.jpg', { status: 503 }, { status: 429 }, good);
    site.blog.reply(
      '/sitemap.xml',
      { status: 503 },
      { body: `<urlset><url><loc>${site.blog.url}a/</loc></url></urlset>` },
    );
    site.blog.publish('/', html('a.jpg'));
    site.blog.publish('/a/', '');
    expect(await runCommand(site)).toMatchObject({ exitCode: 0, result: { otherImages: { count: 1, bytes: 1 } } });
    expect(site.cdn.requests).toEqual(['a.jpg', 'a.jpg', 'a.jpg']);
  });

  test('ten in a row end the run, which can be continued when the servers work again', async () => {
    const names = Array.from({ length: 30 }, (_, at) => `${String(at).padStart(2, '0')}.jpg`);
    names.slice(5).forEach((name) => site.cdn.reply(name, { status: 503 }));
    site.blog.publish('/', html(...names));
    const { result, error } = await runCommand(site, { concurrency: '1' });
    expect(error?.message).toBe('10 requests in a row failed, so no more were sent.');
    expect(result).toMatchObject({ otherImages: { count: 5 }, complete: false });
    expect(site.cdn.requests.at(-1)).toBe('14.jpg');
    const good = { headers: { 'content-type': 'image/jpeg' }, body: 'x' };
    names.forEach((name) => site.cdn.reply(name, good));
    const second = await runCommand(site);
    expect(second.result).toMatchObject({ otherImages: { count: 30 }, fromEarlierRun: 5, complete: true });
  });

  test('many do not end the run while others succeed', async () => {
    const names = Array.from({ length: 40 }, (_, at) => `${at}.jpg`);
    names.filter((_, at) => at % 3 > 0).forEach((name) => site.cdn.reply(name, { status: 503 }));
    site.blog.publish('/', html(...names));
    const { result, error } = await runCommand(site, { concurrency: '1' });
    expect([error, result?.otherImages.count, result?.failures.length]).toEqual([undefined, 14, 26]);
  });

  test('sizes in place of which visitors get the full image are named, except those of SVG', async () => {
    const [photo = '', drawing = ''] = ['photo.jpg', 'drawing.svg'].map((name) => `size/w600/${name}`);
    site.cdn.reply(photo, { status: 302, headers: { location: '/content/images/photo.jpg' } });
    site.cdn.reply(drawing, { status: 302, headers: { location: '/content/images/drawing.svg' } });
    site.blog.publish('/', html(photo, drawing));
    const { result, exitCode } = await runCommand(site);
    expect(result).toMatchObject({ sizes: { count: 1 }, redirected: [site.image(photo)], failures: [] });
    expect(exitCode).toBe(0);
    const { said } = await runCommand(site, { json: false });
    expect(said).toContain(`${site.image(photo)}: Ghost does not create this size`);
  });

  test('control characters from the servers are not printed', async () => {
    site.blog.publish('/', html('a.jpg', '\u202eb.jpg'));
    site.cdn.reply('a.jpg', { status: 302, headers: { location: 'https://evil.example.com/\u009b31m' } });
    site.cdn.reply('%E2%80%AEb.jpg', { headers: { 'content-type': 'text/\u009bhtml' } });
    const { said } = await runCommand(site, { json: false });
    expect(said).toContain('answered 302 (to https://evil.example.com/%C2%9B31m)');
    expect(said).toContain('%E2%80%AEb.jpg is not an image, but text/%C2%9Bhtml');
  });
});

describe('a run that was stopped', () => {
  const names = Array.from({ length: 8 }, (_, at) => `${at}.jpg`);
  beforeEach(() => site.blog.publish('/', html(...names, ...sizes('a.jpg', 600))));

  /** Runs the command, and presses Ctrl-C when the CDN gets its fifth request. */
  async function runAndStop() {
    site.cdn.beforeAnswer = () => void (site.cdn.requests.length === 5 && process.emit('SIGINT'));
    const stopped = await runCommand(site, { concurrency: '1' });
    site.cdn.beforeAnswer = () => {};
    return stopped;
  }

  test('shows what it did, and says how to continue', async () => {
    const { result, error } = await runAndStop();
    expect(error).toMatchObject({ name: 'Interruption', message: 'Stopped. Run the same command again to continue.' });
    expect(result).toMatchObject({ otherImages: { count: 4 }, failures: [], complete: false });
  });

  test.each(['/sitemap.xml', '/'])('says so too when it was stopped while it read %s', async (page) => {
    const { requests } = site.blog;
    site.blog.beforeAnswer = (path) => void (path === page && process.emit('SIGINT'));
    const { error, result } = await runCommand(site);
    expect([error?.name, result?.failures ?? []]).toEqual(['Interruption', []]);
    expect([requests.at(-1), site.cdn.requests]).toEqual([page, []]);
  });

  test('continues with what is left, and counts everything in the end', async () => {
    await runAndStop();
    site.cdn.requests.length = 0;
    const { result, said } = await runCommand(site);
    expect(site.cdn.requests.sort()).toEqual([
      ...names.slice(4),
      ...sizes('a.jpg', 600).flatMap((name) => [name, `${name} (webp)`]),
    ]);
    expect(result).toMatchObject({
      sizes: { count: 1, bytes: 100, bytesWithWebp: 60, sentAsWebp: 1 },
      otherImages: { count: 8, bytes: 8_000 },
      fromEarlierRun: 4,
      complete: true,
    });
    expect(said).toContain('Continuing an earlier run, which requested 4 images');
  });

  test('is forgotten when everything is done: the next run requests all images', async () => {
    await runAndStop();
    await runCommand(site);
    expect(progressFiles()).toEqual([]);
    site.cdn.requests.length = 0;
    expect((await runCommand(site)).result?.fromEarlierRun).toBe(0);
    expect(site.cdn.requests).toHaveLength(10);
  });

  test('is forgotten after a day', async () => {
    await runAndStop();
    const [name = ''] = progressFiles();
    const file = path.join(progressFolder(), name);
    const yesterday = Math.floor(Date.now() / 1000) - 86_500;
    writeFileSync(file, readFileSync(file, 'utf8').replace(/ \d{10} /g, ` ${yesterday} `));
    expect((await runCommand(site)).result?.fromEarlierRun).toBe(0);
  });

  test.each([
    ['older than a day', (text: string) => text.replace(/ \d{10} /g, ` ${Math.floor(Date.now() / 1000) - 86_500} `)],
    ['too large to be read', (text: string) => text.repeat(1 + 33_000_000 / text.length)],
  ])('is overwritten when it is %s, so that its file does not grow with every run', async (_, change) => {
    await runAndStop();
    const [name = ''] = progressFiles();
    const file = path.join(progressFolder(), name);
    const { size } = statSync(file);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    site.cdn.requests.length = 0;
    expect((await runAndStop()).result?.fromEarlierRun).toBe(0);
    expect(statSync(file).size).toBeLessThanOrEqual(size + 10);
    expect((await runCommand(site)).result).toMatchObject({ fromEarlierRun: 4, complete: true });
  });

  test('requests its sizes again when the CDN has learned to send WebP in the meantime', async () => {
    const [jpeg = '', png = ''] = [...sizes('a.jpg', 600), ...sizes('b.png', 600)];
    const plain = { headers: { 'content-type': 'image/jpeg' }, body: 'jpeg' };
    [jpeg, png].forEach((path) => site.cdn.reply(path, plain));
    site.cdn.reply('7.jpg', { status: 404 });
    site.blog.publish('/', html(jpeg, png, '7.jpg'));
    await runCommand(site);
    expect((await runCommand(site)).result).toMatchObject({ fromEarlierRun: 2, sizes: { count: 2, sentAsWebp: 0 } });
    // The usual answer from now on.
    site.cdn.reply(jpeg);
    const { result } = await runCommand(site);
    expect(result).toMatchObject({ fromEarlierRun: 0, sizes: { count: 2, sentAsWebp: 1 } });
  });

  test('is saved for its user only, without URLs, and whatever else is in the file is ignored', async () => {
    await runAndStop();
    const [name = ''] = progressFiles();
    const file = path.join(progressFolder(), name);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('jpg');
    // A run that is killed may leave a part of a line.
    writeFileSync(file, `\0garbage\n${readFileSync(file, 'utf8')}${'f'.repeat(32)} 99`);
    site.cdn.requests.length = 0;
    expect((await runAndStop()).result).toMatchObject({ fromEarlierRun: 4, otherImages: { count: 8 } });
    expect((await runCommand(site)).result).toMatchObject({ fromEarlierRun: 8, complete: true });
  });

  test.each([
    ['symbolic', symlinkSync],
    ['hard', linkSync],
  ])('does not write through a %s link in place of its file', async (_, link) => {
    await runAndStop();
    const [name = ''] = progressFiles();
    const victim = path.join(site.folder, 'victim');
    writeFileSync(victim, 'unchanged');
    await runCommand(site);
    link(victim, path.join(progressFolder(), name));
    site.cdn.requests.length = 0;
    const { result } = await runAndStop();
    expect(result?.otherImages.count).toBe(4);
    expect(readFileSync(victim, 'utf8')).toBe('unchanged');
  });

  test('starts from the beginning where its file cannot be written', async () => {
    writeFileSync(path.join(site.folder, 'settings'), 'a file in place of the folder');
    await runAndStop();
    expect((await runCommand(site)).result).toMatchObject({ fromEarlierRun: 0, complete: true });
  });
});
