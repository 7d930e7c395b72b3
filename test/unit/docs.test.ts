import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  anchorsOf,
  docs,
  GUIDE,
  headingsOf,
  linksIn,
  PAGES,
  read,
  README,
  root,
  sentencesOf,
  targetOf,
  wordsIn,
} from '../support/docs';
import { packedFiles } from '../support/packed-files';

/** The pages and their titles, in the order of a reader's questions. */
const TITLES: Record<string, string> = {
  'getting-started': 'Getting started',
  'how-it-works': 'How it works',
  moving: 'Move a blog with existing files',
  'from-another-adapter': 'From another adapter',
  dns: 'DNS and certificates',
  docker: 'Ghost in Docker',
  configuration: 'Configuration',
  'other-s3': 'Other S3 services',
  'several-blogs': 'Several blogs, several Ghosts',
  'aws-by-hand': 'Set up AWS by hand',
  commands: 'Commands',
  troubleshooting: 'Troubleshooting',
  costs: 'Costs',
  leaving: 'Leave, or go back to the disk',
  upgrading: 'Upgrade',
  'security-model': 'Security model',
  benchmarks: 'Benchmarks',
};

const OTHER_FILES = ['CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'test/support/README.md'];

/** Returns the links that point to a file of this repository. */
const localLinksIn = (text: string) => linksIn(text).filter((link) => !/^[a-z]+:/.test(link));

const filesBelow = (folder: string) =>
  readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.relative(root, path.join(parentPath, name)).replaceAll(path.sep, '/'));

const source = filesBelow('src').map((file) => readFileSync(path.join(root, file), 'utf8'));

describe('the pages', () => {
  test('are those that answer the questions of a reader, under their titles', () => {
    const titles = PAGES.map((file) => [path.posix.basename(file, '.md'), headingsOf(read(file))[0]]);
    expect(Object.fromEntries(titles)).toEqual(TITLES);
  });

  test.each([README, GUIDE])('are all linked from %s', (file) => {
    const linked = linksIn(docs[file] ?? '').map((link) => targetOf(file, link).target);
    expect(PAGES.filter((page) => !linked.includes(page))).toEqual([]);
  });
});

describe('links', () => {
  const texts = { ...docs, ...Object.fromEntries(OTHER_FILES.map((file) => [file, read(file)])) };

  test.each(Object.entries(texts))('in %s point to files and headings that exist', (file, text) => {
    const broken = localLinksIn(text).filter((link) => {
      const { target, anchor } = targetOf(file, link);
      return !existsSync(path.join(root, target)) || (anchor && !anchorsOf(read(target)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  test.each(Object.entries(docs))('in %s can point to each heading, as each has its own name', (_, text) => {
    const anchors = anchorsOf(text);
    expect(anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index)).toEqual([]);
  });

  test('and images in the docs are in the package', () => {
    const packed = packedFiles().map((file) => file.path);
    const targets = Object.entries(docs).flatMap(([file, text]) =>
      localLinksIn(text).map((link) => targetOf(file, link).target),
    );
    expect(targets.length).toBeGreaterThan(50);
    expect([...new Set(targets)].filter((target) => !packed.includes(target))).toEqual([]);
  });
});

test.each(Object.entries(docs))('no sentence in %s has more than 30 words', (_, text) => {
  expect(sentencesOf(text).filter((sentence) => wordsIn(sentence) > 30)).toEqual([]);
});

test('messages name pages and headings that exist', () => {
  const text = source.join('\n');
  const named = [...text.matchAll(/"([^"\n]+)" in ((?:docs|infrastructure)\/[\w-]+\.md)/g)];
  expect(named.length).toBeGreaterThan(3);
  const missing = named.filter(([, heading = '', file = '']) => !headingsOf(docs[file] ?? '').includes(heading));
  expect(missing.map(([words]) => words)).toEqual([]);
  const files = [...text.matchAll(/(?<![\w/])(?:docs|infrastructure)\/[\w-]+\.md/g)].map(([file]) => file);
  expect(files.filter((file) => !(file in docs))).toEqual([]);
});
