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

/** How long (ms) to wait for Ghost to rewrite another post. It saves a post when it has downloaded all of its files. */
const PATIENCE_MS = 180_000;
const LOOK_EVERY_MS = 3_000;

/** How many addresses of a post are shown. */
const MAX_SHOWN_ADDRESSES = 5;

/**
 * Asks for consent, and has Ghost download the files and rewrite the posts.
 *
 * @param found where the old address is used
 * @returns where it is still used afterwards
 * @throws Failure when Ghost would not store the files in the bucket, Declined when the user does not agree
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
      `Ghost does not store ${elsewhere.join(' and ')} by ${ADAPTER} yet, so what it fetches would not go to the bucket.`,
      `Install the adapter first: ${ownCommand(`install${siteParameters(site)}`, { writes: [site.configFile] })}\nThen restart Ghost.`,
    );
  }
  const files = counted(addressCount(found.concerned), 'file');
  const agreed = await terminal.confirm(
    `Ghost will fetch ${files}, store what it gets, and rewrite ${counted(found.concerned.length, 'post')}, tags and authors among them. Do you have a backup of its database?`,
  );
  if (!agreed) {
    throw new Declined('No post was changed.');
  }
  return terminal.step('Ghost fetches and rewrites', async ({ progress }) => {
    const look = () => findOldAddresses(admin, oldUrl);
    const rewrite = async (domains: string[], isTheirs: (address: OldAddress) => boolean) => {
      await admin.inlineMedia(domains);
      const lookForTheirs = async () => only(await look(), oldUrl, isTheirs);
      return waitUntilRewritten(lookForTheirs, terminal.signal, progress);
    };
    const absolute = domainsOf(found, oldUrl, isAbsolute);
    const relative = domainsOf(found, oldUrl, isProtocolRelative);
    const left = absolute.length > 0 ? await rewrite(absolute, isAbsolute) : found;
    // Ghost would also find "//old.example.com" within "https://old.example.com", and break that address.
    if (relative.length > 0 && !hasOthersWithin(left, oldUrl)) {
      await rewrite(relative, isProtocolRelative);
    }
    return look();
  });
}

/** Returns the beginnings of addresses in each spelling: for the fields of images, Ghost looks at the case. */
function domainsOf({ concerned }: OldAddresses, oldUrl: string, isTheirs: (address: OldAddress) => boolean): string[] {
  const starts = new Set(
    readAll(concerned, oldUrl)
      .filter(isTheirs)
      .map(({ start }) => start),
  );
  // Most addresses have the spelling of the user, so it comes first.
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

/** Whether texts still have addresses that contain one without a protocol. Absolute ones to change by hand are in no text. */
function hasOthersWithin({ concerned, byHand }: OldAddresses, oldUrl: string): boolean {
  return [
    ...readAll(concerned, oldUrl).filter(isAbsolute),
    ...readAll(contentIn(byHand), oldUrl).filter((address) => !isAbsolute(address) && !isProtocolRelative(address)),
  ].some(({ start }) => /.\/\//.test(start));
}

/**
 * Waits until the old address is used nowhere, or nothing has changed for a while: Ghost does not tell when it is done.
 *
 * @param look finds where the old address is still used
 * @param patienceMs how long nothing may change
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
    throw signal.aborted ? new Interruption('Stopped watching. Ghost itself continues until it is done.') : error;
  }
}

/** Shows where the old address is used. */
export function showOldAddresses(terminal: Terminal, { concerned, byHand }: OldAddresses, oldUrl: string): void {
  if (concerned.length === 0 && contentIn(byHand).length === 0) {
    terminal.say(`No post, page, tag or author shows ${oldUrl}.`);
  } else if (concerned.length > 0) {
    terminal.say(`These show ${oldUrl}:`);
    listItems(terminal, concerned);
  }
  if (byHand.length > 0) {
    terminal.warn('Ghost does not rewrite these. Change them in its admin:');
    listItems(terminal, byHand);
  }
}

export function listItems(terminal: Terminal, items: AffectedItem[]): void {
  for (const { kind, title, addresses } of items) {
    terminal.say(`  ${kind} ${terminal.colors.bold(visible(title))}`);
    addresses.slice(0, MAX_SHOWN_ADDRESSES).forEach((address) => terminal.say(`    ${visible(address)}`));
    if (addresses.length > MAX_SHOWN_ADDRESSES) {
      terminal.say(`    … and ${addresses.length - MAX_SHOWN_ADDRESSES} more`);
    }
  }
}
