// Builds the programs of `builtPrograms` into a folder: node --import tsx test/support/remote-account/build-programs.ts FOLDER
import { bundleInPieces, COMMON } from '../../../scripts/bundle';

const [folder = ''] = process.argv.slice(2);
const entry = (name: string) => [name, `test/support/remote-account/${name}.ts`];

void bundleInPieces(folder, {
  entryPoints: Object.fromEntries(['cli', 'server'].map(entry)),
  // They are not installed anywhere, so the modules of `core/lazy` are pieces like all others.
  plugins: COMMON.plugins?.filter(({ name }) => name !== 'lazy-modules'),
});
