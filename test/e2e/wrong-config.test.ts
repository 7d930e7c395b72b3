import { adapterConfig } from '../support/ghost/adapter-config';
import { startGhost } from '../support/ghost/boot';
import { installGhost, type GhostInstall } from '../support/ghost/install';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

describe('a blog with a wrong configuration', () => {
  let install: GhostInstall;
  beforeAll(async () => {
    install = await installGhost();
  }, SETUP_TIMEOUT_MS);

  it('does not start, and says once all that is wrong, with the cure and without a secret', async () => {
    const config = adapterConfig({
      regoin: 'eu-central-1',
      cdnUrl: 'http://images.example.com',
      accessKeyId: 'AKIAGHOSTTESTKEY',
      secretAccessKey: 'not-to-be-shown-at-all',
    });

    const boot = startGhost({ install, config });

    const { message } = await boot.then(
      async (ghost) => {
        await ghost.stop();
        return new Error('Ghost has started.');
      },
      (error: Error) => error,
    );
    expect(message).toMatch(/Ghost ended while booting/);
    expect(message).toMatch(/bucket/);
    expect(message).toMatch(/regoin.*region/s);
    expect(message).toMatch(/cdnUrl.*https:\/\//s);
    expect(message).not.toContain('AKIAGHOSTTESTKEY');
    expect(message).not.toContain('not-to-be-shown-at-all');
  });
});
