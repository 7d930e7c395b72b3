import { copyFile, cp, mkdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

const REPOSITORY = join(__dirname, '../../..');

/**
 * Lays the built package out as a user gets it into `content/adapters/storage/S3CloudFrontStorage`: its `package.json`
 * and the JavaScript of `dist/`, and nothing that it could borrow a dependency from.
 *
 * @param target the adapter's folder; made when missing
 * @throws Error when the package has not been built
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
