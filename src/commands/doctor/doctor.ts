import { checkProfile } from '../../aws/profiles';
import { signInAsContainer } from '../../ghost-site/compose/container-credentials';
import { Interruption } from '../../shell/failure';
import { openTerminal } from '../../shell/terminal';
import { DoctorContext, type DoctorOptions } from './context';
import { diagnose, isCleanedUp } from './diagnose';
import { PageFile } from './html/page-file';
import { writePage } from './html/write-page';
import { internet } from './network';
import { reporterFor, showSummary } from './report';

/**
 * Runs the command `doctor`.
 *
 * @throws Interruption after Ctrl-C, once everything is cleaned up
 */
export async function runDoctor(options: DoctorOptions): Promise<void> {
  await checkProfile(options.profile, '--profile');
  if (options.profile !== undefined) {
    process.env.AWS_PROFILE = options.profile;
  }
  // Before the checks, which take a minute.
  const page = options.html === undefined ? undefined : new PageFile(options.html);
  const terminal = openTerminal(options);
  const context = new DoctorContext(options, { network: internet, signal: terminal.signal });
  if (options.profile === undefined && context.site) {
    signInAsContainer(context.site);
  }
  const reports = await diagnose(context, { reporter: reporterFor(terminal, options) });
  if (terminal.signal.aborted) {
    throw new Interruption(isCleanedUp(reports) ? 'Stopped. No test files are left in the bucket.' : 'Stopped.');
  }
  if (page) {
    writePage(page, context, reports);
  }
  if (options.json) {
    terminal.result(reports);
  } else {
    showSummary(terminal, reports);
  }
  if (page) {
    terminal.say(`\nThe page ${options.html} shows all of this, without secrets.`);
  }
  if (reports.some(({ result }) => result === 'failed')) {
    process.exitCode = 1;
  }
}
