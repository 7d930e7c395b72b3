import { type CheckReport, runChecks } from '../../src/commands/doctor/check';
import { CHECKS } from '../../src/commands/doctor/checks';
import { DoctorContext } from '../../src/commands/doctor/context';
import { useBucket } from '../support/use-bucket';

const bucket = useBucket({ per: 'file' });

/** Looks at a bucket alone: there is neither CDN nor Ghost. */
async function examine(changes: Record<string, string> = {}): Promise<CheckReport[]> {
  const environment = Object.fromEntries(
    Object.entries(bucket.options(changes)).map(([name, value]) => [
      `storage__S3CloudFrontStorage__${name}`,
      String(value),
    ]),
  );
  const network = {
    lookup: () => Promise.reject(Object.assign(new Error('No such name'), { code: 'ENOTFOUND' })),
    canonicalNameOf: () => Promise.resolve(undefined),
    connect: () => {
      throw new Error('There is no network.');
    },
  };
  const { signal } = new AbortController();
  const context = new DoctorContext({ content: __dirname }, { network, signal, environment });
  try {
    return await runChecks(CHECKS, context, { started: () => undefined, finished: () => undefined });
  } finally {
    expect(await context.cleanUp()).toEqual([]);
  }
}

const troubles = (results: CheckReport[]) =>
  results
    .filter(({ group, result }) => ['Credentials', 'Bucket', 'Permissions'].includes(group) && result === 'failed')
    .map(({ name, found }) => `${name}: ${found}`);

test('the bucket of a real server is as it should be, and empty afterwards', async () => {
  const results = await examine();
  expect(troubles(results)).toEqual([]);
  const resultOf = (name: string) => results.find((candidate) => candidate.name === name)?.result;
  expect(['private', 'conditional writes', 'delete', 'write', 'read', 'list', 'abort'].map(resultOf)).toEqual(
    Array.from({ length: 7 }, () => 'passed'),
  );
  // Ceph's gateway ignores the condition on a completion.
  expect(resultOf('conditional large uploads')).toBe(bucket.server.isCephRgw ? 'warned' : 'passed');
  expect(await bucket.objects()).toEqual([]);
  expect(await bucket.multipartUploads()).toEqual([]);
});

test('a wrong secret key is named, and nothing else', async () => {
  expect(troubles(await examine({ secretAccessKey: 'another' }))).toEqual([
    expect.stringMatching(/^accepted: The secret access key does not belong/),
  ]);
});

test('an unknown access key is named, and nothing else', async () => {
  expect(troubles(await examine({ accessKeyId: 'AKIANOBODY0000000000' }))).toEqual([
    expect.stringMatching(/^accepted: S3 does not recognize the access key ID/),
  ]);
});

test('a bucket that does not exist is named, and nothing else', async () => {
  expect(troubles(await examine({ bucket: `${bucket.name}-not` }))).toEqual([
    expect.stringMatching(/^bucket: The bucket \S+ does not exist/),
  ]);
});
