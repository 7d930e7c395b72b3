import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addDoctor } from './doctor/command';
import { addInstall } from './install/command';
import { addMigrate } from './migrate/command';
import { addPolicy } from './policy/command';
import { addProvision } from './provision/command';
import { packageFile } from '../shell/paths';

/** The command line: its commands, options and their help. What a command does is loaded when it runs. */
export function createProgram(): Command {
  const { version, description } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    version: string;
    description: string;
  };
  const program = new Command('ghost-storage-s3-cloudfront')
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
  return program;
}
