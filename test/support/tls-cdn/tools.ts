import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runCommand } from '../ghost/run-command';

/** The programs, which have the same names as their Debian packages. */
const TOOLS = ['nginx', 'openssl'];

/** The folders of daemons, which are not on every user's PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** Returns the path of a program; undefined when it is not installed. */
export function findTool(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(existsSync);
}

/**
 * Installs nginx and openssl with apt-get if they are missing.
 *
 * @throws Error that names the missing programs, without apt-get or without the permission to install
 */
export async function installTools(): Promise<void> {
  const missing = TOOLS.filter((name) => !findTool(name));
  if (missing.length === 0) return;
  const cure = `The TLS CDN of the tests needs ${missing.join(' and ')}: install it (Debian: apt-get install -y ${missing.join(' ')}).`;
  if (!findTool('apt-get') || process.getuid?.() !== 0) throw new Error(cure);
  const options = { cwd: '/', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  try {
    await runCommand('apt-get', ['update', '-q'], options);
    await runCommand('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], options);
  } catch (error) {
    throw new Error(cure, { cause: error });
  }
}
