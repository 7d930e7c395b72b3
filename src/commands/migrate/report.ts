import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { Failure } from '../../shell/failure';

/** So many problems are told one by one; all of them are in the report. */
const MAX_SHOWN_PROBLEMS = 20;

/** What a run came to. */
export interface Summary {
  files: number;
  bytes: number;
  /** Files and bytes of each result that there was. */
  results: Partial<Record<Result, { files: number; bytes: number }>>;
  verified: number;
  /** The first files that are not where they should be. */
  problems: ReportLine[];
  /** Everything is where it should be. */
  complete: boolean;
  seconds: number;
}

/** Counts what becomes of the files, and writes it down line by line where a file for it is named. */
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
   * @param file of JSON lines, written anew; undefined for none
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

  /** @throws Failure when the report cannot be written any more: what is not written down would be lost */
  async add(outcome: ReportLine): Promise<void> {
    this.assertWritable();
    const { result, bytes = 0, verified } = outcome;
    const sum = (this.results[result] ??= { files: 0, bytes: 0 });
    sum.files += 1;
    sum.bytes += bytes;
    this.verified += verified ? 1 : 0;
    if (isProblem(outcome)) {
      this.problemCount += 1;
      if (this.problems.length < MAX_SHOWN_PROBLEMS) {
        this.problems.push(outcome);
      }
    }
    if (this.stream && !this.stream.write(`${JSON.stringify(outcome)}\n`)) {
      await once(this.stream, 'drain').catch(() => this.assertWritable());
    }
  }

  summary(seconds: number): Summary {
    const counted = Object.entries(this.results).filter(([result]) => result !== 'ignored');
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

  /** @throws Failure when not all of it could be written */
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

/** What became of a file. In a dry run, `to-…` is what would be done. */
export type Result =
  | 'uploaded'
  | 'downloaded'
  | 'copied'
  | 'overwritten'
  | 'to-upload'
  | 'to-download'
  | 'to-copy'
  | 'to-overwrite'
  /** It was there, with the same bytes. */
  | 'present'
  /** Hidden and temporary files. */
  | 'ignored'
  /** Something else has its name. */
  | 'conflict'
  /** Its name or kind cannot be moved. */
  | 'refused'
  | 'failed';

/** A line of the report. */
export interface ReportLine {
  /** Below the content folder, `images/2026/11/photo.jpg`. */
  path: string;
  /** In the bucket; absent for what has none. */
  key?: string;
  bytes?: number;
  result: Result;
  /** Its bytes were read back, and are the same. */
  verified?: true;
  error?: string;
}

/** Results that mean that something is not where it should be. */
const PROBLEMS: ReadonlySet<Result> = new Set(['conflict', 'refused', 'failed']);

export const isProblem = ({ result }: ReportLine): boolean => PROBLEMS.has(result);
