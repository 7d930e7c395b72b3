import { randomUUID } from 'node:crypto';
import type { Config } from '../core/config';
import { contentDispositionOf, contentHeaders, type ContentHeaders } from '../core/content-headers';
import { contentEncodingOf, contentTypeOf, contentTypeOfRaw, TELLING_BYTES } from '../core/content-types';
import { NAME_TAKEN } from '../core/error-codes';
import { isFor } from '../core/features';
import { type FileName, splitFileName, withoutOriginalEnd } from '../core/file-names';
import { errors, logging, warnOnce } from '../core/ghost-host';
import type { Invalidations } from '../core/invalidation';
import { bytesWithoutLocation, fileWithoutLocation, hidesLocation } from '../core/location/without-location';
import { isInMonth, type ObjectKeys } from '../core/object-keys';
import type { Bucket } from '../core/s3/bucket';
import { conditionalWritesOf, explainConditionalWrites, hasConditionalWrites } from '../core/s3/conditional-writes';
import { isNotImplemented, isTaken } from '../core/s3/errors';
import { uploadInParts } from '../core/s3/multipart-upload';
import { OpenedFile, type UploadedFile } from '../core/s3/opened-file';
import { type Content, type Outcome, storeIfFree } from '../core/s3/store';
import { inTurn, takeBuffer } from '../core/s3/upload-limit';
import { UploadNames } from '../core/s3/upload-names';
import { LastNumbers } from './last-numbers';
import { inOneRequest } from './one-request';
import { type PromiseHolder, PromisedNames } from './promised-names';

/** By endpoint, bucket and key of the plain name. */
const lastNumbers = new LastNumbers();

