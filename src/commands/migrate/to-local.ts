import { createHash } from 'node:crypto';
import { createWriteStream, type Stats } from 'node:fs';
import { chown, mkdir, readFile, realpath, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { retry } from '../../core/retry';
import { inParallel } from './parallel';
import { type ListedObject, Listing } from './listing';
import { isWithin } from './local-files';
import type { ReportLine } from './report';
import { isImageSize, type FeatureLocation } from './feature-location';
import { MEMORY_BYTES, recordOutcome, type Run, TRANSFER_RETRIES } from './run';
import { explainOrThrow } from './errors';
import { digestOfFile, digestOfObject, isSameContent, type LocalContent } from './same-content';

/** What the buffers of a download take, in bytes. */
const DOWNLOAD_BYTES = 512 * 1024;

/**
 * Brings the files of a feature back from the bucket. What is on the disk with the same bytes is passed over; what is
 * there with others stays, unless it is to be overwritten. A file has its name only when all of it is there.
 *
 * @param insides folders that links on the way may lead into
 * @throws Failure for what keeps all files from being moved
 */
export async function migrateToLocal(run: Run, location: FeatureLocation, insides: string[]): Promise<void> {
  const { settings, stopping } = run;
  const owner = await stat(path.dirname(location.folder));
  const folders = new Folders(location.folder, insides, owner);
  const limits = { concurrency: settings.concurrency, memoryBytes: MEMORY_BYTES };
  // What it fails with, the others meet, too.
  count(run, location).catch(() => {});
  await inParallel(
    objects(run, location),
    limits,
    stopping,
    () => DOWNLOAD_BYTES,
    async (object) => {
      const outcome = await moveObject(run, location, folders, object);
      if (outcome) {
        const relativePath = object.key.slice(location.keyPrefix.length);
        await recordOutcome(run, {
          path: `${location.feature}/${relativePath}`,
          key: object.key,
          bytes: object.bytes,
          ...outcome,
        });
      }
    },
  );
}

async function* objects({ settings, stopping }: Run, location: FeatureLocation): AsyncGenerator<ListedObject> {
  const listing = new Listing(location.config, location.bucket, location.keyPrefix, stopping.signal);
  for await (const page of listing.pages()) {
    for (const object of page) {
      // Consoles make empty objects for folders.
      const isFolder = object.key.endsWith('/') && object.bytes === 0;
      if (!isFolder && !(settings.skipSizes && isImageSize(location, object.key.slice(location.keyPrefix.length)))) {
        yield object;
      }
    }
  }
}

/** Goes ahead, so that the progress knows its end. */
async function count(run: Run, location: FeatureLocation): Promise<void> {
  for await (const { bytes } of objects(run, location)) {
    run.progress.found(1, bytes);
  }
}

type FileOutcome = Pick<ReportLine, 'result' | 'verified' | 'error'>;

/** @returns undefined when the run was stopped in the middle */
async function moveObject(
  run: Run,
  location: FeatureLocation,
  folders: Folders,
  object: ListedObject,
): Promise<FileOutcome | undefined> {
  const { settings, stopping } = run;
  const relativePath = object.key.slice(location.keyPrefix.length);
  if (!isSafe(relativePath)) {
    return { result: 'refused', error: 'the key is no path of a file' };
  }
  const file = path.join(location.folder, relativePath);
  try {
    if (!(await folders.isInside(path.dirname(file)))) {
      return { result: 'refused', error: 'a link on the way to it leads out of the content' };
    }
    const outcome = await bringTo(run, location, folders, file, object);
    const isThere = ['downloaded', 'overwritten', 'present'].includes(outcome.result);
    if (!settings.verify || !isThere) {
      return outcome;
    }
    const local = { file, bytes: object.bytes };
    const isSame =
      (await digestOfFile(local, 'sha256')) === (await digestOfObject(location, object.key, stopping.signal));
    return isSame
      ? { ...outcome, verified: true }
      : { result: 'failed', error: 'what was read back from the disk is not what is in the bucket' };
  } catch (error) {
    if (stopping.signal.aborted) {
      return undefined;
    }
    return { result: 'failed', error: explainOrThrow(error, location, 'GetObject', object.key) };
  }
}

async function bringTo(
  run: Run,
  location: FeatureLocation,
  folders: Folders,
  file: string,
  object: ListedObject,
): Promise<FileOutcome> {
  const { dryRun, overwrite } = run.settings;
  const there = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  });
  if (!there) {
    if (!dryRun) {
      await download(run, location, folders, file, object);
    }
    return { result: dryRun ? 'to-download' : 'downloaded' };
  }
  if (!there.isFile()) {
    return { result: 'conflict', error: 'a folder has its name on the disk' };
  }
  if (await isSameContent(location, await load(location, file, there), object, run.stopping.signal)) {
    return { result: 'present' };
  }
  if (!overwrite) {
    return { result: 'conflict', error: 'the disk holds something else under this name' };
  }
  if (!dryRun) {
    await download(run, location, folders, file, object);
  }
  return { result: dryRun ? 'to-overwrite' : 'overwritten' };
}

