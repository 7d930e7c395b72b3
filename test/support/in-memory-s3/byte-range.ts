import { S3Error } from './s3-error';

/** The bytes from `start` up to but not including `end`. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Reads a Range header with one range; S3 ignores those with several and those it cannot read.
 *
 * @returns undefined for the whole object
 * @throws InvalidRange if the range contains no byte of the object
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const range = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!range) return undefined;
  const [, first = '', last = ''] = range;
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size);
  if (start < end) return { start, end };
  throw new S3Error(
    'InvalidRange',
    'The requested range is not satisfiable',
    { RangeRequested: header ?? '', ActualObjectSize: size },
    { 'content-range': `bytes */${size}` },
  );
}
