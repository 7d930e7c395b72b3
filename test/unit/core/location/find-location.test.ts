import { inflateSync } from 'node:zlib';
import { findLocation } from '../../../../src/core/location/find-location';
import { applyEdits, sourceOfBytes, sourceOfFile } from '../../../../src/core/location/source';
import {
  type ByteOrder,
  COPYRIGHT,
  crc32,
  exif,
  exifSegment,
  GPS_FIELDS,
  gpsField,
  hasPlace,
  hexProfile,
  jpeg,
  jpegWithPreview,
  MAKER_NOTE,
  moreXmpSegments,
  PLACE,
  png,
  type PngChunk,
  segment,
  textChunk,
  webp,
  withoutLocation,
  xmp,
  XMP_CREATOR,
  XMP_PLACE,
  xmpSegment,
} from '../../../support/photos';

/** Returns the pixels of one of the photos, with all that is behind them. */
const pixelsOf = (image: Buffer) => image.subarray(image.lastIndexOf(Buffer.from([0, 89, 178, 16, 105])));

/** Returns XML with single spaces, and with none between tags. */
const withoutSpaces = (xml: string) => xml.replace(/\s+/g, ' ').replace(/> </g, '><');

const exifBlock = (data: Buffer) => Buffer.concat([Buffer.from('Exif\0\0'), data]);
const byteOrders: ByteOrder[] = ['II', 'MM'];

describe('a photo is shown without the place where it was taken', () => {
  const JPEGS: [string, Buffer, kept: string[]][] = [
    ['EXIF in the byte order II', jpeg([exifSegment(exif('II'))]), [COPYRIGHT, MAKER_NOTE]],
    ['EXIF in the byte order MM', jpeg([exifSegment(exif('MM'))]), [COPYRIGHT, MAKER_NOTE]],
    ['a preview with its own place', jpeg([exifSegment(exif('MM', [], [gpsField()]))]), [COPYRIGHT, MAKER_NOTE]],
    ['XMP', jpeg([xmpSegment(xmp())]), [XMP_CREATOR]],
    ['EXIF and XMP', jpeg([xmpSegment(xmp()), exifSegment(exif())]), [COPYRIGHT, MAKER_NOTE, XMP_CREATOR]],
    ['EXIF twice', jpeg([exifSegment(exif('II')), exifSegment(exif('MM'))]), [COPYRIGHT, MAKER_NOTE]],
    ['bytes to fill in front of a segment', jpeg([Buffer.from([0xff, 0xff]), exifSegment(exif())]), [COPYRIGHT]],
    ['a second image', jpegWithPreview(jpeg([exifSegment(exif()), xmpSegment(xmp())])), [COPYRIGHT, XMP_CREATOR]],
  ];

  test.each(JPEGS)('JPEG with %s', async (_, image, kept) => {
    expect(hasPlace(image)).toBe(true);
    const shown = await withoutLocation(image);
    expect(hasPlace(shown)).toBe(false);
    expect(shown).toHaveLength(image.length);
    expect(pixelsOf(shown)).toEqual(pixelsOf(image));
    expect(kept.filter((text) => !shown.includes(text))).toEqual([]);
    expect(await findLocation(sourceOfBytes(shown))).toEqual([]);
  });

  test.each([
    ['in their order', (pieces: Buffer[]) => pieces],
    ['in another order', (pieces: Buffer[]) => [...pieces].reverse()],
  ])('JPEG with XMP in several segments, %s', async (_, arrange) => {
    const pieces = moreXmpSegments(xmp(), 10);
    const image = jpeg(arrange(pieces));
    const shown = await withoutLocation(image);
    expect(shown).toHaveLength(image.length);
    const joined = pieces.map((piece) => {
      // Each piece is behind the same header, in which only the position differs.
      const at = image.indexOf(piece);
      return shown.subarray(at + 4 + 75, at + piece.length);
    });
    expect(withoutSpaces(Buffer.concat(joined).toString())).toBe(withoutSpaces(xmp('')));
    expect(await findLocation(sourceOfBytes(shown))).toEqual([]);
  });

  const OTHERS: [string, (chunks: PngChunk[]) => Buffer, PngChunk][] = [
    ['PNG with EXIF', png, { type: 'eXIf', data: exif() }],
    ['PNG with EXIF as in a JPEG', png, { type: 'eXIf', data: exifBlock(exif('MM')) }],
    ['PNG with XMP', png, textChunk('iTXt', 'XML:com.adobe.xmp', xmp())],
    ['PNG with a property as text', png, textChunk('tEXt', 'exif:GPSLatitude', XMP_PLACE)],
    ['WebP with EXIF', webp, { type: 'EXIF', data: exif('MM') }],
    ['WebP with EXIF as in a JPEG', webp, { type: 'EXIF', data: exifBlock(exif()) }],
    ['WebP with XMP', webp, { type: 'XMP ', data: Buffer.from(xmp()) }],
    [
      'WebP with chunks of odd lengths',
      (chunks) => webp([{ type: 'ICCP', data: Buffer.alloc(3) }, ...chunks]),
      { type: 'EXIF', data: exif() },
    ],
  ];

  test.each(OTHERS)('%s', async (_, build, chunk) => {
    const image = build([chunk]);
    expect(hasPlace(image)).toBe(true);
    const shown = await withoutLocation(image);
    expect(hasPlace(shown)).toBe(false);
    expect(shown).toHaveLength(image.length);
    // The pixels are in front of the metadata.
    const metadata = image.lastIndexOf(chunk.data);
    expect(shown.subarray(0, metadata)).toEqual(image.subarray(0, metadata));
    expect([COPYRIGHT, MAKER_NOTE, XMP_CREATOR].filter((text) => shown.includes(text))).toEqual(
      [COPYRIGHT, MAKER_NOTE, XMP_CREATOR].filter((text) => image.includes(text)),
    );
    expect(await findLocation(sourceOfBytes(shown))).toEqual([]);
  });
});

