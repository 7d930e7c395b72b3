import type { Range } from './tiff';

// Each pattern matches in one pass: no part of it can take the characters of the next one.
const TAG = /<(\/?)([^\s<>/="'!?]+)/y;
const ATTRIBUTE = /\s+([^\s<>/="']+)\s*=\s*(?:"[^"]*"|'[^']*')/y;
const TAG_END = /\s*(\/?)>/y;

/** A property of any schema for GPS: `exif:GPSLatitude`, `drone-dji:GpsLongitude`. `xmlns:gps` declares a prefix. */
const GPS_NAME = /^(?!xmlns:)[^:]+:gps/i;

/** The parts of a text in XML that are not tags, with their ends. */
const OTHER_MARKUP = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
  ['<!', '>'],
] as const;

/**
 * Returns the parts of XMP data that are a location: GPS properties of any schema, written as attributes or as elements.
 * If they are spaces, the rest is the same XML without them. Data that is not well-formed is read up to the first
 * mistake.
 *
 * @see https://github.com/adobe/XMP-Toolkit-SDK/blob/main/docs/XMPSpecificationPart1.pdf section 7, serialization
 * @see https://github.com/adobe/XMP-Toolkit-SDK/blob/main/docs/XMPSpecificationPart2.pdf section 2.5, EXIF for XMP
 */
export function gpsInXmp(bytes: Buffer): Range[] {
  // One character for each byte, so that positions are the same. All names that matter are in ASCII.
  const text = bytes.toString('latin1');
  if (!/:gps/i.test(text)) {
    return [];
  }
  const parts: Range[] = [];
  /** The GPS element whose end has not been found yet. */
  let element: { name: string; start: number } | undefined;
  let at = text.indexOf('<');
  while (at !== -1) {
    const tag = readTag(text, at);
    if (!tag) {
      const end = endOfOther(text, at);
      at = end === -1 ? -1 : text.indexOf('<', end);
      continue;
    }
    const { name, kind, start, end, gpsAttributes } = tag;
    if (element) {
      if (kind === 'close' && name === element.name) {
        parts.push({ start: element.start, end });
        element = undefined;
      }
    } else if (kind === 'open' && GPS_NAME.test(name)) {
      element = { name, start };
    } else {
      // A tag may have more attributes than a call may have arguments.
      (kind === 'empty' && GPS_NAME.test(name) ? [{ start, end }] : gpsAttributes).forEach((part) => parts.push(part));
    }
    at = text.indexOf('<', end);
  }
  return parts;
}

interface Tag extends Range {
  name: string;
  /** `<a>`, `</a>` or `<a/>`. */
  kind: 'open' | 'close' | 'empty';
  gpsAttributes: Range[];
}

/** Returns undefined if there is no complete tag at the position. */
function readTag(text: string, start: number): Tag | undefined {
  const opening = matchAt(TAG, text, start);
  if (!opening) {
    return undefined;
  }
  const [, slash = '', name = ''] = opening;
  const gpsAttributes: Range[] = [];
  let end = start + opening[0].length;
  for (let found = matchAt(ATTRIBUTE, text, end); found; found = matchAt(ATTRIBUTE, text, end)) {
    if (GPS_NAME.test(found[1] ?? '')) {
      gpsAttributes.push({ start: end, end: end + found[0].length });
    }
    end += found[0].length;
  }
  const closing = matchAt(TAG_END, text, end);
  if (!closing) {
    return undefined;
  }
  const kind = slash ? 'close' : closing[1] ? 'empty' : 'open';
  return { name, kind, start, end: end + closing[0].length, gpsAttributes };
}

/** Returns the position behind a comment, an instruction or the like; -1 if there is none, or if it has no end. */
function endOfOther(text: string, at: number): number {
  const [begin = '', end = ''] = OTHER_MARKUP.find(([beginning]) => text.startsWith(beginning, at)) ?? [];
  const endAt = begin ? text.indexOf(end, at + begin.length) : -1;
  return endAt === -1 ? -1 : endAt + end.length;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
