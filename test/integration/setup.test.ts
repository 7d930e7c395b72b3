import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/ghost/boot';
import { onePixel } from '../support/one-pixel';
import { type SetupBlog, startBlogStandIn } from '../support/setup/blog';
import { type Cloud, DOMAIN, startCloud } from '../support/setup/cloud';
import { type EndedRun, openSetupLab, type RunOptions, type SetupLab } from '../support/setup/lab';

/** A run takes seconds, and many of them are waited for on a busy machine. */
jest.setTimeout(300_000);

const FILES = Object.fromEntries(
  Array.from({ length: 300 }, (_, index) => [`images/2024/05/picture-${index}.png`, onePixel(index)]),
);
const ADAPTER = 'content/adapters/storage/S3CloudFrontStorage';

let cloud: Cloud;
let blog: SetupBlog;
let lab: SetupLab;
let breaks: boolean;

beforeEach(async () => {
  breaks = false;
  const port = await freePort();
  cloud = await startCloud(port);
  blog = await startBlogStandIn(port, cloud.s3.endpoint, FILES, () => breaks);
  lab = await openSetupLab(cloud, blog);
});

afterEach(async () => {
  await lab?.close();
  await blog?.close();
  await cloud?.close();
});

const readConfig = () => readFileSync(path.join(blog.folder, 'config.production.json'), 'utf8');
const keysInBucket = () => [...cloud.s3.objects(cloud.bucket() ?? '').keys()].filter((key) => key.endsWith('.png'));

/** Visits files of the blog until it is stopped. */
function visitAllTheTime() {
  const names = Object.keys(FILES);
  const problems: string[] = [];
  let visits = 0;
  let isOver = false;
  const visiting = (async () => {
    for (let index = 0; !isOver; index = (index + 7) % names.length) {
      const name = names[index] ?? '';
      const bytes = await lab.visit(name).catch((error: Error) => void problems.push(error.message));
      if (bytes) {
        visits += 1;
        if (!bytes.equals(FILES[name] ?? Buffer.alloc(0))) problems.push(`${name} is another file`);
      }
      await sleep(10);
    }
  })();
  return async () => {
    isOver = true;
    await visiting;
    return { problems, visits };
  };
}

/** Runs `setup` and kills it as soon as a condition holds. */
function killWhen(condition: () => boolean) {
  const options: RunOptions = {
    watch(child) {
      const timer = setInterval(() => {
        if (condition()) child.kill('SIGKILL');
      }, 2);
      void once(child, 'exit').then(() => clearInterval(timer));
    },
  };
  return lab.setUp(options);
}

function expectKilled({ status, output }: EndedRun): void {
  if (status !== null) {
    throw new Error(`The command was not killed, but ended with ${status}:\n${output}`);
  }
}

