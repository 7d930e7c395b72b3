import { deflateSync, gzipSync } from 'node:zlib';

/** Ghost creates only sizes that are narrower than the image. */
const WIDTH = 1200;
const HEIGHT = 60;

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Creates a grayscale PNG of a few kilobytes.
 *
 * @param comment Latin-1, stored in the file; makes its bytes unique
 * @see https://www.w3.org/TR/png-3/
 */
export function createPng(comment: string): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  // Eight bits of gray. The other fields (compression, filter, interlacing) stay 0.
  header.writeUInt8(8, 8);
  const line = Buffer.from([0, ...Array.from({ length: WIDTH }, (_, x) => Math.floor((x * 256) / WIDTH))]);
  const lines = Buffer.concat(Array.from({ length: HEIGHT }, () => line));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('tEXt', Buffer.from(`Comment\0${comment}`, 'latin1')),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  // The checksum is the CRC-32 at the end of a gzip file, in the other byte order. Node 20 has no zlib.crc32.
  const checksum = gzipSync(typed).subarray(-8, -4).reverse();
  return Buffer.concat([length, typed, checksum]);
}
