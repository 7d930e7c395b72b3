import path from 'node:path';
import { PATH_REFUSED } from './error-codes';
import { errors } from './ghost-host';

/** S3's limit for a key, in bytes of UTF-8: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;

/** What stands for the address of the site in Ghost's database. */
const DATABASE_ORIGIN = '__GHOST_URL__';

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
   * Reduces a spelling that Ghost uses for a file to its path below the prefix.
   *
   * Ghost passes relative paths (`2026/11/x.jpg`), request URLs (`/size/w600//2026/11/x.jpg?v=1`, percent-encoded),
   * paths with the prefix (`content/images/2026/11/x.jpg`), absolute ones (`/var/lib/ghost/content/images/…`) and full
   * URLs, of the CDN and of the site.
   *
   * @returns the path, without leading or doubled slashes, query or percent-encoding; '' for the prefix itself
   * @throws IncorrectUsageError for a path with `..`, a forbidden character, a URL outside the prefix
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
   * @param directory as Ghost joins it: relative, with the prefix, or absolute; nothing in it is encoded
   * @returns its path below the prefix; '' for the prefix itself
   * @throws IncorrectUsageError as `toPath`
   */
  toDirectory(directory: string): string {
    return trimSlashes(this.belowPrefix(this.normalize(directory, this.asText(directory)), directory));
  }

  /**
   * @returns what was given, when it is a text
   * @throws IncorrectUsageError for anything else, which may not even be one that can be shown
   */
  asText(given: unknown): string {
    if (typeof given !== 'string') {
      throw this.refuse(given, 'is not a text');
    }
    return given;
  }

  /**
   * @param file a spelling, as for `toPath`; with a directory, a name in it that is taken as it is: what looks like a
   * query is part of it
   * @param directory as for `toDirectory`
   * @returns the key in the bucket
   * @throws IncorrectUsageError as `toPath`, and for an empty or over-long key
   */
  toKey(file: string, directory?: string | null): string {
    if (typeof directory !== 'string' || typeof file !== 'string') {
      return this.keyOfFile(file, this.toPath(file));
    }
    return this.keyOfFile(file, trimSlashes(this.normalize(file, file)), this.toDirectory(directory));
  }

  /**
   * @param requestUrl as a middleware gets it that is mounted at the prefix: the prefix in it would be another file's
   * @returns the key in the bucket
   * @throws IncorrectUsageError as `toKey`
   */
  toKeyOfRequest(requestUrl: string): string {
    const decoded = decodeOnce(requestUrl.replace(/\?.*$/s, ''));
    return this.keyOfFile(requestUrl, trimSlashes(this.normalize(requestUrl, decoded)));
  }

  /**
   * @param relativePath exactly as stored, for example `2026/11/x.jpg`: nothing is decoded
   * @returns the key in the bucket
   * @throws IncorrectUsageError for a key of more than 1,024 bytes
   */
  keyOf(relativePath: string, spelling = relativePath): string {
    const key = path.posix.join(this.keyPrefix(), relativePath);
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

  /** @returns the path below the prefix of a key that was made here */
  pathOf(key: string): string {
    return key.slice(this.keyPrefix().length + 1);
  }

  /** @returns the URL of a key on the CDN */
  toUrl(key: string): string {
    return `${this.space.cdnUrl}/${encodePath(key)}`;
  }

  private keyPrefix(): string {
    return path.posix.join(this.space.tenantPrefix, this.space.staticFileURLPrefix);
  }

  private keyOfFile(spelling: string, file: string, directory = ''): string {
    if (file === '') {
      throw this.refuse(spelling, 'names no file');
    }
    return this.keyOf(path.posix.join(directory, file), spelling);
  }

  /** @returns the path with a slash at both ends, and none doubled */
  private normalize(spelling: string, decoded: string): string {
    // Ghost joins paths with the separator of its system; only on Windows is that a backslash.
    const slashed = path.sep === '\\' ? decoded.replaceAll('\\', '/') : decoded;
    if (FORBIDDEN_CHARACTER.test(slashed) || !slashed.isWellFormed()) {
      throw this.refuse(spelling, 'contains a control character, a backslash or half a character');
    }
    // Whoever decodes once more than we do must not get out either.
    if (slashed.split('/').some((segment) => segment === '..' || decodeOnce(segment) === '..')) {
      throw this.refuse(spelling, 'leaves the storage');
    }
    const normalized = path.posix.normalize(`/${slashed}/`);
    // Ghost reads the original of a size by what stands behind `/size/w600`: with the prefix in it, each file would have
    // any number of sizes, one for everything that can be written before the prefix.
    if (normalized.startsWith('/size/') && normalized.includes(`/${this.space.staticFileURLPrefix}/`)) {
      throw this.refuse(spelling, `is no size of a picture below ${this.space.staticFileURLPrefix}`);
    }
    return normalized;
  }

  /**
   * Takes off what stands before a path: the prefix at its beginning, or all up to the prefix in an absolute path.
   *
   * @param rooted the path with a slash at both ends
   * @param given the path as it was given
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
      help: help ?? `Paths are relative to ${this.space.staticFileURLPrefix}, for example "2026/11/picture.jpg".`,
    });
  }
}

/**
 * Percent-encodes each segment of a key. `@` stays as it is: it is legal in a path, and names like `logo@2x.png` are
 * common. `+` does not: S3 reads it as a space. Nor `*`: in an invalidation it stands for anything.
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
    // A percent sign that encodes nothing: the text was never encoded.
    return text;
  }
}

/** Whether a path is in the directory of a month, where uploads are and nothing that Ghost makes of them. */
export function isInMonth(relativePath: string): boolean {
  return /^\d{4}\/\d{2}\//.test(relativePath);
}
