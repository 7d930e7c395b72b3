import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PutPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import type { CheckReport } from '../../../src/commands/doctor/check';
import { diagnose } from '../../../src/commands/doctor/diagnose';
import type { Network } from '../../../src/commands/doctor/network';
import { type ContextSettings, DoctorContext, type DoctorOptions } from '../../../src/commands/doctor/context';
import { startCdnStandIn } from '../cdn-stand-in';
import { adapterConfig } from '../ghost/adapter-config';
import { freePort } from '../ghost/boot';
import { type BucketOptions, type InMemoryS3, startInMemoryS3 } from '../in-memory-s3';
import { Nginx } from '../tls-cdn/nginx';
import { makeCertificate } from '../certificate';
import { type BlogFiles, storeBlog } from './blog-files';
import { type EdgeOptions, startEdge } from './edge';
import { startGhostStandIn } from './ghost-stand-in';

export const BUCKET = 'blog-images';
export const CDN_HOST = 'images.example.test';
export const BLOG_HOST = 'blog.example.test';
export const SECRET = 'a-secret-between-the-cdn-and-ghost';

const GHOST_KEYS = { accessKeyId: 'AKIADOCTORGHOST00000', secretAccessKey: 'secret-of-the-ghost' };
const CDN_KEYS = { accessKeyId: 'AKIADOCTORCDN0000000', secretAccessKey: 'secret-of-the-cdn' };
const ALL_ACTIONS = ['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListBucket'];

const root = path.resolve(__dirname, '../../..');

/** Faults in a setup that otherwise works. */
export interface Breakage {
  bucket?: BucketOptions;
  /** Actions that Ghost's user lacks. */
  forbidden?: string[];
  /** Actions that it has in addition. */
  allowed?: string[];
  /** Whether the blog shares the bucket with others. */
  tenantPrefix?: string;
  /** A session token, which makes the credentials of Ghost's user temporary. */
  session?: { sessionToken: string; expiresAt: Date };
  /** Changes Ghost's configuration before it is written. */
  config?: (config: Config) => void;
  edge?: Partial<EdgeOptions>;
  /** Whether the CDN is an nginx. */
  nginx?: boolean;
  /** Days until the certificate expires, and its host name. */
  certificate?: { days?: number; hostname?: string };
  cdn?: {
    bucket?: string;
    mayNotList?: boolean;
    publicOriginals?: boolean;
    formats?: string;
    withoutGhost?: boolean;
    secret?: string;
  };
  ghost?: { hidesProxies?: boolean; via?: string; adapter?: Record<string, unknown>; mayEverything?: boolean };
  /** Whether the bucket has no block of public access. */
  unblocked?: boolean;
  /** Whether the certificate is untrusted. */
  withoutTrust?: boolean;
  /** Host names that DNS can't resolve. */
  unknownHosts?: string[];
  /** Version in the adapter's package.json. */
  adapterVersion?: string;
  /** Changes the blog's files on the disk, where they are below `content`, and in the bucket. */
  files?: (files: BlogFiles) => void | Promise<void>;
  /** Changes the site's folder once it exists. */
  folder?: (folder: string) => Promise<unknown>;
  /** Runs before the doctor. */
  prepare?: (s3: InMemoryS3) => void;
}

/** Ghost's configuration from the README. */
export interface Config {
  url: string;
  urls: Record<string, unknown>;
  storage: {
    active: string;
    media: unknown;
    files: unknown;
    S3CloudFrontStorage: Record<string, unknown>;
    [adapter: string]: unknown;
  };
  [name: string]: unknown;
}

/** A blog with its bucket and its CDN, all on this machine. */
export interface Patient {
  s3: InMemoryS3;
  folder: string;
  network: Network;
  /** Local ports of its hosts, by host and port. */
  ports: Record<string, number>;
  /** PEM of the certificate to trust for the CDN. */
  authorityFile: string;
  /** Returns what `diagnose` needs to run checks on it. */
  contextFor(options?: DoctorOptions, more?: Partial<ContextSettings>): DoctorContext;
  /** Runs the doctor on it. */
  examine(options?: DoctorOptions, signal?: AbortSignal): Promise<CheckReport[]>;
  /** Returns every key in every bucket, without the blog's own files. */
  keys(): string[];
  close(): Promise<void>;
}

