import { FOLDER_PARAMETERS, foldersOf } from '../../aws/stack-state';
import { trimSlashes } from '../../core/object-keys';
import { Failure } from '../../shell/failure';
import { checked } from '../../template/checked-parameter';
import type { PlannedStep } from './plan';

/** The folders for your own files that a run adds to the stack and removes from it. */
export interface FolderChanges {
  added: string[];
  removed: string[];
}

/**
 * Reads the names of `--folder` and `--remove-folder`.
 *
 * @throws Failure with the option, its value and a fix
 */
export function readFolders(folders: string[] = [], removed: string[] = []): FolderChanges {
  const names = (option: string, values: string[]) => [
    ...new Set(values.map((value) => checked(option, FOLDER_PARAMETERS[0], trimSlashes(value.trim()) || '/'))),
  ];
  const changes = { added: names('--folder', folders), removed: names('--remove-folder', removed) };
  const both = changes.added.find((name) => changes.removed.includes(name));
  if (both !== undefined) {
    throw new Failure(
      `--folder and --remove-folder both name "${both}".`,
      'Leave out --folder to stop serving the folder, or --remove-folder to keep it.',
    );
  }
  return changes;
}

/**
 * Returns the template parameters that change the stack's folders, and the changes that are necessary.
 *
 * @param before parameters of the stack; empty for a new one
 * @param wanted parameters that the run sets
 * @returns `unknown`: folders to remove that the stack does not have
 * @throws Failure for too many folders, and for one that contains the files of a blog
 */
export function planFolders(
  { added, removed }: FolderChanges,
  before: Record<string, string>,
  wanted: Record<string, string>,
): FolderChanges & { parameters: Record<string, string>; unknown: string[] } {
  const current = foldersOf({ parameters: before });
  const missing = added.filter((name) => !current.includes(name));
  const ended = removed.filter((name) => current.includes(name));
  const slots = FOLDER_PARAMETERS.map((name) => before[name] ?? '').map((name) => (ended.includes(name) ? '' : name));
  const free = slots.flatMap((name, index) => (name === '' ? [index] : []));
  if (missing.length > free.length) {
    const names = [...slots.filter(Boolean), ...missing];
    throw new Failure(
      `An image server can have at most ${FOLDER_PARAMETERS.length} folders besides Ghost's, but these are ${names.length}: ${names.join(', ')}.`,
      `Use a subfolder of one of them (upload FILE --to ${names[0]}/${names.at(-1)}), remove one with --remove-folder, or build a second image server on another domain.`,
    );
  }
  missing.forEach((name, index) => (slots[free[index] ?? 0] = name));
  checkFolders(slots.filter(Boolean), { ...before, ...wanted });
  const parameters = FOLDER_PARAMETERS.map((name, index) => [name, slots[index] ?? ''] as const);
  return {
    parameters: Object.fromEntries(parameters.filter(([name, value]) => value !== (before[name] ?? ''))),
    added: missing,
    removed: ended,
    unknown: removed.filter((name) => !current.includes(name)),
  };
}

/** @throws Failure when a folder belongs to a blog, because it would publish the blog's files or share its paths */
function checkFolders(
  folders: string[],
  { TenantPrefix = '', GhostHost = '', GhostPath = '' }: Record<string, string>,
): void {
  const [tenant = ''] = TenantPrefix.split('/');
  if (folders.includes(tenant)) {
    throw new Failure(
      `The folder "${tenant}" is for the files of blogs, because the tenant prefix is "${TenantPrefix}".`,
      'Choose another name with --folder.',
    );
  }
  const [, ofBlog = ''] = GhostPath.split('/');
  if (GhostHost && folders.includes(ofBlog)) {
    throw new Failure(
      `The folder "${ofBlog}" has the name of the blog's subdirectory, https://${GhostHost}${GhostPath}.`,
      `Choose another name, because requests for ${GhostPath}/content/images/ go to the blog.`,
    );
  }
}

/** Returns the steps for changing folders. */
export function stepsOfFolders({ added, removed }: FolderChanges, domain: string): PlannedStep[] {
  const what = 'folder';
  return [
    ...added.map((name): PlannedStep => ({ sign: '+', what, words: `https://${domain}/${name}/ for your own files` })),
    ...removed.map((name): PlannedStep => ({
      sign: '-',
      what,
      words: `/${name}/ is no longer served; its files stay in the bucket`,
    })),
  ];
}
