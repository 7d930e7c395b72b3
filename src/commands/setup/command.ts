import type { Command } from 'commander';
import type { SetupOptions } from './options';
import { withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';
import { addExamples, addExitCodes, GENERAL_OPTIONS } from '../../shell/help';

/** Defines the command `setup`, and the one that it runs as root. */
export function addSetup(program: Command): void {
  const command = program
    .command('setup')
    .summary('do everything: build the image server, copy the files, switch Ghost over, check')
    .description(
      'Sets up everything. The command builds the image server on AWS, copies your files to it, tests everything with ' +
        'your own images, switches Ghost over and restarts it. Your blog keeps running from the disk until the switch. ' +
        'You can stop the command at any time: run it again to continue.',
    );
  withSiteOptions(command)
    .optionsGroup('Image server:')
    .option('--domain <domain>', 'domain for your images, for example images.example.com (default: asked)')
    .option(
      '--region <region>',
      'region of the bucket, close to this server (default: asked; with --yes, from your AWS configuration or this machine)',
    )
    .option('--profile <name>', 'AWS profile to sign in with (default: AWS_PROFILE, or asked if there are several)')
    .option('--hosted-zone <id>', 'Route 53 zone of the domain, or none for another DNS provider (default: detected)')
    .option(
      '--identity <kind>',
      'how Ghost gets its credentials: iam-user, ec2-role or ecs-task-role (default: detected)',
    )
    .optionsGroup('What to do:')
    .option('--restart <command>', 'command that restarts Ghost (default: detected)')
    .option('--undo', 'go back: copy the files to the disk, remove the adapter, restart; the image server stays')
    .optionsGroup(GENERAL_OPTIONS)
    .option('--yes', 'agree to everything without asking; needs --domain')
    .action(async (options: SetupOptions) => (await import('./run')).runSetup(options));
  addExamples(
    command,
    `cd /var/www/ghost && ${calledAs()} setup`,
    `${calledAs()} setup --ghost /var/www/ghost --domain images.example.com --region eu-central-1 --yes`,
    `${calledAs()} setup --undo`,
  );
  addExitCodes(
    command,
    'everything is set up and checked; with --undo, Ghost stores on the disk again',
    'an error occurred, or you declined; run the command again to continue',
  );
  withSiteOptions(program.command('setup-as-root', { hidden: true })).action(async (options: SetupOptions) =>
    (await import('./as-root')).runAsRoot(options),
  );
}
