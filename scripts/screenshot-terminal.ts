import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AnsiUp } from 'ansi_up';
import { launchChromium } from '../test/support/browser';

const REPOSITORY = join(__dirname, '..');
const SCREENSHOT = join(REPOSITORY, 'docs/images/provision.png');
const COMMAND = [
  'npx --yes ./ghost-storage-s3-cloudfront-*.tgz provision \\',
  '  --domain images.example.com --ghost-url https://blog.example.com --dry-run',
];
const COLUMNS = 132;

const STYLE = `
  body { margin: 0; padding: 12px; display: inline-block; background: transparent; }
  main { background: #1b1f27; color: #d5dae2; border: 1px solid #3b4252; border-radius: 10px; overflow: hidden; }
  header { display: flex; gap: 8px; padding: 10px 14px; background: #262b36; }
  header i { width: 12px; height: 12px; border-radius: 50%; background: #4c5567; }
  pre { margin: 0; padding: 14px 18px 18px; width: ${COLUMNS}ch; font: 13px/1.45 'DejaVu Sans Mono', Menlo, Consolas, monospace;
    white-space: pre-wrap; word-break: break-all; }
  .ansi-green-fg, .prompt { color: #a3be8c; }
  .ansi-yellow-fg { color: #ebcb8b; }
  .ansi-magenta-fg { color: #b48ead; }
  .ansi-red-fg { color: #e5737d; }
  .ansi-cyan-fg { color: #88c0d0; }
`;

const run = promisify(execFile);

/**
 * Takes the README's screenshot of the terminal: the plan of the packed command in an empty folder, without credentials.
 * Run it with `npx tsx scripts/screenshot-terminal.ts` after `npm run build`.
 */
async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'provision-'));
  const cache = await mkdtemp(join(tmpdir(), 'npm-cache-'));
  try {
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: REPOSITORY });
    const env = { ...process.env, FORCE_COLOR: '1', npm_config_cache: cache };
    const start = performance.now();
    const { stdout } = await run('sh', ['-c', COMMAND.join('\n')], { cwd: folder, env });
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    await photograph(stdout.trimEnd());
    console.log(`${SCREENSHOT}: the command took ${seconds} s`);
  } finally {
    await rm(folder, { recursive: true });
    await rm(cache, { recursive: true });
  }
}

/** @param output the command's output, with ANSI escape sequences */
async function photograph(output: string): Promise<void> {
  const ansi = new AnsiUp();
  // Colors by class, from STYLE, in place of the ANSI defaults.
  ansi.use_classes = true;
  const prompt = COMMAND.map((line, index) => (index === 0 ? `<span class="prompt">$</span> ${line}` : line));
  const browser = await launchChromium([]);
  try {
    const page = await browser.newPage({ deviceScaleFactor: 2 });
    await page.setContent(
      `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>` +
        `<main><header><i></i><i></i><i></i></header><pre>${prompt.join('\n')}\n${ansi.ansi_to_html(output)}</pre></main>`,
    );
    await mkdir(dirname(SCREENSHOT), { recursive: true });
    await page.locator('body').screenshot({ path: SCREENSHOT, omitBackground: true });
  } finally {
    await browser.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