describe('everything else in the metadata stays the same', () => {
  test.each(byteOrders)('EXIF in the byte order %s differs only in the GPS fields', async (order) => {
    const image = jpeg([exifSegment(exif(order))]);
    const shown = await withoutLocation(image);
    const isChanged = [...image].map((byte, index) => byte !== shown[index]);
    // The GPS directory is the last part of the EXIF data.
    const end = image.indexOf(PLACE) + PLACE.length;
    const start = end - (2 + 12 * GPS_FIELDS.length + 4 + 24 + 24 + `ASCII ${PLACE}`.length);
    expect(isChanged.indexOf(true)).toBeGreaterThanOrEqual(start);
    expect(isChanged.lastIndexOf(true)).toBeLessThan(end);
    expect(shown.subarray(start, end)).toEqual(Buffer.alloc(end - start));
  });

  test.each([
    ['an attribute', ` exif:GPSLatitude="${XMP_PLACE}" drone:GpsLongitude = '2,21.1E'`, ''],
    ['an element', '', `<exif:GPSLatitude a="1 > 2">${XMP_PLACE}</exif:GPSLatitude>`],
    ['a list', '', `<exif:GPSLatitude><rdf:Seq><rdf:li>${XMP_PLACE}</rdf:li></rdf:Seq></exif:GPSLatitude>`],
    ['an empty element', '', '<exif:GPSStatus/>'],
    ['an element of another program', '', `<drone:GpsLatitude>${XMP_PLACE}</drone:GpsLatitude>`],
  ])('XMP is the same without %s', async (_, attributes, elements) => {
    const image = jpeg([xmpSegment(xmp(attributes, elements))]);
    const shown = (await withoutLocation(image)).toString('latin1');
    const start = shown.indexOf('<?xpacket');
    expect(withoutSpaces(shown.slice(start, shown.indexOf('"w"?>') + 5))).toBe(withoutSpaces(xmp('')));
  });

  test('a text that only mentions GPS stays', async () => {
    const text = '<dc:title>a:GPSLatitude="1" &lt;a:GPS&gt;</dc:title><!-- <a:GPS>1</a:GPS> --><![CDATA[<a:GPS/>]]>';
    const quoted = ' dc:source=" a:GPS=1 \'x\' > " dc:rights=\'" a:GPS="\'';
    expect(await findLocation(sourceOfBytes(jpeg([xmpSegment(xmp(quoted, text))])))).toEqual([]);
  });

  test('the fields of a photo whose GPS data refers to them', async () => {
    const data = exif('II');
    const at = data.indexOf(Buffer.from([2, 0, 5, 0]));
    // The latitude claims to be in the first directory.
    data.writeUInt32LE(10, at + 8);
    const shown = await withoutLocation(jpeg([exifSegment(data)]));
    expect(shown.includes(data.subarray(8, 10 + 3 * 12))).toBe(true);
  });
});

