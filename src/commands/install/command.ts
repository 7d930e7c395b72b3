import type { Command } from 'commander';
import type { InstallCommandOptions } from './run';
import { withBucketOptions, withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';
import { addExamples, addExitCodes, GENERAL_OPTIONS } from '../../shell/help';

/** Defines the command `install`. */
export function addInstall(program: Command): void {
  const command = program
    .command('install')
    .summary('install the adapter in Ghost and activate it, or remove it again')
    .description(
      "Copies the adapter into Ghost's folder for adapters, and activates it for images, media and files. The command " +
        'shows the changes in the configuration and asks before it writes them. It keeps a backup, and loads the adapter ' +
        'as Ghost would. If that fails, it restores everything.',
    );
  withBucketOptions(withSiteOptions(command))
    .optionsGroup('What to do:')
    .option('--from <adapter>', 'take over the options of another adapter: S3Storage, s3 or ghos3')
    .option(
      '--print',
      'print the settings for Ghost, and change nothing: as a file, as environment variables, for Docker',
    )
    .option('--uninstall', 'remove the adapter, and restore the storage that Ghost used before')
    .option('--skip-check', 'do not check the bucket first, for example while you build an image')
    .optionsGroup(GENERAL_OPTIONS)
    .option('--yes', 'make the changes without asking')
    .option('--json', 'print the result as JSON, and everything else to the error output')
    .action(async (options: InstallCommandOptions) => (await import('./run')).runInstall(options));
  addExamples(
    command,
    `sudo ${calledAs()} install --ghost /var/www/ghost`,
    `sudo ${calledAs()} install --bucket blog-images --region eu-central-1 --cdn-url https://images.example.com`,
    `sudo ${calledAs()} install --ghost /var/www/ghost --from S3Storage`,
    `${calledAs()} install --print --bucket blog-images --region eu-central-1 --cdn-url https://images.example.com`,
    `sudo ${calledAs()} install --ghost /var/www/ghost --uninstall`,
  );
  addExitCodes(command, 'everything is in place, or nothing had to change', 'an error occurred, or you declined');
}
