import type { CheckReport, CheckResult } from '../check';

/** A part of an image's path from Ghost's configuration to its visitors. */
export interface Box {
  title: string;
  /** The worst result of its checks; `unchecked` also where some were skipped. */
  result: CheckResult['result'];
  reports: CheckReport[];
}

/** The checks of the CDN and of Ghost that show what a visitor gets. */
const OF_VISITORS = new Set([
  'HTTP redirect',
  'HTTP/2',
  'same bytes',
  'type',
  'cache headers',
  'security headers',
  'CORS',
  'ranges',
  'not modified',
  'own images',
  'old links',
  'sizes on the CDN',
  'WebP',
]);

const BOXES: [title: string, has: (report: CheckReport) => boolean][] = [
  ['Configuration', ({ group }) => group === 'Config'],
  ['Credentials', ({ group }) => group === 'Credentials'],
  ['Bucket', ({ group, name }) => ['Bucket', 'Permissions', 'Files'].includes(group) && !OF_VISITORS.has(name)],
  ['CDN', ({ group, name }) => group === 'CDN' && !OF_VISITORS.has(name)],
  ['Visitor', ({ name }) => OF_VISITORS.has(name)],
  ['Ghost', ({ group, name }) => group === 'Ghost' && !OF_VISITORS.has(name)],
];

/** Returns the six parts of an image's path. Each report belongs to one of them. */
export function boxesOf(reports: CheckReport[]): Box[] {
  return BOXES.map(([title, has]) => {
    const own = reports.filter(has);
    return { title, result: worstOf(own), reports: own };
  });
}

function worstOf(reports: CheckReport[]): CheckResult['result'] {
  const has = (wanted: CheckResult['result']) => reports.some(({ result }) => result === wanted);
  if (has('failed') || has('warned')) {
    return has('failed') ? 'failed' : 'warned';
  }
  const isSkipped = reports.some(({ skippedFor }) => skippedFor !== undefined);
  return isSkipped || !has('passed') ? 'unchecked' : 'passed';
}
