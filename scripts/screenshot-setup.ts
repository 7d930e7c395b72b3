import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEYS, type TerminalSession } from '../test/support/pseudo-terminal';
import { onePixel } from '../test/support/one-pixel';
import { openSetup } from '../test/support/setup/open-setup';
import { drawTerminal } from './pictures/terminal/draw';
import { typed } from './pictures/terminal/typed';

const PICTURE = join(__dirname, '../docs/images/setup.svg');
const FOLDER = '/var/www/ghost';
const LOOK = {
  columns: 112,
  rows: 27,
  title: '`setup` moves the files of a blog to its own image server, in six steps.',
};

/** The questions, and what is typed before Enter. */
const ANSWERS = [
  ['Domain for your images', ''],
  ['In which region', 'eu-ce'],
  ['Start?', 'y'],
  ['Switch over and restart Ghost now?', 'y'],
] as const;

/** How long (ms) the user reads a question, takes for a key, and looks at what was typed. */
const [READING, KEY, BEFORE_ENTER] = [1_300, 120, 500];

/**
 * Records the animated terminal of `setup`: a run of it for a blog with Ghost-CLI. AWS, the CDN and Ghost are
 * stand-ins, and what is shown is what the command printed, but for the temporary folder and its owner. Run it with
 * `npx tsx scripts/screenshot-setup.ts`.
 */
async function main(): Promise<void> {
  const files = Object.fromEntries(
    Array.from({ length: 412 }, (_, index) => {
      const bytes = Buffer.concat([onePixel(index), randomBytes(100_000 + 1_000 * index)]);
      return [`images/${2019 + (index % 8)}/0${1 + (index % 9)}/photo-${index}.png`, bytes];
    }),
  );
  const { blog, lab, close } = await openSetup(files, { url: 'https://blog.example.com' }, 'example.com');
  const outputs = typed([`cd ${FOLDER}`, 'npx ghost-storage-s3-cloudfront setup']);
  const inPlace = (text: string) =>
    text.replaceAll(blog.folder, FOLDER).replace('runs as user root', 'runs as user ghost');
  const start = (outputs.at(-1)?.at ?? 0) - performance.now();
  let session: TerminalSession | undefined;
  try {
    session = lab.type(`cd ${FOLDER}\nnpx ghost-storage-s3-cloudfront setup`, {
      columns: LOOK.columns,
      environment: { NO_COLOR: undefined, CI: undefined },
      watch: (text) => outputs.push({ at: start + performance.now(), text: inPlace(text) }),
    });
    await answer(session);
    const code = await session.ends();
    if (code !== 0) throw new Error(`setup has ended with ${code}:\n${session.screen().join('\n')}`);
    console.log(session.screen().join('\n'));
  } finally {
    session?.kill();
    await close();
  }
  await writeFile(PICTURE, drawTerminal(outputs, LOOK));
  console.log(PICTURE);
}

async function answer(session: TerminalSession): Promise<void> {
  for (const [question, keys] of ANSWERS) {
    await session.shows(question);
    await sleep(READING);
    for (const key of keys) {
      session.press(key);
      await sleep(KEY);
    }
    await sleep(BEFORE_ENTER);
    session.press(KEYS.enter);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
