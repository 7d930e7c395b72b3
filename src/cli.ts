import { Declined, Failure, INTERRUPTED, Interruption } from './shell/failure';
import { colorsOn } from './shell/terminal';
import { createProgram } from './commands/program';

/** As the shell has it for a process that SIGPIPE has ended. */
const BROKEN_PIPE = 141;

let isClosed = false;

/** Where an error comes from, and nothing else of it: S3's errors repeat what was signed, with session tokens in it. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

function show(error: unknown, debug: boolean): void {
  const colors = colorsOn(process.stderr);
  if (debug) {
    console.error(stackOf(error));
  }
  if (error instanceof Interruption && isClosed) {
    process.exitCode = BROKEN_PIPE;
    return;
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

// "| head" closes the pipe before everything is said. What is under way ends by itself, so that nothing is left behind.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  isClosed = true;
  if (error.code !== 'EPIPE') {
    process.exitCode = 1;
  }
});
// What nobody reads beside the result keeps nobody from getting it.
process.stderr.on('error', () => {});

const program = createProgram();
program.hook('preAction', (_program, command) => {
  const { profile, dnsProfile } = command.optsWithGlobals<{ profile?: string; dnsProfile?: string }>();
  if (profile !== undefined || dnsProfile !== undefined) {
    // The SDK takes the profile, as it should, and says in many lines that there are access keys in the environment
    // too. They stay there: a profile may name them as its source.
    console.warn = () => {};
  }
});
program.parseAsync().catch((error: unknown) => show(error, program.opts<{ debug?: boolean }>().debug ?? false));
