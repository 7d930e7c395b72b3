import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { CDN_URL, createUploadFolder, optionsFor, type UploadFolder } from '../support/adapter';
import { digest } from '../support/bytes';
import { startInMemoryS3, type InMemoryS3 } from '../support/in-memory-s3';
import type { UploadOrder, UploadReport } from '../support/upload-process';

// The role of a machine: credentials for a short time, which a service on the machine gives, as in ECS and EKS.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html

const VALID_MS = 5_000;
const UPLOADS = 14;
const EVERY_MS = 900;

let server: InMemoryS3;
let uploads: UploadFolder;
let service: Server | undefined;
let handedOut = 0;

beforeAll(async () => {
  server = await startInMemoryS3();
  server.createBucket('expiring');
  uploads = await createUploadFolder();
});

afterEach(() => {
  service?.close();
});

afterAll(async () => {
  await uploads.remove();
  await server.close();
});

/**
 * Starts the service of the machine.
 *
 * @param claimedMs how long credentials are valid by its word
 * @returns its address
 */
async function startCredentialsService(claimedMs: number): Promise<string> {
  handedOut = 0;
  service = createServer((_, response) => {
    handedOut += 1;
    const keys = {
      accessKeyId: `ASIATEMPORARY${handedOut}`,
      secretAccessKey: randomBytes(20).toString('hex'),
      sessionToken: randomBytes(40).toString('hex'),
    };
    server.addUser({ ...keys, expiresAt: new Date(Date.now() + VALID_MS) });
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        AccessKeyId: keys.accessKeyId,
        SecretAccessKey: keys.secretAccessKey,
        Token: keys.sessionToken,
        Expiration: new Date(Date.now() + claimedMs).toISOString(),
      }),
    );
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  return `http://127.0.0.1:${(service.address() as AddressInfo).port}/credentials`;
}

/** Uploads for longer than any of the credentials is valid, in a process that has no others. */
async function uploadFor(address: string, files: string[], name: string): Promise<UploadReport> {
  const options = optionsFor(server, 'expiring', {
    accessKeyId: undefined,
    secretAccessKey: undefined,
  });
  const order: UploadOrder = { options, files, name, directory: '2026/11', everyMs: EVERY_MS };
  const own = Object.entries(process.env).filter(([variable]) => !variable.startsWith('AWS_'));
  const nothing = path.join(uploads.path, 'nothing');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', path.resolve(__dirname, '../support/upload-process.ts'), JSON.stringify(order)],
    {
      env: {
        ...Object.fromEntries(own),
        AWS_CONFIG_FILE: nothing,
        AWS_SHARED_CREDENTIALS_FILE: nothing,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: address,
      },
    },
  );
  return JSON.parse(stdout) as UploadReport;
}

test.each([
  ['that expire when they were said to are renewed in time', 'on-time', VALID_MS],
  ['that S3 refuses long before they were said to expire are renewed, and no upload fails', 'too-soon', 3_600_000],
])('session credentials %s', async (_, name, claimedMs) => {
  const address = await startCredentialsService(claimedMs);
  const contents = Array.from({ length: UPLOADS }, () => randomBytes(1000));
  const files = await Promise.all(contents.map(async (bytes) => (await uploads.file('x.jpg', bytes)).path));
  const { urls } = await uploadFor(address, files, `${name}.jpg`);
  const stored = urls.map((url) => server.objects('expiring').get(url.slice(CDN_URL.length + 1))?.bytes);
  expect(stored.map((bytes) => bytes && digest(bytes))).toEqual(contents.map(digest));
  expect(handedOut).toBeGreaterThanOrEqual(3);
});
