import { Interruption } from '../../shell/failure';
import { openTerminal } from '../../shell/terminal';
import { type CheckReport, failed, runChecks } from './check';
import { CHECKS } from './checks';
import { DoctorContext, type DoctorOptions } from './context';
import { internet } from './network';
import { reporterFor, showSummary } from './report';

/**
 * Runs the command `doctor`.
 *
 * @throws Interruption after Ctrl-C, once everything is cleaned up
 */
export async function runDoctor(options: DoctorOptions): Promise<void> {
  if (options.profile !== undefined) {
    process.env.AWS_PROFILE = options.profile;
  }
  const terminal = openTerminal(options);
  const context = new DoctorContext(options, { network: internet, signal: terminal.signal });
  const reports: CheckReport[] = [];
  let left: string[];
  try {
    reports.push(...(await runChecks(CHECKS, context, reporterFor(terminal))));
  } finally {
    left = await context.cleanUp();
  }
  if (left.length > 0) {
    reports.push({
      group: 'Permissions',
      name: 'cleaned up',
      ...failed(
        'What the doctor had put into the bucket was deleted.',
        `${left.join(', ')} could not be deleted.`,
        'Delete it yourself, and see why Ghost may not: it deletes pictures, too.',
      ),
    });
    left.forEach((key) => terminal.warn(`${key} could not be deleted: it is still in the bucket.`));
  }
  if (terminal.signal.aborted) {
    throw new Interruption(left.length === 0 ? 'Stopped. Nothing of the doctor is left in the bucket.' : 'Stopped.');
  }
  if (options.json) {
    terminal.result(reports);
  } else {
    showSummary(terminal, reports);
  }
  if (reports.some(({ result }) => result === 'failed')) {
    process.exitCode = 1;
  }
}
