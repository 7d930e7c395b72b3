import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import ts from 'typescript';
import { parseDocument, visit, isPair, isScalar } from 'yaml';
import { createProgram } from '../../src/commands/program';

// Words that gave readers trouble in earlier texts must not come back into a text that a user sees, a comment or
// the name of a test.

const root = path.join(__dirname, '../..');
const read = (name: string) => readFileSync(path.join(root, name), 'utf8');
const filesIn = (folder: string, extension: string) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => `${folder}/${name.replaceAll(path.sep, '/')}`);

/** A phrase with the mistake, the same in plain English, and the pattern that finds the first and not the second. */
type Word = [not: string, but: string, pattern: RegExp];

const WORDS: Word[] = [
  ['beside the configuration', 'next to the configuration; besides', /\bbeside\b/i],
  ['loads it anew', 'loads it again', /\banew\b/i],
  ['mend it', 'fix it', /\bmend(?:s|ed|ing)?\b/i],
  ['the cure for it', 'the fix for it', /\bcures?\b/i],
  ['so often it is sent', 'how often it is sent', /\bso (?:often|long)\b/i],
  ['it goes on', 'it continues; Ghost ongoing', /\bgo(?:es)? on\b(?! (?:to|the|your|a|an)\b)/i],
  ['it stands in the file', 'it is in the file', /\bstands? (?:in|there|above|below|twice|on)\b/i],
  ['a wildcard stands for one label', 'a wildcard matches one label', /\bstands? for\b/i],
  ['sent in vain', 'sent just to be refused', /\bin vain\b/i],
  ['each command as it stands', 'each command unchanged', /\bas (?:it|they) stands?\b/i],
  [
    'is no folder of Ghost',
    'is not a Ghost folder; is no longer; there is no folder',
    /(?<!\bthere )\b(?:is|are) no (?!longer\b|more\b)/i,
  ],
  ['run it as who may write it', 'run it as a user who can write there', /\bwho may\b|\b(?:as|to|by|with|for) who\b/i],
  [
    'sizes that nobody has requested, nobody can be asked',
    'new sizes, cannot ask; a name that nobody else uses',
    /\bnobody\b(?! else\b)/i,
  ],
  ['whoever can write it', 'a user who can write it', /\bwhoever\b/i],
  ['what is wrong', 'the problem', /\bwhat(?:'s| is| was) wrong\b/i],
  ['is dearer', 'is more expensive', /\bdearer\b/i],
  ['links in a circle', 'links in a loop', /\bcircles?\b/i],
  ['sizes of pictures', 'image sizes', /\bpictures?\b/i],
  ['the program signs in', 'the program authenticates; sign in to the console', /(?<!plus )\bsigns in\b/i],
  ['hands it over', 'passes it', /\bhand(?:s|ed|ing)? (?:it |them )?(?:over|out)\b/i],
  ['a set-up', 'a setup', /\bset-up\b/i],
  ['the server is away', 'the server is unreachable; 20 ms away', /\b(?:is|are|was) away\b/i],
  ['S3 is silent', 'S3 does not respond', /\b(?:S3|CloudFront|Ghost|server|service) (?:is |was )?silent\b/i],
  ['the CDN forgets it', 'the CDN clears it', /\b(?:CDN|cache|CloudFront|browsers?)\b[^.]{0,40}\bforg[eo]t/i],
  ['a link that leads nowhere', 'a broken link', /\bleads? (?:nowhere|to nowhere)\b/i],
  ['was changed meanwhile', 'was changed in the meantime', /\bmeanwhile\b/i],
  ['an upload begun then', 'an upload started then', /\bbegun\b/i],
  ['as a rule with sudo', 'usually with sudo; as a ruler', /\bas a rule\b/i],
  ['shows how it does', 'shows its current state', /\bhow it does\b(?!n)/i],
  ['winds to the end', 'skips to the end', /\bwinds? to\b/i],
  ['not worth a word', 'not worth logging', /\bworth a word\b/i],
  ['has foreseen this', 'is unexpected', /\bforeseen\b/i],
  [
    'it makes a record',
    'it creates a record; makes a backup',
    /\bma(?:ke|kes|de|king) (?:a|an|the) (?:new )?(?:record|certificate|bucket|stack|distribution|role)\b(?! public)/i,
  ],
  ['If it stays so, wait', 'If that does not help, wait', /\bstays? so\b/i],
  ['Set it, best with NTP', 'Set it, preferably with NTP', /, best (?:with|as|by|under)\b/i],
  [
    'S3 does not know the key',
    'S3 does not recognize the key',
    /\b(?:S3|AWS|CloudFront|Ghost \d|DNS|IAM|Node|service|server)s? (?:(?:do|does) not )?knows?\b/,
  ],
  [
    'the address of the CDN',
    'the URL of the CDN; an email address',
    /\baddress of (?:the|your|its) (?:CDN|blog|bucket|images?|file|site)\b/i,
  ],
  ['folders of Ghost', "Ghost folders; Ghost's folder", /\bfolders? of Ghost\b(?!')/i],
  ['takes no notice of it', 'ignores it', /\btakes no notice\b/i],
  ['as before the command it was', 'unchanged', /\bas (?:before|it was before)\b.* it (?:was|is)\b/i],
  ['colour, behaviour', 'color, behavior', /\b\w*(?:colour|behaviour|favour|honour)\w*\b/i],
  ['recognises', 'recognizes', /\b(?:recognis|organis|normalis|summaris|customis|optimis(?!m|t))\w*\b/i],
  ['cancelled, a licence', 'canceled, a license', /\bcancelled\b|\blicence\b|\bcentre\b/i],
];

/** Texts in which a pattern finds a word that is right there, by a part of the text. */
const EXCEPTIONS: [part: string, word: string][] = [
  // Diagrams and screenshots, not images of a blog.
  ['## Pictures', 'Pictures'],
  ['Every picture is created by a script', 'picture'],
  ['The ID of the group "nobody", on every Linux.', 'nobody'],
];

/** A text that a user sees, and where it is. */
interface Text {
  place: string;
  text: string;
}

/** Returns a string in a source file as the user sees it: joined where `+` joins it, with … for values. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) {
    return node.text;
  }
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  }
  if (ts.isParenthesizedExpression(node)) {
    return textOf(node.expression);
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textOf(node.left), textOf(node.right)];
    return left === undefined && right === undefined ? undefined : `${left ?? '…'}${right ?? '…'}`;
  }
  return undefined;
}

/** Returns the texts of the nodes that a function picks. Where it returns undefined, nothing inside the node is read. */
function pickTexts(file: string, pick: (node: ts.Node) => readonly ts.Node[] | undefined): Text[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  const found: Text[] = [];
  const visitNode = (node: ts.Node): void => {
    const picked = pick(node);
    for (const one of picked ?? []) {
      const text = textOf(one);
      // A text without a space is a name or a value.
      if (text !== undefined && /\S\s+\S/.test(text)) {
        const { line } = source.getLineAndCharacterOfPosition(one.getStart());
        found.push({ place: `${file}:${line + 1}`, text });
      }
    }
    if (picked) {
      node.forEachChild(visitNode);
    }
  };
  visitNode(source);
  return found;
}

/** Returns the strings in a source file. */
const stringsOf = (file: string) =>
  pickTexts(file, (node) =>
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node) ? undefined : [node],
  );

/** Returns the names of the tests in a file, and what replaces `%s` in them: the start of table rows, and keys. */
const titlesOf = (file: string) =>
  pickTexts(file, (node) => {
    if (ts.isPropertyAssignment(node) || ts.isMethodDeclaration(node)) {
      return [node.name];
    }
    if (ts.isCallExpression(node)) {
      return node.arguments.some(ts.isFunctionLike) ? node.arguments.slice(0, 1) : [];
    }
    return ts.isArrayLiteralExpression(node)
      ? node.elements.filter(ts.isArrayLiteralExpression).flatMap((row) => row.elements.slice(0, 1))
      : [];
  });

/** Returns the comments in a source file, without the names of parameters and of code. */
function commentsOf(file: string): Text[] {
  const text = read(file);
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const comments = new Map<number, Text>();
  const collect = (node: ts.Node): void => {
    const ranges = [
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
    ];
    for (const { pos, end } of ranges) {
      const comment = text
        .slice(pos, end)
        .replace(/\s*\n\s*\*?\s*/g, ' ')
        .replace(/@(?:param|see) \S+|`[^`]*`/g, '');
      comments.set(pos, { place: `${file}:${source.getLineAndCharacterOfPosition(pos).line + 1}`, text: comment });
    }
    node.forEachChild(collect);
  };
  collect(source);
  return [...comments.values()];
}

/** Returns the help of a command and of those below it, as the terminal shows it. */
function helpsOf(command: Command): Text[] {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 100 }).outputHelp();
  return [{ place: `${command.name()} --help`, text }, ...command.commands.flatMap(helpsOf)];
}

/** Returns the descriptions in the CloudFormation template, which its console shows. */
function descriptionsOf(file: string): Text[] {
  const found: Text[] = [];
  visit(parseDocument(read(file), { logLevel: 'silent' }), {
    Pair(_, pair) {
      const isDescription = isScalar(pair.key) && /Description$/.test(String(pair.key.value));
      if (isDescription && isPair(pair) && isScalar(pair.value)) {
        found.push({ place: `${file}: ${String(pair.value.value).slice(0, 30)}`, text: String(pair.value.value) });
      }
    },
  });
  return found;
}

/** Returns the lines of a Markdown file, without the targets of its links. */
function linesOf(file: string, text = read(file)): Text[] {
  return text
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/^\[[^\]]*\]: .*$/gm, '')
    .split('\n')
    .map((line, index) => ({ place: `${file}:${index + 1}`, text: line }));
}

/** Returns the newest part of the changelog: what earlier ones say is history. */
function newestChanges(): Text[] {
  const text = read('CHANGELOG.md');
  const [, second] = [...text.matchAll(/^## /gm)];
  return linesOf('CHANGELOG.md', text.slice(0, second?.index));
}

const texts: Text[] = [
  ...filesIn('src', '.ts').flatMap((file) => [...stringsOf(file), ...commentsOf(file)]),
  ...['bench', 'scripts', 'test'].flatMap((folder) => filesIn(folder, '.ts').flatMap(commentsOf)),
  // The table of this file contains each word.
  ...filesIn('test', '.ts')
    .filter((file) => file !== 'test/unit/words.test.ts')
    .flatMap(titlesOf),
  ...helpsOf(createProgram()),
  ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'infrastructure/GUIDE.md'].flatMap((file) => linesOf(file)),
  ...filesIn('docs', '.md').flatMap((file) => linesOf(file)),
  ...newestChanges(),
  ...descriptionsOf('infrastructure/template.yaml'),
];

test('all texts, the comments and the names of tests are read', () => {
  const places = texts.map(({ place }) => place).join('\n');
  for (const file of [
    'src/cli.ts',
    'src/adapter/promised-names.ts:7',
    'src/adapter/upload.ts',
    'bench/serve.ts',
    'test/support/bytes.ts',
    'test/unit/words.test.ts',
    'scripts/demo.ts',
    'migrate --help',
    'README.md',
    'docs/dns.md',
    'template.yaml',
  ]) {
    expect(places).toContain(file);
  }
  const contents = texts.map(({ text }) => text);
  // A string of the product, and the names of a test, of one that runs as root only, of a row and of a key.
  for (const text of [
    'Have you restarted Ghost?',
    'each image of the docs is shown by a page',
    'a user who cannot write there',
    'a link to itself',
    'the images outlive the stack',
  ]) {
    expect(contents).toContain(text);
  }
  expect(texts.length).toBeGreaterThan(15_000);
});

test.each(WORDS)('"%s" is found, and "%s" is not', (not, but, pattern) => {
  expect(not).toMatch(pattern);
  expect(but).not.toMatch(pattern);
});

test.each(WORDS)('no text says "%s", but "%s"', (_, __, pattern) => {
  const offenders = texts.flatMap(({ place, text }) => {
    const found = pattern.exec(text);
    const isException = EXCEPTIONS.some(([part, word]) => word === found?.[0] && text.includes(part));
    return found && !isException
      ? [`${place}: …${text.slice(Math.max(0, found.index - 60), found.index + 60).replaceAll('\n', ' ')}…`]
      : [];
  });
  expect(offenders).toEqual([]);
});

test('each exception is still needed', () => {
  const isNeeded = ([part, word]: [string, string]) =>
    WORDS.some(([, , pattern]) => pattern.test(word)) && texts.some(({ text }) => text.includes(part));
  expect(EXCEPTIONS.filter((exception) => !isNeeded(exception))).toEqual([]);
});