/** Returns the checks that failed or warned, each as "RESULT NAME: FOUND". */
export const troublesIn = (reports: CheckReport[]): string[] =>
  reports
    .filter(({ result }) => result === 'failed' || result === 'warned')
    .map(({ result, name, found }) => `${result} ${name}: ${found}`);

/**
 * Builds a setup that works, except for some faults.
 *
 * @param breakage default: no faults
 */
export async function startPatient(breakage: Breakage = {}): Promise<Patient> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return { ...(await buildPatient(breakage, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function buildPatient(breakage: Breakage, closers: (() => Promise<unknown>)[]): Promise<Omit<Patient, 'close'>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'doctor-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));

  const s3 = await startInMemoryS3();
  closers.push(() => s3.close());
  s3.createBucket(BUCKET, breakage.bucket);
  s3.createBucket('other-images');
  if (!breakage.unblocked) await blockPublicAccess(s3, breakage.bucket?.region);
  const { forbidden = [], allowed = [], session, cdn: cdnBreakage = {} } = breakage;
  s3.addUser({
    ...GHOST_KEYS,
    ...session,
    policy: policyOf([...ALL_ACTIONS.filter((action) => !forbidden.includes(action)), ...allowed]),
  });
  s3.addUser({ ...CDN_KEYS, policy: policyOf(['s3:GetObject', ...(cdnBreakage.mayNotList ? [] : ['s3:ListBucket'])]) });

  const options = {
    bucket: BUCKET,
    region: s3.region,
    cdnUrl: `https://${CDN_HOST}`,
    endpoint: s3.endpoint,
    forcePathStyle: true,
    ...GHOST_KEYS,
    cdnFallbackSecret: SECRET,
    ...(breakage.tenantPrefix && { tenantPrefix: breakage.tenantPrefix }),
  };
  // The SDK adds the source of the credentials to the object that it gets.
  const { accessKeyId, secretAccessKey } = s3.credentials;
  const rights = breakage.ghost?.mayEverything ? { accessKeyId, secretAccessKey } : {};
  const ghostOptions = { ...options, ...rights, ...breakage.ghost?.adapter };
  const ghost = await startGhostStandIn({
    hidesProxies: breakage.ghost?.hidesProxies,
    via: breakage.ghost?.via,
    adapters: {
      images: ghostOptions,
      media: { ...ghostOptions, staticFileURLPrefix: 'content/media' },
      files: { ...ghostOptions, staticFileURLPrefix: 'content/files' },
    },
  });
  closers.push(() => ghost.close());
  const fallback = cdnBreakage.withoutGhost
    ? undefined
    : { url: `http://127.0.0.1:${ghost.port}`, fallbackSecret: cdnBreakage.secret ?? SECRET };
  const cdn = await startCdnStandIn({
    hostname: CDN_HOST,
    s3: { endpoint: s3.endpoint, region: s3.region, bucket: cdnBreakage.bucket ?? BUCKET, credentials: CDN_KEYS },
    ghost: fallback,
    publicOriginals: cdnBreakage.publicOriginals,
    formats: cdnBreakage.formats,
  });
  closers.push(() => cdn.close());
  const { hostname = CDN_HOST, days = 90 } = breakage.certificate ?? {};
  const certificate = await makeCertificate(hostname, days, folder);
  const authorityFile = path.join(folder, 'authority.pem');
  await writeFile(authorityFile, certificate.cert);
  const edge = await startEdge({ certificate, cdn, ...breakage.edge });
  closers.push(() => edge.close());

  let { tlsPort } = edge;
  if (breakage.nginx) {
    tlsPort = await freePort();
    const nginxFolder = path.join(folder, 'nginx');
    await mkdir(nginxFolder);
    const origin = { endpoint: s3.endpoint, bucket: cdnBreakage.bucket ?? BUCKET };
    allowReadingWithoutName(s3, origin.bucket);
    const files = { certificateFile: certificate.certificateFile, keyFile: certificate.keyFile };
    const settings = {
      folder: nginxFolder,
      hostname: CDN_HOST,
      port: tlsPort,
      ...files,
      s3: origin,
      ghost: fallback,
      formats: cdnBreakage.formats,
    };
    const nginx = await Nginx.start(settings);
    closers.push(() => nginx.stop());
  }

  const config = { url: `http://${BLOG_HOST}`, ...adapterConfig(options) } as unknown as Config;
  breakage.config?.(config);
  await layOut(folder, config, breakage.adapterVersion);
  const files = await storeBlog(s3, BUCKET, { content: path.join(folder, 'content'), prefix: breakage.tenantPrefix });
  await breakage.files?.(files);
  await breakage.folder?.(folder);
  breakage.prepare?.(s3);

  const ports: Record<string, number> = {
    [`${CDN_HOST}:443`]: tlsPort,
    [`${CDN_HOST}:80`]: edge.plainPort,
    [`${BLOG_HOST}:80`]: ghost.port,
  };
  const isUnknown = (host: string) =>
    breakage.unknownHosts?.includes(host) || ![CDN_HOST, BLOG_HOST, '127.0.0.1'].includes(host);
  const network: Network = {
    authorities: breakage.withoutTrust ? undefined : certificate.cert,
    lookup: (host) =>
      isUnknown(host)
        ? Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }))
        : Promise.resolve(['127.0.0.1']),
    canonicalNameOf: (host) => Promise.resolve(host === CDN_HOST ? 'd111111abcdef8.cloudfront.net' : undefined),
    connect: (host, port) => net.connect({ host: '127.0.0.1', port: ports[`${host}:${port}`] ?? port }),
  };

  const contextFor: Patient['contextFor'] = (given = { ghost: folder }, more = {}) => {
    const { signal } = new AbortController();
    return new DoctorContext(given, { network, signal, cdnErrorTtlMs: 300, environment: {}, ...more });
  };

  return {
    s3,
    folder,
    network,
    ports,
    authorityFile,
    examine(given = { ghost: folder }, signal = new AbortController().signal) {
      return diagnose(contextFor(given, { signal }));
    },
    contextFor,
    keys: () =>
      [BUCKET, 'other-images']
        .flatMap((bucket) => [...s3.objects(bucket).keys()])
        .filter((key) => !/\/(own|more)-/.test(key)),
  };
}

