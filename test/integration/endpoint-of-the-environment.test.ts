import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createAdapter } from '../support/adapter';
import { useInMemoryS3, useUploadFolder } from '../support/use-bucket';

const server = useInMemoryS3();
const uploads = useUploadFolder();
const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

let profiles = 0;
/** Writes the file of the AWS profiles, and returns the variables that make it count. */
function profile(text: string): Record<string, string> {
  const file = path.join(uploads.path, `profiles-${(profiles += 1)}`);
  writeFileSync(file, text);
  return { AWS_CONFIG_FILE: file };
}

/** Where the endpoint of an S3 service can be set, besides the option `endpoint`. */
const PLACES: [string, (url: string) => Record<string, string>][] = [
  ['AWS_ENDPOINT_URL_S3', (url) => ({ AWS_ENDPOINT_URL_S3: url })],
  ['AWS_ENDPOINT_URL', (url) => ({ AWS_ENDPOINT_URL: url })],
  ['the profile', (url) => profile(`[default]\nendpoint_url = ${url}\n`)],
  ['another profile', (url) => ({ AWS_PROFILE: 'blog', ...profile(`[profile blog]\nendpoint_url = ${url}\n`) })],
  [
    'the services of the profile',
    (url) => profile(`[default]\nservices = own\n\n[services own]\ns3 =\n  endpoint_url = ${url}\n`),
  ],
];

describe.each(PLACES)('an S3 service that %s names', (_place, variables) => {
  it('is not taken for AWS: two uploads of one name are both kept where conditions are ignored', async () => {
    const bucket = server.newBucket({ conditionalWrites: 'ignored' });
    Object.assign(process.env, variables(server.endpoint));
    const adapter = createAdapter(server, bucket, { endpoint: undefined });
    const urls = [
      await adapter.save(await uploads.file('photo.png', 'first'), '2026/11'),
      await adapter.save(await uploads.file('photo.png', 'second'), '2026/11'),
    ];
    expect(new Set(urls).size).toBe(2);
    const bodies = [...server.objects(bucket).values()].map(({ bytes }) => bytes.toString());
    expect(bodies.sort()).toEqual(['first', 'second']);
  });
});

it('stays without effect where AWS_IGNORE_CONFIGURED_ENDPOINT_URLS says so', async () => {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
  });
  const bucket = server.newBucket();
  const adapter = createAdapter(server, bucket, {});
  await expect(adapter.save(await uploads.file('photo.png', 'x'), '2026/11')).resolves.toContain('photo.png');
});

it('comes after the option "endpoint"', async () => {
  process.env.AWS_ENDPOINT_URL_S3 = 'http://127.0.0.1:9';
  const adapter = createAdapter(server, server.newBucket());
  await expect(adapter.save(await uploads.file('photo.png', 'x'), '2026/11')).resolves.toContain('photo.png');
});

it('does not get the checksum trailers that other services store as part of the file', async () => {
  process.env.AWS_ENDPOINT_URL_S3 = server.endpoint;
  const bucket = server.newBucket();
  const adapter = createAdapter(server, bucket, { endpoint: undefined, region: undefined });
  server.requests.length = 0;
  await adapter.save(await uploads.file('photo.png', 'x'), '2026/11');
  const [{ headers = {} } = {}] = server.requests.filter(({ operation }) => operation === 'PutObject');
  expect(headers['content-md5']).toBeDefined();
  expect(Object.keys(headers).filter((name) => name.startsWith('x-amz-checksum'))).toEqual([]);
});

it.each([
  ['localhost:9000', 'must be the URL of an S3 service', 'https://s3.example.com'],
  ['s3.example.com', 'must be the URL of an S3 service', 'https://s3.example.com'],
  ['https://user:s3cr3t@s3.example.com', 'without a user name or password', 'https://s3.example.com'],
  ['https://blog.s3.example.com', 'contains the bucket name "blog"', 'Write https://s3.example.com'],
])('is named with its place, and not used, when it is %s', async (url, problem, fix) => {
  process.env.AWS_ENDPOINT_URL_S3 = url;
  const adapter = createAdapter(server, 'blog', { endpoint: undefined, forcePathStyle: undefined });
  const refusal = await adapter.save(await uploads.file('photo.png', 'x'), '2026/11').catch((error: unknown) => error);
  expect(refusal).toMatchObject({ help: expect.stringContaining(fix) });
  expect((refusal as Error).message).toContain(`AWS_ENDPOINT_URL_S3 `);
  expect((refusal as Error).message).toContain(problem);
  expect(JSON.stringify(refusal) + String(refusal)).not.toContain('s3cr3t');
});
