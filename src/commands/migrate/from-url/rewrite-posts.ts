import { setTimeout as sleep } from 'node:timers/promises';
import { ADAPTER, FEATURES } from '../../../core/features';
import { adapterOf, storageOf } from '../../../ghost-site/config';
import type { GhostSite } from '../../../ghost-site/site';
import { siteParameters } from '../../../ghost-site/site-parameters';
import { ownCommand } from '../../../shell/called-as';
import { Declined, Failure, Interruption } from '../../../shell/failure';
import type { Terminal } from '../../../shell/terminal';
import { counted, visible } from '../../../shell/text';
import type { GhostAdmin } from './ghost-admin';
import { addressCount, type AffectedItem, contentIn, findOldAddresses, type OldAddresses } from './old-addresses';
import { isAbsolute, isProtocolRelative, type OldAddress, readAddresses } from './old-url';

/** How long (ms) to wait for Ghost to rewrite another post. It saves a post after downloading all of its files. */
const PATIENCE_MS = 180_000;

/** How often (ms) to check the posts. */
const LOOK_EVERY_MS = 3_000;

/** How many URLs of a post to show. */
const MAX_SHOWN_ADDRESSES = 5;

/**
 * Asks for confirmation, and lets Ghost download the files and rewrite the posts.
 *
 * @param found the uses of the old URL
 * @returns the uses that are left afterwards
 * @throws Failure when Ghost would not store the files in the bucket, Declined when the user declines
 */
export async function rewritePosts(
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
      `Ghost does not use ${ADAPTER} for ${elsewhere.join(' and ')} yet, so it would not store the files in the bucket.`,
      `Install the adapter first: ${ownCommand(`install${siteParameters(site)}`, { writes: [site.configFile] })}\nThen restart Ghost.`,
    );
  }
  const files = counted(addressCount(found.concerned), 'file');
  const agreed = await terminal.confirm(
    `Ghost will download and store ${files}, and rewrite ${counted(found.concerned.length, 'post')} (including pages, tags and authors). Do you have a backup of its database?`,
  );
  if (!agreed) {
    throw new Declined('No post was changed.');
  }
  return terminal.step('Ghost downloads files and rewrites posts', async ({ progress }) => {
    const look = () => findOldAddresses(admin, oldUrl);
    const rewrite = async (domains: string[], isTheirs: (address: OldAddress) => boolean) => {
      await admin.inlineMedia(domains);
      const lookForTheirs = async () => only(await look(), oldUrl, isTheirs);
      return waitUntilRewritten(lookForTheirs, terminal.signal, progress);
    };
    const absolute = domainsOf(found, oldUrl, isAbsolute);
    const relative = domainsOf(found, oldUrl, isProtocolRelative);
    const left = absolute.length > 0 ? await rewrite(absolute, isAbsolute) : found;
    // Ghost would also find "//old.example.com" within "https://old.example.com", and break that URL.
    if (relative.length > 0 && !hasOthersWithin(left, oldUrl)) {
      await rewrite(relative, isProtocolRelative);
    }
    return look();
  });
}

/** Returns the starts of the URLs in each spelling, because Ghost compares image fields with upper and lower case. */
function domainsOf({ concerned }: OldAddresses, oldUrl: string, isTheirs: (address: OldAddress) => boolean): string[] {
  const starts = new Set(
    readAll(concerned, oldUrl)
      .filter(isTheirs)
      .map(({ start }) => start),
  );
  // Most URLs are spelled as the user did, so that spelling comes first.
  return [...starts].sort((one, other) => Number(other === oldUrl) - Number(one === oldUrl));
}

const readAll = (items: AffectedItem[], oldUrl: string) =>
  items.flatMap(({ addresses }) => addresses.flatMap((address) => readAddresses(address, oldUrl)));

function only(
  { concerned, byHand }: OldAddresses,
  oldUrl: string,
  isTheirs: (address: OldAddress) => boolean,
): OldAddresses {
  const theirs = concerned.map((item) => ({
    ...item,
    addresses: item.addresses.filter((address) => readAddresses(address, oldUrl).some(isTheirs)),
  }));
  return { concerned: theirs.filter(({ addresses }) => addresses.length > 0), byHand };
}

/**
 * Returns whether texts still have URLs that contain one without a protocol. Absolute ones by hand are not in texts.
 */
function hasOthersWithin({ concerned, byHand }: OldAddresses, oldUrl: string): boolean {
  return [
    ...readAll(concerned, oldUrl).filter(isAbsolute),
    ...readAll(contentIn(byHand), oldUrl).filter((address) => !isAbsolute(address) && !isProtocolRelative(address)),
  ].some(({ start }) => /.\/\//.test(start));
}

/**
 * Waits until the old URL is no longer used or nothing has changed for a while, since Ghost does not report when it is
 * done.
 *
 * @param look finds the uses of the old URL that are left
 * @param patienceMs how long to wait without a change
 * @throws Interruption after Ctrl-C
 */
export async function waitUntilRewritten(
  look: () => Promise<OldAddresses>,
  signal: AbortSignal,
  progress: (text: string) => void,
  patienceMs = PATIENCE_MS,
  everyMs = LOOK_EVERY_MS,
): Promise<OldAddresses> {
  const lookAgain = async () => {
    const left = await look();
    const count = addressCount(left.concerned);
    progress(`${count} to go`);
    return { left, count };
  };
  try {
    let latest = await lookAgain();
    let changedAt = performance.now();
    while (latest.count > 0 && performance.now() - changedAt <= patienceMs) {
      await sleep(everyMs, undefined, { signal });
      const { count } = latest;
      latest = await lookAgain();
      changedAt = latest.count === count ? changedAt : performance.now();
    }
    return latest.left;
  } catch (error) {
    throw signal.aborted
      ? new Interruption('Stopped waiting. Ghost continues in the background until it is done.')
      : error;
  }
}

/** Shows the uses of the old URL. */
export function showOldAddresses(terminal: Terminal, { concerned, byHand }: OldAddresses, oldUrl: string): void {
  if (concerned.length === 0 && contentIn(byHand).length === 0) {
    terminal.say(`No post, page, tag or author uses ${oldUrl}.`);
  } else if (concerned.length > 0) {
    terminal.say(`These use ${oldUrl}:`);
    listItems(terminal, concerned);
  }
  if (byHand.length > 0) {
    terminal.warn("Ghost does not rewrite these. Change them in Ghost's admin:");
    listItems(terminal, byHand);
  }
}

/** Shows items with their URLs. */
export function listItems(terminal: Terminal, items: AffectedItem[]): void {
  for (const { kind, title, addresses } of items) {
    terminal.say(`  ${kind} ${terminal.colors.bold(visible(title))}`);
    addresses.slice(0, MAX_SHOWN_ADDRESSES).forEach((address) => terminal.say(`    ${visible(address)}`));
    if (addresses.length > MAX_SHOWN_ADDRESSES) {
      terminal.say(`    … and ${addresses.length - MAX_SHOWN_ADDRESSES} more`);
    }
  }
}
