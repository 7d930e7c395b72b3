import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { CDN_URL, createAdapter } from '../support/adapter';
import { startBlogServer, type BlogServer } from '../support/blog-server';
import { type Attacked, attacks, hostileInput, oddName, runsWanted, type Surroundings } from '../support/hostile-input';
import { requestRaw } from '../support/http-client';
import type { StoredObject } from '../support/in-memory-s3';
import { listen, stop } from '../support/local-server';
import { useInMemoryS3, useUploadFolder } from '../support/use-bucket';

// HOSTILE_INPUTS sets the number of inputs. A failure names its seed and the smallest input that fails; HOSTILE_SEED
// repeats a run with that seed.
const RUNS = runsWanted(300);
const TIME_LIMIT_MS = 60_000 + (RUNS.numRuns ?? 0) * 4_000;

jest.setTimeout(TIME_LIMIT_MS + 20_000);

const BUCKET = 'shared-bucket';
const FILE = '2026/11/x.jpg';
/**
 * A wrong comparison of prefixes shows first with names that start with, or contain, each other. The blog without a name
 * had the bucket to itself before the others came.
 */
const BLOGS = [
  { tenantPrefix: '', staticFileURLPrefix: 'content/images' },
  { tenantPrefix: '', staticFileURLPrefix: 'content/files' },
  { tenantPrefix: 'seven', staticFileURLPrefix: 'content/images' },
  { tenantPrefix: 'seven', staticFileURLPrefix: 'content/files' },
  { tenantPrefix: 'seventeen', staticFileURLPrefix: 'content/media' },
  { tenantPrefix: 'eight', staticFileURLPrefix: 'content/images' },
  { tenantPrefix: 'a', staticFileURLPrefix: 'content/images' },
  { tenantPrefix: 'a/b', staticFileURLPrefix: 'content/images' },
  { tenantPrefix: 'a/b/content', staticFileURLPrefix: 'content/images' },
  { tenantPrefix: 'content', staticFileURLPrefix: 'content/images' },
];
const keyPrefixOf = ({ tenantPrefix, staticFileURLPrefix }: (typeof BLOGS)[number]) =>
  path.posix.join(tenantPrefix, staticFileURLPrefix);
const KEY_PREFIXES = BLOGS.map(keyPrefixOf);

interface Blog {
  keyPrefix: string;
  storage: S3CloudFrontStorage;
  /** Streams files, and accepts any target that HTTP can carry. */
  blog: BlogServer;
  /** Redirects visitors to the CDN. */
  redirecting: BlogServer;
  /** Calls the middleware with `url`, even if HTTP could not carry it. */
  direct: { server: Server; port: number; url: unknown };
}

const server = useInMemoryS3();
const uploads = useUploadFolder();
let blogs: Blog[] = [];
let originals: [string, StoredObject][];
const rejections: unknown[] = [];
const noteRejection = (reason: unknown) => rejections.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', noteRejection);
  // Promised names are taken all the time here, which the adapter logs.
  jest.spyOn(console, 'warn').mockImplementation();
  server.createBucket(BUCKET);
  blogs = await Promise.all(BLOGS.map(openBlog));
  for (const { storage, keyPrefix } of blogs) {
    for (const file of [FILE, '2026/11/x-1.jpg', `size/w600/${FILE}`]) {
      await storage.saveRaw(Buffer.from(`${file} of ${keyPrefix}`), file);
    }
  }
  originals = [...server.objects(BUCKET)];
});

afterAll(async () => {
  process.off('unhandledRejection', noteRejection);
  for (const { blog, redirecting, direct } of blogs) {
    await Promise.all([blog.close(), redirecting.close(), stop(direct.server)]);
  }
});

/** The credentials allow everything in the whole bucket, so only the adapter keeps blogs apart. */
async function openBlog(options: (typeof BLOGS)[number]): Promise<Blog> {
  const storage = createAdapter(server, BUCKET, { ...options, serve: 'stream' });
  return {
    keyPrefix: keyPrefixOf(options),
    storage,
    blog: await startBlogServer(storage),
    redirecting: await startBlogServer(createAdapter(server, BUCKET, options)),
    direct: await startDirectServer(storage),
  };
}

async function startDirectServer(storage: S3CloudFrontStorage): Promise<Blog['direct']> {
  const serve = storage.serve();
  const direct: Blog['direct'] = { server: createServer(), port: 0, url: '' };
  direct.server.on('request', (request, response) => {
    Object.assign(request, { url: direct.url });
    serve(request, response, () => {
      response.statusCode = 500;
      response.end();
    });
  });
  direct.port = await listen(direct.server);
  return direct;
}

