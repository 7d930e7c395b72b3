import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { findLocation } from '../../../../src/core/location/find-location';
import { type Edit, sourceOfBytes } from '../../../../src/core/location/source';
import {
  exif,
  exifSegment,
  type Field,
  GPS_FIELDS,
  gpsField,
  hasPlace,
  hexProfile,
  jpeg,
  jpegWithPreview,
  moreXmpSegments,
  png,
  type PngChunk,
  segment,
  textChunk,
  tiff,
  webp,
  withoutLocation,
  xmp,
  XMP_PLACE,
  xmpSegment,
} from '../../../support/photos';

const MIB = 1024 * 1024;

/** Generated pixels that do not look like metadata by chance. */
const pixels = fc.uint8Array({ minLength: 1, maxLength: 200, max: 0xfe }).map((bytes) => Buffer.from(bytes));

const order = fc.constantFrom('II' as const, 'MM' as const);
const text = fc.string({ unit: fc.constantFrom(...'abc 0189-,:'), maxLength: 30 });

/** A field of any tag but those that refer to other directories. */
const field: fc.Arbitrary<Field> = fc.tuple(
  fc.integer({ min: 0x100, max: 0x8000 }),
  fc.oneof(
    text,
    fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
    fc.integer({ min: 0, max: 65535 }).map((short) => ({ short })),
    fc.array(fc.nat(), { minLength: 2, maxLength: 2 }).map((fractions) => ({ fractions })),
  ),
);
const fields = fc.array(field, { maxLength: 8 });
const gps = fc.constantFrom(gpsField(), gpsField(GPS_FIELDS.slice(0, 3)), gpsField([...GPS_FIELDS].reverse()));

const exifData = fc
  .tuple(order, fields, gps, fields, fc.boolean())
  .map(([byteOrder, before, place, after, isTwice]) =>
    tiff(byteOrder, [[...before, place, ...after], ...(isTwice ? [[...after, place]] : [])]),
  );
const xmpData = fc
  .tuple(text, fc.constantFrom('"', "'"), fc.constantFrom('', ' ', '\n'), fc.boolean())
  .map(([value, quote, space, isElement]) =>
    isElement
      ? xmp('', `<a:b>${value}</a:b><exif:GPSLatitude${space}>${XMP_PLACE}</exif:GPSLatitude${space}>`)
      : xmp(` a:b="${value}" exif:GPSLatitude${space}=${space}${quote}${XMP_PLACE}${quote}`),
  );

/** A photo with a place, and the bytes of its pixels in it. */
const photo: fc.Arbitrary<{ image: Buffer; from: number; to: number }> = fc
  .tuple(exifData, xmpData, pixels, fc.nat(2), fc.boolean())
  .map(([data, packet, body, format, hasXmp]) => {
    if (format === 0) {
      const image = jpeg([exifSegment(data), ...(hasXmp ? [xmpSegment(packet)] : [])], body);
      return { image, from: image.length - 2 - body.length, to: image.length };
    }
    const both: PngChunk[] =
      format === 1
        ? [{ type: 'eXIf', data }, textChunk('iTXt', 'XML:com.adobe.xmp', packet)]
        : [
            { type: 'EXIF', data },
            { type: 'XMP ', data: Buffer.from(packet) },
          ];
    const image = (format === 1 ? png : webp)(both.slice(0, hasXmp ? 2 : 1), body);
    const from = format === 1 ? 8 + 25 + 8 : 12 + 18 + 8;
    return { image, from, to: from + body.length };
  });

