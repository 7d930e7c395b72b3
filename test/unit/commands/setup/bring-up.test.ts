import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { restartOnCdn } from '../../../../src/commands/setup/bring-up';
import type { Change } from '../../../../src/commands/setup/change';
import type { Switchable } from '../../../../src/commands/setup/journey';
import type { GhostSite } from '../../../../src/ghost-site/site';
import { Failure } from '../../../../src/shell/failure';
import { listen, stop } from '../../../support/local-server';
import { RecordedTerminal } from '../../../support/provisioning';

const CDN = 'https://images.example.com';

let folder: string;
let server: Server | undefined;
let terminal: RecordedTerminal;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bring-up-'));
  terminal = new RecordedTerminal();
});

afterEach(async () => {
  await (server && stop(server));
  server = undefined;
  rmSync(folder, { recursive: true });
});

/** Starts a blog that gives one status after the other, and the last one for ever: 302 leads to the CDN. */
async function startBlog(...statuses: number[]): Promise<Switchable> {
  server = createServer((_, response) => {
    const status = (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 503;
    response.writeHead(status, status === 302 ? { location: `${CDN}/x.png` } : {}).end();
  });
  const port = await listen(server);
  const site = {
    folder,
    configFile: path.join(folder, 'config.production.json'),
    contentPath: path.join(folder, 'content'),
    config: { url: 'https://example.com', server: { host: '127.0.0.1', port } },
  } as GhostSite;
  return { terminal, site, cdnUrl: CDN, options: { ghost: folder }, change: () => Promise.resolve() };
}

const restartWith = (program: string) => ({
  command: [program],
  cwd: folder,
  text: 'ghost restart',
  environment: process.env,
});

describe('a Ghost that was on the CDN before', () => {
  test('is not taken for restarted when its restart failed', async () => {
    const switchable = { ...(await startBlog(302)), restartCommand: restartWith('false') };
    await expect(restartOnCdn(switchable, 'cdn')).rejects.toThrow(
      expect.objectContaining({
        message: expect.stringContaining('Ghost was not restarted ("ghost restart" ended with 1)') as string,
        cure: 'Restart Ghost: ghost restart\nThen run the same command again.',
      }),
    );
    // A Ghost that ran from the disk could not answer so without a restart.
    await expect(restartOnCdn(switchable, 'disk')).resolves.toBeUndefined();
  });

  test('has to be down first where the user restarts it and cannot be asked', async () => {
    await expect(restartOnCdn(await startBlog(302, 302, 503, 503, 302), 'cdn')).resolves.toBeUndefined();
    const [waiting] = terminal.lines.filter((line) => line.includes('Waiting for the restart'));
    expect(waiting).toContain('✔');
  });

  test('is not restarted where the user says no', async () => {
    Object.assign(terminal, { canChoose: true, agrees: false });
    writeFileSync(path.join(folder, '.ghost-cli'), '{}');
    await expect(restartOnCdn(await startBlog(302), 'cdn')).rejects.toThrow(
      /Ghost still runs as before\. Restart Ghost: .*ghost restart/,
    );
    expect(terminal.questions).toEqual(['Have you restarted Ghost?']);
  });

  test('is not taken for unchanged when Ctrl-C was pressed before the question about its restart', async () => {
    Object.assign(terminal, { canChoose: true });
    terminal.interrupt();
    await expect(restartOnCdn(await startBlog(302), 'cdn')).rejects.toThrow(
      'Its next start uses the new configuration.',
    );
    expect(terminal.questions).toEqual([]);
  });

  test('is restarted by its user with the command that applies the change', async () => {
    writeFileSync(path.join(folder, '.ghost-cli'), '{}');
    await restartOnCdn(await startBlog(302, 503, 302), 'cdn');
    expect(terminal.text).toMatch(/^Restart Ghost: .*ghost restart\nThis command waits for it\.$/m);
  });
});

describe('going back', () => {
  test('puts the configuration back, restarts Ghost, and only then removes the adapter', async () => {
    const switchable = {
      ...(await startBlog(503, 404)),
      restartCommand: restartWith('false'),
      change: ({ do: what }: Change) => Promise.resolve(terminal.say(what)),
    };
    await expect(restartOnCdn(switchable, 'disk')).rejects.toThrow('it runs from the disk again');
    const steps = ['$ ghost restart', 'restore', 'uninstall'];
    expect(terminal.lines.filter((line) => steps.includes(line))).toEqual([
      '$ ghost restart',
      'restore',
      '$ ghost restart',
      'uninstall',
    ]);
  });

  test.each([
    ['the user has to restart Ghost', false, 503, 'Its configuration is as it was before.', 'Restart Ghost: '],
    ['Ghost has come up late', true, 302, 'Ghost came up late, and runs with the adapter', 'Restart Ghost: '],
    ['Ghost does not answer', true, 503, 'it still does not answer', 'Start it: '],
  ])('keeps the adapter, and says how to remove it later, where %s', async (_, canRestart, then, message, cure) => {
    writeFileSync(path.join(folder, '.ghost-cli'), '{}');
    const switchable = {
      ...(await startBlog(503, then)),
      ...(canRestart && { restartCommand: restartWith('false') }),
      change: ({ do: what }: Change) => Promise.resolve(terminal.say(what)),
    };
    jest.spyOn(performance, 'now').mockImplementation(hurried());
    const failure = (await restartOnCdn(switchable, 'disk').catch((error: unknown) => error)) as Failure;
    expect(failure.message).toContain(message);
    expect(failure.cure).toMatch(new RegExp(`${cure}.*ghost restart[^]*remove the adapter: .*setup --undo`));
    expect(terminal.lines.filter((line) => ['restore', 'uninstall'].includes(line))).toEqual(['restore']);
  });

  test.each([
    ['down', 'Ghost is down', 503],
    ['up after all', 'Ghost answers now', 302],
  ])('says what to do when the configuration cannot be put back, and Ghost is %s', async (_, words, then) => {
    const switchable = {
      ...(await startBlog(503, then)),
      restartCommand: restartWith('false'),
      change: () => Promise.reject(new Failure('The file could not be written.', 'The disk is full. Make room.')),
    };
    if (then === 503) {
      jest.spyOn(performance, 'now').mockImplementation(hurried());
    }
    const failure = (await restartOnCdn(switchable, 'disk').catch((error: unknown) => error)) as Failure;
    expect(failure.message).toContain(`${words}, and its configuration still uses the adapter`);
    expect(failure.message).toContain('The file could not be written.');
    expect(failure.cure).toContain('The disk is full. Make room.');
    expect(failure.cure).toContain('install --uninstall');
    expect(failure.cure).toContain('ghost restart');
  });
});

/** Returns a clock that advances by half a minute each time. */
function hurried(): () => number {
  let now = 0;
  return () => (now += 30_000);
}
