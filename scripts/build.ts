// Builds dist/: the adapter as one small CommonJS file with a few that it loads on first use, its types, the command
// line as one file more, and the licenses of what is bundled. Nothing has to be installed beside it.
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateDtsBundle } from 'dts-bundle-generator';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

const root = path.resolve(__dirname, '..');
const dist = path.join(root, 'dist');

/** Leaves `./lazy/…` to be required at run time: each of those modules is built to a file of its own. */
const lazyModules: Plugin = {
  name: 'lazy-modules',
  setup(setup) {
    setup.onResolve({ filter: /^\.\/lazy\// }, ({ path: request }) => ({ path: `${request}.js`, external: true }));
  },
};

const common: BuildOptions & { metafile: true } = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  // Ghost looks at the name of the class that an adapter extends.
  keepNames: true,
  // The SDK's package.json files name builds for browsers first.
  mainFields: ['module', 'main'],
  charset: 'utf8',
  legalComments: 'none',
  // The SDK is in the bundle: that its later versions need a newer Node is news for this project, not for its users.
  define: { 'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED': '"true"' },
  plugins: [lazyModules],
  metafile: true,
};

const SDK = 'src/lazy/aws-sdk.ts';

async function bundleAdapter(): Promise<Metafile[]> {
  const lazy = readdirSync(path.join(root, 'src/lazy')).map((file) => `src/lazy/${file}`);
  const built = { ...common, outbase: 'src', outdir: dist };
  const results = await Promise.all([
    build({ ...built, entryPoints: ['src/index.ts', ...lazy.filter((file) => file !== SDK)] }),
    // With names to keep, the SDK would name its closures anew in each request.
    build({ ...built, entryPoints: [SDK], keepNames: false }),
  ]);
  return results.map(({ metafile }) => metafile);
}

async function bundleCommandLine(): Promise<Metafile> {
  const outfile = path.join(dist, 'cli.js');
  const { metafile } = await build({
    ...common,
    entryPoints: ['src/cli/index.ts'],
    outfile,
    banner: { js: '#!/usr/bin/env node' },
  });
  chmodSync(outfile, 0o755);
  return metafile;
}

/** The folders of the packages that went into the bundle. */
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

/** Says each license text once, under all packages that have it: the SDK alone is some forty packages. */
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

/** One file of declarations, with those of the base class in it: it is not installed where the adapter is. */
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
  rmSync(dist, { recursive: true, force: true });
  writeNotices((await Promise.all([bundleAdapter(), bundleCommandLine()])).flat());
  writeTypes();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
