import { existsSync } from 'node:fs';
import { textOf } from '../config-text';
import type { ComposeGhost } from './compose-ghost';
import { writtenVariables } from './env-file';

/**
 * Returns the file that sets a variable of Ghost's container: the Compose file with its `environment`, otherwise the last
 * of the env files with the variable.
 */
export function fileOfVariable({ fixed, composeFile, envFiles }: ComposeGhost, name: string): string | undefined {
  return fixed.has(name)
    ? composeFile
    : envFiles.findLast((file) => existsSync(file) && writtenVariables(textOf(file), file).has(name));
}
