import { readFileSync } from 'node:fs';
import path from 'node:path';
import { onePixel } from '../support/one-pixel';
import { hasPseudoTerminal, KEYS, type TerminalSession } from '../support/pseudo-terminal';
import type { SetupBlog } from '../support/setup/blog';
import { type Cloud, DOMAIN } from '../support/setup/cloud';
import type { SetupLab } from '../support/setup/lab';
import { type OpenedSetup, openSetup } from '../support/setup/open-setup';
import { countCopied, readConfig } from '../support/setup/stops';

const FILES = { 'images/2024/05/picture.png': onePixel(1), 'images/2024/06/other.png': onePixel(2) };

(hasPseudoTerminal ? describe : describe.skip)('setup on a terminal', () => {
  let cloud: Cloud;
  let blog: SetupBlog;
  let lab: SetupLab;
  let close: OpenedSetup['close'];
  let session: TerminalSession | undefined;

  beforeEach(async () => {
    ({ cloud, blog, lab, close } = await openSetup(FILES));
  });

  afterEach(async () => {
    session?.kill();
    await close();
  });

  test('asks for the domain and the region, offers the answers of a stopped run again, and does the rest', async () => {
    const before = readConfig(blog);
    session = lab.onTerminal(['setup']);
    await session.shows('Domain for your images');
    // Next to that of the blog.
    await session.shows('images.example.test');
    session.press(KEYS.enter);
    await session.shows('In which region');
    session.press('frankfurt');
    session.press(KEYS.ctrlC);
    await session.ends();
    expect([readConfig(blog), cloud.bucket()]).toEqual([before, undefined]);

    session = lab.onTerminal(['setup', '--region', 'eu-central-1']);
    await session.shows('Domain for your images');
    session.press(KEYS.enter);
    await session.shows('Start?');
    session.press(KEYS.ctrlC);
    expect(await session.ends()).toBe(130);
    expect([readConfig(blog), cloud.bucket()]).toEqual([before, undefined]);

    session = lab.onTerminal(['setup']);
    await session.shows('Domain for your images');
    session.press(KEYS.enter);
    await session.shows(/Region .*eu-central-1/);
    session.press(KEYS.enter);
    await session.shows('Start?');
    session.press(`y${KEYS.enter}`);
    await session.shows(/Switch over and restart Ghost now\?/);
    // Nothing is switched without a yes.
    expect(lab.restarts()).toBe(0);
    session.press(`y${KEYS.enter}`);
    expect([await session.ends(), session.screen().join('\n')]).toEqual([
      0,
      expect.stringContaining(`The images of this blog come from https://${DOMAIN}`),
    ]);
    expect([lab.restarts(), countCopied({ cloud, files: FILES })]).toEqual([1, 2]);
  });

  test('does by the commands of the README what the README says, and goes back and forth again', async () => {
    const { block, undo, unattended } = commandsOfReadme();
    session = lab.type(block);
    await session.shows('Domain for your images');
    session.press(KEYS.enter);
    await session.shows('In which region');
    session.press('eu-central');
    await session.shows(/❯ eu-central-1/);
    session.press(KEYS.enter);
    await session.shows('Start?');
    session.press(`y${KEYS.enter}`);
    await session.shows(/Switch over and restart Ghost now\?/);
    session.press(`y${KEYS.enter}`);
    await expectEnd(session, `The images of this blog come from https://${DOMAIN}`);

    session = lab.type(`cd /var/www/ghost\nnpx ghost-storage-s3-cloudfront ${undo}`);
    await session.shows('Go back to the disk?');
    session.press(`y${KEYS.enter}`);
    await expectEnd(session, 'Ghost stores its files on the disk again');

    session = lab.type(`cd /var/www/ghost\nnpx ghost-storage-s3-cloudfront ${unattended}`);
    await expectEnd(session, `The images of this blog come from https://${DOMAIN}`);
    expect([lab.restarts(), countCopied({ cloud, files: FILES })]).toEqual([3, 2]);
  });
});

/** Waits for the end of a command that did what it had to. */
async function expectEnd(session: TerminalSession, words: string): Promise<void> {
  expect([await session.ends(), session.screen().join('\n')]).toEqual([0, expect.stringContaining(words)]);
}

/** Returns what the README tells to type for `setup`, with the domain of the test. */
function commandsOfReadme(): { block: string; undo: string; unattended: string } {
  const readme = readFileSync(path.join(__dirname, '../../README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```bash\n([^`]+)^```$/gm)].map(([, block = '']) => block);
  const spans = [...readme.matchAll(/`(setup --[^`]+)`/g)].map(([, span = '']) => span);
  const found = {
    block: blocks.find((block) => /^npx ghost-storage-s3-cloudfront setup$/m.test(block)),
    undo: spans.find((span) => span.includes('--undo')),
    unattended: spans.find((span) => span.includes('--yes'))?.replace('images.example.com', DOMAIN),
  };
  expect(found).toEqual({ block: expect.any(String), undo: expect.any(String), unattended: expect.any(String) });
  return found as { block: string; undo: string; unattended: string };
}
