import { setTimeout } from 'node:timers/promises';
import { findGhostSite, type GhostSite } from '../../ghost-site/site';
import { ownCommand } from '../../shell/called-as';
import { Failure, Interruption } from '../../shell/failure';
import type { CheckReport, Group } from '../doctor/check';
import { DoctorContext } from '../doctor/context';
import { diagnose } from '../doctor/diagnose';
import { internet } from '../doctor/network';
import { reporterFor, showSummary } from '../doctor/report';
import type { Journey } from './journey';
import { plannedSite } from './planned-site';

/** The checks that are possible while Ghost still runs from the disk. */
const BEFORE_SWITCH: Group[] = ['Config', 'Credentials', 'Bucket', 'Permissions', 'CDN', 'Files'];

/** How many of the blog's own images are requested from the CDN. */
const IMAGES = 20;

/** The checks that a new distribution and its DNS records may fail, since they are not available everywhere at once. */
const SETTLES: Group[] = ['CDN', 'Files'];

const ATTEMPTS = 6;
const PAUSE_MS = 20_000;

/**
 * Tests everything that Ghost will need, with images of the blog, before Ghost is switched over or restarted.
 *
 * @param isSwitched whether Ghost already uses the bucket
 * @throws Failure when a check failed
 */
export async function testBeforeSwitch(journey: Journey, isSwitched: boolean): Promise<void> {
  const { terminal } = journey;
  for (let attempt = 1; ; attempt += 1) {
    const reports = await check(journey, plannedSite(journey), BEFORE_SWITCH);
    const failures = reports.filter(({ result }) => result === 'failed');
    if (failures.length === 0) {
      return;
    }
    if (attempt === ATTEMPTS || failures.some(({ group }) => !SETTLES.includes(group))) {
      throw new Failure(
        `The tests above failed. Ghost ${isSwitched ? 'already uses the bucket, and was not changed' : 'was not switched over'}.`,
        `Fix the problems that they name, and run the same command again.${isSwitched ? ` To go back: ${ownCommand('setup --undo')}` : ''}`,
      );
    }
    await terminal.step('Waiting, since a new CDN is not available everywhere at once', () =>
      setTimeout(PAUSE_MS, undefined, { signal: terminal.signal }).catch(() => {
        throw new Interruption('Stopped. Run the same command again to continue.');
      }),
    );
  }
}

/**
 * Runs all checks of `doctor` on the blog that was switched over.
 *
 * @throws Failure when a check failed
 */
export async function testEverything(journey: Journey): Promise<void> {
  const reports = await check(journey, findGhostSite(journey.options));
  if (reports.some(({ result }) => result === 'failed')) {
    throw new Failure(
      'Ghost uses the image server now, but the checks above failed.',
      `Fix the problems that they name, and run the same command again. To go back: ${ownCommand('setup --undo')}`,
    );
  }
}

async function check({ terminal, options }: Journey, site: GhostSite, groups?: Group[]): Promise<CheckReport[]> {
  const context = new DoctorContext(options, { network: internet, signal: terminal.signal, site, imageCount: IMAGES });
  const reports = await diagnose(context, { groups, reporter: reporterFor(terminal, { onlyProblems: true }) });
  if (terminal.signal.aborted) {
    throw new Interruption('Stopped. Run the same command again to continue.');
  }
  showSummary(terminal, reports);
  return reports;
}
