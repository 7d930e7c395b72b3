import path from 'node:path';
import { PATH_REFUSED } from './error-codes';
import { errors } from './ghost-host';

/** S3's limit for a key, in bytes of UTF-8: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export const MAX_KEY_BYTES = 1024;

/** The longest path (characters) that is parsed. An absolute path is longer than its key. */
const MAX_PATH = 4 * MAX_KEY_BYTES;

/** The placeholder for the site's URL in Ghost's database. */
const DATABASE_ORIGIN = '__GHOST_URL__';

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
// S3's XML responses cannot contain control characters, and a backslash is a separator on some systems.
const FORBIDDEN_CHARACTER = /[\p{Cc}\\]/u;

/** The options of the adapter that keys and URLs consist of, without slashes at their ends. */
export interface KeySpace {
  cdnUrl: string;
  staticFileURLPrefix: string;
  tenantPrefix: string;
}

/**
 * Converts between the paths, keys and URLs of stored files, and refuses everything outside the prefixes.
 *
 * - path: `2026/11/x.jpg`, below the prefix. Ghost calls it relative.
 * - key: `[tenantPrefix/]content/images/2026/11/x.jpg`
 * - URL: `https://images.example.com/content/images/2026/11/x.jpg`, each segment percent-encoded.
 */
export class ObjectKeys {
  constructor(private readonly space: KeySpace) {}

