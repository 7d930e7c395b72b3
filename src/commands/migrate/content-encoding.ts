import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { FileProblem } from './file-problem';

/** What each coding of Content-Encoding needs to be undone: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1 */
const DECODERS: Record<string, () => Transform> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  br: () => zlib.createBrotliDecompress(),
  deflate: () => zlib.createInflate(),
};

/** What is stored in place of a coding, by S3 itself or by mistake, without a change of the bytes. */
const NO_CODING = ['', 'identity', 'aws-chunked', 'utf-8', 'utf8'];

/** Files that are compressed by their own format: their Content-Encoding says how to show them, not how they were stored. */
const COMPRESSED_FILE = /\.(svgz|gz|tgz|br)$/i;

/**
 * Returns the streams that undo a Content-Encoding, as a browser does; none when there is nothing to undo. Ghost serves
 * files on the disk as they are, without the header.
 *
 * @param name the file's name or key
 * @throws FileProblem for a coding that is not known
 */
export function contentDecoders(encoding: string | undefined, name: string): Transform[] {
  if (COMPRESSED_FILE.test(name)) {
    return [];
  }
  const codings = (encoding ?? '').toLowerCase().split(',');
  return codings
    .map((coding) => coding.trim())
    .filter((coding) => !NO_CODING.includes(coding))
    .map((coding) => {
      if (!Object.hasOwn(DECODERS, coding)) {
        throw new FileProblem('refused', `its Content-Encoding "${encoding}" cannot be undone`);
      }
      return (DECODERS[coding] as () => Transform)();
    })
    .reverse();
}

/** Whether an object is not encoded as its Content-Encoding says. */
export const isEncodingProblem = (error: unknown): boolean =>
  error instanceof FileProblem ? error.result === 'refused' : /^(Z_|ERR_(_ERROR|BROTLI))/.test(codeOf(error));

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? '');
