/** Which Ghost to run: the two lines that people have on their servers, one of each tried by this package's authors. */

const RECOMMENDED: Record<string, string> = { 6: '6.65.0', 5: '5.130.6' };

export interface GhostRelease {
  /** A full version as on npm: `6.65.0`. */
  version: string;
  major: 5 | 6;
}

/**
 * Returns the release for a value of `GHOST_VERSION`: `6`, `5`, or a full version of either line.
 *
 * @param wanted defaults to the environment variable `GHOST_VERSION`, and that to `6`
 * @throws Error for any other value
 */
export function ghostRelease(wanted: string = process.env.GHOST_VERSION || '6'): GhostRelease {
  const version = RECOMMENDED[wanted] ?? wanted;
  const major = /^([56])\.\d+\.\d+$/.exec(version)?.[1];
  if (!major) {
    throw new Error(`GHOST_VERSION is "${wanted}"; it must be 6, 5, or a full version such as ${RECOMMENDED[6]}.`);
  }
  return { version, major: major === '6' ? 6 : 5 };
}
