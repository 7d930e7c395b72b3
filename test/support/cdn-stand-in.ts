import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import parseRange from 'range-parser';
import {
  CORS,
  DENIED,
  DROPPED_HEADERS,
  ERROR_TTL_SECONDS,
  FALLBACK,
  headersToGhost,
  HOP_BY_HOP_HEADERS,
  IMAGES,
  POLICY_HEADERS,
  TTL_SECONDS,
  UNCACHED,
  VIA,
} from './cloudfront-rules';
import { send } from './http-client';
import { listen, stop } from './local-server';
import { afterViewerFunction } from './viewer-function';

/** The Ghost that creates the sizes that are not in the bucket yet. */
export interface GhostOrigin {
  /** Its address; a path in it becomes the origin path. */
  url: string;
  /** Sent as `X-Ghost-Cdn-Fallback-Key`. */
  fallbackSecret: string;
}

export interface CdnStandInOptions {
  /** Port on 127.0.0.1; a free one when absent. */
  port?: number;
  /** The custom domain; default `images.localhost`, which browsers resolve to this machine. */
  hostname?: string;
  s3: {
    endpoint: string;
    region: string;
    bucket: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  ghost?: GhostOrigin;
  /** Whether the bucket's policy lets it read the originals of images, as in version 1.1.0. */
  publicOriginals?: boolean;
  /** The stack's `Formats`; default: that of a new stack. */
  formats?: string;
}

export interface CdnRequest {
  method: string;
  /** Without the query string. */
  path: string;
  /** What the function makes of the path, for the cache and the origins, if that is another path. */
  originPath?: string;
  status: number;
  cache: 'hit' | 'miss';
  /** The origin that was asked; none for a hit. */
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
  /** Replaces the Ghost to fall back to; undefined removes the fallback. */
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
  /** Infinity while the origin is being asked, so that all requests wait for the same response. */
  expiresAtMs: number;
}

/** Headers of Ghost's answer that are not kept: the length follows from the body. */
const NOT_KEPT = [...DROPPED_HEADERS, ...HOP_BY_HOP_HEADERS, 'content-length'];

/**
 * Starts a small HTTP server that treats its viewers and its two origins as CloudFront does with this project's
 * distribution: the bucket for everything, and Ghost for the image sizes that the bucket answers with 403 or 404.
 * Not every resolver knows names below `localhost`: a client may also connect to 127.0.0.1 and send the host name.
 */
export async function startCdnStandIn(options: CdnStandInOptions): Promise<CdnStandIn> {
  const { s3, hostname = 'images.localhost', publicOriginals, formats } = options;
  const client = new S3Client({ ...s3, forcePathStyle: true, maxAttempts: 2 });
  const cache = new Map<string, CacheEntry>();
  const requests: CdnRequest[] = [];
  let ghost = options.ghost;

  async function askOrigins(method: string, path: string, viewer: string): Promise<OriginResponse> {
    const fromBucket = await askBucket(client, s3.bucket, method, path, publicOriginals);
    const fallsBack = path.startsWith(FALLBACK.path) && FALLBACK.statuses.includes(fromBucket.status);
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

  /** A cached GET answers a HEAD too. */
  function findFresh(method: string, path: string): CacheEntry | undefined {
    return [`${method} ${path}`, `GET ${path}`]
      .map((cacheKey) => cache.get(cacheKey))
      .find((entry) => entry && entry.expiresAtMs > Date.now());
  }

  const server = createServer((request, response) => {
    const { method = 'GET', url = '/' } = request;
    const path = url.split('?', 1)[0] ?? '/';
    const answer = (reply: ViewerResponse, cached: 'hit' | 'miss', origin: CdnRequest['origin'], originPath = path) => {
      const { status, headers } = reply;
      const { 'content-type': contentType, location } = headers;
      const changed = originPath !== path && { originPath };
      requests.push({ method, path, ...changed, status, cache: cached, origin, contentType, location });
      const mayBeRead = status < CORS.errorsFrom || request.headers.origin !== undefined;
      response.writeHead(status, { ...headers, ...(mayBeRead && { [CORS.header]: CORS.value }) });
      response.end(method === 'HEAD' ? undefined : reply.body);
    };
    if (method !== 'GET' && method !== 'HEAD') {
      request.resume();
      const body = Buffer.from('This distribution does not allow the method of the request.');
      const headers = { ...viewerHeaders(path, 'Error from cloudfront'), 'content-type': 'text/plain' };
      answer({ status: 403, headers, body }, 'miss', 'none');
      return;
    }
    // The bucket's listing must not be at the root: a default root object is configured.
    const asked = path === '/' ? '/index.html' : path;
    const changed = afterViewerFunction(
      { hasGhost: ghost !== undefined, publicOriginals, formats },
      asked,
      request.headers.accept,
    );
    if (changed.status !== undefined) {
      const headers = viewerHeaders(path, 'FunctionGeneratedResponse from cloudfront');
      answer({ status: changed.status, headers, body: Buffer.alloc(0) }, 'miss', 'none');
      return;
    }
    const originPath = changed.uri;
    const fresh = findFresh(method, originPath);
    const entry = fresh ?? ask(method, originPath, request.socket.remoteAddress ?? '');
    void entry.response.then((stored) => {
      const ageSeconds = fresh && Math.floor((Date.now() - entry.storedAtMs) / 1000);
      answer(
        forViewer(path, stored, request, ageSeconds),
        fresh ? 'hit' : 'miss',
        fresh ? 'none' : stored.origin,
        originPath,
      );
    });
  });
  const port = await listen(server, options.port);

  return {
    url: `http://${hostname}:${port}`,
    port,
    requests,
    setGhost(next) {
      ghost = next;
    },
    clearCache: () => cache.clear(),
    async close() {
      await stop(server);
      client.destroy();
    },
  };
}

async function askBucket(
  client: S3Client,
  bucket: string,
  method: string,
  path: string,
  publicOriginals = false,
): Promise<OriginResponse> {
  const origin = 's3';
  try {
    // S3 reads a plus as a space.
    const target = { Bucket: bucket, Key: decodeURIComponent(path.slice(1).replaceAll('+', ' ')) };
    if (!publicOriginals && new RegExp(DENIED.keys).test(target.Key)) {
      return originError(origin, DENIED.status, 'AccessDenied');
    }
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

/** Redirects are not followed. */
async function askGhost(ghost: GhostOrigin, method: string, path: string, viewer: string): Promise<OriginResponse> {
  const origin = 'ghost';
  const { protocol, host, hostname, port, pathname } = new URL(ghost.url);
  try {
    const answer = await send({
      method,
      protocol,
      hostname,
      port,
      // Not part of the URL, which would normalize it.
      path: pathname.replace(/\/$/, '') + path,
      headers: { Host: host, ...headersToGhost(viewer, ghost.fallbackSecret) },
    });
    const headers = joinHeaders(answer.headers);
    const kept = Object.entries(headers).filter(([name]) => !NOT_KEPT.includes(name));
    const length = method === 'HEAD' ? { 'content-length': headers['content-length'] } : {};
    return {
      origin,
      status: answer.status,
      headers: definedOnly({ ...Object.fromEntries(kept), ...length }),
      body: answer.body,
    };
  } catch (error) {
    return originError(origin, 502, (error as Error).message);
  }
}

function originError(origin: OriginResponse['origin'], status: number, text: string): OriginResponse {
  return { origin, status, headers: { 'content-type': 'text/plain' }, body: Buffer.from(text) };
}

/** Returns how long (s) an answer is cached. */
function ttlSeconds(status: number, cacheControl = ''): number {
  const directives = new Map(
    cacheControl.split(',').map((directive) => {
      const [name = '', value] = directive.trim().toLowerCase().split('=');
      return [name, value];
    }),
  );
  const asked = Number(directives.get('s-maxage') ?? directives.get('max-age'));
  if (status >= 400) return Math.max(ERROR_TTL_SECONDS[status] ?? 0, asked || 0);
  if (UNCACHED.some((name) => directives.has(name))) return TTL_SECONDS.min;
  if (Number.isNaN(asked)) return TTL_SECONDS.default;
  return Math.min(Math.max(asked, TTL_SECONDS.min), TTL_SECONDS.max);
}

interface ViewerResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** @param ageSeconds the time in the cache; undefined for a response that just came from an origin */
function forViewer(
  path: string,
  { status, headers, body }: OriginResponse,
  { headers: asked }: IncomingMessage,
  ageSeconds: number | undefined,
): ViewerResponse {
  const result = status >= 400 ? 'Error' : ageSeconds === undefined ? 'Miss' : 'Hit';
  const described = definedOnly({
    'content-length': String(body.length),
    ...headers,
    ...viewerHeaders(path, `${result} from cloudfront`),
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

function viewerHeaders(path: string, xCache: string): Record<string, string> {
  return {
    via: VIA,
    'x-cache': xCache,
    ...POLICY_HEADERS,
    ...(path.includes(IMAGES.path) && { 'content-security-policy': IMAGES.contentSecurityPolicy }),
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
