/** The image's size in its own units; GitHub shows it as wide as the page. */
const SIZE = { width: 1000, height: 350 };

const BOX = { width: 152, height: 140, top: 72 };
const MIDDLE = BOX.top + BOX.height / 2;
const BOTTOM = BOX.top + BOX.height;

interface Box {
  /** Left edge. */
  x: number;
  title: string;
  /** Below the title. */
  lines: [string, string];
  color: Color;
  /** Strokes in a square of 32 units. */
  icon: string;
}

type Color = keyof typeof COLORS;

const COLORS = {
  gray: { line: '#5b6675', fill: '#f5f7fa' },
  blue: { line: '#2f5fa7', fill: '#eef4fd' },
  green: { line: '#2f7d46', fill: '#eef8f0' },
  purple: { line: '#6b48a8', fill: '#f5f0fc' },
};

const BOXES: Box[] = [
  {
    x: 24,
    title: 'Editor',
    lines: ['adds an image', 'to a post'],
    color: 'gray',
    icon: 'M5 27l1.5-6.5L21 6l5 5L11.5 25.5z M18 9l5 5',
  },
  {
    x: 224,
    title: 'Ghost',
    lines: ['with this adapter', 'blog.example.com'],
    color: 'blue',
    icon: 'M6 28V14a10 10 0 0 1 20 0v14l-3.3-3-3.4 3-3.3-3-3.3 3-3.4-3z M12.5 13v2 M19.5 13v2',
  },
  {
    x: 424,
    title: 'S3 bucket',
    lines: ['holds every file,', 'is private'],
    color: 'green',
    icon: 'M5 8a11 3.5 0 1 0 22 0a11 3.5 0 1 0 -22 0 M5 8l3 17.5c.6 3.3 15.4 3.3 16 0L27 8',
  },
  {
    x: 624,
    title: 'CloudFront',
    lines: ['caches each file', 'images.example.com'],
    color: 'purple',
    icon: 'M5 16a11 11 0 1 0 22 0a11 11 0 1 0 -22 0h22 M16 5c-7 7-7 15 0 22c7-7 7-15 0-22',
  },
  {
    x: 824,
    title: 'Visitor',
    lines: ['sees the image', 'in the post'],
    color: 'gray',
    icon: 'M4 7h24v18H4z M4 12h24 M8 21l4-5 3 3.5 3-3.5 5 5',
  },
];

/** Draws how a file gets from the editor to a visitor, in five boxes, as SVG. */
export function drawHowItWorks(): string {
  const [editor, ghost, bucket, cloudFront, visitor] = BOXES as [Box, Box, Box, Box, Box];
  const { width, height } = SIZE;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">The editor uploads an image to Ghost. The adapter stores it in a private S3 bucket. CloudFront reads it from there and sends it to visitors. A size that is not in the bucket comes from Ghost, once.</title>
<style>
text { font-family: -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; text-anchor: middle; font-size: 14px; fill: #3d4754 }
.host, .verb { font-size: 13px }
.title { font-size: 18px; font-weight: 600; fill: #1b2430 }
.where { font-weight: 600 }
.verb, .where { stroke: #fff; stroke-width: 3px; paint-order: stroke }
path { fill: none; stroke-linecap: round; stroke-linejoin: round }
</style>
<defs>
<marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M1 1L9 5L1 9" style="stroke:#3d4754;stroke-width:1.8"/></marker>
</defs>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="12" fill="#ffffff" stroke="#d5dbe3"/>
${drawFrame('Your server', 'blue', ghost, ghost)}
${drawFrame('Your AWS account', 'green', bucket, cloudFront)}
${BOXES.map(drawBox).join('\n')}
${drawArrow(editor, ghost, 'upload')}
${drawArrow(ghost, bucket, 'store')}
${drawArrow(bucket, cloudFront, 'read')}
${drawArrow(cloudFront, visitor, 'send')}
${drawWayBack(cloudFront, ghost)}
</svg>
`;
}

/** Draws a frame around neighboring boxes, with its name. */
function drawFrame(name: string, color: Color, first: Box, last: Box): string {
  const { line } = COLORS[color];
  const [x, width] = [first.x - 12, last.x + BOX.width - first.x + 24];
  return (
    `<rect x="${x}" y="${BOX.top - 46}" width="${width}" height="${BOX.height + 58}" rx="12" fill="none" stroke="${line}" stroke-opacity=".5" stroke-dasharray="2 4"/>` +
    `<text class="where" x="${x + width / 2}" y="${BOX.top - 18}" style="fill:${line}">${name}</text>`
  );
}

function drawBox({ x, title, lines, color, icon }: Box): string {
  const { line, fill } = COLORS[color];
  const center = x + BOX.width / 2;
  const texts = lines.map(
    (text, index) =>
      `<text${text.includes('example.com') ? ' class="host"' : ''} x="${center}" y="${BOX.top + 104 + index * 21}">${text}</text>`,
  );
  return (
    `<rect x="${x}" y="${BOX.top}" width="${BOX.width}" height="${BOX.height}" rx="10" fill="${fill}" stroke="${line}" stroke-width="1.5"/>` +
    `<path transform="translate(${center - 20} ${BOX.top + 11}) scale(1.25)" d="${icon}" stroke="${line}" stroke-width="1.6"/>` +
    `<text class="title" x="${center}" y="${BOX.top + 76}">${title}</text>${texts.join('')}`
  );
}

/** Draws an arrow from a box to the next one. */
function drawArrow(from: Box, to: Box, verb: string): string {
  const [start, end] = [from.x + BOX.width + 2, to.x - 2];
  return (
    `<path d="M${start} ${MIDDLE}H${end}" stroke="#3d4754" stroke-width="1.8" marker-end="url(#tip)"/>` +
    `<text class="verb" x="${(start + end) / 2}" y="${MIDDLE - 10}">${verb}</text>`
  );
}

/** Draws the way of a size that the bucket does not have, below the bucket. */
function drawWayBack(from: Box, to: Box): string {
  const [start, end] = [from.x + BOX.width / 2, to.x + BOX.width / 2];
  const low = BOTTOM + 64;
  return (
    `<path d="M${start} ${BOTTOM + 2}V${low - 12}q0 12 -12 12H${end + 12}q-12 0 -12 -12V${BOTTOM + 4}" stroke="#3d4754" stroke-width="1.8" stroke-dasharray="6 5" marker-end="url(#tip)"/>` +
    `<text x="${(start + end) / 2}" y="${low + 24}">An image size that is not in the bucket yet:</text>` +
    `<text x="${(start + end) / 2}" y="${low + 44}">Ghost creates it and stores it, once.</text>`
  );
}
