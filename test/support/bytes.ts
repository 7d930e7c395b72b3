import { createHash } from 'node:crypto';

export const MIB = 1024 * 1024;

/** A digest to compare large contents by: the output of a failed comparison of megabytes helps no one. */
export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
