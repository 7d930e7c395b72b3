// With whose credentials setup copies and tests: those that Ghost will have, never those of its user.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { listen, stop } from '../support/local-server';
import { onePixel } from '../support/one-pixel';
import type { SetupBlog } from '../support/setup/blog';
import { type Cloud, DOMAIN, POLICY_OF_GHOST } from '../support/setup/cloud';
import type { SetupLab } from '../support/setup/lab';
import { type OpenedSetup, openSetup } from '../support/setup/open-setup';

/** A run takes seconds, and many of them are waited for on a busy machine. */
const SETUP = ['setup', '--domain', DOMAIN, '--region', 'eu-central-1', '--yes'];
const PROVISION = ['provision', '--domain', DOMAIN, '--region', 'eu-central-1', '--no-ghost', '--yes'];
const COMES_FROM_CDN = `The images of this blog come from https://${DOMAIN}`;

let cloud: Cloud;
let blog: SetupBlog;
let lab: SetupLab;
let close: OpenedSetup['close'];
let role: Server | undefined;
const variables = { ...process.env };

beforeEach(async () => {
  ({ cloud, blog, lab, close } = await openSetup({ 'images/2024/05/picture.png': onePixel(1) }));
});

afterEach(async () => {
  process.env = { ...variables };
  await (role && stop(role));
  role = undefined;
  await close();
});

const file = () => path.join(blog.folder, 'config.production.json');
const readStorage = () =>
  (JSON.parse(readFileSync(file(), 'utf8')) as { storage?: { active?: string; S3CloudFrontStorage?: object } }).storage;

/** Returns the access keys with which S3 was asked, without those of the CDN. */
const signers = () =>
  [...new Set(cloud.s3.requests.map(({ accessKeyId }) => accessKeyId))].filter(
    (id) => id !== undefined && id !== cloud.s3.credentials.accessKeyId,
  );

/** Gives this machine a role with the permissions of Ghost. */
async function giveRole(): Promise<{ accessKeyId: string; environment: Record<string, string> }> {
  const keys = {
    accessKeyId: 'ASIAROLEOFGHOST00000',
    secretAccessKey: 'secret-of-the-role',
    sessionToken: 'of-the-role',
  };
  cloud.s3.addUser({ ...keys, policy: POLICY_OF_GHOST });
  role = createServer((_request, response) =>
    response.end(
      JSON.stringify({
        AccessKeyId: keys.accessKeyId,
        SecretAccessKey: keys.secretAccessKey,
        Token: keys.sessionToken,
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    ),
  );
  const address = `http://127.0.0.1:${await listen(role)}/role`;
  // Ghost's stand-in, which runs in this process, has it as well.
  process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = address;
  return {
    accessKeyId: keys.accessKeyId,
    environment: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: address,
      ECS_CONTAINER_METADATA_URI_V4: 'http://127.0.0.1:1',
    },
  };
}

describe('setup', () => {
  test("does not take the user's credentials for those of a role that Ghost does not have", async () => {
    const { status, output } = await lab.run([...SETUP, '--identity', 'ec2-role']);
    expect([status, output]).toEqual([1, expect.stringContaining('associate-iam-instance-profile')]);
    expect([lab.restarts(), readStorage()?.active]).toEqual([0, undefined]);
    // The user may do everything in the bucket.
    expect([signers(), cloud.s3.objects(cloud.bucket() ?? '').size]).toEqual([[], 0]);
  });

  test("copies and tests with the machine's role, and not with the credentials of its user", async () => {
    const { accessKeyId, environment } = await giveRole();
    const seen = path.join(blog.folder, 'environment');
    const restart = ['--restart', `env > '${seen}'; ghost restart`];
    const { status, output } = await lab.run([...SETUP, '--identity', 'ecs-task-role', ...restart], { environment });
    expect([status, output]).toEqual([0, expect.stringContaining(COMES_FROM_CDN)]);
    expect(signers()).toEqual([accessKeyId]);
    // The user's own command, such as "aws ecs update-service", is run as the user.
    const { AWS_ACCESS_KEY_ID } = cloud.environment;
    expect(readFileSync(seen, 'utf8')).toContain(`AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID}\n`);
  });

  test('refuses an identity that it could not test, before anything is built', async () => {
    const { status, output } = await lab.run([...SETUP, '--identity', 'policy-only']);
    expect([status, output]).toEqual([1, expect.stringMatching(/policy-only[^]*--identity iam-user[^]*provision/)]);
    expect([cloud.account.state.stackStatus, readStorage()]).toEqual([undefined, undefined]);
  });

  test('refuses an image server whose identity it could not test, and can give it one', async () => {
    const built = await lab.run([...PROVISION, '--identity', 'policy-only']);
    expect([built.status, built.output]).toEqual([0, expect.stringContaining('Attach the policy')]);
    const refused = await lab.run(SETUP);
    expect([refused.status, refused.output]).toEqual([1, expect.stringContaining('--identity iam-user')]);
    expect([readStorage(), signers()]).toEqual([undefined, []]);
    const { status, output } = await lab.run([...SETUP, '--identity', 'iam-user']);
    expect([status, output]).toEqual([0, expect.stringContaining(COMES_FROM_CDN)]);
    expect(signers()).toEqual(cloud.account.state.accessKeys.map(({ id }) => id));
  });

  test.each([
    ["the access key in Ghost's configuration", 'key'],
    ["the machine's own role", 'role'],
  ])('tests %s, which the user has given the policy', async (_, kind) => {
    const key = { accessKeyId: 'AKIAOFTHEUSER0000000', secretAccessKey: 'secret-of-the-users-own' };
    cloud.s3.addUser({ ...key, policy: POLICY_OF_GHOST });
    if (kind === 'key') {
      const config = JSON.parse(readFileSync(file(), 'utf8')) as object;
      writeFileSync(file(), JSON.stringify({ ...config, storage: { S3CloudFrontStorage: key } }));
    }
    const { accessKeyId, environment } = kind === 'key' ? { ...key, environment: {} } : await giveRole();
    const { status, output } = await lab.run([...SETUP, '--identity', 'policy-only'], { environment });
    expect([status, output]).toEqual([0, expect.stringContaining(COMES_FROM_CDN)]);
    expect(signers()).toEqual([accessKeyId]);
  });
});
