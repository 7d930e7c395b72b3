import { type Options, SingleBar } from 'cli-progress';

/** How far along something is. */
export interface Progress {
  /** From 0 to 1; undefined while it is not known, which draws no bar. */
  share?: number;
  /** The text next to the bar. */
  text: string;
}

const REDRAW_EVERY_MS = 125;

/** How often (ms) to write a line where no bar can be drawn. */
const LINE_EVERY_MS = 5_000;

/**
 * Draws a bar until the returned function stops it. Where it cannot be drawn, writes the text as a line every few
 * seconds.
 */
export function drawProgress(output: NodeJS.WriteStream, isWatched: boolean, look: () => Progress): () => void {
  if (!isWatched) {
    const lines = setInterval(() => output.write(`${look().text}\n`), LINE_EVERY_MS);
    lines.unref();
    return () => clearInterval(lines);
  }
  const format: Options['format'] = ({ barsize = 0 }, { progress }) => {
    const { share, text } = look();
    const full = Math.round(barsize * progress);
    return share === undefined ? text : `${'█'.repeat(full)}${'░'.repeat(barsize - full)} ${text}`;
  };
  const bar = new SingleBar({
    stream: output,
    format,
    barsize: 24,
    fps: 8,
    clearOnComplete: true,
    hideCursor: true,
    gracefulExit: false,
  });
  bar.start(1, 0);
  const updates = setInterval(() => bar.update(look().share ?? 0), REDRAW_EVERY_MS);
  updates.unref();
  return () => {
    clearInterval(updates);
    bar.stop();
  };
}
