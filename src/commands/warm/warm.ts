import { setMaxListeners } from 'node:events';
import { Interruption } from '../../shell/failure';
import { openTerminal, type Terminal } from '../../shell/terminal';
import { counted, duration, megabytes, number } from '../../shell/text';
import { Client } from './client';
import { DoneImages } from './done-images';
import { warmImages } from './images';
import { listPages, readPages } from './pages';
import { PAUSES_MS, Run } from './run';
import { readWarmSettings, type WarmOptions } from './settings';
import { showSummary } from './summary';
import { Tally } from './tally';
import { findTarget } from './target';

/** The message after Ctrl-C. */
const STOPPED = 'Stopped. Run the same command again to continue.';

/**
 * Runs the command `warm`.
 *
 * @param pausesMs before each attempt of a request
 * @throws Failure for an invalid option, without a sitemap, and when the servers fail; Interruption after Ctrl-C
 */
export async function runWarm(options: WarmOptions, pausesMs = PAUSES_MS): Promise<void> {
  const settings = readWarmSettings(options);
  const target = findTarget(options);
  const terminal = openTerminal(options);
  const { signal } = terminal;
  // Each request adds one.
  setMaxListeners(0, signal);
  const client = await Client.open({ connections: settings.concurrency, signal });
  const run = new Run(target, settings, client, new Tally(), signal, pausesMs);
  try {
    await warm(run, terminal);
  } catch (error) {
    throw signal.aborted ? new Interruption(STOPPED) : error;
  } finally {
    client.close();
  }
  const summary = run.tally.summary(!run.isStopped);
  if (options.json) {
    terminal.result(summary);
  } else {
    showSummary(terminal, summary, options.verbose);
  }
  if (signal.aborted) {
    throw new Interruption(STOPPED);
  }
  if (run.failure) {
    throw run.failure;
  }
  if (!summary.complete) {
    process.exitCode = 1;
  }
}

async function warm(run: Run, terminal: Terminal): Promise<void> {
  const { blogUrl, imagesUrl } = run.target;
  const pages = await terminal.step(`Reading the sitemap of ${blogUrl.href}`, () => listPages(run));
  const images = await withBar(
    terminal,
    () => {
      const [done, total] = [run.tally.finished('page'), pages.urls.size];
      return { share: done / total, text: `${number(done)} of ${counted(total, 'page')} read` };
    },
    () => readPages(run, pages),
  );
  if (run.isStopped) {
    return;
  }
  if (images.size === 0) {
    terminal.warn(`No page shows an image from ${imagesUrl}. Check the URL of the CDN (--cdn-url).`);
  }
  const done = DoneImages.open(imagesUrl);
  if (done.count > 0) {
    terminal.say(`Continuing an earlier run, which requested ${counted(done.count, 'image')}: ${done.file}`);
  }
  try {
    await withBar(terminal, progressOf(run, images.size), () => warmImages(run, images, done));
  } finally {
    if (run.isStopped || run.tally.failureCount > 0) {
      done.close();
    } else {
      done.forget();
    }
  }
}

/** Shows a bar while a step runs. */
async function withBar<T>(
  terminal: Terminal,
  look: Parameters<Terminal['bar']>[0],
  step: () => Promise<T>,
): Promise<T> {
  const stop = terminal.bar(look);
  try {
    return await step();
  } finally {
    stop();
  }
}

function progressOf({ tally }: Run, total: number) {
  const startedAt = performance.now();
  return () => {
    const done = tally.finished('image');
    const seconds = (performance.now() - startedAt) / 1000;
    const parts = [
      `${number(done)} of ${counted(total, 'image')}`,
      megabytes(tally.bytes),
      ...(tally.failureCount > 0 ? [`${number(tally.failureCount)} failed`] : []),
      ...(done > 0 ? [`${duration(seconds * (total / done - 1))} left`] : []),
    ];
    return { share: done / Math.max(total, 1), text: parts.join(', ') };
  };
}
