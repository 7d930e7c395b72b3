import { type Command, Option } from 'commander';
import type { MigrateOptions } from './settings';
import { withAdapterOptions, withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';
import { addExamples, addExitCodes, GENERAL_OPTIONS } from '../../shell/help';

/** Defines the command `migrate`. */
export function addMigrate(program: Command): void {
  const command = program
    .command('migrate')
    .summary('copy images, media and files to the bucket, back to the disk, or from another adapter')
    .description(
      "Uploads the files on Ghost's disk (content/images, content/media, content/files) to the bucket, with the names " +
        'and headers that the adapter itself uses. The command compares them with the bucket first, and never replaces a ' +
        'different file unless you add --overwrite. You can stop it at any time: run it again to continue.',
    );
  withAdapterOptions(withSiteOptions(command))
    .optionsGroup('Direction:')
    .option('--to-local', 'copy everything from the bucket back to the disk')
    .option('--from-url <url>', 'move from another adapter: Ghost downloads the files that posts show from this URL')
    .option('--from-bucket <name>', 'with --from-url: first copy all objects of this bucket, inside S3')
    .option('--from-region <region>', 'with --from-bucket: region of that bucket (default: that of the new bucket)')
    .option('--ghost-url <url>', 'with --from-url: URL of the blog (default: as configured)')
    .addOption(
      new Option(
        '--admin-key <key>',
        'with --from-url: staff access token of an administrator, which rewrites the posts',
      ).env('GHOST_ADMIN_API_KEY'),
    )
    .optionsGroup('Transfer:')
    .option('--skip-sizes', 'leave out content/images/size, which Ghost can create again')
    .option(
      '--strip-location',
      'store images without the GPS data of the camera, also those that are in the bucket already',
    )
    .option('--overwrite', 'replace different files at the destination')
    .option('--verify', 'read everything back, and compare every byte')
    .option('--dry-run', 'show what would happen, and change nothing')
    .option('--concurrency <number>', 'how many files to copy at the same time, 1 to 256 (default: 32)')
    .option('--bandwidth <MB/s>', 'limit in megabytes a second (default: none)')
    .option('--report <file>', 'write a line of JSON for each file')
    .optionsGroup(GENERAL_OPTIONS)
    .option('--yes', 'rewrite posts without asking')
    .option('--json', 'print the result as JSON, and everything else to the error output')
    .action(async (options: MigrateOptions) => {
      const isOfEnvironment = command.getOptionValueSource('adminKey') === 'env';
      // In the environment, the key may be for other programs; on the command line, it is meant to be used.
      const used = isOfEnvironment && options.fromUrl === undefined ? { ...options, adminKey: undefined } : options;
      await (await import('./migrate')).runMigrate(used);
    });
  addExamples(
    command,
    `${calledAs()} migrate --dry-run`,
    `${calledAs()} migrate --ghost /var/www/ghost --verify --report migrated.jsonl`,
    `${calledAs()} migrate --content ./content --bucket blog-images --region eu-central-1 --cdn-url https://images.example.com`,
    `${calledAs()} migrate --strip-location --dry-run`,
    `${calledAs()} migrate --to-local`,
    `${calledAs()} migrate --from-url https://old-bucket.s3.amazonaws.com --from-bucket old-bucket --dry-run`,
  );
  addExitCodes(command, 'every file is in place', 'a file is not in place, or an error occurred');
}
