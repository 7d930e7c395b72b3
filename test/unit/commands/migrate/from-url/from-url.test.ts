import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntilRewritten } from '../../../../../src/commands/migrate/from-url/rewrite-posts';
import { GhostAdmin } from '../../../../../src/commands/migrate/from-url/ghost-admin';
import { optionsFor } from '../../../../support/adapter';
import { type ContentFolder, createContentFolder, runCommand } from '../../../../support/migrate/command';

jest.mock('node:timers/promises', () => {
  const real = jest.requireActual<typeof import('node:timers/promises')>('node:timers/promises');
  return { ...real, setTimeout: jest.fn(real.setTimeout) };
});

const KEY = `${'a'.repeat(24)}:${'b'.repeat(64)}`;
const OLD = 'https://old.example.com';
const UNREACHABLE = {
  endpoint: 'http://127.0.0.1:9',
  region: 'us-east-1',
  credentials: { accessKeyId: 'A', secretAccessKey: 'B' },
};

/** The posts of a Ghost whose media inliner is done at once. */
let posts: { id: string; title: string; lexical?: string; feature_image?: string }[];
/** Addresses that the Ghost of the tests cannot fetch. */
let unreachable: string[];
/** Whether it rewrites as Ghost does, and not just everything. */
let isReal: boolean;
let answerStatus: number;
let inlined: string[];
let ghost: Server;
let url: string;
let folder: ContentFolder;

beforeEach(async () => {
  [posts, answerStatus, inlined, unreachable, isReal] = [[], 200, [], [], false];
  ghost = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://ghost');
    const resource = pathname.split('/')[4] ?? '';
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      if (resource === 'db') {
        inlined = (JSON.parse(body) as { domains: string[] }).domains;
        posts = isReal ? posts.map(rewritten) : posts.filter(({ title }) => title.includes('unreachable'));
      }
      const page = Number(searchParams.get('page') ?? 1);
      const limit = Number(searchParams.get('limit') ?? 1);
      const items = resource === 'posts' ? posts.slice((page - 1) * limit, page * limit) : [];
      const next = resource === 'posts' && page * limit < posts.length ? page + 1 : null;
      const settings = [
        { key: 'logo', value: null },
        { key: 'cover_image', value: `${OLD}/cover.jpg` },
      ];
      const answer = { [resource]: resource === 'settings' ? settings : items, meta: { pagination: { next } } };
      response.writeHead(answerStatus, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answerStatus === 200 ? answer : { errors: [{ message: 'No.' }] }));
    });
  }).listen(0, '127.0.0.1');
  await once(ghost, 'listening');
  url = `http://127.0.0.1:${(ghost.address() as AddressInfo).port}`;
  folder = await createContentFolder(optionsFor(UNREACHABLE, 'blog-images'));
});
afterEach(async () => {
  ghost.closeAllConnections();
  ghost.close();
  await folder.remove();
});

/** Rewrites a post as Ghost's external-media-inliner does, with its ways of matching and replacing. */
function rewritten(post: (typeof posts)[number]): (typeof posts)[number] {
  const stored = (source: string) =>
    unreachable.includes(source) ? undefined : `__GHOST_URL__/content/images/${source.split('/').at(-1)}`;
  let { lexical = '', feature_image } = post;
  for (const domain of inlined) {
    const end = `("|\\)|'|(?=(?:,https?))| |<|\\\\|&quot;|$)`;
    for (const [, match = ''] of lexical.matchAll(new RegExp(`(${domain}.*?)${end}`, 'igm'))) {
      const source = match.replace(/,$/, '');
      lexical = lexical.replace(source, stored(source) ?? source);
    }
    if (feature_image?.startsWith(domain)) {
      feature_image = stored(feature_image) ?? feature_image;
    }
  }
  return { ...post, lexical, feature_image };
}

const run = (options = {}) =>
  runCommand(folder, { fromUrl: `${OLD}/`, adminKey: KEY, ghostUrl: url, json: false, ...options });

