import type { Terminal } from '../../shell/terminal';
import { counted, megabytes, number, visible } from '../../shell/text';
import { PROBLEMS, type Result, type Summary } from './report';
import type { MigrateOptions, MigrateSettings } from './settings';

/** The text for each result. */
const WORDS: Record<Result, string> = {
  uploaded: 'uploaded',
  downloaded: 'downloaded',
  copied: 'copied',
  overwritten: 'overwritten',
  'to-upload': 'to upload',
  'to-download': 'to download',
  'to-copy': 'to copy',
  'to-overwrite': 'to overwrite',
  stripped: 'replaced by the same image without its location',
  'to-strip': 'to replace by the same image without its location',
  present: 'already there',
  ignored: 'skipped: hidden and temporary files and folders',
  'folder-marker': 'skipped: empty objects that represent folders',
  conflict: 'not replaced: a different file has the same name',
  refused: 'cannot be copied',
  changed: 'changed while they were read (the next run copies them)',
  failed: 'failed',
};

/** Shows the result of a run. */
export function showSummary(
  terminal: Terminal,
  { report, toLocal }: Pick<MigrateOptions, 'report' | 'toLocal'>,
  { dryRun, verify }: MigrateSettings,
  summary: Summary,
): void {
  for (const [result, { files, bytes }] of Object.entries(summary.results)) {
    terminal.say(`  ${number(files).padStart(9)}  ${WORDS[result as Result]} (${megabytes(bytes)})`);
  }
  if (verify) {
    terminal.say(`  ${number(summary.verified).padStart(9)}  read back and compared: identical`);
  }
  if (summary.withoutLocation > 0) {
    const files = number(summary.withoutLocation).padStart(9);
    terminal.say(`  ${files}  of these: in the bucket without the place where they were taken`);
  }
  summary.problems.forEach((problem) => terminal.warn(visible(`${problem.path}: ${problem.error ?? ''}`)));
  const problems = PROBLEMS.reduce((sum, result) => sum + (summary.results[result]?.files ?? 0), 0);
  if (problems > summary.problems.length) {
    const rest = counted(problems - summary.problems.length, 'more file');
    terminal.say(`  … and ${rest}${report === undefined ? ' (--report FILE lists all)' : ` (see ${report})`}`);
  }
  if (summary.results.conflict) {
    terminal.say('  To replace files that are different, add --overwrite.');
  }
  if (summary.results.changed) {
    terminal.say('  Run the same command again to copy the files that changed.');
  }
  if (summary.ignored.length > 0) {
    const more = (summary.results.ignored?.files ?? 0) > summary.ignored.length ? ', …' : '';
    terminal.say(visible(`  Hidden or temporary: ${summary.ignored.map(({ path }) => path).join(', ')}${more}`));
  }
  if (!toLocal && summary.plusSigns.files > 0) {
    showPlusSigns(terminal, summary);
  }
  showReplaced(terminal, summary);
  const total = `${counted(summary.files, 'file')}, ${megabytes(summary.bytes)}, in ${summary.seconds} s`;
  if (!summary.complete) {
    terminal.say(
      terminal.colors.red(
        `✖ ${number(problems)} of ${counted(summary.files, 'file')} not copied to the ${toLocal ? 'disk' : 'bucket'} (${megabytes(summary.bytes)} in ${summary.seconds} s).`,
      ),
    );
  } else if (summary.files === 0) {
    terminal.say('There are no files to copy yet.');
  } else if (dryRun) {
    terminal.say(`This was a dry run: ${total}. Nothing was changed.`);
  } else {
    terminal.say(terminal.colors.green(`✔ Everything is ${toLocal ? 'on the disk' : 'in the bucket'}: ${total}.`));
  }
}

/** Says how the CDN gets rid of the images with a location that it has fetched before. */
function showReplaced(terminal: Terminal, { replaced: { invalidated, toInvalidate } }: Summary): void {
  if (invalidated.length > 0) {
    terminal.say(`  CloudFront clears its copies of the replaced images: ${invalidated.join(', ')}`);
  }
  if (toInvalidate.length > 0) {
    const paths = toInvalidate.map((path) => `'${path}'`).join(' ');
    terminal.say(
      '  The CDN may have copies of the replaced images. Clear them. On CloudFront, set DISTRIBUTION_ID to the ID of the distribution, and run:\n' +
        `    aws cloudfront create-invalidation --distribution-id "$DISTRIBUTION_ID" --paths ${paths}`,
    );
  }
}

/** Lists the files that a CDN without this project's function does not find. */
function showPlusSigns(terminal: Terminal, { plusSigns }: Summary): void {
  const more = plusSigns.files > plusSigns.paths.length ? ', …' : '';
  terminal.say(visible(`  Names with a plus sign: ${plusSigns.paths.join(', ')}${more}`));
  terminal.say(
    '  S3 reads a plus sign as a space, so the CDN must encode it. To update an image server of version 1.0.0, run provision again.',
  );
}
