// How the adapter, the command line and the programs of the tests are bundled.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, type BuildOptions, type Metafile, type Plugin, transform } from 'esbuild';
import type { ParsedTemplate } from '../src/template/as-built';
import { readTemplate, TEMPLATE_TEXT } from '../src/template/read';

const root = path.resolve(__dirname, '..');

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

/** How all of this project is bundled. */
export const COMMON: BuildOptions & { metafile: true } = {
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

/**
 * Bundles into CommonJS files that load each other on first use.
 *
 * @param outdir which gets all of them
 * @param options the entry points, and what differs from `COMMON`
 */
export async function bundleInPieces(outdir: string, options: BuildOptions): Promise<Metafile> {
  const { metafile, outputFiles } = await build({
    ...COMMON,
    ...options,
    metafile: true,
    outdir,
    // esbuild splits only ES modules.
    format: 'esm',
    splitting: true,
    write: false,
  });
  await Promise.all(
    outputFiles.map(async ({ path: file, text }) => {
      // A `require` that failed (too many open files) can succeed later; an `import` cannot.
      const { code } = await transform(text, {
        format: 'cjs',
        target: COMMON.target,
        supported: { 'dynamic-import': false },
        minify: true,
        charset: 'utf8',
      });
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, code);
    }),
  );
  return metafile;
}
