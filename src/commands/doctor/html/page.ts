import { createHash } from 'node:crypto';
import { counted, megabytes } from '../../../shell/text';
import type { CheckReport, CheckResult } from '../check';
import type { OwnImage } from '../files/own-image';
import { skippedLines, summaryOf } from '../report';
import { type Box, boxesOf } from './boxes';
import { Markup, markup } from './markup';
import { SCRIPT, STYLE } from './style';

/** The first characters of each page, which distinguish a page from other files. */
export const START_OF_PAGE = '<!doctype html>\n<meta name="generator" content="ghost-storage-s3-cloudfront doctor">';

/** What a page shows. Its texts contain no secrets. */
export interface PageContent {
  reports: CheckReport[];
  images: OwnImage[];
  /** The CDN, the only host from which the page loads anything; undefined when it is unknown. */
  cdnUrl?: string;
  /** The URL of the blog. */
  blog?: string;
  /** The programs and their versions: `Ghost`, `6.65.0`. */
  versions: [name: string, version: string][];
  date: Date;
}

const MAX_IMAGES = 5;

const SIGNS: Record<CheckResult['result'], string> = { passed: '✔', warned: '⚠', failed: '✖', unchecked: '–' };

const WORDS: Record<CheckResult['result'], string> = {
  passed: 'fine',
  warned: 'with a warning',
  failed: 'broken',
  unchecked: 'not checked',
};

/** An origin that needs no escaping in a content security policy. */
const PLAIN_ORIGIN = /^https?:\/\/[\w.-]+(:\d+)?$/;

/** Returns a page of HTML that needs no other file, and loads nothing but images from the CDN. */
export function pageOf(content: PageContent): string {
  const { reports } = content;
  const of = (result: CheckResult['result']) => reports.filter((report) => report.result === result);
  const [failures, warnings] = [of('failed'), of('warned')];
  const origin = originOf(content.cdnUrl);
  const page = markup`
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(origin)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${verdictOf(failures.length, warnings.length)}</title>
${raw('style', STYLE)}
<body>
${headerOf(content, failures, warnings)}
<ol>${boxesOf(reports).map(boxOf)}</ol>
${sectionOf('Fix this first', failures.slice(0, 1).map(problemOf))}
${sectionOf('Then fix this', failures.slice(1).map(problemOf))}
${sectionOf('Warnings', warnings.map(problemOf))}
${imagesOf(content.images, origin)}
<h2>All checks</h2>
${boxesOf(reports).map(detailsOf)}
<footer><p>This page contains no secrets. It loads only the images above, from the CDN.</p></footer>
${raw('script', SCRIPT)}
</body>
</html>
`;
  return START_OF_PAGE + page.text;
}

function headerOf(
  { reports, blog, versions, date }: PageContent,
  failures: CheckReport[],
  warnings: CheckReport[],
): Markup {
  const result = failures.length > 0 ? 'failed' : warnings.length > 0 ? 'warned' : 'passed';
  const day = date.toISOString().slice(0, 16).replace('T', ' ');
  return markup`<header>
<p class="soft">${blog === undefined ? 'The image storage of a Ghost blog' : `The image storage of ${blog}`}, ${day} UTC</p>
<h1 class="${result}">${SIGNS[result]} ${verdictOf(failures.length, warnings.length)}</h1>
<p>${summaryOf(reports)}.</p>
${skippedLines(reports).map((line) => markup`<p class="soft">${line}</p>`)}
<p class="soft">${versions.map(([name, version]) => `${name} ${version}`).join(' · ')}</p>
</header>`;
}

function verdictOf(failures: number, warnings: number): string {
  if (failures > 0) {
    return `${counted(failures, 'problem')} found`;
  }
  return warnings > 0 ? `Everything works, with ${counted(warnings, 'warning')}` : 'Everything works';
}

const boxOf = ({ title, result }: Box): Markup =>
  markup`<li class="${result}" data-box="${title}"><b>${title}</b><span>${SIGNS[result]} ${WORDS[result]}</span></li>`;

