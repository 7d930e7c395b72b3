import type { Command } from 'commander';
import type { WarmOptions } from './settings';
import { withCdnOptions, withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';
import { addExamples, addExitCodes, GENERAL_OPTIONS } from '../../shell/help';

/** Defines the command `warm`. */
export function addWarm(program: Command): void {
  const command = program
    .command('warm')
    .summary('request every image of the published pages, so that Ghost creates all sizes now')
    .description(
      'Reads the pages in the sitemap of the blog, and requests each of their images from the CDN, as a browser with ' +
        'WebP and as one without. Ghost creates the sizes that are missing, so that no visitor has to wait for them. ' +
        'You can stop the command at any time: run it again to continue.',
    );
  withCdnOptions(withSiteOptions(command))
    .option('--ghost-url <url>', 'URL of the blog')
    .optionsGroup('Requests:')
    .option('--since <time>', 'only pages that changed since a date (2026-11-01, UTC), or in the last 12h, 7d or 2w')
    .option('--concurrency <number>', 'how many pages or images to request at the same time, 1 to 16 (default: 2)')
    .optionsGroup(GENERAL_OPTIONS)
    .option('--verbose', 'list everything that failed, not only the first ten')
    .option('--json', 'print the result as JSON, and everything else to the error output')
    .action(async (options: WarmOptions) => (await import('./warm')).runWarm(options));
  addExamples(
    command,
    `${calledAs()} warm`,
    `${calledAs()} warm --ghost /var/www/ghost --since 7d`,
    `${calledAs()} warm --ghost-url https://blog.example.com --cdn-url https://images.example.com`,
  );
  addExitCodes(
    command,
    'every page was read, and every image was sent',
    'a page or an image failed, or an error occurred',
  );
}
