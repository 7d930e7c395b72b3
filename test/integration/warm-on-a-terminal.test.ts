import path from 'node:path';
import { hasPseudoTerminal, KEYS, runOnTerminal } from '../support/pseudo-terminal';
import { useWarmBlog } from '../support/warm/command';

const cli = path.resolve(__dirname, '../../dist/cli.js');
const site = useWarmBlog();

(hasPseudoTerminal ? test : test.skip)(
  'warm shows how far it is, and after Ctrl-C what it did (needs script)',
  async () => {
    site.blog.publish('/', ['a.jpg', 'b.jpg', 'c.jpg'].map((name) => `<img src="${site.image(name)}">`).join(''));
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    site.blog.beforeAnswer = (page) => (page === '/' ? released : undefined);
    site.cdn.beforeAnswer = (name) => (name === 'b.jpg' ? new Promise(() => {}) : undefined);
    const command = `"${process.execPath}" "${cli}" warm --config ${site.config} --concurrency 1`;
    const terminal = runOnTerminal(command, { HOME: site.folder, PATH: process.env.PATH });
    try {
      await terminal.shows(`✔ Reading the sitemap of ${site.blog.url}`);
      await terminal.shows(/░ 0 of 1 page read/);
      release();
      await terminal.shows(/█+░+ 1 of 3 images, 0\.0 MB, \d+ s left/);
      terminal.press(KEYS.ctrlC);
      expect(await terminal.ends()).toBe(130);
      const screen = terminal.screen().join('\n');
      expect(screen).toMatch(/^ {2}Other images +1 {2}0\.0 MB$/m);
      expect(screen).toContain('Stopped. Run the same command again to continue.');
      expect(screen).not.toContain('░');
      expect(terminal.hasCursor()).toBe(true);
    } finally {
      terminal.kill();
    }
  },
);
