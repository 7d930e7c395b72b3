import { gzipSync } from 'node:zlib';
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { optionsFor } from '../support/adapter';
import {
  type BucketOptions,
  type Fault,
  type InMemoryS3,
  startInMemoryS3,
  type StoredObject,
} from '../support/in-memory-s3';
import { Content } from '../support/in-memory-s3/content';
import { S3Object } from '../support/in-memory-s3/store';
import { type ContentFolder, createContentFolder, runCommand } from '../support/migrate/command';
import type { MigrateOptions } from '../../src/commands/migrate/settings';
import { useBucket } from '../support/use-bucket';
import { waitUntil } from '../support/wait-until';

/** The old bucket. */
const old = useBucket({ inMemory: true });
let folder: ContentFolder;
let name: string;
let count = 0;

const memory = () => old.server.memory as InMemoryS3;
const objects = () => memory().objects(name);
const copies = () => memory().requests.filter(({ operation }) => operation === 'CopyObject');

beforeEach(() => useService({}));
afterEach(() => folder.remove());

/** Creates the new bucket, on a service with these differences. */
async function useService(options: BucketOptions): Promise<void> {
  await (folder as ContentFolder | undefined)?.remove();
  name = `new-${(count += 1)}`;
  memory().createBucket(name, options);
  folder = await createContentFolder(old.options({ bucket: name }));
}

const put = (key: string, body: string | Uint8Array, headers: Partial<PutObjectCommandInput> = {}) =>
  old.put(key, body, headers);

const copy = (options: Partial<MigrateOptions> = {}) => {
  memory().requests.length = 0;
  return runCommand(folder, { fromUrl: `https://${old.name}.example.com`, fromBucket: old.name, ...options });
};

/** `--json` prints what was copied as `objects`. */
const summaryOf = ({ result }: Awaited<ReturnType<typeof copy>>) =>
  (result as unknown as { objects: (typeof result)['results'] & { results: (typeof result)['results'] } }).objects;

