import { createHash } from 'node:crypto';
import path from 'node:path';
import { FILE_NAME_MISSING } from './error-codes';
import { errors } from './ghost-host';

/** A sanitized file name in two parts, `photo` and `.jpg`. */
export interface FileName {
  stem: string;
  /** With its dot; '' if there is none. */
  extension: string;
}

/**
 * The longest name (bytes) that disks accept. Names in the bucket are no longer, so that they can be copied to a disk.
 */
export const MAX_NAME_BYTES = 255;

/** The longest random suffix of a name that is taken, `-9f86d0818842`. */
export const MAX_SUFFIX = 13;

/** What Ghost adds to the name of an image for its original, in bytes: `photo_o.jpg`. */
const ORIGINAL_BYTES = 2;

/** The end of an original's stem. Ghost takes the `.1` of `photo.1` for an extension: `photo_o.1`. */
const ORIGINAL_END = /_o(\.\d{0,200})?$/;

/** The longest name of an upload, with its number. It leaves room for `_o`, and for a suffix of the original. */
export const MAX_UPLOAD_NAME = MAX_NAME_BYTES - ORIGINAL_BYTES - MAX_SUFFIX;

/** The longest name that Ghost gets for a bookmark's image. It leaves room for a UUID and an extension. */
const MAX_SANITIZED = 200;

/** The longest extension (bytes) of a name that has to be cut. */
const MAX_EXTENSION = 32;

/**
 * Returns a readable file name of at most 200 ASCII letters, digits, `_`, `@`, `.` and `-`.
 *
 * Ghost's base class replaces all other characters with dashes. This function first repairs garbled UTF-8 and
 * transliterates other scripts: `Überraschung.jpg` becomes `Uberraschung.jpg`.
 *
 * @param fileName name from the editor, or a part of it
 * @throws IncorrectUsageError when it is not a string
 */
export function sanitizeFileName(fileName: string): string {
  if (typeof fileName !== 'string') {
    throw nameMissing();
  }
  const { stem, extension } = shortened(splitExtension(toAscii(fileName)), MAX_SANITIZED);
  return `${stem}${extension}`;
}

/**
 * Cuts the end of a stem, and a very long extension, so that the name has at most the given number of bytes without the
 * `_o` of an original, which is kept.
 */
export function shortened(name: FileName, maxBytes: number): FileName {
  const [end = ''] = ORIGINAL_END.exec(name.stem) ?? [];
  const base = name.stem.slice(0, name.stem.length - end.length);
  const room = end ? maxBytes + ORIGINAL_BYTES - end.length : maxBytes;
  if (Buffer.byteLength(`${base}${name.extension}`) <= room) {
    return name;
  }
  const extension = cutToBytes(name.extension, MAX_EXTENSION);
  return { stem: `${cutToBytes(base, Math.max(1, room - Buffer.byteLength(extension)))}${end}`, extension };
}

/**
 * Cuts the end of a text so that it has at most the given number of bytes in UTF-8. It never cuts a character in two.
 */
export function cutToBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  let end = Math.min(maxBytes, bytes.length);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) {
    end -= 1;
  }
  return bytes.length <= maxBytes ? text : bytes.toString('utf8', 0, end);
}

/**
 * Returns a path whose file name is short enough for a disk. A name that was cut gets the start of its hash, which
 * distinguishes it from others with the same beginning.
 */
export function withShortName(relativePath: string): string {
  const { dir, base } = path.posix.parse(relativePath);
  if (Buffer.byteLength(base) <= MAX_NAME_BYTES) {
    return relativePath;
  }
  const hash = createHash('sha256')
    .update(base)
    .digest('hex')
    .slice(0, MAX_SUFFIX - 1);
  const { stem, extension } = shortened(splitExtension(base), MAX_UPLOAD_NAME - MAX_SUFFIX);
  return path.posix.join(dir, `${stem}-${hash}${extension}`);
}

/**
 * Returns the name without the end of an original, for an image that visitors see. Ghost removes one `_o` from the names
 * of uploads, in front of the transliteration, which can create others: `photo_ö.jpg`, `photo_o_o.jpg`.
 */
export const withoutOriginalEnd = ({ stem, extension }: FileName): FileName => ({
  stem: stem.replace(/(?:_o)+$/, '') || 'image',
  extension,
});

/** Returns whether a stem is that of an original, which is found only by its exact name. */
export const isOriginalStem = (stem: string): boolean => ORIGINAL_END.test(stem);

function toAscii(fileName: string): string {
  const repaired = repairMojibake(fileName);
  return (/^\p{ASCII}*$/u.test(repaired) ? repaired : toLatin(repaired)).replace(/[^\w@.]/g, '-');
}

/**
 * Returns the sanitized parts of a file name; a long stem is cut. As in Ghost's base class, `.1` or `.342` is not an
 * extension.
 *
 * @param name name of an upload; its directories are dropped
 * @throws IncorrectUsageError when the name is empty
 */
export function splitFileName(name: string): FileName {
  const base = typeof name === 'string' ? toAscii(path.posix.basename(name.trim())) : '';
  if (!base) {
    throw nameMissing();
  }
  // A leading dot would hide the file in listings, and `..` is a directory.
  return shortened(splitExtension(base.replace(/^\.+/, (dots) => '-'.repeat(dots.length))), MAX_UPLOAD_NAME);
}

/** Splits a name at its extension. */
export function splitExtension(name: string): FileName {
  const extension = path.posix.extname(name);
  return /^\.\d*$/.test(extension)
    ? { stem: name, extension: '' }
    : { stem: name.slice(0, name.length - extension.length), extension };
}

/**
 * Repairs a name that the browser sent as UTF-8 and Ghost's multipart parser read as Latin-1, where `é` became `Ã©`. A
 * name whose Latin-1 bytes are not valid UTF-8 was not garbled, and stays unchanged.
 */
export function repairMojibake(name: string): string {
  const bytes = Buffer.from(name, 'latin1');
  if (bytes.toString('latin1') !== name) {
    return name;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return name;
  }
}

function nameMissing(): Error {
  return new errors.IncorrectUsageError({
    message: 'The upload has no file name.',
    code: FILE_NAME_MISSING,
    help: 'Give the file a name and upload it again.',
  });
}

function toLatin(text: string): string {
  const { transliterate } = require('./lazy/transliteration') as typeof import('./lazy/transliteration');
  // macOS writes accents as separate characters. They are joined with their letters, or dropped where that fails.
  const composed = text.normalize('NFC').replace(/[\u0300-\u036f]/g, '');
  return transliterate(composed, { unknown: '-' });
}