/** Results of an attack that should not have happened. */
type Complaints = string[];

/** Accepts only Ghost's own errors: the editor shows their message. */
function complaintAbout(error: unknown): Complaints {
  const { errorType, message } = (error ?? {}) as { errorType?: string; message?: string };
  return error instanceof Error && errorType && message ? [] : [`fails with ${inspect(error)}`];
}

async function attack(blog: Blog, input: unknown): Promise<Complaints> {
  const complaints: Complaints = [];
  const upload = (await uploads.file('x.jpg', 'uploaded by the intruder')).path;
  for (const [name, call] of attacks(blog.storage as unknown as Attacked, input, upload)) {
    const from = server.requests.length;
    try {
      const answer = await call();
      const found = name.startsWith('save(')
        ? complaintsAboutUrl(blog, answer as string, from)
        : await complaintsAbout(blog, name, answer);
      complaints.push(...found.map((complaint) => `${name} ${complaint}`));
    } catch (error) {
      complaints.push(...complaintAbout(error).map((complaint) => `${name} ${complaint}`));
    }
  }
  return complaints;
}

/** Checks that the URL of an upload leads back to the key that was written, and that its file name is safe anywhere. */
function complaintsAboutUrl({ storage, keyPrefix }: Blog, url: string, from: number): Complaints {
  const written = server.requests
    .slice(from)
    .filter(({ operation, status }) => operation === 'PutObject' && status === 200)
    .map(({ key }) => key);
  const ledBack = path.posix.join(keyPrefix, storage.urlToPath(url));
  const isSafe = /\/(?!\.)[\w@.-]{1,255}$/.test(url) && url === new URL(url).href;
  return isSafe && url.startsWith(`${CDN_URL}/${keyPrefix}/`) && written.length === 1 && written[0] === ledBack
    ? []
    : [`gives ${url}, which leads to ${ledBack}, and has written ${inspect(written)}`];
}

async function complaintsAbout({ storage }: Blog, name: string, answer: unknown): Promise<Complaints> {
  switch (name.slice(0, name.indexOf('('))) {
    case 'urlToPath':
      return isBelow(answer) ? [] : [`gives ${inspect(answer)}`];
    case 'getSanitizedFileName':
      return /^[\w@.-]*$/.test(answer as string) ? [] : [`gives ${inspect(answer)}`];
    case 'getUniqueFileName':
      // Ghost's media inliner stores downloaded files under this path.
      await storage.saveRaw(Buffer.from('inlined'), answer as string);
      return [];
    default:
      return [];
  }
}

const isBelow = (relativePath: unknown) =>
  typeof relativePath === 'string' &&
  relativePath !== '' &&
  !relativePath.startsWith('/') &&
  !relativePath.split('/').includes('..');

/** Checks that the middleware answers every request with a file, a redirect to the CDN or a refusal. */
async function visit({ blog, redirecting, direct, keyPrefix, storage }: Blog, input: unknown): Promise<Complaints> {
  const complaints: Complaints = [];
  const check = (name: string, { status, headers: { location } }: Awaited<ReturnType<typeof requestRaw>>) => {
    const isBelowCdn =
      location === undefined ||
      (location.startsWith(`${CDN_URL}/${keyPrefix}/`) && new URL(location).href === location);
    if (![200, 302, 400, 404, 431].includes(status) || !isBelowCdn) {
      complaints.push(`${name} answers ${status}, ${String(location)}`);
    }
  };
  direct.url = input;
  check('serve, called directly,', await requestRaw(direct.port, '/'));
  if (typeof input === 'string') {
    const target = `/${storage.staticFileURLPrefix}${input.startsWith('/') ? '' : '/'}${input}`;
    check('serve', await requestRaw(blog.port, target));
    check('serve, encoded,', await requestRaw(blog.port, encodeURI(target.toWellFormed())));
    check('serve, redirecting,', await requestRaw(redirecting.port, target));
  }
  const failures = [...blog.errors.splice(0), ...redirecting.errors.splice(0)];
  return [...complaints, ...failures.map((error) => `serve fails with ${inspect(error)}`)];
}

/** Returns the requests to S3, for objects or listings, that left the blog's own keys. */
function trespasses({ keyPrefix }: Blog): Complaints {
  return server.requests
    .map(({ operation, key, query }) => [operation, operation.startsWith('List') ? query.prefix : key])
    .filter(([, place = '']) => !place.startsWith(`${keyPrefix}/`))
    .map(([operation, place]) => `asks S3 for ${operation} of ${place}`);
}

