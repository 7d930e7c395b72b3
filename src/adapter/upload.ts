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
import { isAwsEndpoint } from '../core/s3/client';
import { isNotImplemented, isRepeatedAfterSuccess, isTaken } from '../core/s3/errors';
import { uploadInParts } from '../core/s3/multipart-upload';
import { OpenedFile, type UploadedFile } from '../core/s3/opened-file';
import { GivenNumbers, UniqueNames } from './free-names';

/** From this size on, in bytes, it is asked whether a name is free before the bytes are sent, perhaps in vain. */
const MIN_BYTES_TO_ASK_FIRST = 1024 * 1024;

/** What is to be stored under a name that nothing has. */
interface Content {
  /** In bytes. */
  size: number;
  /** Tells this upload from all others, where an answer of S3 was lost on the way. */
  uploadId: string;
  /**
   * Writes it under a key.
   *
   * @param onlyIfFree has a taken key refused
   * @throws the SDK's error
   */
  write(key: string, onlyIfFree: boolean): Promise<unknown>;
}

/** Providers (endpoint and bucket) that do not know conditional writes. */
const withoutConditionalWrites = new Set<string>();

/** Keys (with endpoint and bucket) that uploads of this process are being written to. */
const beingWritten = new Set<string>();

/** By the keys (with endpoint and bucket) of the plain names. */
const givenNumbers = new GivenNumbers();

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
    const name = splitFileName(file?.name);
    const names = new UniqueNames(this.bucket, this.keys, directory, name);
    const prefix = this.config.staticFileURLPrefix;
    const storedName = `${name.stem}${name.extension}`;
    const type = contentTypeOf(storedName, prefix, file.type);
    const uploadId = randomUUID();
    const headers = contentHeaders(this.config, uploadId, type, contentDispositionOf(file.name, prefix));

    const opened = await OpenedFile.open(file);
    try {
      const { size } = opened;
      if (size < this.config.multipartUploadThresholdBytes) {
        return await this.storeAs(names, this.inOneRequest(await opened.bytes(), uploadId, headers));
      }
      const write = (key: string, onlyIfFree: boolean) =>
        uploadInParts(this.config, this.bucket, key, opened, size, headers, onlyIfFree);
      return await this.storeAs(names, { size, uploadId, write });
    } finally {
      await opened.close();
    }
  }

  /**
   * Stores bytes under the path that Ghost names, over what may be there: Ghost makes the sizes of an image again when
   * a theme changes. Not so among the uploads, in the directory of a month, where Ghost's media inliner asked for a free
   * name a moment ago: there what is taken by now is kept, and the bytes get the next free name.
   *
   * @param wanted key
   * @returns the key that the bytes have got, what is stored with them, and the tag of a size
   */
  async storeRaw(bytes: Uint8Array, wanted: string): Promise<{ key: string; headers: ContentHeaders; etag?: string }> {
    const uploadId = randomUUID();
    const relativePath = this.keys.pathOf(wanted);
    const type = contentTypeOfRaw(relativePath, this.config.staticFileURLPrefix);
    const headers = contentHeaders(this.config, uploadId, type);
    if (isInMonth(relativePath)) {
      const names = UniqueNames.ofPath(this.bucket, this.keys, relativePath);
      return { key: await this.storeAs(names, this.inOneRequest(bytes, uploadId, headers)), headers };
    }
    try {
      // Only with a distribution to tell does it matter whether something was there: a new size costs no invalidation.
      const created = this.invalidations && (await this.putIfFree(wanted, bytes, headers));
      if (created) {
        this.invalidations?.stored(this.keys.toUrl(wanted));
        return { key: wanted, headers, ...created };
      }
      const etag = await this.bucket.put(wanted, bytes, headers, false);
      this.invalidations?.overwritten(this.keys.toUrl(wanted));
      return { key: wanted, headers, etag };
    } catch (error) {
      throw this.bucket.explain(error, 'PutObject', wanted);
    }
  }

  /** @returns the tag; undefined when the key is taken, or the provider cannot say so */
  private async putIfFree(
    key: string,
    bytes: Uint8Array,
    headers: ContentHeaders,
  ): Promise<{ etag?: string } | undefined> {
    try {
      return { etag: await this.bucket.put(key, bytes, headers, true) };
    } catch (error) {
      if (isTaken(error) || isNotImplemented(error)) {
        return undefined;
      }
      throw error;
    }
  }

  /** Something was deleted, so that names may be free again. */
  forgetNumbers(): void {
    givenNumbers.forget();
  }

  private inOneRequest(bytes: Uint8Array, uploadId: string, headers: ContentHeaders): Content {
    const write = (key: string, onlyIfFree: boolean) => this.bucket.put(key, bytes, headers, onlyIfFree);
    return { size: bytes.byteLength, uploadId, write };
  }

  /**
   * Finds a free name and writes to it: at most four requests, whatever the number of taken names.
   *
   * @returns the key
   */
  private async storeAs(names: UniqueNames, content: Content): Promise<string> {
    const plain = this.keys.keyOf(names.plain());
    // AWS keeps its word on conditions. Another provider may ignore them without a word: asking first then at least
    // keeps what is there.
    const asksFirst = !isAwsEndpoint(this.config.endpoint) || content.size >= MIN_BYTES_TO_ASK_FIRST;
    const identity = this.identityOf(plain);
    const isKnown = givenNumbers.has(identity) && !withoutConditionalWrites.has(this.provider());
    let key = isKnown ? this.keys.keyOf(names.numbered(givenNumbers.next(identity))) : plain;
    let outcome = await this.writeIfFree(key, content, asksFirst, false);
    // Lost to another process in the moment since it was asked: a number would be lost the same way. And without
    // conditions nobody would notice.
    const isContested = outcome === 'lost' || withoutConditionalWrites.has(this.provider());
    const count = () => names.nextNumber();
    const attempts = isContested ? [] : [count];
    attempts.push(() => Promise.resolve(undefined));
    for (let attempt = attempts.shift(); outcome !== 'stored' && attempt; attempt = attempts.shift()) {
      const number = await attempt();
      key = this.keys.keyOf(names.numbered(number));
      outcome = await this.writeIfFree(key, content, false, true);
      if (outcome === 'stored' && attempt === count) {
        givenNumbers.gave(identity, number);
      }
    }
    if (outcome !== 'stored') {
      throw new errors.InternalServerError({
        message: `No free name was found for the upload "${names.plain()}".`,
        code: NAME_TAKEN,
        help: 'Nothing was stored. Upload it again, best under another name.',
      });
    }
    this.invalidations?.stored(this.keys.toUrl(key));
    return key;
  }

  /**
   * @param asksFirst whether the key is free
   * @param isNew whether the key comes from a listing or from chance, so that there is no need to ask
   * @returns `taken` when something had the key before, `lost` when another upload has got it since it was asked
   */
  private async writeIfFree(
    key: string,
    content: Content,
    asksFirst: boolean,
    isNew: boolean,
  ): Promise<'stored' | 'taken' | 'lost'> {
    const identity = this.identityOf(key);
    // Two uploads of one process never depend on the provider to be kept apart.
    if (beingWritten.has(identity)) {
      return 'taken';
    }
    beingWritten.add(identity);
    try {
      const isConditional = !withoutConditionalWrites.has(this.provider());
      const asks = asksFirst || !(isConditional || isNew);
      if (asks && (await this.bucket.exists(key))) {
        return 'taken';
      }
      return await this.write(key, content, isConditional, asks || isNew);
    } finally {
      beingWritten.delete(identity);
    }
  }

  private async write(
    key: string,
    content: Content,
    isConditional: boolean,
    hasAsked: boolean,
  ): Promise<'stored' | 'taken' | 'lost'> {
    try {
      await content.write(key, isConditional);
      return 'stored';
    } catch (error) {
      if (isRepeatedAfterSuccess(error) && (await this.bucket.isOfUpload(key, content.uploadId))) {
        return 'stored';
      }
      if (isTaken(error)) {
        return hasAsked ? 'lost' : 'taken';
      }
      if (!isConditional || !isNotImplemented(error)) {
        throw this.bucket.explain(error, 'PutObject', key);
      }
    }
    if (!hasAsked && (await this.bucket.exists(key))) {
      return 'taken';
    }
    const outcome = await this.write(key, content, false, true);
    // Only now it is known that the condition was what the provider does not implement.
    this.giveUpConditionalWrites();
    return outcome;
  }

  private identityOf(key: string): string {
    return `${this.provider()} ${key}`;
  }

  private provider(): string {
    return `${this.config.endpoint ?? 'AWS'} ${this.config.bucket}`;
  }

  private giveUpConditionalWrites(): void {
    withoutConditionalWrites.add(this.provider());
    warnOnce(
      `S3CloudFrontStorage: ${this.config.endpoint ?? 'S3'} has no conditional writes. Uploads of a name that is taken ` +
        'get a random suffix; run only one Ghost process on this bucket.',
    );
  }
}