const sectionOf = (title: string, problems: Markup[]): Markup =>
  problems.length === 0 ? NOTHING : markup`<section><h2>${title}</h2>${problems}</section>`;

const problemOf = ({ result, name, label, found, tried, cure }: CheckReport): Markup => markup`
<article class="${result}" data-check="${name}">
<p class="soft"><span class="sign">${SIGNS[result]}</span> ${label}</p>
<p><b>${found}</b></p>
${tried === undefined ? NOTHING : markup`<p class="soft">Tested: ${tried}</p>`}
${cure === undefined ? NOTHING : markup`<div class="fix"><pre>${cure}</pre><button type="button" data-copy="${toCopy(cure)}">Copy the fix</button></div>`}
</article>`;

/**
 * The parts of fixes that are pasted elsewhere: variables for an env file, a command for a shell, or a statement for a
 * policy.
 */
const PASTABLE = [
  /^(\w+__\w+=.*)$/,
  /(?:^|: )((?:sudo|npx|node|aws|chmod|cd|cp|docker|journalctl|ghost-storage-s3-cloudfront) .*|ghost log|\{"Effect".*)$/,
];

/** Returns the part of a fix to paste elsewhere, of one kind; otherwise all of it. */
function toCopy(cure: string): string {
  const lines = cure.split('\n');
  const parts = PASTABLE.map((pattern) => lines.flatMap((line) => pattern.exec(line)?.[1] ?? []));
  return parts.find(({ length }) => length > 0)?.join('\n') ?? cure;
}

/** Shows images that the visitor's browser loads from the CDN, which a page on the disk may do. */
function imagesOf(images: OwnImage[], origin: string | undefined): Markup {
  const shown = images.filter(({ url, isSize }) => !isSize && url.startsWith(`${origin}/`)).slice(0, MAX_IMAGES);
  return shown.length === 0
    ? NOTHING
    : markup`<section><h2>Images of the blog, from the CDN</h2><div class="images">${shown.map(figureOf)}</div></section>`;
}

function figureOf({ url, bytes, type = 'no type', status, cacheStatus = 'cache unknown', ms }: OwnImage): Markup {
  const answer = status === 200 ? [] : [status === undefined ? 'no answer' : `status ${status}`];
  const facts = [...answer, sizeOf(bytes), type, cacheStatus, `${ms} ms`].join(' · ');
  return markup`<figure><img src="${url}" alt=""><figcaption>${decodedName(url)}<br><span class="soft">${facts}</span></figcaption></figure>`;
}

const detailsOf = ({ title, result, reports }: Box): Markup => markup`
<details><summary class="${result}"><span class="sign">${SIGNS[result]}</span> ${title}: ${counted(reports.length, 'check')}</summary>
<dl>${reports.map(rowOf)}</dl></details>`;

const rowOf = ({ result, label, found, detail }: CheckReport): Markup => markup`
<dt class="${result}"><span class="sign">${SIGNS[result]}</span> ${label}</dt>
<dd>${detail === undefined ? found : `${found} (${detail})`}</dd>`;

/** `85 KB`, `1.2 MB` */
const sizeOf = (bytes: number): string => (bytes < 1e6 ? `${Math.ceil(bytes / 1000)} KB` : megabytes(bytes));

function decodedName(url: string): string {
  const name = url.slice(url.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function originOf(url: string | undefined): string | undefined {
  const origin = url !== undefined && URL.canParse(url) ? new URL(url).origin : '';
  return PLAIN_ORIGIN.test(origin) ? origin : undefined;
}

const policyFor = (origin: string | undefined): string =>
  [
    "default-src 'none'",
    `img-src ${origin ?? "'none'"}`,
    `style-src '${hashOf(STYLE)}'`,
    `script-src '${hashOf(SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');

/** @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy#hash-algorithm-hash-value */
const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

const raw = (tag: 'style' | 'script', text: string): Markup => new Markup(`<${tag}>${text}</${tag}>`);

const NOTHING = new Markup('');
