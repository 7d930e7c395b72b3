import type { Config } from './config';
import {
  contentDispositionOf,
  contentHeaders,
  contentTypeOf,
  contentTypeOfRaw,
  type ContentHeaders,
} from './content-headers';
import { splitFileName } from './file-names';
import { errors, logging, warnOnce } from './ghost-host';
import type { Invalidations } from './invalidation';
import { uploadInParts } from './multipart-upload';
import type { ObjectKeys } from './object-keys';
import { connect, isAwsEndpoint, type Bucket } from './s3';
import { isNotImplemented, isTaken } from './s3-errors';
import { UniqueNames } from './unique-name';
import { bytesOf, OpenedFile, sizeOf, type UploadedFile } from './uploaded-file';

/** From this size on, in bytes, it is asked whether a name is free before the bytes are sent, perhaps in vain. */
const MIN_BYTES_TO_ASK_FIRST = 1024 * 1024;

/** Writes the bytes under a key, and refuses a taken one if asked to. */
type Write = (key: string, onlyIfFree: boolean) => Promise<void>;

/** Providers (endpoint and bucket) that have answered a conditional write with 501. */
const withoutConditionalWrites = new Set<string>();

/** Keys that this process writes at this moment to a provider without conditional writes. */
const beingWritten = new Set<string>();

/** Puts uploads into the bucket, each under a name that nothing had before. */
export class Uploads {
  constructor(
    private readonly config: Config,
    private readonly bucket: Bucket,
    private readonly keys: ObjectKeys,
    private readonly invalidations: Invalidations | undefined,
  ) {}

  /**
   * Stores an upload under its own name, or the next free one.
   *
   * That the name is free is S3's word and not ours: several Ghosts may write to one bucket, so only a write that S3
   * refuses when the key exists (`If-None-Match: *`) keeps two uploads apart.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
   *
   * @param file what Ghost passes; the bytes are those at its `path`
   * @param directory below the prefix, `2026/11`
   * @returns the key that the upload has got
   * @throws one of Ghost's errors when it is not stored: whatever had the name before is as it was
   */
  async store(file: UploadedFile, directory: string): Promise<string> {
    const name = splitFileName(file.name);
    const names = new UniqueNames(this.bucket, this.keys, directory, name);
    const prefix = this.config.staticFileURLPrefix;
    const type = contentTypeOf(`${name.stem}${name.extension}`, prefix, file.type);
    const headers = contentHeaders(this.config, type, contentDispositionOf(file.name, prefix));

    const size = await sizeOf(file);
    const key =
      size < this.config.multipartUploadThresholdBytes
        ? await this.storeSmall(file, size, names, headers)
        : await this.storeLarge(file, size, names, headers);
    this.invalidations?.stored(this.keys.toUrl(key));
    return key;
  }

  /**
   * Stores bytes under exactly the path that Ghost names, over what may be there: Ghost makes the sizes of an image
   * again when a theme changes.
   *
   * @returns the key
   */
  async storeRaw(bytes: Uint8Array, relativePath: string): Promise<string> {
    const key = this.keys.keyOf(relativePath);
    const headers = contentHeaders(this.config, contentTypeOfRaw(relativePath, this.config.staticFileURLPrefix));
    try {
      // Only with a distribution to tell does it matter whether something was there: a new size costs no invalidation.
      if (!this.invalidations || !(await this.putIfFree(key, bytes, headers))) {
        await this.bucket.put(key, bytes, headers, false);
        this.invalidations?.overwritten(this.keys.toUrl(key));
      }
    } catch (error) {
      throw this.bucket.explain(error, 'PutObject', key);
    }
    return key;
  }

  /** @returns false when the key is taken, or the provider cannot say so */
  private async putIfFree(key: string, bytes: Uint8Array, headers: ContentHeaders): Promise<boolean> {
    try {
      await this.bucket.put(key, bytes, headers, true);
      return true;
    } catch (error) {
      if (isTaken(error) || isNotImplemented(error)) {
        return false;
      }
      throw error;
    }
  }

  private async storeSmall(
    file: UploadedFile,
    size: number,
    names: UniqueNames,
    headers: ContentHeaders,
  ): Promise<string> {
    const body = await bytesOf(file);
    return this.claim(names, size, (key, onlyIfFree) => this.bucket.put(key, body, headers, onlyIfFree));
  }

