import type { Command } from 'commander';
import type { UploadOptions } from './upload';
import { calledAs } from '../../shell/called-as';

/** `upload` */
export function addUpload(program: Command): void {
  program
    .command('upload')
    .summary('upload your own files to the image server, and get their URLs')
    .description(
      "Uploads files that are not Ghost's to a folder of the image server (provision --folder NAME), and prints the " +
        'URL of each. Existing files are never replaced. If a name is taken, the new file gets -1, -2 and so on.',
    )
    .argument('<files...>', 'the files')
    .option('--to <folder>', 'folder of the image server, with sub-folders if you like (default: the only folder)')
    .option('--domain <domain>', 'the domain of the image server (default: the only one in the region)')
    .option('--stack-name <name>', 'its CloudFormation stack, if you gave it another name')
    .option('--region <region>', 'region of the bucket (default: as configured for AWS)')
    .option('--profile <name>', 'profile of the AWS configuration to sign in with')
    .option('--json', 'give the result as JSON; everything else goes to the error output')
    .addHelpText(
      'after',
      `
Examples:
  $ ${calledAs()} upload report.pdf
  $ ${calledAs()} upload talk.mp4 slides.pdf --to downloads/2026 --domain images.example.com
  $ ${calledAs()} upload *.jpg --to press --json

The exit code is 0 only when every file is uploaded.`,
    )
    .action(async (files: string[], options: UploadOptions) => (await import('./upload')).runUpload(files, options));
}
