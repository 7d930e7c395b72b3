import { execFileSync } from 'node:child_process';
import path from 'node:path';

export interface PackedFile {
  path: string;
  size: number;
}

/** Returns the files that npm would publish. dist/ must have been built. */
export function packedFiles(): PackedFile[] {
  const [packed] = JSON.parse(
    // The test command has built dist/ already.
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: path.resolve(__dirname, '../..'),
      encoding: 'utf8',
      shell: process.platform === 'win32',
    }),
  ) as [{ files: PackedFile[] }];
  return packed.files;
}
