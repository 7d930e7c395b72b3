import { createServer, type RequestListener, type Server } from 'node:http';
import type { GhostSite } from '../../../../src/ghost-site/site';
import { askBlog, type Patience, waitForBlog } from '../../../../src/commands/setup/blog';
import { listen, stop } from '../../../support/local-server';
import { RecordedTerminal } from '../../../support/provisioning';

const CDN = 'https://images.example.com';

let server: Server | undefined;

afterEach(async () => {
  await (server && stop(server));
  server = undefined;
});

/** Starts what answers for the blog. */
async function startBlog(listener: RequestListener, host = '127.0.0.1'): Promise<GhostSite> {
  server = createServer(listener);
  const port = await listen(server);
  return { config: { url: 'https://example.com/blog/', server: { host, port } } } as GhostSite;
}

const redirecting =
  (location: string): RequestListener =>
  (_request, response) =>
    response.writeHead(302, { location }).end();

describe('askBlog', () => {
  test.each<[string, string, RequestListener]>([
    ['cdn', 'a redirect to the CDN', redirecting(`${CDN}/content/images/x.png`)],
    ['down', 'a redirect elsewhere', redirecting('https://example.com/content/images/x.png')],
    ['down', 'a proxy that refuses', (_, response) => response.writeHead(403).end('Forbidden')],
    [
      'cdn',
      "the adapter's own 404, with which it streams",
      (_, response) => response.writeHead(404).end('Not found\n'),
    ],
    ['disk', "the 404 of Ghost's storage", (_, response) => response.writeHead(404).end('404 Image not found')],
    ['down', 'a Ghost that starts', (_, response) => response.writeHead(503).end()],
  ])('is %s for %s', async (state, _, listener) => {
    expect((await askBlog(await startBlog(listener), CDN)).state).toBe(state);
  });

  test("asks Ghost below the blog's path, as the proxy in front of it does", async () => {
    const seen: unknown[] = [];
    const site = await startBlog((request, response) => {
      seen.push(request.url?.replace(/\w+\.png$/, ''), request.headers.host, request.headers['x-forwarded-proto']);
      response.writeHead(404).end();
    });
    await askBlog(site, CDN);
    expect(seen).toEqual(['/blog/content/images/', 'example.com', 'https']);
  });

  test('takes an IPv6 address that Ghost listens on', async () => {
    const site = await startBlog(redirecting(`${CDN}/x.png`), '::ffff:127.0.0.1');
    expect((await askBlog(site, CDN)).state).toBe('cdn');
  });
});

describe('waitForBlog', () => {
  const wait = (site: GhostSite, patience: Patience) => {
    const terminal = new RecordedTerminal();
    return waitForBlog({ terminal, site, cdnUrl: CDN }, 'Waiting', (state) => state === 'cdn', patience);
  };

  test('ends when the user presses Ctrl-C, where the blog answers', async () => {
    const site = await startBlog((_, response) => response.writeHead(404).end());
    const stopped = new AbortController();
    const waiting = wait(site, { seconds: 900, signal: stopped.signal });
    stopped.abort();
    await expect(waiting).rejects.toThrow('Run the same command again');
  });

  test('does not end for Ctrl-C while the blog is down', async () => {
    let isUp = false;
    const site = await startBlog((request, response) => {
      if (isUp) {
        redirecting(`${CDN}/x.png`)(request, response);
      } else {
        isUp = true;
        response.writeHead(503).end();
      }
    });
    expect((await wait(site, { seconds: 900, signal: AbortSignal.abort() })).state).toBe('cdn');
  });

  test('does not wait longer for a Ghost that stays down than for one that is restarted by hand', async () => {
    const site = await startBlog((_, response) => response.writeHead(503).end());
    const patience = { seconds: 900, downSeconds: 0, signal: new AbortController().signal };
    expect(await wait(site, patience)).toEqual({ state: 'down', answer: '503' });
  });
});
