import type { Command } from 'commander';
import type { InstallCommandOptions } from './run';
import { withBucketOptions, withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';

/** Adds the command `install`. */
export function addInstall(program: Command): void {
  const command = program
    .command('install')
    .summary('bring the adapter to Ghost and into its configuration, or take it out again')
    .description(
      "Copies the adapter into Ghost's folder for adapters and has images, media and files stored by it. Shows what " +
        'changes in the configuration and asks; keeps a backup; tries the adapter out as Ghost would load it, and puts ' +
        'everything back where that fails.',
    );
  withBucketOptions(withSiteOptions(command))
    .option('--from <adapter>', 'take the options over from the block of another adapter: S3Storage, s3, ghos3')
    .option('--print', 'change nothing, and print what to set for Ghost, in a file, in the environment and with Docker')
    .option('--uninstall', 'take the adapter out again: Ghost stores as it did before')
    .option('--skip-check', 'change Ghost without looking at the bucket first, for example while an image is built')
    .option('--yes', 'agree to the changes without being asked')
    .option('--json', 'give the result as JSON; everything else goes to the error output')
    .addHelpText(
      'after',
      `
Examples:
  $ sudo ${calledAs()} install --ghost /var/www/ghost
  $ sudo ${calledAs()} install --bucket blog-images --region eu-central-1 --cdn-url https://images.example.com
  $ sudo ${calledAs()} install --ghost /var/www/ghost --from S3Storage
  $ ${calledAs()} install --print --bucket blog-images --region eu-central-1 --cdn-url https://images.example.com
  $ sudo ${calledAs()} install --ghost /var/www/ghost --uninstall`,
    )
    .action(async (options: InstallCommandOptions) => (await import('./run')).runInstall(options));
}
