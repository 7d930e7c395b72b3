import type { GhostSite } from '../../ghost-site/site';
import type { DoctorContext } from './context';

/** The groups of checks, in the order in which they depend on each other. */
export type Group = 'Config' | 'Credentials' | 'Bucket' | 'Permissions' | 'CDN' | 'Files' | 'Ghost';

/**
 * The result of a check.
 *
 * - `passed`: works as it should.
 * - `warned`: works, but could be better.
 * - `failed`: images are lost, missing or at risk.
 * - `unchecked`: could not be determined.
 */
export interface CheckResult {
  result: 'passed' | 'warned' | 'failed' | 'unchecked';
  /** The observation, which can be understood without the label of the check; for `unchecked`, the reason. */
  found: string;
  /** More for `--verbose`: status codes and IAM actions. */
  detail?: string;
  /** How it was tested. */
  tried?: string;
  /** How to fix it. */
  cure?: string;
}

/** One row of the table of checks. */
export interface Check {
  group: Group;
  /** Identifies the check, in `needs` and in the output of `--json`. It never changes. */
  name: string;
  /** What the user gets when the check passes, in a few words. */
  label: string;
  /** What a slow check waits for, after "waits". */
  wait?: string;
  /** Names of the checks that this one depends on; it is skipped when one of them failed. */
  needs?: string[];
  run: (context: DoctorContext) => CheckResult | Promise<CheckResult>;
}

/** A result with the check that it belongs to, as `--json` prints it. */
export interface CheckReport extends Pick<Check, 'group' | 'name' | 'label'>, CheckResult {
  /** The name of the failed check for which this one was skipped. */
  skippedFor?: string;
}

/** Is told about each check as it runs. */
export interface Reporter {
  started(check: Check): void;
  finished(report: CheckReport): void;
}

export const passed = (found: string, detail?: string): CheckResult => ({
  result: 'passed',
  found,
  ...(detail !== undefined && { detail }),
});

export const unchecked = (found: string, cure?: string): CheckResult => ({ result: 'unchecked', found, cure });

/** The result of a check of what Ghost does with the adapter, while Ghost does not use the adapter. */
export const NOT_ACTIVE = unchecked('Ghost does not use the adapter yet');

export const failed = (tried: string, found: string, cure: string): CheckResult => ({
  result: 'failed',
  tried,
  found,
  cure,
});

export const warned = (tried: string, found: string, cure: string): CheckResult => ({
  ...failed(tried, found, cure),
  result: 'warned',
});

/** Returns a check for which Ghost has to be on this machine. */
export const withGhost =
  <T>(run: (context: DoctorContext, site: GhostSite) => T) =>
  (context: DoctorContext): T | CheckResult =>
    context.site ? run(context, context.site) : unchecked('Ghost was not found on this machine');

/**
 * Runs checks one after the other. A check that depends on a failed one, directly or not, is skipped, so that each cause
 * is reported once.
 *
 * @returns the reports in the order of the checks; after an abort of `context.signal`, those so far
 */
export async function runChecks(checks: Check[], context: DoctorContext, reporter: Reporter): Promise<CheckReport[]> {
  const reports: CheckReport[] = [];
  /** The root cause of each check that failed or was skipped, by its name. */
  const causes = new Map<string, Check>();
  for (const check of checks) {
    const { group, name, label, needs = [] } = check;
    const cause = needs.map((need) => causes.get(need)).find((found) => found !== undefined);
    reporter.started(check);
    const result = cause
      ? { ...unchecked(`skipped because this failed: ${cause.label}`), skippedFor: cause.name }
      : await runCheck(check, context);
    if (context.signal.aborted) {
      break;
    }
    if (cause ?? result.result === 'failed') {
      causes.set(name, cause ?? check);
    }
    const report = { group, name, label, ...result };
    reports.push(report);
    reporter.finished(report);
  }
  return reports;
}

async function runCheck({ label, run }: Check, doctorContext: DoctorContext): Promise<CheckResult> {
  try {
    return await run(doctorContext);
  } catch (error) {
    const { message, help, cure, context } = error as Error & { help?: string; cure?: string; context?: string };
    return failed(
      context ?? `The check was whether ${label}.`,
      message,
      help ?? cure ?? 'Run the command again. If this happens again, run it with --debug and report its output.',
    );
  }
}