describe('any photo', () => {
  test('loses its place and keeps its length and pixels', async () => {
    await fc.assert(
      fc.asyncProperty(photo, async ({ image, from, to }) => {
        expect(hasPlace(image)).toBe(true);
        const shown = await withoutLocation(image);
        expect(hasPlace(shown)).toBe(false);
        expect(shown).toHaveLength(image.length);
        expect(shown.subarray(from, to).equals(image.subarray(from, to))).toBe(true);
        expect(await findLocation(sourceOfBytes(shown))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('that is damaged or cut off keeps its length and pixels', async () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(photo, damage, fc.nat(), async ({ image, from, to }, changes, cut) => {
        const damaged = Buffer.from(image);
        const isOutside = (at: number) => at < from || at >= to;
        for (const [position, byte] of changes) {
          const at = position % image.length;
          damaged[at] = isOutside(at) ? byte : (damaged[at] ?? 0);
        }
        const part = cut % 2 ? damaged : damaged.subarray(0, cut % image.length);
        const shown = await withoutLocation(part);
        expect(shown).toHaveLength(part.length);
        expect(shown.subarray(from, to).equals(part.subarray(from, to))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('of random bytes behind a signature is stored', async () => {
    const signatures = ['ffd8ffe1', '89504e470d0a1a0a', '524946460000000057454250565038'];
    const begin = fc.constantFrom(...signatures).map((hex) => Buffer.from(hex, 'hex'));
    await fc.assert(
      fc.asyncProperty(begin, fc.uint8Array({ maxLength: 500 }), async (start, bytes) => {
        const image = Buffer.concat([start, bytes]);
        expect(await withoutLocation(image)).toHaveLength(image.length);
      }),
      { numRuns: 300 },
    );
  });
});

/** Returns how long (ms) something takes: the time of this process alone, which other tests do not delay. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

describe('an image that was made to take long', () => {
  const manyTimes = (part: string, bytes: number) => part.repeat(Math.floor(bytes / part.length));
  const inPng = (data: string) => png([textChunk('iTXt', 'XML:com.adobe.xmp', data)]);
  const looped = exif('II', [], [gpsField([])]);
  // The next directory of the first one is the first one.
  looped.writeUInt32LE(8, 8 + 2 + 4 * 12);
  const field = Buffer.alloc(12);
  field.writeUInt16LE(0x8825, 0);
  field.writeUInt16LE(4, 2);
  field.writeUInt32LE(1, 4);
  const wide = Buffer.alloc(4 * MIB - 100, field);
  Buffer.from('II*\0\x08\0\0\0\xff\xff', 'latin1').copy(wide);
  const longValues = Array.from({ length: 100 }, (_, tag): Field => [tag, 'value']);
  const overlapping = Buffer.concat([exif('II', longValues), Buffer.alloc(3 * MIB)]);
  for (let at = overlapping.indexOf(Buffer.from([0, 0, 2, 0, 6, 0, 0, 0])), count = 0; count < 100; count += 1) {
    overlapping.writeUInt32LE(3 * MIB, at + count * 12 + 4);
  }
  const header = Buffer.from('ffd8', 'hex');

  test.each<[string, () => Buffer]>([
    [
      'a JPEG of millions of segments',
      () => Buffer.concat([header, Buffer.alloc(10 * MIB, Buffer.from('ffe00002', 'hex'))]),
    ],
    ['a JPEG of fill bytes', () => Buffer.concat([header, Buffer.alloc(10 * MIB, 0xff)])],
    ['a JPEG of XMP', () => jpeg(Array.from({ length: 160 }, () => xmpSegment(manyTimes('<a:GPS b="', 65_000))))],
    ['a JPEG of long XMP', () => jpeg(moreXmpSegments(manyTimes('<a:gps><b:c>', 10 * MIB), 65_000))],
    ['a JPEG of images', () => jpegWithPreview(jpegWithPreview(jpegWithPreview(jpeg([exifSegment(exif())]))))],
    ['a JPEG with a loop of directories', () => jpeg([exifSegment(looped)])],
    [
      'a PNG of millions of chunks',
      () =>
        Buffer.concat([
          png([]).subarray(0, 33),
          Buffer.alloc(10 * MIB, Buffer.from('000000007a54587400000000', 'hex')),
        ]),
    ],
    ['a PNG with a text that grows', () => png([textChunk('iTXt', 'XML:com.adobe.xmp', '\0'.repeat(200 * MIB), true)])],
    [
      'a PNG with texts that grow',
      () => {
        const data = Buffer.concat([Buffer.from('Raw profile type exif\0\0'), deflateSync(Buffer.alloc(3 * MIB, '0'))]);
        return png(Array.from({ length: 2000 }, () => ({ type: 'zTXt', data })));
      },
    ],
    ['a PNG with a GPS directory that fills it', () => png([{ type: 'eXIf', data: wide }])],
    ['a PNG with GPS values that fill it', () => png([{ type: 'eXIf', data: overlapping }])],
    [
      'a PNG with digits',
      () => png([textChunk('tEXt', 'Raw profile type exif', hexProfile('exif', Buffer.alloc(MIB, 'II*\0')))]),
    ],
    ['XMP of unclosed elements', () => inPng(manyTimes('<a:GPS>', 4 * MIB - 100))],
    ['XMP of unclosed values', () => inPng(manyTimes('<a b:GPS="', 4 * MIB - 100))],
    ['XMP of closed values', () => inPng(`<a ${manyTimes(' b:GPS=""', 4 * MIB - 100)}`)],
    ['XMP of spaces', () => inPng(`<a:GPS ${' '.repeat(4 * MIB - 100)}`)],
    ['XMP of names', () => inPng(`<a:GPS ${manyTimes('a:', 4 * MIB - 100)}`)],
    ['XMP of comments', () => inPng(`:gps${manyTimes('<!-', 4 * MIB - 100)}`)],
    ['XMP of instructions', () => inPng(`:gps${manyTimes('<?', 4 * MIB - 100)}`)],
    [
      'a WebP with a tag of 200,000 attributes',
      () => webp([{ type: 'XMP ', data: Buffer.from(`<a${' a:gps=""'.repeat(200_000)}/>`) }]),
    ],
    [
      'a JPEG of texts with IDs of their own, and an index that lists one image 8 times',
      () => {
        const texts = moreXmpSegments('x'.repeat(4990), 1, (index) => String(index).padStart(32, '0'));
        return jpegWithPreview(jpeg(texts), 8);
      },
    ],
    [
      'a WebP of millions of chunks',
      () => Buffer.concat([webp([]), Buffer.alloc(10 * MIB, Buffer.from('4558494600000000', 'hex'))]),
    ],
  ])('does not: %s', async (_, build) => {
    const image = build();
    let edits: Edit[] = [];
    expect(await timeOf(async () => (edits = await findLocation(sourceOfBytes(image))))).toBeLessThan(3000);
    expect(edits.every(({ at, bytes }) => at + bytes.length <= image.length)).toBe(true);
  });

  test('is not read more often because its index lists an image more often', async () => {
    const texts = moreXmpSegments('x'.repeat(1000), 1);
    const readsOf = async (times: number) => {
      const source = sourceOfBytes(jpegWithPreview(jpeg(texts), times));
      const read = jest.fn((at: number, length: number) => source.read(at, length));
      await findLocation({ ...source, read });
      return read.mock.calls.length;
    };
    expect(await readsOf(7)).toBe(await readsOf(1));
  });

  test('does not take longer because each of its texts has an ID of its own', async () => {
    const texts = 'x'.repeat(4990);
    const ofOne = sourceOfBytes(jpeg(moreXmpSegments(texts, 1)));
    const ofMany = sourceOfBytes(jpeg(moreXmpSegments(texts, 1, (index) => String(index).padStart(32, '0'))));
    // The shortest of several times has no collection of garbage in it.
    const shortest = { one: Infinity, many: Infinity };
    for (let run = 0; run < 5; run += 1) {
      shortest.one = Math.min(shortest.one, await timeOf(() => findLocation(ofOne)));
      shortest.many = Math.min(shortest.many, await timeOf(() => findLocation(ofMany)));
    }
    expect(shortest.many).toBeLessThan(shortest.one * 4);
  });

  test('has a segment that says it is longer than the file', async () => {
    const image = jpeg([exifSegment(exif())]);
    image.writeUInt16BE(65_535, image.indexOf('Exif') - 2);
    expect(await findLocation(sourceOfBytes(image))).toEqual([]);
    expect(await findLocation(sourceOfBytes(jpeg([segment(0xe1, 'Exif\0\0')])))).toEqual([]);
  });
});
