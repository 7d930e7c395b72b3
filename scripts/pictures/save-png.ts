import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { installGhost } from '../../test/support/ghost/install';

/** The most bytes of an image. */
const LARGEST = 150_000;

/** What is used of sharp, which Ghost brings along. */
type Sharp = (bytes: Buffer) => {
  png(options: { palette: true; colors: number; effort: number; dither: number }): { toBuffer(): Promise<Buffer> };
};

/**
 * Saves a screenshot as a PNG with a palette.
 *
 * @throws Error when it is larger than a page should load
 */
export async function savePng(screenshot: Buffer, file: string): Promise<void> {
  const { dir } = await installGhost();
  const sharp = createRequire(join(dir, 'package.json'))('sharp') as Sharp;
  const png = await sharp(screenshot).png({ palette: true, colors: 256, effort: 10, dither: 0.5 }).toBuffer();
  if (png.length > LARGEST) throw new Error(`${file} would have ${png.length} bytes.`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, png);
  console.log(`${file}: ${png.length} bytes`);
}
