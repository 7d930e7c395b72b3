import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { S3CloudFrontStorage } from '../../../src/adapter/adapter';
import { ADDRESS_OPTIONS, OPTION_NAMES, SECRET_OPTIONS } from '../../../src/core/config';
import { logging } from '../../../src/core/ghost-host';
import { type Attacked, attacks, noText, runsWanted } from '../../support/hostile-input';

// A fault in a configuration is reported when Ghost starts, and never by an exception later.

const RUNS = runsWanted(60);

jest.setTimeout(600_000 + (RUNS.numRuns ?? 0) * 1_000);

const MARK = 'marked0123456789abcdef';
/** One that is right, and gives up at once on a network that is not there. */
const RIGHT = {
  bucket: 'blog-images',
  cdnUrl: 'https://images.example.com',
  region: 'eu-central-1',
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'secret',
};

let folder: string;
let upload: string;
let environment: NodeJS.ProcessEnv;
const rejections: unknown[] = [];
const noteRejection = (reason: unknown) => rejections.push(reason);

beforeAll(() => {
  process.on('unhandledRejection', noteRejection);
  environment = process.env;
  folder = mkdtempSync(path.join(tmpdir(), 'config-fuzz-'));
  upload = path.join(folder, 'upload');
  writeFileSync(upload, 'bytes');
});
beforeEach(() => {
  // No credentials but those of the configuration.
  const own = Object.entries(environment).filter(([name]) => !/^AWS_(?!SDK_)/.test(name));
  process.env = { ...Object.fromEntries(own), HOME: folder, AWS_EC2_METADATA_DISABLED: 'true' };
  jest.spyOn(logging, 'warn').mockImplementation();
  // Whatever address a configuration names: nothing gets there.
  jest.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket) {
    const refusal = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    process.nextTick(() => this.destroy(refusal));
    return this;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = environment;
});
afterAll(() => {
  process.off('unhandledRejection', noteRejection);
  rmSync(folder, { recursive: true });
});

/** Values of every type, and texts that are nearly right. */
const anyValue = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    maxDepth: 2,
  }),
  noText(),
  fc.constantFrom<unknown>(NaN, Infinity, -Infinity, -1, 0, -0, 0.5, 1e21, 2 ** 53, Number.MAX_VALUE, () => 1),
  fc.constantFrom<unknown>(JSON.parse('{"__proto__": 1}'), JSON.parse('{"toString": 1}')),
);
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'binary', minLength: 1000, maxLength: 3000 }),
  fc.constantFrom('true', 'false', 'null', '0', '1', '007', '1e3', '-1', '0x10', '٣', ' 5 ', '{}', '[]', '{"a":1}'),
  fc.constantFrom('auto', 'stream', 'redirect', 'AES256', 'aws:kms', 'content/media', '.', '..', 'a/../b', '\0', '%'),
  fc.constantFrom(
    'https://[::1]',
    'https://[',
    'http://localhost',
    'https://a:b@c',
    'https://:0',
    '//a',
    'https://a?b',
  ),
  fc.stringMatching(/^[\w.-]{1,80}$/),
  fc.stringMatching(/^[A-Z0-9]{1,20}$/),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.webAuthority({ withIPv4: true, withIPv4Extended: true, withIPv6: true, withPort: true, withUserInfo: true }),
  fc
    .webAuthority({ withIPv4: true, withIPv4Extended: true, withIPv6: true, withPort: true })
    .map((authority) => `http://${authority}`),
  fc.domain(),
  fc.integer().map(String),
);
const anyOption = fc.oneof(anyText, anyValue);

/** Something that only its owner may know, alone or within something else. */
const markedValue = fc.oneof(
  fc.constantFrom<unknown>(MARK, [MARK], { [MARK]: MARK }, Buffer.from(MARK), () => MARK),
  fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })).map((around) => around.join(MARK)),
);
const markedAddress = fc.constantFrom<unknown>(
  `https://user:${MARK}@images.example.com`,
  `https://${MARK}@images.example.com`,
  `user:${MARK}@images.example.com`,
  `ftp://user:${MARK}@images.example.com/`,
  `https://user:${MARK}@`,
  [`https://user:${MARK}@images.example.com`],
);

