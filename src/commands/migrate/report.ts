import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { Failure } from '../../shell/failure';

/** How many problems are shown one by one. The report has all of them. */
const MAX_SHOWN_PROBLEMS = 20;

/** The result of a run, which `--json` prints. */
export interface Summary {
  files: number;
  bytes: number;
  /** Files and bytes by result. */
  results: Partial<Record<Result, { files: number; bytes: number }>>;
  verified: number;
  /** The first files with a problem. */
  problems: ReportLine[];
  /** There were no problems. */
  complete: boolean;
  seconds: number;
}

/** Counts the outcomes of a run, and writes them to the file of `--report`. */
export class Report {
  private readonly results: Summary['results'] = {};
  private readonly problems: ReportLine[] = [];
  private problemCount = 0;
  private verified = 0;
  private failure?: NodeJS.ErrnoException;

  private constructor(
    private readonly file = '',
    private readonly stream?: WriteStream,
  ) {
    stream?.on('error', (error) => (this.failure = error));
  }

  /**
   * @param file replaced with lines of JSON; undefined for no file
   * @throws Failure when it cannot be written
   */
  static async open(file: string | undefined): Promise<Report> {
    const stream = file === undefined ? undefined : createWriteStream(file);
    if (stream) {
      try {
        await once(stream, 'open');
      } catch (error) {
        throw unwritable(file, error as NodeJS.ErrnoException);
      }
    }
    return new Report(file, stream);
  }

  /** @throws Failure when the line cannot be written */
  async add(line: ReportLine): Promise<void> {
    this.assertWritable();
    const { result, bytes = 0, verified } = line;
    const sum = (this.results[result] ??= { files: 0, bytes: 0 });
    sum.files += 1;
    sum.bytes += bytes;
    this.verified += verified ? 1 : 0;
    if (PROBLEMS.includes(result)) {
      this.problemCount += 1;
      if (this.problems.length < MAX_SHOWN_PROBLEMS) {
        this.problems.push(line);
      }
    }
    if (this.stream && !this.stream.write(`${JSON.stringify(line)}\n`)) {
      await once(this.stream, 'drain').catch(() => this.assertWritable());
    }
  }

  summary(seconds: number): Summary {
    const counted = Object.entries(this.results).filter(([result]) => !PASSED_OVER.includes(result as Result));
    const sum = (unit: 'files' | 'bytes') => counted.reduce((total, [, result]) => total + result[unit], 0);
    return {
      files: sum('files'),
      bytes: sum('bytes'),
      results: this.results,
      verified: this.verified,
      problems: this.problems,
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

const unwritable = (file: string | undefined, { code }: NodeJS.ErrnoException) =>
  new Failure(
    `--report: ${file} cannot be written (${code}).`,
    'Name a file in a folder of your own, with room for it.',
  );

/** What happened to a file. In a dry run, `to-…` is what would happen. */
export type Result =
  | 'uploaded'
  | 'downloaded'
  | 'copied'
  | 'overwritten'
  | 'to-upload'
  | 'to-download'
  | 'to-copy'
  | 'to-overwrite'
  /** It was there already, with the same bytes. */
  | 'present'
  /** It is hidden or temporary. */
  | 'ignored'
  /** It is an empty object of the bucket that only stands for a folder. */
  | 'folder-marker'
  /** Something different has its name. */
  | 'conflict'
  /** Its name or kind does not allow it to be transferred. */
  | 'refused'
  | 'failed';

/** The results of what is no file of the blog. */
export const PASSED_OVER: readonly Result[] = ['ignored', 'folder-marker'];

/** The results that make a run incomplete. */
export const PROBLEMS: readonly Result[] = ['conflict', 'refused', 'failed'];

/** What happened to a file, in detail. */
export interface Outcome {
  result: Result;
  /** It was read back, and has the same bytes. */
  verified?: true;
  error?: string;
}

/** A line of the report. */
export interface ReportLine extends Outcome {
  /** Below the content folder, `images/2026/11/photo.jpg`. */
  path: string;
  /** Left out when the file cannot have a key. */
  key?: string;
  bytes?: number;
}
