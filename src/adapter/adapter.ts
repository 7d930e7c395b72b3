import path from 'node:path';
import type { ReadOptions, StorageFile } from 'ghost-storage-base';
import { type Config, parseConfig } from '../core/config';
import { PATH_REFUSED } from '../core/error-codes';
import { sanitizeFileName, withShortName } from '../core/file-names';
import { errors, findStorageBase, ghostMajorVersion, loadErrors, warnOnce } from '../core/ghost-host';
import { type Invalidations, invalidationsFor } from '../core/invalidation';
import { encodePath, isInMonth, ObjectKeys } from '../core/object-keys';
import { CachingBucket } from './caching-bucket';
import { warnIfUrlsDiffer } from './ghost-urls';
import type { Middleware } from './middleware';
import { serveFrom } from './serve';
import { Uploads } from './upload';
import { errorForVisitors } from './visitor-errors';

const StorageBase = findStorageBase();

// Now, while files can be opened: an upload that fails has to say so.
loadErrors();

/** The start of the paths of image sizes, which Ghost creates when a visitor requests one. */
const SIZES = 'size/';
/** The same in the URL of a request, which Ghost passes unchanged. */
const SIZE_REQUEST = `/${SIZES}`;

/**
 * Ghost's storage adapter for an S3 bucket with CloudFront in front of it.
 *
 * Ghost creates one for images, one for media and one for files, each with its own `staticFileURLPrefix`.
 * https://docs.ghost.org/config#creating-a-custom-storage-adapter
 */
export class S3CloudFrontStorage extends StorageBase {
  /** What Ghost's importer and media inliner prepend to their directories: the prefix, as in Ghost's S3Storage. */
  override storagePath: string;
  staticFileURLPrefix: string;

  // Private fields, so that a logged adapter shows no credentials.
  readonly #config: Config;
  readonly #keys: ObjectKeys;
  readonly #bucket: CachingBucket;
  readonly #uploads: Uploads;
  readonly #invalidations: Invalidations | undefined;

  /**
   * Checks the configuration. Ghost 6 calls this at boot, before it creates an instance.
   *
   * @param options the adapter's block in Ghost's configuration
   * @throws IncorrectUsageError that lists every problem
   */
  static validate(options: unknown): void {
    parseConfig(options);
  }

  /**
   * @param options the adapter's block in Ghost's configuration
   * @throws IncorrectUsageError that lists every problem
   */
  constructor(options: unknown) {
    super();
    const { config, notices } = parseConfig(options);
    notices.forEach(warnOnce);
    warnIfUrlsDiffer(config);
    this.storagePath = config.staticFileURLPrefix;
    this.staticFileURLPrefix = config.staticFileURLPrefix;
    this.#config = config;
    this.#keys = new ObjectKeys(config);
    this.#bucket = new CachingBucket(config, this.#keys);
    this.#invalidations = invalidationsFor(config);
    this.#uploads = new Uploads(config, this.#bucket, this.#keys, this.#invalidations);
  }

  /**
   * Stores an upload under a name that is free.
   *
   * @param file what Ghost passes: `name`, `path` of the temporary file, `type`
   * @param targetDir directory of the file; by default, the current month's
   * @returns the URL on the CDN
   */
  override async save(file: StorageFile, targetDir?: string): Promise<string> {
    const directory = this.#keys.toDirectory(targetDir || this.getTargetDir());
    // Ghost names a directory for originals, and for files whose names it got from `getUniqueFileName`.
    const key = await this.#uploads.store(file, directory, Boolean(targetDir));
    this.#bucket.forget(key);
    return this.#keys.toUrl(key);
  }

  /**
   * Stores bytes that Ghost produced itself under the given path: a size or an icon replaces an existing file, an image
   * that was inlined from another site gets the next free name.
   *
   * @param buffer the bytes
   * @param targetPath path below the prefix
   * @returns the URL on the CDN
   */
  override async saveRaw(buffer: Uint8Array, targetPath: string): Promise<string> {
    const key = await this.#uploads.storeRaw(buffer, this.#keyOfRaw(targetPath));
    const relativePath = this.#keys.pathOf(key);
    // Ghost 5's media inliner, the only caller that stores in a month's directory, prepends the site's URL to whatever it
    // gets, which only works with a path. The resulting URL points to the site, which redirects to the CDN.
    return isInMonth(relativePath) && ghostMajorVersion() === 5
      ? `/${this.staticFileURLPrefix}/${encodePath(relativePath)}`
      : this.#keys.toUrl(key);
  }