describe('what a file is', () => {
  const headersOf = (key: string) => {
    const { contentType, contentEncoding, contentDisposition, contentLanguage } = objects().get(key) as StoredObject;
    return { contentType, contentEncoding, contentDisposition, contentLanguage };
  };

  test('its encoding, language, download name and type come along, and are verified', async () => {
    const svg = gzipSync('<svg/>');
    await put('2020/01/drawing.svg', svg, { ContentType: 'image/svg+xml', ContentEncoding: 'gzip' });
    await put('2020/01/report', 'report', {
      ContentType: 'application/pdf',
      ContentDisposition: `attachment; filename="Annual report.pdf"; filename*=UTF-8''J%C3%A4hresbericht.pdf`,
      ContentLanguage: 'de',
    });
    await put('2020/01/notes.txt', 'notes', {
      ContentType: 'text/plain; charset=iso-8859-1',
      ContentEncoding: 'aws-chunked',
    });
    await put('2020/01/photo', 'photo', { ContentType: 'image/png' });
    await put('2020/01/song', 'song', { ContentType: 'audio/mpeg' });
    const { exitCode, lines } = await copy({ verify: true });
    expect([exitCode, lines.map(({ result, verified }) => [result, verified])]).toEqual([
      0,
      Array(5).fill(['copied', true]),
    ]);
    expect([...objects().keys()].sort()).toEqual([
      'content/files/2020/01/notes.txt',
      'content/files/2020/01/report',
      'content/images/2020/01/drawing.svg',
      'content/images/2020/01/photo',
      'content/media/2020/01/song',
    ]);
    expect(headersOf('content/images/2020/01/drawing.svg')).toMatchObject({
      contentType: 'image/svg+xml',
      contentEncoding: 'gzip',
    });
    expect(headersOf('content/files/2020/01/report')).toEqual({
      contentType: 'application/pdf',
      contentEncoding: undefined,
      contentDisposition: expect.stringContaining("filename*=UTF-8''J%C3%A4hresbericht.pdf"),
      contentLanguage: 'de',
    });
    expect(headersOf('content/files/2020/01/notes.txt')).toMatchObject({
      contentType: 'text/plain; charset=iso-8859-1',
      contentEncoding: undefined,
    });
    expect(headersOf('content/images/2020/01/photo').contentType).toBe('image/png');
    expect(headersOf('content/media/2020/01/song').contentType).toBe('audio/mpeg');
  });

  test.each([
    ['2020/01/page', 'text/html', 'application/octet-stream'],
    ['2020/01/drawing', 'image/svg+xml', 'application/octet-stream'],
    ['2020/01/script', 'application/javascript', 'application/octet-stream'],
    ['content/images/2020/page', 'application/xhtml+xml; charset=utf-8', 'application/octet-stream'],
    ['2020/01/unknown', 'binary/octet-stream', 'application/octet-stream'],
    ['2020/01/list', 'image/png, text/html', 'application/octet-stream'],
    ['2020/01/photo.jpg', 'text/html', 'image/jpeg'],
    ['2020/01/photo.jpg', 'image/png', 'image/jpeg'],
  ])('%s of type %s is stored as %s', async (key, ContentType, stored) => {
    await put(key, '<p>', { ContentType });
    await copy();
    expect([...objects().values()].map(({ contentType }) => contentType)).toEqual([stored]);
  });

  test('an image keeps the name of its download, and nothing of it leads out of a folder', async () => {
    await put('2020/a.jpg', 'a', { ContentDisposition: 'attachment; filename="../../My photo.jpg"' });
    await put('2020/b.jpg', 'b', { ContentDisposition: 'attachment; filename=' });
    await copy();
    expect(headersOf('content/images/2020/a.jpg').contentDisposition).toBe('inline; filename="My photo.jpg"');
    expect(headersOf('content/images/2020/b.jpg').contentDisposition).toBeUndefined();
  });

  test('metadata of other programs stays behind', async () => {
    await put('2020/a.jpg', 'a', { Metadata: { 's3cmd-attrs': 'uname:root', 'upload-id': 'old' } });
    await copy();
    const { metadata } = objects().get('content/images/2020/a.jpg') as StoredObject;
    expect([Object.keys(metadata), metadata['upload-id'] === 'old']).toEqual([['upload-id'], false]);
  });

  test('a copy that lost its encoding before is named, and replaced with --overwrite', async () => {
    await put('2020/a.svg', gzipSync('<svg/>'), { ContentEncoding: 'gzip' });
    await copy();
    const stored = objects().get('content/images/2020/a.svg') as StoredObject;
    Object.assign(stored, { contentEncoding: undefined });
    const { exitCode, lines } = await copy();
    expect([exitCode, lines[0]]).toMatchObject([
      1,
      { result: 'conflict', error: expect.stringContaining('Content-Encoding: none instead of gzip') },
    ]);
    expect((await copy({ overwrite: true })).exitCode).toBe(0);
    expect(headersOf('content/images/2020/a.svg').contentEncoding).toBe('gzip');
  });

  test.each([
    ['contentType', 'text/plain'],
    ['contentEncoding', undefined],
    ['contentDisposition', undefined],
  ])('"verified" is not said of a copy that a service stored without its %s', async (field, value) => {
    await put('content/files/a.svgz', 'a', { ContentEncoding: 'gzip' });
    const stored = objects();
    stored.set = (key, object) =>
      Map.prototype.set.call(stored, key, Object.assign(object, { [field]: value })) as never;
    const { exitCode, lines } = await copy({ verify: true });
    expect([exitCode, lines[0]?.result, lines[0]?.verified]).toEqual([1, 'failed', undefined]);
  });

  test('tags need no permission to be read', async () => {
    await put('2020/a.jpg', 'a', { Tagging: 'project=blog' });
    const keys = { accessKeyId: 'AKIACOPIER0000000000', secretAccessKey: 'copier' };
    const Action = ['s3:ListBucket', 's3:GetObject', 's3:PutObject'];
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] };
    memory().addUser({ ...keys, policy });
    const copier = await createContentFolder(old.options({ bucket: name, ...keys }));
    const { exitCode } = await runCommand(copier, { fromUrl: 'https://old.example.com', fromBucket: old.name });
    expect([exitCode, [...objects().keys()]]).toEqual([0, ['content/images/2020/a.jpg']]);
    await copier.remove();
  });

  test('empty objects that represent folders are passed over and counted', async () => {
    for (const marker of ['2020', '2020/', '2020/01', 'content/images/2021', 'old_$folder$', 'my/'])
      await put(marker, '');
    await put('2020/01/a.jpg', 'a');
    await put('2020/01/empty.png', '');
    const ran = await copy();
    expect([ran.exitCode, summaryOf(ran).results]).toEqual([
      0,
      { copied: { files: 2, bytes: 1 }, 'folder-marker': { files: 6, bytes: 0 } },
    ]);
    expect([...objects().keys()]).toHaveLength(2);
  });
});