  /**
   * Finds a free name and writes to it: at most four requests, whatever the number of taken names.
   *
   * @param size of what is written, in bytes
   * @returns the key
   */
  private async claim(names: UniqueNames, size: number, write: Write): Promise<string> {
    const plain = this.keys.keyOf(names.plain());
    // AWS keeps its word on conditions. Another provider may ignore them without a word: asking first then at least
    // keeps what is there.
    const asksFirst = !isAwsEndpoint(this.config.endpoint) || size >= MIN_BYTES_TO_ASK_FIRST;
    const wasFree = !(asksFirst && this.hasConditionalWrites() && (await this.bucket.exists(plain)));
    if (wasFree && (await this.writeIfFree(plain, write))) {
      return plain;
    }
    // Lost to another upload in the moment since it was asked: a number would be lost the same way.
    const attempts = asksFirst && wasFree ? [] : [() => names.numbered()];
    attempts.push(() => Promise.resolve(names.random()));
    for (const attempt of attempts) {
      const key = this.keys.keyOf(await attempt());
      if (await this.writeIfFree(key, write)) {
        return key;
      }
    }
    throw new errors.InternalServerError({
      message: `No free name was found for the upload "${names.plain()}".`,
      code: 'STORAGE_NAME_TAKEN',
      help: 'Nothing was stored. Upload it again, best under another name.',
    });
  }

  /** @returns false when the key is taken */
  private async writeIfFree(key: string, write: Write): Promise<boolean> {
    if (this.hasConditionalWrites()) {
      try {
        await write(key, true);
        return true;
      } catch (error) {
        if (isTaken(error)) {
          return false;
        }
        if (!isNotImplemented(error)) {
          throw this.bucket.explain(error, 'PutObject', key);
        }
        this.giveUpConditionalWrites();
      }
    }
    return this.writeAfterAsking(key, write);
  }

  /** For providers without conditional writes: safe among the uploads of this process, and all that can be had. */
  private async writeAfterAsking(key: string, write: Write): Promise<boolean> {
    const identity = `${this.provider()} ${key}`;
    if (beingWritten.has(identity)) {
      return false;
    }
    beingWritten.add(identity);
    try {
      if (await this.bucket.exists(key)) {
        return false;
      }
      await write(key, false).catch((error: unknown) => {
        throw this.bucket.explain(error, 'PutObject', key);
      });
      return true;
    } finally {
      beingWritten.delete(identity);
    }
  }

  private provider(): string {
    return `${this.config.endpoint} ${this.config.bucket}`;
  }

  private hasConditionalWrites(): boolean {
    return !withoutConditionalWrites.has(this.provider());
  }

  private giveUpConditionalWrites(): void {
    withoutConditionalWrites.add(this.provider());
    warnOnce(
      `S3CloudFrontStorage: ${this.config.endpoint} has no conditional writes. Uploads of a name that is taken get a ` +
        'random suffix; run only one Ghost process on this bucket.',
    );
  }

  /**
   * Claims the name with an empty object before the bytes are sent, and writes over that: losing the race for the name
   * at the end would cost the whole upload, and some providers ignore a condition on the completion. What fails leaves
   * neither parts nor the empty object.
   */
  private async storeLarge(
    file: UploadedFile,
    size: number,
    names: UniqueNames,
    headers: ContentHeaders,
  ): Promise<string> {
    const opened = await OpenedFile.open(file);
    try {
      const key = await this.claim(names, 0, (claimed, onlyIfFree) =>
        this.bucket.put(claimed, new Uint8Array(), headers, onlyIfFree),
      );
      try {
        await uploadInParts(await connect(this.config), this.config, key, opened, size, headers);
      } catch (error) {
        await this.bucket.delete(key).catch((deleteError: Error) => {
          logging.error(
            `S3CloudFrontStorage: an empty object stays at "${key}" after a failed upload: ${deleteError.message}`,
          );
        });
        throw error instanceof errors.InternalServerError ? error : this.bucket.explain(error, 'MultipartUpload', key);
      }
      return key;
    } finally {
      await opened.close();
    }
  }
}
