import { setMaxListeners } from 'node:events';
import yoctoSpinner from 'yocto-spinner';
import { type Choice, selectChoice } from './choice';
import { type Colors, colorsOn, isTerminal, printable } from './colors';
import { Failure, INTERRUPTED, Interruption } from './failure';
import { drawProgress, type Progress } from './progress-bar';
import { toJson } from './text';

export type { Choice, Colors };

/**
 * What a command uses to talk to its user. It alone decides where the output goes, whether it is colored, and whether
 * spinners and bars can be drawn. It shows the control characters of foreign texts instead of printing them.
 */
export interface Terminal {
  /** Color what is said. They have no effect where the output has no colors. */
  readonly colors: Colors;
  /** Aborted by the first Ctrl-C; the second one ends the process. */
  readonly signal: AbortSignal;
  /** Whether the user can be asked to choose: on a terminal, without `--yes`. */
  readonly canChoose: boolean;
  /**
   * Prints a text to the standard output, or with `--json` to the error output, since the standard output is for the
   * result.
   */
  say(text?: string): void;
  /** Prints a problem that does not stop the command. */
  warn(text: string): void;
  /** Prints a line of the command's result to the standard output, where `say` may print elsewhere. */
  line(text: string): void;
  /** Prints the command's result as JSON to the standard output. */
  result(value: unknown): void;
  /**
   * Runs a step of the command with a spinner, and prints its title when it ends.
   *
   * @throws Interruption when the user pressed Ctrl-C before it
   */
  step<T>(title: string, run: (step: Step) => Promise<T>): Promise<T>;
  /** Shows a spinner until it is stopped, and nothing where spinners cannot be drawn. */
  spin(title: string): Spinner;
  /**
   * Shows a progress bar until the returned function or Ctrl-C stops it; where bars cannot be drawn, a line every few
   * seconds.
   */
  bar(look: () => Progress): () => void;
  /**
   * Asks for consent, which `--yes` gives to everything.
   *
   * @returns whether the user agrees; Enter alone is a no
   * @throws Interruption after Ctrl-C, Failure when this is not a terminal
   */
  confirm(question: string): Promise<boolean>;
  /** Asks for a text: empty with `--yes` and when this is not a terminal. */
  type(question: string): Promise<string>;
  /**
   * Asks for one of several values. Nothing is chosen at first, so that Enter alone chooses nothing.
   *
   * @throws Interruption after Ctrl-C, Failure where `canChoose` is false
   */
  choose(question: string, choices: Choice[]): Promise<string>;
  /**
   * Asks for a value until the check accepts it.
   *
   * @throws Interruption after Ctrl-C
   */
  input(question: string, options: InputOptions): Promise<string>;
}

export interface InputOptions {
  /** The value for Enter alone. */
  default?: string;
  /** Returns the problem with a value; undefined for a good one. */
  check: (value: string) => string | undefined;
}

/** What a step can show while it runs. */
export interface Step {
  /** Shows a text next to the spinner. */
  progress: (text: string) => void;
  /** Prints a line, which stays. */
  event: (text: string) => void;
}

export interface Spinner {
  /** Shows a text next to the title. */
  progress: (text: string) => void;
  stop: () => void;
}

type Prompts = typeof import('./prompts');

/** Output and signal of a prompt. */
interface PromptContext {
  output: NodeJS.WriteStream;
  signal: AbortSignal;
}

export interface TerminalOptions {
  /** Agree to everything. */
  yes?: boolean;
  /** Keep the standard output for the result. */
  json?: boolean;
}

/** Clears the line with the spinner or the bar, and the ^C that terminals show. */
const CLEAR_LINE = '\r\x1b[K';

/** Spinners and bars hide the cursor. */
const SHOW_CURSOR = '\x1b[?25h';

