import { interpolate } from '../../../../src/ghost-site/compose/interpolate';

const VALUES: Record<string, string> = { A: '1', EMPTY: '', NAME_2: 'two' };
const replaced = (text: string) => interpolate(text, (name) => VALUES[name], 'compose.yml');

// https://docs.docker.com/reference/compose-file/interpolation/
test.each([
  ['$A-${A}-$NAME_2.', '1-1-two.'],
  ['$NONE|${NONE}', '|'],
  ['${NONE:-default}${EMPTY:-default}${A:-default}', 'defaultdefault1'],
  ['${NONE-default}${EMPTY-default}', 'default'],
  ['${NONE:+other}${EMPTY:+other}${A:+other}', 'other'],
  ['${EMPTY+other}${NONE+other}', 'other'],
  ['${NONE:-${EMPTY:-${A}}}/${NONE:-https://$A}', '1/https://1'],
  ['${A:?needed}${EMPTY?needed}', '1'],
  ['$$A $${A} $$$A', '$A ${A} $1'],
  ['5$ and $9 and $', '5$ and $9 and $'],
  ['${NONE:-a:-b}', 'a:-b'],
  ['{"json": "${A}"}', '{"json": "1"}'],
  ['', ''],
])('%s becomes %s', (text, expected) => {
  expect(replaced(text)).toBe(expected);
});

test.each([
  ['${NONE:?set it in .env}', 'compose.yml needs the variable NONE, which is not set: set it in .env.'],
  ['${EMPTY:?}', 'compose.yml needs the variable EMPTY, which is not set.'],
  ['${NONE?}', 'compose.yml needs the variable NONE, which is not set.'],
  ['${A', 'compose.yml has a variable in braces that Docker Compose cannot read.'],
  ['${}', 'compose.yml has a variable in braces that Docker Compose cannot read.'],
  ['${A B}', 'compose.yml has a variable in braces that Docker Compose cannot read.'],
])('%s is refused: %s', (text, message) => {
  expect(() => replaced(text)).toThrow(message);
});
