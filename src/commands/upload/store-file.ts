import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Config } from '../../core/config';
import { contentDispositionOf, contentHeaders, type ContentHeaders } from '../../core/content-headers';
import { contentEncodingOf, contentTypeOf, TELLING_BYTES, UNKNOWN_TYPE } from '../../core/content-types';
import { splitFileName } from '../../core/file-names';
import { ObjectKeys } from '../../core/object-keys';
import { Bucket } from '../../core/s3/bucket';
import { uploadInParts } from '../../core/s3/multipart-upload';
import { type Content, storeIfFree } from '../../core/s3/store';
import { takeBuffer } from '../../core/s3/upload-limit';
import { UploadNames } from '../../core/s3/upload-names';
import { Failure } from '../../shell/failure';
import type { ChosenFile } from './chosen-file';
import type { Destination } from './image-server';

/** The path prefixes of two Ghost features; their rules for content types apply. */
const AS_IMAGE = 'content/images';
const AS_FILE = 'content/files';

/** Content types that browsers display and do not save as a download. */
const SHOWN_TYPE = /^(image|audio|video|text)\/|^application\/pdf$/;

/** How many names to try before giving up: another upload can take a name at any time. */
const MAX_NAMES = 10;

/** Reports an upload's progress and stops it. */
export interface Watch {
  signal: AbortSignal;
  /** Called with the number of bytes that were just read for sending. */
  read: (bytes: number) => void;
}

/**
 * Stores a file under its own name or the next free one.
 *
 * @param name path as the user wrote it; only its last part is used
 * @returns the key and the URL
 * @throws a Ghost error of the adapter's core, FileChanged, or the signal's reason. Then nothing is stored, and an
 * existing file of that name is unchanged.
 */
export async function storeFile(
  { config, directory }: Destination,
  name: string,
  file: ChosenFile,
  watch: Watch,
): Promise<{ key: string; url: string }> {
  const bucket = new Bucket(config);
  const keys = new ObjectKeys(config);
  const base = path.basename(name);
  const names = new UploadNames(bucket, keys, directory, splitFileName(base));
  const key = await withContent(bucket, base, file, watch, async (content) => {
    try {
      return await storeAsFree(bucket, names, content, watch.signal);
    } catch (error) {
      watch.signal.throwIfAborted();
      throw isOfFile(error) ? error : bucket.explain(error, 'PutObject', names.plain());
    }
  });
  return { key, url: keys.toUrl(key) };
}

/** Reads a small file in one go and a large one part by part. */
async function withContent<T>(
  bucket: Bucket,
  name: string,
  file: ChosenFile,
  { signal, read }: Watch,
  store: (content: Content) => Promise<T>,
): Promise<T> {
  const { config } = bucket;
  const { bytes: size } = file;
  const fill = async (buffer: Buffer, position: number) => {
    signal.throwIfAborted();
    await file.fill(buffer, position);
    signal.throwIfAborted();
    read(buffer.byteLength);
  };
  if (size >= config.multipartUploadThresholdBytes) {
    const start = Buffer.alloc(Math.min(size, TELLING_BYTES));
    await file.fill(start, 0);
    const headers = headersOf(config, name, start);
    return store({
      size,
      headers,
      write: (key, options) => uploadInParts(bucket, key, { size, fill }, headers, options),
    });
  }
  const { buffer, giveBack } = await takeBuffer(config, size);
  let isSent = false;
  try {
    await fill(buffer, 0);
    const headers = headersOf(config, name, buffer.subarray(0, TELLING_BYTES));
    const result = await store({
      size,
      headers,
      bytes: buffer,
      write: (key, options) => bucket.put(key, buffer, headers, options),
    });
    isSent = true;
    return result;
  } finally {
    giveBack(isSent);
  }
}

/** @returns the key */
async function storeAsFree(bucket: Bucket, names: UploadNames, content: Content, signal: AbortSignal): Promise<string> {
  let key = names.plain();
  let last = 0;
  for (let count = 1; count <= MAX_NAMES; count += 1) {
    signal.throwIfAborted();
    if ((await storeIfFree(bucket, key, content, { known: count === 1 ? 'unknown' : 'new' })) === 'stored') {
      return key;
    }
    // Another upload of this command may already be using the number after the last one listed.
    const next = await names.nextNumber();
    last = Math.max(next ?? 0, last + 1);
    key = next === undefined || count === MAX_NAMES - 1 ? names.random() : names.numbered(last);
  }
  throw new Failure(`No free name was found for ${names.plain()}.`, 'Upload it again, preferably under another name.');
}

/**
 * Returns the headers of a file. It gets the content type of an image in Ghost, so that browsers display SVGs. A file that
 * is not an image gets the type of a download in Ghost, so that browsers display HTML, scripts and the like as text.
 */
function headersOf(config: Config, name: string, start: Uint8Array): ContentHeaders {
  const asImage = contentTypeOf(name, AS_IMAGE, undefined, start);
  const type = asImage === UNKNOWN_TYPE ? contentTypeOf(name, AS_FILE, undefined, start) : asImage;
  // The image prefix, because files are never replaced here, unlike Ghost's thumbnails among the media.
  return contentHeaders({ ...config, staticFileURLPrefix: AS_IMAGE }, randomUUID(), type, {
    disposition: SHOWN_TYPE.test(type) ? undefined : contentDispositionOf(name, AS_FILE),
    encoding: contentEncodingOf(name, type, start),
  });
}

const isOfFile = (error: unknown) => error instanceof Failure || (error as Error).name === 'FileChanged';
