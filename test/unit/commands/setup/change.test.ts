import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { devNull, tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { canChange, carryOut, changerOf } from '../../../../src/commands/setup/change';
import { chooseCredentials } from '../../../../src/commands/setup/credentials';
import { restart, restartOf } from '../../../../src/commands/setup/restart';
import { assertSameGhost, placesFor } from '../../../../src/commands/setup/same-ghost';
import { replaceGhostConfig } from '../../../../src/ghost-site/config-file';
import { findGhostSite, type GhostSite } from '../../../../src/ghost-site/site';
import { isRoot } from '../../../../src/shell/owner-rights';
import { listen, stop } from '../../../support/local-server';
import { RecordedTerminal } from '../../../support/provisioning';

const SITE = {
  folder: '/var/www/ghost',
  configFile: '/var/www/ghost/config.staging.json',
  contentPath: '/srv/content',
};

afterEach(() => jest.restoreAllMocks());

/** Runs the command that `setup` runs with sudo, with a text or an object on its standard input. */
async function runAsRoot(input: string | object, env = process.env, parameters: string[] = []) {
  const root = path.resolve(__dirname, '../../../..');
  const program = ['--import', 'tsx', 'src/cli.ts', 'setup-as-root', ...parameters];
  const child = spawn(process.execPath, program, { cwd: root, env });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdout.resume();
  child.stdin.on('error', () => {});
  child.stdin.end(typeof input === 'string' ? input : JSON.stringify(input));
  const [status] = (await once(child, 'close')) as [number];
  return { status, output };
}

describe('a change as root', () => {
  test('is made to the same Ghost, as sudo does not pass on variables', () => {
    expect(placesFor(SITE, {}, {})).toEqual([]);
    expect(placesFor(SITE, { ghost: '/var/www/ghost' }, {})).toEqual(['--ghost', '/var/www/ghost']);
    expect(placesFor(SITE, {}, { NODE_ENV: 'staging' })).toEqual([
      ...['--ghost', '/var/www/ghost', '--config', '/var/www/ghost/config.staging.json'],
    ]);
    expect(placesFor(SITE, {}, { paths__contentPath: '/srv/content' })).toEqual([
      ...['--ghost', '/var/www/ghost', '--content', '/srv/content'],
    ]);
  });

  describe('where a variable of this shell leads to another Ghost', () => {
    let folder: string;
    const place = (name: string) => path.join(folder, name);
    beforeEach(() => {
      folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'same-ghost-')));
      for (const [file, env, content] of [
        ['compose.yaml', 'dev.env', './a'],
        ['prod.yaml', 'prod.env', '${FILES:-./b}'],
      ] as const) {
        const volumes = [`${content}:/var/lib/ghost/content`];
        writeFileSync(
          place(file),
          JSON.stringify({ services: { ghost: { image: 'ghost:6', env_file: env, volumes } } }),
        );
        writeFileSync(place(env), 'url=https://blog.example.com\n');
      }
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const check = (environment: NodeJS.ProcessEnv) =>
      assertSameGhost(findGhostSite({ ghost: folder }, environment), { ghost: folder }, environment);
    const refusal = (there: string, here: string) =>
      expect.objectContaining({
        message: `sudo does not pass on the variables of this shell. Without them, the change as root would fail: it would use ${there} instead of ${here}.`,
        cure: `Write the variables that Docker Compose needs (COMPOSE_FILE and others) into ${place('.env')}, or run the command as a user who can write there.`,
      }) as Error;

    test('is refused: the settings would go into the env file of the other one', () => {
      expect(() => check({ COMPOSE_FILE: 'prod.yaml' })).toThrow(refusal(place('dev.env'), place('prod.env')));
    });

    test('is refused: the adapter would go into other content', () => {
      writeFileSync(place('.env'), 'COMPOSE_FILE=prod.yaml\n');
      expect(() => check({ FILES: './c' })).toThrow(refusal(place('b'), place('c')));
    });

    test('is refused: Docker Compose would miss a variable', () => {
      writeFileSync(place('.env'), 'COMPOSE_FILE=prod.yaml\n');
      writeFileSync(place('prod.yaml'), readFileSync(place('prod.yaml'), 'utf8').replace(':-./b', ':?where'));
      expect(() => check({ FILES: './c' })).toThrow(/would fail: .* needs the variable FILES/);
    });

    test('is made where the variables are in its .env', () => {
      writeFileSync(place('.env'), 'COMPOSE_FILE=prod.yaml\nFILES=./c\n');
      expect(() => check({ COMPOSE_FILE: 'prod.yaml', FILES: './c' })).not.toThrow();
      expect(() => check({})).not.toThrow();
    });

    test('is refused: the adapter would go where Ghost does not look for it', () => {
      rmSync(place('compose.yaml'));
      writeFileSync(place('config.production.json'), '{}');
      expect(() => check({ paths__installedAdaptersPath: '/srv/adapters' })).toThrow(
        /it would use nothing instead of \/srv\/adapters/,
      );
    });
  });

  test('reaches the bucket through the proxy of the user, and takes no other variable', async () => {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'proxy-')));
    const hosts: (string | undefined)[] = [];
    const proxy = createServer().on('connect', ({ url }: IncomingMessage, socket: Socket) => {
      hosts.push(url);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    const address = `http://127.0.0.1:${await listen(proxy)}`;
    const options = { bucket: 'blog-images', region: 'eu-central-1', cdnUrl: 'https://images.example.com' };
    const storage = {
      S3CloudFrontStorage: { ...options, accessKeyId: 'A'.repeat(20), secretAccessKey: 's'.repeat(40) },
    };
    writeFileSync(
      path.join(folder, 'config.production.json'),
      JSON.stringify({ url: 'https://blog.example.com', storage }),
    );
    mkdirSync(path.join(folder, 'content/images'), { recursive: true });
    const { status } = await runAsRoot(
      { do: 'copy-back', proxy: { HTTPS_PROXY: address, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } },
      { ...process.env, NODE_ENV: 'production' },
      ['--ghost', folder],
    );
    expect([status, hosts[0]]).toEqual([1, 'blog-images.s3.eu-central-1.amazonaws.com:443']);
    await stop(proxy);
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['no JSON', 'rm -rf /'],
    ['another change', '{"do":"delete"}'],
    ['options that are not strings', '{"do":"write","block":{"storage":{"S3CloudFrontStorage":{"bucket":{}}}}}'],
    ['more than any change has', JSON.stringify({ do: 'install', more: 'x'.repeat(3_000_000) })],
  ])('refuses %s on its standard input', async (_, input) => {
    const { status, output } = await runAsRoot(input);
    expect([status, output]).toEqual([1, expect.stringContaining('The standard input is not a change from "setup".')]);
  });
});

