import { BROKEN_PIPE, Declined, Failure, INTERRUPTED, Interruption } from './shell/failure';
import { explainFileError } from './shell/file-errors';
import { colorsOn, printable } from './shell/colors';
import { issuesUrl } from './shell/paths';
import { createProgram } from './commands/program';

/** Whether the reader of the standard output has gone, as `head` does. */
let isOutputClosed = false;

/** Returns where an error comes from. Its other fields stay out: S3's errors repeat the signed text with session tokens. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

/** Returns what to do about an error that no command foresees. */
function howToReport(): string {
  const url = issuesUrl();
  const command = 'Run the command again with --debug';
  return url === undefined ? `${command} to see its cause.` : `${command} and report it at ${url}`;
}

function show(error: unknown, debug: boolean): void {
  const colors = colorsOn(process.stderr);
  const print = (text: string) => console.error(printable(text));
  if (debug) {
    print(stackOf(error));
  }
  if (error instanceof Interruption && isOutputClosed) {
    process.exitCode = BROKEN_PIPE;
    return;
  }
  process.exitCode = error instanceof Interruption ? INTERRUPTED : 1;
  if (error instanceof Interruption || error instanceof Declined) {
    print(error.message);
    return;
  }
  const failure = error instanceof Failure ? error : explainFileError(error);
  if (failure) {
    print(`${colors.red('✖')} ${failure.message}\n  ${failure.cure.replaceAll('\n', '\n  ')}`);
    return;
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  print(`${colors.red('✖')} ${name}: ${message}\n  Unexpected error. ${howToReport()}`);
}

// `| head` closes the pipe early. The command then stops as it does after Ctrl-C, so that it leaves nothing half done.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  isOutputClosed = true;
  if (error.code !== 'EPIPE') {
    process.exitCode = 1;
  }
});
// A closed stderr must not stop the result from being printed.
process.stderr.on('error', () => {});

const program = createProgram();
program.hook('preAction', (_program, command) => {
  const { profile, dnsProfile } = command.optsWithGlobals<{ profile?: string; dnsProfile?: string }>();
  if (profile !== undefined || dnsProfile !== undefined) {
    // The SDK would print a long warning that the environment also has access keys. They cannot be removed, since a
    // profile may name the environment as its source.
    console.warn = () => {};
  }
});
program.parseAsync().catch((error: unknown) => show(error, program.opts<{ debug?: boolean }>().debug ?? false));
