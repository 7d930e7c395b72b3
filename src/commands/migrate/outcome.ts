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
export interface Outcome {
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

export const isProblem = ({ result }: Outcome): boolean => PROBLEMS.has(result);