test('posts of all pages are listed with their addresses, as are settings to change by hand', async () => {
  posts = Array.from({ length: 120 }, (_, index) => ({ id: String(index), title: `Post ${index}`, lexical: '{}' }));
  Object.assign(posts[110] as object, {
    feature_image: `${OLD}/2020/a.jpg`,
    lexical: JSON.stringify({ src: `${OLD}/2020/b.jpg` }),
  });
  const { said, exitCode } = await run({ dryRun: true });
  expect(exitCode).toBe(0);
  expect(said).toMatch(
    /post Post 110\n {4}https:\/\/old.example.com\/2020\/b.jpg\n {4}https:\/\/old.example.com\/2020\/a.jpg/,
  );
  expect(said).toMatch(/setting cover_image/);
  expect(said).not.toContain('Post 111');
  expect(inlined).toEqual([]);
});

test('control characters in a title or URL are shown, not executed', async () => {
  const title = 'A\u001b[2J\u001b]0;x\u0007\n✔ No post uses it\u009b8m';
  posts = [{ id: '1', title, lexical: `${OLD}/2020/\u001b[1A.jpg`, feature_image: `${OLD}/a\u202eb.jpg` }];
  for (const options of [{ dryRun: true }, { dryRun: true, json: true }]) {
    const { said, result } = await run(options);
    expect([...said].filter((character) => /[\p{Cc}\u202e]/u.test(character) && character !== '\n')).toEqual([]);
    expect(said.split('\n')).not.toContain('✔ No post uses it');
    expect(options.json ? JSON.stringify(result) : said).toContain(
      options.json ? JSON.stringify(title) : 'post A%1B[2J',
    );
  }
});

test('Ghost rewrites posts, for the old address only', async () => {
  posts = [{ id: '1', title: 'Old', feature_image: `${OLD}/2020/a.jpg` }];
  const { said, exitCode } = await run({ yes: true });
  expect([exitCode, inlined]).toEqual([0, [OLD]]);
  expect(said).toContain(`✔ No post uses ${OLD} any more.`);
});

describe('addresses in other spellings', () => {
  let now: number;
  beforeEach(() => {
    now = 0;
    jest.mocked(sleep).mockImplementation(() => Promise.resolve());
  });
  afterEach(() => {
    jest
      .mocked(sleep)
      .mockImplementation(jest.requireActual<typeof import('node:timers/promises')>('node:timers/promises').setTimeout);
    jest.restoreAllMocks();
  });

  const show = (...sources: string[]) =>
    JSON.stringify({ html: sources.map((source) => `<img src='${source}'>`).join('') });

  test('are rewritten: with http, without a protocol, in other cases and with a port', async () => {
    isReal = true;
    const spellings = [
      `${OLD}/a.jpg`,
      'http://old.example.com/b.jpg',
      '//old.example.com/c.jpg',
      'HTTPS://OLD.example.com/d.jpg',
    ];
    posts = [
      { id: '1', title: 'One', lexical: show(...spellings, 'https://old.example.com:443/e.jpg') },
      ...spellings.map((feature_image, index) => ({ id: `2${index}`, title: 'Picture', feature_image, lexical: '' })),
    ];
    const { said, exitCode } = await run({ yes: true });
    expect([exitCode, said]).toEqual([0, expect.stringContaining(`✔ No post uses ${OLD} any more.`)]);
    expect(JSON.stringify(posts)).not.toMatch(/old\.example|https?:__GHOST/i);
  });

  test.each([
    ['http://old.example.com/a.jpg'],
    ['//old.example.com/a.jpg'],
    [String.raw`https:\/\/old.example.com\/a.jpg`],
    ['https://wsrv.nl/?url=https%3A%2F%2Fold.example.com%2Fa.jpg'],
    ['https://i0.wp.com/old.example.com/a.jpg'],
  ])('%s is listed, and named as long as it is shown', async (source) => {
    isReal = true;
    unreachable = ['http://old.example.com/a.jpg', '//old.example.com/a.jpg'];
    jest.spyOn(performance, 'now').mockImplementation(() => (now += 60_000));
    posts = [{ id: '1', title: 'One', lexical: show(source) }];
    expect((await run({ dryRun: true })).said).toContain('post One');
    const { said, exitCode } = await run({ yes: true });
    expect([exitCode, said]).toEqual([1, expect.stringMatching(/still use.*:\n {2}post One\n/)]);
    expect(said).not.toContain('✔ No post uses');
  });

  test('in injected code are listed, and the command does not say that no post uses them', async () => {
    posts = [{ id: '1', title: 'One', lexical: '', codeinjection_head: `<img src="${OLD}/a.jpg">` } as never];
    const { said, exitCode } = await run({ yes: true });
    expect([exitCode, inlined]).toEqual([1, []]);
    expect(said).toContain('does not rewrite');
    expect(said).not.toContain('No post');
  });

  test('are not broken: a URL that Ghost cannot download over https is not rewritten in its middle', async () => {
    isReal = true;
    unreachable = [`${OLD}/a.jpg`];
    jest.spyOn(performance, 'now').mockImplementation(() => (now += 60_000));
    posts = [{ id: '1', title: 'One', lexical: show(`${OLD}/a.jpg`, '//old.example.com/a.jpg') }];
    const { exitCode, said } = await run({ yes: true });
    expect([exitCode, posts[0]?.lexical]).toEqual([1, show(`${OLD}/a.jpg`, '//old.example.com/a.jpg')]);
    expect(said).toContain('//old.example.com/a.jpg');
  });

  test.each(['http://images.example.com', 'HTTPS://Images.Example.com:443/', 'https://images.example.com'])(
    'the URL of the CDN itself is refused as %s',
    async (fromUrl) => {
      const { error } = await run({ fromUrl });
      expect(error?.message).toContain('the URL of the new CDN');
    },
  );
});

