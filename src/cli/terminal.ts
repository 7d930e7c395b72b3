import { confirm, input } from '@inquirer/prompts';
import colors from 'picocolors';
import yoctoSpinner from 'yocto-spinner';
import { Failure, Interruption } from './failure';

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
  /** @returns whether the user agrees; `--yes` agrees to everything */
  confirm(question: string): Promise<boolean>;
  /** @returns what the user types; empty where nobody can type */
  type(question: string): Promise<string>;
  /** Aborted by Ctrl-C. */
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

/** The terminal that the process runs in, or the pipes in its place. */
export function openTerminal({ yes = false, json = false }: TerminalOptions): Terminal {
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  const output = json ? process.stderr : process.stdout;
  const say = (text = '') => void output.write(`${text}\n`);
  const canAsk = process.stdin.isTTY && output.isTTY;

  const ask = async <T>(question: (context: { output: NodeJS.WriteStream; signal: AbortSignal }) => Promise<T>) => {
    try {
      return await question({ output, signal: interruption.signal });
    } catch (error) {
      if (error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name)) {
        throw new Interruption('Nothing was changed.');
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
      // Where nobody watches, a spinner and its countdown would be many lines.
      const spinner = output.isTTY ? yoctoSpinner({ text: title, stream: output, handleSignals: false }).start() : null;
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
