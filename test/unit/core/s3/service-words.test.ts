import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseConfig } from '../../../../src/core/config';
import { Bucket } from '../../../../src/core/s3/bucket';
import { makeCertificate } from '../../../support/certificate';
import { listen, stop } from '../../../support/local-server';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

type Answer = [status: number, body: string, headers?: Record<string, string>];

const HTML = { 'content-type': 'text/html' };
const xml = (code: string, message: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

/** Returns the explained error of an upload to an endpoint. */
async function uploadTo(endpoint: string, options: object = {}) {
  const { config } = parseConfig({
    bucket: 'blog',
    cdnUrl: 'images.example.com',
    region: 'eu-west-1',
    endpoint,
    forcePathStyle: true,
    accessKeyId: 'AKIAMARKED',
    secretAccessKey: 'marked/secret',
    maxAttempts: 1,
    ...options,
  });
  const bucket = new Bucket(config);
  const headers = { CacheControl: '', ContentType: 'image/png', ACL: config.acl, Metadata: {} } as never;
  const error = await bucket.put('content/images/x.png', Buffer.from('x'), headers).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { message, help, context } = bucket.explain(error, 'PutObject', 'content/images/x.png') as Error & {
    help: string;
    context: string;
  };
  return { message, help, context };
}

async function answered([status, body, headers = {}]: Answer, options?: object) {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status, headers).end(body));
  });
  const port = await listen(server);
  closing.push(() => stop(server));
  return uploadTo(`http://127.0.0.1:${port}`, options);
}

describe('the words of the service are in the error, with the status and a way out', () => {
  const CLOUDFLARE =
    '<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body><br><p>blocked</body></html>';
  const NGINX = (title: string) =>
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>`;

  test.each<[string, Answer, string[], string[]]>([
    [
      'a full bucket',
      [403, xml('QuotaExceeded', 'Bucket quota is full')],
      ['403 QuotaExceeded: Bucket quota is full'],
      ['Raise the quota'],
    ],
    [
      'a cap of B2',
      [403, xml('AccessDenied', 'Cannot upload files, storage cap exceeded.')],
      ['storage cap exceeded', '403'],
      ['cap'],
    ],
    [
      'a transaction cap',
      [403, xml('AccessDenied', 'Transaction cap exceeded')],
      ['Transaction cap exceeded'],
      ['cap'],
    ],
    [
      'a full disk',
      [507, xml('XMinioStorageFull', 'Storage backend has reached its minimum free drive threshold.')],
      ['507 XMinioStorageFull', 'threshold'],
      ['delete'],
    ],
    [
      'a page of Cloudflare',
      [403, CLOUDFLARE, HTML],
      ['A web page answered instead of S3 (403', 'Attention Required! | Cloudflare'],
      ['firewall'],
    ],
    ['a page of nginx', [403, NGINX('403 Forbidden'), HTML], ['403 Forbidden'], ['firewall', '"endpoint"']],
    [
      'nginx 413',
      [413, NGINX('413 Request Entity Too Large'), HTML],
      ['413 Request Entity Too Large', 'larger than a proxy'],
      ['client_max_body_size', '"multipartUploadThresholdBytes"'],
    ],
    ['413 without a body', [413, ''], ['413'], ['"multipartUploadThresholdBytes"']],
    [
      'a redirect to https',
      [301, NGINX('301 Moved Permanently'), { ...HTML, location: 'https://s3.example.com/blog/x?X-Amz-Signature=abc' }],
      ['redirects requests to https://s3.example.com', '301'],
      ['write https://s3.example.com in "endpoint"'],
    ],
    [
      'a redirect 308',
      [308, '', { location: 'https://s3.example.com/blog/x' }],
      ['308', 'https://s3.example.com'],
      ['write https://s3.example.com'],
    ],
    [
      'a redirect to the host of the bucket',
      [307, '', { location: 'https://blog.s3.example.com/x' }],
      ['307'],
      ['write https://s3.example.com in'],
    ],
    [
      'HTTP on a port of HTTPS',
      [400, 'Client sent an HTTP request to an HTTPS server.\n'],
      ['expects https:', '400'],
      ['Write https://'],
    ],
    [
      'the same from nginx',
      [400, NGINX('400 The plain HTTP request was sent to HTTPS port'), HTML],
      ['expects https:'],
      ['Write https://'],
    ],
    [
      'a refusal with a reason',
      [403, xml('AccessDenied', 'User ghost is not authorized')],
      ['s3:PutObject is not allowed', '403 AccessDenied: User ghost is not authorized'],
      ['Allow s3:PutObject'],
    ],
    [
      'an unknown code',
      [400, xml('OddError', 'The moon is full')],
      ['OddError', 'The moon is full', '400'],
      ['documentation of http://127.0.0.1'],
    ],
    ['JSON', [400, '{"message":"tenant is paused"}'], ['tenant is paused', '400'], []],
    ['plain text', [403, 'blocked by policy 7'], ['blocked by policy 7', '403'], []],
    ['a bad gateway', [502, NGINX('502 Bad Gateway'), HTML], ['502 Bad Gateway'], ['Try again']],
    ['a proxy that wants a password', [407, 'x'], ['requires a user name and password', '407'], ['HTTPS_PROXY']],
  ])('%s', async (_name, answer, messages, helps) => {
    const { message, help, context } = await answered(answer);
    messages.forEach((part) => expect(message).toContain(part));
    helps.forEach((part) => expect(help).toContain(part));
    expect(context).toContain(String(answer[0]));
    expect(message + help + context).not.toMatch(/[<>]|X-Amz-Signature=a/);
  });

  test('names the option whose header the service does not implement', async () => {
    const refusal = xml('NotImplemented', "Header 'x-amz-acl' with value 'public-read' not implemented");
    const { message, help } = await answered([501, refusal], { acl: 'public-read' });
    expect(message).toContain('does not implement "acl", which is "public-read"');
    expect(message).toContain("501 NotImplemented: Header 'x-amz-acl'");
    expect(help).toBe('Remove "acl" in the configuration of S3CloudFrontStorage.');
  });

  test('names the environment variable that set the option', async () => {
    process.env.storage__S3CloudFrontStorage__bucket = 'blog';
    const { help } = await answered([404, xml('NoSuchBucket', 'The bucket does not exist')]);
    delete process.env.storage__S3CloudFrontStorage__bucket;
    expect(help).toContain('Correct "bucket" (the variable storage__S3CloudFrontStorage__bucket)');
  });

  test('shows at most 200 characters, none that moves the cursor, and no secret', async () => {
    const text = `&#27;[31m marked/secret AKIAMARKED X-Amz-Signature=s3cr3t ${'x'.repeat(10_000)}`;
    const { message, context } = await answered([400, xml('Odd', text)]);
    expect(message + context).not.toMatch(/\p{Cc}|marked|AKIAMARKED|s3cr3t/u);
    expect(message.length).toBeLessThan(400);
  });
});

