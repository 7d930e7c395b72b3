import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(__dirname, '../..');

export const README = 'README.md';
export const GUIDE = 'infrastructure/GUIDE.md';
export const BY_HAND = 'docs/aws-by-hand.md';

/** The pages in docs/, each of which answers one question: `docs/moving.md`. */
export const PAGES = readdirSync(path.join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);

export const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** The README, the guide and the pages in docs/, by their paths. */
export const docs: Record<string, string> = Object.fromEntries(
  [README, GUIDE, ...PAGES].map((file) => [file, read(file)]),
);

const FENCED = /^ *```[\s\S]*?^ *```$/gm;

/** Returns the code blocks of a language, without the indentation of the list that they are in. */
export function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, 'gm'))].map(
    ([, indent = '', block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/** Returns the inline code of a text. */
export const spans = (text: string) =>
  [...text.replace(FENCED, '').matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);

/** Returns the targets of all links and images of a text. */
export function linksIn(text: string): string[] {
  const prose = text.replace(FENCED, '').replace(/`[^`\n]+`(?!\])/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
}

/** Returns the path from the root of the file that a relative link points to, and the anchor in it. */
export function targetOf(file: string, link: string): { target: string; anchor?: string } {
  const [name = '', anchor] = link.split('#', 2);
  return { target: name ? path.posix.join(path.posix.dirname(file), name) : file, anchor };
}

export const headingsOf = (text: string) =>
  [...text.replace(FENCED, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);

/** Returns the anchors that GitHub gives to the headings of a text. */
export const anchorsOf = (text: string) =>
  headingsOf(text).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Returns the sentences of a text, without code blocks, headings and tables. Inline code is one word. */
export function sentencesOf(text: string): string[] {
  const prose = text
    .replace(FENCED, '\n')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/^ *(#|\|).*$/gm, '\n')
    .replace(/!\[[^\]]*\]\([^)]*\)/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`[^`\n]+`/g, 'CODE');
  return prose
    .split(/\n\s*\n|\n *(?:[-*]|\d+\.) | · /)
    .flatMap((part) => part.replace(/\s+/g, ' ').split(/(?<=[.!?]["”*_)]*) (?=["“*_(]*[A-Z0-9])/));
}

export const wordsIn = (sentence: string) => sentence.split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