describe('two old objects with one key', () => {
  const PAIRS = [
    ['2020/a.jpg', 'content/images/2020/a.jpg'],
    ['2020/a.jpg', '2020//a.jpg'],
    ['2020//a.jpg', '/2020/a.jpg'],
    ['2020/./a.jpg', '2020/a.jpg'],
  ] as const;
  /** The SDK would send some keys in another spelling. */
  const place = async (key: string, body: string) => {
    await put('x', body);
    const stored = memory().objects(old.name).get('x') as never;
    memory().objects(old.name).delete('x');
    memory().objects(old.name).set(key, stored);
  };

  test.each(PAIRS)('"%s" and "%s" are named, and neither is lost', async (one, other) => {
    for (const further of [{ dryRun: true }, {}, { overwrite: true }, { overwrite: true, concurrency: '1' }]) {
      memory().objects(old.name).clear();
      await place(one, 'one');
      await place(other, 'two');
      const { exitCode, lines } = await copy(further);
      const problems = lines.filter(
        ({ result }) => result !== 'copied' && result !== 'present' && result !== 'to-copy',
      );
      expect([further, exitCode, problems.map(({ result }) => result)]).toEqual([further, 1, ['conflict']]);
      expect(problems[0]?.error).toContain(`"${one}"`);
      expect(problems[0]?.error).toContain(`"${other}"`);
    }
    expect(copies().filter(({ key }) => key === 'content/images/2020/a.jpg').length).toBeLessThan(2);
  });

  test.each(PAIRS)('"%s" and "%s" with the same bytes are one file', async (one, other) => {
    await place(one, 'same');
    await place(other, 'same');
    const ran = await copy({ verify: true });
    expect([ran.exitCode, summaryOf(ran).results]).toMatchObject([0, { copied: { files: 1 }, present: { files: 1 } }]);
  });
});