describe('a connection that fails is explained', () => {
  test('by the certificate, with the variable that adds an authority', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'certificate-'));
    closing.push(() => rm(folder, { recursive: true }));
    const server = https.createServer(await makeCertificate('localhost', 1, folder), (_request, response) =>
      response.end(),
    );
    const port = await listen(server);
    closing.push(() => stop(server));
    const { message, help } = await uploadTo(`https://127.0.0.1:${port}`);
    expect(message).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/);
    expect(message).toContain('certificate');
    expect(help).toContain('NODE_EXTRA_CA_CERTS');
  });

  test('by https: on a port without TLS', async () => {
    const server = http.createServer((_request, response) => response.end());
    const port = await listen(server);
    closing.push(() => stop(server));
    const { message, help } = await uploadTo(`https://127.0.0.1:${port}`);
    expect(message).toContain('(EPROTO)');
    expect(help).toContain('write http:// in "endpoint"');
  });

  test('by the host with the bucket in it, and forcePathStyle', async () => {
    const { message, help } = await uploadTo('http://minio.invalid:9000', { forcePathStyle: undefined });
    expect(message).toMatch(/\((ENOTFOUND|EAI_AGAIN)\): the host "blog\.minio\.invalid" does not exist/);
    expect(help).toContain('"forcePathStyle" to true');
    expect(help).toContain('"endpoint"');
  });

  test('by the host alone where the bucket is in the path', async () => {
    const { message, help } = await uploadTo('http://minio.invalid:9000');
    expect(message).toContain('"minio.invalid"');
    expect(help).not.toContain('forcePathStyle');
  });
});
