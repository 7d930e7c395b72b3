import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createProgram } from '../../src/commands/program';
import { AwsAccount } from './aws-account';
import { startImageServer, type TestImageServer } from './image-server';
import type { TestBucket } from './use-bucket';
import { listenToOutput, type WrittenOutput } from './written-output';

/** A command line in this process. */
export interface CommandLine {
  written: WrittenOutput;
  /** An empty folder, which is deleted at the end. */
  folder: string;
  close(): void;
}

/** Captures the output of commands, and removes what they leave in the process. */
export function openCommandLine(): CommandLine {
  const before = { ...process.env };
  const folder = mkdtempSync(path.join(tmpdir(), 'command-line-'));
  const written = listenToOutput();
  return {
    written,
    folder,
    close() {
      written.restore();
      process.env = before;
      process.exitCode = undefined;
      ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((signal) => process.removeAllListeners(signal));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Opens a command line with an AWS account in memory.
 *
 * @param prepare runs before the output is captured
 */
export async function openProvisioning(
  prepare: (account: AwsAccount) => unknown,
): Promise<CommandLine & { account: AwsAccount }> {
  const account = new AwsAccount();
  await prepare(account);
  const line = openCommandLine();
  const close = () => {
    line.close();
    account.restore();
  };
  return { ...line, account, close };
}

/** Opens a command line with an account that has one image server. */
export async function openUploads(
  bucket: TestBucket,
): Promise<CommandLine & { account: TestImageServer; close(): Promise<void> }> {
  const account = await startImageServer(bucket);
  const line = openCommandLine();
  Object.assign(process.env, account.environment);
  const close = () => {
    line.close();
    return account.close();
  };
  return { ...line, account, close };
}

/** Runs `provision` for images.example.com, and returns what it writes to the standard output. */
export async function runProvision(written: WrittenOutput, ...parameters: string[]): Promise<string> {
  written.stdout = '';
  const common = ['--region', 'eu-central-1', '--domain', 'images.example.com'];
  await createProgram().parseAsync(['provision', ...parameters, ...common], { from: 'user' });
  return written.stdout;
}
