import type { PlannedStep } from './plan';

/** What visitors get with each value of `--formats`. */
const FORMATS: Record<string, string> = {
  none: 'visitors get image sizes in the format of their image',
  webp: 'browsers that accept WebP get the sizes of JPEGs as WebP, which Ghost creates when they are first requested',
  'webp-and-png':
    'browsers that accept WebP get the sizes of JPEGs and PNGs as WebP, which Ghost creates when they are first requested',
};

/**
 * Returns the step for the format of image sizes, if it changes or could.
 *
 * @param wanted parameters that the run sets
 * @param before parameters of the stack; one of version 1.1.0 or older has none for formats
 */
export function stepsOfFormats(wanted: Record<string, string>, before: Record<string, string>): PlannedStep[] {
  if (!(wanted.GhostHost ?? before.GhostHost)) {
    return [];
  }
  const what = 'formats';
  const { Formats: was = 'none' } = before;
  const becomes = wanted.Formats ?? was;
  if (was !== becomes) {
    return [{ sign: '~', what, words: FORMATS[becomes] ?? becomes }];
  }
  const words = 'image sizes stay in the format of their image; provision --formats webp makes pages lighter';
  return before.Formats === undefined && wanted.Formats === undefined ? [{ sign: '=', what, words }] : [];
}

/**
 * Returns a warning when `--formats` has no effect, because nothing creates image sizes.
 *
 * @param wanted parameters that the run sets
 * @param before parameters of the stack; undefined for a new one
 */
export function warningOfFormats(wanted: Record<string, string>, before?: Record<string, string>): string | undefined {
  const { Formats = 'none' } = wanted;
  return Formats === 'none' || (wanted.GhostHost ?? before?.GhostHost)
    ? undefined
    : `--formats ${Formats} has no effect: without --ghost-url, CloudFront requests no image sizes from Ghost.`;
}
