import yoctoSpinner from 'yocto-spinner';
import colors from '../../shell/colors';
import type { Terminal } from '../../shell/terminal';
import type { CheckReport, CheckResult, Reporter } from './check';
import { CHECKS } from './checks';

const SIGNS: Record<CheckResult['result'], string> = {
  passed: colors.green('✔'),
  warned: colors.yellow('⚠'),
  failed: colors.red('✖'),
  unchecked: colors.dim('–'),
};

/** The width of the column with the names of the checks. */
const NAME_WIDTH = Math.max(...CHECKS.map(({ name }) => name.length)) + 2;

/** Returns a reporter that prints each result as it arrives, and shows the running check in a terminal. */
export function reporterFor(terminal: Terminal, isQuiet: boolean): Reporter {
  const isWatched = process.stdout.isTTY && process.env.TERM !== 'dumb' && !('CI' in process.env);
  const spinner = isWatched && !isQuiet ? yoctoSpinner({ stream: process.stdout, handleSignals: false }) : undefined;
  let shownGroup: string | undefined;
  return {
    started({ name, wait }) {
      spinner?.start(wait === undefined ? name : `${name} ${colors.dim(`(waits ${wait})`)}`);
    },
    finished(report) {
      spinner?.stop();
      if (report.group !== shownGroup) {
        terminal.say(`${shownGroup === undefined ? '' : '\n'}${colors.bold(report.group)}`);
        shownGroup = report.group;
      }
      linesOf(report).forEach((line) => terminal.say(line));
    },
  };
}

function linesOf({ name, result, found, tried, cure }: CheckReport): string[] {
  const isProblem = result === 'failed' || result === 'warned';
  const line = `  ${SIGNS[result]} ${name.padEnd(NAME_WIDTH)}${isProblem ? found : colors.dim(found)}`;
  return isProblem ? [line, ...detailsOf('tried:', tried), ...detailsOf('cure:', cure)] : [line];
}

const detailsOf = (title: string, text?: string): string[] =>
  (text?.split('\n') ?? []).map((line, index) => `      ${colors.dim((index === 0 ? title : '').padEnd(7))}${line}`);

/** Prints how many checks passed, and how many did not. */
export function showSummary(terminal: Terminal, reports: CheckReport[]): void {
  const numberOf = (result: CheckResult['result']) => reports.filter((report) => report.result === result).length;
  const [failures, warnings, unchecked] = [numberOf('failed'), numberOf('warned'), numberOf('unchecked')];
  const summary = [
    `${numberOf('passed')} checks passed`,
    ...(failures > 0 ? [`${failures} failed`] : []),
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
    ...(unchecked > 0 ? [`${unchecked} not checked`] : []),
  ].join(', ');
  terminal.say();
  terminal.say(failures > 0 ? colors.red(`✖ ${summary}.`) : colors.green(`✔ ${summary}.`));
}
