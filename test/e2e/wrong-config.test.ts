import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adapterConfig } from '../support/ghost/adapter-config';
import { startGhost, type RunningGhost } from '../support/ghost/boot';
import { installGhost, type GhostInstall } from '../support/ghost/install';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

describe('a blog whose configuration has become wrong', () => {
  let install: GhostInstall;
  let contentPath: string;
  beforeAll(async () => {
    install = await installGhost();
    contentPath = await mkdtemp(join(tmpdir(), 'ghost-content-'));
    const ghost = await startGhost({ install, contentPath, config: {} });
    await ghost.stop();
  }, SETUP_TIMEOUT_MS);
  afterAll(() => rm(contentPath, { recursive: true, force: true }));

  it('does not start, and reports all mistakes in one message, with the fix and without a secret', async () => {
    const config = adapterConfig({
      regoin: 'eu-central-1',
      cdnUrl: 'http://images.example.com',
      accessKeyId: 'AKIAGHOSTTESTKEY',
      secretAccessKey: 'not-to-be-shown-at-all',
    });

    const message = await failureOf(startGhost({ install, contentPath, config }));

    expect(message).toMatch(/Ghost ended while booting/);
    const problems = ['"bucket" is missing', '"cdnUrl" .* must start with https://', '"regoin" .* "region"'];
    expect(message).toMatch(new RegExp(`S3CloudFrontStorage is not configured correctly: .*${problems.join('.*')}`));
    expect(message).not.toContain('AKIAGHOSTTESTKEY');
    expect(message).not.toContain('not-to-be-shown-at-all');
  });

  it('starts with other addresses in `urls` than the adapter gives, and says in its log which ones to set', async () => {
    const options = { bucket: 'blog-images', cdnUrl: 'https://images.example.com' };
    const urls = { image: 'https://images.example.com/content/images' };

    const ghost = await startGhost({ install, contentPath, config: { ...adapterConfig(options), urls } });
    await ghost.stop();

    expect(ghost.log()).toContain('Set "urls.image" to "https://images.example.com"');
  });
});

/** The message of the error with which Ghost did not start. */
async function failureOf(boot: Promise<RunningGhost>): Promise<string> {
  const ghost = await boot.catch((error: Error) => error);
  if (ghost instanceof Error) return ghost.message;
  await ghost.stop();
  throw new Error('Ghost has started.');
}
