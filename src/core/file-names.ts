import path from 'node:path';
import { FILE_NAME_MISSING } from './error-codes';
import { errors } from './ghost-host';

/** The name of an upload in two parts, as it is stored: `photo` and `.jpg`. */
export interface FileName {
  stem: string;
  /** With its dot; '' when there is none. */
  extension: string;
}

/**
 * Makes a readable file name of ASCII letters, digits, `_`, `@`, `..` and `-`.
 *
 * Ghost's base class turns everything else into dashes; here names in other scripts are spelled in Latin letters
 * first (`Überraschung.jpg` → `Uberraschung.jpg`), and names that arrive as UTF-8 read as Latin-1 are repaired.
 *
 * @param fileName what the editor sent, or a part of it
 * @throws IncorrectUsageError when it is no text
 */
export function sanitizeFileName(fileName: string): string {
  if (typeof fileName !== 'string') {
    throw nameMissing();
  }
  const repaired = repairMojibake(fileName);
  return (isAscii(repaired) ? repaired : toLatin(repaired)).replace(/[^\w@.]/g, '-');
}

/**
 * @param name of an upload; directories in it are dropped
 * @returns its sanitized parts. As in Ghost's base class, `.1` or `.342` is no extension but part of the name.
 * @throws IncorrectUsageError when there is no name
 */
export function splitFileName(name: string): FileName {
  const base = typeof name === 'string' ? sanitizeFileName(path.posix.basename(name.trim())) : '';
  if (!base) {
    throw nameMissing();
  }
  // A dot in front would hide the file in listings, and two of them are a directory.
  const safe = base.replace(/^\.+/, (dots) => '-'.repeat(dots.length));
  const extension = path.posix.extname(safe);
  return /^\.\d*$/.test(extension)
    ? { stem: safe, extension: '' }
    : { stem: safe.slice(0, safe.length - extension.length), extension };
}

/**
 * Browsers send file names as UTF-8 and Ghost's multipart parser reads them as Latin-1: `é` arrives as `Ã©`.
 * What is not valid UTF-8 when taken back was no such name and stays as it is.
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

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}

function toLatin(text: string): string {
  const { transliterate } = require('./lazy/transliteration') as typeof import('./lazy/transliteration');
  // Accents that come as characters of their own (as macOS writes them) are joined to their letters first; of those
  // that no letter is made with, the letter stays.
  const composed = text.normalize('NFC').replace(/[\u0300-\u036f]/g, '');
  return transliterate(composed, { unknown: '-' });
}
