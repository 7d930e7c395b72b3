import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import parseRange from 'range-parser';

/** The Ghost that is asked for sizes the bucket does not have yet. */
export interface GhostOrigin {
  /** Its address; a path in it becomes the origin path. */
  url: string;
  /** Sent as `X-Ghost-Cdn-Fallback`. */
  fallbackSecret: string;
}

export interface CdnStandInOptions {
  /** Port on 127.0.0.1; a free one when absent. */
  port?: number;
  /** The custom domain; default `images.localhost`, which browsers resolve to this machine by themselves. */
  hostname?: string;
  s3: {
    endpoint: string;
    region: string;
    bucket: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  ghost?: GhostOrigin;
}

export interface CdnRequest {
  method: string;
  /** Without the query string. */
  path: string;
  status: number;
  cache: 'hit' | 'miss';
  /** Who was asked for it; nobody for a hit. */
  origin: 's3' | 'ghost' | 'none';
  contentType?: string;
  location?: string;
}

export interface CdnStandIn {
  /** `http://images.localhost:PORT`, without a slash at its end. */
  url: string;
  port: number;
  /** Every request that was answered, in order. */
  requests: CdnRequest[];
  /** Replaces the Ghost to fall back to; undefined takes the fallback away. */
  setGhost(ghost: GhostOrigin | undefined): void;
  clearCache(): void;
  close(): Promise<void>;
}

interface OriginResponse {
  origin: 's3' | 'ghost';
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

interface CacheEntry {
  response: Promise<OriginResponse>;
  storedAtMs: number;
  /** Infinity while the origin is still being asked, so that everybody waits for the same answer. */
  expiresAtMs: number;
}

const VIA = '1.1 x.cloudfront.net (CloudFront)';
const FALLBACK_PATH = '/content/images/size/';
const FALLBACK_STATUSES = [403, 404];

/** The managed policy CachingOptimized. */
const TTL_SECONDS = { min: 1, default: 24 * 60 * 60, max: 365 * 24 * 60 * 60 };

/** How long errors are kept at least. */
const ERROR_TTL_SECONDS: Record<number, number> = { 403: 10, 404: 60, 500: 5, 502: 5, 503: 5, 504: 5 };

/** Between two neighbours only, or about cookies, which this cache does not forward. */
const DROPPED_HEADERS = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'set-cookie', 'via', 'age'];

/**
 * Starts a small HTTP server that treats its viewers and its two origins as CloudFront does with this project's
 * distribution: the bucket for everything, and Ghost for the image sizes the bucket answers with 403 or 404.
 * Names below `localhost` are not resolved everywhere: a client may as well connect to 127.0.0.1 and name the host.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html
 */
export async function startCdnStandIn(options: CdnStandInOptions): Promise<CdnStandIn> {
  const { s3, hostname = 'images.localhost' } = options;
  const client = new S3Client({ ...s3, forcePathStyle: true, maxAttempts: 2 });
  const cache = new Map<string, CacheEntry>();
  const requests: CdnRequest[] = [];
  let ghost = options.ghost;

  async function askOrigins(method: string, path: string, viewer: string): Promise<OriginResponse> {
    const fromBucket = await askBucket(client, s3.bucket, method, path);
    const fallsBack = path.startsWith(FALLBACK_PATH) && FALLBACK_STATUSES.includes(fromBucket.status);
    return fallsBack && ghost ? askGhost(ghost, method, path, viewer) : fromBucket;
  }

  function ask(method: string, path: string, viewer: string): CacheEntry {
    const entry: CacheEntry = {
      response: askOrigins(method, path, viewer),
      storedAtMs: Date.now(),
      expiresAtMs: Infinity,
    };
    void entry.response.then(({ status, headers }) => {
      entry.storedAtMs = Date.now();
      entry.expiresAtMs = entry.storedAtMs + ttlSeconds(status, headers['cache-control']) * 1000;
    });
    cache.set(`${method} ${path}`, entry);
    return entry;
  }

  /** What is known for GET answers a HEAD too. */
  function findFresh(method: string, path: string): CacheEntry | undefined {
    return [`${method} ${path}`, `GET ${path}`]
      .map((cacheKey) => cache.get(cacheKey))
      .find((entry) => entry && entry.expiresAtMs > Date.now());
  }

  const server = createServer((request, response) => {
    const { method = 'GET', url = '/' } = request;
    const path = url.split('?', 1)[0] ?? '/';
    const answer = (reply: ViewerResponse, cached: 'hit' | 'miss', origin: CdnRequest['origin']) => {
      const { 'content-type': contentType, location } = reply.headers;
      requests.push({ method, path, status: reply.status, cache: cached, origin, contentType, location });
      response.writeHead(reply.status, reply.headers);
      response.end(method === 'HEAD' ? undefined : reply.body);
    };
    if (method !== 'GET' && method !== 'HEAD') {
      request.resume();
      const body = Buffer.from('This distribution does not allow the method of the request.');
      const headers = { ...viewerHeaders('Error from cloudfront'), 'content-type': 'text/plain' };
      answer({ status: 403, headers, body }, 'miss', 'none');
      return;
    }
    // The bucket's listing must not be at the root: a default root object is configured.
    const originPath = path === '/' ? '/index.html' : path;
    const fresh = findFresh(method, originPath);
    const entry = fresh ?? ask(method, originPath, request.socket.remoteAddress ?? '');
    void entry.response.then((stored) => {
      const ageSeconds = fresh && Math.floor((Date.now() - entry.storedAtMs) / 1000);
      answer(forViewer(stored, request, ageSeconds), fresh ? 'hit' : 'miss', fresh ? 'none' : stored.origin);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${hostname}:${port}`,
    port,
    requests,
    setGhost(next) {
      ghost = next;
    },
    clearCache: () => cache.clear(),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      client.destroy();
    },
  };
}

async function askBucket(client: S3Client, bucket: string, method: string, path: string): Promise<OriginResponse> {
  const origin = 's3';
  try {
    const target = { Bucket: bucket, Key: decodeURIComponent(path.slice(1)) };
    const output = await (method === 'HEAD'
      ? client.send(new HeadObjectCommand(target))
      : client.send(new GetObjectCommand(target)));
    const body = 'Body' in output ? await output.Body?.transformToByteArray() : undefined;
    return {
      origin,
      status: 200,
      headers: definedOnly({
        'content-type': output.ContentType,
        'content-disposition': output.ContentDisposition,
        'content-encoding': output.ContentEncoding,
        'cache-control': output.CacheControl,
        etag: output.ETag,
        'last-modified': output.LastModified?.toUTCString(),
        'accept-ranges': 'bytes',
        'content-length': method === 'HEAD' ? String(output.ContentLength ?? 0) : undefined,
      }),
      body: Buffer.from(body ?? []),
    };
  } catch (error) {
    if (error instanceof URIError) return originError(origin, 400, 'InvalidURI');
    const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return originError(origin, $metadata?.httpStatusCode ?? 502, name);
  }
}

/** A redirect is an answer like any other: it is not followed. */
async function askGhost(ghost: GhostOrigin, method: string, path: string, viewer: string): Promise<OriginResponse> {
  const origin = 'ghost';
  const url = new URL(ghost.url);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      send({
        method,
        hostname: url.hostname,
        port: url.port,
        // Given apart from the URL, which would normalise it.
        path: url.pathname.replace(/\/$/, '') + path,
        headers: {
          host: url.host,
          'user-agent': 'Amazon CloudFront',
          via: VIA,
          'x-forwarded-for': viewer,
          'x-ghost-cdn-fallback': ghost.fallbackSecret,
        },
      })
        .once('response', resolve)
        .once('error', reject)
        .end();
    });
    const body = await buffer(answer);
    const headers = joinHeaders(answer.headers);
    const kept = Object.entries(headers).filter(([name]) => !DROPPED_HEADERS.includes(name));
    const length = method === 'HEAD' ? { 'content-length': headers['content-length'] } : {};
    return {
      origin,
      status: answer.statusCode ?? 502,
      headers: definedOnly({ ...Object.fromEntries(kept), ...length }),
      body,
    };
  } catch (error) {
    return originError(origin, 502, (error as Error).message);
  }
}

function originError(origin: OriginResponse['origin'], status: number, text: string): OriginResponse {
  return { origin, status, headers: { 'content-type': 'text/plain' }, body: Buffer.from(text) };
}

/**
 * How long an answer may be given again, in seconds.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html
 */
function ttlSeconds(status: number, cacheControl = ''): number {
  const directives = new Map(
    cacheControl.split(',').map((directive) => {
      const [name = '', value] = directive.trim().toLowerCase().split('=');
      return [name, value];
    }),
  );
  const asked = Number(directives.get('s-maxage') ?? directives.get('max-age'));
  const forbids = ['no-store', 'no-cache', 'private'].some((name) => directives.has(name));
  if (status >= 400) return Math.max(ERROR_TTL_SECONDS[status] ?? 0, asked || 0);
  if (forbids) return TTL_SECONDS.min;
  if (Number.isNaN(asked)) return TTL_SECONDS.default;
  return Math.min(Math.max(asked, TTL_SECONDS.min), TTL_SECONDS.max);
}

interface ViewerResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** @param ageSeconds how long it has been in the cache; undefined when it came from an origin just now */
function forViewer(
  { status, headers, body }: OriginResponse,
  { headers: asked }: IncomingMessage,
  ageSeconds: number | undefined,
): ViewerResponse {
  const result = status >= 400 ? 'Error' : ageSeconds === undefined ? 'Miss' : 'Hit';
  const described = definedOnly({
    'content-length': String(body.length),
    ...headers,
    ...viewerHeaders(`${result} from cloudfront`),
    age: ageSeconds === undefined ? undefined : String(ageSeconds),
  });
  if (status !== 200) return { status, headers: described, body };
  if (isUnchanged(headers, asked)) {
    delete described['content-length'];
    return { status: 304, headers: described, body: Buffer.alloc(0) };
  }
  const hasSameVersion = asked['if-range'] === undefined || asked['if-range'] === headers.etag;
  const size = Number(described['content-length']);
  const ranges = asked.range !== undefined && hasSameVersion ? parseRange(size, asked.range) : -2;
  if (ranges === -1) {
    const contentRange = `bytes */${size}`;
    return {
      status: 416,
      headers: { ...described, 'content-range': contentRange, 'content-length': '0' },
      body: Buffer.alloc(0),
    };
  }
  const [range] = ranges === -2 || ranges.length > 1 ? [] : ranges;
  if (!range) return { status, headers: described, body };
  return {
    status: 206,
    headers: {
      ...described,
      'content-length': String(range.end - range.start + 1),
      'content-range': `bytes ${range.start}-${range.end}/${size}`,
    },
    body: body.subarray(range.start, range.end + 1),
  };
}

function viewerHeaders(xCache: string): Record<string, string> {
  return {
    via: VIA,
    'x-cache': xCache,
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
  };
}

function isUnchanged(headers: Record<string, string>, asked: IncomingHttpHeaders): boolean {
  if (asked['if-none-match'] !== undefined) {
    return asked['if-none-match']
      .split(',')
      .some((tag) => [headers.etag, '*'].includes(tag.trim().replace(/^W\//, '')));
  }
  return Date.parse(headers['last-modified'] ?? '') <= Date.parse(asked['if-modified-since'] ?? '');
}

function joinHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return definedOnly(
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')])),
  );
}

function definedOnly(headers: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
