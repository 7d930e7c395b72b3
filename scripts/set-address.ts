// Writes the address of the repository wherever the package and its README show it: `npm run address -- URL`.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withAddress } from './address';

const [url = ''] = process.argv.slice(2);
const root = path.resolve(__dirname, '..');
const files = { manifest: path.join(root, 'package.json'), readme: path.join(root, 'README.md') };
try {
  const { manifest, readme } = withAddress(url, {
    manifest: readFileSync(files.manifest, 'utf8'),
    readme: readFileSync(files.readme, 'utf8'),
  });
  writeFileSync(files.manifest, manifest);
  writeFileSync(files.readme, readme);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
