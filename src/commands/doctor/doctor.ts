import colors from '../../shell/colors';
import yoctoSpinner from 'yocto-spinner';
import { failed, type Finding, type Result, runChecks } from './check';
import { CHECKS } from './checks';
import { internet } from './network';
import { SetUp, type SetUpOptions } from './set-up';
import { Interruption } from '../../shell/failure';
import { openTerminal, type Terminal } from '../../shell/terminal';

export interface DoctorOptions extends SetUpOptions {
  json?: boolean;
}

const SIGNS: Record<Finding['result'], string> = {
  passed: colors.green('✔'),
  warned: colors.yellow('⚠'),
  failed: colors.red('✖'),
  unchecked: colors.dim('–'),
};

/** Wide enough for the longest name of a check. */
const NAME_WIDTH = Math.max(...CHECKS.map(({ name }) => name.length)) + 2;

/**
 * `doctor`
 *
 * @throws Interruption after Ctrl-C, when everything is taken away again
 */
export async function runDoctor(options: DoctorOptions): Promise<void> {
  if (options.profile !== undefined) {
    process.env.AWS_PROFILE = options.profile;
  }
  const terminal = openTerminal(options);
  const setUp = new SetUp(options, { network: internet, signal: terminal.signal });
  const results: Result[] = [];
  let left: string[];
  try {
    results.push(...(await runChecks(CHECKS, setUp, reporter(terminal, options.json ?? false))));
  } finally {
    left = await setUp.tidyUp();
  }
  if (left.length > 0) {
    results.push({ group: 'Permissions', name: 'cleaned up', ...leftBehind(left) });
    left.forEach((key) => terminal.warn(`${key} could not be deleted: it is still in the bucket.`));
  }
  if (terminal.signal.aborted) {
    throw new Interruption(left.length === 0 ? 'Stopped. Nothing of the doctor is left in the bucket.' : 'Stopped.');
  }
  if (options.json) {
    terminal.result(results);
  } else {
    showSummary(terminal, results);
  }
  if (results.some(({ result }) => result === 'failed')) {
    process.exitCode = 1;
  }
}

const leftBehind = (keys: string[]): Finding =>
  failed(
    'What the doctor had put into the bucket was deleted.',
    `${keys.join(', ')} could not be deleted.`,
    'Delete it yourself, and see why Ghost may not: it deletes pictures, too.',
  );

/** Shows each result as soon as it is there, and meanwhile, where somebody watches, what is being looked at. */
function reporter(terminal: Terminal, isQuiet: boolean): Parameters<typeof runChecks>[2] {
  const isWatched = process.stdout.isTTY && process.env.TERM !== 'dumb' && !('CI' in process.env);
  const spinner = isWatched && !isQuiet ? yoctoSpinner({ stream: process.stdout, handleSignals: false }) : undefined;
  let shown: string | undefined;
  return {
    begins({ name, wait }) {
      spinner?.start(wait === undefined ? name : `${name} ${colors.dim(`(waits ${wait})`)}`);
    },
    ended({ group, name, result, found, tried, cure }) {
      spinner?.stop();
      if (group !== shown) {
        terminal.say(`${shown === undefined ? '' : '\n'}${colors.bold(group)}`);
        shown = group;
      }
      const isTrouble = result === 'failed' || result === 'warned';
      terminal.say(`  ${SIGNS[result]} ${name.padEnd(NAME_WIDTH)}${isTrouble ? found : colors.dim(found)}`);
      for (const [title, text] of isTrouble
        ? [
            ['tried', tried],
            ['cure', cure],
          ]
        : []) {
        text?.split('\n').forEach((line, index) => {
          terminal.say(`      ${colors.dim((index === 0 ? `${title}:` : '').padEnd(7))}${line}`);
        });
      }
    },
  };
}

function showSummary(terminal: Terminal, results: Result[]): void {
  const count = (result: Finding['result']) => results.filter((candidate) => candidate.result === result).length;
  const [bad, doubtful, open] = [count('failed'), count('warned'), count('unchecked')];
  const summary = [
    `${count('passed')} checks passed`,
    ...(bad > 0 ? [`${bad} failed`] : []),
    ...(doubtful > 0 ? [`${doubtful} ${doubtful === 1 ? 'warning' : 'warnings'}`] : []),
    ...(open > 0 ? [`${open} not checked`] : []),
  ].join(', ');
  terminal.say();
  terminal.say(bad > 0 ? colors.red(`✖ ${summary}.`) : colors.green(`✔ ${summary}.`));
}
