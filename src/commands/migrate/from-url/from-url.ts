import { setTimeout as sleep } from 'node:timers/promises';
import { Declined, Failure, Interruption } from '../../../shell/failure';
import { adapterOf, type GhostConfig, storageOf } from '../../../ghost-site/config';
import { ADAPTER, FEATURES } from '../../../core/features';
import type { GhostSite } from '../../../ghost-site/site';
import type { Terminal } from '../../../shell/terminal';
import { copyFromBucket } from './copy-from-bucket';
import { GhostAdmin, KEY_CURE } from './ghost-admin';
import { runSteps } from '../run';
import { addressCount, type Concerned, findOldAddresses, type OldAddresses } from './old-addresses';
import type { FeatureLocation } from '../feature-location';
import type { Summary } from '../report';
import type { MigrateOptions, MigrateSettings } from '../settings';
import { showSummary } from '../summary';
import { counted } from '../../../shell/text';

/** How long Ghost may be without a post more that is rewritten, in milliseconds: it saves a post when all of it is fetched. */
const PATIENCE_MS = 180_000;
const LOOK_EVERY_MS = 3_000;

/** So many addresses of a post are shown. */
const MAX_SHOWN_ADDRESSES = 5;

/** What `--from-url` is about. */
export interface FromUrlTask {
  settings: MigrateSettings;
  site: GhostSite;
  locations: FeatureLocation[];
  fromUrl: string;
}

/**
 * `migrate --from-url`: moves from another adapter. Objects are copied from its bucket where that is named; Ghost's own
 * media inliner fetches what posts show from the old address, stores it by the adapter that Ghost now has, and rewrites
 * the posts.
 *
 * @param options with `fromBucket`, `adminKey`, `ghostUrl`
 * @throws Failure, and Interruption when the user stops
 */
export async function migrateFromUrl(terminal: Terminal, options: MigrateOptions, task: FromUrlTask): Promise<void> {
  const { settings, site, locations } = task;
  const oldUrl = readOldUrl(task.fromUrl, locations);
  const { fromBucket, adminKey } = options;
  if (adminKey === undefined && fromBucket === undefined) {
    throw new Failure('Without a key, Ghost does not show its posts: --admin-key is missing.', KEY_CURE);
  }
  const admin =
    adminKey === undefined ? undefined : new GhostAdmin(readSiteUrl(options, site), adminKey, terminal.signal);
  const found = admin && (await findOldAddresses(admin, oldUrl));

  const summary = fromBucket === undefined ? undefined : await copyAll(terminal, options, task, oldUrl, fromBucket);
  if (found && !options.json) {
    showConcerned(terminal, found, oldUrl);
  }
  const left = admin && found && !settings.dryRun ? await rewrite(terminal, admin, site, oldUrl, found) : undefined;
  const isComplete = (summary?.complete ?? true) && (left?.concerned ?? []).length === 0;
  process.exitCode = isComplete ? 0 : 1;
  if (options.json) {
    terminal.result({
      dryRun: settings.dryRun,
      objects: summary,
      ...found,
      left: left?.concerned,
      complete: isComplete,
    });
    return;
  }
  if (!admin) {
    terminal.say(`Posts still show ${oldUrl}. To have them rewritten, run this again with --admin-key.\n${KEY_CURE}`);
  } else if (settings.dryRun) {
    terminal.say('This was a dry run. Nothing was changed.');
  } else if (left && left.concerned.length > 0) {
    terminal.warn(
      `Ghost could not fetch ${counted(addressCount(left.concerned), 'file')}. These still show the old address:`,
    );
    listConcerned(terminal, left.concerned);
    terminal.say('Its log names the reasons. Ghost gives up on what takes longer than 10 seconds or is not public.');
  } else {
    terminal.say(terminal.colors.green(`✔ No post shows ${oldUrl} any more.`));
  }
}

function readOldUrl(text: string, locations: FeatureLocation[]): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash) {
    throw new Failure(
      `--from-url is "${text}", which is no address that pictures begin with.`,
      'Write what stands before the year in the address of an old picture: https://old-bucket.s3.amazonaws.com',
    );
  }
  const oldUrl = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  const same = locations.find(({ config }) => config.cdnUrl === oldUrl);
  if (same) {
    throw new Failure(
      `--from-url is the address of the CDN itself, ${oldUrl}.`,
      'Posts that show it need not be rewritten: let the CDN read the old bucket, or copy the objects.',
    );
  }
  return oldUrl;
}

