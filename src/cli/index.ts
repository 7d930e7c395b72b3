import colors from './colors';
import { Declined, Failure, INTERRUPTED, Interruption } from './failure';
import { createProgram } from './program';

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
