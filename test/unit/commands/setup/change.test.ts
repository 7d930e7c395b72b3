import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import path from 'node:path';
import { placesFor } from '../../../../src/commands/setup/change';
import { chooseCredentials } from '../../../../src/commands/setup/credentials';

const SITE = {
  folder: '/var/www/ghost',
  configFile: '/var/www/ghost/config.staging.json',
  contentPath: '/srv/content',
};

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

  test.each([
    ['no JSON', 'rm -rf /'],
    ['another change', '{"do":"delete"}'],
    ['options that are no texts', '{"do":"write","block":{"storage":{"S3CloudFrontStorage":{"bucket":{}}}}}'],
    ['more than any change has', JSON.stringify({ do: 'install', more: 'x'.repeat(3_000_000) })],
  ])(
    'refuses %s on its standard input',
    async (_, input) => {
      const root = path.resolve(__dirname, '../../../..');
      const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'setup-as-root'], { cwd: root });
      let output = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
      child.stdin.on('error', () => {});
      child.stdin.end(input);
      const [code] = (await once(child, 'close')) as [number];
      expect([code, output]).toEqual([1, expect.stringContaining('The standard input is not a change of "setup".')]);
    },
    60_000,
  );
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
