import type { Command } from 'commander';
import type { DoctorOptions } from './context';
import { withAdapterOptions, withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';

/** Defines the command `doctor`. */
export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .summary('prove that a setup works: configuration, credentials, bucket, CDN, your files, Ghost')
    .description(
      'Proves that a setup works: stores a small image in the bucket, requests it as Ghost, as the CDN and as a ' +
        'visitor, and deletes it again. Compares the files on the disk with the bucket, and requests some of your own ' +
        'images from the CDN. Names each problem and its fix. The exit code is 1 when something failed.',
    );
  withAdapterOptions(withSiteOptions(command))
    .option('--verbose', 'show status codes, permissions, and the checks that were skipped')
    .option('--html <file>', 'also write the results as a page without secrets, to attach to an issue')
    .option('--json', 'give the results as JSON; everything else goes to the error output')
    .addHelpText(
      'after',
      `
Examples:
  $ ${calledAs()} doctor
  $ ${calledAs()} doctor --ghost /var/www/ghost --profile admin
  $ ${calledAs()} doctor --bucket blog-images --region eu-central-1 --cdn-url https://images.example.com
  $ ${calledAs()} doctor --json | jq '.[] | select(.result == "failed")'`,
    )
    .action(async (options: DoctorOptions) => (await import('./doctor')).runDoctor(options));
}
