import { Failure } from '../../../shell/failure';
import type { GhostConfig } from '../../../ghost-site/config';
import type { GhostSite } from '../../../ghost-site/site';
import type { Terminal } from '../../../shell/terminal';
import { copyFromBucket } from './copy-from-bucket';
import { GhostAdmin, KEY_HELP } from './ghost-admin';
import { runSteps } from '../run';
import { addressCount, type AffectedItem, contentIn, findOldAddresses } from './old-addresses';
import { isBelow } from './old-url';
import { listItems, rewritePosts, showOldAddresses } from './rewrite-posts';
import type { FeatureLocation } from '../feature-location';
import type { Summary } from '../report';
import type { MigrateOptions, MigrateSettings } from '../settings';
import { showSummary } from '../summary';
import { counted } from '../../../shell/text';

/** The input of `--from-url`, in addition to the command-line options. */
export interface FromUrlTask {
  settings: MigrateSettings;
  site: GhostSite;
  locations: FeatureLocation[];
  fromUrl: string;
}

/**
 * Runs `migrate --from-url`, which moves a blog from another adapter. With `--from-bucket`, S3 copies the objects of
 * the old bucket. Ghost's media inliner downloads the files in posts from the old URL, stores them with the current
 * adapter, and rewrites the posts.
 *
 * @param options with `fromBucket`, `adminKey`, `ghostUrl`
 * @throws Failure, Declined when the user does not agree, and Interruption after Ctrl-C
 */
export async function migrateFromUrl(terminal: Terminal, options: MigrateOptions, task: FromUrlTask): Promise<void> {
  const { settings, site, locations } = task;
  const oldUrl = readOldUrl(task.fromUrl, locations);
  const { fromBucket, adminKey } = options;
  if (adminKey === undefined && fromBucket === undefined) {
    throw new Failure('--admin-key is missing. Ghost does not return its posts without a key.', KEY_HELP);
  }
  const admin =
    adminKey === undefined ? undefined : new GhostAdmin(readSiteUrl(options, site), adminKey, terminal.signal);
  const found = admin && (await findOldAddresses(admin, oldUrl));

  const summary = fromBucket === undefined ? undefined : await copyAll(terminal, options, task, oldUrl, fromBucket);
  if (found && !options.json) {
    showOldAddresses(terminal, found, oldUrl);
  }
  const left =
    admin && found && !settings.dryRun ? await rewritePosts(terminal, admin, site, oldUrl, found) : undefined;
  const byHand = contentIn(left?.byHand ?? []);
  const isComplete = (summary?.complete ?? true) && (left?.concerned ?? []).length === 0 && byHand.length === 0;
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
    terminal.say(`Posts still use ${oldUrl}. To rewrite them, run this again with --admin-key.\n${KEY_HELP}`);
  } else if (settings.dryRun) {
    terminal.say('This was a dry run. Nothing was changed.');
  } else if (left) {
    showLeft(terminal, left.concerned, byHand, oldUrl);
  }
}

/** Shows the posts that still use the old URL after Ghost has rewritten the others. */
function showLeft(terminal: Terminal, failed: AffectedItem[], byHand: AffectedItem[], oldUrl: string): void {
  if (failed.length > 0) {
    terminal.warn(`Ghost could not download ${counted(addressCount(failed), 'file')}. These still use the old URL:`);
    listItems(terminal, failed);
    terminal.say("Ghost's log has the reasons. Ghost skips files that take longer than 10 seconds or are not public.");
  }
  if (byHand.length > 0) {
    terminal.warn(`These still use ${oldUrl} in a way that Ghost does not rewrite. Change them in Ghost's admin:`);
    listItems(terminal, byHand);
  }
  if (failed.length + byHand.length === 0) {
    terminal.say(terminal.colors.green(`✔ No post uses ${oldUrl} any more.`));
  }
}

function readOldUrl(text: string, locations: FeatureLocation[]): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash) {
    throw new Failure(
      `--from-url is "${text}", which is not the start of an image URL.`,
      'Use the part before the year in the URL of an old image: https://old-bucket.s3.amazonaws.com',
    );
  }
  const oldUrl = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  const same = locations.find(({ config }) => isBelow(config.cdnUrl, oldUrl));
  if (same) {
    throw new Failure(
      `--from-url is ${oldUrl}, the URL of the new CDN.`,
      'Posts with this URL need no rewriting. Configure the CDN to read the old bucket, or copy its objects.',
    );
  }
  return oldUrl;
}

function readSiteUrl({ ghostUrl }: MigrateOptions, { config, configFile }: GhostSite): string {
  const { admin, url: siteUrl } = config as GhostConfig & { admin?: { url?: string } };
  const url = ghostUrl ?? admin?.url ?? siteUrl;
  if (url === undefined || !/^https?:\/\//.test(url)) {
    throw new Failure(`${configFile} does not have the "url" of the blog.`, 'Add --ghost-url https://blog.example.com');
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
  // A bucket name in the path of the URL is not part of the keys.
  const folder = decodeURIComponent(pathname).replace(/^\/+/, '').split('/').filter(Boolean);
  const prefix = (folder[0] === bucket ? folder.slice(1) : folder).map((name) => `${name}/`).join('');
  terminal.say(`From the bucket ${bucket} to the bucket ${locations[0]?.config.bucket}`);
  const source = { bucket, region: options.fromRegion, prefix };
  const summary = await runSteps(terminal, options, settings, [copyFromBucket(locations, source)]);
  if (!options.json) {
    showSummary(terminal, options, settings, summary);
  }
  return summary;
}
