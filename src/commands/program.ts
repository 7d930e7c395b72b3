import { Command, Option } from 'commander';
import { addDoctor } from './doctor/command';
import { addInstall } from './install/command';
import { addMigrate } from './migrate/command';
import { addPolicy } from './policy/command';
import { addProvision } from './provision/command';
import { addSetup } from './setup/command';
import { addUpload } from './upload/command';
import { calledAs } from '../shell/called-as';
import { ownManifest } from '../shell/paths';

/** The width of help in files and pipes. */
const USUAL_WIDTH = 80;

/** Defines the command line: its commands, their options and their help. The code of a command is loaded when it runs. */
export function createProgram(): Command {
  const { version, description } = ownManifest();
  const program: Command = new Command(calledAs())
    .description(description)
    .version(version, '-v, --version')
    .configureHelp({
      sortOptions: false,
      showGlobalOptions: true,
      // Commands of commands refuse the options of those above them.
      visibleGlobalOptions: (command) => (command === program ? [] : program.options.filter(({ hidden }) => !hidden)),
    })
    .configureOutput({
      getOutHelpWidth: () => widthOf(process.stdout),
      getErrHelpWidth: () => widthOf(process.stderr),
    })
    // The former spelling.
    .addOption(new Option('-V').hideHelp())
    .on('option:V', () => {
      process.stdout.write(`${version}\n`);
      process.exit(0);
    })
    .option('--debug', 'show where errors come from')
    .showHelpAfterError('(--help shows what there is)');
  addSetup(program);
  addProvision(program);
  addInstall(program);
  addMigrate(program);
  addDoctor(program);
  addPolicy(program);
  addUpload(program);
  return program;
}

/** Returns the width of an output: that of the terminal, otherwise what COLUMNS says. */
function widthOf({ isTTY, columns }: NodeJS.WriteStream): number {
  const { COLUMNS = '' } = process.env;
  return isTTY ? columns : /^[1-9]\d{1,3}$/.test(COLUMNS) ? Number(COLUMNS) : USUAL_WIDTH;
}
