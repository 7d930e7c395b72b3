import { createServer } from 'node:http';
import tls from 'node:tls';
import { checkProxy } from '../../src/commands/doctor/checks/config';
import { DoctorContext } from '../../src/commands/doctor/context';
import { connectTls, get, internet } from '../../src/commands/doctor/network';
import { Client } from '../../src/commands/warm/client';
import { networkCodeOf } from '../../src/core/network-code';
import { GhostAdmin } from '../../src/commands/migrate/from-url/ghost-admin';
import { signIn } from '../../src/aws/sign-in';
import { CDN_URL } from '../support/adapter';
import { type Certificate, makeCertificate } from '../support/certificate';
import { listen, stop } from '../support/local-server';
import { createContentFolder, runCommand, useContentFolder } from '../support/migrate/command';
import { type Proxy, startProxy, startTls } from '../support/proxy';
import { useBucket, useUploadFolder } from '../support/use-bucket';

// No name below .test exists: only the proxy knows where these hosts are.

const ADMIN_KEY = `${'a'.repeat(24)}:${'b'.repeat(64)}`;
const IDENTITY =
  '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ada</Arn>' +
  '<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>';

const bucket = useBucket({ inMemory: true });
const folder = useContentFolder(bucket);
const files = useUploadFolder();
const before = { ...process.env };

let certificate: Certificate;
let front: { port: number; close: () => void };
let blog: ReturnType<typeof createServer>;
let blogPort: number;
let proxy: Proxy;

beforeAll(async () => {
  certificate = await makeCertificate('tls.test', 2, files.path);
  const { connect } = tls;
  const trusting = (options: tls.ConnectionOptions) => connect({ ca: certificate.cert, ...options });
  jest.spyOn(tls, 'connect').mockImplementation(trusting as typeof connect);
  blog = createServer((request, response) => {
    if (request.url === '/') {
      response.end(IDENTITY);
      return;
    }
    if (request.url?.startsWith('/old/')) {
      response.writeHead(301, { location: request.url.slice('/old'.length) }).end();
      return;
    }
    response.end(JSON.stringify({ settings: [{ key: 'title', value: 'Blog' }], path: request.url }));
  });
  blogPort = await listen(blog);
  front = await startTls(certificate, blogPort);
});

beforeEach(async () => {
  proxy = await startProxy({
    hosts: {
      's3.test': Number(new URL(bucket.server.endpoint).port),
      'blog.test': blogPort,
      'sts.test': blogPort,
      'tls.test': front.port,
    },
  });
  Object.assign(process.env, { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url });
});

afterEach(async () => {
  process.env = { ...before };
  await proxy.close();
});

afterAll(async () => {
  jest.restoreAllMocks();
  front.close();
  await stop(blog);
});

test('migrate uploads through the proxy', async () => {
  const elsewhere = await createContentFolder(bucket.options({ endpoint: 'http://s3.test:9000' }));
  await elsewhere.write({ 'images/2026/11/a.jpg': 'bytes' });
  const { exitCode } = await runCommand(elsewhere);
  await elsewhere.remove();
  expect(exitCode).toBe(0);
  expect(await bucket.keys()).toEqual(['content/images/2026/11/a.jpg']);
  expect(proxy.requests.some((request) => request.startsWith('PUT http://s3.test:9000/'))).toBe(true);
});

describe('requests to Ghost', () => {
  const settingsAt = (url: string) => new GhostAdmin(url, ADMIN_KEY, new AbortController().signal).settings();

  it.each(['http://blog.test', 'https://tls.test', 'http://blog.test/old'])('go through the proxy: %s', async (url) => {
    expect(await settingsAt(url)).toEqual({ title: 'Blog' });
    expect(proxy.requests.length).toBeGreaterThan(0);
  });

  it('on this machine do not', async () => {
    expect(await settingsAt(`http://127.0.0.1:${blogPort}`)).toEqual({ title: 'Blog' });
    expect(proxy.requests).toEqual([]);
  });

  it('fail with an error that names the proxy', async () => {
    proxy.refuseWith = 403;
    await expect(settingsAt('https://tls.test')).rejects.toThrow(
      `The proxy ${proxy.url} (HTTPS_PROXY) did not connect to tls.test:443: it answered 403.`,
    );
  });
});

test('warm requests pages and images through the proxy', async () => {
  const client = await Client.open({ connections: 1, signal: new AbortController().signal });
  try {
    for (const url of ['http://blog.test/x', 'https://tls.test/y']) {
      const { body } = await client.get(new URL(url), '*/*');
      for await (const chunk of body) expect(chunk.length).toBeGreaterThan(0);
    }
  } finally {
    client.close();
  }
  expect(proxy.requests).toEqual(['GET http://blog.test/x', 'CONNECT tls.test:443']);
});

describe('provision', () => {
  const account = { AWS_ENDPOINT_URL_STS: 'http://sts.test', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B' };

  it('authenticates through the proxy', async () => {
    Object.assign(process.env, account);
    const aws = await signIn({ region: 'eu-central-1' });
    expect(aws.account).toBe('123456789012');
    expect(proxy.requests).toEqual(['POST http://sts.test/']);
  });

  it('explains a failing proxy', async () => {
    Object.assign(process.env, { ...account, AWS_ENDPOINT_URL_STS: 'https://tls.test' });
    proxy.refuseWith = 407;
    await expect(signIn({ region: 'eu-central-1' })).rejects.toMatchObject({
      name: 'Failure',
      message: `The proxy ${proxy.url} (HTTPS_PROXY) requires a user name and password (407).`,
    });
  });
});

describe('doctor', () => {
  const context = () =>
    new DoctorContext(
      { config: folder.config, content: folder.content },
      { network: internet, signal: new AbortController().signal },
    );
  const trusting = () => ({ ...internet, authorities: certificate.cert });

  it('says which proxy is used, without its password', async () => {
    process.env.HTTPS_PROXY = 'http://ghost:secret@proxy.example.com:3128';
    expect(await checkProxy(context())).toEqual({
      result: 'passed',
      found: `none for S3, http://proxy.example.com:3128 (HTTPS_PROXY) for the CDN`,
    });
    process.env.NO_PROXY = new URL(CDN_URL).hostname;
    expect(await checkProxy(context())).toMatchObject({ found: 'none for S3, none for the CDN' });
  });

  it('names the problem with a proxy variable', async () => {
    process.env.HTTPS_PROXY = 'socks5://ghost:secret@proxy.example.com';
    const { result, found } = await checkProxy(context());
    expect(result).toBe('failed');
    expect(found).toMatch('HTTPS_PROXY is "socks5://…@proxy.example.com": socks5 proxies are not supported');
  });

  it('asks the CDN and the blog through the proxy', async () => {
    expect((await get(internet, 'http://blog.test/x')).status).toBe(200);
    expect((await get(trusting(), 'https://tls.test/x')).status).toBe(200);
    expect(await connectTls(trusting(), 'tls.test', 443)).toMatchObject({ protocol: 'TLSv1.3', distrust: undefined });
    expect(proxy.requests).toEqual(['GET http://blog.test/x', 'CONNECT tls.test:443', 'CONNECT tls.test:443']);
  });

  it('names the proxy where it failed', async () => {
    proxy.refuseWith = 403;
    const error: unknown = await get(internet, 'https://tls.test/x').catch((thrown: unknown) => thrown);
    expect(networkCodeOf(error)).toBe(
      `The proxy ${proxy.url} (HTTPS_PROXY) did not connect to tls.test:443: it answered 403`,
    );
  });
});
