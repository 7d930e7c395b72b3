import type { Command } from 'commander';
import type { DoctorOptions } from './context';
import { withAdapterOptions, withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';

/** Defines the command `doctor`. */
export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .summary('prove that a set-up works: configuration, credentials, bucket, CDN, Ghost')
    .description(
      'Proves that a set-up works: puts a small picture into the bucket, looks at it as Ghost, as the CDN and as a ' +
        'visitor, and takes it away again. Names what is wrong, and what to do about it. Ends with 1 when something is.',
    );
  withAdapterOptions(withSiteOptions(command))
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
