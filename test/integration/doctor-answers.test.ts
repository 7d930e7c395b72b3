import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import type { CheckReport } from '../../src/commands/doctor/check';
import { type Patient, startPatient, troublesIn } from '../support/doctor';
import { type ForeignAnswer, type HostileNetwork, startHostileNetwork } from '../support/hostile-network';

let patient: Patient | undefined;
let network: HostileNetwork | undefined;

afterEach(async () => {
  await network?.close();
  await patient?.close();
  [network, patient] = [undefined, undefined];
});

/** Examines a setup that works, except that somebody between it and S3 answers some requests. */
async function examineWith(answerInstead: (request: IncomingMessage) => ForeignAnswer | undefined) {
  patient = await startPatient();
  network = await startHostileNetwork(patient.s3.endpoint, { probability: 0, mishaps: [], answerInstead });
  return examineAt(network.endpoint);
}

async function examineAt(endpoint: string, options: object = {}): Promise<CheckReport[]> {
  patient ??= await startPatient();
  const file = path.join(patient.folder, 'config.production.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as { storage: { S3CloudFrontStorage: object } };
  Object.assign(config.storage.S3CloudFrontStorage, { endpoint, ...options });
  await writeFile(file, JSON.stringify(config));
  return patient.examine();
}

const PAGE = '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>';
const XHTML = '<?xml version="1.0"?><html><head><title>Sign in</title></head><body>Please sign in.</body></html>';
const page = (body: string): ForeignAnswer => ({ status: 200, headers: { 'content-type': 'text/html' }, body });

const isAnonymous = ({ headers }: IncomingMessage) => headers.authorization === undefined;
const isListing = ({ url = '' }: IncomingMessage) => url.includes('list-type=2');

describe('an answer to a request without credentials counts only with what was asked for', () => {
  test.each([
    ['a web page', page(PAGE)],
    ['a web page that is XML', page(XHTML)],
    ['nothing', { status: 200, headers: {}, body: '' }],
    ['JSON', { status: 200, headers: { 'content-type': 'application/json' }, body: '{"status":"ok"}' }],
  ])('%s instead of a listing is not called a public bucket', async (_title, answer) => {
    const results = await examineWith((request) => (isAnonymous(request) && isListing(request) ? answer : undefined));
    const found = results.find(({ name }) => name === 'private');
    expect(found).toMatchObject({ result: 'unchecked', found: expect.stringMatching(/ 200 with .*not a list/) });
    expect(JSON.stringify(results)).not.toContain('Everybody may');
  });
});

test('a web page instead of a probe is not called a public file', async () => {
  const results = await examineWith((request) =>
    request.method === 'GET' && isAnonymous(request) && !isListing(request) ? page(PAGE) : undefined,
  );
  expect(troublesIn(results)).toEqual([]);
});

test('a web page instead of the settings of the bucket is not taken for settings that are off', async () => {
  const settings = /\?(ownershipControls|publicAccessBlock|encryption|versioning|lifecycle)/;
  const results = await examineWith(({ url = '' }) => (settings.test(url) ? page(XHTML) : undefined));
  expect(troublesIn(results)).toEqual([]);
  for (const name of ['ownership', 'public access block', 'encryption', 'versioning', 'incomplete uploads']) {
    expect(results.find((each) => each.name === name)).toMatchObject({
      result: 'unchecked',
      found: expect.stringMatching(/does not answer like S3.*200 with a web page \("Sign in"\)/),
    });
  }
});

test('a web page instead of a completed upload is named, and not taken for an ignored condition', async () => {
  const results = await examineWith(({ method, url = '' }) =>
    method === 'POST' && url.includes('uploadId=') ? page(XHTML) : undefined,
  );
  expect(troublesIn(results)).toEqual([
    expect.stringMatching(/^failed conditional large uploads: .*does not answer like S3/),
  ]);
  expect(patient?.s3.multipartUploads('blog-images')).toEqual([]);
  expect(patient?.keys()).toEqual([]);
});

describe('the words of the service are shown, with the way out', () => {
  const HTML = { 'content-type': 'text/html' };
  const xml = (status: number, code: string, message: string): ForeignAnswer => ({
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  });
  const page = (status: number, title: string, headers = {}): ForeignAnswer => ({
    status,
    headers: { ...HTML, ...headers },
    body: `<!DOCTYPE html><html><head><title>${title}</title></head><body><br>${title}</body></html>`,
  });
  const everything = () => true;
  const writes = ({ method }: IncomingMessage) => method === 'PUT';

  test.each<[string, ForeignAnswer, (request: IncomingMessage) => boolean, string, string[], string[]]>([
    [
      'a full bucket',
      xml(403, 'QuotaExceeded', 'Bucket quota is full'),
      writes,
      'write',
      ['403 QuotaExceeded: Bucket quota is full'],
      ['Raise the quota'],
    ],
    [
      'a cap of B2',
      xml(403, 'AccessDenied', 'Cannot upload files, storage cap exceeded.'),
      writes,
      'write',
      ['403', 'storage cap exceeded'],
      ['cap'],
    ],
    [
      'a transaction cap of B2 for everything',
      xml(403, 'AccessDenied', 'Transaction cap exceeded'),
      everything,
      'accepted',
      ['403', 'Transaction cap exceeded'],
      ['cap'],
    ],
    [
      'a page of Cloudflare',
      page(403, 'Attention Required! | Cloudflare'),
      everything,
      'accepted',
      ['403', 'Attention Required! | Cloudflare'],
      ['firewall'],
    ],
    [
      'a page of nginx for uploads alone',
      page(413, '413 Request Entity Too Large'),
      writes,
      'write',
      ['413', 'Request Entity Too Large'],
      ['client_max_body_size', '"multipartUploadThresholdBytes"'],
    ],
    [
      'a redirect to https',
      page(301, '301 Moved Permanently', { location: 'https://s3.example.com/blog-images/' }),
      everything,
      'accepted',
      ['301', 'https://s3.example.com'],
      ['write https://s3.example.com in "endpoint"'],
    ],
    [
      'a service that fails',
      xml(503, 'ServiceUnavailable', 'Down for maintenance'),
      everything,
      'accepted',
      ['503 ServiceUnavailable: Down for maintenance'],
      ['Try again'],
    ],
    [
      'a web page',
      page(200, 'Sign in'),
      everything,
      'accepted',
      ['does not answer like S3', '200 with a web page ("Sign in")'],
      ['"endpoint"'],
    ],
    [
      'a key that was deactivated',
      xml(403, 'InvalidAccessKeyId', 'The key was disabled by its owner'),
      everything,
      'accepted',
      ['does not recognize the access key ID', '403 InvalidAccessKeyId: The key was disabled by its owner'],
      ['"accessKeyId"'],
    ],
  ])('%s', async (_title, answer, isAnswered, check, found, cure) => {
    const results = await examineWith((request) => (isAnswered(request) ? answer : undefined));
    const failures = results.filter(({ result, group }) => result === 'failed' && group !== 'CDN' && group !== 'Ghost');
    expect(failures.map(({ name }) => name)).toEqual([check]);
    found.forEach((text) => expect(failures[0]?.found).toContain(text));
    cure.forEach((text) => expect(failures[0]?.cure).toContain(text));
  });

  test('an ACL that the service does not implement', async () => {
    patient = await startPatient({
      config: ({ storage }) => (storage.S3CloudFrontStorage.acl = 'public-read'),
      allowed: ['s3:PutObjectAcl'],
      bucket: { objectOwnership: 'ObjectWriter' },
    });
    const message = "Header 'x-amz-acl' with value 'public-read' not implemented";
    network = await startHostileNetwork(patient.s3.endpoint, {
      mishaps: [],
      answerInstead: (request) => (writes(request) ? xml(501, 'NotImplemented', message) : undefined),
    });
    const write = (await examineAt(network.endpoint)).find(({ name }) => name === 'write');
    expect(write).toMatchObject({ result: 'failed', found: expect.stringContaining(`501 NotImplemented: ${message}`) });
    expect(write?.cure).toContain('Remove "acl"');
  });

  test.each<[string, (port: number) => [endpoint: string, options?: object], RegExp, RegExp]>([
    [
      'https: on a port without TLS',
      (port) => [`https://127.0.0.1:${port}`],
      /EPROTO|ERR_SSL/,
      /write http:\/\/ in "endpoint"/,
    ],
    [
      'a host name with the bucket in it',
      () => ['http://minio.invalid', { forcePathStyle: false }],
      /the host "blog-images\.minio\.invalid" does not exist/,
      /"forcePathStyle" to true/,
    ],
    [
      'a host that does not exist',
      () => ['http://minio.invalid'],
      /the host "minio\.invalid" does not exist/,
      /"endpoint"/,
    ],
    ['a service that does not listen', () => ['http://127.0.0.1:9'], /ECONNREFUSED/, /"endpoint"/],
  ])('%s', async (_title, endpointFor, found, cure) => {
    patient = await startPatient();
    const [endpoint, options] = endpointFor(Number(new URL(patient.s3.endpoint).port));
    const failure = (await examineAt(endpoint, options)).find(({ name }) => name === 'S3 answers');
    expect(failure).toMatchObject({
      result: 'failed',
      found: expect.stringMatching(found),
      cure: expect.stringMatching(cure),
    });
  });

  test('a self-signed certificate', async () => {
    patient = await startPatient();
    const port = patient.ports['images.example.test:443'];
    const failure = (await examineAt(`https://127.0.0.1:${port}`)).find(({ name }) => name === 'S3 answers');
    expect(failure).toMatchObject({
      result: 'failed',
      found: expect.stringMatching(/SELF_SIGNED.*certificate of 127\.0\.0\.1.*not trusted/),
      cure: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });
});

describe('the place of a wrong value is named', () => {
  const refusal = async (options: object, given: object = {}) => {
    patient = await startPatient();
    const file = path.join(patient.folder, 'config.production.json');
    await examineAt(patient.s3.endpoint, options);
    const results = await patient.examine({ ghost: patient.folder, ...given });
    return { file, failure: results.find(({ result }) => result === 'failed') };
  };

  test('a file', async () => {
    const { file, failure } = await refusal({ bucket: 'not-there' });
    expect(failure?.cure).toContain(`Correct "bucket" in ${file}`);
    await patient?.close();
    const unreachable = await refusal({ endpoint: 'http://127.0.0.1:9' });
    expect(unreachable.failure?.cure).toContain(`"endpoint" in ${unreachable.file}`);
    await patient?.close();
    const wrongKey = await refusal({ secretAccessKey: 'another' });
    expect(wrongKey.failure?.cure).toContain(`Correct "secretAccessKey" in ${wrongKey.file}`);
  });

  test('a flag', async () => {
    expect((await refusal({}, { bucket: 'not-there' })).failure?.cure).toContain('Correct --bucket');
    await patient?.close();
    expect((await refusal({}, { endpoint: 'http://127.0.0.1:9' })).failure?.cure).toContain('check --endpoint');
    await patient?.close();
    expect((await refusal({}, { region: 'eu-west-1' })).failure?.cure).toBe(
      'Set "region" to "us-east-1", which comes from --region.',
    );
    await patient?.close();
    expect((await refusal({}, { bucket: 's3://blog' })).failure?.found).toContain(
      '"bucket" is "s3://blog" (from --bucket)',
    );
  });
});
