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

/** Every content folder has at least one of these folders. */
const CONTENT_FOLDERS = [...FEATURES, 'adapters', 'data', 'settings', 'themes'];

const ONLY_IN_DOCKER = unchecked("only Docker can reach Ghost's content folder");

/** Checks that the content folder is one of a Ghost. */
export const checkContentFolder = withGhost(({ options }, site) => {
  if (knownContent(site) === undefined) {
    return ONLY_IN_DOCKER;
  }
  const { contentPath, codeFolder } = site;
  assertChosenContent(site, options.content);
  const cure =
    'Correct "paths.contentPath" in Ghost\'s configuration, or name the folder with --content. It contains the folders images, themes and settings.';
  if (!existsSync(contentPath)) {
    return codeFolder === undefined
      ? unchecked("Ghost's content folder is not on this machine")
      : failed('The command looked for the content folder.', `The content folder ${contentPath} does not exist.`, cure);
  }
  if (CONTENT_FOLDERS.some((name) => isFolder(path.join(contentPath, name)))) {
    return passed(contentPath);
  }
  const isInside = FEATURES.some((feature) => path.basename(contentPath) === feature);
  return failed(
    'The command read the content folder.',
    `${contentPath} is not a Ghost content folder: it has none of the folders ${CONTENT_FOLDERS.join(', ')}.`,
    isInside ? `${cure} Did you mean ${path.dirname(contentPath)}?` : cure,
  );
});

/** Checks that the files on the disk are in the bucket, and that Ghost uses the adapter. */
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

/** Returns the problem with the files in the bucket. */
function problemOf(
  { config: { bucket } }: DoctorContext,
  site: GhostSite,
  { outcome, notListed }: Comparison,
): CheckResult | undefined {
  const { contentPath } = site;
  const { onDisk, inBucket, lookedUp, missing, different, unusable } = outcome;
  const tried = notListed
    ? `The command looked up ${counted(lookedUp, 'file')} of ${number(onDisk)} on the disk in the bucket, by name and size (${notListed}).`
    : `The command looked up ${counted(onDisk, 'file')} on the disk in the bucket, by name and size.`;
  const total = notListed === undefined ? onDisk : lookedUp;
  const migrate = ownCommand(`migrate${siteParameters(site)}`, { reads: [site.configFile, contentPath] });
  if (missing.count > 0 && missing.count === total && inBucket > 0) {
    return failed(
      tried,
      `The bucket ${bucket} contains other files, but none from ${contentPath}. Missing: ${missing.shown}.`,
      `If ${contentPath} is the content folder of this blog, copy its files: ${migrate}\nOtherwise name the correct folder with --content, or correct "paths.contentPath" or "bucket".`,
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
      : `${counted(different.count, 'file')} ${isOrAre(different.count)} different in the bucket and on the disk (by size): ${different.shown}.`,
  ].flat();
  const cure = [
    ...(missing.count > 0 ? [`Copy the missing files: ${migrate}`] : []),
    ...(different.count > 0
      ? [`Compare them. If the files on the disk are correct, replace those in the bucket: ${migrate} --overwrite`]
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
        'Make them readable for the user that Ghost runs as. If posts show them, rename them there, too.',
      );
}

/** Returns the finding that Ghost does not use the adapter yet, and what to do next. */
function notSwitched(site: GhostSite, problem?: CheckResult): CheckResult {
  const storage = storageOf(site.config);
  const other = adapterOf(storage, 'images');
  const isWritten = storage[ADAPTER] !== undefined;
  const found = [
    `Ghost still stores images ${other === undefined ? 'on its own disk' : `with ${other}`}: ${
      isWritten
        ? `the options of ${ADAPTER} are in the configuration, but the adapter is not active`
        : 'the adapter is not in the configuration'
    }.`,
    ...(problem?.result === 'failed' ? [problem.found] : []),
  ].join(' ');
  const install = ownCommand(`install${siteParameters(site)}`, { writes: [site.configFile] });
  // Files that another adapter stores elsewhere are neither on this disk nor in the bucket.
  const move =
    other === undefined
      ? ''
      : `Copy the files of ${other}: ${ownCommand(`migrate${siteParameters(site)}`)} --from-url URL\n`;
  const next =
    problem?.result === 'failed'
      ? `${problem.cure}\nThen make Ghost use the adapter: ${install}`
      : `Make Ghost use the adapter: ${install}`;
  return failed(
    'The command read "storage" in Ghost\'s configuration, and looked up the files on the disk in the bucket.',
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
    : `${number(lookedUp - unanswered)} of ${counted(onDisk, 'file')} on the disk were looked up and are in the bucket (${notListed})`;
}

const isOrAre = (count: number) => (count === 1 ? 'is' : 'are');
