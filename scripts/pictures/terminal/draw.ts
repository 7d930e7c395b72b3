import { type Film, filmOf, type Output, type Shown } from './frames';

/** The size of a character in the image's units. */
const CELL = { width: 8.4, height: 19 };
const FONT_SIZE = 14;
const MARGIN = 18;
const BAR = 36;

const COLORS: Record<string, string> = {
  red: '#f07178',
  green: '#8fc98a',
  yellow: '#ecc67a',
  blue: '#82aaff',
  magenta: '#c792ea',
  cyan: '#7fd0e0',
  dim: '#8b95a7',
};

export interface Look {
  columns: number;
  rows: number;
  /** Describes the image to those who do not see it. */
  title: string;
}

/**
 * Draws output of a command as an SVG that plays once and keeps its last frame. It needs no script, so that it can be
 * shown as an image; where images do not move, it shows the last frame.
 */
export function drawTerminal(outputs: Output[], { columns, rows, title }: Look): string {
  const { runs, scrolls, length } = filmOf(outputs, { columns, rows });
  const width = Math.round(columns * CELL.width + 2 * MARGIN);
  const inner = rows * CELL.height;
  const height = inner + BAR + 2 * MARGIN - 6;
  const end = scrolls.at(-1)?.lines ?? 0;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">${escape(title)}</title>
<style>
text { font: ${FONT_SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace; fill: #d7dce5 }
.bold { font-weight: 700 }
.underline { text-decoration: underline }
${Object.entries(COLORS)
  .map(([name, color]) => `.${name} { fill: ${color} }`)
  .join('\n')}
.end { animation: end 1ms step-end backwards }
.for { visibility: hidden; animation: for 1s step-end }
@keyframes end { from { visibility: hidden } }
@keyframes for { from, to { visibility: visible } }
${drawScrolling(scrolls, length)}@media (prefers-reduced-motion: reduce) { * { animation: none !important } }
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="10" fill="#1b1f27" stroke="#3b4252"/>
<path d="M.5 ${BAR}V10.5a10 10 0 0 1 10-10H${width - 10.5}a10 10 0 0 1 10 10V${BAR}z" fill="#262b36"/>
${[22, 42, 62].map((x) => `<circle cx="${x}" cy="${BAR / 2}" r="6" fill="#4c5567"/>`).join('')}
<svg x="${MARGIN}" y="${BAR + MARGIN - 6}" width="${width - 2 * MARGIN}" height="${inner}">
<g class="paper" transform="translate(0 ${-end * CELL.height})">
${drawRuns(runs)}
</g>
</svg>
</svg>
`;
}

/** Draws runs that are visible at the same time as a group. */
function drawRuns(runs: Shown[]): string {
  const groups = new Map<string, Shown[]>();
  for (const run of runs) {
    const times = `${run.from} ${run.to}`;
    groups.set(times, [...(groups.get(times) ?? []), run]);
  }
  return [...groups.values()]
    .map((group) => {
      const [{ from, to }] = group as [Shown, ...Shown[]];
      const texts = group.map(drawRun).join('');
      if (to === undefined && from === 0) return `<g>${texts}</g>`;
      const timing = `animation-delay:${from}ms${to === undefined ? '' : `;animation-duration:${to - from}ms`}`;
      return `<g class="${to === undefined ? 'end' : 'for'}" style="${timing}">${texts}</g>`;
    })
    .join('\n');
}

function drawRun({ row, column, style, text }: Shown): string {
  const [x, y] = [round(column * CELL.width), row * CELL.height + FONT_SIZE];
  // Fonts differ in the widths of their characters, and columns must not.
  const length = [...text].length;
  const fit = length > 1 ? ` textLength="${round(length * CELL.width)}"` : '';
  return `<text x="${x}" y="${y}"${style && ` class="${style}"`}${fit}>${escape(text)}</text>`;
}

/** Moves the lines up in steps. */
function drawScrolling(scrolls: Film['scrolls'], length: number): string {
  if (scrolls.length === 0) return '';
  const steps = scrolls.map(
    ({ at, lines }) => `${round((at / length) * 100)}% { transform: translateY(${-lines * CELL.height}px) }`,
  );
  return `.paper { animation: scroll ${length}ms step-end }
@keyframes scroll { from { transform: none } ${steps.join(' ')} }
`;
}

const round = (value: number) => Math.round(value * 100) / 100;

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
