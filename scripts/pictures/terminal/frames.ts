import { TerminalScreen } from '../../../test/support/terminal-screen';

/** Output of a command, when it came. */
export interface Output {
  /** In ms. */
  at: number;
  text: string;
}

/** Characters of the same style next to each other. */
export interface Run {
  row: number;
  column: number;
  style: string;
  text: string;
}

/** A run, and the times (ms) between which it is visible. */
export interface Shown extends Run {
  from: number;
  /** Undefined for a run that stays. */
  to?: number;
}

export interface Film {
  runs: Shown[];
  /** How many lines have left the screen at its top, from a time (ms) on. */
  scrolls: { at: number; lines: number }[];
  /** In ms. */
  length: number;
}

/** How long (ms) the image stays the same at most. */
const LONGEST_WAIT = 1_600;

/** How long (ms) a spinner turns, or a bar grows, at most. */
const LONGEST_PROGRESS = 2_000;

/** Output that comes within this time (ms) is shown at once. */
const FRAME = 60;

/** The characters of spinners and bars, and numbers. */
const PROGRESS = /[\u2800-\u28ff█░\d]+/g;

interface Frame {
  at: number;
  runs: Map<string, Run>;
  /** The same for two frames that differ by a spinner or the numbers next to a bar. */
  words: string;
  lines: number;
}

/** Draws what a terminal shows over time, with long waits cut. */
export function filmOf(outputs: Output[], { columns, rows }: { columns: number; rows: number }): Film {
  const frames = cutWaits(framesOf(outputs, columns));
  const runs: Shown[] = [];
  const visible = new Map<string, Shown>();
  const scrolls: Film['scrolls'] = [];
  for (const { at, runs: now, lines } of frames) {
    for (const [name, shown] of visible) {
      if (!now.has(name)) {
        shown.to = at;
        visible.delete(name);
      }
    }
    for (const [name, run] of now) {
      if (!visible.has(name)) {
        const shown = { ...run, from: at };
        visible.set(name, shown);
        runs.push(shown);
      }
    }
    const left = Math.max(lines - rows, 0);
    if (left > (scrolls.at(-1)?.lines ?? 0)) {
      scrolls.push({ at, lines: left });
    }
  }
  return { runs, scrolls, length: frames.at(-1)?.at ?? 0 };
}

function framesOf(outputs: Output[], columns: number): Frame[] {
  const screen = new TerminalScreen(columns);
  const frames: Frame[] = [];
  outputs.forEach(({ at, text }, index) => {
    screen.write(text);
    const next = outputs[index + 1];
    const last = frames.at(-1);
    if (next && (next.at - at < FRAME / 2 || (last && next.at - last.at < FRAME))) {
      return;
    }
    const runs = new Map(runsOf(screen).map((run) => [Object.values(run).join(' '), run]));
    const words = [...runs.keys()].join('\n').replace(PROGRESS, '…');
    frames.push({ at, runs, words, lines: screen.lines().findLastIndex((line) => line !== '') + 1 });
  });
  return frames;
}

/** Returns the visible parts of the lines; spaces between words stay in them, and gaps do not. */
function runsOf(screen: TerminalScreen): Run[] {
  const runs: Run[] = [];
  screen.rows.forEach((cells, row) => {
    let run: Run | undefined;
    cells.forEach(({ character, style }, column) => {
      const isGap = character === ' ' && (cells[column + 1]?.character ?? ' ') === ' ';
      if (isGap || (run && run.style !== style)) {
        run = undefined;
      }
      if (run) {
        run.text += character;
      } else if (character !== ' ') {
        runs.push((run = { row, column, style, text: character }));
      }
    });
  });
  return runs.map((run) => ({ ...run, text: run.text.trimEnd() }));
}

/** Cuts the time in which nothing happens, and plays spinners and bars that take long faster. */
function cutWaits(frames: Frame[]): Frame[] {
  const kept: Frame[] = [];
  let [from, at] = [0, 0];
  while (from < frames.length) {
    const end = frames.findIndex(({ words }, index) => index > from && words !== frames[from]?.words);
    const to = end < 0 ? frames.length : end;
    const stretch = frames.slice(from, to);
    const [first, former] = [stretch[0]?.at ?? 0, frames[from - 1]?.at ?? 0];
    const length = (stretch.at(-1)?.at ?? 0) - first;
    const speed = Math.max(length / LONGEST_PROGRESS, 1);
    const start = at + Math.min(first - former, LONGEST_WAIT);
    for (const frame of stretch) {
      const played = Math.round(start + (frame.at - first) / speed);
      if (frame === stretch[0] || frame === stretch.at(-1) || played - at >= FRAME) {
        kept.push({ ...frame, at: played });
        at = played;
      }
    }
    from = to;
  }
  return kept;
}