/** Talks to the user on the terminal of the process, or on the pipes in its place. */
export function openTerminal({ yes = false, json = false }: TerminalOptions): Terminal {
  const output = json ? process.stderr : process.stdout;
  const colors = colorsOn(output);
  // In the log of a CI, a spinner and its countdown would be many lines: yocto-spinner has the same rule.
  const isWatched = isTerminal(output) && !('CI' in process.env);
  const canAsk = Boolean(process.stdin.isTTY && output.isTTY);
  const say = (text = '') => void output.write(`${printable(text)}\n`);
  const signal = listenForInterruption(output, isWatched, say);

  const spin = (title: string): Spinner => {
    const spinner = isWatched
      ? yoctoSpinner({ text: printable(title), stream: output, handleSignals: false }).start()
      : undefined;
    return {
      progress(text) {
        if (spinner) {
          spinner.text = printable(`${title} ${colors.dim(text)}`);
        }
      },
      stop: () => void spinner?.stop(),
    };
  };

  const ask = async <T>(question: (prompts: Prompts, context: PromptContext) => Promise<T>) => {
    try {
      return await question(await import('./prompts'), { output, signal });
    } catch (error) {
      if (error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name)) {
        throw new Interruption('Stopped at the question. Nothing was changed after it.');
      }
      throw error;
    }
  };

  const refuseIfSilent = () => {
    if (!canAsk) {
      throw new Failure(
        'Cannot ask for confirmation: this is not a terminal.',
        'Run the command in a terminal, or add --yes to agree without being asked.',
      );
    }
  };

  return {
    colors,
    signal,
    say,
    warn: (text) => say(`${colors.yellow('⚠')} ${text}`),
    line: (text) => void process.stdout.write(`${printable(text)}\n`),
    result: (value) => void process.stdout.write(`${toJson(value)}\n`),
    async step(title, run) {
      if (signal.aborted) {
        throw new Interruption();
      }
      const { progress, stop } = spin(title);
      try {
        const answer = await run({ progress, event: (text) => say(`  ${text}`) });
        stop();
        say(`${colors.green('✔')} ${title}`);
        return answer;
      } catch (error) {
        stop();
        say(`${colors.red('✖')} ${title}`);
        throw error;
      }
    },
    spin,
    bar(look) {
      const stop = drawProgress(output, isWatched, () => {
        const { share, text } = look();
        return { share, text: printable(text) };
      });
      signal.addEventListener('abort', stop, { once: true });
      return stop;
    },
    async confirm(question) {
      if (signal.aborted) {
        throw new Interruption('Nothing was changed.');
      }
      if (yes) {
        return true;
      }
      refuseIfSilent();
      return ask(({ confirm }, context) => confirm({ message: printable(question), default: false }, context));
    },
    canChoose: canAsk && !yes,
    async choose(question, choices) {
      refuseIfSilent();
      return ask((_, context) => selectChoice(question, choices, colors, context));
    },
    input: (question, { default: proposed, check }) =>
      ask(async ({ input }, context) => {
        const validate = (value: string) => check(value.trim()) ?? true;
        const value = await input({ message: printable(question), default: proposed, validate }, context);
        return value.trim();
      }),
    async type(question) {
      return yes || !canAsk ? '' : ask(({ input }, context) => input({ message: printable(question) }, context));
    },
  };
}

/** Removes the listeners of the terminal that was opened last, so that a process with several does not collect them. */
let stopListening = () => {};

function listenForInterruption(output: NodeJS.WriteStream, isWatched: boolean, say: Terminal['say']): AbortSignal {
  const interruption = new AbortController();
  // Many requests at a time wait for it. More than ten listeners would print a warning.
  setMaxListeners(0, interruption.signal);
  const abort = () => interruption.abort();
  const interrupt = () => {
    if (interruption.signal.aborted) {
      output.write(isWatched ? CLEAR_LINE + SHOW_CURSOR : '');
      process.exit(INTERRUPTED);
    }
    // First, so that a bar can clear its line.
    abort();
    output.write(isWatched ? CLEAR_LINE : '');
    say(`Stopping … (press Ctrl-C again to stop without waiting)`);
  };
  const listeners: [NodeJS.EventEmitter, string, () => void][] = [
    [process, 'SIGINT', interrupt],
    // When the connection to the machine is lost or the system shuts down, the work ends as it does after Ctrl-C.
    [process, 'SIGTERM', abort],
    [process, 'SIGHUP', abort],
    [output, 'error', abort],
  ];
  stopListening();
  listeners.forEach(([emitter, event, listener]) => emitter.on(event, listener));
  stopListening = () => listeners.forEach(([emitter, event, listener]) => emitter.off(event, listener));
  return interruption.signal;
}
