import { type CheckReport, failed, type Group, type Reporter, runChecks } from './check';
import { CHECKS } from './checks';
import type { DoctorContext } from './context';

/** The name of the report about objects that could not be deleted after the checks. */
const CLEAN_UP = 'cleaned up';

/** What to check, and what is told about it. */
export interface DiagnosisOptions {
  /** Groups of checks to run; default: all of them. A check does not depend on those of a group that is left out. */
  groups?: readonly Group[];
  /** Is told about each check as it runs. */
  reporter?: Reporter;
}

/**
 * Runs the checks of `doctor`, and deletes what they stored in the bucket, also after an abort of `context.signal`.
 *
 * `context` decides what is checked: for a configuration that is not active yet, create it with a `site` whose `config`
 * is the planned one, and leave out the group `Ghost`, whose checks send requests to the running Ghost.
 *
 * @returns the reports in the order of the checks, with a failed one at the end when an object could not be deleted;
 *   after an abort, those so far
 */
export async function diagnose(
  context: DoctorContext,
  { groups, reporter = SILENT }: DiagnosisOptions = {},
): Promise<CheckReport[]> {
  const checks = groups ? CHECKS.filter(({ group }) => groups.includes(group)) : CHECKS;
  const reports: CheckReport[] = [];
  let left: string[];
  try {
    reports.push(...(await runChecks(checks, context, reporter)));
  } finally {
    left = await context.cleanUp();
  }
  if (left.length > 0) {
    const report = remainsOf(left);
    reports.push(report);
    reporter.finished(report);
  }
  return reports;
}

/** Returns whether nothing that the checks stored is left in the bucket. */
export const isCleanedUp = (reports: CheckReport[]): boolean => !reports.some(({ name }) => name === CLEAN_UP);

const SILENT: Reporter = { started: () => undefined, finished: () => undefined };

const remainsOf = (left: string[]): CheckReport => ({
  group: 'Permissions',
  name: CLEAN_UP,
  label: 'nothing is left in the bucket',
  ...failed(
    'The command deleted the files that it had stored in the bucket.',
    `${left.join(', ')} could not be deleted and is still in the bucket.`,
    'Delete it yourself, and check why Ghost may not: Ghost also deletes images.',
  ),
});
