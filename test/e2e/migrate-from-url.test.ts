import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { fixture, type FixtureName } from '../support/fixtures';
import { getFollowing } from '../support/http-client';
import { listen, stop } from '../support/local-server';
import { readStaffToken } from '../support/migrate/staff-token';
import { openBlog, type Blog } from './blog';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

describe('migrate --from-url', () => {
  let oldCdn: Server;
  let oldUrl: string;
  let blog: Blog;
  let token: string;
  let postId: string;
  beforeAll(async () => {
    oldCdn = serveOldCdn();
    oldUrl = `http://127.0.0.1:${await listen(oldCdn)}/blog`;
    // In production, Ghost refuses to fetch from private addresses; the old CDN of this test has no other.
    blog = await openBlog({ env: { NODE_ENV: 'development' } });
    token = await readStaffToken(blog.ghost.url);
    const post = await blog.admin.createPost({
      title: 'An old post',
      feature_image: `${oldUrl}/2020/01/cover.jpg`,
      html: `<p>Before.</p><img src="${oldUrl}/2020/01/barn.jpg"><!--kg-card-begin: html--><video src="${oldUrl}/2020/01/barn.mp4"></video><!--kg-card-end: html-->`,
      status: 'published',
    });
    postId = post.id;
    await blog.admin.createPost({ title: 'A new post', html: '<p>Without pictures.</p>' });
    await blog.admin.editSettings({ codeinjection_head: `<link rel="preload" href="${oldUrl}/logo.png">` });
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await blog?.close();
    await stop(oldCdn);
  });

  /** Runs what is built, with the configuration that the blog has. */
  async function migrate(
    key: string,
    ...options: string[]
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const cli = path.resolve(__dirname, '../../dist/cli.js');
    const config = path.join(path.dirname(blog.ghost.contentPath), 'config.development.json');
    const parameters = [cli, 'migrate', '--config', config, '--from-url', oldUrl, ...options];
    const child = spawn(process.execPath, parameters, {
      env: { ...process.env, NO_COLOR: '1', GHOST_ADMIN_API_KEY: key },
      timeout: TEST_TIMEOUT_MS,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  it('lists the posts concerned and what is to be changed by hand, and changes nothing, in a dry run', async () => {
    const before = await blog.keys();
    const { admin: integrationKey } = await blog.admin.createIntegration('Looks at posts');
    for (const key of [token, integrationKey]) {
      const { code, stdout } = await migrate(key, '--dry-run');

      expect(code).toBe(0);
      expect(stdout).toContain('post An old post');
      expect(stdout).toContain(`${oldUrl}/2020/01/cover.jpg`);
      expect(stdout).toContain(`${oldUrl}/2020/01/barn.jpg`);
      expect(stdout).toContain(`${oldUrl}/2020/01/barn.mp4`);
      expect(stdout).not.toContain('A new post');
      expect(stdout).toMatch(/Ghost does not rewrite these[^]*setting codeinjection_head/);
    }
    expect(await blog.keys()).toEqual(before);
  });

  it('tells that the key of an integration may not, and where the right one is', async () => {
    const { admin: integrationKey } = await blog.admin.createIntegration('May not rewrite');

    const { code, stdout, stderr } = await migrate(integrationKey, '--yes');

    expect(code).toBe(1);
    expect(stderr).toContain('Staff access token');
    expect(stdout + stderr).not.toContain(integrationKey.split(':')[1]);
  });

  it('tells of a key that Ghost does not know', async () => {
    const { code, stderr } = await migrate(`${'a'.repeat(24)}:${'b'.repeat(64)}`, '--dry-run');

    expect([code, stderr]).toEqual([1, expect.stringContaining('rejected the key')]);
  });

  it('has Ghost bring images and videos into the bucket and rewrite the posts', async () => {
    const { code, stdout } = await migrate(token, '--yes', '--json');

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      complete: true,
      concerned: [{ kind: 'post', title: 'An old post' }],
      byHand: [{ kind: 'setting' }],
      left: [],
    });
    const post = await blog.admin.readPost(postId);
    expect(`${post.lexical} ${post.feature_image}`).not.toContain(oldUrl);
    const shown = await getFollowing(post.feature_image ?? '');
    expect(shown).toMatchObject({ status: 200, url: `${blog.cdnUrl}/content/images/${blog.month}/cover.jpg` });
    const picture = await blog.read(`content/images/${blog.month}/barn.jpg`);
    expect(picture.bytes.equals(fixture('landscape.jpg').bytes)).toBe(true);
    const video = await blog.read(`content/media/${blog.month}/barn.mp4`);
    expect(video.bytes.equals(fixture('clip.mp4').bytes)).toBe(true);
  });

  it('has nothing to do the second time', async () => {
    const { code, stdout } = await migrate(token, '--yes');

    expect([code, stdout]).toEqual([0, expect.stringContaining('No post, page, tag or author uses')]);
  });
});

function serveOldCdn(): Server {
  const files: Record<string, FixtureName> = {
    '/blog/2020/01/cover.jpg': 'portrait.jpg',
    '/blog/2020/01/barn.jpg': 'landscape.jpg',
    '/blog/2020/01/barn.mp4': 'clip.mp4',
  };
  return createServer(({ url = '' }, response) => {
    const name = files[url];
    if (name) {
      const { bytes, type } = fixture(name);
      response.writeHead(200, { 'content-type': type }).end(bytes);
    } else {
      response.writeHead(404).end();
    }
  });
}
