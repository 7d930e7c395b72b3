import { appendFileSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import { MIB } from '../support/bytes';
import { type HostileNetwork, startHostileNetwork } from '../support/hostile-network';
import type { InMemoryS3 } from '../support/in-memory-s3';
import type { StoredObject } from '../support/in-memory-s3/types';
import { runCommand, useContentFolder } from '../support/migrate/command';
import { useBucket } from '../support/use-bucket';

const FILE = 'media/film.mp4';
const KEY = `content/${FILE}`;
const THEIRS = 'theirs.txt';

const bucket = useBucket({ inMemory: true });
const folder = useContentFolder(bucket);
let network: HostileNetwork | undefined;
afterEach(async () => {
  await network?.close();
  network = undefined;
});

const objects = () => (bucket.server.memory as InMemoryS3).objects(bucket.name);

/** Somebody else stores another object under the key. */
const storeTheirs = () => objects().set(KEY, objects().get(THEIRS) as StoredObject);

const writeOn = () => appendFileSync(path.join(folder.content, FILE), 'more');

type Step = 'PUT' | 'complete' | 'look' | 'read';

function stepOf({ method, url = '' }: IncomingMessage): Step | undefined {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  if (!pathname.endsWith(`/${KEY}`)) {
    return undefined;
  }
  if (method === 'PUT') {
    return searchParams.has('partNumber') ? undefined : 'PUT';
  }
  if (method === 'POST') {
    return searchParams.has('uploadId') ? 'complete' : undefined;
  }
  return method === 'HEAD' ? 'look' : 'read';
}

/**
 * Migrates a file of which something happens on the way.
 *
 * @param happens is called before S3 gets a request for the file, with the steps before it
 */
async function migrate(bytes: number, happens: (step: Step, before: Step[]) => void, options = {}) {
  await bucket.put(THEIRS, 'theirs');
  await folder.write({ [FILE]: Buffer.alloc(bytes, 'x') });
  const steps: Step[] = [];
  network = await startHostileNetwork(bucket.server.endpoint, {
    mishaps: [],
    answerInstead: (request) => {
      const step = stepOf(request);
      if (step) {
        happens(step, steps);
        steps.push(step);
      }
      return undefined;
    },
  });
  const { exitCode, lines } = await runCommand(folder, { endpoint: network.endpoint, ...options });
  return { exitCode, line: lines.find((one) => one.path === FILE), steps };
}

const storedText = async () => (await bucket.read(KEY)).bytes.toString();

describe.each([
  ['in one request', 3 * MIB, 'PUT'],
  ['in parts', 20 * MIB, 'complete'],
] as const)('a file that changes while migrate uploads it %s', (_, bytes, stored) => {
  test('leaves nothing in the bucket, and is left for the next run', async () => {
    const { exitCode, line, steps } = await migrate(bytes, (step) => {
      if (step === stored) writeOn();
    });
    // It was in the bucket.
    expect(steps).toContain(stored);
    expect([exitCode, line?.result, line?.error]).toEqual([
      1,
      'changed',
      'it changed while it was read. The next run will copy it',
    ]);
    expect([await bucket.keys(), await bucket.multipartUploads()]).toEqual([[THEIRS], []]);
    expect((await runCommand(folder)).exitCode).toBe(0);
    expect((await bucket.read(KEY)).bytes).toHaveLength(statSync(path.join(folder.content, FILE)).size);
  });

  test('leaves nothing in the bucket either when it changes before --verify has read it back', async () => {
    const { exitCode, line } = await migrate(
      bytes,
      (step, before) => {
        if (step === 'read' && before.includes(stored)) writeOn();
      },
      { verify: true },
    );
    expect([exitCode, line?.result, await bucket.keys()]).toEqual([1, 'changed', [THEIRS]]);
  });

  test('deletes nothing that somebody else has stored in its place', async () => {
    const { exitCode, line } = await migrate(bytes, (step, before) => {
      if (step === stored) writeOn();
      if (step === 'look' && before.includes(stored)) storeTheirs();
    });
    expect([exitCode, line?.result, await storedText()]).toEqual([1, 'changed', 'theirs']);
    expect(line?.error).toContain(`The object ${KEY} is from another upload`);
    expect(line?.error).not.toMatch(/delete/i);
  });

  test('deletes nothing that had its key before', async () => {
    const { exitCode, line } = await migrate(bytes, (step) => {
      if (step === stored) {
        storeTheirs();
        writeOn();
      }
    });
    expect([exitCode, line?.result, await storedText()]).toEqual([1, expect.any(String), 'theirs']);
  });

  test('names the key where what was stored cannot be deleted', async () => {
    (bucket.server.memory as InMemoryS3).injectFault({
      operation: 'DeleteObject',
      times: Infinity,
      kind: { status: 403, code: 'AccessDenied', message: 'Not you' },
    });
    const { exitCode, line } = await migrate(bytes, (step) => {
      if (step === stored) writeOn();
    });
    expect([exitCode, line?.result]).toEqual([1, 'changed']);
    expect(line?.error).toMatch(
      new RegExp(`Delete ${KEY} yourself, since it has an older version of the file: .*s3:DeleteObject`),
    );
  });
});
