import type { Command } from 'commander';

/** The width of help in files and pipes. */
const USUAL_WIDTH = 80;

/** The group of the options that most commands have. */
export const GENERAL_OPTIONS = 'General options:';

/** Returns the width of an output: that of the terminal, otherwise what COLUMNS says. */
export function widthOf({ isTTY, columns }: NodeJS.WriteStream): number {
  const { COLUMNS = '' } = process.env;
  return isTTY ? columns : /^[1-9]\d{1,3}$/.test(COLUMNS) ? Number(COLUMNS) : USUAL_WIDTH;
}

/** Adds examples to the help of a command, each a line that can be copied. */
export function addExamples(command: Command, ...examples: string[]): void {
  command.addHelpText('after', ['', 'Examples:', ...examples.map((example) => `  $ ${example}`)].join('\n'));
}

/** Adds a list of terms and their explanations to the help of a command. */
export function addTerms(command: Command, title: string, explanations: Readonly<Record<string, string>>): void {
  const terms = Object.entries(explanations);
  const width = Math.max(...terms.map(([term]) => term.length));
  command.addHelpText('after', () => {
    const help = command.createHelp();
    help.prepareContext({ helpWidth: widthOf(process.stdout) });
    return ['', title, ...terms.map(([term, text]) => help.formatItem(term, width, text, help))].join('\n');
  });
}

/** Adds what the exit codes 0 and 1 of a command mean to its help. */
export const addExitCodes = (command: Command, done: string, failed: string): void =>
  addTerms(command, 'Exit codes:', { 0: done, 1: failed });
