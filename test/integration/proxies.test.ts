import { createServer } from 'node:http';
import tls from 'node:tls';
import { CDN_URL, createAdapter } from '../support/adapter';
import { startBlogServer } from '../support/blog-server';
import { MIB } from '../support/bytes';
import { makeCertificate } from '../support/certificate';
import { type CloudFrontRecorder, startCloudFrontRecorder } from '../support/cloudfront-recorder';
import { listen, stop } from '../support/local-server';
import { Seen } from '../support/marked-secrets';
import { type Proxy, startProxy, startTls } from '../support/proxy';
import { useInMemoryS3, useUploadFolder } from '../support/use-bucket';

// No name below .test exists: only the proxies know where these hosts are.

const PASSWORD = 'pass#word-of-the-proxy';
const USER = `ghost:${encodeURIComponent(PASSWORD)}`;

const server = useInMemoryS3();
const uploads = useUploadFolder();
const before = { ...process.env };
const seen = new Seen({ 'password of the proxy': PASSWORD, 'credentials of the proxy': `ghost:${PASSWORD}` });

let front: { port: number; close: () => void };
let cloudFront: CloudFrontRecorder;
let proxy: Proxy;
/** Demands a user name and password. */
let guarded: Proxy;

beforeAll(async () => {
  const certificate = await makeCertificate('tls.test', 2, uploads.path);
  const { connect } = tls;
  const trusting = (options: tls.ConnectionOptions) => connect({ ca: certificate.cert, ...options });
  jest.spyOn(tls, 'connect').mockImplementation(trusting as typeof connect);
  front = await startTls(certificate, server.port);
  cloudFront = await startCloudFrontRecorder();
});

beforeEach(async () => {
  const hosts = {
    's3.test': server.port,
    'tls.test': front.port,
    'cloudfront.test': Number(new URL(cloudFront.endpoint).port),
  };
  proxy = await startProxy({ hosts });
  guarded = await startProxy({ hosts, credentials: `ghost:${PASSWORD}` });
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    jest.spyOn(console, name).mockImplementation((...given: unknown[]) => seen.note('log', given));
  }
});

afterEach(async () => {
  process.env = { ...before };
  await Promise.all([proxy, guarded, ...services.splice(0)].map(({ close }) => close()));
});

afterAll(async () => {
  jest.restoreAllMocks();
  front.close();
  await cloudFront.close();
});

let count = 0;
/** Returns an adapter with a client of its own, since those with the same options share one. */
function adapterFor(endpoint: string, further: Record<string, unknown> = {}) {
  count += 1;
  return createAdapter(server, server.newBucket(), {
    endpoint,
    requestTimeoutMs: 30_000 + count,
    maxAttempts: 1,
    ...further,
  });
}

const save = async (adapter: ReturnType<typeof adapterFor>) => adapter.save(await uploads.file('photo.png', 'bytes'));

const services: { close: () => Promise<void> }[] = [];
/** Starts a service on this machine that answers everything with one text. */
async function startService(answer: string) {
  const service = { port: 0, requests: 0, close: () => stop(http) };
  const http = createServer((_, response) => {
    service.requests += 1;
    response.end(answer);
  });
  service.port = await listen(http);
  services.push(service);
  return service;
}

async function failureOf(adapter: ReturnType<typeof adapterFor>): Promise<Error & { help: string }> {
  const error = await save(adapter).then(
    () => new Error('It was stored.'),
    (thrown: Error) => thrown,
  );
  seen.note('error', error);
  return error as Error & { help: string };
}

describe('a service with http:', () => {
  it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'])(
    'is used through the proxy of %s, with one connection for several requests',
    async (name) => {
      process.env[name] = proxy.url;
      const adapter = adapterFor('http://s3.test:9000');
      const url = await save(adapter);
      expect((await adapter.read({ path: url })).toString()).toBe('bytes');
      expect(proxy.requests.length).toBeGreaterThan(1);
      expect(proxy.requests.every((request) => request.includes(' http://s3.test:9000/'))).toBe(true);
      expect(proxy.connections).toBe(1);
    },
  );

  it('is not sent the user name and password of the proxy', async () => {
    process.env.HTTP_PROXY = guarded.url.replace('//', `//${USER}@`);
    await save(adapterFor('http://s3.test:9000'));
    expect(guarded.forwarded.length).toBeGreaterThan(0);
    seen.note('request', guarded.forwarded);
  });
});

