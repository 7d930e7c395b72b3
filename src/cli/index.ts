import colors from 'picocolors';
import { Declined, Failure, Interruption } from './failure';
import { createProgram } from './program';

/** What shells expect of a program that was stopped by Ctrl-C. */
const INTERRUPTED = 130;

function show(error: unknown, debug: boolean): void {
  if (debug) {
    console.error(error);
  }
  if (error instanceof Interruption) {
    console.error(error.message);
    process.exitCode = INTERRUPTED;
    return;
  }
  process.exitCode = 1;
  if (error instanceof Declined) {
    console.error(error.message);
    return;
  }
  if (error instanceof Failure) {
    console.error(`${colors.red('✖')} ${error.message}\n  ${error.cure.replaceAll('\n', '\n  ')}`);
    return;
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  console.error(
    `${colors.red('✖')} ${name}: ${message}\n  Nobody has foreseen this. --debug shows where it comes from.`,
  );
}

// "| head" closes the pipe before everything is said.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const program = createProgram();
program.parseAsync().catch((error: unknown) => show(error, program.opts<{ debug?: boolean }>().debug ?? false));