test.each([
  ['in the content folder', {}, 'content/adapters/storage', true],
  ['in the content folder', {}, 'content/adapters', false],
  ['where paths.installedAdaptersPath says', { installedAdaptersPath: 'installed' }, 'installed', false],
  ['where paths.installedAdaptersPath says', { installedAdaptersPath: 'installed' }, 'content/adapters', true],
])('setup sees whether it may write the adapter %s (%j, %s is closed)', (_, paths, closed, may) => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'change-')));
  const configFile = path.join(folder, 'config.production.json');
  writeFileSync(configFile, JSON.stringify({ url: 'https://blog.example.com', paths }));
  mkdirSync(path.join(folder, 'content', 'adapters'), { recursive: true });
  mkdirSync(path.join(folder, 'installed'));
  jest.spyOn(process, 'geteuid').mockReturnValue(1000);
  jest.spyOn(process, 'getuid').mockReturnValue(1000);
  jest.spyOn(fs, 'accessSync').mockImplementation((place) => {
    if (place === path.join(folder, closed)) {
      throw new Error('EACCES');
    }
  });

  const site = { ...findGhostSite({ ghost: folder }, {}), version: '6.60.0' };

  expect(canChange(site)).toBe(may);
  rmSync(folder, { recursive: true });
});

describe('a Ghost that goes back', () => {
  let folder: string;
  let adapters: string;
  let configFile: string;
  const before = '{"url":"https://blog.example.com"}';
  const options = () => ({ ghost: folder, config: configFile });
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'change-')));
    adapters = path.join(folder, 'content/adapters/storage');
    configFile = path.join(folder, 'config.production.json');
    mkdirSync(adapters, { recursive: true });
    writeFileSync(configFile, before);
    replaceGhostConfig(configFile, '{"url":"https://blog.example.com","storage":{"active":"S3CloudFrontStorage"}}');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each<[string, (adapter: string) => void]>([
    ['has lost its package.json', (adapter) => mkdirSync(adapter)],
    ['has become a link', (adapter) => symlinkSync(folder, adapter)],
  ])("gets its configuration back also when the adapter's folder %s", async (_, become) => {
    become(path.join(adapters, 'S3CloudFrontStorage'));
    await carryOut(new RecordedTerminal(), options(), { do: 'restore' });
    expect(JSON.parse(readFileSync(configFile, 'utf8'))).toEqual(JSON.parse(before));
  });

  test("gets its configuration back also when only root may write the adapter's folder, without sudo", async () => {
    const change = changerOf(new RecordedTerminal(), findGhostSite(options(), {}), options());
    jest.spyOn(process, 'geteuid').mockReturnValue(1000);
    jest.spyOn(fs, 'accessSync').mockImplementation((place) => {
      if (place === adapters) {
        throw new Error('EACCES');
      }
    });
    await change({ do: 'restore' });
    expect(JSON.parse(readFileSync(configFile, 'utf8'))).toEqual(JSON.parse(before));
  });
});