describe('a service with https:', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'])(
    'is used through one tunnel of the proxy of %s, also for visitors',
    async (name) => {
      process.env[name] = proxy.url;
      const adapter = adapterFor('https://tls.test');
      const url = await save(adapter);
      expect((await adapter.read({ path: url })).toString()).toBe('bytes');
      expect(proxy.requests).toEqual(['CONNECT tls.test:443']);
      const blog = await startBlogServer(adapter);
      const { status, body } = await blog.request(url.slice(`${CDN_URL}/content/images`.length), {
        via: '1.1 cloudfront.net',
      });
      await blog.close();
      expect([status, body.toString()]).toEqual([200, 'bytes']);
      expect(proxy.requests).toEqual(['CONNECT tls.test:443', 'CONNECT tls.test:443']);
    },
  );

  it('gets a large file in parts that carry a signed MD5 and no SHA-256', async () => {
    process.env.HTTPS_PROXY = proxy.url;
    await adapterFor('https://tls.test').save(await uploads.file('clip.mp4', Buffer.alloc(9 * MIB, 'x')));
    const parts = server.requests.filter(({ operation }) => operation === 'UploadPart').map(({ headers }) => headers);
    expect(parts.map((headers) => headers['x-amz-content-sha256'])).toEqual(Array(2).fill('UNSIGNED-PAYLOAD'));
    expect(parts.map((headers) => headers['content-md5'])).toEqual(Array(2).fill(expect.stringMatching(/^.{22}==$/)));
    expect(parts.map((headers) => headers.authorization)).toEqual(
      Array(2).fill(expect.stringMatching(/SignedHeaders=[^,]*content-md5/)),
    );
  });

  it('is used through a proxy that demands a user name and password', async () => {
    process.env.HTTPS_PROXY = guarded.url.replace('//', `//${USER}@`);
    await save(adapterFor('https://tls.test'));
    expect(guarded.requests).toEqual(['CONNECT tls.test:443']);
  });

  it('is used through a proxy that is named without http://', async () => {
    process.env.HTTPS_PROXY = proxy.url.replace('http://', '');
    await save(adapterFor('https://tls.test'));
    expect(proxy.requests).toEqual(['CONNECT tls.test:443']);
  });
});

it('CloudFront is told through the proxy what to clear', async () => {
  Object.assign(process.env, { HTTP_PROXY: proxy.url, AWS_ENDPOINT_URL_CLOUDFRONT: 'http://cloudfront.test' });
  const answered = new Promise<void>((resolve) => (proxy.onAnswer = resolve));
  const adapter = adapterFor(server.endpoint, { distributionId: 'EPROXY' });
  const url = await save(adapter);
  const path = new URL(url).pathname.slice('/content/images/'.length);
  await adapter.delete(path.slice(path.lastIndexOf('/') + 1), path.slice(0, path.lastIndexOf('/')));
  await answered;
  expect(cloudFront.invalidations.map(({ paths }) => paths)).toEqual([[new URL(url).pathname]]);
  expect(proxy.requests).toEqual(['POST http://cloudfront.test/2020-05-31/distribution/EPROXY/invalidation']);
});

it('the credentials of a role come through the proxy, too', async () => {
  const { accessKeyId, secretAccessKey } = server.credentials;
  const account = await startService(
    `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken></SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
  );
  const other = await startProxy({ hosts: { 'sts.test': account.port, 's3.test': server.port } });
  const token = (await uploads.file('token', 'token')).path;
  Object.assign(process.env, {
    HTTP_PROXY: other.url,
    AWS_ENDPOINT_URL_STS: 'http://sts.test',
    AWS_WEB_IDENTITY_TOKEN_FILE: token,
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/ghost',
    AWS_REGION: server.region,
  });
  await save(adapterFor('http://s3.test', { accessKeyId: undefined, secretAccessKey: undefined }));
  expect(other.requests[0]).toBe('POST http://sts.test/');
  await other.close();
});

describe('an error names the proxy and its variable', () => {
  it.each([
    ['the service with https:', 'https://tls.test', 'HTTPS_PROXY'],
    ['the service with http:', 'http://s3.test:9000', 'HTTP_PROXY'],
  ])('when it demands a user name and password for %s', async (_name, endpoint, variable) => {
    process.env[variable] = guarded.url;
    const { message, help } = await failureOf(adapterFor(endpoint));
    expect(message).toMatch(`The proxy ${guarded.url} (${variable}) requires a user name and password (407).`);
    expect(help).toMatch(`Write them into ${variable}`);
  });

  it.each([
    ['the service with https:', 'https://tls.test', 'HTTPS_PROXY'],
    ['the service with http:', 'http://s3.test:9000', 'HTTP_PROXY'],
  ])('when it refuses the password, which is not shown, for %s', async (_name, endpoint, variable) => {
    process.env[variable] = guarded.url.replace('//', `//${USER}wrong@`);
    const { message } = await failureOf(adapterFor(endpoint));
    expect(message).toMatch(`The proxy ${guarded.url} (${variable}) refuses the user name and password (407).`);
  });

  it.each([403, 502])('when it answers %d instead of opening a tunnel', async (status) => {
    process.env.HTTPS_PROXY = proxy.url;
    proxy.refuseWith = status;
    const { message, help } = await failureOf(adapterFor('https://tls.test'));
    expect(message).toBe(
      `The proxy ${proxy.url} (HTTPS_PROXY) did not connect to tls.test:443: it answered ${status}.`,
    );
    expect(help).toMatch('NO_PROXY');
  });

  it('when it answers a plain request with 502', async () => {
    process.env.HTTP_PROXY = proxy.url;
    proxy.refuseWith = 502;
    const { message } = await failureOf(adapterFor('http://s3.test:9000'));
    expect(message).toMatch(`The proxy ${proxy.url} (HTTP_PROXY), or a server behind it, did not reach s3.test:9000`);
  });

  it.each([
    ['https://tls.test', 'HTTPS_PROXY'],
    ['http://s3.test:9000', 'ALL_PROXY'],
  ])('when nothing listens there, for %s', async (endpoint, variable) => {
    const gone = await startProxy({ hosts: {} });
    await gone.close();
    const { url } = gone;
    process.env[variable] = url.replace('//', `//${USER}@`);
    const { message, help } = await failureOf(adapterFor(endpoint));
    expect(message).toMatch(`The proxy ${url} (${variable}) cannot be reached`);
    expect(message).toMatch('ECONNREFUSED');
    expect(help).toMatch(`Correct ${variable}`);
  });

  it('when it fails once, another attempt follows', async () => {
    process.env.HTTPS_PROXY = proxy.url;
    Object.assign(proxy, { refuseWith: 503, refusals: 1 });
    expect(await save(adapterFor('https://tls.test', { maxAttempts: 4 }))).toMatch(CDN_URL);
  });
});

