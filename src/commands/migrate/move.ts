import { Interruption } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { showProgress } from './progress';
import { Report, type Summary } from './report';
import { beginRun, type Run } from './run';
import type { MigrateOptions, MoveSettings } from './settings';

const STOPPED = 'Stopped. Nothing is half done: run the same command again, and it goes on.';

/**
 * Does steps that move files, one after the other, shows how far they are, and counts what they come to.
 *
 * @throws Interruption when the user has stopped them
 */
export async function move(
  terminal: Terminal,
  { json, report: file }: Pick<MigrateOptions, 'json' | 'report'>,
  settings: MoveSettings,
  steps: ((run: Run) => Promise<void>)[],
): Promise<Summary> {
  const report = await Report.open(file);
  const progress = showProgress(json ? process.stderr : process.stdout);
  const startedAt = performance.now();
  const run = beginRun(settings, terminal.signal, progress, report);
  terminal.signal.addEventListener('abort', progress.stop, { once: true });
  try {
    for (const step of steps) {
      await step(run);
      terminal.signal.throwIfAborted();
    }
  } catch (error) {
    throw terminal.signal.aborted ? new Interruption(STOPPED) : error;
  } finally {
    terminal.signal.removeEventListener('abort', progress.stop);
    progress.stop();
    await report.close();
  }
  return report.summary((performance.now() - startedAt) / 1000);
}
