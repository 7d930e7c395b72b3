// A profile that does not exist is named with those that exist: the AWS SDK would go on to other credentials without a word.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createProgram } from '../../src/commands/program';
import type { Failure } from '../../src/shell/failure';
import { type CommandLine, openCommandLine } from '../support/command-line';
import { runInstall } from '../support/install/run';
import { useInMemoryS3 } from '../support/use-bucket';

const s3 = useInMemoryS3();

let line: CommandLine;
let picture: string;
beforeEach(() => {
  line = openCommandLine();
  for (const name of ['images', 'media', 'files', 'themes']) {
    mkdirSync(path.join(line.folder, 'content', name), { recursive: true });
  }
  picture = path.join(line.folder, 'content/images/picture.png');
  writeFileSync(picture, 'x');
  writeFileSync(
    path.join(line.folder, 'aws-config'),
    '[default]\nregion = eu-west-1\n[profile blog]\nregion = eu-west-1\n',
  );
  for (const name of Object.keys(process.env).filter((variable) => variable.startsWith('AWS_'))) {
    delete process.env[name];
  }
  Object.assign(process.env, variables());
});
afterEach(() => line.close());

const variables = () => ({
  AWS_CONFIG_FILE: path.join(line.folder, 'aws-config'),
  AWS_SHARED_CREDENTIALS_FILE: path.join(line.folder, 'aws-credentials'),
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** Writes a configuration that uses the adapter, and returns the parameters that name it. */
function withConfig(options: object = {}): string[] {
  const block = {
    bucket: s3.newBucket(),
    region: s3.region,
    endpoint: s3.endpoint,
    forcePathStyle: true,
    cdnUrl: 'https://images.example.test',
    distributionId: 'E2EXAMPLE1ABCD',
    ...options,
  };
  const config = { storage: { active: 'S3CloudFrontStorage', S3CloudFrontStorage: block } };
  writeFileSync(path.join(line.folder, 'config.production.json'), JSON.stringify(config));
  return ['--config', path.join(line.folder, 'config.production.json')];
}

/** Runs a command, and returns everything that it says. */
async function run(parameters: string[]): Promise<string> {
  try {
    await createProgram().parseAsync(parameters, { from: 'user' });
    return `${line.written.stdout}${line.written.stderr}`;
  } catch (error) {
    const { message, cure } = error as Failure;
    return `${message}\n${cure}`;
  }
}

/** The commands that sign in to AWS or S3. */
const COMMANDS: Record<string, () => string[]> = {
  doctor: () => ['doctor', ...withConfig()],
  migrate: () => ['migrate', ...withConfig()],
  'migrate --to-local': () => ['migrate', '--to-local', ...withConfig()],
  'policy --bucket-policy': () => ['policy', '--bucket-policy', ...withConfig()],
  upload: () => ['upload', '--region', 'eu-central-1', picture],
  provision: () => ['provision', '--domain', 'images.example.test', '--region', 'eu-central-1', '--no-ghost'],
};

describe.each(Object.entries(COMMANDS))('%s', (_, parameters) => {
  test('names a profile of --profile that does not exist, and those that exist', async () => {
    expect(await run([...parameters(), '--profile', 'blgo'])).toMatch(
      /--profile is "blgo", but the AWS configuration has no profile with that name\.\n.*Its profiles are blog, default\./,
    );
  });

  test('names a profile of AWS_PROFILE that does not exist, and those that exist', async () => {
    process.env.AWS_PROFILE = 'blgo';
    expect(await run(parameters())).toMatch(
      /The environment variable AWS_PROFILE is "blgo", but the AWS configuration has no profile[^]*Its profiles are blog, default\./,
    );
  });
});

test('install names a profile of AWS_PROFILE that does not exist', async () => {
  withConfig();
  const { stdout, stderr } = await runInstall(line.folder, [], { ...variables(), AWS_PROFILE: 'blgo' }, false);
  expect(`${stdout}${stderr}`).toMatch(/AWS_PROFILE is "blgo"[^]*Its profiles are blog, default\./);
});

describe("where Ghost's configuration has the access key", () => {
  test('a profile of the environment is not needed', async () => {
    process.env.AWS_PROFILE = 'blgo';
    expect(await run(['migrate', ...withConfig(s3.credentials)])).toContain('Everything is in the bucket: 1 file');
  });

  test('a profile that the user names is', async () => {
    expect(await run(['migrate', ...withConfig(s3.credentials), '--profile', 'blgo'])).toContain('--profile is "blgo"');
  });
});
