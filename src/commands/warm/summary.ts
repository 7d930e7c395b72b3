import type { Terminal } from '../../shell/terminal';
import { counted, megabytes, number, visible } from '../../shell/text';
import type { Summary } from './tally';

/** How many failures to list without `--verbose`. */
const MAX_NAMED = 10;

/** Shows the result of a run. */
export function showSummary(terminal: Terminal, summary: Summary, verbose = false): void {
  const { pages, sizes, otherImages, fromEarlierRun, redirected, failures } = summary;
  terminal.say();
  const row = (label: string, count: number, text = '') =>
    terminal.say(`  ${label.padEnd(14)}${number(count).padStart(9)}  ${text}`.trimEnd());
  row('Pages', pages.read, pages.failed > 0 ? `and ${number(pages.failed)} that failed` : '');
  row('Image sizes', sizes.count, sizes.count > 0 ? sizesText(sizes) : '');
  row('Other images', otherImages.count, otherImages.count > 0 ? megabytes(otherImages.bytes) : '');
  if (fromEarlierRun > 0) {
    row('Of these', fromEarlierRun, 'were requested in an earlier run');
  }
  if (redirected.length > 0) {
    row('Not created', redirected.length, 'sizes: visitors get the full image instead');
  }
  const failedImages = failures.length - pages.failed;
  if (failedImages > 0) {
    row('Failed', failedImages, failedImages === 1 ? 'image' : 'images');
  }
  terminal.say();
  const limit = verbose ? Infinity : MAX_NAMED;
  list(terminal, redirected, 'Ghost does not create this size', limit);
  list(
    terminal,
    failures.map(({ url, reason }) => `${url} ${reason}`),
    '',
    limit,
  );
  showVerdict(terminal, summary);
}

/** `92 MB without WebP, 51 MB with WebP (45 % less)` */
function sizesText({ bytes, bytesWithWebp, sentAsWebp }: Summary['sizes']): string {
  if (sentAsWebp === 0) {
    return `${megabytes(bytes)}, none as WebP`;
  }
  const less = Math.round((1 - bytesWithWebp / Math.max(bytes, 1)) * 100);
  const change = less >= 0 ? `${less} % less` : `${-less} % more`;
  return `${megabytes(bytes)} without WebP, ${megabytes(bytesWithWebp)} with WebP (${change})`;
}

function list(terminal: Terminal, lines: string[], text: string, limit: number): void {
  lines.slice(0, limit).forEach((line) => terminal.warn(visible(text === '' ? line : `${line}: ${text}`)));
  if (lines.length > limit) {
    terminal.say(`  … and ${number(lines.length - limit)} more (--verbose lists all)`);
  }
}

function showVerdict(terminal: Terminal, { pages, sizes, otherImages, failures, complete }: Summary): void {
  if (failures.length > 0) {
    const images = failures.length - pages.failed;
    const parts = [
      ...(pages.failed > 0 ? [counted(pages.failed, 'page')] : []),
      ...(images > 0 ? [counted(images, 'image')] : []),
    ];
    terminal.say(
      terminal.colors.red(`✖ ${parts.join(' and ')} failed. Run the same command again to request only what is left.`),
    );
  } else if (complete) {
    terminal.say(
      terminal.colors.green(
        `✔ The CDN has sent ${counted(sizes.count + otherImages.count, 'image')} of ${counted(pages.read, 'page')}.`,
      ),
    );
  }
}
