import fc from 'fast-check';

/** A blog from which an attack starts, and the others that it must not reach. */
export interface Surroundings {
  cdnUrl: string;
  /** The prefix of all of the blog's keys: `seven/content/images`. */
  ownPrefix: string;
  /** The prefixes of the other blogs in the bucket. */
  otherPrefixes: string[];
  /** The path of a file that exists under each prefix. */
  file: string;
}

/** One level up, in every spelling that has fooled a server. */
const LEVELS_UP = [
  ...['..', '../', '../..', '/../../', '....//', '..;/', '.\u200b.', '..\\', '..%5c', '..%255c', '%2e%2e'],
  ...['%2E%2E%2F', '.%2e/', '%252e%252e%252f', '%25252e%25252e%25252f'],
  // Overlong UTF-8, which a lax decoder reads as dots and slashes.
  ...['%c0%ae%c0%ae%c0%af', '%e0%80%ae%e0%80%ae/', '%u002e%u002e%u2215'],
  // Characters that become dots and slashes when normalized to NFKC.
  ...['\uff0e\uff0e\uff0f', '\u2025/', '\u2024\u2024/'],
];

const ODD_TEXT = [
  ...['', '.', '...', './', '/', '//', '///', '\\', '\\\\server\\share\\', 'C:\\', '~/', '%2f', '%5c', '%00'],
  ...['\0', '\x07', '\x7f', '\x85', '\r\nSet-Cookie: a=b', '%0d%0a', '\t', ' ', '+', '*', '%', '%%', '%zz'],
  ...['%e4', '%ff%fe', '?', '?v=1', '#', '#top', '&', ';', '"', "'", '<Key>', '${HOME}', '\ud800', '\udfff'],
  ...['\ufeff', '\uffff', '\u202egpj.exe', '\u200f', '\u2028', 'e\u0301', 'é', '\u212b', '\ufb01', '日本語'],
  ...['😀', '👩‍👩‍👧‍👦', '__proto__', 'constructor', '.htaccess', 'CON', 'x.jpg', 'x-', 'x-1.jpg'],
];

const ADDRESSES = [
  ...['__GHOST_URL__/', 'https://eight.example.com/', 'https://images.example.com.evil.example/'],
  ...['https://images.example.com@evil.example/', 'https://user:password@images.example.com/'],
  ...['https://images.example.com:8443/', 'HTTPS://IMAGES.EXAMPLE.COM/', 'https:images.example.com/'],
  ...['https:///', 'http://[::1]:80/', 'http://[::ffff:127.0.0.1]/', 'http://2130706433/', '//evil.example/'],
  ...['file:///', 'file://localhost/', 's3://shared-bucket/', 'data:text/html,', 'javascript:alert(1)//'],
  'arn:aws:s3:::shared-bucket/',
];

/** Transformations of a whole text. */
const SPELLINGS: ((text: string) => string)[] = [
  (text) => text,
  (text) => text,
  (text) => `/${text}`,
  (text) => encodeURI(text.toWellFormed()),
  (text) => encodeURIComponent(text.toWellFormed()),
  (text) => encodeURIComponent(encodeURIComponent(text.toWellFormed())),
  (text) => text.replaceAll('.', '%2e'),
  (text) => text.replaceAll('/', '%2F'),
  (text) => text.replaceAll('/', '\\'),
  (text) => text.replaceAll('/', '\u2215'),
  (text) => text.toUpperCase(),
  (text) => text.normalize('NFD'),
  (text) => text.normalize('NFKC'),
];

/** Generates texts that may be sent as a path, a file name or a URL, to get out of a blog or bring it down. */
export function hostileText({ cdnUrl, ownPrefix, otherPrefixes, file }: Surroundings): fc.Arbitrary<string> {
  const prefixes = [ownPrefix, ...otherPrefixes];
  const feature = ownPrefix.split('/').slice(-2).join('/');
  const places = [
    ...prefixes,
    ...prefixes.map((prefix) => `${prefix}/${file}`),
    ...prefixes.map((prefix) => `${cdnUrl}/${prefix}/`),
    ...prefixes.map((prefix) => prefix.split('/')[0] ?? ''),
    feature,
    `/${feature}/`,
    'content',
    'images',
    'size/w600/',
    `/size/w600/${file}`,
    '/var/lib/ghost/',
    file,
    `${cdnUrl}/`,
  ];
  const piece = fc.oneof(
    { arbitrary: fc.constantFrom(...places), weight: 4 },
    { arbitrary: fc.constantFrom(...LEVELS_UP), weight: 3 },
    { arbitrary: fc.constantFrom(...ODD_TEXT), weight: 3 },
    { arbitrary: fc.constantFrom(...ADDRESSES), weight: 1 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 4 }), weight: 1 },
  );
  const pieced = fc
    .tuple(
      fc.array(piece, { maxLength: 10 }),
      fc.constantFrom('', '/', '/', '//'),
      fc.constantFrom(...SPELLINGS.keys()),
    )
    .map(([pieces, joint, spelling]) => SPELLINGS[spelling]?.(pieces.join(joint)) ?? '');
  // S3 allows 1,024 bytes for a key.
  const long = fc
    .tuple(
      fc.constantFrom('a', 'ü', '😀', 'e\u0301', 'a\u0301\u0301\u0301', 'a/', '../', '%2e%2e/', '%', '.', '-', ' '),
      fc.integer({ min: 300, max: 1500 }),
      fc.constantFrom('', '.jpg', '/x.jpg'),
    )
    .map(([text, times, end]) => `${text.repeat(times)}${end}`);
  return fc.oneof(
    { arbitrary: pieced, weight: 8 },
    { arbitrary: fc.webUrl({ withQueryParameters: true, withFragments: true }), weight: 1 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 60 }), weight: 1 },
    { arbitrary: long, weight: 1 },
  );
}