describe('chooseCredentials', () => {
  test("leaves a role to the machine, and takes the user's profile otherwise", () => {
    const environment: NodeJS.ProcessEnv = { AWS_PROFILE: 'work', AWS_ACCESS_KEY_ID: 'A', AWS_REGION: 'eu-west-1' };
    chooseCredentials(true, 'work', environment);
    expect(environment).toEqual({
      AWS_REGION: 'eu-west-1',
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_CONFIG_FILE: devNull,
    });
    const other: NodeJS.ProcessEnv = {};
    chooseCredentials(false, 'work', other);
    expect(other).toEqual({ AWS_PROFILE: 'work' });
  });
});

describe('the restart of a Ghost', () => {
  test('tells Docker Compose the folder that it runs in, as a shell would', async () => {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'restart-')));
    const before = { ...process.env };
    try {
      const service = { image: 'ghost:6', volumes: ['${PWD}/data:/var/lib/ghost/content'] };
      writeFileSync(path.join(folder, 'compose.yml'), JSON.stringify({ services: { ghost: service } }));
      writeFileSync(path.join(folder, 'docker'), `#!/bin/sh\nprintenv PWD > '${folder}/pwd'\n`);
      chmodSync(path.join(folder, 'docker'), 0o755);
      process.env.PATH = `${folder}:${process.env.PATH}`;
      process.env.PWD = '/elsewhere';
      const command = restartOf(findGhostSite({ ghost: folder }, {}), {});
      expect(command?.environment.PWD).toBe(folder);
      expect(command && (await restart(new RecordedTerminal(), command))).toBeUndefined();
      expect(readFileSync(path.join(folder, 'pwd'), 'utf8').trim()).toBe(folder);
    } finally {
      process.env = before;
      rmSync(folder, { recursive: true });
    }
  });

  test("does not give it the user's credentials, which it would keep", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'restart-'));
    const before = { ...process.env };
    try {
      writeFileSync(path.join(folder, '.ghost-cli'), '{}');
      writeFileSync(path.join(folder, 'ghost'), `#!/bin/sh\nenv > '${folder}/env'\n`);
      chmodSync(path.join(folder, 'ghost'), 0o755);
      process.env.PATH = `${folder}:${process.env.PATH}`;
      process.env.AWS_ACCESS_KEY_ID = 'AKIAOPERATOR00000000';
      process.env.AWS_PROFILE = 'operator';
      process.env.OF_GHOST = 'kept';
      const command = restartOf({ folder } as GhostSite, {});
      expect(command && (await restart(new RecordedTerminal(), command))).toBeUndefined();
      const seen = readFileSync(path.join(folder, 'env'), 'utf8');
      expect([/OPERATOR|AWS_PROFILE/i.test(seen), seen.includes('OF_GHOST=kept')]).toEqual([false, true]);
    } finally {
      process.env = before;
      rmSync(folder, { recursive: true });
    }
  });

  test('keeps the AWS variables of the user, which setup then removes from its own environment', () => {
    const before = { ...process.env };
    try {
      process.env.AWS_PROFILE = 'operator';
      const command = restartOf({ folder: tmpdir() } as GhostSite, { restart: 'aws ecs update-service' });
      chooseCredentials(true, undefined);
      expect(command?.environment.AWS_PROFILE).toBe('operator');
      expect(command?.environment.AWS_CONFIG_FILE).toBe(before.AWS_CONFIG_FILE);
    } finally {
      process.env = before;
    }
  });

  // As another user, Docker has that user's own.
  (isRoot() ? test : test.skip)('has Docker run no plugin of the user who has called sudo', () => {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'restart-')));
    const before = { ...process.env };
    try {
      writeFileSync(path.join(folder, 'compose.yml'), JSON.stringify({ services: { ghost: { image: 'ghost:6' } } }));
      // As some systems have it, sudo has kept its HOME.
      Object.assign(process.env, { SUDO_USER: 'operator', HOME: '/home/operator' });
      delete process.env.DOCKER_CONFIG;
      const config = path.join(userInfo().homedir, '.docker');
      const site = { folder } as GhostSite;
      expect(restartOf(site, {})?.environment.DOCKER_CONFIG).toBe(config);
      process.env.DOCKER_CONFIG = '/etc/docker-of-ghost';
      expect(restartOf(site, {})?.environment.DOCKER_CONFIG).toBe('/etc/docker-of-ghost');
    } finally {
      process.env = before;
      rmSync(folder, { recursive: true });
    }
  });
});
