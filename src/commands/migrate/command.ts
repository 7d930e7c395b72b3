import { type Command, Option } from 'commander';
import type { MigrateOptions } from './settings';
import { withAdapterOptions, withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';

/** `migrate` */
export function addMigrate(program: Command): void {
  const command = program
    .command('migrate')
    .summary('move pictures, media and files: to the bucket, back to the disk, or from another adapter')
    .description(
      'Uploads what Ghost has on the disk (content/images, content/media, content/files), under the names and with the\n' +
        'headers that the adapter itself would use. Looks first at what is there, and never overwrites something else.\n' +
        'Can be stopped and run again at any time: it goes on where it was.',
    );
  withAdapterOptions(withSiteOptions(command))
    .option('--to-local', 'bring everything back: from the bucket to the disk')
    .option('--from-url <url>', 'move from another adapter: what posts show from this address is brought over by Ghost')
    .option('--from-bucket <name>', 'with --from-url: copy all objects of that bucket first, inside S3')
    .option('--from-region <region>', 'region of that bucket (default: that of the new one)')
    .option('--ghost-url <url>', 'address of the blog (default: as configured)')
    .addOption(
      new Option('--admin-key <key>', 'staff access token of an administrator, to have posts rewritten').env(
        'GHOST_ADMIN_API_KEY',
      ),
    )
    .option('--skip-sizes', 'leave out content/images/size/, which Ghost can make again')
    .option('--overwrite', 'replace what is there with other content')
    .option('--verify', 'read everything back and compare each byte')
    .option('--dry-run', 'show what would be done')
    .option('--concurrency <number>', 'files at a time (default: 32)')
    .option('--bandwidth <MB/s>', 'megabytes a second at most')
    .option('--report <file>', 'write a line of JSON for each file')
    .option('--yes', 'agree beforehand to have posts rewritten')
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

The exit code is 0 only when everything is where it should be.`,
    )
    .action(async (options: MigrateOptions) => (await import('./migrate')).runMigrate(options));
}
