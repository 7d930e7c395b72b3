import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningGhost } from './boot';
import { isolationFlags } from './isolation';
import { runCommand } from './run-command';

/**
 * Runs Ghost 6's own check of an adapter, as in the build of an image.
 *
 * @returns its report; undefined on Ghost 5, which has no such check
 * @throws Error with its report if the adapter does not pass
 */
export async function validateAdapter({ install, contentPath }: RunningGhost): Promise<string | undefined> {
  const script = join(install.dir, 'bin', 'validate-adapters.js');
  if (!existsSync(script)) return undefined;
  const args = [...isolationFlags(install), script, '--check-duplicate-deps', 'storage:S3CloudFrontStorage'];
  return runCommand(install.nodeBinary, args, {
    cwd: install.dir,
    env: { ...process.env, NODE_ENV: 'production', paths__contentPath: contentPath },
  });
}