/** As in the stack. */
async function blockPublicAccess({ endpoint, region, credentials }: InMemoryS3, ofBucket = region): Promise<void> {
  if (ofBucket !== region) return;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const on = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
  await client.send(new PutPublicAccessBlockCommand({ Bucket: BUCKET, PublicAccessBlockConfiguration: on }));
  client.destroy();
}

/**
 * nginx cannot sign its requests as an origin access control does. Unlike everybody else, it sends no user agent, by which
 * the bucket distinguishes it from the public.
 */
function allowReadingWithoutName(s3: InMemoryS3, bucket: string): void {
  const arn = `arn:aws:s3:::${bucket}`;
  const Condition = { StringNotLike: { 'aws:UserAgent': '*' } };
  const allowed = { Effect: 'Allow', Principal: '*', Condition };
  s3.setBucketPolicy(bucket, {
    Statement: [
      { ...allowed, Action: 's3:GetObject', Resource: `${arn}/*` },
      { ...allowed, Action: 's3:ListBucket', Resource: arn },
    ],
  });
}

function policyOf(actions: string[]): object {
  const trees = ['images', 'media', 'files'].map((feature) => `arn:aws:s3:::*content/${feature}/*`);
  const Resource = ['arn:aws:s3:::*', ...trees];
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource }] };
}

/** Creates a folder as Ghost-CLI does: the configuration, Ghost's code, and a content folder with the adapter. */
async function layOut(folder: string, config: Config, adapterVersion?: string): Promise<void> {
  const { version } = (await import(path.join(root, 'package.json'))) as { version: string };
  const adapter = path.join(folder, 'content/adapters/storage/S3CloudFrontStorage');
  const code = path.join(folder, 'versions/6.65.0');
  await mkdir(adapter, { recursive: true });
  await mkdir(code, { recursive: true });
  await symlink(code, path.join(folder, 'current'));
  const json = (file: string, value: unknown, mode = 0o644) => writeFile(file, JSON.stringify(value), { mode });
  const node = `^${process.versions.node.split('.')[0]}.0.0`;
  await json(path.join(code, 'package.json'), { name: 'ghost', version: '6.65.0', engines: { node } });
  await json(path.join(adapter, 'package.json'), { version: adapterVersion ?? version, main: 'index.js' });
  await writeFile(path.join(adapter, 'index.js'), '');
  await json(path.join(folder, 'config.production.json'), config, 0o640);
}
