import path from 'node:path';
import { errors } from './ghost-host';

/** S3's limit for a key, in bytes of UTF-8: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
// Control characters cannot be written in S3's XML answers, and a backslash is a separator to half of the world.
const FORBIDDEN_CHARACTER = /[\p{Cc}\\]/u;

/** What the three spellings of a file (path, key and URL) are made of; all without slashes at their ends. */
export interface KeySpace {
  /** Origin of the CDN with its base path if it has one, for example `https://images.example.com`. */
  cdnUrl: string;
  /** `content/images`, `content/media` or `content/files`. */
  staticFileURLPrefix: string;
  /** What stands before the prefix where several blogs share a bucket; empty where not. */
  tenantPrefix: string;
}

/**
 * Path ⇄ key ⇄ URL of stored files. The one place that knows the prefixes and refuses to leave them.
 *
 * - path: below the prefix, `2026/11/x.jpg`: what Ghost calls relative.
 * - key: `[tenantPrefix/]content/images/2026/11/x.jpg`
 * - URL: `https://images.example.com/content/images/2026/11/x.jpg`, each segment percent-encoded.
 */
export class ObjectKeys {
  constructor(private readonly space: KeySpace) {}

  /**
   * Reduces any spelling that Ghost uses for a file or a directory to its path below the prefix.
   *
   * Ghost passes relative paths (`2026/11/x.jpg`), request URLs (`/size/w600//2026/11/x.jpg?v=1`, percent-encoded),
   * paths with the prefix (`content/images/2026/11`), absolute ones (`/var/lib/ghost/content/images/2026/11/x.jpg`)
   * and full URLs, of the CDN and of the site.
   *
   * @returns the path, without leading or doubled slashes, query or percent-encoding; '' for the prefix itself
   * @throws IncorrectUsageError for a path with `..`, a forbidden character, a URL outside the prefix
   */
  toPath(spelling: string): string {
    if (typeof spelling !== 'string') {
      throw this.refuse(String(spelling), 'is not a text');
    }
    // Ghost joins paths with the separator of its system; only on Windows is that a backslash.
    const slashed = path.sep === '\\' ? spelling.replaceAll('\\', '/') : spelling;
    const isUrl = SCHEME.test(slashed);
    const withoutQuery = slashed.replace(isUrl ? /[?#].*$/s : /\?.*$/s, '');
    const decoded = decodeOnce(isUrl ? withoutQuery.replace(/^[^/]*\/\/[^/]*/, '') : withoutQuery);
    if (FORBIDDEN_CHARACTER.test(decoded) || !decoded.isWellFormed()) {
      throw this.refuse(spelling, 'contains a control character, a backslash or half a character');
    }

    if (decoded.split('/').includes('..')) {
      throw this.refuse(spelling, 'leaves the storage');
    }

    // The slash at the end lets a directory that is the prefix itself be found too.
    const rooted = path.posix.normalize(`/${decoded}/`);
    const prefix = `/${this.space.staticFileURLPrefix}/`;
    const prefixAt = rooted.lastIndexOf(prefix);
    if (isUrl && prefixAt === -1) {
      throw this.refuse(spelling, `is not a URL below ${this.space.staticFileURLPrefix}`);
    }
    const below = prefixAt === -1 ? rooted : rooted.slice(prefixAt + prefix.length);
    return below.replace(/^\/+|\/+$/g, '');
  }

  /**
   * @param spelling of a file, as for `toPath`
   * @param directory of the file, as for `toPath`; the prefix itself when left out
   * @returns the key in the bucket
   * @throws IncorrectUsageError as `toPath`, and for an empty or over-long key
   */
  toKey(spelling: string, directory = ''): string {
    const file = this.toPath(spelling);
    if (file === '') {
      throw this.refuse(spelling, 'names no file');
    }
    return this.keyOf(path.posix.join(this.toPath(directory), file), spelling);
  }

  /**
   * @param relativePath exactly as stored, for example `2026/11/x.jpg`: nothing is decoded
   * @returns the key in the bucket
   * @throws IncorrectUsageError for a key of more than 1,024 bytes
   */
  keyOf(relativePath: string, spelling = relativePath): string {
    const { tenantPrefix, staticFileURLPrefix } = this.space;
    const key = path.posix.join(tenantPrefix, staticFileURLPrefix, relativePath);
    const bytes = Buffer.byteLength(key);
    if (bytes > MAX_KEY_BYTES) {
      throw this.refuse(
        spelling,
        `makes a key of ${bytes} bytes in the bucket, and S3 allows ${MAX_KEY_BYTES}`,
        'Give the file a shorter name.',
      );
    }
    return key;
  }

  /** @returns the URL of a key on the CDN */
  toUrl(key: string): string {
    return `${this.space.cdnUrl}/${encodePath(key)}`;
  }

  private refuse(spelling: string, reason: string, help?: string): Error {
    const shown = spelling.length > 200 ? `${spelling.slice(0, 200)}…` : spelling;
    return new errors.IncorrectUsageError({
      message: `The storage path ${JSON.stringify(shown)} ${reason}.`,
      code: 'STORAGE_PATH_REFUSED',
      help: help ?? `Paths are relative to ${this.space.staticFileURLPrefix}, for example "2026/11/picture.jpg".`,
    });
  }
}

/**
 * Percent-encodes each segment of a key. `@` stays as it is: it is legal in a path, and names like `logo@2x.png` are
 * common. `+` does not: S3 reads it as a space.
 */
export function encodePath(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/').replaceAll('%40', '@');
}

function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that encodes nothing: the text was never encoded.
    return text;
  }
}