describe('on another service than AWS', () => {
  test.each<[string, BucketOptions]>([
    ['answers 501 to conditions', { conditionalWrites: 'not-implemented' }],
    ['ignores conditions', { conditionalWrites: 'ignored' }],
    ['answers 501 to the tagging directive', { unknownCopyHeaders: ['x-amz-tagging-directive'] }],
    ['answers 501 to a condition on the source', { unknownCopyHeaders: ['x-amz-copy-source-if-match'] }],
    [
      'answers 501 to all of them',
      {
        conditionalWrites: 'not-implemented',
        unknownCopyHeaders: ['x-amz-tagging-directive', 'x-amz-copy-source-if-match', 'if-none-match'],
      },
    ],
  ])('that %s, everything is copied, and nothing overwritten', async (_what, options) => {
    await useService(options);
    for (const file of ['a', 'b', 'c']) await put(`2020/${file}.jpg`, file);
    await put('theirs', 'theirs');
    objects().set('content/images/2020/b.jpg', memory().objects(old.name).get('theirs') as never);
    const { exitCode, lines } = await copy({ verify: true });
    expect(Object.fromEntries(lines.map(({ path, result, verified }) => [path, [result, verified]]))).toEqual({
      'images/2020/a.jpg': ['copied', true],
      'images/2020/b.jpg': ['conflict', undefined],
      'images/2020/c.jpg': ['copied', true],
      'files/theirs': ['copied', true],
    });
    expect([exitCode, objects().get('content/images/2020/b.jpg')?.bytes.toString()]).toEqual([1, 'theirs']);
  });

  test('whose condition on the source never holds, an unchanged object is copied all the same', async () => {
    await put('2020/a.jpg', 'a');
    memory().injectFault({ operation: 'CopyObject', kind: { status: 412, code: 'PreconditionFailed' } });
    expect((await copy()).exitCode).toBe(0);
  });

  test('an object that changes while it is copied is named', async () => {
    await put('2020/a.jpg', 'a');
    const before = memory().objects(old.name);
    const changed = before.get('2020/a.jpg') as StoredObject;
    let hasChanged = false;
    memory().injectFault({ operation: 'CopyObject', kind: { until: () => hasChanged } });
    const running = copy();
    await waitUntil(() => copies().length > 0);
    before.set('2020/a.jpg', Object.assign(Object.create(changed) as StoredObject, { etag: '"changed"' }));
    hasChanged = true;
    const { exitCode, lines } = await running;
    expect([exitCode, lines[0]?.error]).toEqual([1, expect.stringContaining('changed while it was copied')]);
    expect(objects().size).toBe(0);
  });

  test('a lost answer is recognized: what was copied is not a conflict', async () => {
    for (const file of ['a', 'b', 'c', 'd']) await put(`2020/${file}.jpg`, file);
    memory().injectFault({ operation: 'CopyObject', times: 4, kind: 'reset-after-store' });
    const ran = await copy();
    expect([ran.exitCode, summaryOf(ran).results]).toEqual([0, { copied: { files: 4, bytes: 4 } }]);
  });

  test.each([
    ['an error', '<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>No.</Message></Error>\n'],
    ['an error in a result', '<CopyObjectResult><Error><Code>InternalError</Code></Error></CopyObjectResult>'],
    ['a web page', '<!DOCTYPE html><html><body>Hello<br></body></html>'],
    ['a well-formed web page', '<html><body>Hello</body></html>'],
    ['another language', '{"ok":true}'],
  ])('%s with status 200 is not believed: it is tried once more, and named', async (_what, answer) => {
    await put('2020/a.jpg', 'a');
    const fault = { operation: 'CopyObject', kind: { answer } };
    memory().injectFault(fault);
    expect((await copy()).exitCode).toBe(0);
    objects().clear();
    memory().injectFault({ ...fault, times: Infinity });
    const { exitCode, lines } = await copy();
    expect([exitCode, lines[0]]).toMatchObject([
      1,
      { result: 'failed', error: expect.stringContaining('responded with 200') },
    ]);
  });

  test('an error with status 200 that the SDK notices is waited out', async () => {
    await put('2020/a.jpg', 'a');
    memory().injectFault({ operation: 'CopyObject', times: 3, kind: { status: 200, code: 'SlowDown' } });
    expect((await copy()).exitCode).toBe(0);
  });

  test('an archived object is named, and the others are copied', async () => {
    await put('2020/a.jpg', 'a');
    await put('2020/b.jpg', 'b');
    memory().injectFault({
      operation: 'CopyObject',
      key: /a\.jpg$/,
      times: Infinity,
      kind: { status: 403, code: 'InvalidObjectState' },
    });
    const { exitCode, lines } = await copy();
    expect(exitCode).toBe(1);
    expect(Object.fromEntries(lines.map(({ path, result, error }) => [path, error ?? result]))).toEqual({
      'images/2020/a.jpg': expect.stringContaining('archive'),
      'images/2020/b.jpg': 'copied',
    });
  });
});

