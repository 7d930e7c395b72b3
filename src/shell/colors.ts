import { createColors } from 'picocolors';

/**
 * Whether what is written gets colours: on a terminal, unless NO_COLOR is set, and where FORCE_COLOR asks for them.
 * Left to itself picocolors also colours what a CI writes into its log files.
 *
 * @see https://no-color.org, https://force-color.org
 */
function areWanted({ NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  if (NO_COLOR) {
    return false;
  }
  return FORCE_COLOR ? FORCE_COLOR !== '0' : process.stdout.isTTY && TERM !== 'dumb';
}

// Of a pipe isTTY is undefined, with which picocolors would decide itself.
const colors = createColors(Boolean(areWanted(process.env)));

export default colors;
