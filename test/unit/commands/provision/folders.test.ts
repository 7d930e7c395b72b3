import { destroy } from '../../../../src/commands/provision/destroy';
import { findDifferences } from '../../../../src/commands/provision/diff';
import type { ProvisionOptions } from '../../../../src/commands/provision/settings';
import type { AwsAccount } from '../../../support/aws-account';
import { type CommandLine, openProvisioning, runProvision } from '../../../support/command-line';
import { openTestSession, provisionOnce } from '../../../support/provisioning';

jest.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));
jest.mock('node:dns/promises', () => jest.requireActual<object>('../../../support/no-dns'));

const DOMAIN = 'images.example.com';
const STACK = 'ghost-images-example-com';

let line: CommandLine & { account: AwsAccount };
let account: AwsAccount;

beforeEach(async () => {
  line = await openProvisioning(({ certificates }) => certificates.add({ names: [DOMAIN] }));
  ({ account } = line);
});
afterEach(() => line.close());

const withFolders = (options: ProvisionOptions) => provisionOnce(account, { ghostUrl: undefined, ...options });

/** The paths that the distribution serves besides Ghost's, and what CloudFront may read in the bucket. */
function served() {
  const { config } = account.distributions.all.at(-1) ?? {};
  const { CacheBehaviors = [] } = config as { CacheBehaviors?: { PathPattern: string }[] };
  const { Statement } = JSON.parse(account.buckets.all.at(-1)?.policy ?? '{}') as {
    Statement: { Sid: string; Resource: string[] }[];
  };
  return {
    paths: CacheBehaviors.map(({ PathPattern }) => PathPattern).filter((pattern) => !pattern.includes('content/')),
    read: (Statement.find(({ Sid }) => Sid === 'CloudFrontReadsFolders')?.Resource ?? []).map((arn) =>
      arn.replace(/^arn:aws:s3:::[^/]+/, ''),
    ),
  };
}

const run = (...parameters: string[]) => runProvision(line.written, ...parameters);

