import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createPng } from '../../../src/commands/doctor/png';
import type { InMemoryS3 } from '../in-memory-s3';
import type { StoredObject } from '../in-memory-s3/types';

/** The files of a blog, by their paths below `content`. */
const FILES: Record<string, string> = {
  'images/2013/09/own-oldest.png': 'image/png',
  'images/2019/01/own-first.png': 'image/png',
  'images/2019/02/own-second.png': 'image/png',
  'images/2024/07/own-third.png': 'image/png',
  'images/2026/11/own-newest.png': 'image/png',
  'images/size/w600/2026/11/own-newest.png': 'image/png',
  'media/2026/11/own-clip.mp4': 'video/mp4',
  'files/2026/11/own-book.pdf': 'application/pdf',
};

const pngs = new Map<string, Buffer>();

/** Returns the same image for the same name. */
function bytesOf(file: string): Buffer {
  const name = path.basename(file);
  const png = pngs.get(name) ?? createPng(name);
  pngs.set(name, png);
  return png;
}

/** Objects that were uploaded in this process, by key and type: every blog of a test file has the same. */
const uploaded = new Map<string, StoredObject>();

/** The files of a blog on its disk and in its bucket, which are the same at first. */
export interface BlogFiles {
  /** Ghost's content folder. */
  content: string;
  /** Their paths below `content`. */
  paths: string[];
  /** Their keys in the bucket, in the order of `paths`. */
  keys: string[];
  objects: ReturnType<InMemoryS3['objects']>;
  /** Adds a file to the disk. */
  write(file: string, bytes?: Buffer): Promise<void>;
  /** Stores an object, of the type if given. */
  store(file: string, type?: string, bytes?: Buffer): Promise<void>;
  /** Deletes everything from the disk, whose folders stay. */
  emptyDisk(): Promise<void>;
}

/**
 * Gives a blog some images, one of them with a size, a video and a document.
 *
 * @param prefix of the keys, where several blogs share the bucket
 */
export async function storeBlog(
  s3: InMemoryS3,
  bucket: string,
  { content, prefix }: { content: string; prefix?: string },
): Promise<BlogFiles> {
  const { endpoint, region, credentials } = s3;
  s3.createBucket('own-files');
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const keyOf = (file: string) => [prefix, 'content', file].filter(Boolean).join('/');
  const files: BlogFiles = {
    content,
    paths: Object.keys(FILES),
    keys: Object.keys(FILES).map(keyOf),
    objects: s3.objects(bucket),
    async write(file, bytes = bytesOf(file)) {
      await mkdir(path.dirname(path.join(content, file)), { recursive: true });
      await writeFile(path.join(content, file), bytes);
    },
    async store(file, ContentType, given) {
      const Key = keyOf(file);
      const known = given ? undefined : uploaded.get(`${Key} ${ContentType}`);
      if (known) {
        files.objects.set(Key, known);
        return;
      }
      const Body = given ?? bytesOf(file);
      // By way of a bucket that refuses nothing, wherever the other one is.
      await client.send(new PutObjectCommand({ Bucket: 'own-files', Key, Body, ContentType }));
      const object = s3.objects('own-files').get(Key);
      if (!object) return;
      files.objects.set(Key, object);
      if (!given) uploaded.set(`${Key} ${ContentType}`, object);
    },
    async emptyDisk() {
      for (const feature of ['images', 'media', 'files']) {
        await rm(path.join(content, feature), { recursive: true });
        await mkdir(path.join(content, feature));
      }
    },
  };
  for (const [file, type] of Object.entries(FILES)) {
    await files.write(file);
    await files.store(file, type);
  }
  s3.requests.length = 0;
  return files;
}
