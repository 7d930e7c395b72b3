import { Command, Help, Option } from 'commander';
import { addDoctor } from './doctor/command';
import { addInstall } from './install/command';
import { addMigrate } from './migrate/command';
import { addPolicy } from './policy/command';
import { addProvision } from './provision/command';
import { addSetup } from './setup/command';
import { addUpload } from './upload/command';
import { addWarm } from './warm/command';
import { calledAs } from '../shell/called-as';
import { BROKEN_PIPE, INTERRUPTED } from '../shell/failure';
import { addTerms, GENERAL_OPTIONS, widthOf } from '../shell/help';
import { ownManifest } from '../shell/paths';
import { ENVIRONMENT } from './environment';

/** Defines the command line: its commands, their options and their help. The code of a command is loaded when it runs. */
export function createProgram(): Command {
  const { version, description } = ownManifest();
  const program: Command = new Command(calledAs())
    .description(description)
    .optionsGroup(GENERAL_OPTIONS)
    .version(version, '-v, --version', 'show the version number')
    .configureHelp({
      sortOptions: false,
      // Commands of commands refuse the options of those above them, except for those of the program.
      visibleOptions(command) {
        const ofProgram = command === program ? [] : program.options.filter(({ hidden }) => !hidden);
        return [...Help.prototype.visibleOptions.call(this, command), ...ofProgram];
      },
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
    .option('--debug', 'show where an error comes from')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .showHelpAfterError('(add --help for all commands and options)');
  addSetup(program);
  addProvision(program);
  addInstall(program);
  addMigrate(program);
  addDoctor(program);
  addWarm(program);
  addPolicy(program);
  addUpload(program);
  addTerms(program, 'Environment variables:', ENVIRONMENT);
  addTerms(program, 'Exit codes:', {
    0: 'done',
    1: 'an error occurred, or you declined',
    [INTERRUPTED]: 'stopped with Ctrl-C, or because the connection to the terminal was lost',
    [BROKEN_PIPE]: 'stopped because the program that reads the output has ended, as head does',
  });
  return program;
}
