import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type Answer as HttpAnswer, send as sendHttp } from '../../support/http-client';
import { type Credentials, type InMemoryS3, startInMemoryS3 } from '../../support/in-memory-s3';
import { User } from '../../support/in-memory-s3/authorization';
import { AwsChunkedDecoder } from '../../support/in-memory-s3/aws-chunked';
import { readSignature, type SignedRequest, verifySignature } from '../../support/in-memory-s3/signature';
import { waitUntil } from '../../support/wait-until';

interface Signer extends Credentials {
  sessionToken?: string;
}

interface Request {
  method?: string;
  /** Sent as it is written. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Default: the root's keys; `anonymous` sends no signature. */
  as?: Signer | 'anonymous';
  region?: string;
  date?: Date;
  /** What `x-amz-content-sha256` says; default: the body's SHA-256. */
  payloadHash?: string;
  /** Headers added after signing. */
  unsigned?: Record<string, string>;
  agent?: Agent;
}

interface Answer extends HttpAnswer {
  /** The code of an error's document. */
  code?: string;
}

let s3: InMemoryS3;

beforeEach(async () => {
  s3 = await startInMemoryS3();
  s3.createBucket('photos');
});

afterEach(() => s3.close());

/** Signs and sends a request, without the SDK: this is what its own requests cannot show. */
function send(request: Request): Promise<Answer> {
  const headers = { ...sign(request), ...request.unsigned };
  return transmit(request, headers);
}

async function transmit({ method, path, body, agent }: Request, headers: Record<string, string>): Promise<Answer> {
  const answer = await sendHttp({ host: '127.0.0.1', port: s3.port, method, path, headers, agent }, body);
  return { ...answer, code: /<Code>(.*?)<\/Code>/.exec(answer.body.toString())?.[1] };
}

