import type { Command as Program } from 'commander';
import { createProgram } from '../../src/commands/program';
import { costLines } from '../../src/commands/provision/costs';
import { parseConfig } from '../../src/core/config';
import { blocks, docs, spans } from '../support/docs';

interface Ghost {
  storage: { S3CloudFrontStorage: Record<string, unknown> };
  urls?: Record<string, string>;
}

describe('the commands in the docs', () => {
  test('exist, with their options, and no command is missing', () => {
    const program = createProgram();
    const optionsOf = ({ options }: Program) => options.map(({ long }) => long);
    const find = (commands: readonly Program[], name = '') => commands.find((command) => command.name() === name);
    const unknown: string[] = [];
    const called = new Set<string>();
    for (const [file, text] of Object.entries(docs)) {
      const lines = blocks(text, 'bash').flatMap((piece) => piece.replaceAll('\\\n', ' ').split('\n'));
      for (const line of [...lines, ...spans(text)]) {
        const [, words = ''] = /\bnpx (?:--yes )?\S*ghost-storage-s3-cloudfront\S* +(.*)$/.exec(line) ?? [];
        const [first = '', second = '', ...rest] = (words || line.trim()).split(/\s+/);
        const command = find(program.commands, first);
        if (!command) {
          // A single word in a sentence may be anything else.
          unknown.push(...(words || /^(?!node )[a-z]+ --/.test(line) ? [`${file}: ${line}`] : []));
          continue;
        }
        called.add(first);
        const below = find(command.commands, second);
        if (!below && command.commands.length > 0 && /^[a-z]/.test(second)) {
          unknown.push(`${file}: ${first} ${second}`);
        }
        // Commander adds this one.
        const known = [...optionsOf(below ?? command), ...optionsOf(program), '--help'];
        unknown.push(
          ...[second, ...rest]
            .filter((word) => /^--[\w-]/.test(word))
            .filter((option) => !known.includes(option))
            .map((option) => `${file}: ${option} of ${line}`),
        );
      }
    }
    expect(unknown).toEqual([]);
    const visible = program.createHelp().visibleCommands(program);
    const names = visible.map((command) => command.name()).filter((name) => name !== 'help');
    expect([...called].sort()).toEqual(names.sort());
  });

  test('have options that exist, also in the middle of a sentence', () => {
    const ofOtherPrograms = [
      '--create-bucket-configuration',
      '--cache-control',
      '--content-type',
      '--metadata-directive',
      '--if-none-match',
      '--env-file',
      '--transfers',
    ];
    const program = createProgram();
    const known = [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]
      .flatMap(({ options }) => options.map(({ long }) => long ?? ''))
      .concat('--help', ofOtherPrograms);
    const named = Object.values(docs).flatMap((text) =>
      spans(text).flatMap((span) => /^(--[\w-]+)/.exec(span)?.[1] ?? []),
    );
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((option) => !known.includes(option))).toEqual([]);
  });
});

test('the configurations in the docs are ones that the adapter accepts without a notice', () => {
  const documents = Object.values(docs)
    .flatMap((text) => blocks(text, 'json'))
    .map((block) => JSON.parse(block) as Record<string, unknown>);
  const ghosts = documents.filter(({ storage }) => storage) as unknown as Ghost[];
  const options = [
    ...ghosts.map(({ storage }) => storage.S3CloudFrontStorage),
    ...documents.filter(({ endpoint }) => endpoint),
  ];
  expect(options.length).toBeGreaterThan(1);
  for (const option of options) {
    expect(parseConfig(option).notices).toEqual([]);
  }
  for (const { storage, urls } of ghosts) {
    expect(Object.values(urls ?? {})).toEqual(Array(3).fill(storage.S3CloudFrontStorage.cdnUrl));
  }
});

test('the endpoints in the docs are ones that the adapter accepts without a notice', () => {
  const services = [
    ...(docs['docs/other-s3.md'] ?? '').matchAll(/^\| .*? +\| `(https:[^`]+)` +\| `([^`]+)` +\| leave out +\|$/gm),
  ];
  expect(services.length).toBeGreaterThan(1);
  for (const [, endpoint, region] of services) {
    expect(
      parseConfig({ bucket: 'blog-images', cdnUrl: 'https://images.example.com', endpoint, region }).notices,
    ).toEqual([]);
  }
});

test('the costs in the docs are those that the command shows', () => {
  const page = docs['docs/costs.md'] ?? '';
  const shown = costLines(undefined).join('\n');
  const figures = shown.match(/\$[\d.]*\d|\d+ (?:TB|GB|million)|[\d,]+ new|[A-Z][a-z]+ 20\d\d/g) ?? [];
  expect(figures.length).toBeGreaterThan(5);
  expect(figures.map((figure) => figure.replace(' new', '')).filter((figure) => !page.includes(figure))).toEqual([]);
});