const load = async ({ config }: FeatureLocation, file: string, { size }: Stats): Promise<LocalContent> => ({
  file,
  bytes: size,
  content: size < Math.min(DOWNLOAD_BYTES, config.multipartUploadThresholdBytes) ? await readFile(file) : undefined,
});

async function download(
  run: Run,
  location: FeatureLocation,
  folders: Folders,
  file: string,
  { key, bytes, lastModified }: ListedObject,
): Promise<void> {
  const { bandwidth, progress, stopping } = run;
  await folders.make(path.dirname(file));
  // Beside the file, so that it is on the same disk; short, whatever the length of the name; and always the same, so
  // that nothing is left of a run that was killed when the next one is through.
  const temporary = path.join(path.dirname(file), `.${createHash('sha1').update(key).digest('hex')}.tmp`);
  try {
    const fetchWhole = async () => {
      await rm(temporary, { force: true });
      const { Body } = await location.bucket.get(key);
      const metered = async function* (pieces: Readable) {
        for await (const piece of pieces as AsyncIterable<Buffer>) {
          await bandwidth.take(piece.length);
          progress.transferred(piece.length);
          yield piece;
        }
      };
      // Not through a link that somebody has put there: root may be at work.
      await pipeline(Body, metered, createWriteStream(temporary, { flags: 'wx' }), { signal: stopping.signal });
    };
    await retry(fetchWhole, { ...TRANSFER_RETRIES, signal: stopping.signal });
    const { size } = await stat(temporary);
    if (size !== bytes) {
      throw new Error(`${size} of ${bytes} bytes have arrived`);
    }
    if (lastModified) {
      await utimes(temporary, lastModified, lastModified);
    }
    await folders.giveToOwner(temporary);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Whether a path stays below its folder, on every system. */
function isSafe(relativePath: string): boolean {
  const segments = relativePath.split('/');
  const hasBackslash = path.sep === '\\' && relativePath.includes('\\');
  return !hasBackslash && !relativePath.includes('\0') && segments.every((name) => !['', '.', '..'].includes(name));
}

/** The folders that files are brought to. */
class Folders {
  private readonly known = new Map<string, Promise<boolean>>();

  /** @param owner whose Ghost is, where root runs this */
  constructor(
    private readonly root: string,
    private readonly insides: string[],
    private readonly owner: Stats,
  ) {}

  /** Whether a folder is inside, or will be when it is made: links are followed. */
  isInside(folder: string): Promise<boolean> {
    let answer = this.known.get(folder);
    if (!answer) {
      answer = this.look(folder);
      this.known.set(folder, answer);
    }
    return answer;
  }

  async make(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true });
    for (let made = folder; first !== undefined && isWithin(made, first); made = path.dirname(made)) {
      await this.giveToOwner(made);
    }
  }

  /** What root makes, Ghost could not change. */
  async giveToOwner(target: string): Promise<void> {
    if (process.getuid?.() === 0) {
      await chown(target, this.owner.uid, this.owner.gid);
    }
  }

  private async look(folder: string): Promise<boolean> {
    try {
      const real = await realpath(folder);
      const insides = await Promise.all(
        [this.root, ...this.insides].map((inside) => realpath(inside).catch(() => inside)),
      );
      return insides.some((inside) => isWithin(real, inside));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw error;
      }
      // Of the folders that it will be made in, the one that is there decides.
      return folder === this.root || this.isInside(path.dirname(folder));
    }
  }
}
