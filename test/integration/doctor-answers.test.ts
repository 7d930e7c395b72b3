import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import type { CheckReport } from '../../src/commands/doctor/check';
import { type Patient, startPatient } from '../support/doctor';
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

const troubles = (results: CheckReport[]) =>
  results
    .filter(({ result }) => result === 'failed' || result === 'warned')
    .map(({ result, name, found }) => `${result} ${name}: ${found}`);

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
    expect(found).toMatchObject({ result: 'unchecked', found: expect.stringMatching(/ 200 with .*not the list/) });
    expect(JSON.stringify(results)).not.toContain('Everybody may');
  });
});

test('a web page instead of a probe is not called a public file', async () => {
  const results = await examineWith((request) =>
    request.method === 'GET' && isAnonymous(request) && !isListing(request) ? page(PAGE) : undefined,
  );
  expect(troubles(results)).toEqual([]);
});

test('a web page instead of the settings of the bucket is not taken for settings that are off', async () => {
  const settings = /\?(ownershipControls|publicAccessBlock|encryption|versioning|lifecycle)/;
  const results = await examineWith(({ url = '' }) => (settings.test(url) ? page(XHTML) : undefined));
  expect(troubles(results)).toEqual([]);
  for (const name of ['ownership', 'public access block', 'encryption', 'versioning', 'incomplete uploads']) {
    expect(results.find((each) => each.name === name)).toMatchObject({
      result: 'unchecked',
      found: expect.stringMatching(/does not answer as S3.*200 with a web page \("Sign in"\)/),
    });
  }
});

test('a web page instead of a completed upload is named, and not taken for an ignored condition', async () => {
  const results = await examineWith(({ method, url = '' }) =>
    method === 'POST' && url.includes('uploadId=') ? page(XHTML) : undefined,
  );
  expect(troubles(results)).toEqual([
    expect.stringMatching(/^failed conditional large uploads: .*does not answer as S3/),
  ]);
  expect(patient?.s3.multipartUploads('blog-images')).toEqual([]);
  expect(patient?.keys()).toEqual([]);
});
