import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import type { Pixels } from '../photographs';
import type { GhostInstall } from './install';

/**
 * Encodes pixels as a JPEG, with the library of an installed Ghost.
 *
 * @param quality 1 to 100; cameras use 85 to 95
 */
export function encodeJpeg(install: GhostInstall, { width, height, data }: Pixels, quality: number): Promise<Buffer> {
  const raw = JSON.stringify({ width, height, channels: 3 });
  return runSharp(install, `sharp(input, { raw: ${raw} }).jpeg({ quality: ${quality} }).toBuffer()`, data);
}

/** Returns the pixels of an image as they are stored: not turned by its orientation. */
export function decode(install: GhostInstall, image: Uint8Array): Promise<Buffer> {
  return runSharp(install, 'sharp(input).raw().toBuffer()', image);
}

/** Evaluates an expression that makes bytes of `input`, with Ghost's own Node. */
async function runSharp(install: GhostInstall, expression: string, input: Uint8Array): Promise<Buffer> {
  const script = `
    const sharp = require('sharp');
    require('node:stream/consumers').buffer(process.stdin)
      .then((input) => ${expression})
      .then((output) => process.stdout.write(output));`;
  const child = spawn(install.nodeBinary, ['-e', script], { cwd: install.dir, stdio: 'pipe' });
  // A child that ends early says why on stderr.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [output, errors, [code]] = await Promise.all([buffer(child.stdout), text(child.stderr), once(child, 'exit')]);
  if (code !== 0) throw new Error(`${expression} failed with exit code ${code}:\n${errors}`);
  return output;
}
