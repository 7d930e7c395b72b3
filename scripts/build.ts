// Builds dist/: the adapter as one small CommonJS file and a few that it loads on first use, its types, the command line
// in pieces that its commands load, and the licenses of everything that is bundled. The result has no dependencies.
//
//   npm run build
//   npm run build -- --skip-types   for what only runs it: the types take most of the time
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { generateDtsBundle } from 'dts-bundle-generator';
import { build, type Metafile } from 'esbuild';
import { bundleInPieces, COMMON } from './bundle';

const root = path.resolve(__dirname, '..');
const dist = path.join(root, 'dist');

/** The modules that are loaded on first use, by their path in dist. CloudFront's client is built as a part of the SDK. */
const LAZY = Object.fromEntries(
  readdirSync(path.join(root, 'src/core/lazy'))
    .filter((file) => file !== 'cloudfront.ts')
    .map((file) => [`lazy/${path.parse(file).name}`, `src/core/lazy/${file}`]),
);
const SDK = 'lazy/aws-sdk';

async function bundleAdapter(): Promise<Metafile[]> {
  const { [SDK]: sdk = '', ...others } = LAZY;
  const { metafile } = await build({ ...COMMON, entryPoints: { index: 'src/index.ts', ...others }, outdir: dist });
  return [metafile, await bundleSdk(sdk)];
}

/**
 * Bundles the SDK into several files, of which Node reads only those that it needs. As one file, with CloudFront's client
 * and rarely used credential providers, it would take twice the time and three times the memory to load.
 */
const bundleSdk = (file: string): Promise<Metafile> =>
  bundleInPieces(dist, {
    entryPoints: { [SDK]: file },
    chunkNames: 'lazy/aws-sdk-[name]-[hash]',
    // With keepNames, the SDK would name its closures again in each request.
    keepNames: false,
  });

/**
 * Bundles the command line into several files, so that a command loads only what it needs. They are next to each other,
 * as each finds the modules of `core/lazy` at the same relative path.
 */
async function bundleCommandLine(): Promise<Metafile> {
  const metafile = await bundleInPieces(dist, {
    entryPoints: { cli: 'src/cli.ts' },
    chunkNames: 'cli-[name]-[hash]',
    // Naming every function again takes a tenth of the time of `provision --dry-run`.
    keepNames: false,
  });
  const file = path.join(dist, 'cli.js');
  writeFileSync(file, `#!/usr/bin/env node\n${readFileSync(file, 'utf8')}`);
  chmodSync(file, 0o755);
  return metafile;
}

/** Returns the folders of all bundled packages. */
function bundledPackages(metafiles: Metafile[]): string[] {
  const folders = metafiles
    .flatMap(({ inputs }) => Object.keys(inputs))
    .map((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1])
    .filter((folder) => folder !== undefined);
  return [...new Set(folders)].sort();
}

function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license: string;
  };
  const file = readdirSync(path.join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(path.join(root, folder, file), 'utf8').trim() : '';
  return `${name} ${version} (${license})\n\n${text}\n`;
}

/** Writes each license text once, under the names of its packages: the SDK alone is about forty packages. */
function writeNotices(metafiles: Metafile[]): void {
  const packagesByText = new Map<string, string[]>();
  for (const folder of bundledPackages(metafiles)) {
    const [title = '', ...text] = licenseOf(folder).split('\n');
    const body = text.join('\n').trim();
    packagesByText.set(body, [...(packagesByText.get(body) ?? []), title]);
  }
  const notices = [...packagesByText].map(([text, titles]) => `${titles.join('\n')}\n\n${text}\n`);
  writeFileSync(path.join(dist, 'THIRD_PARTY_LICENSES.txt'), notices.join(`\n${'-'.repeat(80)}\n\n`));
}

/** Writes one file of declarations, which includes the base class: its package is not installed with the adapter. */
function writeTypes(): void {
  const [declarations = ''] = generateDtsBundle(
    [
      {
        filePath: path.join(root, 'src/index.ts'),
        libraries: { inlinedLibraries: ['ghost-storage-base'] },
        output: { exportReferencedTypes: false, noBanner: true },
      },
    ],
    { preferredConfigPath: path.join(root, 'tsconfig.build.json') },
  );
  writeFileSync(path.join(dist, 'index.d.ts'), declarations);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'skip-types': { type: 'boolean', default: false } } });
  rmSync(dist, { recursive: true, force: true });
  writeNotices((await Promise.all([bundleAdapter(), bundleCommandLine()])).flat());
  if (!values['skip-types']) writeTypes();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