describe('compressed texts of a PNG', () => {
  const filler = Array.from({ length: 300 }, (_, index) => `<dc:n${index}>${(index * 7919) % 1000}</dc:n${index}>`);
  const metadata = Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xmp()}`);

  /** Returns the data of the chunk behind the pixels, after checking its checksum. */
  function chunkOf(image: Buffer): PngChunk {
    const at = 8 + 25 + 12 + 3000;
    const length = image.readUInt32BE(at);
    expect(image.readUInt32BE(at + 8 + length)).toBe(crc32(image.subarray(at + 4, at + 8 + length)));
    return { type: image.toString('latin1', at + 4, at + 8), data: image.subarray(at + 8, at + 8 + length) };
  }

  test.each([
    ['XMP', textChunk('iTXt', 'XML:com.adobe.xmp', xmp(undefined, filler.join('')), true), XMP_CREATOR],
    ['EXIF as digits', textChunk('zTXt', 'Raw profile type exif', hexProfile('exif', exifBlock(exif()))), COPYRIGHT],
    ['EXIF alone as digits', textChunk('zTXt', 'Raw profile type APP1', hexProfile('APP1', exif('MM'))), COPYRIGHT],
    ['XMP as digits', textChunk('zTXt', 'Raw profile type xmp', hexProfile('xmp', metadata)), XMP_CREATOR],
  ])('%s: are compressed again and keep the rest', async (_, chunk, kept) => {
    const image = png([chunk]);
    const shown = await withoutLocation(image);
    expect(shown).toHaveLength(image.length);
    expect(shown).not.toEqual(image);
    const { type, data } = chunkOf(shown);
    expect(type).toBe(chunk.type);
    const start = chunk.data.indexOf(Buffer.from([0x78, 0x9c]));
    const text = inflateSync(data.subarray(start)).toString();
    const decoded = chunk.type === 'zTXt' ? Buffer.from(text.split('\n').slice(3).join(''), 'hex') : Buffer.from(text);
    expect(hasPlace(decoded)).toBe(false);
    expect(decoded.includes(kept)).toBe(true);
    expect(await findLocation(sourceOfBytes(shown))).toEqual([]);
  });

  test('digits that are not compressed keep their lines', async () => {
    const text = hexProfile('exif', exifBlock(exif()));
    const image = png([textChunk('tEXt', 'Raw profile type exif', text)]);
    const { data } = chunkOf(await withoutLocation(image));
    const shown = data.toString('latin1', 'Raw profile type exif'.length + 1);
    expect(shown.replace(/[0-9a-f]/g, '')).toBe(text.replace(/[0-9a-f]/g, ''));
    expect(hasPlace(Buffer.from(shown.split('\n').slice(3).join(''), 'hex'))).toBe(false);
  });

  test('one that does not fit any more gives way to an empty text', async () => {
    // The element is a repetition of the comment, which takes less room than spaces do.
    const chunk = textChunk('zTXt', 'XML:com.adobe.xmp', '<!--<a:GPS/>--><a:GPS/>');
    const image = png([chunk]);
    const shown = await withoutLocation(image);
    expect(chunkOf(shown)).toEqual({ type: 'tEXt', data: Buffer.from('Comment\0'.padEnd(chunk.data.length)) });
    expect(shown).toHaveLength(image.length);
  });

  test('one that is damaged is stored as it is', async () => {
    const chunk = textChunk('iTXt', 'XML:com.adobe.xmp', xmp(), true);
    chunk.data.fill(0xff, 30);
    expect(await findLocation(sourceOfBytes(png([chunk])))).toEqual([]);
  });

  test('one that is damaged does not protect a place behind it', async () => {
    const chunk = textChunk('zTXt', 'Raw profile type exif', hexProfile('exif', exifBlock(exif())));
    chunk.data.fill(0xff, 30);
    const image = png([chunk, { type: 'eXIf', data: exif() }]);
    expect(hasPlace(image)).toBe(true);
    expect(hasPlace(await withoutLocation(image))).toBe(false);
  });
});

describe('an image is stored as it is', () => {
  test.each([
    ['without metadata', jpeg([])],
    ['with metadata without a place', jpeg([exifSegment(exif('II', [])), xmpSegment(xmp(''))])],
    ['with EXIF that is not TIFF', jpeg([exifSegment(Buffer.from(`not TIFF, but ${PLACE}`))])],
    ['with EXIF that is cut off', jpeg([exifSegment(exif().subarray(0, 9))])],
    [
      'with a GPS directory that is not one',
      jpeg([
        exifSegment(
          exif(
            'II',
            Array.from({ length: 101 }, (_, tag) => [tag, 'N']),
          ),
        ),
      ]),
    ],
    ['with XMP that is not XML', jpeg([xmpSegment(`<exif:GPSLatitude ${XMP_PLACE}`)])],
    ['that ends in a segment', jpeg([exifSegment(exif())]).subarray(0, 60)],
    ['that ends in a chunk', png([{ type: 'eXIf', data: exif() }]).subarray(0, 3100)],
    ['as a GIF', Buffer.from(`GIF89a${xmp()}`)],
    ['as an SVG', Buffer.from(`<svg>${xmp()}</svg>`)],
    ['as no image', Buffer.from(xmp())],
    ['without bytes', Buffer.alloc(0)],
  ])('%s', async (_, image) => {
    expect(await findLocation(sourceOfBytes(image))).toEqual([]);
  });
});

describe('a file on the disk', () => {
  /** Returns a file that counts the bytes that are read from it. */
  function fileOf(image: Buffer) {
    const file = {
      size: image.length,
      bytesRead: 0,
      fill: (buffer: Buffer, position: number) => {
        file.bytesRead += buffer.length;
        expect(image.copy(buffer, 0, position)).toBe(buffer.length);
        return Promise.resolve();
      },
    };
    return file;
  }

  test('has the same location as the same bytes in memory', async () => {
    const more = Buffer.alloc(200_000, 7);
    for (const image of [
      jpeg([
        ...moreXmpSegments(xmp('', `<dc:a>${'x'.repeat(100_000)}</dc:a><a:GPS>${XMP_PLACE}</a:GPS>`), 60_000),
        exifSegment(exif()),
      ]),
      png([{ type: 'eXIf', data: exif() }], more),
      webp([{ type: 'EXIF', data: exif() }], more),
    ]) {
      const edits = await findLocation(sourceOfFile(fileOf(image)));
      expect(edits).not.toEqual([]);
      expect(edits).toEqual(await findLocation(sourceOfBytes(image)));
    }
  });

  test('of 10 MB is read only at its beginning if it is a JPEG', async () => {
    const file = fileOf(jpeg([exifSegment(exif()), segment(0xe2, Buffer.alloc(3000))], Buffer.alloc(10_000_000, 1)));
    expect(await findLocation(sourceOfFile(file))).toHaveLength(1);
    expect(file.bytesRead).toBeLessThanOrEqual(64 * 1024);
  });

  test('gets its edits in whichever pieces it is read', async () => {
    const image = jpeg([exifSegment(exif()), xmpSegment(xmp())]);
    const edits = await findLocation(sourceOfBytes(image));
    const whole = await withoutLocation(image);
    for (const length of [1, 7, 100, image.length]) {
      const pieces = Array.from({ length: Math.ceil(image.length / length) }, (_, index) => {
        const piece = Buffer.from(image.subarray(index * length, (index + 1) * length));
        applyEdits(piece, index * length, edits);
        return piece;
      });
      expect(Buffer.concat(pieces)).toEqual(whole);
    }
  });
});