const LETTERS = [
  'a',
  'ß',
  '很',
  '€',
  '🎉',
  'e\u0301',
  '\u202e',
  '\u200f',
  '.',
  ' ',
  '-',
  '+',
  '%',
  'ー',
  '\u00c3\u00bc',
];
const EXTENSIONS = [
  '',
  '.jpg',
  '.JPEG',
  '.jfif',
  '.svgz',
  '.tar.gz',
  '.',
  '..',
  '. ',
  '.1',
  '.j pg',
  '.很',
  `.${'x'.repeat(300)}`,
];
const RESERVED = [
  'CON',
  'con.txt',
  'NUL.jpg',
  'LPT1',
  '.htaccess',
  '-rf',
  '~',
  '...',
  'x.jpg.',
  'x.jpg ',
  'a+b.jpg',
  'x_o.jpg',
];

/** Generates names in any script and of any length, none of which may be refused. Ghost removes an `_o` at the end. */
export function oddName(): fc.Arbitrary<string> {
  const stem = fc
    .tuple(fc.array(fc.constantFrom(...LETTERS), { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 1000 }))
    .map(([letters, times]) => letters.join('').repeat(times));
  return fc
    .oneof(
      fc.tuple(stem, fc.constantFrom(...EXTENSIONS)).map((parts) => parts.join('')),
      fc.constantFrom(...RESERVED),
      fc.string({ unit: 'binary', maxLength: 300 }),
    )
    .filter((name) => /[\p{L}\p{N}]/u.test(name.replaceAll('/', '')) && !name.trim().endsWith('/'));
}

/** Generates values other than text, some of which can't be converted to text. */
export function noText(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom<unknown>(
      undefined,
      null,
      Object.create(null),
      Symbol('path'),
      {
        toString() {
          throw new Error('no text');
        },
      },
      { toString: '..' },
      () => '../x.jpg',
      new URL('file:///etc/passwd'),
      /x/,
    ),
    fc.boolean(),
    fc.double(),
    fc.bigInt(),
    fc.date(),
    fc.array(fc.string(), { maxLength: 3 }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.object({ maxDepth: 2, maxKeys: 3 }),
  );
}

/** Generates mostly texts, and sometimes other values. */
export function hostileInput(surroundings: Surroundings): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: hostileText(surroundings), weight: 9 }, { arbitrary: noText(), weight: 1 });
}

/** An adapter under attack: methods that accept anything. */
export type Attacked = Record<string, ((...given: unknown[]) => unknown) | undefined>;

/**
 * Returns calls of every method of a storage adapter, with hostile input in each parameter for a path, a file name or a
 * URL. The order is: calls that reveal something, calls that write, calls that delete.
 *
 * @param upload path of a temporary file
 * @param prefix of every directory that the adapter gets; empty if the adapter adds it
 * @returns the calls with their names, except for methods that the adapter does not have
 */
export function attacks(
  adapter: Attacked,
  input: unknown,
  upload: string,
  prefix = '',
): [name: string, call: () => unknown][] {
  const file = (name: unknown) => ({ name, path: upload, type: 'image/jpeg' });
  const bytes = Buffer.from('written by the intruder');
  const directory = `${prefix}2026/11`;
  const inputDirectory = typeof input === 'string' ? `${prefix}${input}` : input;
  const calls: [string, ...unknown[]][] = [
    ['urlToPath', input],
    ['getSanitizedFileName', input],
    ['getTargetDir', input],
    ['exists', input],
    ['exists', 'x.jpg', inputDirectory],
    ['exists', input, directory],
    ['read', { path: input }],
    ['getUniqueFileName', file(input), directory],
    ['getUniqueFileName', file('x.jpg'), inputDirectory],
    ['save', file(input), directory],
    ['save', file('x.jpg'), inputDirectory],
    ['saveRaw', bytes, inputDirectory],
    ['delete', input],
    ['delete', 'x.jpg', inputDirectory],
    ['delete', input, directory],
  ];
  const wholes: [string, ...unknown[]][] = [
    ['read', input],
    ['save', input],
    ['getUniqueFileName', input, directory],
  ];
  return [...calls, ...(typeof input === 'string' ? [] : wholes)]
    .filter(([name]) => typeof adapter[name] === 'function')
    .map(([name, ...given]) => [
      `${name}(${given.map((one) => (one === input ? 'input' : typeof one === 'string' ? one : '…')).join(', ')})`,
      () => adapter[name]?.(...given),
    ]);
}

/** Returns the number of inputs and the seed: from the environment, or by default few enough inputs for CI. */
export function runsWanted(inCi: number): fc.Parameters<unknown> {
  const { HOSTILE_INPUTS, HOSTILE_SEED } = process.env;
  return {
    numRuns: HOSTILE_INPUTS ? Number(HOSTILE_INPUTS) : inCi,
    ...(HOSTILE_SEED && { seed: Number(HOSTILE_SEED) }),
  };
}
