import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A user of every Linux that owns nothing. */
export const NOBODY = { uid: 65534, gid: 65534 };

/** What a stolen Ghost does in a loop while root runs a command. `lure` is a folder that only root may use. */
const ATTACKS = {
  /** Puts links where version 1.0.0 wrote. */
  'links under known names': `
    for (const name of ['.new', '.old']) {
      attempt(() => fs.mkdirSync(storage, { recursive: true }));
      attempt(() => fs.symlinkSync(lure, storage + '/S3CloudFrontStorage' + name));
    }`,
  /** Replaces each folder that appears by a link. */
  'a link in place of each new folder': `
    attempt(() => fs.mkdirSync(storage, { recursive: true }));
    for (const name of names(storage)) {
      if (!fs.lstatSync(storage + '/' + name, { throwIfNoEntry: false })?.isSymbolicLink()) {
        attempt(() => fs.renameSync(storage + '/' + name, content + '/taken-' + round));
        attempt(() => fs.symlinkSync(lure, storage + '/' + name));
      }
    }`,
  /** Exchanges the folders above the adapter. */
  'links in place of the folders above': `
    for (const name of [storage, content + '/adapters']) {
      attempt(() => fs.renameSync(name, content + '/away'));
      attempt(() => fs.symlinkSync(lure, name));
      attempt(() => fs.unlinkSync(name));
      attempt(() => fs.renameSync(content + '/away', name));
    }`,
  /** Exchanges the folder of the configuration file, which is the one above the content. */
  'a link in place of the folder of the configuration': `
    const ghost = require('node:path').dirname(content);
    attempt(() => fs.renameSync(ghost, ghost + '-away'));
    attempt(() => fs.symlinkSync(lure, ghost));
    attempt(() => fs.unlinkSync(ghost));
    attempt(() => fs.renameSync(ghost + '-away', ghost));`,
  /** Exchanges the content folder itself, whose parent belongs to the attacker. */
  'a link in place of the content folder': `
    attempt(() => fs.renameSync(content, content + '-away'));
    attempt(() => fs.symlinkSync(lure, content));
    attempt(() => fs.unlinkSync(content));
    attempt(() => fs.renameSync(content + '-away', content));`,
};

export type Attack = keyof typeof ATTACKS;
export const ALL_ATTACKS = Object.keys(ATTACKS) as Attack[];

/** Starts another user's process, which attacks a content folder until it is stopped. */
export async function startAttack(attack: Attack, content: string, lure: string): Promise<() => Promise<void>> {
  const script = `
    const fs = require('node:fs');
    const [content, lure] = process.argv.slice(1);
    const storage = content + '/adapters/storage';
    const attempt = (step) => { try { step(); } catch {} };
    const names = (folder) => { try { return fs.readdirSync(folder); } catch { return []; } };
    let round = 0;
    const go = () => {
      const end = Date.now() + 50;
      while (Date.now() < end) { round += 1; ${ATTACKS[attack]} }
      setImmediate(go);
    };
    process.stdout.write('ready');
    go();`;
  const child = spawn(process.execPath, ['-e', script, content, lure], {
    ...NOBODY,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}
