import { Readable } from 'node:stream';
import path from 'node:path';
import type { ContentHeaders } from '../core/content-headers';
import { errors } from '../core/ghost-host';
import type { ObjectKeys } from '../core/object-keys';
import type { Bucket, ObjectAnswer } from '../core/s3/bucket';

/** A picture in a size, perhaps in another format: `size/w600/format/webp/2026/11/x.jpg`. */
const SIZE_OF = /^size\/[^/]+\/(?:format\/[^/]+\/)?(.+)$/;

/**
 * So long what was read or stored waits to be asked for, in milliseconds. Ghost asks at once; the rest is for a
 * process that is busy.
 */
const KEPT_MS = 10_000;

/** The original of a picture of which a size is being made. */
interface Original {
  /** Its bytes; undefined when there is none. */
  bytes: Promise<Buffer | undefined>;
  abort: AbortController;
  /** How many sizes are being made of it at the moment. */
  readers: number;
}

/** Bytes that have just been stored, and what was stored with them. */
interface Stored {
  bytes: Uint8Array;
  headers: ContentHeaders;
  etag?: string;
}

/**
 * Saves Ghost from waiting for S3 while a visitor waits for a size.
 *
 * For a size that is asked for the first time, Ghost asks whether it is there, asks whether the original is there, reads
 * it, stores the size, and has it served: five requests, one after the other. The original is read while the size is
 * looked for, and what was just stored is served from memory: three requests in two waits.
 *
 * https://github.com/TryGhost/Ghost/blob/main/ghost/core/core/frontend/web/middleware/handle-image-sizes.js
 */
export class SizesOnDemand {
  private readonly originals = new Map<string, Original>();
  private readonly stored = new Map<string, Stored>();
  /**
   * Whether the size asked for before was not there. Behind a CDN that asks Ghost only for those this is always so; where
   * Ghost is asked for all of them, originals would be read in vain.
   */
  private wasAbsent = true;

  constructor(
    private readonly bucket: Bucket,
    private readonly keys: ObjectKeys,
  ) {}

  /** `exists` of the adapter. */
  async exists(key: string): Promise<boolean> {
    const original = this.originals.get(key);
    if (original) {
      try {
        return (await original.bytes) !== undefined;
      } catch {
        // Asked again, it says why.
        this.forget(key);
      }
    }
    const originalKey = this.originalOf(key);
    return originalKey === undefined ? this.bucket.exists(key) : this.sizeExists(key, originalKey);
  }

  /** `read` of the adapter. */
  async read(key: string): Promise<Buffer> {
    const original = this.originals.get(key);
    try {
      const bytes = await original?.bytes;
      if (bytes) {
        return bytes;
      }
    } catch {
      // Asked again, it says why.
    } finally {
      this.release(key);
    }
    return this.bucket.read(key);
  }

  /** A key has been stored or deleted: what was read of it before is out of date. */
  forget(key: string): void {
    this.originals.delete(key);
    this.stored.delete(key);
  }

  /** A size has been stored, which is going to be served next. */
  keep(key: string, stored: Stored): void {
    this.forget(key);
    if (this.originalOf(key) !== undefined) {
      this.stored.set(key, stored);
      setTimeout(() => this.stored.get(key) === stored && this.stored.delete(key), KEPT_MS).unref();
    }
  }

  /** @returns what S3 would answer for a size that has just been stored; undefined the second time */
  take(key: string): Partial<ObjectAnswer> | undefined {
    const stored = this.stored.get(key);
    this.stored.delete(key);
    if (!stored) {
      return undefined;
    }
    const { ContentType, CacheControl, ContentDisposition } = stored.headers;
    return {
      ContentType,
      CacheControl,
      ContentDisposition,
      ContentLength: stored.bytes.byteLength,
      ETag: stored.etag,
      Body: Readable.from([stored.bytes]),
    };
  }

  private async sizeExists(key: string, originalKey: string): Promise<boolean> {
    const isGuessed = this.wasAbsent;
    if (isGuessed) {
      this.readAhead(originalKey);
    }
    try {
      const isThere = await this.bucket.exists(key);
      this.wasAbsent = !isThere;
      if (isThere && isGuessed) {
        this.release(originalKey);
      } else if (!isThere && !isGuessed) {
        this.readAhead(originalKey);
      }
      return isThere;
    } catch (error) {
      if (isGuessed) {
        this.release(originalKey);
      }
      throw error;
    }
  }

  private readAhead(key: string): void {
    const known = this.originals.get(key);
    if (known) {
      known.readers += 1;
      return;
    }
    const abort = new AbortController();
    const bytes = this.bucket.read(key, abort.signal).catch((error: unknown) => {
      if (error instanceof errors.NotFoundError) {
        return undefined;
      }
      throw error;
    });
    const original: Original = { bytes, abort, readers: 1 };
    this.originals.set(key, original);
    const drop = () => this.originals.get(key) === original && this.originals.delete(key);
    bytes.then(() => setTimeout(drop, KEPT_MS).unref(), drop);
  }

  /** One size less is made of an original; of the last one, its bytes are no longer wanted. */
  private release(key: string): void {
    const original = this.originals.get(key);
    if (!original) {
      return;
    }
    original.readers -= 1;
    if (original.readers <= 0) {
      this.originals.delete(key);
      original.abort.abort();
    }
  }

  /** @returns the key of the picture as it was uploaded, which Ghost keeps beside the one it has optimized */
  private originalOf(key: string): string | undefined {
    const picture = SIZE_OF.exec(this.keys.pathOf(key))?.[1];
    if (picture === undefined) {
      return undefined;
    }
    const { dir, name, ext } = path.posix.parse(picture);
    return this.keys.keyOf(path.posix.join(dir, `${name}_o${ext}`));
  }
}
