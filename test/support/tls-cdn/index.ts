import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import type { CdnRequest, GhostOrigin } from '../cdn-stand-in';
import { freePort } from '../ghost/boot';
import { type Answer, send } from '../http-client';
import type { S3UnderTest } from '../s3-under-test';
import { makeCertificate } from '../certificate';
import { Nginx } from './nginx';
import { ACCESS_LOG, CACHE, type NginxSettings } from './nginx-config';
import { routeFromGhost } from './route-from-ghost';
import { installTools } from './tools';

const HOSTNAME = 'images.example.test';

export interface TlsCdnOptions {
  s3: Pick<S3UnderTest, 'endpoint' | 'client'>;
  /** Made readable to the CDN by `allowReading`. */
  bucket: string;
  ghost?: GhostOrigin;
  /** The stack's `Formats`; default: that of a new stack. */
  formats?: string;
}

export interface TlsCdnRequest extends CdnRequest {
  /** With the query string, which is not part of the cache key. */
  url: string;
}

export interface TlsCdn {
  /** `https://images.example.test`, which no resolver knows: clients need one of the next three members. */
  url: string;
  /** Make Chromium find that name on this machine, resolve only loopback names besides, and trust the certificate. */
  chromiumArgs: string[];
  /** Does the same for Ghost's process. */
  ghostEnvironment: Record<string, string>;
  /** Requests a path from this process, unchanged and without following redirects. */
  request(path: string, headers?: Record<string, string>, method?: string): Promise<Answer>;
  /** Returns every answered request, in order. */
  requests(): Promise<TlsCdnRequest[]>;
  clearCache(): Promise<void>;
  /** Sets the Ghost to fall back to, which closes the viewers' connections. */
  setGhost(ghost: GhostOrigin): Promise<void>;
  /** Sets the stack's `Formats` for all later requests. The cache stays, as CloudFront's does. */
  setFormats(formats: string): void;
  close(): Promise<void>;
}

/**
 * Starts an nginx that treats its viewers and its two origins as CloudFront does with this project's distribution, on
 * its own domain over TLS and HTTP/2.
 *
 * @throws Error when nginx or openssl is missing and cannot be installed
 */
export async function startTlsCdn({ s3, bucket, ghost, formats }: TlsCdnOptions): Promise<TlsCdn> {
  await installTools();
  await allowReading(s3.client, bucket);
  const folder = await mkdtemp(join(tmpdir(), 'cdn-'));
  const { certificateFile, keyFile, cert } = await makeCertificate(HOSTNAME, 2, folder);
  const publicKey = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  const publicKeyDigest = createHash('sha256').update(publicKey).digest('base64');
  const port = await freePort();
  const origin = { endpoint: s3.endpoint, bucket };
  const files = { folder, certificateFile, keyFile };
  const settings: NginxSettings = { ...files, hostname: HOSTNAME, port, s3: origin, ghost, formats };
  let nginx = await Nginx.start(settings).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });

  return {
    url: `https://${HOSTNAME}`,
    chromiumArgs: [
      `--host-resolver-rules=MAP ${HOSTNAME}:443 127.0.0.1:${port}, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
      `--ignore-certificate-errors-spki-list=${publicKeyDigest}`,
    ],
    ghostEnvironment: routeFromGhost(HOSTNAME, port, certificateFile),
    request: (path, headers = {}, method = 'GET') => {
      const connection = { protocol: 'https:', host: '127.0.0.1', port, servername: HOSTNAME, ca: cert, agent: false };
      return send({ ...connection, path, method, headers: { host: HOSTNAME, ...headers } });
    },
    async requests() {
      await nginx.answers();
      return readLog(join(folder, ACCESS_LOG));
    },
    async clearCache() {
      // nginx opens an entry's file on each request; without the file, the request is a miss.
      const files = await readdir(join(folder, CACHE));
      await Promise.all(files.map((name) => rm(join(folder, CACHE, name), { recursive: true, force: true })));
    },
    async setGhost(next) {
      await nginx.stop();
      settings.ghost = next;
      nginx = await Nginx.start(settings);
    },
    setFormats(formats) {
      settings.formats = formats;
    },
    async close() {
      await nginx.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Gives everybody the permissions of a distribution: nginx cannot sign its requests as an origin access control does.
 * Without ListBucket, S3 would answer 403 for missing objects.
 */
async function allowReading(client: S3UnderTest['client'], bucket: string): Promise<void> {
  const arn = `arn:aws:s3:::${bucket}`;
  const trees = ['images', 'media', 'files'].map((kind) => `${arn}/content/${kind}/*`);
  const Statement = [
    { Effect: 'Allow', Principal: { AWS: ['*'] }, Action: ['s3:GetObject'], Resource: trees },
    { Effect: 'Allow', Principal: { AWS: ['*'] }, Action: ['s3:ListBucket'], Resource: [arn] },
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
}

/** A line of nginx's log, in which a missing value is ''. */
interface LogLine extends Omit<TlsCdnRequest, 'cache' | 'origin'> {
  cache: string;
  origin: 's3' | 'ghost' | '';
}

async function readLog(file: string): Promise<TlsCdnRequest[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return lines.map((text) => {
    const { cache, origin, originPath, contentType, location, ...line } = JSON.parse(text) as LogLine;
    const isHit = cache === 'HIT';
    return {
      ...line,
      ...(originPath && originPath !== line.path && { originPath }),
      cache: isHit ? 'hit' : 'miss',
      // A cached response still names its origin.
      origin: isHit || origin === '' ? 'none' : origin,
      contentType: contentType || undefined,
      location: location || undefined,
    };
  });
}
