// Builds dist/: the adapter as one small CommonJS file with a few that it loads on first use, its types, the command
// line as one file more, and the licenses of what is bundled. Nothing has to be installed beside it.
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generateDtsBundle } from 'dts-bundle-generator';
import { build, type BuildOptions, type Metafile, type Plugin, transform } from 'esbuild';

const root = path.resolve(__dirname, '..');
const dist = path.join(root, 'dist');

/** Leaves the modules of `core/lazy` to be required at run time: each is built to a file of its own, `dist/lazy/…`. */
const lazyModules: Plugin = {
  name: 'lazy-modules',
  setup(setup) {
    setup.onResolve({ filter: /^\.{1,2}\/lazy\// }, ({ path: request }) => ({
      path: `./lazy/${path.posix.basename(request)}.js`,
      external: true,
    }));
  },
};

/** Of the table of media types, two thirds of it are names without a file extension, by which nothing is looked up. */
const typesWithExtensions: Plugin = {
  name: 'types-with-extensions',
  setup(setup) {
    setup.onLoad({ filter: /[\\/]mime-db[\\/]db\.json$/ }, ({ path: file }) => {
      const all = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, { extensions?: string[] }>);
      const contents = JSON.stringify(Object.fromEntries(all.filter(([, { extensions }]) => extensions)));
      return { contents, loader: 'json' };
    });
  },
};

const common: BuildOptions & { metafile: true } = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  // As `require`, like all that is loaded on first use.
  supported: { 'dynamic-import': false },
  // Ghost looks at the name of the class that an adapter extends.
  keepNames: true,
  // The SDK's package.json files name builds for browsers first.
  mainFields: ['module', 'main'],
  charset: 'utf8',
  legalComments: 'none',
  // The SDK is in the bundle: that its later versions need a newer Node is news for this project, not for its users.
  define: { 'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED': '"true"' },
  plugins: [lazyModules, typesWithExtensions],
  metafile: true,
};

/** What the adapter loads on first use, by its path in dist. CloudFront's client is loaded, and built, by the SDK's file. */
const LAZY = Object.fromEntries(
  readdirSync(path.join(root, 'src/core/lazy'))
    .filter((file) => file !== 'cloudfront.ts')
    .map((file) => [`lazy/${path.parse(file).name}`, `src/core/lazy/${file}`]),
);
const SDK = 'lazy/aws-sdk';

async function bundleAdapter(): Promise<Metafile[]> {
  const { [SDK]: sdk = '', ...others } = LAZY;
  const { metafile } = await build({ ...common, entryPoints: { index: 'src/index.ts', ...others }, outdir: dist });
  return [metafile, await bundleSdk(sdk)];
}

/**
 * Bundles the SDK into several files, of which Node reads those that it comes to. One file of all of it takes twice the
 * time and its parser three times the memory, for CloudFront's client and for ways to credentials that most have no
 * use for.
 */
async function bundleSdk(file: string): Promise<Metafile> {
  const { metafile, outputFiles } = await build({
    ...common,
    entryPoints: { [SDK]: file },
    outdir: dist,
    chunkNames: 'lazy/aws-sdk-[name]-[hash]',
    // Only modules of this format can be split.
    format: 'esm',
    splitting: true,
    // With names to keep, the SDK would name its closures anew in each request.
    keepNames: false,
    write: false,
  });
  for (const { path: file, text } of outputFiles) {
    // What `require` could not load once (too many files are open) it can the next time, and `import` cannot.
    const { code } = await transform(text, {
      format: 'cjs',
      target: common.target,
      supported: { 'dynamic-import': false },
      minify: true,
      charset: 'utf8',
    });
    writeFileSync(file, code);
  }
  return metafile;
}

async function bundleCommandLine(): Promise<Metafile> {
  const outfile = path.join(dist, 'cli.js');
  const { metafile } = await build({
    ...common,
    entryPoints: ['src/cli.ts'],
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
