import { readTemplate } from '../../src/template/read';
import { SMALLEST } from './template/parameter-sets';
import { render, type RenderedTemplate } from './template/render';
import { afterFunction } from './template/route';

/** The parameters of a stack that its functions depend on. */
export interface FunctionSettings {
  /** Whether a Ghost creates the sizes that are not in the bucket. */
  hasGhost: boolean;
  /** As `provision --public-originals`. */
  publicOriginals?: boolean;
  /** As `provision --formats`; default: that of a new stack. */
  formats?: string;
}

/** Stacks by their settings: rendering one takes milliseconds. */
const stacks = new Map<string, RenderedTemplate>();

/**
 * Runs the template's function for a viewer's request.
 *
 * @param path as the viewer requests it, without the query string
 * @param accept the viewer's Accept header
 * @returns the path for the cache and the origins or, if the function answers itself, the status of its answer
 */
export function afterViewerFunction(
  { hasGhost, publicOriginals = false, formats }: FunctionSettings,
  path: string,
  accept: string | undefined,
): ReturnType<typeof afterFunction> {
  const parameters = {
    ...SMALLEST,
    ...(hasGhost && { GhostHost: 'blog.example.com', FallbackSecret: 'x'.repeat(32) }),
    PublicOriginals: String(publicOriginals),
    ...(formats !== undefined && { Formats: formats }),
  };
  const id = JSON.stringify(parameters);
  const stack = stacks.get(id) ?? render(readTemplate(), parameters);
  stacks.set(id, stack);
  return afterFunction(stack, path, accept);
}
