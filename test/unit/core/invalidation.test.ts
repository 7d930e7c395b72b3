import { CloudFrontClient, CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
import { mockClient } from 'aws-sdk-client-mock';
import { parseConfig } from '../../../src/core/config';
import { invalidationsFor, type Invalidations } from '../../../src/core/invalidation';

// No server here can do CloudFront: its client is a mock, and time is ours.
jest.mock('node:timers/promises', () => ({
  setTimeout: (pauseMs: number) => new Promise((resolve) => setTimeout(resolve, pauseMs)),
}));

const cloudfront = mockClient(CloudFrontClient);
let count = 0;
let distributionId: string;
let invalidations: Invalidations;

beforeEach(() => {
  jest.useFakeTimers();
  cloudfront.reset();
  cloudfront.on(CreateInvalidationCommand).resolves({});
  distributionId = `E${(count += 1)}`;
  invalidations = of(distributionId);
});

afterEach(() => {
  jest.useRealTimers();
});

function of(id: string, overrides: object = {}): Invalidations {
  const { config } = parseConfig({ bucket: 'b', cdnUrl: 'images.example.com', distributionId: id, ...overrides });
  const gathered = invalidationsFor(config);
  if (!gathered) {
    throw new Error('no distribution');
  }
  return gathered;
}

/** The calls so far, as lists of paths. */
const calls = () =>
  cloudfront
    .commandCalls(CreateInvalidationCommand)
    .map(({ args: [{ input }] }) => input.InvalidationBatch?.Paths?.Items);
const url = (path: string) => `https://images.example.com/content/media/2026/11/${path}`;
const path = (name: string) => `/content/media/2026/11/${name}`;

describe('CloudFront is told to clear', () => {
  test('a deleted file, by its encoded path', async () => {
    invalidations.deleted('https://images.example.com/base/content/media/2026/11/%C3%BCber%20uns%2B1.jpg');
    await jest.advanceTimersByTimeAsync(600);
    expect(cloudfront.commandCalls(CreateInvalidationCommand)[0]?.args[0].input).toEqual({
      DistributionId: distributionId,
      InvalidationBatch: {
        CallerReference: expect.stringMatching(/^[0-9a-f-]{36}$/),
        Paths: { Quantity: 1, Items: ['/base/content/media/2026/11/%C3%BCber%20uns%2B1.jpg'] },
      },
    });
  });

  test('an overwritten file', async () => {
    invalidations.overwritten(url('x.jpg'));
    await jest.advanceTimersByTimeAsync(600);
    expect(calls()).toEqual([[path('x.jpg')]]);
  });

  test("a tenant's image size also by the path without the prefix, under which CloudFront has it", async () => {
    const ofTenant = of(`${distributionId}T`, { tenantPrefix: 'blog7' });
    ['size/w600/x.jpg', 'x.jpg'].forEach((name) =>
      ofTenant.overwritten(`https://images.example.com/blog7/content/images/${name}`),
    );
    ofTenant.overwrittenBelow('https://images.example.com/blog7/content/images');
    ofTenant.overwrittenBelow('https://images.example.com/blog7/content/media');
    await jest.advanceTimersByTimeAsync(600);
    expect(calls()).toEqual([
      [
        '/blog7/content/images/size/w600/x.jpg',
        '/content/images/size/w600/x.jpg',
        '/blog7/content/images/x.jpg',
        '/blog7/content/images/*',
        '/content/images/size/*',
        '/blog7/content/media/*',
      ],
    ]);
  });

  test('a replaced thumbnail once and at once: the delete and the save are one call', async () => {
    invalidations.deleted(url('clip_thumb.jpg'));
    await jest.advanceTimersByTimeAsync(100);
    invalidations.stored(url('clip_thumb.jpg'));
    await jest.advanceTimersByTimeAsync(0);
    expect(calls()).toEqual([[path('clip_thumb.jpg')]]);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(calls()).toHaveLength(1);
  });

  test('a name that was deleted a while ago and is stored again', async () => {
    invalidations.deleted(url('clip_thumb.jpg'));
    await jest.advanceTimersByTimeAsync(3_600_000);
    invalidations.stored(url('clip_thumb.jpg'));
    await jest.advanceTimersByTimeAsync(600);
    expect(calls()).toEqual([[path('clip_thumb.jpg')], [path('clip_thumb.jpg')]]);
  });

  test('nothing when a new file is stored', async () => {
    invalidations.stored(url('new.jpg'));
    await jest.advanceTimersByTimeAsync(10_000);
    expect(calls()).toEqual([]);
  });

  test('what three instances of Ghost have changed in one call', async () => {
    of(distributionId).deleted(url('a.jpg'));
    of(distributionId, { staticFileURLPrefix: 'content/media' }).deleted(url('b.jpg'));
    invalidations.overwritten(url('a.jpg'));
    await jest.advanceTimersByTimeAsync(600);
    expect(calls()).toEqual([[path('a.jpg'), path('b.jpg')]]);
  });

  test('at most 3,000 paths a call', async () => {
    for (let number = 0; number < 7000; number += 1) {
      invalidations.deleted(url(`${number}.jpg`));
    }
    await jest.advanceTimersByTimeAsync(600);
    expect(calls().map((paths) => paths?.length)).toEqual([3000, 3000, 1000]);
    expect(new Set(calls().flat()).size).toBe(7000);
  });

  test('at once when the process is told to end, where somebody else ends it', async () => {
    const ending = jest.fn();
    process.once('SIGTERM', ending);
    invalidations.deleted(url('x.jpg'));
    process.emit('SIGTERM', 'SIGTERM');
    await jest.advanceTimersByTimeAsync(0);
    expect(calls()).toEqual([[path('x.jpg')]]);
    expect(ending).toHaveBeenCalled();
    expect(process.listenerCount('SIGTERM')).toBe(0);
  });

  test('nothing where no distribution is configured', () => {
    expect(invalidationsFor(parseConfig({ bucket: 'b', cdnUrl: 'c.example.com' }).config)).toBeUndefined();
  });
});

describe('an invalidation that fails', () => {
  const throttled = Object.assign(new Error('slow'), {
    name: 'TooManyInvalidationsInProgress',
    $metadata: { httpStatusCode: 400 },
  });
  const denied = Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
  let logged: jest.SpyInstance;

  beforeEach(() => {
    logged = jest.spyOn(console, 'error').mockImplementation();
  });

  afterEach(() => {
    logged.mockRestore();
  });

  test('for the moment is tried again, as the same invalidation', async () => {
    cloudfront.on(CreateInvalidationCommand).rejectsOnce(throttled).rejectsOnce(throttled).resolves({});
    invalidations.deleted(url('x.jpg'));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(calls()).toHaveLength(3);
    const references = cloudfront
      .commandCalls(CreateInvalidationCommand)
      .map(({ args: [{ input }] }) => input.InvalidationBatch?.CallerReference);
    expect(new Set(references).size).toBe(1);
    expect(logged).not.toHaveBeenCalled();
  });

  test('because too many are in progress is tried once more after the minute that they take', async () => {
    // The shortest pauses there are.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0);
    cloudfront.on(CreateInvalidationCommand).rejects(throttled);
    invalidations.deleted(url('x.jpg'));
    await jest.advanceTimersByTimeAsync(60_000);
    cloudfront.on(CreateInvalidationCommand).resolves({});
    await jest.advanceTimersByTimeAsync(60_000);
    expect(calls()).toHaveLength(4);
    expect(logged).not.toHaveBeenCalled();
    random.mockRestore();
  });

  test('for good is logged with the path and the permission, and is not tried again', async () => {
    cloudfront.on(CreateInvalidationCommand).rejects(denied);
    invalidations.deleted(url('x.jpg'));
    await jest.advanceTimersByTimeAsync(200_000);
    expect(calls()).toHaveLength(1);
    expect(logged).toHaveBeenCalledWith(expect.stringContaining(path('x.jpg')));
    expect(logged).toHaveBeenCalledWith(expect.stringContaining('cloudfront:CreateInvalidation'));
  });

  test('again and again is given up, with a word in the log that does not list thousands', async () => {
    cloudfront.on(CreateInvalidationCommand).rejects(throttled);
    for (let number = 0; number < 100; number += 1) {
      invalidations.deleted(url(`${number}.jpg`));
    }
    await jest.advanceTimersByTimeAsync(300_000);
    expect(calls()).toHaveLength(4);
    expect(logged).toHaveBeenCalledTimes(1);
    expect(logged).toHaveBeenCalledWith(expect.stringContaining('and 95 more'));
  });
});
