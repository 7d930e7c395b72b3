import { randomUUID } from 'node:crypto';
import type { Config } from '../core/config';
import {
  contentDispositionOf,
  contentHeaders,
  type ContentHeaders,
  contentTypeOf,
  contentTypeOfRaw,
} from '../core/content-headers';
import { NAME_TAKEN } from '../core/error-codes';
import { splitFileName } from '../core/file-names';
import { errors, warnOnce } from '../core/ghost-host';
import type { Invalidations } from '../core/invalidation';
import { isInMonth, type ObjectKeys } from '../core/object-keys';
import type { Bucket } from '../core/s3/bucket';
import { conditionalWritesOf, explainConditionalWrites, hasConditionalWrites } from '../core/s3/conditional-writes';
import { isNotImplemented, isTaken } from '../core/s3/errors';
import { uploadInParts } from '../core/s3/multipart-upload';
import { OpenedFile, type UploadedFile } from '../core/s3/opened-file';
import { type Content, type Outcome, storeIfFree } from '../core/s3/store';
import { inTurn, takeBuffer } from '../core/s3/upload-limit';
import { LastNumbers, UploadNames } from './free-names';

/** By endpoint, bucket and key of the plain name. */
const lastNumbers = new LastNumbers();

/** Stores uploads in the bucket, each under a name that was free. */
export class Uploads {
  constructor(
    private readonly config: Config,
    private readonly bucket: Bucket,
    private readonly keys: ObjectKeys,
    private readonly invalidations: Invalidations | undefined,
  ) {}

  /**
   * Stores an upload under its own name or the next free one.
   *
   * @param file what Ghost passes; its bytes are those at `path`
   * @param directory below the prefix, `2026/11`
   * @returns the key of the upload
   * @throws a Ghost error when it is not stored. Whatever had the name before is unchanged.
   */
  async store(file: UploadedFile, directory: string): Promise<string> {
    const name = splitFileName(file?.name);
    const names = new UploadNames(this.bucket, this.keys, directory, name);
    const prefix = this.config.staticFileURLPrefix;
    const type = contentTypeOf(`${name.stem}${name.extension}`, prefix, file.type);
    const headers = contentHeaders(this.config, randomUUID(), type, contentDispositionOf(file.name, prefix));

    return inTurn(this.config, 'file', async () => {
      const opened = await OpenedFile.open(file);
      try {
        return await this.storeOpened(opened, names, headers);
      } finally {
        await opened.close();
      }
    });
  }

  private async storeOpened(opened: OpenedFile, names: UploadNames, headers: ContentHeaders): Promise<string> {
    const { size } = opened;
    if (size >= this.config.multipartUploadThresholdBytes) {
      const write: Content['write'] = (key, options) => uploadInParts(this.bucket, key, opened, headers, options);
      return this.storeAs(names, { size, headers, write });
    }
    const { buffer, giveBack } = await takeBuffer(this.config, size);
    try {
      await opened.fill(buffer, 0);
      return await this.storeAs(names, this.inOneRequest(buffer, headers));
    } finally {
      giveBack();
    }
  }

  /**
   * Stores bytes under the path that Ghost passes, over what may be there: Ghost creates image sizes again when the theme
   * changes. The directory of a month is different, because Ghost's media inliner stores uploads there, under a name that
   * was free a moment ago: an object that has taken it since is kept, and the bytes get the next free name.
   *
   * @param wanted key
   * @returns the key of the bytes
   */
  storeRaw(bytes: Uint8Array, wanted: string): Promise<string> {
    return inTurn(this.config, 'bytes', () => this.storeBytes(bytes, wanted));
  }

  private async storeBytes(bytes: Uint8Array, wanted: string): Promise<string> {
    const relativePath = this.keys.pathOf(wanted);
    const type = contentTypeOfRaw(relativePath, this.config.staticFileURLPrefix);
    const headers = contentHeaders(this.config, randomUUID(), type);
    if (isInMonth(relativePath)) {
      const names = UploadNames.ofPath(this.bucket, this.keys, relativePath);
      return this.storeAs(names, this.inOneRequest(bytes, headers));
    }
    try {
      // Whether something was there only matters to a distribution: a new size needs no invalidation.
      if (this.invalidations && hasConditionalWrites(this.bucket) && (await this.putIfFree(wanted, bytes, headers))) {
        this.invalidations.stored(this.keys.toUrl(wanted));
        return wanted;
      }
      await this.bucket.put(wanted, bytes, headers);
      this.invalidations?.overwritten(this.keys.toUrl(wanted));
      return wanted;
    } catch (error) {
      throw this.bucket.explain(error, 'PutObject', wanted);
    }
  }

  /** Returns whether it was stored: not when the key is taken or the service cannot tell. */
  private async putIfFree(key: string, bytes: Uint8Array, headers: ContentHeaders): Promise<boolean> {
    try {
      await this.bucket.put(key, bytes, headers, { onlyIfFree: true });
      return true;
    } catch (error) {
      if (isTaken(error) || isNotImplemented(error)) {
        return false;
      }
      throw error;
    }
  }

  /** To be called after a delete, which may free names. */
  forgetNumbers(): void {
    lastNumbers.forget();
  }

  private inOneRequest(bytes: Uint8Array, headers: ContentHeaders): Content {
    return {
      size: bytes.byteLength,
      headers,
      bytes,
      write: (key, options) => this.bucket.put(key, bytes, headers, options),
    };
  }

  /**
   * Stores content under the first of at most three names that is free. It takes at most four requests, however many
   * names are taken.
   *
   * @returns the key
   */
  private async storeAs(names: UploadNames, content: Content): Promise<string> {
    const series = `${this.bucket.identity} ${names.plain()}`;
    const isSeriesKnown = lastNumbers.has(series) && hasConditionalWrites(this.bucket);
    let key = isSeriesKnown ? names.numbered(lastNumbers.next(series)) : names.plain();
    let outcome = await this.storeIfFree(key, content, 'unknown');
    // Another process that has just taken the name would take the next number as well, and without conditional writes
    // nothing would notice.
    if (outcome === 'taken' && hasConditionalWrites(this.bucket)) {
      const number = await names.nextNumber();
      key = names.numbered(number);
      outcome = await this.storeIfFree(key, content, 'new');
      if (outcome === 'stored') {
        lastNumbers.remember(series, number);
      }
    }
    if (outcome !== 'stored') {
      key = names.random();
      outcome = await this.storeIfFree(key, content, 'new');
    }
    if (outcome !== 'stored') {
      throw new errors.InternalServerError({
        message: `No free name was found for the upload "${this.keys.pathOf(names.plain())}".`,
        code: NAME_TAKEN,
        help: 'Nothing was stored. Upload it again, best under another name.',
      });
    }
    this.invalidations?.stored(this.keys.toUrl(key));
    return key;
  }

  private async storeIfFree(key: string, content: Content, known: 'unknown' | 'new'): Promise<Outcome> {
    try {
      return await storeIfFree(this.bucket, key, content, { known });
    } catch (error) {
      throw this.bucket.explain(error, 'PutObject', key);
    } finally {
      const known = conditionalWritesOf(this.bucket);
      if (known === 'ignored' || known === 'not-implemented') {
        const [problem, cure] = explainConditionalWrites(this.bucket, known);
        warnOnce(`S3CloudFrontStorage: ${problem} ${cure} Uploads of a name that is taken get a random suffix.`);
      }
    }
  }
}
