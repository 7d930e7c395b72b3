import { deflateSync } from 'node:zlib';

/** Wide enough that Ghost makes sizes of it: it makes none that are wider than the picture. */
const WIDTH = 1200;
const HEIGHT = 60;

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * A picture of a few kilobytes, a scale of greys, with a line of text in it that nobody sees.
 *
 * @param text Latin-1, makes the bytes those of no other picture
 * @returns the bytes of a PNG
 * @see https://www.w3.org/TR/png-3/
 */
export function makePicture(text: string): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  // Eight bits of grey; compression, filter and interlacing are the only or the plain ones.
  header.writeUInt8(8, 8);
  const line = Buffer.from([0, ...Array.from({ length: WIDTH }, (_, x) => Math.floor((x * 256) / WIDTH))]);
  const lines = Buffer.concat(Array.from({ length: HEIGHT }, () => line));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('tEXt', Buffer.from(`Comment\0${text}`, 'latin1')),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, checksum]);
}

/** Node has its own since version 22. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}
