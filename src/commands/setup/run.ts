import { usesAdapter } from '../../ghost-site/config';
import { findGhostSite, type GhostSite } from '../../ghost-site/site';
import { ownCommand } from '../../shell/called-as';
import { Declined, Interruption } from '../../shell/failure';
import { openTerminal, type Terminal } from '../../shell/terminal';
import { openSession } from '../provision/session';
import { askBlog } from './blog';
import { build, planBuild } from './build';
import { changerOf } from './change';
import { copyFiles } from './copy';
import { chooseCredentials } from './credentials';
import { refuseDomain, refuseDown, refuseUnfit } from './fitness';
import { lookAround } from './found';
import type { Journey } from './journey';
import type { SetupOptions } from './options';
import { showFound, showPlan } from './plan';
import { ask } from './questions';
import { restartOf } from './restart';
import { openSavedAnswers, type SavedAnswers } from './saved-answers';
import { bringUpIfDown, switchOver } from './switch';
import { testBeforeSwitch, testEverything } from './test-stage';
import { undo } from './undo';
import { writeOptions } from './write';

/**
 * Runs `setup`: from an AWS account to a blog whose images come from the CDN. Each stage checks what is already done,
 * so that a run continues where an earlier one stopped.
 *
 * @throws Failure with the cause and the fix; Declined when the user does not agree; Interruption after Ctrl-C
 */
export async function runSetup(options: SetupOptions): Promise<void> {
  const terminal = openTerminal(options);
  const site = findGhostSite(options);
  const saved = openSavedAnswers(site.folder);
  try {
    await (options.undo ? undo(terminal, site, options) : travel(terminal, site, options, saved));
  } finally {
    saved.release();
  }
}

async function travel(terminal: Terminal, site: GhostSite, options: SetupOptions, saved: SavedAnswers): Promise<void> {
  await refuseUnfit(site, options);
  await bringUpIfDown(terminal, site, options);
  const found = await lookAround(terminal, site, options);
  showFound(terminal, found);
  const answered = await ask(terminal, options, saved.answers, found);
  refuseDomain(site, answered.domain);
  await refuseDown(site, answered.domain);
  const isSwitched = (await askBlog(site, `https://${answered.domain}`)).state === 'cdn';
  const { awaitsRestart } = saved.answers;
  saved.save({ ...answered, awaitsRestart });
  const session = await openSession(answered, terminal);
  const plan = await planBuild(session, site, { ...options, ...answered });
  showPlan(terminal, session.aws, found, { ...plan, isSwitched });
  if (!(await terminal.confirm('Start?'))) {
    throw new Declined();
  }
  // Before a new access key, which only the written file keeps, and before this environment is changed for the tests.
  const change = changerOf(terminal, site, options);
  const restartCommand = restartOf(site, options);
  showStage(terminal, 'Build', 'the image server on AWS');
  const { block, hasRole, discardKey } = await build(session, site, plan.settings, options.yes ?? false);
  chooseCredentials(hasRole, answered.profile);
  const journey: Journey = {
    terminal,
    options,
    site,
    block,
    cdnUrl: block.storage.S3CloudFrontStorage.cdnUrl ?? '',
    restartCommand,
    change,
  };
  showStage(terminal, 'Write', `the options into ${site.configFile}, without using them yet`);
  // Only a Ghost that already uses the adapter reads them.
  const hasNewOptions = await writeOptions(journey, {
    beforeWriting: () => saved.save({ ...answered, awaitsRestart: usesAdapter(site.config) || awaitsRestart }),
    discardKey,
  });
  showStage(terminal, 'Copy', 'the files to the bucket');
  await copyFiles(journey, isSwitched);
  showStage(terminal, 'Test', "bucket, permissions, CDN, certificate and this blog's own images");
  await testBeforeSwitch(journey, isSwitched);
  showStage(terminal, 'Switch', 'Ghost to the image server');
  await switchOver(journey, {
    hasNewOptions: hasNewOptions || awaitsRestart === true,
    beforeChanging: () => saved.save({ ...answered, awaitsRestart: true }),
  });
  saved.save(answered);
  if (terminal.signal.aborted) {
    throw new Interruption(
      'Stopped. Ghost uses the image server now. Run the same command again to copy and check the rest.',
    );
  }
  showStage(terminal, 'Finish', 'what was uploaded in the meantime, and a check of everything');
  await copyFiles(journey, true);
  await testEverything(journey);
  terminal.say();
  terminal.say(terminal.colors.green(`✔ The images of this blog come from ${journey.cdnUrl}.`));
  terminal.say(`To go back: ${ownCommand('setup --undo')}`);
}

/** The stages of the journey, in their order. */
const STAGES = ['Build', 'Write', 'Copy', 'Test', 'Switch', 'Finish'] as const;

/** Prints the title of a stage: `3/6 Copy    the files to the bucket`. */
function showStage(terminal: Terminal, stage: (typeof STAGES)[number], words: string): void {
  const title = `${STAGES.indexOf(stage) + 1}/${STAGES.length} ${stage}`;
  terminal.say();
  terminal.say(`${terminal.colors.bold(title.padEnd(11))} ${words}`);
}
