import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { FileProblem } from './file-problem';

/** Decoders for the values of Content-Encoding: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1 */
const DECODERS: Record<string, () => Transform> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  br: () => zlib.createBrotliDecompress(),
  deflate: () => zlib.createInflate(),
};

/** Values of Content-Encoding, set by S3 itself or by mistake, that do not change the bytes. */
const NO_CODING = ['', 'identity', 'aws-chunked', 'utf-8', 'utf8'];

/**
 * Files in a compressed format: for them, Content-Encoding tells browsers how to show the file and is not decoded here.
 */
const COMPRESSED_FILE = /\.(svgz|gz|tgz|br)$/i;

/**
 * Returns the streams that decode a Content-Encoding, as a browser does; none when there is nothing to decode. This is
 * needed because Ghost serves files from the disk without the header.
 *
 * @param name the file's name or key
 * @throws FileProblem for an unknown encoding
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
        throw new FileProblem('refused', `its Content-Encoding "${encoding}" cannot be decoded`);
      }
      return (DECODERS[coding] as () => Transform)();
    })
    .reverse();
}

/** Returns whether an error means that an object is not encoded as its Content-Encoding says. */
export const isEncodingProblem = (error: unknown): boolean =>
  error instanceof FileProblem ? error.result === 'refused' : /^(Z_|ERR_(_ERROR|BROTLI))/.test(codeOf(error));

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? '');
