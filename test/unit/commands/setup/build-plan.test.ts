import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { planBuild } from '../../../../src/commands/setup/build';
import { provision } from '../../../../src/commands/provision/provision';
import { stackNameOf } from '../../../../src/template/stack-name';
import { findGhostSite } from '../../../../src/ghost-site/site';
import { AwsAccount } from '../../../support/aws-account';
import { openTestSession } from '../../../support/provisioning';

const DOMAIN = 'images.example.com';

let account: AwsAccount;
let folder: string;

beforeEach(() => {
  account = new AwsAccount();
  account.hostedZones.add({ name: 'example.com' });
  account.certificates.add({ names: [DOMAIN] });
  folder = mkdtempSync(path.join(tmpdir(), 'build-plan-'));
  mkdirSync(path.join(folder, 'content/images'), { recursive: true });
  writeFileSync(path.join(folder, 'config.production.json'), '{ "url": "https://blog.example.com" }');
});

afterEach(() => {
  account.restore();
  rmSync(folder, { recursive: true, force: true });
});

describe('setup after an attempt that has failed', () => {
  test.each(['blog.example.com', 'former.example.com'])(
    'builds all that a first one builds, whichever blog the failed one was for: %s',
    async (GhostHost) => {
      account.stacks.add({
        name: stackNameOf(DOMAIN),
        parameters: {
          Domain: DOMAIN,
          CertificateArn: account.certificates.all[0]?.arn ?? '',
          GhostHost,
          FallbackSecret: 'a-secret-of-32-characters-or-more-here',
          Identity: 'policy-only',
        },
        status: 'ROLLBACK_COMPLETE',
      });
      const session = await openTestSession(account);
      const { settings, identity } = await planBuild(session, findGhostSite({ ghost: folder }, {}), { domain: DOMAIN });
      expect(identity).toBe('iam-user');
      const { stack } = await provision(session, settings);
      expect(stack.parameters).toMatchObject({ GhostHost: 'blog.example.com', Identity: 'iam-user' });
    },
  );
});

describe('setup for one of several Ghosts in a Compose file', () => {
  test.each([
    ['its env file', { config: 'b.env' }],
    ['its content folder', { content: 'b' }],
  ])('builds for the blog that was named by %s', async (_, named) => {
    const place = (name: string) => path.join(folder, name);
    for (const name of ['a', 'b']) {
      mkdirSync(place(`${name}/images`), { recursive: true });
      writeFileSync(place(`${name}.env`), `url=https://${name}.example.com\n`);
    }
    const service = (name: string) =>
      `  ${name}: {image: "ghost:6", env_file: ${name}.env, volumes: [./${name}:/var/lib/ghost/content]}\n`;
    writeFileSync(place('compose.yml'), `services:\n${service('a')}${service('b')}`);
    const options = Object.fromEntries(Object.entries(named).map(([name, value]) => [name, place(value)]));
    const site = findGhostSite({ ghost: folder, ...options }, {});
    const { settings } = await planBuild(await openTestSession(account), site, { domain: DOMAIN });
    expect(settings.defaults?.parameters.GhostHost).toBe('b.example.com');
  });
});
