import { parseConfig } from '../../../../src/core/config';
import type { Bucket, WriteOptions } from '../../../../src/core/s3/bucket';
import { type Content, replaceIfSame, storeIfFree, type StoreOptions } from '../../../../src/core/s3/store';

// What no server can be made to do on its own: in which order a service is asked and written to, whatever the caller.

const KEY = 'content/images/2026/11/photo.jpg';
const MIB = 1024 * 1024;

const failure = (httpStatusCode: number) =>
  Object.assign(new Error('S3'), { $metadata: { httpStatusCode, attempts: 1 } });
const taken = failure(412);
const notImplemented = failure(501);
const throttled = failure(503);

let steps: string[];
let count = 0;

/** A bucket of its own, in which the keys are taken or not, by these uploads or others. */
function bucketWith({ endpoint = undefined as string | undefined, isTaken = false, isOurs = false } = {}): Bucket {
  const { config } = parseConfig({
    bucket: `b-${(count += 1)}`,
    region: 'eu-central-1',
    cdnUrl: 'cdn.example.com',
    endpoint,
  });
  const answer = (step: string, value: boolean) => () => Promise.resolve(steps.push(step)).then(() => value);
  const identity = config.bucket;
  const service = () => Promise.resolve({ endpoint, isAws: endpoint === undefined });
  const answers = { exists: answer('exists', isTaken), isOfUpload: answer('isOfUpload', isOurs) };
  return { config, identity, service, ...answers } as never;
}

/** Content whose writes end one after the other as listed; all others succeed. */
function contentOf(endings: Error[] = [], size = 1): Content {
  const write = (_: string, { onlyIfFree }: WriteOptions) => {
    steps.push(onlyIfFree ? 'write if free' : 'write');
    const error = endings.shift();
    return error ? Promise.reject(error) : Promise.resolve();
  };
  return { size, headers: { Metadata: { 'upload-id': 'id' } }, write };
}

const store = (bucket: Bucket, content: Content, options: StoreOptions = { known: 'unknown' }) =>
  storeIfFree(bucket, KEY, content, options);

const twice = { pausesMs: [0, 0] };
const elsewhere = 'https://s3.example.com';

beforeEach(() => {
  steps = [];
});

test.each<[string, StoreOptions['known'], string | undefined, number, string[]]>([
  ['AWS, a small upload', 'unknown', undefined, 1, ['write if free']],
  ['AWS, a large upload', 'unknown', undefined, MIB, ['exists', 'write if free']],
  ['another service', 'unknown', elsewhere, 1, ['exists', 'write if free']],
  ['another service, a key that was free in a listing', 'listed', elsewhere, MIB, ['write if free']],
  ['another service, a key that was just found free', 'new', elsewhere, MIB, ['write if free']],
])('%s (%s): the requests are as few as is safe', async (_, known, endpoint, size, expected) => {
  expect(await store(bucketWith({ endpoint }), contentOf([], size), { known })).toBe('stored');
  expect(steps).toEqual(expected);
});

test.each<[StoreOptions['known'], string]>([
  ['unknown', 'taken'],
  ['listed', 'taken'],
  ['new', 'contested'],
])('a refused write of a key that is %s is %s, and nothing is written over it', async (known, outcome) => {
  expect(await store(bucketWith({ isTaken: true }), contentOf([taken]), { known })).toBe(outcome);
  expect(steps).toEqual(['write if free']);
});

test('a service without conditional writes is found out once, for all who store in it', async () => {
  const bucket = bucketWith();
  expect(await store(bucket, contentOf([notImplemented]), { known: 'listed' })).toBe('stored');
  expect(steps).toEqual(['write if free', 'exists', 'write']);
  steps = [];
  // Another object of the same bucket, as the three instances of Ghost and a migration have.
  const same = { ...bucket } as Bucket;
  await store(same, contentOf(), { known: 'unknown' });
  await store(same, contentOf(), { known: 'listed' });
  await store(same, contentOf(), { known: 'new' });
  expect(steps).toEqual(['exists', 'write', 'exists', 'write', 'write']);
});

test('what is taken there stays', async () => {
  expect(await store(bucketWith({ isTaken: true }), contentOf([notImplemented]))).toBe('taken');
  expect(steps).toEqual(['write if free', 'exists']);
});

test('a service that answers 501 to every write is not taken for one without conditional writes', async () => {
  const bucket = bucketWith();
  await expect(store(bucket, contentOf([notImplemented, notImplemented]))).rejects.toBe(notImplemented);
  steps = [];
  await store(bucket, contentOf());
  expect(steps).toEqual(['write if free']);
});

describe('a write that is repeated and then refused', () => {
  const options = { known: 'listed', retries: twice } as const;

  test('is stored when the key belongs to it: only the first response was lost', async () => {
    expect(await store(bucketWith({ isOurs: true }), contentOf([throttled, taken]), options)).toBe('stored');
    expect(steps).toEqual(['write if free', 'write if free', 'isOfUpload']);
  });

  test('is taken when the key belongs to another', async () => {
    expect(await store(bucketWith(), contentOf([throttled, taken]), options)).toBe('taken');
  });
});

test('an object that another program replaced between two attempts of a service without conditions stays', async () => {
  const bucket = bucketWith({ endpoint: elsewhere });
  const etags = ['old', 'new', 'new'];
  const etagOf = () => Promise.resolve(steps.push('etag')).then(() => etags.shift());
  const content = contentOf([throttled]);
  const checked: Content = {
    ...content,
    write: async (key, options) => {
      await options.lastCheck?.();
      return content.write(key, options);
    },
  };
  const isReplaced = await replaceIfSame(Object.assign(bucket, { etagOf }), KEY, 'old', checked, twice);
  expect([isReplaced, steps]).toEqual([false, ['etag', 'write', 'etag', 'isOfUpload', 'etag']]);
});

test('two uploads of one key at the same moment never both write', async () => {
  const bucket = bucketWith();
  const outcomes = await Promise.all([store(bucket, contentOf()), store(bucket, contentOf())]);
  expect([outcomes.sort(), steps]).toEqual([['stored', 'taken'], ['write if free']]);
  // The key is not blocked any longer than that.
  expect(await store(bucket, contentOf())).toBe('stored');
});
