import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createProgram } from '../../src/commands/program';
import { openUploads } from '../support/command-line';
import { useBucket } from '../support/use-bucket';
import type { WrittenOutput } from '../support/written-output';

const bucket = useBucket({ inMemory: true });
let line: Awaited<ReturnType<typeof openUploads>>;
let folder: string;
let written: WrittenOutput;

beforeEach(async () => {
  line = await openUploads(bucket);
  ({ folder, written } = line);
});
afterEach(() => line.close());

function file(name: string): string {
  const place = path.join(folder, name);
  writeFileSync(place, name);
  return place;
}

const upload = (...files: string[]) =>
  createProgram().parseAsync(['upload', ...files, '--to', 'downloads'], { from: 'user' });

test('an upload that is not allowed names the caller and the permissions, and no further file is sent', async () => {
  const kind = { status: 403, code: 'AccessDenied', message: 'Access Denied' };
  bucket.server.memory?.injectFault({ operation: 'PutObject', times: Infinity, kind });
  const files = Array.from({ length: 20 }, (_, index) => file(`${index}.txt`));
  await expect(upload(...files)).rejects.toMatchObject({
    name: 'Failure',
    message: expect.stringContaining('s3:PutObject is not allowed'),
    cure: expect.stringContaining(
      'Allow arn:aws:iam::123456789012:user/ada s3:PutObject, s3:GetObject and s3:AbortMultipartUpload on ' +
        `arn:aws:s3:::${bucket.name}/downloads/*, and s3:ListBucket on arn:aws:s3:::${bucket.name}.`,
    ),
  });
  expect(written.stderr.match(/: not uploaded/g)).toHaveLength(20);
  expect(written.stdout).toBe('');
  const sent = bucket.server.memory?.requests.filter(({ operation }) => operation === 'PutObject') ?? [];
  expect(sent.length).toBeLessThanOrEqual(4);
});

test('a file that S3 refuses for a reason of its own does not keep the others from being uploaded', async () => {
  const kind = { status: 400, code: 'InvalidRequest', message: 'Not this one' };
  bucket.server.memory?.injectFault({ operation: 'PutObject', key: 'downloads/b.txt', times: Infinity, kind });
  await upload(file('a.txt'), file('b.txt'), file('c.txt'));
  expect(written.stdout).toBe(
    'https://images.example.com/downloads/a.txt\nhttps://images.example.com/downloads/c.txt\n',
  );
  expect(written.stderr).toMatch(/b\.txt: .*Not this one/);
  expect(process.exitCode).toBe(1);
});

test('an answer that was lost is recognized, and the file is there once', async () => {
  bucket.server.memory?.injectFault({ operation: 'PutObject', kind: 'reset-after-store' });
  await upload(file('a.txt'));
  expect(written.stdout).toBe('https://images.example.com/downloads/a.txt\n');
  expect(await bucket.keys()).toEqual(['downloads/a.txt']);
});
