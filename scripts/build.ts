// Builds dist/: the adapter as one small CommonJS file and a few that it loads on first use, its types, the command line
// in pieces that its commands load, and the licenses of everything that is bundled. The result has no dependencies.
//
//   npm run build
//   npm run build -- --skip-types   for what only runs it: the types take most of the time
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { generateDtsBundle } from 'dts-bundle-generator';
import { build, type BuildOptions, type Metafile, type Plugin, transform } from 'esbuild';
import type { ParsedTemplate } from '../src/template/as-built';
import { readTemplate, TEMPLATE_TEXT } from '../src/template/read';

const root = path.resolve(__dirname, '..');
const dist = path.join(root, 'dist');

/** Keeps the modules of `core/lazy` out of the bundle: each is built as `dist/lazy/…` and required at run time. */
const lazyModules: Plugin = {
  name: 'lazy-modules',
  setup(setup) {
    setup.onResolve({ filter: /^\.{1,2}\/lazy\// }, ({ path: request }) => ({
      path: `./lazy/${path.posix.basename(request)}.js`,
      external: true,
    }));
  },
};

/** Drops the media types without a file extension, two thirds of the table: the adapter looks up types by extension. */
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

/** Parses the CloudFormation template once, instead of at each start of the command line. */
const templateAsBuilt: Plugin = {
  name: 'template-as-built',
  setup(setup) {
    setup.onLoad({ filter: /[\\/]src[\\/]template[\\/]as-built\.ts$/ }, () => {
      const sha256 = createHash('sha256').update(TEMPLATE_TEXT).digest('hex');
      const parsed: ParsedTemplate = { sha256, json: JSON.stringify(readTemplate()) };
      return { contents: `export const AS_BUILT = ${JSON.stringify(parsed)};`, loader: 'js' };
    });
  },
};

/** Keeps the name of the SDK's silent logger: by its name, the SDK decides whether its warnings go to the console. */
const namedLogger: Plugin = {
  name: 'named-logger',
  setup(setup) {
    setup.onLoad({ filter: /[\\/]smithy-client[\\/]NoOpLogger\.js$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replace('{', "{ static name = 'NoOpLogger';"),
      loader: 'js',
    }));
  },
};

/** Loads `child_process` only when commander runs an external command. There is none, and it takes 5 ms. */
const lazyChildProcess: Plugin = {
  name: 'lazy-child-process',
  setup(setup) {
    setup.onLoad({ filter: /[\\/]commander[\\/]lib[\\/]command\.js$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8')
        .replace("const childProcess = require('node:child_process');\n", '')
        .replaceAll('childProcess.spawn(', "require('node:child_process').spawn("),
      loader: 'js',
    }));
  },
};

const common: BuildOptions & { metafile: true } = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minify: true,
  // `import()` becomes `require`, as for everything that is loaded on first use.
  supported: { 'dynamic-import': false },
  // Ghost checks the name of the class that an adapter extends.
  keepNames: true,
  // The SDK's package.json files list their browser builds first.
  mainFields: ['module', 'main'],
  charset: 'utf8',
  legalComments: 'none',
  // The SDK is bundled, so that its warning about future Node versions does not concern the users.
  define: { 'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED': '"true"' },
  plugins: [lazyModules, typesWithExtensions, templateAsBuilt, namedLogger, lazyChildProcess],
  metafile: true,
};

/** The modules that are loaded on first use, by their path in dist. CloudFront's client is built as a part of the SDK. */
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
 * Bundles the SDK into several files, of which Node reads only those that it needs. As one file, with CloudFront's client
 * and rarely used credential providers, it would take twice the time and three times the memory to load.
 */
const bundleSdk = (file: string): Promise<Metafile> =>
  bundleInPieces({
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
  const metafile = await bundleInPieces({
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

/** Bundles into CommonJS files that load each other on first use. */
async function bundleInPieces(options: BuildOptions): Promise<Metafile> {
  const { metafile, outputFiles } = await build({
    ...common,
    ...options,
    metafile: true,
    outdir: dist,
    // esbuild splits only ES modules.
    format: 'esm',
    splitting: true,
    write: false,
  });
  mkdirSync(path.join(dist, 'lazy'), { recursive: true });
  await Promise.all(
    outputFiles.map(async ({ path: file, text }) => {
      // A `require` that failed (too many open files) can succeed later; an `import` cannot.
      const { code } = await transform(text, {
        format: 'cjs',
        target: common.target,
        supported: { 'dynamic-import': false },
        minify: true,
        charset: 'utf8',
      });
      writeFileSync(file, code);
    }),
  );
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
