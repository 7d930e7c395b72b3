import { type Command, Option } from 'commander';
import type { MigrateOptions } from './settings';
import { withAdapterOptions, withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';

/** `migrate` */
export function addMigrate(program: Command): void {
  const command = program
    .command('migrate')
    .summary('copy images, media and files: to the bucket, back to the disk, or from another adapter')
    .description(
      'Uploads the files that Ghost has on the disk (content/images, content/media, content/files), with the names and ' +
        'headers that the adapter itself would use. It compares them with the bucket first, and never replaces another ' +
        'file. It can be stopped at any time: run it again to continue.',
    );
  withAdapterOptions(withSiteOptions(command))
    .option('--to-local', 'copy everything back: from the bucket to the disk')
    .option(
      '--from-url <url>',
      'move from another adapter: Ghost downloads the files that posts show from this address',
    )
    .option('--from-bucket <name>', 'with --from-url: copy all objects of that bucket first, inside S3')
    .option('--from-region <region>', 'with --from-bucket: its region (default: that of the new bucket)')
    .option('--ghost-url <url>', 'with --from-url: address of the blog (default: as configured)')
    .addOption(
      new Option(
        '--admin-key <key>',
        'with --from-url: staff access token of an administrator, which Ghost needs to rewrite posts',
      ).env('GHOST_ADMIN_API_KEY'),
    )
    .option('--skip-sizes', 'leave out content/images/size/, which Ghost can generate again')
    .option('--overwrite', 'replace files that are different at the destination')
    .option('--verify', 'read everything back and compare every byte')
    .option('--dry-run', 'show what would be done')
    .option('--concurrency <number>', 'files at a time (default: 32)')
    .option('--bandwidth <MB/s>', 'at most this many megabytes a second')
    .option('--report <file>', 'write a line of JSON for each file')
    .option('--yes', 'rewrite posts without asking')
    .option('--json', 'give the result as JSON; everything else goes to the error output')
    .addHelpText(
      'after',
      `
Examples:
  $ ${calledAs()} migrate --dry-run
  $ ${calledAs()} migrate --ghost /var/www/ghost --verify --report migrated.jsonl
  $ ${calledAs()} migrate --content ./content --bucket blog-images --region eu-central-1 \\
      --cdn-url https://images.example.com
  $ ${calledAs()} migrate --to-local
  $ ${calledAs()} migrate --from-url https://old-bucket.s3.amazonaws.com --dry-run

The exit code is 0 only when every file is in place.`,
    )
    .action(async (options: MigrateOptions) => {
      const isOfEnvironment = command.getOptionValueSource('adminKey') === 'env';
      // In the environment, the key may be for other programs; on the command line, it is meant to be used.
      const used = isOfEnvironment && options.fromUrl === undefined ? { ...options, adminKey: undefined } : options;
      await (await import('./migrate')).runMigrate(used);
    });
}