describe('an object that is too large for one copy', () => {
  const MIB = Buffer.alloc(1024 ** 2, 'x');
  const BYTES = 5_300 * MIB.length + 7;
  const KEY = 'content/media/2020/film.mp4';
  const objectOf = (pieces: Buffer[]) =>
    new S3Object(
      new Content(pieces),
      {
        contentType: 'video/mp4',
        contentLanguage: 'de',
        storageClass: 'STANDARD',
        serverSideEncryption: 'AES256',
        metadata: {},
      },
      'a'.repeat(32),
    );
  let large: InMemoryS3;
  let its: ContentFolder;

  beforeAll(async () => {
    large = await startInMemoryS3({ trustsBodies: true });
    large.createBucket('old-films');
    const object = objectOf([...Array<Buffer>(5_300).fill(MIB), Buffer.from('the end')]);
    large.objects('old-films').set('2020/film.mp4', object);
  });
  beforeEach(async () => {
    large.createBucket('films', { conditionalWrites: 'ignored' });
    large.requests.length = 0;
    its = await createContentFolder(optionsFor(large, 'films'));
  });
  afterEach(async () => {
    large.clearFaults();
    await its.remove();
  });
  afterAll(() => large.close());

  const run = () => runCommand(its, { fromUrl: 'https://old.example.com', fromBucket: 'old-films' });

  test.each([[[]], [['x-amz-copy-source-if-match']]])(
    'is copied in parts, all of it, with its headers, by a service that lacks %j',
    async (unknownCopyHeaders: string[]) => {
      large.createBucket('films', { conditionalWrites: 'ignored', unknownCopyHeaders });
      const { exitCode, lines } = await run();
      expect([exitCode, lines[0]?.result]).toEqual([0, 'copied']);
      const ranges = large.requests
        .filter(({ operation, status }) => operation === 'UploadPartCopy' && status === 200)
        .map(({ headers }) =>
          (/^bytes=(\d+)-(\d+)$/.exec(headers['x-amz-copy-source-range'] ?? '') ?? []).slice(1).map(Number),
        )
        .sort(([one = 0], [other = 0]) => one - other);
      expect(ranges.map(([first]) => first)).toEqual([0, ...ranges.slice(0, -1).map(([, last = 0]) => last + 1)]);
      expect(ranges.at(-1)?.[1]).toBe(BYTES - 1);
      const { size, contentType, contentLanguage } = large.objects('films').get(KEY) as StoredObject;
      expect([size, contentType, contentLanguage]).toEqual([BYTES, 'video/mp4', 'de']);
      expect(large.multipartUploads('films')).toEqual([]);
    },
  );

  test.each<[string, Fault]>([
    ['a part is refused', { operation: 'UploadPartCopy', kind: { status: 400, code: 'InvalidRequest' } }],
    [
      'a part is answered with a page',
      { operation: 'UploadPartCopy', kind: { answer: '<html><body>Hi</body></html>' } },
    ],
    [
      'a part fails behind its 200',
      { operation: 'UploadPartCopy', kind: { answer: '<Error><Code>X</Code></Error>\n' } },
    ],
    [
      'the completion is answered with a page',
      { operation: 'CompleteMultipartUpload', kind: { answer: '<html></html>' } },
    ],
    [
      'the completion fails behind its 200',
      { operation: 'CompleteMultipartUpload', kind: { answer: '<Error><Code>X</Code></Error>\n' } },
    ],
  ])('leaves no parts, and no word of a copy, when %s', async (_what, fault) => {
    large.injectFault({ ...fault, times: Infinity });
    const { exitCode, lines } = await run();
    expect([exitCode, lines[0]?.result]).toEqual([1, 'failed']);
    expect([large.objects('films').size, large.multipartUploads('films')]).toEqual([0, []]);
  });

  test('is not put in the place of what has come in the meantime', async () => {
    let hasCome = false;
    large.injectFault({ operation: 'UploadPartCopy', kind: { until: () => hasCome } });
    const running = run();
    await waitUntil(() => large.requests.some(({ operation }) => operation === 'UploadPartCopy'));
    large.objects('films').set(KEY, objectOf([Buffer.from('theirs')]));
    hasCome = true;
    const { exitCode, lines } = await running;
    expect([exitCode, lines[0]?.result]).toEqual([1, 'conflict']);
    expect(large.objects('films').get(KEY)?.bytes.toString()).toBe('theirs');
    expect(large.multipartUploads('films')).toEqual([]);
  });
});