function readSiteUrl({ ghostUrl }: MigrateOptions, { config, configFile }: GhostSite): string {
  const { admin, url: siteUrl } = config as GhostConfig & { admin?: { url?: string } };
  const url = ghostUrl ?? admin?.url ?? siteUrl;
  if (url === undefined || !/^https?:\/\//.test(url)) {
    throw new Failure(`${configFile} holds no address of the blog.`, 'Name it: --ghost-url https://blog.example.com');
  }
  return url.replace(/\/+$/, '');
}

async function copyAll(
  terminal: Terminal,
  options: MigrateOptions,
  { settings, locations }: FromUrlTask,
  oldUrl: string,
  bucket: string,
): Promise<Summary> {
  const { pathname } = new URL(oldUrl);
  // In an address with the bucket in its path, that is no part of the keys.
  const folder = decodeURIComponent(pathname).replace(/^\/+/, '').split('/').filter(Boolean);
  const prefix = (folder[0] === bucket ? folder.slice(1) : folder).map((name) => `${name}/`).join('');
  terminal.say(`From the bucket ${bucket} to the bucket ${locations[0]?.config.bucket}`);
  const source = { bucket, region: options.fromRegion, prefix };
  const summary = await runSteps(terminal, options, settings, [(run) => copyFromBucket(run, locations, source)]);
  if (!options.json) {
    showSummary(terminal, options, settings, summary);
  }
  return summary;
}

/** @returns what still shows the old address when Ghost is through */
async function rewrite(
  terminal: Terminal,
  admin: GhostAdmin,
  site: GhostSite,
  oldUrl: string,
  found: OldAddresses,
): Promise<OldAddresses> {
  if (found.concerned.length === 0) {
    return found;
  }
  const storage = storageOf(site.config);
  const elsewhere = FEATURES.filter((feature) => adapterOf(storage, feature) !== ADAPTER);
  if (elsewhere.length > 0) {
    throw new Failure(
      `Ghost does not store ${elsewhere.join(' and ')} by ${ADAPTER} yet, so what it fetches would not go to the bucket.`,
      'Install the adapter first: ghost-storage-s3-cloudfront install, and restart Ghost.',
    );
  }
  const files = counted(addressCount(found.concerned), 'file');
  const agreed = await terminal.confirm(
    `Ghost will fetch ${files}, store what it gets, and rewrite ${counted(found.concerned.length, 'post')}, tags and authors among them. Have you a backup of its database?`,
  );
  if (!agreed) {
    throw new Declined('No post was changed.');
  }
  return terminal.step('Ghost fetches and rewrites', async ({ progress }) => {
    await admin.inlineMedia([oldUrl]);
    return untilRewritten(() => findOldAddresses(admin, oldUrl), terminal.signal, progress);
  });
}

/**
 * Ghost does not tell when it is through: looks until no old address is left, or nothing changes any more.
 *
 * @param look finds what is left
 * @param patienceMs so long may nothing change
 */
export async function untilRewritten(
  look: () => Promise<OldAddresses>,
  signal: AbortSignal,
  progress: (text: string) => void,
  patienceMs = PATIENCE_MS,
  everyMs = LOOK_EVERY_MS,
): Promise<OldAddresses> {
  let count = Infinity;
  let changedAt = performance.now();
  try {
    for (;;) {
      const left = await look();
      const now = addressCount(left.concerned);
      progress(`${now} to go`);
      if (now !== count) {
        [count, changedAt] = [now, performance.now()];
      }
      if (now === 0 || performance.now() - changedAt > patienceMs) {
        return left;
      }
      await sleep(everyMs, undefined, { signal });
    }
  } catch (error) {
    if (signal.aborted) {
      throw new Interruption('Stopped looking. Ghost itself goes on until it is through.');
    }
    throw error;
  }
}

function showConcerned(terminal: Terminal, { concerned, byHand }: OldAddresses, oldUrl: string): void {
  if (concerned.length === 0) {
    terminal.say(`No post, page, tag or author shows ${oldUrl}.`);
  } else {
    terminal.say(`These show ${oldUrl}:`);
    listConcerned(terminal, concerned);
  }
  if (byHand.length > 0) {
    terminal.warn('Ghost does not rewrite these. Change them in its admin:');
    listConcerned(terminal, byHand);
  }
}

function listConcerned(terminal: Terminal, list: Concerned[]): void {
  for (const { kind, title, addresses } of list) {
    terminal.say(`  ${kind} ${terminal.colors.bold(title)}`);
    addresses.slice(0, MAX_SHOWN_ADDRESSES).forEach((address) => terminal.say(`    ${address}`));
    if (addresses.length > MAX_SHOWN_ADDRESSES) {
      terminal.say(`    … and ${addresses.length - MAX_SHOWN_ADDRESSES} more`);
    }
  }
}
