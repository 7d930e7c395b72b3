import { confirm, input } from '@inquirer/prompts';
import colors from './colors';
import yoctoSpinner from 'yocto-spinner';
import { Failure, INTERRUPTED, Interruption } from './failure';

/** Where a command speaks with its user. */
export interface Terminal {
  /** Prints what the command has to say. With `--json` it goes to the error output: the other one is for the result. */
  say(text?: string): void;
  /** Prints something that is not as it should be, and does not keep the command from going on. */
  warn(text: string): void;
  /** Prints the result of the command for programs, to the standard output. */
  result(value: unknown): void;
  /**
   * Runs a step of the command, with a spinner where there is a terminal.
   *
   * @param title what is done, `Requesting a certificate`
   * @param run does it; what it tells `progress` stands beside the spinner, what it tells `event` stays, line by line
   * @returns what `run` does
   * @throws Interruption when the user has pressed Ctrl-C before
   */
  step<T>(title: string, run: (step: Step) => Promise<T>): Promise<T>;
  /**
   * @returns whether the user agrees, and a mere Enter is a no; `--yes` agrees to everything
   * @throws Interruption after Ctrl-C, Failure where nobody can be asked
   */
  confirm(question: string): Promise<boolean>;
  /** @returns what the user types; empty where nobody can type */
  type(question: string): Promise<string>;
  /** Aborted by the first Ctrl-C; the second one ends the process. */
  readonly signal: AbortSignal;
}

/** What a step tells while it runs. */
export interface Step {
  progress: (text: string) => void;
  event: (text: string) => void;
}

export interface TerminalOptions {
  /** Agree to everything. */
  yes?: boolean;
  /** Keep the standard output for the result. */
  json?: boolean;
}

/** What stands on the line goes: a spinner or a bar, and the ^C that terminals show. */
const CLEAR_LINE = '\r\x1b[K';

/** Spinners and bars hide the cursor. */
const SHOW_CURSOR = '\x1b[?25h';

/** The terminal that the process runs in, or the pipes in its place. */
export function openTerminal({ yes = false, json = false }: TerminalOptions): Terminal {
  const output = json ? process.stderr : process.stdout;
  // Where nobody watches, a spinner and its countdown would be many lines: yocto-spinner looks at the same.
  const isWatched = output.isTTY && process.env.TERM !== 'dumb' && !('CI' in process.env);
  const say = (text = '') => void output.write(`${text}\n`);
  const interruption = new AbortController();
  process.on('SIGINT', () => {
    if (interruption.signal.aborted) {
      output.write(isWatched ? CLEAR_LINE + SHOW_CURSOR : '');
      process.exit(INTERRUPTED);
    }
    // First, so that what draws on the terminal can leave its line.
    interruption.abort();
    say(`${isWatched ? CLEAR_LINE : ''}Stopping … (press Ctrl-C again to stop without waiting)`);
  });
  // The line to the machine is cut, or the system goes down: what is under way ends as after Ctrl-C.
  process.on('SIGTERM', () => interruption.abort());
  process.on('SIGHUP', () => interruption.abort());
  output.on('error', () => interruption.abort());
  const canAsk = process.stdin.isTTY && output.isTTY;

  const ask = async <T>(question: (context: { output: NodeJS.WriteStream; signal: AbortSignal }) => Promise<T>) => {
    try {
      return await question({ output, signal: interruption.signal });
    } catch (error) {
      if (error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name)) {
        throw new Interruption('Stopped at the question: nothing was changed by it.');
      }
      throw error;
    }
  };

  return {
    signal: interruption.signal,
    say,
    warn: (text) => say(`${colors.yellow('⚠')} ${text}`),
    result: (value) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    async step(title, run) {
      if (interruption.signal.aborted) {
        throw new Interruption();
      }
      const spinner = isWatched ? yoctoSpinner({ text: title, stream: output, handleSignals: false }).start() : null;
      const progress = (text: string) => {
        if (spinner) {
          spinner.text = `${title} ${colors.dim(text)}`;
        }
      };
      try {
        const answer = await run({ progress, event: (text) => say(`  ${text}`) });
        spinner?.stop();
        say(`${colors.green('✔')} ${title}`);
        return answer;
      } catch (error) {
        spinner?.stop();
        say(`${colors.red('✖')} ${title}`);
        throw error;
      }
    },
    async confirm(question) {
      if (interruption.signal.aborted) {
        throw new Interruption('Nothing was changed.');
      }
      if (yes) {
        return true;
      }
      if (!canAsk) {
        throw new Failure(
          'Nobody can be asked here: this is not a terminal.',
          'Run the command in a terminal, or with --yes to agree beforehand.',
        );
      }
      return ask((context) => confirm({ message: question, default: false }, context));
    },
    async type(question) {
      return yes || !canAsk ? '' : ask((context) => input({ message: question }, context));
    },
  };
}