  /**
   * Returns the path below the prefix for any spelling of a file.
   *
   * Ghost passes relative paths (`2026/11/x.jpg`), request URLs (`/size/w600//2026/11/x.jpg?v=1`, percent-encoded),
   * paths with the prefix (`content/images/2026/11/x.jpg`), absolute paths (`/var/lib/ghost/content/images/…`), and URLs
   * on the CDN or on the site.
   *
   * @returns the path without query, percent-encoding, and leading or repeated slashes; '' for the prefix itself
   * @throws IncorrectUsageError for a path with `..` or a forbidden character, and for a URL outside the prefix
   */
  toPath(spelling: string): string {
    const isUrl = SCHEME.test(this.asText(spelling));
    if (isUrl && this.isOfAnotherTenant(spelling)) {
      throw this.refuse(spelling, `is not a URL below ${this.keyPrefix()}`);
    }
    const withoutQuery = spelling.replace(isUrl ? /[?#].*$/s : /\?.*$/s, '');
    const decoded = decodeOnce(isUrl ? withoutQuery.replace(/^[^/]*\/\/[^/]*/, '') : withoutQuery);
    const rooted = this.normalize(spelling, decoded);
    const below = this.belowPrefix(rooted, decoded);
    if (isUrl && below === rooted) {
      throw this.refuse(spelling, `is not a URL below ${this.space.staticFileURLPrefix}`);
    }
    return trimSlashes(below);
  }

  /**
   * Returns the path of a directory below the prefix; '' for the prefix itself.
   *
   * @param directory relative, with the prefix, or absolute; never percent-encoded
   * @throws IncorrectUsageError as `toPath`
   */
  toDirectory(directory: string): string {
    return trimSlashes(this.belowPrefix(this.normalize(directory, this.asText(directory)), directory));
  }

  /** Returns the argument if it is a string, and throws an IncorrectUsageError for anything else. */
  asText(given: unknown): string {
    if (typeof given !== 'string') {
      throw this.refuse(given, 'is not a string');
    }
    return given;
  }

  /**
   * Returns the key of a file.
   *
   * @param file any spelling, as for `toPath`; with a directory, a literal name in it, which may contain a `?`
   * @param directory as for `toDirectory`
   * @throws IncorrectUsageError as `toPath`, and for an empty path or a key that is too long
   */
  toKey(file: string, directory?: string | null): string {
    if (typeof directory !== 'string' || typeof file !== 'string') {
      return this.keyOfFile(file, this.toPath(file));
    }
    return this.keyOfFile(file, trimSlashes(this.normalize(file, file)), this.toDirectory(directory));
  }

  /**
   * Returns the key that a request is for.
   *
   * @param requestUrl URL below the prefix, as a middleware gets it that is mounted there; nothing is removed from it
   * @throws IncorrectUsageError as `toKey`
   */
  toKeyOfRequest(requestUrl: string): string {
    const decoded = decodeOnce(requestUrl.replace(/\?.*$/s, ''));
    return this.keyOfFile(requestUrl, trimSlashes(this.normalize(requestUrl, decoded)));
  }

  /**
   * Returns the key for a path below the prefix, `2026/11/x.jpg`, without decoding it.
   *
   * @throws IncorrectUsageError for a key of more than 1,024 bytes
   */
  keyOf(relativePath: string, spelling = relativePath): string {
    const key = path.posix.join(this.keyPrefix(), relativePath);
    const bytes = Buffer.byteLength(key);
    if (bytes > MAX_KEY_BYTES) {
      throw this.refuse(
        spelling,
        `has a key of ${bytes} bytes in the bucket, and S3 allows ${MAX_KEY_BYTES}`,
        'Give the file a shorter name.',
      );
    }
    return key;
  }

  /** Returns the path below the prefix of one of these keys. */
  pathOf(key: string): string {
    return key.slice(this.keyPrefix().length + 1);
  }

  /** Returns the URL of a key on the CDN. */
  toUrl(key: string): string {
    return `${this.space.cdnUrl}/${encodePath(key)}`;
  }

  private keyPrefix(): string {
    return path.posix.join(this.space.tenantPrefix, this.space.staticFileURLPrefix);
  }

  private keyOfFile(spelling: string, file: string, directory = ''): string {
    if (file === '') {
      throw this.refuse(spelling, 'is not the path of a file');
    }
    return this.keyOf(path.posix.join(directory, file), spelling);
  }

  /** Returns a path with a slash at both ends and no repeated slashes. */
  private normalize(spelling: string, decoded: string): string {
    // Ghost joins paths with the separator of the operating system, which is a backslash only on Windows.
    if (decoded.length > MAX_PATH) {
      throw this.refuse(spelling, `has more than ${MAX_PATH} characters`, 'Give the file a shorter name.');
    }
    const slashed = path.sep === '\\' ? decoded.replaceAll('\\', '/') : decoded;
    if (FORBIDDEN_CHARACTER.test(slashed) || !slashed.isWellFormed()) {
      throw this.refuse(spelling, 'contains a control character, a backslash or an incomplete character');
    }
    // A program that decodes the path once more must not leave the storage either.
    if (slashed.split('/').some((segment) => segment === '..' || decodeOnce(segment) === '..')) {
      throw this.refuse(spelling, 'leaves the storage');
    }
    const normalized = path.posix.normalize(`/${slashed}/`);
    // Ghost takes everything after `/size/w600` in the path of a size as the path of the original. If it could contain
    // the prefix, anything in front of the prefix would be another size of the same file, and so would a size of a
    // size.
    const further = [`/${this.space.staticFileURLPrefix}/`, '/size/'];
    if (normalized.startsWith('/size/') && further.some((part) => normalized.includes(part, 1))) {
      throw this.refuse(spelling, `is not an image size below ${this.space.staticFileURLPrefix}`);
    }
    return normalized;
  }

  /**
   * Removes the prefix from the beginning of a path; from an absolute path, everything up to and including the prefix.
   *
   * @param rooted normalized path
   * @param given the same path before it was normalized
   */
  private belowPrefix(rooted: string, given: string): string {
    const prefix = `/${this.space.staticFileURLPrefix}/`;
    const beginning = [`/${this.keyPrefix()}/`, prefix, `/${DATABASE_ORIGIN}${prefix}`].find((start) =>
      rooted.startsWith(start),
    );
    if (beginning) {
      return rooted.slice(beginning.length);
    }
    const prefixAt = path.posix.isAbsolute(given) ? rooted.indexOf(prefix) : -1;
    return prefixAt === -1 ? rooted : rooted.slice(prefixAt + prefix.length);
  }

  private isOfAnotherTenant(url: string): boolean {
    const { cdnUrl, tenantPrefix } = this.space;
    return tenantPrefix !== '' && url.startsWith(`${cdnUrl}/`) && !url.startsWith(`${cdnUrl}/${this.keyPrefix()}/`);
  }

  private refuse(spelling: unknown, reason: string, help?: string): Error {
    return new errors.IncorrectUsageError({
      message: `The storage path ${shown(spelling)} ${reason}.`,
      code: PATH_REFUSED,
      help: help ?? `Paths are relative to ${this.space.staticFileURLPrefix}, for example "2026/11/photo.jpg".`,
    });
  }
}

/**
 * Percent-encodes each segment of a key, except for `@`, which is legal in a path and common in names like `logo@2x.png`.
 * S3 would read a plain `+` as a space, and CloudFront a plain `*` in an invalidation as a wildcard.
 */
export function encodePath(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/').replaceAll('%40', '@').replaceAll('*', '%2A');
}

function shown(spelling: unknown): string {
  if (typeof spelling !== 'string') {
    return `(${typeof spelling})`;
  }
  return JSON.stringify(spelling.length > 200 ? `${spelling.slice(0, 200)}…` : spelling);
}

/** Removes slashes at both ends. */
export function trimSlashes(text: string): string {
  return text.replace(/^\/+|\/+$/g, '');
}

function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign without a code shows that the text was never encoded.
    return text;
  }
}

/** Returns whether a path is in the directory of a month, which contains uploads but not their sizes. */
export function isInMonth(relativePath: string): boolean {
  return /^\d{4}\/\d{2}\//.test(relativePath);
}
