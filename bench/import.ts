import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { ZipFile } from 'yazl';
import { fixture } from '../test/support/fixtures';
import type { Post } from '../test/support/ghost/admin-api';
import type { GhostInstall } from '../test/support/ghost/install';
import type { Benchmark } from './support/benchmark';
import { type BenchBlog, startBlog } from './support/blog';
import { publish, type Row } from './support/results';
import { FROM_A_VPS, onAws, type S3Server, startS3Server } from './support/s3-server';
import { median } from './support/statistics';
import type { AdapterName } from './support/storages';

const NAMES: AdapterName[] = ['S3CloudFrontStorage', "Ghost's S3Storage"];
/** Most of an import is work of Ghost itself, whose time and memory differ from one import to the next. */
const ROUNDS = 7;
const IMAGES = 1_000;
const IMAGES_OF_A_MONTH = 100;
/** About as many as an image in a blog has. */
const IMAGE_BYTES = 200_000;
const CDN_URL = 'https://images.example.com';
const BUCKET = 'bench-import';
const TITLE = 'A thousand images';
/** An import that has no post after this time (ms) counts as failed. */
const TIMEOUT_MS = 900_000;
const POLL_MS = 200;

/** Measures the import of a zip of another blog into a real Ghost, several times in turn, with the bucket 20 ms away. */
export const zipImport: Benchmark = async ({ ghost }) => {
  const images = drawImages();
  const zip = await exportedZip([...images.keys()], images);
  const imports = new Map<AdapterName, Import[]>(NAMES.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of NAMES) {
      imports.get(name)?.push(await measure(name, ghost, images, zip));
    }
  }
  const rows = [...imports].map(([name, measured]) => rowOf(name, measured));
  const title = `Importing a zip with ${IMAGES.toLocaleString('en-US')} images into Ghost, S3 20 ms away`;
  publish({ id: 'import', title, rows, compared: 'seconds', moreIsBetter: false }, ghost.version);
};

/** Returns images by their paths in the zip. No two are the same, and each month has the same names. */
function drawImages(): Map<string, Buffer> {
  const photo = Buffer.from(fixture('landscape.jpg').bytes);
  const images = new Map<string, Buffer>();
  for (let index = 0; index < IMAGES; index += 1) {
    const month = String(Math.floor(index / IMAGES_OF_A_MONTH) + 1).padStart(2, '0');
    const rest = randomBytes(Math.max(16, IMAGE_BYTES - photo.length));
    images.set(`content/images/2020/${month}/photo-${index % IMAGES_OF_A_MONTH}.jpg`, Buffer.concat([photo, rest]));
  }
  return images;
}

/** Returns what Ghost's own export looks like, with its content folder next to it. */
async function exportedZip(paths: string[], images: Map<string, Buffer>): Promise<Buffer> {
  const size = { width: 1600, height: 1000 };
  const children = paths.map((path) => ({ type: 'image', version: 1, src: `__GHOST_URL__/${path}`, ...size }));
  const root = { type: 'root', version: 1, children, direction: null, format: '', indent: 0 };
  const post = { id: 'a', title: TITLE, slug: 'images', status: 'published', lexical: JSON.stringify({ root }) };
  const exported = { db: [{ meta: { exported_on: Date.now(), version: '6.0.0' }, data: { posts: [post] } }] };
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(JSON.stringify(exported)), 'blog.ghost.json');
  for (const [path, bytes] of images) {
    zip.addBuffer(bytes, path, { compress: false });
  }
  zip.end();
  return buffer(zip.outputStream);
}

/** What one import took. */
interface Import {
  /** Undefined without a post at the end. */
  seconds: number | undefined;
  peakMegabytes: number;
  extraMegabytes: number;
  lost: number;
}

/** Returns the medians of the imports, and the largest number of images that one of them has lost. */
function rowOf(name: AdapterName, imports: Import[]): Row {
  const seconds = imports.flatMap((one) => one.seconds ?? []);
  const failed = imports.length - seconds.length;
  return {
    name,
    values: {
      seconds: failed > 0 ? undefined : median(seconds),
      'memory, MB': median(imports.map(({ peakMegabytes }) => peakMegabytes)),
      'more than before, MB': median(imports.map(({ extraMegabytes }) => extraMegabytes)),
      lost: Math.max(...imports.map(({ lost }) => lost)),
    },
    remark: failed > 0 ? `no post after ${TIMEOUT_MS / 1000} s, in ${failed} of ${imports.length}` : undefined,
  };
}

async function measure(
  name: AdapterName,
  install: GhostInstall,
  images: Map<string, Buffer>,
  zip: Buffer,
): Promise<Import> {
  // It verifies what it gets, so that ETags are digests.
  const server = await startS3Server(FROM_A_VPS);
  try {
    await server.createBucket(BUCKET);
    const blog = await startBlog(name, install, onAws(server, BUCKET), { cdnUrl: CDN_URL });
    try {
      const before = resetPeakMemory(blog.ghost.pid);
      const begin = performance.now();
      await blog.admin.importContent({ name: 'blog.zip', type: 'application/zip', bytes: zip });
      const post = await importedPost(blog);
      const seconds = (performance.now() - begin) / 1000;
      const peakMegabytes = peakMemory(blog.ghost.pid);
      const lost = post ? await countLost(server, post, images) : IMAGES;
      return { seconds: post && seconds, peakMegabytes, extraMegabytes: peakMegabytes - before, lost };
    } finally {
      await blog.stop();
    }
  } finally {
    await server.close();
  }
}

/** Waits for the imported post, which Ghost creates after it has stored the images. */
async function importedPost({ admin }: BenchBlog): Promise<Post | undefined> {
  for (const end = performance.now() + TIMEOUT_MS; performance.now() < end; await sleep(POLL_MS)) {
    const post = (await admin.listPosts()).find(({ html }) => html.includes('photo-0'));
    if (post) {
      return post;
    }
  }
  return undefined;
}

/** Returns how many images are not at the URLs that the post has for them. */
async function countLost(server: S3Server, post: Post, images: Map<string, Buffer>): Promise<number> {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const stored = new Map<string, string | undefined>();
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: BUCKET })) {
    for (const { Key = '', ETag } of Contents) {
      stored.set(Key, ETag?.replaceAll('"', ''));
    }
  }
  client.destroy();
  const { root } = JSON.parse(post.lexical) as { root: { children: { src: string }[] } };
  // The cards of the post are in the order of the zip.
  return [...images.values()].filter((bytes, index) => {
    const key = new URL(root.children[index]?.src ?? 'none:').pathname.replace(/^\//, '');
    return stored.get(decodeURIComponent(key)) !== createHash('md5').update(bytes).digest('hex');
  }).length;
}

/** Has Linux measure the peak of a process's memory from now on, and returns its memory now, in MB. */
function resetPeakMemory(pid: number): number {
  const RESET_PEAK = '5';
  writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
  return peakMemory(pid);
}

function peakMemory(pid: number): number {
  const [, kilobytes = 'NaN'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kilobytes) * 1024) / 1e6;
}
