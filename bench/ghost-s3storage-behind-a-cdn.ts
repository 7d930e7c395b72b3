// The same steps behind the same CDN, with the S3 storage that Ghost brings and with this adapter: a picture is uploaded,
// a post shows it, a reader opens the post in Chromium. Prints what the reader gets.
//
//   npm run build && npx tsx bench/ghost-s3storage-behind-a-cdn.ts
//
// Runs on Ghost 6, with an S3 in memory or the one that S3_TEST_ENDPOINT names.
import { fixture } from '../test/support/fixtures';
import { adapterConfig } from '../test/support/ghost/adapter-config';
import type { JsonObject } from '../test/support/ghost/config';
import { openBlogBehindCdn } from '../test/support/tls-cdn/blog';
import { openDoorsTo, type Visitors } from '../test/support/tls-cdn/visitors';

// The SDK would announce in the middle of the output that its versions of 2027 need a newer Node.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

type Options = { cdnUrl: string } & JsonObject;

const MIB = 1024 * 1024;

/** What each is configured with, from the same bucket, keys and CDN. */
const STORAGES: Record<string, (options: Options) => JsonObject> = {
  "Ghost's S3Storage": ghostStorageConfig,
  S3CloudFrontStorage: adapterConfig,
};

/** As Ghost documents it: https://docs.ghost.org/config */
function ghostStorageConfig({ cdnFallbackSecret: _ofOurs, ...options }: Options): JsonObject {
  const { cdnUrl } = options;
  const limits = { multipartUploadThresholdBytes: 10 * MIB, multipartChunkSizeBytes: 10 * MIB };
  return {
    storage: {
      active: 'S3Storage',
      media: { adapter: 'S3Storage', staticFileURLPrefix: 'content/media' },
      files: { adapter: 'S3Storage', staticFileURLPrefix: 'content/files' },
      S3Storage: { staticFileURLPrefix: 'content/images', ...limits, ...options },
    },
    urls: { image: cdnUrl, media: cdnUrl, files: cdnUrl },
  };
}

/** What is compared, line by line: a label and what it came to. */
type Results = [label: string, result: string][];

async function tryOut(configOf: (options: Options) => JsonObject): Promise<Results> {
  const blog = await openBlogBehindCdn({ version: '6', configOf });
  const visitors = await openDoorsTo(blog.cdn);
  try {
    const picture = await blog.admin.uploadImage(fixture('landscape.jpg'));
    const post = await blog.admin.createPost({
      title: 'A lake',
      feature_image: picture,
      html: '',
      status: 'published',
    });

    const visitor = await visitors.arrive();
    await visitor.page.goto(post.url, { waitUntil: 'networkidle' });
    const shown = await visitor.page.evaluate<boolean>(
      `[...document.images].find(({ src }) => src.endsWith('/landscape.jpg')).naturalWidth > 0`,
    );
    const srcset = await visitor.page.locator('img[src$="/landscape.jpg"]').first().getAttribute('srcset');
    const candidates = (srcset ?? '').split(',').map((candidate) => candidate.trim().split(/\s/)[0] ?? '');
    const webp = `${blog.cdn.url}/content/images/size/w600/format/webp/${blog.month}/landscape.jpg`;

    const results: Results = [['picture in the post', shown ? 'shown' : 'broken']];
    for (const url of [...candidates, webp, picture]) {
      results.push([new URL(url).pathname.replace('/content/images', ''), await open(visitors, url)]);
    }
    const requests = await blog.cdn.requests();
    const redirects = requests.filter(({ status }) => status >= 300 && status <= 399).length;
    results.push(['redirects from the CDN', `${redirects} of ${requests.length} answers`]);

    await blog.cdn.clearCache();
    for (const url of [candidates[0] ?? '', webp]) {
      const { pathname } = new URL(url);
      const { status, headers } = await blog.cdn.request(pathname);
      const label = `${pathname.replace('/content/images', '')}, CDN emptied`;
      results.push([label, `${status} ${headers['content-type']}`]);
    }
    return results;
  } finally {
    await visitors.close();
    await blog.close();
  }
}

/** What the browser makes of a URL that is opened on its own. */
async function open(visitors: Visitors, url: string): Promise<string> {
  const visitor = await visitors.arrive();
  try {
    const answer = await visitor.page.goto(url);
    return `${answer?.status()} ${answer?.headers()['content-type']}`;
  } catch (error) {
    return /net::ERR_\w+/.exec((error as Error).message)?.[0] ?? String(error);
  } finally {
    await visitor.close();
  }
}

async function main(): Promise<void> {
  const columns: { name: string; results: Results }[] = [];
  for (const [name, configOf] of Object.entries(STORAGES)) {
    console.log(`Ghost 6 with ${name} …`);
    columns.push({ name, results: await tryOut(configOf) });
  }
  const labels = columns[0]?.results.map(([label]) => label) ?? [];
  const rows = [
    ['behind the CDN', ...columns.map(({ name }) => name)],
    ...labels.map((label, row) => [label, ...columns.map(({ results }) => results[row]?.[1] ?? '')]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  console.log();
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
