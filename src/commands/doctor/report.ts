import { counted } from '../../shell/text';
import type { Colors, Spinner, Terminal } from '../../shell/terminal';
import type { CheckReport, CheckResult, Group, Reporter } from './check';
import { CHECKS } from './checks';

const SIGNS = {
  passed: ['green', '✔'],
  warned: ['yellow', '⚠'],
  failed: ['red', '✖'],
  unchecked: ['dim', '–'],
} as const;

/** The headings of the groups. */
export const TITLES: Record<Group, string> = {
  Config: 'Configuration',
  Credentials: 'Credentials',
  Bucket: 'Bucket',
  Permissions: 'Permissions',
  CDN: 'CDN',
  Files: 'Your files',
  Ghost: 'Ghost',
};

/** The width of the column with the labels of the checks. */
const LABEL_WIDTH = Math.max(...CHECKS.map(({ label }) => label.length)) + 2;

/**
 * Returns a reporter that prints each result as it arrives, and shows the running check in a terminal.
 *
 * @param options `verbose`: with details and skipped checks; `onlyProblems`: without checks that passed
 */
export function reporterFor(
  terminal: Terminal,
  { verbose = false, onlyProblems = false }: { verbose?: boolean; onlyProblems?: boolean } = {},
): Reporter {
  const { colors } = terminal;
  let spinner: Spinner | undefined;
  let shownGroup: string | undefined;
  // The running check does not finish then, and a spinner keeps the process alive.
  terminal.signal.addEventListener('abort', () => spinner?.stop());
  return {
    started({ label, wait }) {
      spinner = terminal.spin(label);
      if (wait !== undefined) {
        spinner.progress(`(waits ${wait})`);
      }
    },
    finished(report) {
      spinner?.stop();
      // The summary counts them.
      if ((report.skippedFor !== undefined && !verbose) || (onlyProblems && !isProblem(report))) {
        return;
      }
      if (report.group !== shownGroup) {
        terminal.say(`${shownGroup === undefined ? '' : '\n'}${colors.bold(TITLES[report.group])}`);
        shownGroup = report.group;
      }
      linesOf(report, colors, verbose).forEach((line) => terminal.say(line));
    },
  };
}

const isProblem = ({ result }: CheckReport) => result === 'failed' || result === 'warned';

function linesOf(report: CheckReport, colors: Colors, verbose: boolean): string[] {
  const { label, result, tried } = report;
  const [color, sign] = SIGNS[result];
  const found = verbose && report.detail !== undefined ? `${report.found} (${report.detail})` : report.found;
  const text = inOneLine(found);
  const shown = isProblem(report) ? text : colors.dim(text);
  const line = `  ${colors[color](sign)} ${label.padEnd(LABEL_WIDTH)}${shown}`;
  return isProblem(report)
    ? [line, ...rowsOf('tested:', tried, colors, 6), ...rowsOf('fix:', report.cure, colors, 6)]
    : [line];
}

/** Some errors have line breaks. The terminal wraps lines anyway. */
const inOneLine = (text: string) => text.replaceAll('\n', ' ');

/** Returns a text of several lines below a title, indented by some columns. */
function rowsOf(title: string, text: string | undefined, colors: Colors, indent: number): string[] {
  const lines = text?.split('\n') ?? [];
  return lines.map((part, index) => `${' '.repeat(indent)}${colors.dim((index === 0 ? title : '').padEnd(8))}${part}`);
}

/** Prints how many checks passed and how many did not, and repeats the problems, which have scrolled away. */
export function showSummary(terminal: Terminal, reports: CheckReport[]): void {
  const { colors } = terminal;
  const of = (result: CheckResult['result']) => reports.filter((report) => report.result === result);
  const [failures, warnings] = [of('failed'), of('warned')];
  const summary = summaryOf(reports);
  terminal.say();
  skippedLines(reports).forEach((line) => terminal.say(colors.dim(line)));
  terminal.say(failures.length > 0 ? colors.red(`✖ ${summary}.`) : colors.green(`✔ ${summary}.`));
  if (warnings.length > 0) {
    showAgain(terminal, warnings.length === 1 ? 'One warning:' : `${warnings.length} warnings:`, warnings);
  }
  const [first] = failures;
  if (first) {
    showAgain(terminal, 'Fix this first:', [first]);
  }
}

/** Returns `12 checks passed, 1 failed, 2 warnings, 7 not checked`. */
export function summaryOf(reports: CheckReport[]): string {
  const numberOf = (result: CheckResult['result']) => reports.filter((report) => report.result === result).length;
  const [failures, warnings, unchecked] = [numberOf('failed'), numberOf('warned'), numberOf('unchecked')];
  return [
    `${counted(numberOf('passed'), 'check')} passed`,
    ...(failures > 0 ? [`${failures} failed`] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
    ...(unchecked > 0 ? [`${unchecked} not checked`] : []),
  ].join(', ');
}

/** Returns a line for each failed check for which others were skipped. */
export function skippedLines(reports: CheckReport[]): string[] {
  return reports.flatMap(({ name, label }) => {
    const { length } = reports.filter(({ skippedFor }) => skippedFor === name);
    return length === 0
      ? []
      : [`– ${counted(length, 'check')} ${length === 1 ? 'was' : 'were'} skipped because this failed: ${label}`];
  });
}

function showAgain(terminal: Terminal, title: string, reports: CheckReport[]): void {
  const { colors } = terminal;
  terminal.say();
  terminal.say(colors.bold(title));
  for (const { result, found, cure } of reports) {
    const [color, sign] = SIGNS[result];
    terminal.say(`  ${colors[color](sign)} ${inOneLine(found)}`);
    rowsOf('fix:', cure, colors, 4).forEach((line) => terminal.say(line));
  }
}
