import type { Command } from 'commander';
import type { UploadOptions } from './upload';
import { calledAs } from '../../shell/called-as';
import { addExamples, addExitCodes, GENERAL_OPTIONS } from '../../shell/help';

/** Defines the command `upload`. */
export function addUpload(program: Command): void {
  const command = program
    .command('upload')
    .summary('upload your own files to the image server, and print their URLs')
    .description(
      "Uploads files that are not Ghost's to a folder of the image server, and prints the URL of each. First add the " +
        'folder with provision --folder NAME. Existing files are never replaced: if a name is taken, the new file gets ' +
        '-1, -2 and so on.',
    )
    .argument('<files...>', 'the files to upload')
    .optionsGroup('Destination:')
    .option('--to <folder>', 'folder of the image server, with subfolders if you like (default: the only folder)')
    .option('--domain <domain>', 'domain of the image server (default: the only one in the region)')
    .option('--stack-name <name>', 'name of its CloudFormation stack, if you chose one')
    .option('--region <region>', 'region of the bucket (default: from your AWS configuration or this machine)')
    .option('--profile <name>', 'AWS profile to sign in with')
    .optionsGroup(GENERAL_OPTIONS)
    .option('--json', 'print the result as JSON, and everything else to the error output')
    .action(async (files: string[], options: UploadOptions) => (await import('./upload')).runUpload(files, options));
  addExamples(
    command,
    `${calledAs()} upload report.pdf`,
    `${calledAs()} upload talk.mp4 slides.pdf --to downloads/2026 --domain images.example.com`,
    `${calledAs()} upload *.jpg --to press --json`,
  );
  addExitCodes(command, 'every file was uploaded', 'a file was not uploaded');
}
