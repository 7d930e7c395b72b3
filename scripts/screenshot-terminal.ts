import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TerminalScreen } from '../test/support/terminal-screen';
import { drawTerminal } from './pictures/terminal/draw';

const REPOSITORY = join(__dirname, '..');
const PICTURE = join(REPOSITORY, 'docs/images/provision.svg');
const COMMAND = [
  'npx ghost-storage-s3-cloudfront provision \\',
  '  --domain images.example.com --ghost-url https://blog.example.com --dry-run',
];

/**
 * Draws the plan of the built command in an empty folder, without credentials. Run it with
 * `npx tsx scripts/screenshot-terminal.ts` after `npm run build`.
 */
async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'provision-'));
  try {
    const script = `npx() { node '${REPOSITORY}/dist/cli.js' "\${@:2}"; }\n${COMMAND.join('\n')}`;
    const env = { ...process.env, FORCE_COLOR: '1' };
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: folder, env });
    await writeFile(PICTURE, draw(`\x1b[32m$\x1b[0m ${COMMAND.join('\n')}\n${stdout.trimEnd()}`));
    console.log(PICTURE);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Draws a terminal that is as large as the text. */
function draw(output: string): string {
  const text = output.replaceAll('\n', '\r\n');
  const screen = new TerminalScreen();
  screen.write(text);
  const lines = screen.lines();
  return drawTerminal([{ at: 0, text }], {
    columns: Math.max(...lines.map(({ length }) => length)),
    rows: lines.length,
    title: 'The plan of `provision`: what it creates, what it needs, and what it costs.',
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
