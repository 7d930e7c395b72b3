import type { Command } from 'commander';
import type { DoctorOptions } from './context';
import { withAdapterOptions, withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';
import { addExamples, addExitCodes, GENERAL_OPTIONS } from '../../shell/help';

/** Defines the command `doctor`. */
export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .summary('check that everything works, and show how to fix each problem')
    .description(
      'Checks that everything works: configuration, credentials, bucket, CDN, files and Ghost. The command stores a ' +
        'small image in the bucket, requests it as Ghost, as the CDN and as a visitor, and deletes it again. It compares ' +
        'the files on the disk with the bucket, and requests some of your own images from the CDN. For each problem, it ' +
        'shows the fix.',
    );
  withAdapterOptions(withSiteOptions(command))
    .optionsGroup(GENERAL_OPTIONS)
    .option('--verbose', 'also show status codes, permissions, and the checks that were skipped')
    .option('--html <file>', 'also write the results to a web page without secrets, to attach to an issue')
    .option('--json', 'print the results as JSON, and everything else to the error output')
    .action(async (options: DoctorOptions) => (await import('./doctor')).runDoctor(options));
  addExamples(
    command,
    `${calledAs()} doctor`,
    `${calledAs()} doctor --ghost /var/www/ghost --profile admin`,
    `${calledAs()} doctor --bucket blog-images --region eu-central-1 --cdn-url https://images.example.com`,
    `${calledAs()} doctor --json | jq '.[] | select(.result == "failed")'`,
  );
  addExitCodes(command, 'no check failed; there may be warnings', 'a check failed, or an error occurred');
}