/** @returns the refusal, when it is one; undefined when the configuration is taken */
function refusalOf(options: unknown): Error | undefined {
  const refusals = [() => S3CloudFrontStorage.validate(options), () => new S3CloudFrontStorage(options)].map(
    (attempt) => {
      try {
        attempt();
        return undefined;
      } catch (error) {
        return error as Error;
      }
    },
  );
  const [first] = refusals;
  if (first || refusals[1]) {
    const shape = { errorType: 'IncorrectUsageError', code: 'STORAGE_CONFIG_INVALID', help: expect.any(String) };
    expect(refusals).toEqual([expect.objectContaining(shape), expect.objectContaining(shape)]);
    expect(refusals[1]?.message).toBe(first?.message);
  }
  return first;
}

/** Everything that Ghost does with an adapter: each thing works, or names the fault. */
async function useAll(options: Record<string, unknown>): Promise<void> {
  const adapter = new S3CloudFrontStorage({ ...options, maxAttempts: 1 });
  for (const [name, call] of attacks(adapter as unknown as Attacked, '2026/11/x.jpg', upload)) {
    try {
      await call();
    } catch (error) {
      expect({ name, error: clarityOf(error) }).toEqual({ name, error: 'clear' });
    }
  }
  const error = await visit(adapter);
  expect(error === undefined ? 'clear' : clarityOf(error)).toBe('clear');
  expect(rejections).toEqual([]);
}

/** @returns what the middleware passes on, if anything */
function visit(adapter: S3CloudFrontStorage): Promise<unknown> {
  return new Promise((resolve) => {
    const request = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/2026/11/x.jpg' });
    const response = new ServerResponse(request);
    response.end = () => {
      resolve(undefined);
      return response;
    };
    adapter.serve()(request, response, resolve);
  });
}

function clarityOf(error: unknown): string {
  const { errorType, message, help } = (error ?? {}) as Record<string, string | undefined>;
  return errorType && message && help && !/\bUnknown\b|undefined/.test(message) ? 'clear' : inspect(error);
}

function expectNoSecret(error: Error | undefined): void {
  expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(MARK);
}

describe.each(OPTION_NAMES)('the option %j', (option) => {
  const changed = (value: unknown) => ({ ...RIGHT, [option]: value });

  test('is taken, and everything works with it, or is refused by its name, whatever it is set to', async () => {
    await fc.assert(
      fc.asyncProperty(anyOption, async (value) => {
        const refusal = refusalOf(changed(value));
        if (refusal) {
          expect(refusal.message).toContain(`"${option}"`);
        } else {
          await useAll(changed(value));
        }
      }),
      RUNS as fc.Parameters<[unknown]>,
    );
  });
});

const SECRETS = [
  ...[...SECRET_OPTIONS].map((option) => [option, markedValue] as const),
  ...[...ADDRESS_OPTIONS, 'assetHost'].map((option) => [option, markedAddress] as const),
];
test.each(SECRETS)('what the option %j holds is not shown where it is refused', (option, marked) => {
  fc.assert(
    fc.property(marked, (value) => expectNoSecret(refusalOf({ ...RIGHT, [option]: value }))),
    RUNS as fc.Parameters<[unknown]>,
  );
});

describe('a whole configuration', () => {
  test('is taken or refused, of whatever type it is', () => {
    fc.assert(
      fc.property(anyOption, (options) => void refusalOf(options)),
      RUNS as fc.Parameters<[unknown]>,
    );
  });

  test('is taken or refused, whatever options it has', async () => {
    const names = fc.oneof(
      fc.constantFrom(...OPTION_NAMES),
      fc.constantFrom('assetHost', 'pathPrefix', 'signatureVersion', 'bukcet', '', '__proto__', 'constructor'),
      fc.string({ unit: 'binary', maxLength: 10 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, anyOption, { maxKeys: 6 }), fc.boolean(), async (given, isElseRight) => {
        const options = isElseRight ? { ...RIGHT, ...given } : given;
        if (!refusalOf(options)) {
          await useAll(options);
        }
      }),
      RUNS as fc.Parameters<[Record<string, unknown>, boolean]>,
    );
  });

  test('is refused by the names of unknown options', () => {
    const unknown = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((name) => ![...OPTION_NAMES, 'assetHost', 'pathPrefix', '__proto__'].includes(name));
    fc.assert(
      fc.property(unknown, (name) => {
        expect(refusalOf({ ...RIGHT, [name]: MARK })?.message).toContain(`"${name}" is not an option`);
        expectNoSecret(refusalOf({ ...RIGHT, [name]: MARK }));
      }),
      RUNS as fc.Parameters<[string]>,
    );
  });
});