  /** Image sizes keep the name of their original, with which Ghost asks for them. */
  #keyOfRaw(targetPath: string): string {
    const relativePath = this.#keys.toPath(targetPath);
    return relativePath === '' || relativePath.startsWith(SIZES)
      ? this.#keys.toKey(targetPath)
      : this.#keys.keyOf(withShortName(relativePath), targetPath);
  }

  /**
   * Returns whether a file exists in the bucket.
   *
   * @param fileName name, or path below the prefix
   * @param targetDir directory of the file
   * @throws NoPermissionError when S3 refuses to tell; NotFoundError for an invalid path of a size, after which Ghost
   *   creates no size and `serve` answers 404
   */
  override async exists(fileName: string, targetDir?: string): Promise<boolean> {
    let key: string | undefined;
    try {
      key = this.#keys.toKey(fileName, targetDir);
      return await this.#bucket.existsOrIsKept(key);
    } catch (error) {
      if (key === undefined) {
        throw typeof fileName === 'string' && fileName.startsWith(SIZE_REQUEST) ? noSuchSize(error) : error;
      }
      // Ghost looks up a size first when a visitor requests it, and shows that visitor the error.
      throw this.#keys.pathOf(key).startsWith(SIZES) ? errorForVisitors(error) : error;
    }
  }

  /** Returns the middleware that Ghost mounts at `/content/images` (media, files). */
  override serve(): Middleware {
    return serveFrom(this.#config, this.#bucket, this.#keys);
  }

  /**
   * Deletes a file, and invalidates it on the CDN.
   *
   * @param fileName name, or path below the prefix
   * @param targetDir directory of the file
   */
  override async delete(fileName: string, targetDir?: string): Promise<void> {
    const key = this.#keys.toKey(fileName, targetDir);
    await this.#bucket.delete(key);
    this.#uploads.forgetNumbers();
    this.#invalidations?.deleted(this.#keys.toUrl(key));
  }

  /**
   * Returns the bytes of a file.
   *
   * @param options.path path of the file, in any of Ghost's spellings
   * @throws NotFoundError when the file does not exist
   */
  override async read(options: ReadOptions): Promise<Buffer> {
    return this.#bucket.read(this.#keys.toKey(options?.path));
  }

  /**
   * Returns the path below the prefix of a stored file.
   *
   * @param url URL of the file, on the CDN or on the site
   * @throws IncorrectUsageError for any other URL
   */
  override urlToPath(url: string): string {
    const relativePath = this.#keys.toPath(url);
    if (!relativePath) {
      throw new errors.IncorrectUsageError({
        message: `The URL "${url}" does not belong to a stored file.`,
        code: PATH_REFUSED,
        help: `URLs of stored files start with ${this.#keys.toUrl(this.#keys.keyOf('2026/11/'))}.`,
      });
    }
    return relativePath;
  }

  /**
   * Returns a path whose name is free. The next `save` of the file gets it.
   *
   * @param file upload; its name is used, and its path to recognize it
   * @param targetDir directory of the file; the path starts with it, as it was given
   */
  override async getUniqueFileName(
    file: Pick<StorageFile, 'name'> & { path?: string },
    targetDir: string,
  ): Promise<string> {
    const key = await this.#uploads.promiseName(file, this.#keys.toDirectory(targetDir));
    return path.posix.join(targetDir, path.posix.basename(key));
  }

  /** Returns this month's directory, `2026/11`, below a base directory if one is given. */
  override getTargetDir(baseDir?: string | null): string {
    const now = new Date();
    const month = String(now.getMonth() + 1).padStart(2, '0');
    return path.posix.join(this.#keys.asText(baseDir ?? ''), String(now.getFullYear()), month);
  }

  /** Returns the name in ASCII letters, digits, `_`, `@`, `.` and `-`. */
  override getSanitizedFileName(fileName: string): string {
    return sanitizeFileName(fileName);
  }
}

/** Returns the error for an invalid path, as Ghost reports a missing image to a visitor. */
function noSuchSize(refusal: unknown): Error {
  return new errors.NotFoundError({ message: (refusal as Error).message, code: PATH_REFUSED });
}
