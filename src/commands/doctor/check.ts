import type { SetUp } from './set-up';

/** The parts of a set-up, in the order in which they depend on each other. */
export type Group = 'Config' | 'Credentials' | 'Bucket' | 'Permissions' | 'CDN' | 'Ghost';

/**
 * What a check has found.
 *
 * - `passed`: it is as it should be.
 * - `warned`: it works, and could be better.
 * - `failed`: pictures are lost, missing or in danger.
 * - `unchecked`: it cannot be told.
 */
export interface Finding {
  result: 'passed' | 'warned' | 'failed' | 'unchecked';
  /** What came back; for what was not checked, the reason. */
  found: string;
  /** What was done to find out. */
  tried?: string;
  /** What to do about it. */
  cure?: string;
}

/** A promise of a set-up that works. */
export interface Check {
  group: Group;
  /** Unique among all checks. */
  name: string;
  /** What it waits for, where that takes long. */
  wait?: string;
  /** Checks without which this one has no meaning: when one of them fails, this one is not run. */
  needs?: string[];
  run(setUp: SetUp): Finding | Promise<Finding>;
}

/** A check and what it has found. */
export interface Result extends Finding {
  group: Group;
  name: string;
}

/** It is as it should be. */
export const passed = (found: string): Finding => ({ result: 'passed', found });

/** It cannot be told, and nothing follows from that. */
export const unchecked = (found: string, cure?: string): Finding => ({ result: 'unchecked', found, cure });

/**
 * @param tried what was done to find out
 * @param found what came back
 * @param cure what to do about it
 */
export const failed = (tried: string, found: string, cure: string): Finding => ({
  result: 'failed',
  tried,
  found,
  cure,
});

/** As `failed`, for what works all the same. */
export const warned = (tried: string, found: string, cure: string): Finding => ({
  result: 'warned',
  tried,
  found,
  cure,
});

/**
 * Runs checks one after the other. One that needs another that has failed is not run, nor what needs that in turn: so
 * each cause is named once.
 *
 * @param report is told each result as soon as it is there
 * @returns all results, in the order of the checks; those so far when `setUp.signal` is aborted
 */
export async function runChecks(
  checks: Check[],
  setUp: SetUp,
  report: { begins(check: Check): void; ended(result: Result): void },
): Promise<Result[]> {
  const results: Result[] = [];
  /** The check that has failed at the bottom of it, by the names of those that have no meaning without it. */
  const causes = new Map<string, string>();
  for (const check of checks) {
    const { group, name, needs = [] } = check;
    const cause = needs.map((need) => causes.get(need)).find((found) => found !== undefined);
    report.begins(check);
    const finding = cause === undefined ? await runCheck(check, setUp) : unchecked(`because of "${cause}"`);
    if (setUp.signal.aborted) {
      break;
    }
    if (cause !== undefined || finding.result === 'failed') {
      causes.set(name, cause ?? name);
    }
    const result = { group, name, ...finding };
    results.push(result);
    report.ended(result);
  }
  return results;
}

async function runCheck(check: Check, setUp: SetUp): Promise<Finding> {
  try {
    return await check.run(setUp);
  } catch (error) {
    const { message, help, context } = error as Error & { help?: string; context?: string };
    return failed(
      context ?? `The check "${check.name}" was run.`,
      message,
      help ?? 'Run the command again with --debug; if it stays so, report it with what is shown.',
    );
  }
}