/** By endpoint, bucket and key. */
const promisedNames = new PromisedNames();

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
   * @param mayBeOriginal whether it may get the name of an original, `photo_o.jpg`
   * @returns the key of the upload
   * @throws a Ghost error when it is not stored. Whatever had the name before is unchanged.
   */
  async store(file: UploadedFile, directory: string, mayBeOriginal: boolean): Promise<string> {
    const name = this.nameOf(file, mayBeOriginal);
    const names = new UploadNames(this.bucket, this.keys, directory, name);
    return inTurn(this.config, 'file', async () => {
      const opened = await OpenedFile.open(file);
      try {
        return await this.storeOpened(opened, file, name, names);
      } finally {
        await opened.close();
      }
    });
  }

  private async storeOpened(
    opened: OpenedFile,
    file: UploadedFile,
    name: FileName,
    names: UploadNames,
  ): Promise<string> {
    const promised = promisedNames.find(this.idOf(names.plain()), file);
    const { size } = opened;
    if (size >= this.config.multipartUploadThresholdBytes) {
      const start = Buffer.alloc(Math.min(size, TELLING_BYTES));
      await opened.fill(start, 0);
      const headers = this.headersOfUpload(file, name, start);
      const hidden = await fileWithoutLocation(opened);
      const write: Content['write'] = (key, options) =>
        uploadInParts(
          this.bucket,
          key,
          hidesLocation(this.config, this.keys.pathOf(key)) ? hidden : opened,
          headers,
          options,
        );
      return this.storeAs(names, { size, headers, write }, promised);
    }
    const { buffer, giveBack } = await takeBuffer(this.config, size);
    let isSent = false;
    try {
      await opened.fill(buffer, 0);
      const headers = this.headersOfUpload(file, name, buffer);
      const key = await this.storeAs(names, await inOneRequest(this.bucket, this.keys, buffer, headers), promised);
      isSent = true;
      return key;
    } finally {
      giveBack(isSent);
    }
  }

  private headersOfUpload(file: UploadedFile, { stem, extension }: FileName, bytes: Uint8Array): ContentHeaders {
    const prefix = this.config.staticFileURLPrefix;
    const start = bytes.subarray(0, TELLING_BYTES);
    const type = contentTypeOf(`${stem}${extension}`, prefix, file.type, start);
    return contentHeaders(this.config, randomUUID(), type, {
      disposition: contentDispositionOf(file.name, prefix),
      encoding: contentEncodingOf(extension, type, start),
    });
  }

  /**
   * Returns a free name, which the `save` of the same file then gets.
   *
   * @param file upload; its name is used, and its path to recognize it
   * @param directory below the prefix
   * @returns its key
   */
  async promiseName(file: PromiseHolder, directory: string): Promise<string> {
    const names = new UploadNames(this.bucket, this.keys, directory, this.nameOf(file, file?.path !== undefined));
    const series = this.idOf(names.plain());
    const earlier = file.path === undefined ? undefined : promisedNames.find(series, file);
    if (earlier !== undefined) {
      const key = this.keyOf(earlier);
      if (!(await this.bucket.exists(key))) {
        return key;
      }
      promisedNames.end(earlier);
    }
    if (!(await this.bucket.exists(names.plain())) && promisedNames.promise(series, series, file)) {
      return names.plain();
    }
    const number = await names.nextNumber();
    for (let next = number; ; next = next === undefined ? undefined : next + 1) {
      const key = names.numbered(next);
      if (promisedNames.promise(this.idOf(key), series, file)) {
        return key;
      }
    }
  }

  /** An image that visitors see must not have the name of an original, which they do not get. */
  private nameOf(file: PromiseHolder, mayBeOriginal: boolean): FileName {
    const name = splitFileName(file?.name);
    return mayBeOriginal || !isFor('images', this.config.staticFileURLPrefix) ? name : withoutOriginalEnd(name);
  }

  /**
   * Stores bytes under the path that Ghost passes, and replaces an existing object: Ghost creates image sizes again
   * when the theme changes. The directory of a month is different, because Ghost's media inliner stores uploads there,
   * under a name that was free a moment ago. An object that has taken it since is kept, and the bytes get the next free
   * name.
   *
   * @param wanted key
   * @returns the key of the bytes
   */
  storeRaw(bytes: Uint8Array, wanted: string): Promise<string> {
    return inTurn(this.config, 'bytes', () => this.storeBytes(bytes, wanted));
  }

  private async storeBytes(given: Uint8Array, wanted: string): Promise<string> {
    const relativePath = this.keys.pathOf(wanted);
    const bytes = hidesLocation(this.config, relativePath) ? await bytesWithoutLocation(given) : Buffer.from(given);
    const prefix = this.config.staticFileURLPrefix;
    const start = bytes.subarray(0, TELLING_BYTES);
    const type = contentTypeOfRaw(relativePath, prefix, start);
    const headers = contentHeaders(this.config, randomUUID(), type, {
      disposition: contentDispositionOf(relativePath, prefix),
      encoding: contentEncodingOf(relativePath, type, start),
    });
    if (isInMonth(relativePath)) {
      const names = UploadNames.ofPath(this.bucket, this.keys, relativePath);
      const content = await inOneRequest(this.bucket, this.keys, bytes, headers);
      const plain = this.idOf(names.plain());
      return this.storeAs(names, content, promisedNames.has(plain) ? plain : undefined);
    }
    try {
      // Whether an object was there only matters to a distribution: a new size needs no invalidation.
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

  /** Returns whether it was stored. It was not when the key is taken or the service cannot tell. */
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

  /**
   * Stores content under the first of at most three names that is free. It takes at most four requests, however many
   * names are taken.
   *
   * @param promised the name that the file was promised, with its bucket
   * @returns the key
   */
  private async storeAs(names: UploadNames, content: Content, promised?: string): Promise<string> {
    const key = (await this.storeAsPromised(content, promised)) ?? (await this.storeAsFree(names, content));
    this.invalidations?.stored(this.keys.toUrl(key));
    return key;
  }

  /** @returns the key; undefined when nothing was promised, or another program has taken the name since */
  private async storeAsPromised(content: Content, promised: string | undefined): Promise<string | undefined> {
    if (promised === undefined) {
      return undefined;
    }
    const key = this.keyOf(promised);
    const outcome = await this.storeIfFree(key, content, 'unknown');
    promisedNames.end(promised);
    if (outcome === 'stored') {
      return key;
    }
    logging.warn(
      `S3CloudFrontStorage: "${this.keys.pathOf(key)}" was free when Ghost asked for a name, but has been taken since. ` +
        'The file gets another name, so a post that was imported with it may show the wrong file.',
    );
    return undefined;
  }

  private async storeAsFree(names: UploadNames, content: Content): Promise<string> {
    const series = this.idOf(names.plain());
    const isSeriesKnown = lastNumbers.has(series) && hasConditionalWrites(this.bucket);
    let key = isSeriesKnown ? names.numbered(lastNumbers.next(series)) : names.plain();
    let outcome = await this.storeIfNotPromised(key, content, 'unknown');
    // Another process that has just taken the name would take the next number as well, and without conditional writes
    // nothing would notice.
    if (outcome === 'taken' && hasConditionalWrites(this.bucket)) {
      let number = await names.nextNumber();
      while (number !== undefined && promisedNames.has(this.idOf(names.numbered(number)))) {
        number += 1;
      }
      key = names.numbered(number);
      outcome = await this.storeIfNotPromised(key, content, 'new');
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
        help: 'Nothing was stored. Upload the file again, preferably under another name.',
      });
    }
    return key;
  }

  private async storeIfNotPromised(key: string, content: Content, known: 'unknown' | 'new'): Promise<Outcome> {
    return promisedNames.has(this.idOf(key)) ? 'taken' : this.storeIfFree(key, content, known);
  }

  private idOf(key: string): string {
    return `${this.bucket.identity} ${key}`;
  }

  private keyOf(id: string): string {
    return id.slice(this.bucket.identity.length + 1);
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
        warnOnce(`S3CloudFrontStorage: ${problem} ${cure} Uploads whose name is taken get a random suffix.`);
      }
    }
  }
}
