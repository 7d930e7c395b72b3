import { deflateSync } from 'node:zlib';
import { pngChunk } from './photos';

/** Returns a PNG of one pixel, another one for each number. */
export function onePixel(number: number): Buffer {
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
  const row = Buffer.from([0, number & 255, (number >> 8) & 255, 128]);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    pngChunk({ type: 'IHDR', data: header }),
    pngChunk({ type: 'IDAT', data: deflateSync(row) }),
    pngChunk({ type: 'IEND', data: Buffer.alloc(0) }),
  ]);
}
