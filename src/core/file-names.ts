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
 * Returns a readable file name of ASCII letters, digits, `_`, `@`, `.` and `-`.
 *
 * Ghost's base class replaces all other characters with dashes. Here, garbled UTF-8 is repaired and other scripts are
 * transliterated first: `Überraschung.jpg` becomes `Uberraschung.jpg`.
 *
 * @param fileName name from the editor, or a part of it
 * @throws IncorrectUsageError when it is not a string
 */
export function sanitizeFileName(fileName: string): string {
  if (typeof fileName !== 'string') {
    throw nameMissing();
  }
  const repaired = repairMojibake(fileName);
  return (/^\p{ASCII}*$/u.test(repaired) ? repaired : toLatin(repaired)).replace(/[^\w@.]/g, '-');
}

/**
 * Returns the sanitized parts of a file name. As in Ghost's base class, `.1` or `.342` is not an extension.
 *
 * @param name name of an upload, whose directories are dropped
 * @throws IncorrectUsageError when the name is empty
 */
export function splitFileName(name: string): FileName {
  const base = typeof name === 'string' ? sanitizeFileName(path.posix.basename(name.trim())) : '';
  if (!base) {
    throw nameMissing();
  }
  // A leading dot would hide the file in listings, and `..` is a directory.
  const safe = base.replace(/^\.+/, (dots) => '-'.repeat(dots.length));
  const extension = path.posix.extname(safe);
  return /^\.\d*$/.test(extension)
    ? { stem: safe, extension: '' }
    : { stem: safe.slice(0, safe.length - extension.length), extension };
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