test('without a terminal to ask on, nothing is done', async () => {
  posts = [{ id: '1', title: 'Old', feature_image: `${OLD}/2020/a.jpg` }];
  const { error } = await run();
  expect(error?.message).toContain('Cannot ask for confirmation');
  expect(inlined).toEqual([]);
});

test.each([
  [401, 'rejected the key', 'Staff access token'],
  [403, 'has no permission for this', 'Staff access token'],
  [501, 'has no permission for this', 'Staff access token'],
  [404, 'returned 404', '--ghost-url'],
])('a response of %i is explained, with its fix', async (status, message, cure) => {
  answerStatus = status;
  const { error } = await run({ dryRun: true });
  expect([error?.message, error?.cure]).toEqual([expect.stringContaining(message), expect.stringContaining(cure)]);
});

test('an unreachable Ghost is reported with its URL', async () => {
  const { error } = await run({ ghostUrl: 'http://127.0.0.1:9' });
  expect(error?.message).toMatch(/cannot be reached at http:\/\/127\.0\.0\.1:9/);
});

test('an invalid key is refused, and not shown', () => {
  expect(() => new GhostAdmin(url, 'my-secret', new AbortController().signal)).toThrow(/^(?!.*my-secret)/);
});

describe('waiting for Ghost', () => {
  const left = (count: number) => ({
    concerned: count ? [{ kind: 'post' as const, title: 'Old', addresses: Array<string>(count).fill(OLD) }] : [],
    byHand: [],
  });
  const signal = () => new AbortController().signal;

  test('continues while something changes', async () => {
    const counts = [5, 4, 3, 2, 1, 0];
    const told: string[] = [];
    const result = await waitUntilRewritten(
      () => Promise.resolve(left(counts.shift() ?? 0)),
      signal(),
      (text) => told.push(text),
      30,
      20,
    );
    expect(result.concerned).toEqual([]);
    expect(told).toEqual(['5 to go', '4 to go', '3 to go', '2 to go', '1 to go', '0 to go']);
  });

  test('ends with the remaining addresses when nothing has changed for a while', async () => {
    expect(
      (
        await waitUntilRewritten(
          () => Promise.resolve(left(2)),
          signal(),
          () => {},
          30,
          5,
        )
      ).concerned[0]?.addresses,
    ).toHaveLength(2);
  });

  test('ends with Ctrl-C, and says that Ghost continues', async () => {
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(), 20);
    await expect(
      waitUntilRewritten(
        () => Promise.resolve(left(2)),
        stopping.signal,
        () => {},
      ),
    ).rejects.toThrow('Ghost continues in the background');
  });
});

test('a Ghost without the adapter does not rewrite posts, as it would store the files elsewhere', async () => {
  posts = [{ id: '1', title: 'Old', feature_image: `${OLD}/2020/a.jpg` }];
  const { writeFile } = await import('node:fs/promises');
  await writeFile(folder.config, JSON.stringify({ url }));
  const target = { bucket: 'blog-images', region: 'us-east-1', cdnUrl: 'https://images.example.com' };
  const { error } = await run({ ...target, yes: true });
  expect(error?.message).toContain('images and media and files');
  expect(inlined).toEqual([]);
});