function sign(request: Request): Record<string, string> {
  const { method = 'GET', path, body = '' } = request;
  const as: Signer | 'anonymous' = request.as ?? s3.credentials;
  const headers: Record<string, string> = {
    host: `127.0.0.1:${s3.port}`,
    ...(request.body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
    ...request.headers,
  };
  if (as === 'anonymous') return headers;
  const timestamp = toTimestamp(request.date ?? new Date());
  headers['x-amz-date'] = timestamp;
  headers['x-amz-content-sha256'] = request.payloadHash ?? sha256(body);
  if (as.sessionToken !== undefined) headers['x-amz-security-token'] = as.sessionToken;
  const names = Object.keys(headers).sort();
  const [resource = '', query = ''] = path.split('?');
  const canonical = [
    method,
    resource,
    canonicalQuery(query),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${timestamp.slice(0, 8)}/${request.region ?? s3.region}/s3/aws4_request`;
  const signature = hmac(signingKey(as, scope), stringToSign(timestamp, scope, canonical)).toString('hex');
  headers.authorization =
    `AWS4-HMAC-SHA256 Credential=${as.accessKeyId}/${scope}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return headers;
}

/** A URL that lets any of its holders do one thing for a while. */
function presign({ method = 'GET', path, date = new Date() }: Request, expiresSeconds: number): string {
  const timestamp = toTimestamp(date);
  const scope = `${timestamp.slice(0, 8)}/${s3.region}/s3/aws4_request`;
  const query = canonicalQuery(
    new URLSearchParams({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `${s3.credentials.accessKeyId}/${scope}`,
      'X-Amz-Date': timestamp,
      'X-Amz-Expires': String(expiresSeconds),
      'X-Amz-SignedHeaders': 'host',
    }).toString(),
  );
  const canonical = [method, path, query, `host:127.0.0.1:${s3.port}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const key = signingKey(s3.credentials, scope);
  return `${path}?${query}&X-Amz-Signature=${hmac(key, stringToSign(timestamp, scope, canonical)).toString('hex')}`;
}

function stringToSign(timestamp: string, scope: string, canonical: string): string {
  return ['AWS4-HMAC-SHA256', timestamp, scope, sha256(canonical)].join('\n');
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&');
}

function signingKey({ secretAccessKey }: Credentials, scope: string): Buffer {
  return scope.split('/').reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secretAccessKey}`));
}

function toTimestamp(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, '');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function put(path: string, body: string | Buffer = 'bytes', further: Partial<Request> = {}): Promise<Answer> {
  return send({ method: 'PUT', path, body, ...further });
}

function bytesOf(bucket: string, key: string): string | undefined {
  return s3.objects(bucket).get(key)?.bytes.toString();
}

describe('signatures', () => {
  // AWS publishes these keys and signatures, so that this is more than an agreement of two programs of ours.
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and the pages next to it
  const published = new User(
    { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
    false,
  );
  const publishedAt = new Date('2013-05-24T00:00:00Z');
  const credential = 'Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
  const emptySha256 = sha256('');

  function verify(request: SignedRequest, user = published, now = publishedAt) {
    const signature = readSignature(request);
    if (!signature) throw new Error('The request has no signature');
    return verifySignature(signature, request, user, now);
  }

  const hashAndDate = { 'x-amz-content-sha256': emptySha256, 'x-amz-date': '20130524T000000Z' };

  test.each<[name: string, method: string, url: string, headers: Record<string, string>, signature: string]>([
    [
      'a GET with a range',
      'GET',
      '/test.txt',
      { range: 'bytes=0-9', ...hashAndDate },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'a PUT of a key with a dollar sign',
      'PUT',
      '/test$file.text',
      {
        ...hashAndDate,
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'a query without a value',
      'GET',
      '/?lifecycle',
      hashAndDate,
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'a query with values',
      'GET',
      '/?max-keys=2&prefix=J',
      hashAndDate,
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('are right when AWS says so: %s', (_, method, url, own, signature) => {
    const headers = { host: 'examplebucket.s3.amazonaws.com', ...own };
    const names = Object.keys(headers).sort().join(';');
    const authorization = `AWS4-HMAC-SHA256 ${credential},SignedHeaders=${names},Signature=${signature}`;
    verify({ method, url, headers: { ...headers, authorization } });
  });

  test('are right when AWS says so: a presigned URL', () => {
    const url =
      '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
      '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
      '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
      '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
    const request = { method: 'GET', url, headers: { host: 'examplebucket.s3.amazonaws.com' } };
    verify(request);
    const dayLater = new Date(publishedAt.getTime() + 86_401_000);
    expect(() => verify(request, published, dayLater)).toThrow('Request has expired');
  });

  const upload = {
    method: 'PUT',
    url: '/examplebucket/chunkObject.txt',
    headers: {
      host: 's3.amazonaws.com',
      'content-encoding': 'aws-chunked',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-decoded-content-length': '66560',
    },
  };
  const chunks = [Buffer.alloc(65_536, 'a'), Buffer.alloc(1024, 'a'), Buffer.alloc(0)];

  function frame(signatures: string[]): Buffer {
    const frames = chunks.flatMap((chunk, index) => [
      Buffer.from(`${chunk.length.toString(16)};chunk-signature=${signatures[index]}\r\n`),
      chunk,
      Buffer.from(chunk.length > 0 ? '\r\n' : ''),
    ]);
    return Buffer.concat(frames);
  }

  test('are right when AWS says so: signed chunks', () => {
    const signer = verify({
      ...upload,
      headers: {
        ...upload.headers,
        'content-length': '66824',
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        authorization: `AWS4-HMAC-SHA256 ${credential},SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9`,
      },
    });
    const signatures = [
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ];
    const body = Buffer.concat([frame(signatures), Buffer.from('\r\n')]);
    expect(body).toHaveLength(66_824);
    const decoder = new AwsChunkedDecoder(signer);
    const payload = Buffer.concat(decoder.push(body));
    decoder.finish();
    expect(payload.equals(Buffer.concat(chunks))).toBe(true);
    body[70_000 - 4000] = 'b'.charCodeAt(0);
    expect(() => new AwsChunkedDecoder(signer).push(body)).toThrow('signature of a chunk');
  });

  test('are right when AWS says so: signed chunks with a signed trailer, cut into any pieces', () => {
    const signer = verify({
      ...upload,
      headers: {
        ...upload.headers,
        'x-amz-trailer': 'x-amz-checksum-crc32c',
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
        authorization: `AWS4-HMAC-SHA256 ${credential},SignedHeaders=content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer,Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e`,
      },
    });
    const signatures = [
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ];
    const trailer = (checksum: string) =>
      Buffer.from(
        `x-amz-checksum-crc32c:${checksum}\r\n` +
          'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n',
      );
    const body = Buffer.concat([frame(signatures), trailer('sOO8/Q==')]);
    for (const size of [1000, 77, body.length]) {
      const decoder = new AwsChunkedDecoder(signer);
      const payload: Buffer[] = [];
      for (let offset = 0; offset < body.length; offset += size) {
        payload.push(...decoder.push(body.subarray(offset, offset + size)));
      }
      decoder.finish();
      expect(Buffer.concat(payload).equals(Buffer.concat(chunks))).toBe(true);
      expect(decoder.trailers).toEqual({ 'x-amz-checksum-crc32c': 'sOO8/Q==' });
    }
    const changed = Buffer.concat([frame(signatures), trailer('AAAAAA==')]);
    expect(() => new AwsChunkedDecoder(signer).push(changed)).toThrow('signature of a chunk or trailer');
  });

  test('are wrong for other keys, other headers, another path or another query', async () => {
    const headers = sign({ path: '/photos/x' });
    for (const change of [
      { path: '/photos/y', headers },
      { path: '/photos/x?versions', headers },
      { path: '/photos/x', headers: { ...headers, host: 's3.localhost' } },
    ]) {
      const answer = await transmit({ path: change.path }, change.headers);
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
    const as = { ...s3.credentials, secretAccessKey: 'wrong' };
    expect(await send({ path: '/photos/x', as })).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
  });

  test.each([
    [-16, 403],
    [-14, 200],
    [14, 200],
    [16, 403],
  ])('made %d minutes from now get %d', async (minutes, status) => {
    const date = new Date(Date.now() + minutes * 60_000);
    expect((await put('/photos/x', 'x', { date })).status).toBe(status);
  });

  test('cover every x-amz- header', async () => {
    const unsigned = { 'x-amz-acl': 'public-read' };
    expect(await put('/photos/x', 'x', { unsigned })).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(s3.objects('photos').size).toBe(0);
  });

  test('of the old version are refused', async () => {
    const headers = { authorization: 'AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=' };
    const answer = await send({ path: '/photos/x', as: 'anonymous', headers });
    expect(answer).toMatchObject({ status: 400, code: 'InvalidRequest' });
  });

  test.each([
    ['nothing but the algorithm', 'AWS4-HMAC-SHA256 '],
    ['a credential without a scope', 'AWS4-HMAC-SHA256 Credential=AKIA, SignedHeaders=host, Signature=00'],
    [
      'another service',
      'AWS4-HMAC-SHA256 Credential=AKIA/20130524/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=00',
    ],
  ])('are malformed with %s', async (_, authorization) => {
    const headers = { authorization, 'x-amz-date': '20130524T000000Z', 'x-amz-content-sha256': emptySha256 };
    const answer = await send({ path: '/photos/x', as: 'anonymous', headers });
    expect(answer).toMatchObject({ status: 400, code: 'AuthorizationHeaderMalformed' });
  });

  test('with the token of temporary credentials are accepted, without it or with another refused', async () => {
    const user = { accessKeyId: 'ASIATEMPORARY', secretAccessKey: 'secret', sessionToken: 'token' };
    s3.addUser(user);
    expect((await put('/photos/x', 'x', { as: user })).status).toBe(200);
    const without = { accessKeyId: user.accessKeyId, secretAccessKey: user.secretAccessKey };
    expect(await put('/photos/x', 'x', { as: without })).toMatchObject({ status: 403, code: 'InvalidAccessKeyId' });
    const other = { ...user, sessionToken: 'other' };
    expect(await put('/photos/x', 'x', { as: other })).toMatchObject({ status: 400, code: 'InvalidToken' });
  });

  test('with a token that has expired are refused', async () => {
    const user = { accessKeyId: 'ASIATEMPORARY', secretAccessKey: 'secret', sessionToken: 'token' };
    s3.addUser({ ...user, expiresAt: new Date(Date.now() - 1000) });
    expect(await put('/photos/x', 'x', { as: user })).toMatchObject({ status: 400, code: 'ExpiredToken' });
  });

  test('in a URL work until it expires, and for what was signed only', async () => {
    await put('/photos/x', 'bytes');
    const url = presign({ path: '/photos/x' }, 60);
    const headers = { host: `127.0.0.1:${s3.port}` };
    expect((await transmit({ path: url }, headers)).body.toString()).toBe('bytes');
    expect((await transmit({ path: url, method: 'DELETE' }, headers)).code).toBe('SignatureDoesNotMatch');
    const expired = presign({ path: '/photos/x', date: new Date(Date.now() - 61_000) }, 60);
    expect(await transmit({ path: expired }, headers)).toMatchObject({ status: 403, code: 'AccessDenied' });
    const tooLong = presign({ path: '/photos/x' }, 8 * 24 * 60 * 60);
    expect((await transmit({ path: tooLong }, headers)).code).toBe('AuthorizationQueryParametersError');
  });

  test('in a URL let an unsigned body be sent', async () => {
    const path = presign({ method: 'PUT', path: '/photos/x' }, 60);
    const headers = { host: `127.0.0.1:${s3.port}`, 'content-length': '5' };
    expect((await transmit({ method: 'PUT', path, body: 'bytes' }, headers)).status).toBe(200);
    expect(bytesOf('photos', 'x')).toBe('bytes');
  });
});

describe('regions', () => {
  beforeEach(() => s3.createBucket('far-away', { region: 'eu-west-1' }));

  test('a request signed for another region names the right one', async () => {
    const answer = await send({ path: '/photos/x', region: 'eu-west-1' });
    expect(answer).toMatchObject({ status: 400, code: 'AuthorizationHeaderMalformed' });
    expect(answer.body.toString()).toContain('<Region>us-east-1</Region>');
  });

  test('a bucket elsewhere is named by a redirect, also to HEAD', async () => {
    const answer = await put('/far-away/x');
    expect(answer).toMatchObject({ status: 301, code: 'PermanentRedirect' });
    expect(answer.headers['x-amz-bucket-region']).toBe('eu-west-1');
    const head = await send({ method: 'HEAD', path: '/far-away' });
    expect(head).toMatchObject({ status: 301, headers: { 'x-amz-bucket-region': 'eu-west-1' } });
  });

  test('a bucket elsewhere takes requests that are signed for its region', async () => {
    expect((await put('/far-away/x', 'x', { region: 'eu-west-1' })).status).toBe(200);
  });

  test('a bucket can be made in the region of the endpoint only', async () => {
    const body =
      '<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>';
    expect(await put('/elsewhere', body)).toMatchObject({ status: 400, code: 'IllegalLocationConstraintException' });
  });
});

describe('keys', () => {
  test.each([
    ['/photos/a+b', 'a b'],
    ['/photos/a%2Bb%20c', 'a+b c'],
    ['/photos/./a/../b', './a/../b'],
    ['/photos//a//', '/a//'],
    ['/photos/%C3%BC%F0%9F%98%80', 'ü😀'],
    ['/photos/%2525', '%25'],
    ['/photos/%2Fa', '/a'],
  ])('are exactly what the path %s says', async (path, key) => {
    s3.setBucketPolicy('photos', { Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }] });
    expect((await put(path, 'x', { as: 'anonymous' })).status).toBe(200);
    expect([...s3.objects('photos').keys()]).toEqual([key]);
  });

  test('that are not UTF-8 are refused', async () => {
    expect(await put('/photos/%FF')).toMatchObject({ status: 400, code: 'InvalidURI' });
  });

  test('are found below the bucket’s own host name too', async () => {
    const headers = { host: `photos.s3.localhost:${s3.port}` };
    expect((await put('/a/b.jpg', 'bytes', { headers })).status).toBe(200);
    expect(bytesOf('photos', 'a/b.jpg')).toBe('bytes');
    expect((await send({ path: '/photos/a/b.jpg' })).body.toString()).toBe('bytes');
    expect((await send({ path: '/?list-type=2', headers })).body.toString()).toContain('<Key>a/b.jpg</Key>');
  });

  test('with characters that XML has no place for are listed as references', async () => {
    await put('/photos/a%01%3C%0D');
    expect((await send({ path: '/photos?list-type=2' })).body.toString()).toContain('<Key>a&#x1;&lt;&#xD;</Key>');
  });
});

describe('bodies', () => {
  const unsignedTrailer = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
  const crc32Of = (bytes: string | Buffer) => {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(crc32(bytes));
    return value.toString('base64');
  };

  function headOfPut(headers: Record<string, string>): string {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return `PUT /photos/x HTTP/1.1\r\n${lines.join('')}\r\n`;
  }

  /** All that the server says to a PUT, whose body is sent when the server asks for it. */
  async function converse(headers: Record<string, string>, body?: string): Promise<string> {
    const socket = connect(s3.port, '127.0.0.1');
    let heard = '';
    socket.on('data', (piece) => {
      const isFirst = heard === '';
      heard += piece.toString();
      if (isFirst && body !== undefined && heard.startsWith('HTTP/1.1 100')) socket.write(body);
    });
    socket.write(headOfPut(headers));
    const deadline = Date.now() + 60_000;
    while (!/HTTP\/1\.1 [2-5][^]*\r\n\r\n/.test(heard) && Date.now() < deadline) await sleep(5);
    socket.destroy();
    return heard;
  }

  function putFramed(body: string, decodedLength: number, trailer = 'x-amz-checksum-crc32'): Promise<Answer> {
    const headers = {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(decodedLength),
      'x-amz-trailer': trailer,
    };
    return put('/photos/x', body, { headers, payloadHash: unsignedTrailer });
  }

  test('are stored without their frames and their encoding', async () => {
    const answer = await putFramed(`5\r\nbytes\r\n0\r\nx-amz-checksum-crc32:${crc32Of('bytes')}\r\n\r\n`, 5);
    expect(answer).toMatchObject({ status: 200, headers: { 'x-amz-checksum-crc32': crc32Of('bytes') } });
    expect(bytesOf('photos', 'x')).toBe('bytes');
    expect(s3.objects('photos').get('x')?.contentEncoding).toBeUndefined();
  });

  test.each([
    ['a wrong trailer', `5\r\nbytes\r\n0\r\nx-amz-checksum-crc32:${crc32Of('other')}\r\n\r\n`, 5, 'BadDigest'],
    ['a trailer that is missing', '5\r\nbytes\r\n0\r\n\r\n', 5, 'MalformedTrailerError'],
    ['a trailer that is not a checksum', '5\r\nbytes\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n', 5, 'InvalidRequest'],
    ['a last frame that is missing', '5\r\nbytes\r\n', 5, 'IncompleteBody'],
    ['fewer bytes than promised', '5\r\nbytes\r\n0\r\n\r\n', 6, 'IncompleteBody'],
    ['more bytes than promised', '5\r\nbytes\r\n0\r\n\r\n', 4, 'IncompleteBody'],
    ['a frame longer than it says', '4\r\nbytes\r\n0\r\n\r\n', 5, 'IncompleteBody'],
    ['a frame without a size', 'x\r\nbytes\r\n0\r\n\r\n', 5, 'IncompleteBody'],
    ['bytes behind the last frame', '5\r\nbytes\r\n0\r\n\r\nmore\r\n', 5, 'IncompleteBody'],
    ['a small frame before another', '1\r\nb\r\n4\r\nytes\r\n0\r\n\r\n', 5, 'InvalidChunkSizeError'],
  ])('with %s are refused and not stored', async (_, body, length, code) => {
    expect(await putFramed(body, length)).toMatchObject({ code });
    expect(s3.objects('photos').size).toBe(0);
  });

  test('whose SHA-256 is not the signed one are refused', async () => {
    const answer = await put('/photos/x', 'bytes', { payloadHash: sha256('other') });
    expect(answer).toMatchObject({ status: 400, code: 'XAmzContentSHA256Mismatch' });
    expect(s3.objects('photos').size).toBe(0);
  });

  test('may be unsigned', async () => {
    expect((await put('/photos/x', 'bytes', { payloadHash: 'UNSIGNED-PAYLOAD' })).status).toBe(200);
  });

  // The checksums of "123456789" that the catalogues of algorithms give.
  test.each([
    ['crc32', 'y/Q5Jg=='],
    ['crc32c', '4waSgw=='],
    ['sha1', '98O8HYCOBHMq32eZZczDTKeuNEE='],
    ['sha256', 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU='],
  ])('are held against their %s, which is given back when asked for', async (algorithm, value) => {
    const name = `x-amz-checksum-${algorithm}`;
    expect(await put('/photos/x', 'other', { headers: { [name]: value } })).toMatchObject({
      status: 400,
      code: 'BadDigest',
    });
    expect(s3.objects('photos').size).toBe(0);
    const stored = await put('/photos/x', '123456789', { headers: { [name]: value } });
    expect(stored.headers[name]).toBe(value);
    expect((await send({ path: '/photos/x' })).headers[name]).toBeUndefined();
    const asked = await send({ path: '/photos/x', headers: { 'x-amz-checksum-mode': 'ENABLED' } });
    expect(asked.headers).toMatchObject({ [name]: value, 'x-amz-checksum-type': 'FULL_OBJECT' });
  });

  test('with a checksum that cannot be one, or with two, are refused', async () => {
    const short = { 'x-amz-checksum-crc32': 'AAAA' };
    const two = { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-crc32c': 'AAAAAA==' };
    const announced = { 'x-amz-sdk-checksum-algorithm': 'CRC32' };
    for (const headers of [short, two, announced]) {
      expect(await put('/photos/x', 'bytes', { headers })).toMatchObject({ status: 400, code: 'InvalidRequest' });
    }
  });

  test('with a Content-MD5 that cannot be one are refused', async () => {
    const answer = await put('/photos/x', 'bytes', { headers: { 'content-md5': 'short' } });
    expect(answer).toMatchObject({ status: 400, code: 'InvalidDigest' });
  });

  test('of a length that is not given are refused', async () => {
    const heard = await converse(sign({ method: 'PUT', path: '/photos/x', payloadHash: 'UNSIGNED-PAYLOAD' }));
    expect(heard).toMatch(/^HTTP\/1\.1 411/);
    expect(heard).toContain('<Code>MissingContentLength</Code>');
  });

  test('that end with their connection leave nothing', async () => {
    const headers = sign({
      method: 'PUT',
      path: '/photos/x',
      payloadHash: 'UNSIGNED-PAYLOAD',
      headers: { 'content-length': '1000' },
    });
    const socket = connect(s3.port, '127.0.0.1');
    socket.write(`${headOfPut(headers)}${'x'.repeat(500)}`);
    await waitUntil(() => s3.requests[0]?.bytesReceived === 500);
    socket.destroy();
    await waitUntil(() => Boolean(s3.requests[0]?.endedAtMs));
    expect(s3.objects('photos').size).toBe(0);
    expect(s3.requests).toMatchObject([{ operation: 'PutObject', status: 0, bytesReceived: 500 }]);
    expect(s3.requests[0]?.endedAtMs).toBeGreaterThan(0);
  });

  test('that are refused before their end get their answer, and their connection stays good', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const large = Buffer.alloc(8 * 1024 * 1024);
    s3.injectFault({ times: 10, kind: { status: 503, code: 'SlowDown' } });
    for (let count = 0; count < 10; count++) {
      expect(await put('/photos/x', large, { agent })).toMatchObject({ status: 503, code: 'SlowDown' });
    }
    const headers = { 'x-amz-decoded-content-length': '5', 'x-amz-trailer': 'x-amz-checksum-crc32' };
    const unframed = await put('/photos/x', large, { agent, headers, payloadHash: unsignedTrailer });
    expect(unframed).toMatchObject({ status: 400, code: 'IncompleteBody' });
    expect((await put('/photos/x', 'bytes', { agent })).status).toBe(200);
    expect(s3.openConnections()).toBe(1);
    agent.destroy();
  });

  test('are asked for when the client waits for that', async () => {
    const headers = { ...sign({ method: 'PUT', path: '/photos/x', body: 'bytes' }), expect: '100-continue' };
    const heard = await converse(headers, 'bytes');
    expect(heard).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(bytesOf('photos', 'x')).toBe('bytes');
  });

  test('are not asked for when the request is refused anyway', async () => {
    const as = { ...s3.credentials, secretAccessKey: 'wrong' };
    const headers = { ...sign({ method: 'PUT', path: '/photos/x', body: 'bytes', as }), expect: '100-continue' };
    const heard = await converse(headers, 'bytes');
    expect(heard).toMatch(/^HTTP\/1\.1 403/);
    expect(heard.toLowerCase()).toContain('connection: close');
    expect(s3.requests).toMatchObject([{ bytesReceived: 0 }]);
  });
});

describe('what is stored besides the bytes', () => {
  test('is binary/octet-stream, the standard class and encrypted when nothing was said', async () => {
    await put('/photos/x');
    const { headers } = await send({ path: '/photos/x' });
    expect(headers).toMatchObject({
      'content-type': 'binary/octet-stream',
      'x-amz-server-side-encryption': 'AES256',
      'accept-ranges': 'bytes',
    });
    expect(headers['x-amz-storage-class']).toBeUndefined();
    expect(headers['x-amz-request-id']).toMatch(/^[0-9A-F]{16}$/);
  });

  test('is visible to a test as to a reader', async () => {
    const headers = {
      'content-type': 'image/webp',
      'cache-control': 'no-cache',
      'content-disposition': 'inline',
      'content-language': 'de',
      'x-amz-meta-source': 'editor',
      'x-amz-storage-class': 'STANDARD_IA',
    };
    await put('/photos/x', 'bytes', { headers });
    expect((await send({ method: 'HEAD', path: '/photos/x' })).headers).toMatchObject(headers);
    expect(s3.objects('photos').get('x')).toMatchObject({
      bytes: Buffer.from('bytes'),
      contentType: 'image/webp',
      cacheControl: 'no-cache',
      contentDisposition: 'inline',
      contentLanguage: 'de',
      metadata: { source: 'editor' },
      storageClass: 'STANDARD_IA',
      etag: `"${createHash('md5').update('bytes').digest('hex')}"`,
    });
  });

  test('names the KMS key, and has an ETag that is not a digest', async () => {
    const headers = {
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:us-east-1:123456789012:key/a',
    };
    const answer = await put('/photos/x', 'bytes', { headers });
    expect(answer.headers).toMatchObject(headers);
    expect((await send({ path: '/photos/x' })).headers).toMatchObject(headers);
    expect(answer.headers.etag).not.toBe(`"${createHash('md5').update('bytes').digest('hex')}"`);
  });

  test.each([
    [{ 'x-amz-storage-class': 'COLD' }, 'InvalidStorageClass'],
    [{ 'x-amz-server-side-encryption': 'rot13' }, 'InvalidEncryptionAlgorithmError'],
    [
      { 'x-amz-server-side-encryption': 'AES256', 'x-amz-server-side-encryption-aws-kms-key-id': 'a' },
      'InvalidArgument',
    ],
    [{ 'x-amz-acl': 'public-read' }, 'AccessControlListNotSupported'],
    [{ 'x-amz-acl': 'private' }, 'AccessControlListNotSupported'],
    [{ 'x-amz-grant-read': 'id=a' }, 'AccessControlListNotSupported'],
  ])('cannot be %j', async (headers, code) => {
    expect(await put('/photos/x', 'bytes', { headers })).toMatchObject({ status: 400, code });
    expect(await send({ method: 'POST', path: '/photos/x?uploads', headers })).toMatchObject({ status: 400, code });
    expect(s3.objects('photos').size).toBe(0);
  });

  test('may be an ACL where the bucket has ACLs, which then opens the object', async () => {
    s3.createBucket('acls', { objectOwnership: 'ObjectWriter' });
    expect(await put('/acls/x', 'bytes', { headers: { 'x-amz-acl': 'all' } })).toMatchObject({
      code: 'InvalidArgument',
    });
    await put('/acls/open', 'bytes', { headers: { 'x-amz-acl': 'public-read' } });
    await put('/acls/closed', 'bytes', { headers: { 'x-amz-acl': 'private' } });
    expect((await send({ path: '/acls/open', as: 'anonymous' })).status).toBe(200);
    expect((await send({ path: '/acls/closed', as: 'anonymous' })).status).toBe(403);
    expect((await put('/photos/x', 'x', { headers: { 'x-amz-acl': 'bucket-owner-full-control' } })).status).toBe(200);
  });

  test('makes an archived object unreadable but not invisible', async () => {
    await put('/photos/x', 'bytes', { headers: { 'x-amz-storage-class': 'DEEP_ARCHIVE' } });
    expect(await send({ path: '/photos/x' })).toMatchObject({ status: 403, code: 'InvalidObjectState' });
    expect((await send({ method: 'HEAD', path: '/photos/x' })).status).toBe(200);
  });
});

describe('conditional writes', () => {
  const ifNoneMatch = { headers: { 'if-none-match': '*' } };

  test('are decided when the body has come, not before', async () => {
    const slow = { method: 'PUT', path: '/photos/x', body: 'slow', ...ifNoneMatch };
    const sending = request({ host: '127.0.0.1', port: s3.port, ...slow, headers: sign(slow) });
    const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
    sending.write('sl');
    await waitUntil(() => s3.requests[0]?.bytesReceived === 2);
    expect((await put('/photos/x', 'fast', ifNoneMatch)).status).toBe(200);
    sending.end('ow');
    const [answer] = await answered;
    expect(answer.resume().statusCode).toBe(412);
    expect(bytesOf('photos', 'x')).toBe('fast');
  });

  test('with If-Match need the object', async () => {
    const headers = { 'if-match': '"00000000000000000000000000000000"' };
    expect(await put('/photos/x', 'x', { headers })).toMatchObject({ status: 404, code: 'NoSuchKey' });
  });

  test('with If-None-Match know no ETags', async () => {
    const headers = { 'if-none-match': '"00000000000000000000000000000000"' };
    expect(await put('/photos/x', 'x', { headers })).toMatchObject({ status: 501, code: 'NotImplemented' });
  });

  test('are not implemented by some providers', async () => {
    s3.createBucket('provider', { conditionalWrites: 'not-implemented' });
    expect(await put('/provider/x', 'x', ifNoneMatch)).toMatchObject({ status: 501, code: 'NotImplemented' });
    expect((await put('/provider/x', 'x')).status).toBe(200);
  });

  test('are ignored by others', async () => {
    s3.createBucket('provider', { conditionalWrites: 'ignored' });
    await put('/provider/x', 'first', ifNoneMatch);
    expect((await put('/provider/x', 'second', ifNoneMatch)).status).toBe(200);
    expect(bytesOf('provider', 'x')).toBe('second');
  });
});

describe('policies', () => {
  const editor = { accessKeyId: 'AKIAEDITOR', secretAccessKey: 'secret' };
  const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
  const allow = (Action: string | string[], Resource: string | string[], further: object = {}) => ({
    Effect: 'Allow',
    Action,
    Resource,
    ...further,
  });
  const addEditor = (...Statement: object[]) => s3.addUser({ ...editor, policy: { Statement } });
  const as = editor;

  test('of a user allow what they name and nothing else', async () => {
    addEditor(allow(['s3:PutObject', 's3:Get*'], 'arn:aws:s3:::photos/content/images/*'));
    expect((await put('/photos/content/images/x', 'x', { as })).status).toBe(200);
    expect((await send({ path: '/photos/content/images/x', as })).status).toBe(200);
    expect((await put('/photos/content/files/x', 'x', { as })).status).toBe(403);
    expect((await send({ method: 'DELETE', path: '/photos/content/images/x', as })).status).toBe(403);
    expect((await send({ path: '/photos?list-type=2', as })).status).toBe(403);
  });

  test('name the permission that is missing', async () => {
    addEditor(allow('s3:GetObject', 'arn:aws:s3:::photos/*'));
    const message = async (request: Partial<Request> & { path: string }) =>
      (await send({ ...request, as })).body.toString();
    expect(await message({ method: 'DELETE', path: '/photos/x' })).toContain('perform: s3:DeleteObject on resource');
    expect(await message({ path: '/photos/absent' })).toContain('perform: s3:ListBucket on resource');
  });

  test('of a bucket add to those of a user, and their denials outweigh everything', async () => {
    addEditor(allow('s3:GetObject', 'arn:aws:s3:::photos/*'));
    const Principal = { AWS: 'arn:aws:iam::123456789012:user/AKIAEDITOR' };
    s3.setBucketPolicy('photos', { Statement: [allow('s3:PutObject', 'arn:aws:s3:::photos/*', { Principal })] });
    expect((await put('/photos/x', 'x', { as })).status).toBe(200);
    expect((await put('/photos/x', 'x', { as: 'anonymous' })).status).toBe(403);
    const denial = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::photos/*' };
    s3.setBucketPolicy('photos', { Statement: [denial] });
    expect((await send({ path: '/photos/x', as })).status).toBe(403);
    expect((await send({ path: '/photos/x' })).status).toBe(403);
    expect((await send({ method: 'DELETE', path: '/photos?policy' })).status).toBe(204);
    expect((await send({ path: '/photos/x', as })).status).toBe(200);
  });

  test('may limit listings to a prefix', async () => {
    const Condition = { StringLike: { 's3:prefix': ['content/images/*'] } };
    addEditor(allow('s3:ListBucket', 'arn:aws:s3:::photos', { Condition }));
    const list = async (query: string) => (await send({ path: `/photos?list-type=2${query}`, as })).status;
    expect(await list('&prefix=content%2Fimages%2F2026')).toBe(200);
    expect(await list('&prefix=content%2Ffiles%2F')).toBe(403);
    expect(await list('')).toBe(403);
  });

  test('that ask for TLS keep plain HTTP out', async () => {
    const Condition = { Bool: { 'aws:SecureTransport': 'false' } };
    const denial = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*', Condition };
    s3.setBucketPolicy('photos', { Statement: [denial] });
    expect((await put('/photos/x')).status).toBe(403);
  });

  test.each([
    [{ StringEquals: { 's3:x-amz-server-side-encryption': ['AES256', 'aws:kms'] } }, true],
    [{ StringEquals: { 's3:x-amz-server-side-encryption': 'AES256' } }, false],
    [{ StringNotEquals: { 's3:x-amz-server-side-encryption': ['AES256', 'aws:kms'] } }, false],
    [{ StringNotEquals: { 's3:x-amz-storage-class': 'STANDARD' } }, true],
    [{ StringLike: { 's3:x-amz-server-side-encryption': 'aws:*' } }, true],
    [{ StringNotLike: { 's3:x-amz-server-side-encryption': 'aws:*' } }, false],
    [{ ArnLike: { 'aws:SourceArn': 'arn:aws:cloudfront::*' } }, false],
    [{ ArnEqualsIfExists: { 'aws:SourceArn': 'arn:aws:cloudfront::*' } }, true],
    [{ NumericLessThan: { 's3:TlsVersion': '1.2' } }, false],
    [{ NumericLessThanIfExists: { 's3:TlsVersion': '1.2' } }, true],
    [{ Bool: { 'aws:SecureTransport': 'false' }, StringEquals: { 's3:x-amz-storage-class': 'GLACIER' } }, false],
  ])('with the condition %j hold: %p', async (Condition, holds) => {
    addEditor(allow('s3:PutObject', '*', { Condition }));
    const headers = { 'x-amz-server-side-encryption': 'aws:kms' };
    expect((await put('/photos/x', 'x', { as, headers })).status).toBe(holds ? 200 : 403);
  });

  test('may limit how much is listed at once', async () => {
    addEditor(allow('s3:ListBucket', '*', { Condition: { NumericLessThanEquals: { 's3:max-keys': '10' } } }));
    expect((await send({ path: '/photos?list-type=2&max-keys=10', as })).status).toBe(200);
    expect((await send({ path: '/photos?list-type=2&max-keys=11', as })).status).toBe(403);
  });

  test('may turn their meaning round', async () => {
    addEditor(everything, { Effect: 'Deny', NotAction: 's3:GetObject', NotResource: 'arn:aws:s3:::photos/free/*' });
    expect((await put('/photos/free/x', 'x', { as })).status).toBe(200);
    expect((await put('/photos/x', 'x', { as })).status).toBe(403);
    expect((await send({ path: '/photos/free/x', as })).status).toBe(200);
  });

  test('are asked for the ACL too', async () => {
    s3.createBucket('acls', { objectOwnership: 'ObjectWriter' });
    addEditor(allow('s3:PutObject', '*'));
    const headers = { 'x-amz-acl': 'private' };
    expect(await put('/acls/x', 'x', { as, headers })).toMatchObject({ status: 403, code: 'AccessDenied' });
    addEditor(allow(['s3:PutObject', 's3:PutObjectAcl'], '*'));
    expect((await put('/acls/x', 'x', { as, headers })).status).toBe(200);
  });

  test('are asked for every key of a DeleteObjects', async () => {
    await put('/photos/mine/x');
    await put('/photos/theirs/x');
    addEditor(allow('s3:DeleteObject', 'arn:aws:s3:::photos/mine/*'));
    const body =
      '<Delete><Object><Key>mine/x</Key></Object><Object><Key>theirs/x</Key></Object><Quiet>true</Quiet></Delete>';
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
    const answer = await send({ method: 'POST', path: '/photos?delete', body, headers, as });
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toContain('<Error><Key>theirs/x</Key><Code>AccessDenied</Code>');
    expect(answer.body.toString()).not.toContain('<Deleted>');
    expect([...s3.objects('photos').keys()]).toEqual(['theirs/x']);
  });

  test.each([
    ['no JSON', 'x'],
    ['no statement', '{}'],
    ['no effect', JSON.stringify({ Statement: { Action: '*', Resource: '*', Principal: '*' } })],
    ['no resource', JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Principal: '*' } })],
    [
      'a condition that is not understood',
      JSON.stringify({
        Statement: { ...everything, Principal: '*', Condition: { IpAddress: { 'aws:SourceIp': '::1' } } },
      }),
    ],
  ])('with %s are refused', async (_, body) => {
    expect(await put('/photos?policy', body)).toMatchObject({ status: 400, code: 'MalformedPolicy' });
  });

  test('that are public are refused, or have no effect, where public access is blocked', async () => {
    const policy = JSON.stringify({ Statement: { ...everything, Principal: '*' } });
    await put('/photos/x');
    await put('/photos?policy', policy);
    expect((await send({ path: '/photos/x', as: 'anonymous' })).status).toBe(200);
    const block = (name: string) =>
      put(
        '/photos?publicAccessBlock',
        `<PublicAccessBlockConfiguration><${name}>true</${name}></PublicAccessBlockConfiguration>`,
      );
    await block('RestrictPublicBuckets');
    expect((await send({ path: '/photos/x', as: 'anonymous' })).status).toBe(403);
    await block('BlockPublicPolicy');
    expect(await put('/photos?policy', policy)).toMatchObject({ status: 403, code: 'AccessDenied' });
    const read = await send({ path: '/photos?publicAccessBlock' });
    expect(read.body.toString()).toContain('<BlockPublicPolicy>true</BlockPublicPolicy>');
    await send({ method: 'DELETE', path: '/photos?publicAccessBlock' });
    expect(await send({ path: '/photos?publicAccessBlock' })).toMatchObject({ status: 404 });
  });
});

describe('listings', () => {
  test.each([
    ['max-keys=many', 'max-keys'],
    ['continuation-token=eA%3D%3D', 'continuation-token'],
    ['encoding-type=base64', 'encoding-type'],
  ])('with %s are refused', async (parameter, name) => {
    const answer = await send({ path: `/photos?list-type=2&${parameter}` });
    expect(answer).toMatchObject({ status: 400, code: 'InvalidArgument' });
    expect(answer.body.toString()).toContain(`<ArgumentName>${name}</ArgumentName>`);
  });
});

describe('buckets', () => {
  test('tell whether they have ACLs', async () => {
    s3.createBucket('acls', { objectOwnership: 'ObjectWriter' });
    const ownership = async (bucket: string) => (await send({ path: `/${bucket}?ownershipControls` })).body.toString();
    expect(await ownership('photos')).toContain('<ObjectOwnership>BucketOwnerEnforced</ObjectOwnership>');
    expect(await ownership('acls')).toContain('<ObjectOwnership>ObjectWriter</ObjectOwnership>');
  });

  test('are made with or without ACLs', async () => {
    const headers = { 'x-amz-object-ownership': 'ObjectWriter' };
    expect((await send({ method: 'PUT', path: '/acls', headers })).status).toBe(200);
    expect((await put('/acls/x', 'x', { headers: { 'x-amz-acl': 'private' } })).status).toBe(200);
  });

  test('tell their region', async () => {
    s3.createBucket('far-away', { region: 'eu-west-1' });
    const { body } = await send({ path: '/far-away?location', region: 'eu-west-1' });
    expect(body.toString()).toContain('>eu-west-1</LocationConstraint>');
  });
});

describe('copies', () => {
  test('of an object to itself must change something', async () => {
    await put('/photos/x');
    const copy = (headers: Record<string, string>) =>
      send({ method: 'PUT', path: '/photos/x', headers: { 'x-amz-copy-source': '/photos/x', ...headers } });
    expect(await copy({})).toMatchObject({ status: 400, code: 'InvalidRequest' });
    expect((await copy({ 'x-amz-storage-class': 'STANDARD_IA' })).status).toBe(200);
    expect(s3.objects('photos').get('x')?.storageClass).toBe('STANDARD_IA');
  });

  test('of what is not there are refused', async () => {
    const copy = (source: string) =>
      send({ method: 'PUT', path: '/photos/x', headers: { 'x-amz-copy-source': source } });
    expect(await copy('/photos/absent')).toMatchObject({ status: 404, code: 'NoSuchKey' });
    expect(await copy('photos')).toMatchObject({ status: 400, code: 'InvalidArgument' });
  });
});

describe('requests that are not imitated', () => {
  test('are refused instead of meaning something else', async () => {
    await put('/photos/x', 'bytes');
    for (const [method, path] of [
      ['PUT', '/photos/x?tagging'],
      ['DELETE', '/photos/x?versionId=1'],
      ['GET', '/photos/x?acl'],
      ['DELETE', '/photos?lifecycle'],
    ] as const) {
      expect(await send({ method, path })).toMatchObject({ status: 501, code: 'NotImplemented' });
    }
    expect(await send({ method: 'PATCH', path: '/photos/x' })).toMatchObject({ status: 405, code: 'MethodNotAllowed' });
    expect(bytesOf('photos', 'x')).toBe('bytes');
  });

  test('DELETE of the public access block leaves the bucket', async () => {
    expect((await send({ method: 'DELETE', path: '/photos?publicAccessBlock' })).status).toBe(204);
    expect((await send({ method: 'HEAD', path: '/photos' })).status).toBe(200);
  });

  test('buckets whose names are none are refused', async () => {
    for (const name of ['Photos', 'a', 'a..b', '-a-', '192.168.0.1', 'a_b']) {
      expect(await put(`/${name}`)).toMatchObject({ status: 400, code: 'InvalidBucketName' });
      expect(() => s3.createBucket(name)).toThrow();
    }
  });

  test('a document that is none is refused', async () => {
    for (const body of ['', '<Delete>', '<Delete></Object></Delete>', 'text', '<Delete/><Delete/>']) {
      const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
      const answer = await send({ method: 'POST', path: '/photos?delete', body, headers });
      expect(answer).toMatchObject({ status: 400, code: 'MalformedXML' });
    }
  });
});

describe('faults', () => {
  beforeEach(async () => {
    await put('/photos/x', 'first half, other half');
    s3.requests.length = 0;
  });

  const get = () => send({ path: '/photos/x' });

  test('may be an error of S3’s, once unless said otherwise', async () => {
    s3.injectFault({ kind: { status: 503, code: 'SlowDown' } });
    expect(await get()).toMatchObject({ status: 503, code: 'SlowDown' });
    expect((await get()).status).toBe(200);
  });

  test('strike as often as asked, or until they are cleared', async () => {
    s3.injectFault({ times: 2, kind: { status: 500, code: 'InternalError' } });
    expect([(await get()).status, (await get()).status, (await get()).status]).toEqual([500, 500, 200]);
    const fault = s3.injectFault({ times: Infinity, kind: { status: 500, code: 'InternalError' } });
    expect([(await get()).status, (await get()).status]).toEqual([500, 500]);
    fault.clear();
    expect((await get()).status).toBe(200);
    s3.injectFault({ times: Infinity, kind: 'reset' });
    s3.clearFaults();
    expect((await get()).status).toBe(200);
  });

  test('strike the operations and keys they name', async () => {
    s3.injectFault({ operation: ['PutObject', 'DeleteObject'], kind: { status: 500, code: 'InternalError' } });
    s3.injectFault({ key: /y$/g, times: Infinity, kind: { status: 500, code: 'InternalError' } });
    s3.injectFault({ key: 'z', kind: { status: 500, code: 'InternalError' } });
    expect((await get()).status).toBe(200);
    expect((await put('/photos/x')).status).toBe(500);
    expect((await put('/photos/x')).status).toBe(200);
    expect([(await put('/photos/xy')).status, (await put('/photos/xy')).status]).toEqual([500, 500]);
    expect((await put('/photos/zz')).status).toBe(200);
    expect((await put('/photos/z')).status).toBe(500);
  });

  test('strike with the probability they name', async () => {
    s3.injectFault({ times: Infinity, probability: 0, kind: 'reset' });
    expect((await get()).status).toBe(200);
    s3.clearFaults();
    s3.injectFault({ times: Infinity, probability: 0.5, kind: { status: 500, code: 'InternalError' } });
    const statuses: number[] = [];
    for (let count = 0; count < 60; count++) statuses.push((await get()).status);
    expect(new Set(statuses)).toEqual(new Set([200, 500]));
  });

  test('may cut the connection before anything is done', async () => {
    s3.injectFault({ kind: 'reset' });
    await expect(put('/photos/y')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(s3.objects('photos').has('y')).toBe(false);
    expect(s3.requests).toMatchObject([{ operation: 'PutObject', status: 0 }]);
  });

  test('may lose the answer to what was done', async () => {
    s3.injectFault({ kind: 'reset-after-store' });
    await expect(put('/photos/y', 'bytes')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(bytesOf('photos', 'y')).toBe('bytes');
  });

  test('may cut a body in its middle', async () => {
    s3.injectFault({ operation: 'GetObject', kind: 'truncate-body' });
    await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await get()).body.toString()).toBe('first half, other half');
  });

  test('may stall a request until the server closes', async () => {
    s3.injectFault({ kind: 'stall' });
    let settled = false;
    const stalled = put('/photos/y').finally(() => (settled = true));
    const outcome = expect(stalled).rejects.toMatchObject({ code: 'ECONNRESET' });
    await waitUntil(() => s3.requests.length === 1);
    await sleep(100);
    expect(settled).toBe(false);
    await s3.close();
    await outcome;
    s3 = await startInMemoryS3();
  });

  test('may delay', async () => {
    s3.injectFault({ kind: { delayMs: 120 } });
    const startedAt = performance.now();
    expect((await get()).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(118);
  });

  test('may come late, in an answer that began as a success', async () => {
    s3.injectFault({ kind: { status: 200, code: 'InternalError', message: 'Too late' } });
    const answer = await get();
    expect(answer).toMatchObject({ status: 200, code: 'InternalError' });
    expect(answer.body.toString()).toContain('<Message>Too late</Message>');
  });
});

describe('the record of requests', () => {
  test('has what was asked, by whom, and how it was answered', async () => {
    const before = Date.now();
    await put('/photos/a%20b', 'bytes', { headers: { 'content-type': 'image/jpeg' } });
    await send({ path: '/photos?list-type=2&prefix=a' });
    await send({ path: '/photos/absent', as: 'anonymous' });
    expect(s3.requests).toMatchObject([
      {
        operation: 'PutObject',
        method: 'PUT',
        bucket: 'photos',
        key: 'a b',
        headers: { 'content-type': 'image/jpeg' },
        status: 200,
        accessKeyId: s3.credentials.accessKeyId,
        bytesReceived: 5,
      },
      { operation: 'ListObjectsV2', query: { 'list-type': '2', prefix: 'a' }, status: 200, bytesReceived: 0 },
      { operation: 'GetObject', status: 403, accessKeyId: undefined },
    ]);
    const [first] = s3.requests;
    expect(first?.startedAtMs).toBeGreaterThanOrEqual(before - 1);
    expect(first?.endedAtMs).toBeGreaterThanOrEqual(first?.startedAtMs ?? Infinity);
    expect(first?.endedAtMs).toBeLessThanOrEqual(Date.now() + 1);
  });

  test('lists the unfinished uploads of a bucket', async () => {
    const body = (await send({ method: 'POST', path: '/photos/x?uploads' })).body.toString();
    const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(body)?.[1] ?? '';
    await put(`/photos/x?partNumber=2&uploadId=${uploadId}`, 'two');
    await put(`/photos/x?partNumber=1&uploadId=${uploadId}`, 'one');
    expect(s3.multipartUploads('photos')).toMatchObject([
      {
        uploadId,
        key: 'x',
        parts: [
          { partNumber: 1, size: 3 },
          { partNumber: 2, size: 3 },
        ],
      },
    ]);
    expect(await put(`/photos/x?partNumber=10001&uploadId=${uploadId}`)).toMatchObject({ code: 'InvalidArgument' });
    expect(await put(`/photos/y?partNumber=1&uploadId=${uploadId}`)).toMatchObject({ code: 'NoSuchUpload' });
  });

  test('has the connections that are open', async () => {
    const socket = connect(s3.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    await waitUntil(() => s3.openConnections() === 1);
    socket.destroy();
    await waitUntil(() => s3.openConnections() === 0);
  });
});

describe('a slow line', () => {
  const restart = async (options: Parameters<typeof startInMemoryS3>[0]) => {
    await s3.close();
    s3 = await startInMemoryS3(options);
    s3.createBucket('photos');
  };

  async function timed(action: () => Promise<unknown>): Promise<number> {
    const startedAt = performance.now();
    await action();
    return performance.now() - startedAt;
  }

  test('has its latency on every request', async () => {
    await restart({ latencyMs: 60 });
    expect(await timed(() => put('/photos/x'))).toBeGreaterThanOrEqual(58);
    expect(await timed(() => send({ path: '/photos/x' }))).toBeGreaterThanOrEqual(58);
  });

  test('has its bandwidth in both directions', async () => {
    await restart({ bandwidthBytesPerSecond: 5_000_000 });
    expect(await timed(() => put('/photos/x', Buffer.alloc(1_000_000)))).toBeGreaterThanOrEqual(190);
    expect(await timed(() => send({ path: '/photos/x' }))).toBeGreaterThanOrEqual(190);
  });

  test('is one for each connection', async () => {
    await restart({ bandwidthBytesPerSecond: 300_000 });
    const paths = ['/photos/a', '/photos/b', '/photos/c', '/photos/d', '/photos/e'];
    const bytes = Buffer.alloc(1_000_000);
    await Promise.all(paths.map((path) => put(path, bytes)));
    const [begins, ends] = [s3.requests.map((one) => one.startedAtMs), s3.requests.map((one) => one.endedAtMs)];
    expect(Math.max(...begins)).toBeLessThan(Math.min(...ends));
    // Over one line, all of them would take 17 seconds.
    expect(Math.min(...ends) - Math.min(...begins)).toBeLessThan(13_000);
  });
});

test('a server that forgets bodies keeps zeros instead of large ones, and small ones as they are', async () => {
  await s3.close();
  s3 = await startInMemoryS3({ forgetsBodies: true });
  s3.createBucket('photos');
  const bytes = Buffer.alloc(2_000_000, 'x');

  await send({ method: 'PUT', path: '/photos/large', body: bytes });
  await send({ method: 'PUT', path: '/photos/small', body: 'x' });

  const large = (await send({ path: '/photos/large' })).body;
  expect(large.equals(Buffer.alloc(bytes.length))).toBe(true);
  expect((await send({ path: '/photos/small' })).body.toString()).toBe('x');
});
