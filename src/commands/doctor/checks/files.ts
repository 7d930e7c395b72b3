import { existsSync } from 'node:fs';
import path from 'node:path';
import { ADAPTER, FEATURES } from '../../../core/features';
import { assertChosenContent } from '../../../ghost-site/chosen-paths';
import { adapterOf, storageOf } from '../../../ghost-site/config';
import { knownContent } from '../../../ghost-site/content-place';
import { type GhostSite, isFolder } from '../../../ghost-site/site';
import { siteParameters } from '../../../ghost-site/site-parameters';
import { ownCommand } from '../../../shell/called-as';
import { counted, number } from '../../../shell/text';
import { type CheckResult, failed, passed, warned, unchecked, withGhost } from '../check';
import type { DoctorContext } from '../context';
import { type Comparison, compareFiles } from '../files/compare';

/** Folders of which every content folder has one. */
const CONTENT_FOLDERS = [...FEATURES, 'adapters', 'data', 'settings', 'themes'];

const ONLY_IN_DOCKER = unchecked("only Docker can reach Ghost's content folder");

/** Checks that the content folder is one. */
export const checkContentFolder = withGhost(({ options }, site) => {
  if (knownContent(site) === undefined) {
    return ONLY_IN_DOCKER;
  }
  const { contentPath, codeFolder } = site;
  assertChosenContent(site, options.content);
  const cure =
    'Correct "paths.contentPath" in Ghost\'s configuration, or name the folder with --content: it has the folders images, themes and settings.';
  if (!existsSync(contentPath)) {
    return codeFolder === undefined
      ? unchecked('the content folder of Ghost is not on this machine')
      : failed('The content folder was looked for.', `The content folder ${contentPath} does not exist.`, cure);
  }
  if (CONTENT_FOLDERS.some((name) => isFolder(path.join(contentPath, name)))) {
    return passed(contentPath);
  }
  const isInside = FEATURES.some((feature) => path.basename(contentPath) === feature);
  return failed(
    'The content folder was read.',
    `${contentPath} is not the content folder of a Ghost: it has none of the folders ${CONTENT_FOLDERS.join(', ')}.`,
    isInside ? `${cure} Do you mean ${path.dirname(contentPath)}?` : cure,
  );
});

/** Checks that what is on the disk is in the bucket, and that Ghost was switched over. */
export const checkFiles = withGhost(async (context, site) => {
  if (knownContent(site) === undefined) {
    return ONLY_IN_DOCKER;
  }
  const comparison = await compareFiles(context);
  const problem = problemOf(context, site, comparison);
  if (!context.isActive) {
    return notSwitched(site, problem);
  }
  return problem ?? passed(allThere(comparison));
});

/** Returns what is wrong with the files in the bucket. */
function problemOf(
  { config: { bucket } }: DoctorContext,
  site: GhostSite,
  { outcome, notListed }: Comparison,
): CheckResult | undefined {
  const { contentPath } = site;
  const { onDisk, inBucket, lookedUp, missing, different, unusable } = outcome;
  const tried = notListed
    ? `${counted(lookedUp, 'file')} of ${number(onDisk)} on the disk were looked up in the bucket, by name and size (${notListed}).`
    : `${counted(onDisk, 'file')} on the disk were looked up in the bucket, by name and size.`;
  const total = notListed === undefined ? onDisk : lookedUp;
  const migrate = ownCommand(`migrate${siteParameters(site)}`, { reads: [site.configFile, contentPath] });
  if (missing.count > 0 && missing.count === total && inBucket > 0) {
    return failed(
      tried,
      `The bucket ${bucket} holds other files, and none from ${contentPath}. Missing: ${missing.shown}.`,
      `If ${contentPath} is the content folder of this blog, copy its files: ${migrate}\nOtherwise name the right one with --content, or correct "paths.contentPath" or "bucket".`,
    );
  }
  const found = [
    missing.count === 0
      ? []
      : missing.count === total
        ? `The bucket ${bucket} is empty: none of the ${counted(total, 'file')} on the disk is in it (${missing.shown}).`
        : `${number(missing.count)} of ${counted(total, 'file')} on the disk ${isOrAre(missing.count)} not in the bucket: ${missing.shown}.`,
    different.count === 0
      ? []
      : `${counted(different.count, 'file')} ${isOrAre(different.count)} of another size in the bucket than on the disk: ${different.shown}.`,
  ].flat();
  const cure = [
    ...(missing.count > 0 ? [`Copy what is missing: ${migrate}`] : []),
    ...(different.count > 0
      ? [`Compare them. If the disk has the right ones, replace those in the bucket: ${migrate} --overwrite`]
      : []),
  ].join('\n');
  if (found.length > 0) {
    return failed(tried, found.join(' '), cure);
  }
  return unusable.count === 0
    ? undefined
    : warned(
        tried,
        `${counted(unusable.count, 'file')} on the disk cannot be read, or cannot be stored under ${unusable.count === 1 ? 'its name' : 'their names'}: ${unusable.shown}.`,
        'Make them readable for the user that Ghost runs as, or rename them where posts show them.',
      );
}

/** Says that Ghost still stores on its disk, and what comes next. */
function notSwitched(site: GhostSite, problem?: CheckResult): CheckResult {
  const storage = storageOf(site.config);
  const other = adapterOf(storage, 'images');
  const isWritten = storage[ADAPTER] !== undefined;
  const found = [
    `Ghost still stores images ${other === undefined ? 'on its own disk' : `with ${other}`}: ${
      isWritten
        ? `the options of ${ADAPTER} are in the configuration, but the adapter is not active`
        : 'nothing is switched over'
    }.`,
    ...(problem?.result === 'failed' ? [problem.found] : []),
  ].join(' ');
  const install = ownCommand(`install${siteParameters(site)}`, { writes: [site.configFile] });
  // What another adapter stores elsewhere is neither on this disk nor in the bucket.
  const move =
    other === undefined
      ? ''
      : `Copy what ${other} stores: ${ownCommand(`migrate${siteParameters(site)}`)} --from-url URL\n`;
  const next =
    problem?.result === 'failed' ? `${problem.cure}\nThen switch over: ${install}` : `Switch over: ${install}`;
  return failed(
    '"storage" of Ghost\'s configuration was read, and the files on the disk were looked up in the bucket.',
    found,
    move + next,
  );
}

function allThere({ outcome, notListed }: Comparison): string {
  const { onDisk, inBucket, lookedUp, unanswered } = outcome;
  if (onDisk === 0) {
    return `no files on the disk, ${number(inBucket)} in the bucket`;
  }
  return notListed === undefined
    ? `all ${counted(onDisk, 'file')} on the disk are in the bucket`
    : `${number(lookedUp - unanswered)} of ${counted(onDisk, 'file')} on the disk were looked up, and are in the bucket (${notListed})`;
}

const isOrAre = (count: number) => (count === 1 ? 'is' : 'are');
