import { type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';

/** The reason why a text is not JSON. */
export interface JsonProblem {
  /** `line 3, column 5` */
  place: string;
  /** `has a comment`, for the rest of the sentence. It repeats no text of the file, which may be a secret. */
  problem: string;
  cure: string;
}

const PLAIN = 'Ghost reads plain JSON';

type Explanation = [problem: string, cure: string];

const COMMENT: Explanation = ['has a comment', `Remove the comment: ${PLAIN}.`];
const BACKSLASH: Explanation = ['has a string with an invalid backslash', 'Write a backslash as \\\\.'];
const OPEN_TEXT: Explanation = [
  'has a string with a line break or without its closing quotation mark',
  'Close it in the same line with a straight double quotation mark.',
];
const OTHER: Explanation = [
  'has something that is not JSON',
  "Check the punctuation there, or name Ghost's configuration file, for example config.production.json.",
];

/** By the names that the parser gives its errors. */
const EXPLANATIONS: Record<string, Explanation> = {
  InvalidCommentToken: COMMENT,
  UnexpectedEndOfComment: COMMENT,
  InvalidEscapeCharacter: BACKSLASH,
  InvalidUnicode: BACKSLASH,
  UnexpectedEndOfString: OPEN_TEXT,
  InvalidCharacter: OPEN_TEXT,
  CommaExpected: ['needs a comma', 'Put a comma between two settings.'],
  ColonExpected: ['needs a colon', 'Put a colon between the name and the value.'],
  EndOfFileExpected: [
    'is after the end of the object',
    'Remove everything after the last closing bracket, or the bracket that is too many.',
  ],
  PropertyNameExpected: ['needs a name', 'Put the name of the setting between straight double quotation marks.'],
};

/**
 * Finds the first place at which a text is not JSON.
 *
 * @param text without a byte order mark
 */
export function explainJson(text: string): JsonProblem {
  const errors: ParseError[] = [];
  parseTree(text, errors, { disallowComments: true });
  const [error] = errors.sort((one, other) => one.offset - other.offset);
  const offset = Math.min(error?.offset ?? 0, text.trimEnd().length);
  const lines = text.slice(0, offset).split('\n');
  const place = `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
  const [problem, cure] = explain(text, offset, error ? printParseErrorCode(error.error) : '');
  return { place, problem, cure };
}

function explain(text: string, offset: number, name: string): Explanation {
  const rest = text.slice(offset);
  const explanation = EXPLANATIONS[name] ?? OTHER;
  if (text.trim() === '') {
    return ['is the end of an empty file', `Write {} into it: ${PLAIN}.`];
  }
  if (explanation === COMMENT) {
    return COMMENT;
  }
  if (/^[}\]]/.test(rest) && /,\s*$/.test(text.slice(0, offset))) {
    return ['has a closing bracket after a comma', `Remove the comma in front of it: ${PLAIN}.`];
  }
  if (/^['‘’“”]/.test(rest)) {
    return ['has a quotation mark that is not "', 'Put names and strings between straight double quotation marks.'];
  }
  if (rest.trim() === '') {
    return [
      'is the end of the file, which is incomplete',
      'Add the missing closing bracket or quotation mark at its end.',
    ];
  }
  if (/^[\w$]+\s*:/.test(rest)) {
    return ['has a name without quotation marks', 'Put it between straight double quotation marks.'];
  }
  return explanation;
}
