import type { GhostInstall } from './install';

/**
 * Flags for Ghost's Node, without which a Ghost that is installed below a repository could load that repository's
 * packages: Node looks for `node_modules` in every folder above a file, and Ghost 6 takes tsx where it finds one.
 */
export function isolationFlags({ dir }: GhostInstall): string[] {
  const hook = `
    import Module from 'node:module';
    import { dirname, sep } from 'node:path';
    const isAbove = (folder) => ${JSON.stringify(dir)}.startsWith(folder.endsWith(sep) ? folder : folder + sep);
    const lookUp = Module._nodeModulePaths;
    Module._nodeModulePaths = (from) => lookUp(from).filter((path) => !isAbove(dirname(path)));`;
  return ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
}
