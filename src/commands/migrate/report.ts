import { once } from 'node:events';
import { closeSync, constants, createWriteStream, fstatSync, ftruncateSync, openSync, type WriteStream } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { Failure } from '../../shell/failure';
import { withRightsOf } from '../../shell/owner-rights';
import { belongsToRoot, ownerOf, wayTo } from '../../shell/path-owners';
import { toJsonLine } from '../../shell/text';

/** How many problems, and how many ignored files, to list. The report contains all of them. */
const MAX_NAMED = 20;

/** The result of a run; `--json` prints it. */
export interface Summary {
  files: number;
  bytes: number;
  /** Files and bytes by result. */
  results: Partial<Record<Result, { files: number; bytes: number }>>;
  verified: number;
  /** How many images are in the bucket without their location, apart from those that were replaced. */
  withoutLocation: number;
  /** The paths on the CDN with images that were replaced, by whether CloudFront was told to fetch them again. */
  replaced: { invalidated: string[]; toInvalidate: string[] };
  /** The first files with a problem. */
  problems: ReportLine[];
  /** The first hidden and temporary files and folders. */
  ignored: ReportLine[];
  /** The number of files in the bucket with a plus sign in their keys, and the first of them. */
  plusSigns: { files: number; paths: string[] };
  /** Whether there were no problems. */
  complete: boolean;
  seconds: number;
}

/** Counts the outcomes of a run, and writes them to the file of `--report`. */
export class Report {
  private readonly results: Summary['results'] = {};
  private readonly problems: ReportLine[] = [];
  private readonly ignored: ReportLine[] = [];
  private readonly plusSigns: Summary['plusSigns'] = { files: 0, paths: [] };
  private problemCount = 0;
  private verified = 0;
  private withoutLocation = 0;
  private failure?: NodeJS.ErrnoException;

  private constructor(
    private readonly file = '',
    private readonly stream?: WriteStream,
  ) {
    stream?.on('error', (error) => (this.failure = error));
  }

  /**
   * @param file path of the file, which is replaced; undefined for no file
   * @throws Failure when it cannot be written
   */
  static open(file: string | undefined): Report {
    try {
      return new Report(file, file === undefined ? undefined : createWriteStream('', { fd: openReport(file) }));
    } catch (error) {
      throw error instanceof Failure ? error : unwritable(file, error as NodeJS.ErrnoException);
    }
  }

  /** @throws Failure when the line cannot be written */
  async add(line: ReportLine): Promise<void> {
    this.assertWritable();
    const { result, bytes = 0, verified, withoutLocation, key } = line;
    const sum = (this.results[result] ??= { files: 0, bytes: 0 });
    sum.files += 1;
    sum.bytes += bytes;
    this.verified += verified ? 1 : 0;
    this.withoutLocation += withoutLocation ? 1 : 0;
    if (PROBLEMS.includes(result)) {
      this.problemCount += 1;
    }
    const named = PROBLEMS.includes(result) ? this.problems : result === 'ignored' ? this.ignored : undefined;
    if (named && named.length < MAX_NAMED) {
      named.push(line);
    }
    if (key?.includes('+') && IN_BUCKET.includes(result)) {
      this.plusSigns.files += 1;
      if (this.plusSigns.paths.length < MAX_NAMED) {
        this.plusSigns.paths.push(line.path);
      }
    }
    if (this.stream && !this.stream.write(`${toJsonLine(line)}\n`)) {
      await once(this.stream, 'drain').catch(() => this.assertWritable());
    }
  }

  summary(seconds: number, replaced: Summary['replaced']): Summary {
    const counted = Object.entries(this.results).filter(([result]) => !PASSED_OVER.includes(result as Result));
    const sum = (unit: 'files' | 'bytes') => counted.reduce((total, [, result]) => total + result[unit], 0);
    return {
      files: sum('files'),
      bytes: sum('bytes'),
      results: this.results,
      verified: this.verified,
      withoutLocation: this.withoutLocation,
      replaced,
      problems: this.problems,
      ignored: this.ignored,
      plusSigns: this.plusSigns,
      complete: this.problemCount === 0,
      seconds: Math.round(seconds * 10) / 10,
    };
  }

  /** @throws Failure when a line could not be written */
  async close(): Promise<void> {
    if (this.stream) {
      this.stream.end();
      await finished(this.stream).catch(() => {});
      this.assertWritable();
    }
  }

  private assertWritable(): void {
    if (this.failure) {
      throw unwritable(this.file, this.failure);
    }
  }
}

/**
 * Opens a file for replacing. If other users than root can create links in its folder, links are not followed, and the
 * file is opened with the rights of the folder's owner.
 */
function openReport(file: string): number {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const way = wayTo(path.dirname(path.resolve(file)));
  const isSafe = belongsToRoot(way);
  const flags = O_WRONLY | O_CREAT | (isSafe ? 0 : O_NOFOLLOW | O_NONBLOCK);
  const opened = withRightsOf(ownerOf(way), () => openSync(path.join(way.real, path.basename(file)), flags, 0o666));
  const stats = fstatSync(opened);
  // Another hard link to the file could be anywhere.
  if (!isSafe && (!stats.isFile() || stats.nlink > 1)) {
    closeSync(opened);
    throw new Failure(
      `--report: ${file} is ${stats.isFile() ? 'a file with several names (hard links)' : 'not a file'}.`,
      'Choose a file that does not exist, in a folder of your own.',
    );
  }
  if (stats.isFile()) {
    ftruncateSync(opened);
  }
  return opened;
}

const unwritable = (file: string | undefined, { code }: NodeJS.ErrnoException) =>
  new Failure(
    `--report: ${file} cannot be written (${code}).`,
    'Choose a file in a folder of your own, on a disk with free space.',
  );

/** The result for a file. In a dry run, `to-…` is what would happen. */
export type Result =
  | 'uploaded'
  | 'downloaded'
  | 'copied'
  | 'overwritten'
  | 'to-upload'
  | 'to-download'
  | 'to-copy'
  | 'to-overwrite'
  /** It was in the bucket with the location where it was taken, and was replaced by a copy without it. */
  | 'stripped'
  | 'to-strip'
  /** It already existed with the same content. */
  | 'present'
  /** It is hidden or temporary. */
  | 'ignored'
  /** It is an empty object that represents a folder. */
  | 'folder-marker'
  /** A different file has the same name. */
  | 'conflict'
  /** Its name or type makes a transfer impossible. */
  | 'refused'
  /** It changed while it was read. */
  | 'changed'
  | 'failed';

/** The results of entries that are not files of the blog. */
export const PASSED_OVER: readonly Result[] = ['ignored', 'folder-marker'];

/** The results that make a run incomplete. */
export const PROBLEMS: readonly Result[] = ['conflict', 'refused', 'changed', 'failed'];

/** The results of files that are in the bucket, or would be without `--dry-run`. */
const IN_BUCKET: readonly Result[] = [
  ...(['uploaded', 'copied', 'overwritten', 'stripped', 'present'] as const),
  ...(['to-upload', 'to-copy', 'to-overwrite', 'to-strip'] as const),
];

/** The result for a file, with details. */
export interface Outcome {
  result: Result;
  /** It was read back and has the same content. */
  verified?: true;
  /** In the bucket, the image is, or will be, without the location that it has on the disk or in the old bucket. */
  withoutLocation?: true;
  error?: string;
}

/** A line of the report. */
export interface ReportLine extends Outcome {
  /** Path in the content folder, `images/2026/11/photo.jpg`. */
  path: string;
  /** Missing when the file's name is not allowed in a key. */
  key?: string;
  bytes?: number;
}
