import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { docs, linksIn, read, root, targetOf } from '../support/docs';

const FOLDER = 'docs/images';
const pictures = readdirSync(path.join(root, FOLDER)).map((name) => `${FOLDER}/${name}`);
const drawings = pictures.filter((picture) => picture.endsWith('.svg'));

/** The most bytes that a page should load for an image. */
const LARGEST = 150_000;

test('each image of the docs is shown by a page', () => {
  const shown = Object.entries(docs).flatMap(([file, text]) =>
    linksIn(text).map((link) => targetOf(file, link).target),
  );
  expect(pictures.filter((picture) => !shown.includes(picture))).toEqual([]);
});

test.each(pictures)('%s is small', (picture) => {
  expect(statSync(path.join(root, picture)).size).toBeLessThan(LARGEST);
});

test.each(drawings)('%s needs nothing but itself, as GitHub and npm show it as an image', (drawing) => {
  const svg = read(drawing);
  expect(svg.match(/<script|\son\w+=|@import|@font-face|<foreignObject/gi)).toBeNull();
  const references = [...svg.matchAll(/(?:href|src)="([^"]*)"|url\(["']?([^"')]*)/g)];
  expect(references.map(([, link, url]) => link ?? url).filter((target) => !target?.startsWith('#'))).toEqual([]);
});

test.each(drawings)('%s names no folder of the machine that it was drawn on', (drawing) => {
  expect(read(drawing).match(/\/(?:tmp|root|home|work|Users)\/[^<]*/g)).toBeNull();
});

test('the animation of setup stops at its good end, on the domains of the docs', () => {
  const svg = read(`${FOLDER}/setup.svg`);
  const [, last = ''] = /(<g class="end".*)\n<\/g>\n<\/svg>\n<\/svg>\n$/.exec(svg) ?? [];
  const lines = [...last.matchAll(/>([^<]+)<\/text>/g)].map(([, line]) => line);
  expect(lines.slice(-2)).toEqual([
    '✔ The images of this blog come from https://images.example.com.',
    'To go back: npx ghost-storage-s3-cloudfront setup --undo',
  ]);
  expect(svg.match(/example\.test/)).toBeNull();
});
