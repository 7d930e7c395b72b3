import {
  closeSync,
  constants,
  ftruncateSync,
  futimesSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  write,
} from 'node:fs';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { retry } from '../../core/retry';
import { contentDecoders, isEncodingProblem } from './content-encoding';
import { FileProblem } from './file-problem';
import type { ListedObject } from '../../ghost-site/bucket-listing';
import { lstatIfExists, type PinnedFolder } from './local-folders';
import { type Run, TRANSFER_RETRIES } from './run';
import { temporaryName } from './temporary-names';
import type { LocalTarget } from './to-local';

/** Error codes of disks without hard links, such as FAT and some network shares. */
const NO_LINK_CODES = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * Downloads an object to the disk and decodes its Content-Encoding, because Ghost serves files as they are.
 *
 * @param relativePath path in the feature's folder
 * @param isNew whether to keep an existing file
 * @returns false when another program has created the file in the meantime
 * @throws FileProblem, and the errors of the SDK and the disk
 */
export async function download(
  run: Run,
  { location, disk, folders }: LocalTarget,
  relativePath: string,
  object: ListedObject,
  isNew: boolean,
): Promise<boolean> {
  const { signal } = run.stopping;
  // In the same folder, so that it is on the same disk.
  const temporary = temporaryName();
  const { folder, opened } = await disk.run(() =>
    createTemporary(folders.create(path.posix.dirname(relativePath)), temporary),
  );
  try {
    try {
      await retry(() => receive(run, location, object, opened), { ...TRANSFER_RETRIES, signal });
      if (object.lastModified) {
        futimesSync(opened, object.lastModified, object.lastModified);
      }
    } finally {
      closeSync(opened);
    }
    return await disk.run(() => giveName(folder, temporary, path.posix.basename(relativePath), isNew));
  } catch (error) {
    throw isEncodingProblem(error) && !(error instanceof FileProblem)
      ? new FileProblem('failed', 'its content does not match its Content-Encoding, so browsers cannot show it either')
      : error;
  } finally {
    await disk.run(() => {
      rmSync(folder.at(temporary), { force: true });
      folder.close();
    });
  }
}

function createTemporary(folder: PinnedFolder, name: string): { folder: PinnedFolder; opened: number } {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;
  try {
    return { folder, opened: openSync(folder.at(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666) };
  } catch (error) {
    folder.close();
    throw error;
  }
}

async function receive(
  { bandwidth, progress, stopping }: Run,
  { bucket }: LocalTarget['location'],
  { key, bytes }: ListedObject,
  opened: number,
): Promise<void> {
  ftruncateSync(opened);
  const { Body, ContentEncoding } = await bucket.get(key);
  let received = 0;
  const metered = async function* () {
    for await (const piece of Body as AsyncIterable<Buffer>) {
      await bandwidth.take(piece.length);
      progress.transferred(piece.length);
      received += piece.length;
      yield piece;
    }
    if (received !== bytes) {
      throw new Error(`only ${received} of ${bytes} bytes arrived`);
    }
  };
  let position = 0;
  // Unlike fs.createWriteStream, this leaves the file open for another attempt.
  const file = new Writable({
    write: (piece: Buffer, _, done) => {
      writeAt(opened, piece, position).then(() => done(), done);
      position += piece.length;
    },
  });
  await pipeline([Readable.from(metered()), ...contentDecoders(ContentEncoding, key), file], {
    signal: stopping.signal,
  });
}

const writeSome = promisify(write);

/** Writes all bytes. A single write may store only some of them. */
async function writeAt(opened: number, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await writeSome(opened, bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}

/** Gives a complete file its name, unless its folder has been moved. It is a step for `FeatureDisk.run`. */
function giveName(folder: PinnedFolder, temporary: string, name: string, isNew: boolean): boolean {
  if (!folder.isInPlace()) {
    throw new FileProblem('failed', `its folder ${folder.realPath} was moved or replaced during the download`);
  }
  const [from, to] = [folder.at(temporary), folder.at(name)];
  if (!isNew) {
    renameSync(from, to);
    return true;
  }
  try {
    // Unlike a rename, a link never replaces a file.
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || lstatIfExists(to)) {
      return false;
    }
    if (!NO_LINK_CODES.includes(code)) {
      throw error;
    }
    renameSync(from, to);
    return true;
  }
}
