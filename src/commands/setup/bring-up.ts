import { Declined, Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { askBlog, type BlogState, stoppedBeforeRestart, waitForBlog } from './blog';
import { goBack } from './go-back';
import type { Switchable } from './journey';
import { askForRestart, BOOT_SECONDS, PATIENCE_SECONDS, restart, restartAdvice } from './restart';

/**
 * Restarts Ghost, whose configuration uses the adapter, and waits until the blog redirects to the CDN. A Ghost that does
 * not come up runs from the disk again. Neither Ctrl-C nor a lost connection stops it while Ghost is down.
 *
 * @param before the state of the blog before the restart
 * @throws Failure when Ghost did not come up, or was not restarted; Declined when the user has not restarted it
 */
export async function restartOnCdn(switchable: Switchable, before: BlogState['state']): Promise<void> {
  await toItsEnd(switchable.terminal, async () => {
    const since = Date.now();
    const { failure, found } = await restartAndWait(switchable, before);
    if (found.state === 'down') {
      await goBack(switchable, { answer: failure ?? found.answer, since, mayHaveUploads: before !== 'disk' });
    }
    const reason = failure === undefined ? '' : ` (${failure})`;
    if (found.state === 'disk') {
      throw new Failure(
        `Ghost was not restarted: the blog still serves its images itself${reason}.`,
        `${restartAdvice(switchable)}\nAfter its next start, it uses the image server. Then run the same command again.`,
      );
    }
    // A Ghost that already uses the adapter answers in the same way without a restart.
    if (before === 'cdn' && failure !== undefined) {
      throw notRestarted(switchable, reason);
    }
  });
}

const notRestarted = (switchable: Switchable, reason = '') =>
  new Failure(
    `Ghost was not restarted${reason}: it still runs with its old configuration.`,
    `${restartAdvice(switchable)}\nThen run the same command again.`,
  );

async function restartAndWait(
  switchable: Switchable,
  before: BlogState['state'],
): Promise<{ failure?: string; found: BlogState }> {
  const { terminal, site, cdnUrl, restartCommand } = switchable;
  const wait = (patience: { seconds: number; downSeconds?: number; signal?: AbortSignal }) =>
    waitForBlog(switchable, 'Waiting for Ghost', (state) => state === 'cdn', patience);
  if (!restartCommand) {
    await waitForUser(switchable, before);
    const { signal } = terminal;
    return { found: await wait({ seconds: PATIENCE_SECONDS, downSeconds: BOOT_SECONDS, signal }) };
  }
  const failure = await restart(terminal, restartCommand);
  // Ctrl-C may have ended the command, but not the restart that it started.
  const isToWait = failure === undefined || terminal.signal.aborted;
  return { failure, found: isToWait ? await wait({ seconds: BOOT_SECONDS }) : await askBlog(site, cdnUrl) };
}

/** Asks the user to restart Ghost. When it already used the adapter, only the restart itself proves anything. */
async function waitForUser(switchable: Switchable, before: BlogState['state']): Promise<void> {
  const { terminal, site } = switchable;
  askForRestart(terminal, site);
  if (before !== 'cdn') {
    return;
  }
  if (terminal.canChoose) {
    if (terminal.signal.aborted) {
      throw stoppedBeforeRestart();
    }
    if (!(await terminal.confirm('Have you restarted Ghost?'))) {
      throw new Declined(
        `Ghost still runs as before. ${restartAdvice(switchable)}\n  Then run the same command again.`,
      );
    }
    return;
  }
  const patience = { seconds: PATIENCE_SECONDS, signal: terminal.signal };
  const { state } = await waitForBlog(switchable, 'Waiting for the restart', (found) => found === 'down', patience);
  if (state !== 'down') {
    throw notRestarted(switchable);
  }
}

/** Runs a step that Ctrl-C does not stop, and says so when it is pressed. */
async function toItsEnd(terminal: Terminal, run: () => Promise<void>): Promise<void> {
  const { signal } = terminal;
  const say = () => terminal.say('Ghost is restarting. This command ends when the blog answers again.');
  signal.addEventListener('abort', say, { once: true });
  try {
    await run();
  } finally {
    signal.removeEventListener('abort', say);
  }
}
