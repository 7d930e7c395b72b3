import { statSync } from 'node:fs';
import { type Aws, signIn } from '../../aws/sign-in';
import { S3_FORBIDDEN, S3_FULL, S3_MISCONFIGURED, S3_UNREACHABLE } from '../../core/error-codes';
import { inTurn } from '../../core/s3/upload-limit';
import { Failure, Interruption } from '../../shell/failure';
import { UnsuitableFile } from '../../shell/read-file';
import { openTerminal, type Terminal } from '../../shell/terminal';
import { showTransfer } from '../../shell/transfer-progress';
import { ChosenFile } from './chosen-file';
import { type Destination, findDestination } from './image-server';
import { storeFile } from './store-file';

/** The command-line options as Commander parses them. */
export interface UploadOptions {
  to?: string;
  domain?: string;
  stackName?: string;
  region?: string;
  profile?: string;
  json?: boolean;
}

/** The result for one file, in the order of the command line. */
type Uploaded = { file: string; url: string; key: string; bytes: number } | { file: string; error: string };

/** How many files to upload at a time. A large file also sends several parts at a time. */
const CONCURRENCY = 4;

/** The result for a file that was not tried because another one met a fatal error. */
const NOT_UPLOADED = 'not uploaded';

/** Codes of the errors that would stop all other files, too. */
const FATAL_CODES = [S3_FORBIDDEN, S3_FULL, S3_MISCONFIGURED, S3_UNREACHABLE];

/** Runs `upload`. */
export async function runUpload(files: string[], options: UploadOptions): Promise<void> {
  // The standard output is for the URLs alone.
  const terminal = openTerminal({ json: true });
  if (options.profile !== undefined) {
    process.env.AWS_PROFILE = options.profile;
  }
  const aws = await signIn({ ...options, isBuilt: true });
  const destination = await findDestination(aws, options);
  const { results, fatal } = await uploadFiles(terminal, destination, files);
  if (options.json) {
    terminal.result(results);
  }
  for (const result of results) {
    if ('error' in result) {
      terminal.warn(`${result.file}: ${result.error === fatal?.message ? NOT_UPLOADED : result.error}`);
    } else if (!options.json) {
      terminal.line(result.url);
    }
  }
  if (terminal.signal.aborted) {
    throw new Interruption('Stopped. Files without a URL above were not uploaded.');
  }
  if (fatal) {
    throw withCure(fatal, aws, destination);
  }
  if (results.some((result) => 'error' in result)) {
    process.exitCode = 1;
  }
}

/** Uploads several files at a time, and stops at an error that would affect the other files as well. */
async function uploadFiles(
  terminal: Terminal,
  destination: Destination,
  files: string[],
): Promise<{ results: Uploaded[]; fatal?: FatalError }> {
  const stopping = new AbortController();
  const { signal } = stopping;
  terminal.signal.addEventListener('abort', () => stopping.abort());
  const progress = showTransfer(terminal, 'pieces');
  files.forEach((file) => progress.found(1, sizeOf(file)));
  progress.foundAll();
  const watch = { signal, read: (bytes: number) => progress.transferred(bytes) };
  let fatal: FatalError | undefined;

  const upload = async (file: string): Promise<Uploaded> => {
    let opened: ChosenFile | undefined;
    try {
      signal.throwIfAborted();
      opened = ChosenFile.open(file);
      return { file, ...(await storeFile(destination, file, opened, watch)), bytes: opened.bytes };
    } catch (error) {
      if (isFatal(error)) {
        fatal ??= error;
        stopping.abort();
      }
      return { file, error: signal.aborted && !isFatal(error) ? NOT_UPLOADED : reasonOf(error) };
    } finally {
      opened?.close();
      progress.finished(opened?.bytes ?? 0);
    }
  };
  const limits = { ...destination.config, maxConcurrentUploads: CONCURRENCY };
  try {
    return { results: await Promise.all(files.map((file) => inTurn(limits, 'file', () => upload(file)))), fatal };
  } finally {
    progress.stop();
  }
}

type FatalError = Error & { code: string; help?: string };

const isFatal = (error: unknown): error is FatalError =>
  error instanceof Error && FATAL_CODES.includes((error as Partial<FatalError>).code ?? '');

/** Replaces the advice on Ghost's configuration in an error by advice for this command. */
function withCure(
  { message, code, help = 'Try again.' }: FatalError,
  { callerArn }: Aws,
  { config, stackName }: Destination,
): Failure {
  const { bucket, staticFileURLPrefix: folder } = config;
  const cures: Record<string, string> = {
    [S3_FORBIDDEN]:
      `Allow ${callerArn} s3:PutObject, s3:GetObject and s3:AbortMultipartUpload on arn:aws:s3:::${bucket}/${folder}/*, ` +
      `and s3:ListBucket on arn:aws:s3:::${bucket}. See "Permissions for uploads" in docs/security-model.md.`,
    [S3_MISCONFIGURED]: `Check the credentials (--profile) and the bucket ${bucket} of the stack ${stackName}.`,
  };
  return new Failure(message, cures[code] ?? help);
}

function reasonOf(error: unknown): string {
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof UnsuitableFile) {
    return `it ${error.code}`;
  }
  const cure = error instanceof Failure ? ` ${error.cure}` : '';
  return syscall === undefined ? `${message}${cure}` : (PROBLEMS[code ?? ''] ?? `${code}: ${message}`);
}

/** Explanations of disk errors, by code. */
const PROBLEMS: Record<string, string> = {
  ENOENT: 'the file does not exist',
  ENOTDIR: 'the file does not exist',
  EACCES: 'you do not have permission to read it',
  EPERM: 'you do not have permission to read it',
};

/** Returns a file's size (bytes) for the progress; 0 for an unreadable file, whose upload reports the reason. */
function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
