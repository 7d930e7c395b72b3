import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

/** The npm packages that are compared, with their versions. */
export const PEERS = { 'ghost-storage-adapter-s3': '2.8.0', ghos3: '3.1.0' } as const;

export type Peer = keyof typeof PEERS;

/** Returns the folder that holds only this peer. */
export const folderOf = (peer: Peer): string => path.join(root, '.cache/bench-peers', `${peer}-${PEERS[peer]}`);

/** Installs the missing peers, each in its own folder and without install scripts. */
export function installPeers(): void {
  for (const [peer, version] of Object.entries(PEERS) as [Peer, string][]) {
    const folder = folderOf(peer);
    const done = path.join(folder, 'installed');
    if (existsSync(done)) {
      continue;
    }
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact', `${peer}@${version}`];
    execFileSync('npm', install, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    writeFileSync(done, '');
  }
}

/** The version of this package. */
export const ownVersion = (
  JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  }
).version;
