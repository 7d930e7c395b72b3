import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createProgram } from '../../src/commands/program';
import { statusOf } from '../../src/core/foreign-error';
import { createAdapter } from '../support/adapter';
import { type InMemoryS3, startInMemoryS3 } from '../support/in-memory-s3';
import { listenToOutput } from '../support/written-output';

const BUCKET = 'shared-bucket';
const THEIRS = 'eight/content/images/2026/11/theirs.jpg';
const KEYS = { accessKeyId: 'AKIASEVEN', secretAccessKey: 'secret-of-seven' };

let server: InMemoryS3;
let client: S3Client;

async function policyOf(...parameters: string[]) {
  const written = listenToOutput();
  try {
    const bucket = ['--bucket', BUCKET, '--cdn-url', 'images.example.com', '--region', 'eu-central-1'];
    await createProgram().parseAsync(['policy', ...bucket, ...parameters], { from: 'user' });
  } finally {
    written.restore();
  }
  return { policy: JSON.parse(written.stdout) as object, said: written.stderr };
}

beforeEach(async () => {
  server = await startInMemoryS3();
  server.createBucket(BUCKET);
  const { endpoint, region, credentials } = server;
  const owner = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await owner.send(new PutObjectCommand({ Bucket: BUCKET, Key: THEIRS, Body: 'theirs' }));
  owner.destroy();
  server.addUser({ ...KEYS, policy: (await policyOf('--tenant-prefix', 'seven')).policy });
  client = new S3Client({ endpoint, region, credentials: KEYS, forcePathStyle: true, maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

const refused = (request: Promise<unknown>) => request.then(() => undefined, statusOf);

test('with the policy of a tenant, a blog cannot read, change or delete the files of another', async () => {
  const theirs = { Bucket: BUCKET, Key: THEIRS };
  expect(await refused(client.send(new GetObjectCommand(theirs)))).toBe(403);
  expect(await refused(client.send(new HeadObjectCommand(theirs)))).toBe(403);
  expect(await refused(client.send(new PutObjectCommand({ ...theirs, Body: 'mine' })))).toBe(403);
  expect(await refused(client.send(new DeleteObjectCommand(theirs)))).toBe(403);
  expect(server.objects(BUCKET).get(THEIRS)?.size).toBe('theirs'.length);
});

test('with the policy of a tenant, a missing file is known to be missing', async () => {
  const adapter = createAdapter({ ...server, credentials: KEYS }, BUCKET, { tenantPrefix: 'seven' });
  const missing = new HeadObjectCommand({ Bucket: BUCKET, Key: 'seven/content/images/2026/11/missing.jpg' });
  expect(await refused(client.send(missing))).toBe(404);
  expect(await adapter.exists('missing.jpg', '2026/11')).toBe(false);
  await adapter.saveRaw(Buffer.from('mine'), '2026/11/mine.jpg');
  expect(await adapter.exists('mine.jpg', '2026/11')).toBe(true);
});

test('the names of all files can be listed with the policy of a tenant, and the command says so', async () => {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  expect(Contents.map(({ Key }) => Key)).toEqual([THEIRS]);
  const { said } = await policyOf('--tenant-prefix', 'seven');
  expect(said).toMatch(/list the names of all files in shared-bucket.*cannot read, change or delete.*seven\/content/s);
});

test('nothing is said of other files where the bucket has one blog, or where the policy is that of the CDN', async () => {
  expect((await policyOf()).said).toBe('');
  const ofBucket = ['--bucket-policy', '--distribution-id', 'E2EXAMPLE1ABCD', '--account', '123456789012'];
  expect((await policyOf('--tenant-prefix', 'seven', ...ofBucket)).said).toBe('');
});
