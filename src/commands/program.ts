import { Command } from 'commander';
import { addDoctor } from './doctor/command';
import { addInstall } from './install/command';
import { addMigrate } from './migrate/command';
import { addPolicy } from './policy/command';
import { addProvision } from './provision/command';
import { addUpload } from './upload/command';
import { calledAs } from '../shell/called-as';
import { ownManifest } from '../shell/paths';

/** Defines the command line: its commands, their options and their help. The code of a command is loaded when it runs. */
export function createProgram(): Command {
  const { version, description } = ownManifest();
  const program = new Command(calledAs())
    .description(description)
    .version(version)
    .configureHelp({ sortOptions: false, showGlobalOptions: true })
    .option('--debug', 'show where errors come from')
    .showHelpAfterError('(--help shows what there is)');
  addProvision(program);
  addInstall(program);
  addMigrate(program);
  addDoctor(program);
  addPolicy(program);
  addUpload(program);
  return program;
}
