import path from 'node:path';
import type { ReadOptions, StorageFile } from 'ghost-storage-base';
import { type Config, parseConfig } from '../core/config';
import { PATH_REFUSED } from '../core/error-codes';
import { sanitizeFileName, splitFileName } from '../core/file-names';
import { errors, ghostMajorVersion, StorageBase, warnOnce } from '../core/ghost-host';
import { type Invalidations, invalidationsFor } from '../core/invalidation';
import { encodePath, isInMonth, ObjectKeys } from '../core/object-keys';
import { Bucket } from '../core/s3/bucket';
import { UploadNames } from './free-names';
import { warnOfOtherUrls } from './ghost-urls';
import { type Middleware, serveFrom } from './serve';
import { SizesOnDemand } from './sizes-on-demand';
import { Uploads } from './upload';

/**
 * Ghost's storage adapter for a bucket on S3 behind CloudFront.
 *
 * Ghost makes one for images, one for media and one for files, each with its own `staticFileURLPrefix`.
 * https://docs.ghost.org/config#creating-a-custom-storage-adapter
 */
export class S3CloudFrontStorage extends StorageBase {
  /** Where the importer and the media inliner of Ghost join their directories to: the prefix, as in Ghost's S3Storage. */
  override storagePath: string;
  staticFileURLPrefix: string;

  // Private to the language, so that an adapter in a log shows no credentials.
  readonly #config: Config;
  readonly #bucket: Bucket;
  readonly #keys: ObjectKeys;
  readonly #uploads: Uploads;
  readonly #sizes: SizesOnDemand;
  readonly #invalidations: Invalidations | undefined;

  /**
   * Ghost 6 calls this at boot, before it makes an instance.
   *
   * @param options the block of Ghost's configuration
   * @throws IncorrectUsageError that lists every problem
   */
  static validate(options: unknown): void {
    parseConfig(options);
  }

  /**
   * @param options the block of Ghost's configuration
   * @throws IncorrectUsageError that lists every problem
   */
  constructor(options: unknown) {
    super();
    const { config, notices } = parseConfig(options);
    notices.forEach(warnOnce);
    warnOfOtherUrls(config);
    this.storagePath = config.staticFileURLPrefix;
    this.staticFileURLPrefix = config.staticFileURLPrefix;
    this.#config = config;
    this.#bucket = new Bucket(config);
    this.#keys = new ObjectKeys(config);
    this.#sizes = new SizesOnDemand(this.#bucket, this.#keys);
    this.#invalidations = invalidationsFor(config);
    this.#uploads = new Uploads(config, this.#bucket, this.#keys, this.#invalidations);
  }

  /**
   * Stores an upload under a name that nothing had before.
   *
   * @param file what Ghost passes: `name`, `path` of the temporary file, `type`
   * @param targetDir of the file; this month's when left out
   * @returns the URL on the CDN
   */
  override async save(file: StorageFile, targetDir?: string): Promise<string> {
    const directory = this.#keys.toDirectory(targetDir || this.getTargetDir());
    const key = await this.#uploads.store(file, directory);
    this.#sizes.forget(key);
    return this.#keys.toUrl(key);
  }

  /**
   * Stores what Ghost has made itself under the path it names: a size or an icon over what is there, a picture that was
   * inlined from another site beside it.
   *
   * @param buffer the bytes
   * @param targetPath below the prefix
   * @returns the URL on the CDN
   */
  override async saveRaw(buffer: Uint8Array, targetPath: string): Promise<string> {
    const { key, ...stored } = await this.#uploads.storeRaw(buffer, this.#keys.toKey(targetPath));
    this.#sizes.keep(key, { bytes: buffer, ...stored });
    const relativePath = this.#keys.pathOf(key);
    // The media inliner of Ghost 5, which alone stores in the directory of a month, writes the address of the site
    // before whatever it gets: only a path makes an address of that. It leads to the site, which redirects to the CDN.
    return isInMonth(relativePath) && ghostMajorVersion() === 5
      ? `/${this.staticFileURLPrefix}/${encodePath(relativePath)}`
      : this.#keys.toUrl(key);
  }

  /**
   * @param fileName or a path below the prefix
   * @param targetDir of the file
   * @returns whether it is in the bucket
   * @throws NoPermissionError when S3 does not say
   */
  override async exists(fileName: string, targetDir?: string): Promise<boolean> {
    return this.#sizes.exists(this.#keys.toKey(fileName, targetDir));
  }

  /** @returns the middleware that Ghost mounts at `/content/images` (media, files) */
  override serve(): Middleware {
    return serveFrom(this.#config, this.#bucket, this.#keys, this.#sizes);
  }

  /**
   * @param fileName or a path below the prefix
   * @param targetDir of the file
   */
  override async delete(fileName: string, targetDir?: string): Promise<void> {
    const key = this.#keys.toKey(fileName, targetDir);
    await this.#bucket.delete(key);
    this.#uploads.forgetNumbers();
    this.#sizes.forget(key);
    this.#invalidations?.deleted(this.#keys.toUrl(key));
  }

  /**
   * @param options.path of a file, in any of Ghost's spellings
   * @returns its bytes
   * @throws NotFoundError when there is no such file
   */
  override async read(options: ReadOptions): Promise<Buffer> {
    return this.#sizes.read(this.#keys.toKey(options?.path));
  }

  /**
   * @param url of a stored file, on the CDN or on the site
   * @returns its path below the prefix
   * @throws IncorrectUsageError for a URL that is none of ours
   */
  override urlToPath(url: string): string {
    const relativePath = this.#keys.toPath(url);
    if (!relativePath) {
      throw new errors.IncorrectUsageError({
        message: `The URL "${url}" names no stored file.`,
        code: PATH_REFUSED,
        help: `URLs of stored files begin with ${this.#keys.toUrl(this.#keys.keyOf('2026/11/'))}.`,
      });
    }
    return relativePath;
  }

  /**
   * @param file of which only the name counts
   * @param targetDir of the file
   * @returns the directory as it was given, with a name that is free at this moment
   */
  override async getUniqueFileName(file: Pick<StorageFile, 'name'>, targetDir: string): Promise<string> {
    const names = new UploadNames(
      this.#bucket,
      this.#keys,
      this.#keys.toDirectory(targetDir),
      splitFileName(file?.name),
    );
    const plain = names.plain();
    const isTaken = await this.#bucket.exists(plain);
    return path.posix.join(targetDir, path.posix.basename(isTaken ? names.numbered(await names.nextNumber()) : plain));
  }

  /** @returns this month's directory, `2026/11`, below a base directory if one is given */
  override getTargetDir(baseDir?: string | null): string {
    const now = new Date();
    return path.posix.join(
      this.#keys.asText(baseDir ?? ''),
      String(now.getFullYear()),
      String(now.getMonth() + 1).padStart(2, '0'),
    );
  }

  /** @returns the name in ASCII letters, digits, `_`, `@`, `..` and `-` */
  override getSanitizedFileName(fileName: string): string {
    return sanitizeFileName(fileName);
  }
}