describe('setup', () => {
  test('leads from an empty account to a blog on the CDN, and back with every byte', async () => {
    const before = readConfig();
    const { status, output } = await lab.setUp();
    expect([status, output]).toEqual([
      0,
      expect.stringContaining(`The images of this blog come from https://${DOMAIN}`),
    ]);
    expect(keysInBucket()).toHaveLength(300);
    expect(output).toMatch(/Found {3}Ghost 6\.65\.0 at https:\/\/blog\.example\.test, 300 files/);
    expect(output).toContain('Your files cost less than $0.01 a month');
    // No secret is shown.
    const { secretAccessKey } = (JSON.parse(readConfig()) as Configured).storage.S3CloudFrontStorage;
    expect(output).not.toContain(secretAccessKey);

    const again = await lab.setUp();
    expect([again.status, again.output]).toEqual([0, expect.stringContaining('Ghost is already switched over.')]);
    expect([lab.restarts(), cloud.account.state.accessKeys]).toEqual([1, [expect.anything()]]);

    const back = await lab.run(['setup', '--undo', '--yes']);
    expect([back.status, back.output]).toEqual([
      0,
      expect.stringContaining('Ghost stores its files on the disk again'),
    ]);
    const { storage, ...rest } = JSON.parse(readConfig()) as Configured;
    // What the image server needs stays, without effect, for another time.
    expect([rest, Object.keys(storage)]).toEqual([JSON.parse(before), ['S3CloudFrontStorage']]);
    expect(existsSync(path.join(blog.folder, ADAPTER))).toBe(false);
    expect(await lab.visit('images/2024/05/picture-1.png')).toEqual(FILES['images/2024/05/picture-1.png']);
  });

  test('can be killed in each of its steps, and comes to the same end with every image shown at every moment', async () => {
    const endVisits = visitAllTheTime();
    const { account, s3 } = cloud;
    // 1: while the certificate is waited for.
    account.killAt('DescribeCertificate');
    expectKilled(await lab.setUp());
    expect(account.state.stackStatus).toBeUndefined();
    // 1: in the middle of the stack.
    account.killAt('DescribeStackEvents', 5);
    expectKilled(await lab.setUp());
    expect(account.state.stackStatus).toBe('CREATE_IN_PROGRESS');
    // 1: the access key is there, and its secret is lost.
    account.killAt('CreateAccessKey');
    expectKilled(await lab.setUp());
    const [lost] = account.state.accessKeys;
    expect(readConfig()).not.toContain('S3CloudFrontStorage');
    // 2: the options are written.
    const sent = s3.requests.length;
    const afterWrite = await killWhen(() => s3.requests.length > sent);
    expectKilled(afterWrite);
    expect(account.state.accessKeys.map(({ id }) => id)).not.toContain(lost?.id);
    expect(Object.keys((JSON.parse(readConfig()) as Configured).storage)).toEqual(['S3CloudFrontStorage']);
    // 3: some of the files are copied.
    expectKilled(await killWhen(() => keysInBucket().length > 100));
    expect(keysInBucket().length).toBeLessThan(300);
    // 4: a test fails.
    const denied = s3.injectFault({
      operation: 'AbortMultipartUpload',
      kind: { status: 403, code: 'AccessDenied' },
      times: Infinity,
    });
    const failed = await lab.setUp();
    expect([failed.status, failed.output]).toEqual([1, expect.stringContaining('Ghost was not switched over')]);
    denied.clear();
    // 5: the adapter is in place, the configuration is not.
    expectKilled(await lab.setUp({ killsBeforeSwitch: true }));
    expect([existsSync(path.join(blog.folder, ADAPTER)), readConfig().includes('"active"')]).toEqual([true, false]);
    // 5: the configuration is written, and Ghost is not restarted.
    expectKilled(await lab.setUp({ killsAtRestart: true }));
    expect([readConfig().includes('"active"'), lab.restarts()]).toEqual([true, 0]);
    // 5: Ghost does not come up.
    breaks = true;
    const startedAt = Date.now();
    const broken = await lab.setUp();
    expect([broken.status, broken.output]).toEqual([1, expect.stringContaining('it runs from the disk again')]);
    expect(broken.output).toContain('The stand-in was told to break');
    expect(Date.now() - startedAt).toBeLessThan(90_000);
    expect([readConfig().includes('"active"'), blog.isDown]).toEqual([false, false]);
    breaks = false;
    // 6: Ghost is switched over.
    const last = await killWhen(() => lab.restarts() === 3 && !blog.isDown);
    expectKilled(last);

    const { status, output } = await lab.setUp();
    expect([status, output]).toEqual([
      0,
      expect.stringContaining(`The images of this blog come from https://${DOMAIN}`),
    ]);
    const { problems, visits } = await endVisits();
    expect([problems, visits > 100]).toEqual([[], true]);
    expect(keysInBucket()).toHaveLength(300);
    const { accessKeyId } = (JSON.parse(readConfig()) as Configured).storage.S3CloudFrontStorage;
    expect(account.state.accessKeys.map(({ id }) => id)).toEqual([accessKeyId]);
  });
});

/** Ghost's configuration with the adapter. */
interface Configured {
  storage: { S3CloudFrontStorage: { accessKeyId: string; secretAccessKey: string } };
  [name: string]: unknown;
}
