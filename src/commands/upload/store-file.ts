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

/** The prefixes of Ghost's features, whose rules for content types apply. */
const AS_IMAGE = 'content/images';
const AS_FILE = 'content/files';

/** Types that browsers show, rather than save under a name. */
const SHOWN_TYPE = /^(image|audio|video|text)\/|^application\/pdf$/;

/** How many names are tried. Each further one was taken by another upload in the meantime. */
const MAX_NAMES = 10;

/** How an upload is followed, and stopped. */
export interface Watch {
  signal: AbortSignal;
  /** Bytes were read, in order to be sent. */
  read: (bytes: number) => void;
}

/**
 * Stores a file under its own name or the next free one.
 *
 * @param name as the user wrote it, of which the last part counts
 * @returns the key and the URL
 * @throws a Ghost error of the adapter's core, FileChanged, or the reason of the signal. Nothing is stored then, and
 * whatever had the name before is unchanged.
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

/** Reads a small file at once, and lets a large one be read part by part. */
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
    // Another upload of this command may be sending the number after the last one that is listed.
    const next = await names.nextNumber();
    last = Math.max(next ?? 0, last + 1);
    key = next === undefined || count === MAX_NAMES - 1 ? names.random() : names.numbered(last);
  }
  throw new Failure(`No free name was found for ${names.plain()}.`, 'Upload it again, preferably under another name.');
}

/**
 * Returns the headers of a file. Its type is that of an image in Ghost, so that SVGs are shown; what would be unknown
 * among images gets the type of a download, so that HTML, scripts and the like are shown as text.
 */
function headersOf(config: Config, name: string, start: Uint8Array): ContentHeaders {
  const asImage = contentTypeOf(name, AS_IMAGE, undefined, start);
  const type = asImage === UNKNOWN_TYPE ? contentTypeOf(name, AS_FILE, undefined, start) : asImage;
  // Nothing here is replaced, as Ghost replaces thumbnails in a folder called "media".
  return contentHeaders({ ...config, staticFileURLPrefix: AS_IMAGE }, randomUUID(), type, {
    disposition: SHOWN_TYPE.test(type) ? undefined : contentDispositionOf(name, AS_FILE),
    encoding: contentEncodingOf(name, type, start),
  });
}

const isOfFile = (error: unknown) => error instanceof Failure || (error as Error).name === 'FileChanged';
