import type { Colors, Spinner, Terminal } from '../../shell/terminal';
import type { CheckReport, CheckResult, Reporter } from './check';
import { CHECKS } from './checks';

const SIGNS = {
  passed: ['green', '✔'],
  warned: ['yellow', '⚠'],
  failed: ['red', '✖'],
  unchecked: ['dim', '–'],
} as const;

/** The width of the column with the names of the checks. */
const NAME_WIDTH = Math.max(...CHECKS.map(({ name }) => name.length)) + 2;

/** Returns a reporter that prints each result as it arrives, and shows the running check in a terminal. */
export function reporterFor(terminal: Terminal): Reporter {
  const { colors } = terminal;
  let spinner: Spinner | undefined;
  let shownGroup: string | undefined;
  // The check that was running does not finish then, and a spinner keeps the process alive.
  terminal.signal.addEventListener('abort', () => spinner?.stop());
  return {
    started({ name, wait }) {
      spinner = terminal.spin(name);
      if (wait !== undefined) {
        spinner.progress(`(waits ${wait})`);
      }
    },
    finished(report) {
      spinner?.stop();
      if (report.group !== shownGroup) {
        terminal.say(`${shownGroup === undefined ? '' : '\n'}${colors.bold(report.group)}`);
        shownGroup = report.group;
      }
      linesOf(report, colors).forEach((line) => terminal.say(line));
    },
  };
}

function linesOf({ name, result, found, tried, cure }: CheckReport, colors: Colors): string[] {
  const isProblem = result === 'failed' || result === 'warned';
  const [color, sign] = SIGNS[result];
  const line = `  ${colors[color](sign)} ${name.padEnd(NAME_WIDTH)}${isProblem ? found : colors.dim(found)}`;
  const detailsOf = (title: string, text?: string) =>
    (text?.split('\n') ?? []).map((part, index) => `      ${colors.dim((index === 0 ? title : '').padEnd(7))}${part}`);
  return isProblem ? [line, ...detailsOf('tried:', tried), ...detailsOf('cure:', cure)] : [line];
}

/** Prints how many checks passed, and how many did not. */
export function showSummary(terminal: Terminal, reports: CheckReport[]): void {
  const { colors } = terminal;
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
