import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runCommand } from '../ghost/run-command';

/** Debian names these packages like the programs. */
const TOOLS = ['nginx', 'openssl'];

/** Daemons lie here, which is not on the PATH of every user. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** Where a program is; undefined when it is not installed. */
export function findTool(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...SYSTEM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(existsSync);
}

/**
 * Installs nginx and openssl with apt-get where they are missing.
 *
 * @throws Error that names what is missing, on a machine without apt-get or for a user who may not install
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
