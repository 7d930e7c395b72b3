import { Readable } from 'node:stream';
import path from 'node:path';
import type { Config } from '../core/config';
import type { ContentHeaders } from '../core/content-headers';
import { errors } from '../core/ghost-host';
import type { ObjectKeys } from '../core/object-keys';
import { Bucket, type ObjectAnswer, type ReadConditions } from '../core/s3/bucket';
import { Kept } from './kept';

/** The path of an image size, possibly in another format: `size/w600/format/webp/2026/11/x.jpg`. */
const SIZE_PATH = /^size\/[^/]+\/(?:format\/[^/]+\/)?(.+)$/;

/** The original of an image whose sizes are being created. */
interface Original {
  /** Its bytes; undefined when it does not exist. */
  bytes: Promise<Buffer | undefined>;
  kept: Kept;
  /** How many sizes are waiting for it. */
  readers: number;
}

/** A size that was just stored. */
interface StoredSize {
  answer: ObjectAnswer;
  kept: Kept;
}

/**
 * The bucket, with a cache of a few seconds, so that visitors wait less for S3 while Ghost creates a size.
 *
 * When a size is requested for the first time, Ghost checks whether it exists, checks whether the original exists,
 * reads the original, stores the size, and serves it: five requests, one after the other. This class reads the original
 * while Ghost looks up the size, and serves a size that was just stored from memory: three requests in two round trips.
 *
 * https://github.com/TryGhost/Ghost/blob/main/ghost/core/core/frontend/web/middleware/handle-image-sizes.js
 */
export class CachingBucket extends Bucket {
  private readonly originals = new Map<string, Original>();
  private readonly stored = new Map<string, StoredSize>();
  /**
   * Whether the last requested size did not exist. That is always true with a CDN that asks Ghost only for missing
   * sizes. Where Ghost is asked for all sizes, reading originals ahead would be useless.
   */
  private wasAbsent = true;

  constructor(
    config: Config,
    private readonly keys: ObjectKeys,
  ) {
    super(config);
  }

  /**
   * Like `exists`, from memory where possible. Uploads must not rely on that: they call `exists`, which always asks S3.
   */
  async existsOrIsKept(key: string): Promise<boolean> {
    const original = this.originals.get(key);
    if (original) {
      try {
        return (await original.bytes) !== undefined;
      } catch {
        // The request below fails with the reason.
        this.forget(key);
      }
    }
    const originalKey = this.originalOf(key);
    return originalKey === undefined ? this.existsForVisitor(key) : this.sizeExists(key, originalKey);
  }

  override async read(key: string): Promise<Buffer> {
    const original = this.originals.get(key);
    try {
      const bytes = await original?.bytes;
      if (bytes) {
        return bytes;
      }
    } catch {
      // The request below fails with the reason.
    } finally {
      this.release(key);
    }
    return super.read(key);
  }

  override getFor(visitor: AbortSignal, key: string, conditions: ReadConditions): Promise<ObjectAnswer> {
    const stored = conditions.Range === undefined ? this.stored.get(key) : undefined;
    if (!stored) {
      return super.getFor(visitor, key, conditions);
    }
    stored.kept.end();
    return Promise.resolve(stored.answer);
  }

  override async put(...write: Parameters<Bucket['put']>): Promise<string | undefined> {
    const [key, bytes, headers] = write;
    try {
      const etag = await super.put(...write);
      this.keep(key, bytes, headers, etag);
      return etag;
    } catch (error) {
      this.forget(key);
      throw error;
    }
  }

  override async delete(key: string): Promise<void> {
    await super.delete(key);
    this.forget(key);
  }

  /** Drops what is kept for a key that has changed. Parts of an upload do not pass through `put`. */
  forget(key: string): void {
    this.originals.get(key)?.kept.end();
    this.stored.get(key)?.kept.end();
  }

  /** Keeps a size that was just stored, as S3 would answer for it: it is served next. */
  private keep(key: string, bytes: Uint8Array, headers: ContentHeaders, etag: string | undefined): void {
    this.forget(key);
    if (this.originalOf(key) === undefined) {
      return;
    }
    const { ContentType, CacheControl, ContentDisposition, ContentEncoding } = headers;
    const answer: ObjectAnswer = {
      ContentType,
      CacheControl,
      ContentDisposition,
      ContentEncoding,
      ContentLength: bytes.byteLength,
      ETag: etag,
      // Uploads reuse their buffers.
      Body: Readable.from([Buffer.from(bytes)]),
      $metadata: {},
    };
    const kept = new Kept(() => this.stored.delete(key));
    this.stored.set(key, { answer, kept });
    kept.take(bytes.byteLength);
    kept.expire();
  }

  private async sizeExists(key: string, originalKey: string): Promise<boolean> {
    const isGuessed = this.wasAbsent;
    if (isGuessed) {
      this.readAhead(originalKey);
    }
    try {
      const isThere = await this.existsForVisitor(key);
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
    const kept = new Kept(() => {
      if (this.originals.get(key) === original) {
        this.originals.delete(key);
      }
      abort.abort();
    });
    const bytes = super
      .read(key, abort.signal, (length) => kept.take(length))
      .catch((error: unknown) => {
        if (error instanceof errors.NotFoundError) {
          return undefined;
        }
        throw error;
      });
    const original: Original = { bytes, kept, readers: 1 };
    this.originals.set(key, original);
    bytes.then(
      () => kept.expire(),
      () => kept.end(),
    );
  }

  /**
   * Ends one size's wait for an original. When no size waits for it, its bytes are dropped, and a request for them
   * ends.
   */
  private release(key: string): void {
    const original = this.originals.get(key);
    if (!original) {
      return;
    }
    original.readers -= 1;
    if (original.readers <= 0) {
      original.kept.end();
    }
  }

  /** @returns for a size, the key of the image as it was uploaded, which Ghost keeps next to the optimized one */
  private originalOf(key: string): string | undefined {
    const image = SIZE_PATH.exec(this.keys.pathOf(key))?.[1];
    if (image === undefined) {
      return undefined;
    }
    const { dir, name, ext } = path.posix.parse(image);
    return this.keys.keyOf(path.posix.join(dir, `${name}_o${ext}`));
  }
}
