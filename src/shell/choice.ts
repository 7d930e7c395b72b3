import { type Colors, printable } from './colors';

/** One of several values to choose from. */
export interface Choice {
  value: string;
  /** What the user sees. */
  name: string;
}

/** How many values are shown at a time. */
const AT_ONCE = 12;

/**
 * Asks for one of several values. The first line is not a value, so that Enter alone chooses nothing.
 *
 * @param context output and signal of the prompt
 */
export async function selectChoice(
  question: string,
  choices: Choice[],
  colors: Colors,
  context: { output: NodeJS.WriteStream; signal: AbortSignal },
): Promise<string> {
  const { select } = await import('./prompts');
  for (;;) {
    const chosen = await select(
      {
        message: printable(question),
        choices: [
          { value: '', name: printable(colors.dim('(choose with the arrow keys)')) },
          ...choices.map(({ value, name }) => ({ value, name: printable(name) })),
        ],
        loop: false,
        pageSize: AT_ONCE,
      },
      context,
    );
    if (chosen !== '') {
      return chosen;
    }
  }
}
