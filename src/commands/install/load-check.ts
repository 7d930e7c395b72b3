import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { ADAPTER } from '../../core/features';
import { Failure } from '../../shell/failure';
import { isInside } from '../../shell/paths';
import { checkOfGhost } from './ghost-user';
import { LOAD_SCRIPT } from './load-scripts';
import { type GhostProcess, runAsGhost } from './run-as-ghost';

/** What to load, and how to load it. */
export interface LoadCheck extends GhostProcess {
  /** The adapter's folder. */
  folder: string;
  /** Ghost's content folder, with `adapters`. */
  contentPath: string;
  /** Where Ghost looks for the adapter in it, undefined where only Docker can. */
  inContent?: string;
  /** `paths.installedAdaptersPath` in Ghost's configuration. */
  installedAdaptersPath?: string;
  /** The folder with Ghost's own code, undefined when only the content is here. */
  codeFolder?: string;
  /** Ghost's major version. */
  major?: number;
  /** The options that Ghost passes to each instance of the adapter. */
  options: object[];
}

/**
 * Loads the adapter in a separate process as Ghost does when it starts, and creates its instances.
 *
 * @throws Failure with the reason why Ghost could not load it
 */
export function assertThatGhostLoads(check: LoadCheck): void {
  const { folder, codeFolder, inContent, installedAdaptersPath, major, options } = check;
  const internal = codeFolder && path.join(codeFolder, 'core', 'server', 'adapters', 'storage', ADAPTER);
  const installed = installedAdaptersPath && path.join(installedAdaptersPath, 'storage', ADAPTER);
  // Ghost looks for a bare name in its node_modules.
  const places = major === 5 ? [ADAPTER, inContent, internal] : [ADAPTER, internal, installed, inContent];
  const input = JSON.stringify({
    places: places.filter((place) => place !== undefined),
    readsExports: major !== 5,
    // Without Ghost's code there is no node_modules folder to search.
    from: codeFolder && path.join(codeFolder, 'core', 'server', 'services', 'adapter-manager', 'index.js'),
    options,
  });
  const { status, stdout, stderr } = runAsGhost(check, ['-e', LOAD_SCRIPT], { input });
  if (status !== 0) {
    throw new Failure(
      `The command could not test the adapter: ${stderr.trim()}`,
      `Check that ${check.node} runs on this machine and is Node 20 or newer.`,
    );
  }
  // The file is the one that Ghost loads for the adapter's name, with symbolic links resolved.
  const { file, problem } = answerIn(stdout);
  if (file === undefined) {
    throw new Failure(
      `Ghost could not find the adapter: ${problem ?? `it does not look into ${path.dirname(folder)}`}.`,
      `Give the user ${check.user.uid}, who owns the content folder or Ghost's code, permission to read ${folder} and its parent folders.`,
    );
  }
  if (!isInside(file, realpathSync(folder))) {
    throw new Failure(
      `Another adapter has the same name: Ghost would load ${file} instead of ${folder}.`,
      `Move ${file} away, or remove it from the image that contains it. Then run the command again.`,
    );
  }
  if (problem !== undefined) {
    throw new Failure(`Ghost could not load the adapter: ${problem}`, 'Fix this problem, and run the command again.');
  }
  runGhostsOwnCheck(check);
}

/** Runs the check of adapters that Ghost 6 has for users who build images. */
function runGhostsOwnCheck(check: LoadCheck): void {
  const { codeFolder, contentPath, installedAdaptersPath } = check;
  const script = codeFolder && checkOfGhost(codeFolder);
  if (script === undefined || !existsSync(script)) {
    return;
  }
  const { status, stdout, stderr } = runAsGhost(check, [script, `storage:${ADAPTER}`], {
    environment: {
      paths__contentPath: contentPath,
      ...(installedAdaptersPath && { paths__installedAdaptersPath: installedAdaptersPath }),
    },
  });
  if (status !== 0) {
    throw new Failure(
      `Ghost's own check of adapters (${script}) refuses the adapter:\n${`${stdout}${stderr}`.trim()}`,
      'Fix what it says, and run the command again.',
    );
  }
}

/** Returns what the script found. Ghost's logging may have printed lines before the last one. */
function answerIn(output: string): { file?: string; problem?: string } {
  try {
    return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as { file?: string; problem?: string };
  } catch {
    return { problem: 'it ended the process while it was being loaded' };
  }
}