describe('a proxy variable that cannot be used is refused, without its password:', () => {
  it.each([
    [
      'socks5://ghost:SECRET@proxy.example.com:1080',
      'socks5://…@proxy.example.com:1080',
      'socks5 proxies are not supported',
    ],
    ['SOCKS5H://proxy.example.com', 'SOCKS5H://proxy.example.com', 'SOCKS5H proxies are not supported'],
    ['http://ghost:SECRET@', 'http://…@', 'is not the URL of a proxy'],
    ['http://ghost:SECRET', 'http://ghost:…', 'is not the URL of a proxy'],
    ['ghost:SECRET/@proxy:3128', '…@proxy:3128', 'is not the URL of a proxy'],
    ['http://ghost:1/SECRET@proxy:3128', 'http://…@proxy:3128', 'is not the URL of a proxy'],
    ['http://ghost:%SECRET@proxy:3128', 'http://…@proxy:3128', 'is not the URL of a proxy'],
    ['"http://ghost:SECRET@proxy:3128"', '…@proxy:…', 'is not the URL of a proxy'],
    ['${PROXY}', '${PROXY}', 'is not the URL of a proxy'],
    ['http://', 'http://', 'is not the URL of a proxy'],
  ])('%s', async (value, shown, reason) => {
    process.env.HTTPS_PROXY = value.replace('SECRET', PASSWORD.replace('#', ''));
    const error = await failureOf(adapterFor('https://tls.test'));
    expect(error.message).toMatch('HTTPS_PROXY');
    expect(error.message).toContain(`"${shown}"`);
    expect(error.message).toMatch(reason);
    expect(error.help).toMatch('http://proxy.example.com:3128');
    expect(error.message + error.help).not.toMatch('word-of');
  });
});

describe('no proxy is used', () => {
  it.each([
    'tls.test',
    'TLS.Test',
    'test',
    '.test',
    '*.test',
    'other.example.com, tls.test',
    'other.example.com tls.test',
    'tls.test:443',
    '*',
    'localhost,*',
  ])('for a host that NO_PROXY=%s names', async (list) => {
    Object.assign(process.env, { HTTPS_PROXY: proxy.url, NO_PROXY: list });
    await failureOf(adapterFor('https://tls.test'));
    expect(proxy.requests).toEqual([]);
  });

  it.each(['s.test', 'tls.test:8443', 'bucket.tls.test', '.ls.test', '10.0.0.0/8', ','])(
    'but it is where NO_PROXY=%s names another host',
    async (list) => {
      Object.assign(process.env, { HTTPS_PROXY: proxy.url, no_proxy: list });
      await save(adapterFor('https://tls.test'));
      expect(proxy.requests).toEqual(['CONNECT tls.test:443']);
    },
  );

  it('for a service on this machine', async () => {
    Object.assign(process.env, { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, ALL_PROXY: proxy.url });
    await save(adapterFor(server.endpoint));
    await save(adapterFor(server.endpoint.replace('127.0.0.1', 'localhost')));
    expect(proxy.requests).toEqual([]);
  });

  it('for the credentials of a container', async () => {
    const { accessKeyId, secretAccessKey } = server.credentials;
    const service = await startService(
      JSON.stringify({
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        Token: '',
        Expiration: '2999-01-01T00:00:00Z',
      }),
    );
    Object.assign(process.env, {
      HTTP_PROXY: proxy.url,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${service.port}/role`,
      AWS_REGION: server.region,
    });
    await save(adapterFor('http://s3.test', { accessKeyId: undefined, secretAccessKey: undefined }));
    expect(proxy.requests.filter((request) => !request.includes('//s3.test'))).toEqual([]);
    expect(service.requests).toBe(1);
  });
});

test('the password of a proxy is in no error, no log and no request', () => {
  expect(seen.places()).toEqual(expect.arrayContaining(['error', 'request']));
  expect(seen.findings()).toEqual([]);
});