describe('a folder for other files than those of Ghost', () => {
  test('is served from the first run on, and CloudFront may read it', async () => {
    const { terminal } = await withFolders({ folder: ['downloads', '/press/'] });
    expect(served()).toEqual({ paths: ['/downloads/*', '/press/*'], read: ['/downloads/*', '/press/*'] });
    expect(terminal.text).toMatch(/\+ folder +https:\/\/images\.example\.com\/downloads\/ for your own files/);
    expect(terminal.text).toMatch(/\+ CloudFront function +prevents files in folders from running scripts/);
  });

  test('is added to the existing ones, which do not change', async () => {
    await withFolders({ folder: ['downloads'] });
    const { terminal } = await withFolders({ folder: ['press', 'downloads'] });
    expect(served().paths).toEqual(['/downloads/*', '/press/*']);
    expect(terminal.text).toMatch(/\+ folder +https:\/\/images\.example\.com\/press\//);
    expect(terminal.text).not.toMatch(/\+ folder +https:\/\/images\.example\.com\/downloads\//);
  });

  test('stays when a run does not name it, or names it again, and nothing changes', async () => {
    await withFolders({ folder: ['downloads'] });
    for (const options of [{}, { folder: ['downloads'] }]) {
      const { provisioned, terminal } = await withFolders(options);
      expect([provisioned?.changed, terminal.questions]).toEqual([false, []]);
      expect(served().paths).toEqual(['/downloads/*']);
    }
    expect((await findDifferences(await openTestSession(account), STACK)).changes).toEqual([]);
  });

  test('is added to an image server of version 1.0.0, which knows no folders', async () => {
    await provisionOnce(account);
    const [stack] = account.stacks.all;
    for (const name of ['Folder1', 'Folder2', 'Folder3']) {
      delete stack?.parameters[name];
    }
    await provisionOnce(account, { ghostUrl: undefined });
    expect(served().paths).toEqual([]);
    await provisionOnce(account, { ghostUrl: undefined, folder: ['downloads'] });
    expect(served().paths).toEqual(['/downloads/*']);
  });

  test('is not served after --remove-folder, and its files stay', async () => {
    await withFolders({ folder: ['downloads', 'press'] });
    const [bucket] = account.buckets.all;
    bucket?.versions.push({ key: 'downloads/a.pdf', versionId: '1' });
    const { terminal, provisioned } = await withFolders({ removeFolder: ['downloads'] });
    expect(served()).toEqual({ paths: ['/press/*'], read: ['/press/*'] });
    expect(bucket?.versions).toHaveLength(1);
    expect(terminal.text).toMatch(/- folder +\/downloads\/ is no longer served; its files stay in the bucket/);
    expect(provisioned?.removedFolders).toEqual(['downloads']);

    // Its place is free for another one.
    await withFolders({ folder: ['one', 'two'] });
    expect(served().paths).toEqual(['/one/*', '/press/*', '/two/*']);
  });

  test('that is to be removed and is not there is named, and nothing changes', async () => {
    await withFolders({ folder: ['downloads'] });
    const { terminal, provisioned } = await withFolders({ removeFolder: ['downlods'] });
    expect(terminal.warnings).toContain('--remove-folder: the image server has no folder downlods.');
    expect(provisioned?.changed).toBe(false);
    expect(served().paths).toEqual(['/downloads/*']);
  });

  test('is one of three at most, and a fourth is refused before anything is changed', async () => {
    await withFolders({ folder: ['one', 'two', 'three'] });
    const before = account.actions.length;
    const { error } = await withFolders({ folder: ['four'] });
    expect(error?.message).toBe(
      "An image server can have at most 3 folders besides Ghost's, but these are 4: one, two, three, four.",
    );
    expect(error?.cure).toContain('upload FILE --to one/four');
    expect(account.actions.slice(before).filter((action) => /:(Create|Update|Execute)/.test(action))).toEqual([]);
    expect((await withFolders({ folder: ['four'], removeFolder: ['two'] })).error).toBeUndefined();
    expect(served().paths).toEqual(['/one/*', '/four/*', '/three/*']);
  });

  test.each<[ProvisionOptions, string]>([
    [{ folder: ['content'] }, '--folder is "content". It must be letters'],
    [{ folder: ['a/b'] }, '--folder is "a/b"'],
    [{ folder: ['..'] }, '--folder is ".."'],
    [{ folder: ['/'] }, '--folder is "/"'],
    [{ folder: ['my files'] }, '--folder is "my files"'],
    [{ folder: ['favicon.ico'] }, '--folder is "favicon.ico"'],
    [{ folder: ['downloads', ' '] }, '--folder is empty'],
    [{ removeFolder: [''] }, '--remove-folder is empty'],
    [{ folder: ['downloads'], removeFolder: ['downloads'] }, 'both name "downloads"'],
    [{ folder: ['blogs'], tenantPrefix: 'blogs/seven' }, 'the tenant prefix is "blogs/seven"'],
    [{ folder: ['blog'], ghostUrl: 'https://example.com/blog' }, "the name of the blog's subdirectory"],
    [{ folder: ['a', 'b', 'c', 'd'] }, 'these are 4: a, b, c, d'],
  ])('is refused when it cannot be, with the reason: %j', async (options, message) => {
    const { error } = await withFolders(options);
    expect(`${error?.message} ${error?.cure}`).toContain(message);
    expect(account.stacks.all).toEqual([]);
  });

  test('is in the way of a blog that comes to its path later', async () => {
    await withFolders({ folder: ['blog'] });
    const { error } = await withFolders({ ghostUrl: 'https://example.com/blog' });
    expect(error?.message).toContain('The folder "blog" has the name of the blog\'s subdirectory');
  });

  test('goes with its image server', async () => {
    await withFolders({ folder: ['downloads'] });
    await destroy(await openTestSession(account), STACK);
    expect(account.distributions.all).toEqual([]);
  });
});

describe('the end of provision', () => {
  test('shows the next steps for uploads, not for Ghost, without a blog', async () => {
    const output = await run('--yes', '--folder', 'downloads', '--folder', 'press');
    expect(output).toContain('  https://images.example.com/downloads/\n  https://images.example.com/press/\n');
    expect(output).toContain(
      'npx ghost-storage-s3-cloudfront upload FILE --domain images.example.com --region eu-central-1 --to downloads',
    );
    expect(output).toContain('run the command again with --ghost-url https://blog.example.com');
    expect(output).not.toContain('S3CloudFrontStorage');
    expect(output).not.toContain('install');
    expect(output).not.toMatch(/Ghost authenticates|Attach the policy/);
  });

  test('shows the next steps for both with a blog', async () => {
    const output = await run('--yes', '--folder', 'downloads', '--ghost-url', 'https://blog.example.com');
    expect(output).toContain('upload FILE');
    expect(output).toContain('"S3CloudFrontStorage"');
    expect(output).toContain('npx ghost-storage-s3-cloudfront install');
    expect(output).not.toContain('run the command again with --ghost-url');
  });

  test("shows how to clear CloudFront's copies of a removed folder", async () => {
    await run('--yes', '--folder', 'downloads');
    const output = await run('--yes', '--remove-folder', 'downloads');
    const { id } = account.distributions.all[0] ?? {};
    expect(output).toContain(`aws cloudfront create-invalidation --distribution-id ${id} --paths '/downloads/*'`);
  });

  test('lists the folders for programs', async () => {
    expect(JSON.parse(await run('--yes', '--json', '--folder', 'downloads'))).toMatchObject({ folders: ['downloads'] });
  });
});

test('provision status lists the folders', async () => {
  await run('--yes', '--folder', 'downloads', '--folder', 'press');
  expect(await run('status')).toMatch(/^Folders +\/downloads\/ \/press\/$/m);
  expect(JSON.parse(await run('status', '--json'))).toMatchObject({ folders: ['downloads', 'press'] });
});

test('a dry run shows folders in the plan and in the template', async () => {
  const output = await run('--dry-run', '--folder', 'downloads', '--remove-folder', 'press');
  expect(output).toMatch(/\+ folder +https:\/\/images\.example\.com\/downloads\//);
  expect(output).toMatch(/- folder +\/press\//);
  expect(await run('--folder', 'downloads', '--template', '-')).toContain('PathPattern: /downloads/*');
});
