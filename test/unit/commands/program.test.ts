import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createProgram } from '../../../src/commands/program';
import { readTemplate } from '../../../src/template/read';
import { schemaFindings } from '../../support/template/tools';

const root = path.resolve(__dirname, '../../..');
const cli = path.join(root, 'dist/cli.js');
const version = (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version;

let folder: string;
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'command-line-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs what is built in an empty folder, without credentials, and with a network in which every request fails. */
function run(...parameters: string[]) {
  return runWith({ NO_COLOR: '1' }, ...parameters);
}

/** The same with more in the environment. */
function runWith(environment: NodeJS.ProcessEnv, ...parameters: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...parameters], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      HOME: folder,
      PATH: process.env.PATH,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      ...environment,
    },
  });
  return { status, stdout, stderr };
}

/** The arguments of the README's dry run. */
const DRY_RUN =
  /`npx ghost-storage-s3-cloudfront (provision [^`]* --dry-run)`/
    .exec(readFileSync(path.join(root, 'README.md'), 'utf8'))?.[1]
    ?.split(' ') ?? [];

describe('colors', () => {
  const ESCAPE = '\x1b[';

  test.each<NodeJS.ProcessEnv>([{}, { CI: 'true' }, { FORCE_COLOR: '0' }, { FORCE_COLOR: '1', NO_COLOR: '1' }])(
    'stay out of what is piped, %j',
    (environment) => {
      const { stdout, stderr } = runWith(environment, ...DRY_RUN);
      expect(stdout + stderr).not.toContain(ESCAPE);
    },
  );

  test('are there when FORCE_COLOR asks for them', () => {
    expect(runWith({ FORCE_COLOR: '1' }, ...DRY_RUN).stdout).toContain(ESCAPE);
  });
});

describe('a dry run', () => {
  test('prints the plan and what it costs, without credentials or network', () => {
    const { status, stdout, stderr } = run(...DRY_RUN);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('Image server https://images.example.com');
    expect(stdout).toMatch(/\+ certificate +images\.example\.com, in us-east-1/);
    expect(stdout).toMatch(/\+ CloudFront distribution +.*Ghost creates missing image sizes/);
    expect(stdout).toMatch(/prices of us-east-1 in November 2026/);
    expect(stdout).toContain('no request was sent to AWS');
  });

  test('prints a template that CloudFormation takes as it is', () => {
    const { stdout: text } = run(...DRY_RUN, '--identity', 'iam-user', '--region', 'eu-central-1', '--template', '-');
    expect(Object.keys(readTemplate(text).Parameters)).toEqual(['CertificateArn', 'FallbackSecret']);
    expect(readTemplate(text).Resources).toHaveProperty('GhostUser');
    expect(schemaFindings(text)).toEqual([]);
    expect(text).not.toContain('Fn::If');
  });

  test('is JSON for programs', () => {
    const { stdout } = run(...DRY_RUN, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      domain: 'images.example.com',
      stackName: 'ghost-images-example-com',
      steps: expect.arrayContaining([expect.objectContaining({ sign: '+', what: 'AWS::S3::Bucket' })]),
      template: { Resources: { Bucket: { Type: 'AWS::S3::Bucket' } } },
    });
  });
});

describe('a dry run of what cannot be', () => {
  test.each([
    [['--wildcard', '--domain', 'example.com'], '*.com'],
    [['--domain', 'images.example.com', '--region', 'nowhere'], '--region is "nowhere"'],
  ])('is refused: %j', (parameters, message) => {
    expect(run('provision', '--dry-run', ...parameters).stderr).toContain(message);
  });
});

describe('the command line', () => {
  test('tells its version and what there is', () => {
    expect(run('--version').stdout.trim()).toBe(version);
    expect(run('--help').stdout).toContain('provision');
    const help = run('provision', '--help').stdout;
    expect(help).toContain('Examples:');
    expect(help).toContain('status');
  });

  test.each(['-v', '--version', '-V'])('tells its version with %s', (option) => {
    expect(run(option)).toMatchObject({ stdout: `${version}\n`, status: 0 });
  });

  test.each(['status', 'diff', 'destroy'])(
    'lists in the help of provision %s the options that it takes alone',
    (name) => {
      const listed = run('provision', name, '--help').stdout.match(/--[a-z][a-z-]+(?= |$)/gm) ?? [];
      expect(listed).toContain('--debug');
      const foreign = [...new Set(listed)].filter((option) => !['--help', '--version', '--debug'].includes(option));
      for (const option of foreign) {
        const value = /yes|json/.test(option) ? [] : ['x'];
        const { stderr } = run('provision', option, ...value, name, '--domain', 'images.example.com');
        expect(stderr).not.toContain('does not have the option');
      }
      expect(foreign).not.toContain('--dry-run');
    },
  );

  test.each([40, 60, 200])('fits its help into COLUMNS=%d, without a terminal too', (columns) => {
    for (const name of ['provision', 'install', 'migrate', 'doctor', 'policy', 'upload']) {
      const { stdout } = runWith({ COLUMNS: String(columns) }, name, '--help');
      const [, description = ''] = /\n\n([^]*?)\n\n/.exec(stdout) ?? [];
      const lines = description.split('\n');
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
      // A line ends where the next word no longer fits.
      for (const [index, next] of lines.slice(1).entries()) {
        expect(`${lines[index]} ${next.split(' ', 1)[0]}`.length).toBeGreaterThanOrEqual(columns);
      }
    }
  });

  test.each(['setup', 'provision', 'install', 'migrate', 'doctor', 'policy', 'upload'])(
    'shows the options of %s in groups, then examples and exit codes',
    (name) => {
      const help = run(name, '--help').stdout;
      expect(help).not.toMatch(/^Options:/m);
      expect(help).toMatch(/^General options:[^]*^Examples:\n {2}\$ [^]*^Exit codes:\n {2}0 /m);
    },
  );

  test('shows the option, its value and the fix, without a stack trace, and ends with 1', () => {
    const { status, stdout, stderr } = run('provision', '--domain', 'images', '--dry-run');
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      '✖ --domain is "images", which is not a domain.\n  Use a domain with at least one dot, without a port or a path: images.example.com\n',
    );
  });

  test('shows where an error comes from with --debug', () => {
    expect(run('provision', '--domain', 'images', '--dry-run', '--debug').stderr).toMatch(/at .*cli\.js/);
  });

  test.each([
    [['provision', '--domian', 'images.example.com'], "unknown option '--domian'"],
    [['provison'], "unknown command 'provison'"],
  ])('suggests what was meant by %j', (parameters, message) => {
    const { status, stderr } = run(...parameters);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Did you mean');
    expect(status).toBe(1);
  });

  test.each([
    ['provision destory --yes', "unknown command 'provision destory'\n(Did you mean destroy?)"],
    ['provision staus --domain images.example.com --json', "unknown command 'provision staus'\n(Did you mean status?)"],
    [
      'provision images.example.com',
      "unknown command 'provision images.example.com'\n(The commands are status, diff, destroy.)",
    ],
  ])('does not take an unknown sub-command for the command: %s', (line, message) => {
    const { status, stdout, stderr } = run(...line.split(' '), '--domain', 'images.example.com');
    expect(stderr).toContain(message);
    expect([status, stdout]).toEqual([1, '']);
  });

  test.each([
    [
      'provision --dry-run --domain images.example.com destroy --yes',
      "'provision destroy' does not have the option '--dry-run'",
    ],
    ['provision --yes status --domain images.example.com', "'provision status' does not have the option '--yes'"],
    [
      'provision --bucket my-images diff --domain images.example.com',
      "'provision diff' does not have the option '--bucket'",
    ],
    [
      'provision --domain images.example.com destroy --domain media.example.com --yes',
      "option '--domain' has two values: images.example.com and media.example.com",
    ],
  ])('does not pass over an option before a sub-command: %s', (line, message) => {
    const { status, stdout, stderr } = run(...line.split(' '));
    expect(stderr).toContain(message);
    expect([status, stdout]).toEqual([1, '']);
  });

  test('takes an option twice that says the same', () => {
    const domain = ['--domain', 'images.example.com'];
    const { stderr } = run('provision', ...domain, 'status', ...domain, '--region', 'eu-central-1');
    expect(stderr).toContain('No AWS credentials were found');
  });

  test('asks for credentials where there are none', () => {
    const { status, stderr } = run('provision', '--domain', 'images.example.com', '--region', 'eu-central-1');
    expect(stderr).toContain('No AWS credentials were found');
    expect(stderr).toContain('--profile');
    expect(status).toBe(1);
  });

  test('asks for a region where there is none', () => {
    expect(run('provision', '--domain', 'images.example.com').stderr).toContain('--region eu-central-1');
  });

  test.each(['cn-north-1', 'us-gov-west-1', 'Frankfurt'])('refuses the region %s', (region) => {
    expect(run('provision', '--domain', 'images.example.com', '--region', region).stderr).toContain(region);
  });

  test.each([['AWS_REGION'], ['AWS_DEFAULT_REGION']])('names %s where its value is the problem', (variable) => {
    for (const parameters of [DRY_RUN, ['provision', '--domain', 'images.example.com']]) {
      expect(runWith({ [variable]: 'nowhere' }, ...parameters).stderr).toContain(`variable ${variable} is "nowhere"`);
    }
  });

  test("looks at Ghost's configuration file before it begins", () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, '{ "url": ');
    const { stderr } = run('provision', '--domain', 'images.example.com', '--write-config', file);
    expect(stderr).toContain(`Ghost cannot read ${file}`);
  });

  test.each(['status', 'diff', 'destroy'])('takes options before and after %s', (name) => {
    const program = createProgram();
    const seen: unknown[] = [];
    const command = program.commands
      .find((candidate) => candidate.name() === 'provision')
      ?.commands.find((candidate) => candidate.name() === name);
    command?.action((_options, called: { optsWithGlobals(): unknown }) => void seen.push(called.optsWithGlobals()));
    const domain = ['--domain', 'images.example.com'];
    program.parse(['provision', ...domain, name, '--region', 'eu-central-1'], { from: 'user' });
    program.parse(['provision', name, ...domain, '--region', 'eu-central-1', '--debug'], { from: 'user' });
    const expected = { domain: 'images.example.com', region: 'eu-central-1' };
    expect(seen).toEqual([expect.objectContaining(expected), expect.objectContaining({ ...expected, debug: true })]);
  });

  const onUnix = process.platform === 'win32' ? test.skip : test;
  onUnix('ends quietly when no program reads the rest', () => {
    const command = `"${process.execPath}" "${cli}" ${DRY_RUN.join(' ')} | head -1`;
    const output = execFileSync('bash', ['-o', 'pipefail', '-c', command], { encoding: 'utf8', stdio: 'pipe' });
    expect(output).toContain('Image server');
  });
});
