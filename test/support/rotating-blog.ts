import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import type { Middleware } from '../../src/adapter/middleware';
import { serveFrom } from '../../src/adapter/serve';
import { parseConfig } from '../../src/core/config';
import { ObjectKeys } from '../../src/core/object-keys';
import type { Bucket } from '../../src/core/s3/bucket';
import { type Certificate, makeCertificate } from './certificate';
import { listen, stop } from './local-server';
import { type Proxy, startProxy, startTls } from './proxy';

const HOST = 'blog.example.com';

/** Nothing is in it. `aws-account/` answers all of the SDK's clients, so there can be no S3 behind one. */
const EMPTY_BUCKET = {
  getFor: () => Promise.reject(Object.assign(new Error('NoSuchKey'), { $metadata: { httpStatusCode: 404 } })),
} as unknown as Bucket;

/** The adapter's options in Ghost's configuration, without those of its bucket. */
type Options = Record<string, unknown>;

/** One or several Ghosts with the adapter at `https://blog.example.com`, which only the proxy of the environment finds. */
export interface RotatingBlog {
  /** Ghost's configuration file. */
  file: string;
  /** The port of the Ghosts on 127.0.0.1, without TLS. */
  port: number;
  /** The authorities (PEM) that TLS trusts. */
  authorities: string[];
  proxy: Proxy;
  /** The headers of all requests, as they arrive. */
  requests: IncomingHttpHeaders[];
  /** Answers in Ghost's place; undefined for Ghost itself. */
  inFront?: Middleware;
  /** The options in the file. */
  options(): Options;
  /** Changes options in the file, as its owner does. */
  edit(options: Options): void;
  /** Starts Ghost again with the file, or with these options in its place. With several Ghosts, only one of them. */
  restart(options?: Options, which?: number): void;
  /** Whether each Ghost recognizes the CDN by a secret. */
  knows(secret: string): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Starts the Ghosts with this configuration, and sets the proxy of the environment and the authority of TLS.
 *
 * @param ghosts how many there are, which answer in turn
 */
export async function startRotatingBlog(options: Options, ghosts = 1): Promise<RotatingBlog> {
  const folder = mkdtempSync(path.join(tmpdir(), 'rotation-'));
  const file = path.join(folder, 'config.production.json');
  const all: Middleware[] = [];
  let turn = 0;
  const server = createServer((request, response) => {
    blog.requests.push({ ...request.headers });
    const next = () => response.writeHead(405).end();
    const serve = blog.inFront ?? all[(turn += 1) % all.length];
    request.url = request.url?.replace('/content/images', '');
    serve?.(request, response, next);
  });
  const port = await listen(server);
  const certificate: Certificate = await makeCertificate(HOST, 2, folder);
  const front = await startTls(certificate, port);
  const proxy = await startProxy({ hosts: { [HOST]: front.port } });
  const before = { ...process.env };
  Object.assign(process.env, { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url });
  const { connect } = tls;
  const authorities = [certificate.cert];
  const trusting = (given: tls.ConnectionOptions) => connect({ ca: authorities, ...given });
  const spy = jest.spyOn(tls, 'connect').mockImplementation(trusting as typeof connect);

  const read = () => JSON.parse(readFileSync(file, 'utf8')) as { storage: { S3CloudFrontStorage: Options } };
  const blog: RotatingBlog = {
    file,
    port,
    authorities,
    proxy,
    requests: [],
    options: () => read().storage.S3CloudFrontStorage,
    edit(changed) {
      const config = read();
      Object.assign(config.storage.S3CloudFrontStorage, changed);
      writeFileSync(file, JSON.stringify(config, null, 2));
    },
    restart(given = blog.options(), which = 0) {
      const { config } = parseConfig({ bucket: 'blog-images', ...given });
      all[which] = serveFrom(config, EMPTY_BUCKET, new ObjectKeys(config));
    },
    async knows(secret) {
      const ask = () =>
        fetch(`http://127.0.0.1:${port}/content/images/none.png`, {
          headers: { 'x-ghost-cdn-fallback-key': secret },
          redirect: 'manual',
        });
      const answers = await Promise.all(all.map(ask));
      return answers.every(({ status }) => status === 404);
    },
    async close() {
      spy.mockRestore();
      process.env = before;
      await proxy.close();
      front.close();
      await stop(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  writeFileSync(file, JSON.stringify({ url: `https://${HOST}`, storage: { S3CloudFrontStorage: options } }, null, 2), {
    mode: 0o600,
  });
  for (let which = 0; which < ghosts; which += 1) blog.restart(options, which);
  return blog;
}
