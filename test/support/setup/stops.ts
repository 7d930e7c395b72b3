import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SetupBlog } from './blog';
import { type Cloud, DOMAIN } from './cloud';
import type { EndedRun, SetupLab } from './lab';

/** Ghost's configuration with the adapter's options. */
export interface Configured {
  storage: { S3CloudFrontStorage: { accessKeyId: string; secretAccessKey: string } };
  [name: string]: unknown;
}

const ADAPTER = 'content/adapters/storage/S3CloudFrontStorage';

/** A blog that is set up, and what is done to it in the meantime. */
export interface SetupUnderTest {
  cloud: Cloud;
  blog: SetupBlog;
  lab: SetupLab;
  /** The files in its content folder, by their path in it. */
  files: Record<string, Buffer>;
}

/** Returns the text of Ghost's configuration. */
export const readConfig = ({ folder }: SetupBlog): string =>
  readFileSync(path.join(folder, 'config.production.json'), 'utf8');

/** Returns how many of the files are in the bucket. */
export function countCopied({ cloud, files }: Pick<SetupUnderTest, 'cloud' | 'files'>): number {
  const bucket = cloud.bucket();
  const objects = bucket === undefined ? undefined : cloud.s3.objects(bucket);
  return Object.keys(files).filter((name) => objects?.has(`content/${name}`)).length;
}

/**
 * Runs `setup` again and again, stopped at another point each time, while visitors look at the blog, and proves that the
 * last run comes to the end of a single one.
 */
export async function stopEverywhere(test: SetupUnderTest): Promise<void> {
  const endVisits = visitAllTheTime(test);
  try {
    await stopInBuild(test);
    await stopBeforeSwitch(test);
    await stopInSwitch(test);
    await finish(test);
  } finally {
    const { problems, visits } = await endVisits();
    expect([problems, visits > 100]).toEqual([[], true]);
  }
}

async function stopInBuild({ cloud: { account }, blog, lab }: SetupUnderTest): Promise<void> {
  account.killAt('DescribeCertificate');
  expectKilled(await lab.setUp());
  expect(account.state.stackStatus).toBeUndefined();

  account.killAt('DescribeStackEvents', 5);
  expectKilled(await lab.setUp());
  expect(account.state.stackStatus).toBe('CREATE_IN_PROGRESS');

  // The secret of the access key is lost.
  account.killAt('CreateAccessKey');
  expectKilled(await lab.setUp());
  expect([account.state.accessKeys.length, readConfig(blog).includes('S3CloudFrontStorage')]).toEqual([1, false]);
}

async function stopBeforeSwitch(test: SetupUnderTest): Promise<void> {
  const { cloud, blog, lab, files } = test;
  const { account, s3 } = cloud;
  const [lost] = account.state.accessKeys;
  // The options are written, and nothing is copied.
  const sent = s3.requests.length;
  expectKilled(await killWhen(lab, () => s3.requests.length > sent));
  // Without a question, a key that another Ghost may have is not deleted.
  expect(account.state.accessKeys).toEqual([lost, expect.anything()]);
  expect(Object.keys((JSON.parse(readConfig(blog)) as Configured).storage)).toEqual(['S3CloudFrontStorage']);

  expectKilled(await killWhen(lab, () => countCopied(test) > Object.keys(files).length / 3));
  expect(countCopied(test)).toBeLessThan(Object.keys(files).length);

  const denied = s3.injectFault({
    operation: 'AbortMultipartUpload',
    kind: { status: 403, code: 'AccessDenied' },
    times: Infinity,
  });
  const failed = await lab.setUp();
  expect([failed.status, failed.output]).toEqual([1, expect.stringContaining('Ghost was not switched over')]);
  denied.clear();
}

async function stopInSwitch({ blog, lab }: SetupUnderTest): Promise<void> {
  expectKilled(await lab.setUp({ killsBeforeSwitch: true }));
  const isActive = () => readConfig(blog).includes('"active"');
  expect([existsSync(path.join(blog.folder, ADAPTER)), isActive()]).toEqual([true, false]);

  expectKilled(await lab.setUp({ killsAtRestart: true }));
  expect([isActive(), lab.restarts()]).toEqual([true, 0]);

  blog.breaks = true;
  const startedAt = Date.now();
  const broken = await lab.setUp();
  expect([broken.status, broken.output]).toEqual([1, expect.stringContaining('it runs from the disk again')]);
  expect([Date.now() - startedAt < 240_000, isActive(), blog.isDown]).toEqual([true, false, false]);
  blog.breaks = false;
}

async function finish(test: SetupUnderTest): Promise<void> {
  const { cloud, blog, lab, files } = test;
  // Ghost is switched over, and what was uploaded in the meantime is not copied.
  expectKilled(await killWhen(lab, () => lab.restarts() === 3 && !blog.isDown));
  const { status, output } = await lab.setUp();
  expect([status, output]).toEqual([0, expect.stringContaining(`The images of this blog come from https://${DOMAIN}`)]);
  expect(countCopied(test)).toBe(Object.keys(files).length);
  const { accessKeyId } = (JSON.parse(readConfig(blog)) as Configured).storage.S3CloudFrontStorage;
  expect(cloud.account.state.accessKeys.map(({ id }) => id)).toEqual([expect.anything(), accessKeyId]);
}

/** Visits the front page and files of the blog until it is stopped. */
function visitAllTheTime({ lab, files }: SetupUnderTest) {
  const names = Object.keys(files);
  const problems: string[] = [];
  let visits = 0;
  let isOver = false;
  const visiting = (async () => {
    for (let index = 0; !isOver; index = (index + 7) % names.length) {
      const name = names[index] ?? '';
      const bytes = await lab.visit(`content/${name}`).catch((error: Error) => void problems.push(error.message));
      if (bytes) {
        visits += 1;
        if (!bytes.equals(files[name] ?? Buffer.alloc(0))) problems.push(`${name} is another file`);
      }
      await lab.visit('').catch((error: Error) => void problems.push(error.message));
      // Ghost renders a page for each visit, on the core that the commands under test need.
      await sleep(50);
    }
  })();
  return async () => {
    isOver = true;
    await visiting;
    return { problems, visits };
  };
}

/** Runs `setup` and kills it as soon as a condition holds. */
function killWhen(lab: SetupLab, condition: () => boolean): Promise<EndedRun> {
  return lab.setUp({
    watch(child) {
      const timer = setInterval(() => {
        if (condition()) child.kill('SIGKILL');
      }, 2);
      void once(child, 'exit').then(() => clearInterval(timer));
    },
  });
}

function expectKilled({ status, output }: EndedRun): void {
  if (status !== null) {
    throw new Error(`The command was not killed, but ended with ${status}:\n${output}`);
  }
}
