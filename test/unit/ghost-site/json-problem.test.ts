import { readGhostConfig } from '../../../src/ghost-site/config';
import type { Failure } from '../../../src/shell/failure';

/** Returns what a command says about a configuration, undefined when it can be read. */
function failureOf(text: string): Failure | undefined {
  try {
    readGhostConfig(text, 'config.production.json');
    return undefined;
  } catch (error) {
    return error as Failure;
  }
}

test.each([
  ['{ "url": "x", // mine\n}', 'line 1, column 15 has a comment', 'Remove the comment'],
  ['{\n  /* mine */ "url": "x" }', 'line 2, column 3 has a comment', 'Remove the comment'],
  ['{ "url": "x" /* mine', 'line 1, column 14 has a comment', 'Remove the comment'],
  ['{\n  "url": "x",\n}', 'line 3, column 1 has a closing bracket after a comma', 'Remove the comma'],
  ['{ "a": [1, 2,] }', 'line 1, column 14 has a closing bracket after a comma', 'Remove the comma'],
  ["{ 'url': 'x' }", 'line 1, column 3 has a quotation mark that is not "', 'straight double'],
  ['{ “url”: “x” }', 'line 1, column 3 has a quotation mark that is not "', 'straight double'],
  ['{ url: "x" }', 'line 1, column 3 has a name without quotation marks', 'straight double'],
  ['{ "url": "x"\r\n  "mail": {} }', 'line 2, column 3 needs a comma', 'Put a comma'],
  ['{ "url" "x" }', 'line 1, column 9 needs a colon', 'Put a colon'],
  ['{ "url": "x"\n', 'the end of the file', 'closing bracket'],
  ['{ "url": "x" }}', 'line 1, column 15 is after the end', 'bracket that is too many'],
  ['{ "path": "C:\\ghost" }', 'line 1, column 11 has a string with an invalid backslash', '\\\\'],
  ['{ "url": "x\ny" }', 'line 1, column 10 has a string with a line break', 'same line'],
  ['{ "on": True }', 'line 1, column 9 has something that is not JSON', 'punctuation'],
  ['url=x', 'line 1, column 1 has something that is not JSON', 'punctuation'],
  [' \n', 'empty file', 'Write {}'],
  ['\uFEFF', 'empty file', 'Write {}'],
])('a configuration that Ghost cannot read is named with the place and the fix: %j', (text, problem, cure) => {
  expect(failureOf(text)).toMatchObject({
    name: 'Failure',
    message: expect.stringMatching(/^Ghost cannot read config\.production\.json: line \d+, column \d+ /),
    cure: expect.stringContaining(cure),
  });
  expect(failureOf(text)?.message).toContain(problem);
});

test('its secrets are not repeated', () => {
  const { message, cure } = failureOf('{ "secretAccessKey": "hidden" "hidden" }') as Failure;
  expect(message + cure).not.toContain('hidden');
});

test.each(['null', '[]', '"x"', '7'])('what is JSON but no settings is refused: %s', (text) => {
  expect(failureOf(text)?.message).toContain('not an object');
});

test.each(['', '{}', '\uFEFF{ "url": "x" }', '{ "a": 1, "a": 2 }\n'])('what Ghost reads is read: %j', (text) => {
  expect(failureOf(text)).toBeUndefined();
});
