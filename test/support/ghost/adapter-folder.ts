import { copyFile, cp, mkdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

const REPOSITORY = join(__dirname, '../../..');

/**
 * Copies the built package as a user gets it to `content/adapters/storage/S3CloudFrontStorage`: `package.json` and the
 * JavaScript of `dist/`, without anything that it could load a dependency from.
 *
 * @param target the adapter's folder; created if missing
 * @throws Error if the package is not built
 */
export async function layOutAdapter(target: string): Promise<void> {
  const dist = join(REPOSITORY, 'dist');
  const manifest = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as { main: string };
  await stat(join(REPOSITORY, manifest.main)).catch(() => {
    throw new Error(`${manifest.main} is missing: run "npm run build" first.`);
  });
  await mkdir(target, { recursive: true });
  await copyFile(join(REPOSITORY, 'package.json'), join(target, 'package.json'));
  await cp(dist, join(target, 'dist'), {
    recursive: true,
    filter: (source) => relative(dist, source).split('/')[0] !== 'types',
  });
}
