import fc from 'fast-check';
import {
  readEnvFile,
  withoutVariables,
  withShownValues,
  withVariables,
} from '../../../../src/ghost-site/compose/env-file';
import { parseAsCompose } from '../../../support/compose-env';

const FILE = 'ghost.env';
const read = (text: string, environment: Record<string, string> = {}) =>
  Object.fromEntries(readEnvFile(text, FILE, (name) => environment[name]));
const write = (text: string, name: string, value: string) => withVariables(text, [[name, value]], FILE);

describe('an env file is read as Docker Compose reads it', () => {
  test.each<[string, Record<string, string>]>([
    ['A=plain', { A: 'plain' }],
    ['A=plain # a comment\nB=x#y', { A: 'plain', B: 'x#y' }],
    ['A="double # no comment" # a comment', { A: 'double # no comment' }],
    ["A='$B ${B} \\n' # a comment", { A: '$B ${B} \\n' }],
    ["A='it\\'s'", { A: "it's" }],
    ['A="say \\"hi\\""', { A: 'say "hi"' }],
    ['A="a\\nb\\tc\\\\n"', { A: 'a\nb\tc\\n' }],
    ['A="ends with \\\\"\nB=2', { A: 'ends with \\', B: '2' }],
    ['A="two\nlines"\nB=2', { A: 'two\nlines', B: '2' }],
    ['B=1\nA="$B ${B} $$B \\$B"', { B: '1', A: '1 1 $B $B' }],
    ['B=1\nA=$B-${B}-$$B', { B: '1', A: '1-1-$B' }],
    ['A=${NONE:-default}', { A: 'default' }],
    ['export A=1\r\nB = 2 \r\n', { A: '1', B: '2' }],
    ['\uFEFFA=1', { A: '1' }],
    ['A=1\nA=2', { A: '2' }],
    ['A=\nB=2', { A: '', B: '2' }],
    ['A: yaml', { A: 'yaml' }],
    ['mail__from="\'Acme Support\' <support@example.com>"', { mail__from: "'Acme Support' <support@example.com>" }],
    ['# only\n\n   # comments', {}],
    ['A="\\0 \\012 \\0999 \\0400"', { A: '\\ \\12 \\999 \\400' }],
    ['A="\\0101\\x\\c"', { A: 'A\\x\\c' }],
    ['COST=5$\nPER=5$9', { COST: '5$', PER: '5$9' }],
  ])('%j', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test('the environment of Compose comes before the file, and gives a name alone its value', () => {
    expect(read('A\nB=$C\nC=file\nNONE\n', { A: 'shell', C: 'shell' })).toEqual({ A: 'shell', B: 'shell', C: 'file' });
  });

  test.each(['A="open', "A='open", 'A B=1', '=1', 'A="${open"'])('what it cannot read is an error: %j', (text) => {
    expect(() => read(`FIRST=1\n${text}`)).toThrow(/ghost\.env/);
  });

  test('and an error shows no value', () => {
    expect(() => read('KEY="secret')).toThrow(/line 1 of ghost\.env: its quotation mark is not closed/);
    expect(() => read('KEY="secret')).not.toThrow(/secret/);
  });

  const plain = fc.stringMatching(/^[^\n"'#$\\]*$/);
  const line = fc.oneof(
    fc
      .record({ name: fc.constantFrom('A', 'B', 'storage__active', 'x.y-z'), value: fc.string({ unit: 'grapheme' }) })
      .map(({ name, value }) => `${name}="${value.replace(/[\\"$]/g, '\\$&')}"`),
    fc.tuple(fc.constantFrom('A', 'C', 'export D'), plain).map(([name, value]) => `${name}=${value}`),
    fc.tuple(fc.constantFrom('A', 'C'), fc.string()).map(([name, value]) => `${name}='${value.replace(/[\\']/g, '')}'`),
    fc.string().map((comment) => `# ${comment.replaceAll('\n', ' ')}`),
    fc.constantFrom('', '  ', 'E=${A}-$B', 'F="$A$$A"', 'G=1 # comment'),
  );
  const files = fc
    .tuple(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(([lines, lineBreak, hasEnd]) => lines.join(lineBreak) + (hasEnd ? lineBreak : ''));

  test('whatever the file holds', () => {
    fc.assert(fc.property(files, (text) => expect(read(text)).toEqual(parseAsCompose(text))));
  });

  test('every value that is written is read by Docker Compose, and changes nothing else', () => {
    const names = fc.constantFrom('A', 'G', 'storage__active', 'storage__S3CloudFrontStorage__secretAccessKey');
    const values = fc.oneof(
      fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0') && value.isWellFormed()),
      fc.string({ unit: fc.constantFrom('$', '{', '}', '\\', '"', "'", '\n', '\r', '\t', '#', ' ', 'a', 'n', '0') }),
    );
    fc.assert(
      fc.property(files, names, values, (text, name, value) => {
        const after = write(text, name, value);
        const before = parseAsCompose(text);
        const seen = parseAsCompose(after);
        expect(seen[name]).toBe(value);
        expect(read(after)).toEqual(seen);
        // Others may refer to it.
        const others = Object.keys(before).filter((other) => other !== name && !['E', 'F'].includes(other));
        others.forEach((other) => expect(seen[other]).toBe(before[other]));
        expect(write(after, name, value)).toBe(after);
      }),
    );
  });
});

describe('writing', () => {
  test('keeps comments, order, line breaks and everything else', () => {
    const text = '\uFEFF# mine\r\nexport A=1 # one\r\nB="2" # two\r\n\r\nC=3';
    expect(
      withVariables(
        text,
        [
          ['B', 'x'],
          ['A', 'y'],
          ['D', '$'],
        ],
        FILE,
      ),
    ).toBe('\uFEFF# mine\r\nexport A="y" # one\r\nB="x" # two\r\n\r\nC=3\r\nD="$$"\r\n');
  });

  test('replaces the last of several, which counts', () => {
    expect(write('A=1\nA=2\n', 'A', '3')).toBe('A=1\nA="3"\n');
  });

  test.each(['A=x y # mine', "A='x y'", 'export A = "x y"\r', 'B=1\nA=x y\nC=3'])(
    'leaves a value alone that is the same in other quotes: %j',
    (text) => {
      expect(write(text, 'A', 'x y')).toBe(text);
    },
  );

  test.each(['A=$B', 'A="${B:-x}"', 'A=x$B'])('replaces a value that depends on another variable: %j', (text) => {
    expect(write(text, 'A', 'x')).toBe('A="x"');
  });

  test('adds a value below a name alone', () => {
    expect(write('A\nB=1\n', 'A', '3')).toBe('A\nB=1\nA="3"\n');
  });

  test.each([
    ['a name', 'A=B', 'x'],
    ['a name', 'A\nB', 'x'],
    ['a value', 'A', 'x\0'],
  ])('refuses %s that no env file can hold', (_, name, value) => {
    expect(() => write('', name, value)).toThrow(/cannot be written to ghost\.env/);
  });

  test('takes out whole lines, also of values with several lines', () => {
    const text = '# a\nA=1 # one\nB="2\n2"\nexport A=2\nC=3';
    expect(withoutVariables(text, ['A'], FILE)).toBe('# a\nB="2\n2"\nC=3');
    expect(withoutVariables(text, ['B', 'C'], FILE)).toBe('# a\nA=1 # one\nexport A=2\n');
  });
});

test('what is shown has the values that may be seen, and no comment', () => {
  const text = '# KEY=old\nexport A="x" # was y\nKEY=secret\nB=1\n';
  const show = (name: string, value: string) => (name === 'KEY' ? '"********"' : value);
  expect(withShownValues(text, FILE, show)).toBe('# ********\nexport A="x" # ********\nKEY="********"\nB=1\n');
});
