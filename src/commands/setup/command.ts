import type { Command } from 'commander';
import type { SetupOptions } from './options';
import { withSiteOptions } from '../../ghost-site/options';

/** Defines the command `setup`, and the one that it runs as root. */
export function addSetup(program: Command): void {
  const command = program
    .command('setup')
    .summary('do everything: build the image server, copy the files, switch Ghost over, check')
    .description(
      'Guides through the whole setup: builds the image server on AWS, writes the options, copies the files, tests ' +
        'everything with images of this blog, switches Ghost over and restarts it. The blog keeps running from the disk ' +
        'until the switch. Can be stopped at any time: the same command continues where it was.',
    );
  withSiteOptions(command)
    .option('--domain <domain>', 'the domain for the images, such as images.example.com')
    .option('--region <region>', 'region of the bucket, close to this server')
    .option('--profile <name>', 'AWS profile to use')
    .option('--hosted-zone <id>', 'Route 53 zone of the domain, or none for another DNS provider (default: found)')
    .option(
      '--identity <kind>',
      'how Ghost gets its credentials: iam-user, ec2-role or ecs-task-role (default: detected)',
    )
    .option('--restart <command>', 'command that restarts Ghost (default: detected)')
    .option('--undo', 'go back: copy the files to the disk, remove the adapter, restart; the image server stays')
    .option('--yes', 'agree to everything; needs --domain')
    .addHelpText(
      'after',
      `
Examples:
  $ cd /var/www/ghost && npx ghost-storage-s3-cloudfront setup
  $ npx ghost-storage-s3-cloudfront setup --ghost /var/www/ghost --domain images.example.com --region eu-central-1 --yes
  $ npx ghost-storage-s3-cloudfront setup --undo`,
    )
    .action(async (options: SetupOptions) => (await import('./run')).runSetup(options));
  withSiteOptions(program.command('setup-as-root', { hidden: true })).action(async (options: SetupOptions) =>
    (await import('./as-root')).runAsRoot(options),
  );
}