/** Returns the files of other blogs that were changed or added. */
function damages({ keyPrefix }: Blog): Complaints {
  const isOthers = (key: string) => !key.startsWith(`${keyPrefix}/`);
  const objects = server.objects(BUCKET);
  const changed = originals.filter(([key, object]) => isOthers(key) && objects.get(key) !== object);
  const known = new Set(originals.map(([key]) => key));
  const added = [...objects.keys()].filter((key) => isOthers(key) && !known.has(key));
  return [...changed.map(([key]) => `changes ${key}`), ...added.map((key) => `adds ${key}`)];
}

/** Restores the bucket as it was before the attack. */
function restore(): void {
  const objects = server.objects(BUCKET);
  objects.clear();
  originals.forEach(([key, object]) => objects.set(key, object));
  server.requests.length = 0;
}

const visitor = fc.nat({ max: BLOGS.length - 1 }).chain((index) => {
  const surroundings: Surroundings = {
    cdnUrl: CDN_URL,
    ownPrefix: KEY_PREFIXES[index] ?? '',
    otherPrefixes: KEY_PREFIXES.filter((_, other) => other !== index),
    file: FILE,
  };
  return fc.tuple(fc.constant(index), hostileInput(surroundings));
});

test('no path, file name or URL gets out of a blog, reaches another one or brings it down, with any method', async () => {
  const outcomes = { requests: 0, saved: 0 };
  await fc.assert(
    fc.asyncProperty(visitor, async ([index, input]) => {
      const blog = blogs[index] as Blog;
      restore();
      const complaints = [...(await attack(blog, input)), ...(await visit(blog, input))];
      complaints.push(...trespasses(blog), ...damages(blog));
      complaints.push(...rejections.splice(0).map((reason) => `has an unhandled rejection: ${inspect(reason)}`));
      outcomes.requests += server.requests.length;
      outcomes.saved += server.requests.filter(({ operation }) => operation === 'PutObject').length;
      expect(complaints).toEqual([]);
    }),
    // Without a limit of its own, a run that Jest has given up would continue, against servers that are closed.
    {
      ...(RUNS as fc.Parameters<[[number, unknown]]>),
      interruptAfterTimeLimit: TIME_LIMIT_MS,
      markInterruptAsFailure: true,
    },
  );
  // If everything had been refused, the test would prove nothing.
  expect(outcomes.requests).toBeGreaterThan(2 * (RUNS.numRuns ?? 0));
  expect(outcomes.saved).toBeGreaterThan((RUNS.numRuns ?? 0) / 2);
});

test('every name in any script and of any length gets a URL whose name fits on a disk, also for its original', async () => {
  const blog = blogs[0] as Blog;
  let runs = 0;
  const readBack = async (url: string) => (await blog.storage.read({ path: blog.storage.urlToPath(url) })).toString();
  await fc.assert(
    fc.asyncProperty(oddName(), async (name) => {
      restore();
      // The process remembers which names of a directory are taken.
      const directory = `names/${(runs += 1)}`;
      const upload = await uploads.file(name, 'image');
      const promised = await blog.storage.getUniqueFileName(upload, directory);
      const url = await blog.storage.save(upload, directory);
      expect(url).toBe(`${CDN_URL}/content/images/${promised}`);
      const stored = path.posix.parse(decodeURIComponent(url));
      const original = `${stored.name}_o${stored.ext}`;
      const urls = [
        url,
        await blog.storage.save(await uploads.file(name, 'second'), directory),
        await blog.storage.save(await uploads.file(original, 'original'), directory),
        await blog.storage.save(await uploads.file(original, 'another'), directory),
      ];
      expect(path.posix.basename(urls[2] ?? '')).toBe(original);
      expect(await Promise.all(urls.map(readBack))).toEqual(['image', 'second', 'original', 'another']);
      for (const each of urls) {
        expect(Buffer.byteLength(path.posix.basename(decodeURIComponent(each)))).toBeLessThanOrEqual(255);
      }
      const sanitized = blog.storage.getSanitizedFileName(name);
      expect(Buffer.byteLength(`${sanitized}-${'0'.repeat(36)}.webp`)).toBeLessThanOrEqual(255);
    }),
    { ...(RUNS as fc.Parameters<[string]>), numRuns: Math.ceil((RUNS.numRuns ?? 0) / 5) },
  );
});
