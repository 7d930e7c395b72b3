import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onePixel } from '../support/one-pixel';
import type { SetupBlog } from '../support/setup/blog';
import { type Cloud, DOMAIN } from '../support/setup/cloud';
import type { SetupLab } from '../support/setup/lab';
import { type OpenedSetup, openSetup } from '../support/setup/open-setup';

/** A run takes seconds, and many of them are waited for on a busy machine. */
const FILES = { 'images/2024/05/picture.png': onePixel(1) };

let cloud: Cloud;
let blog: SetupBlog;
let lab: SetupLab;
let close: OpenedSetup['close'];

beforeEach(async () => {
  ({ cloud, blog, lab, close } = await openSetup(FILES));
});

afterEach(() => close());

interface Config {
  url?: string;
  storage?: { active?: string; S3CloudFrontStorage?: Record<string, unknown> };
}

const file = () => path.join(blog.folder, 'config.production.json');
const readConfig = () => JSON.parse(readFileSync(file(), 'utf8')) as Config;
const adapterFolder = () => path.join(blog.folder, 'content/adapters/storage/S3CloudFrontStorage');
const later = () => path.join(blog.folder, 'content/images/2024/06/later.png');

/** Stores a file in the bucket alone, as a Ghost on the CDN does. */
function upload(): void {
  const objects = cloud.s3.objects(cloud.bucket() ?? '');
  objects.set(
    'content/images/2024/06/later.png',
    [...objects.values()][0] as NonNullable<ReturnType<typeof objects.get>>,
  );
}

/** Runs a step at each restart of Ghost: before it, or in its place where the step fails. */
function atRestart(step: () => void): void {
  const { restart } = blog;
  blog.restart = async (options) => {
    step();
    await restart(options);
  };
}

/** Has Ghost break down with a former configuration, and leaves the present one. */
async function breakDown(former: string, restart: SetupBlog['restart']): Promise<void> {
  const present = readFileSync(file(), 'utf8');
  blog.breaks = true;
  writeFileSync(file(), former);
  await restart().catch(() => {});
  writeFileSync(file(), present);
}

const writeConfig = (change: Config) => writeFileSync(file(), JSON.stringify({ ...readConfig(), ...change }, null, 2));

describe('setup', () => {
  test('comes to its end, and back, on a blog that streams its files', async () => {
    writeConfig({ storage: { S3CloudFrontStorage: { serve: 'stream' } } });
    const { status, output } = await lab.setUp();
    expect([status, output]).toEqual([
      0,
      expect.stringContaining(`The images of this blog come from https://${DOMAIN}`),
    ]);
    const again = await lab.setUp();
    expect([again.status, again.output]).toEqual([0, expect.stringContaining('Ghost already uses the image server.')]);
    const back = await lab.run(['setup', '--undo', '--yes']);
    expect([back.status, lab.restarts()]).toEqual([0, 2]);
  });

  test('restarts a Ghost that has run with options that are replaced', async () => {
    expect((await lab.setUp()).status).toBe(0);
    const { storage } = readConfig();
    const former = { ...storage?.S3CloudFrontStorage, cdnFallbackSecret: 'a-former-secret-of-the-cdn' };
    writeConfig({ storage: { ...storage, S3CloudFrontStorage: former } });
    const { status, output } = await lab.setUp();
    expect([status, output]).toEqual([0, expect.stringContaining('Written.')]);
    expect(lab.restarts()).toBe(2);
  });

  test('restarts a Ghost with replaced options also after a run that was killed before its restart', async () => {
    expect((await lab.setUp()).status).toBe(0);
    const { storage } = readConfig();
    const former = { ...storage?.S3CloudFrontStorage, cdnFallbackSecret: 'a-former-secret-of-the-cdn' };
    writeConfig({ storage: { ...storage, S3CloudFrontStorage: former } });
    expect((await lab.setUp({ killsAtRestart: true })).status).toBeNull();
    expect(lab.restarts()).toBe(1);
    // It fails, and leaves Ghost as it was.
    const { restart } = blog;
    blog.restart = () => Promise.reject(new Error('It is not restarted.'));
    const failed = await lab.setUp();
    expect([failed.status, failed.output]).toEqual([1, expect.stringContaining('Ghost was not restarted')]);
    blog.restart = restart;
    expect((await lab.setUp()).status).toBe(0);
    expect(lab.restarts()).toBe(3);
    const again = await lab.setUp();
    expect([again.output, lab.restarts()]).toEqual([
      expect.stringContaining('Ghost already uses the image server.'),
      3,
    ]);
  });

  test('goes back also when an earlier --undo was killed before its restart, and had left no options', async () => {
    const before = readFileSync(file(), 'utf8');
    expect((await lab.setUp()).status).toBe(0);
    // As "install" leaves it, when it gets the options itself.
    const backups = readdirSync(blog.folder).filter((name) => name.endsWith('.backup'));
    backups.forEach((name) => rmSync(path.join(blog.folder, name)));
    writeFileSync(file(), before);
    const options = ['--bucket', cloud.bucket() ?? '', '--region', 'eu-central-1', '--cdn-url', `https://${DOMAIN}`];
    expect((await lab.run(['install', '--yes', '--skip-check', ...options])).status).toBe(0);
    const { accessKeyId, secretAccessKey } = cloud.s3.credentials;
    const environment = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const back = () => lab.run(['setup', '--undo', '--yes'], { environment });
    const killed = await lab.run(['setup', '--undo', '--yes'], { environment, killsAtRestart: true });
    expect(killed.status).toBeNull();
    expect([readFileSync(file(), 'utf8'), lab.restarts()]).toEqual([before, 1]);
    const objects = cloud.s3.objects(cloud.bucket() ?? '');
    const [object] = objects.values();
    objects.set('content/images/2024/06/later.png', object as NonNullable<typeof object>);
    expect((await back()).status).toBe(0);
    expect([existsSync(path.join(blog.folder, 'content/images/2024/06/later.png')), lab.restarts()]).toEqual([true, 2]);
    const again = await back();
    expect([again.output, lab.restarts()]).toEqual([expect.stringContaining('there is nothing to undo'), 2]);
  });

  test('brings files that only the bucket has to the disk when it goes back from a Ghost that was in use', async () => {
    expect((await lab.setUp()).status).toBe(0);
    upload();
    blog.breaks = true;
    await blog.restart().catch(() => {});
    expect(blog.isDown).toBe(true);
    const wereCopied: boolean[] = [];
    atRestart(() => wereCopied.push(existsSync(later())));
    const { status, output } = await lab.setUp();
    expect([status, output]).toEqual([1, expect.stringContaining('it runs from the disk again')]);
    // The blog is up before the copy, which can take long.
    expect([wereCopied, existsSync(later()), existsSync(adapterFolder())]).toEqual([[false, false], true, false]);
  });

  test('never leaves Ghost down when the connection is lost while it restarts', async () => {
    let child: ChildProcess | undefined;
    const watch = (started: ChildProcess) => (child = started);
    atRestart(() => child?.kill('SIGHUP'));
    blog.breaks = true;
    const first = await lab.setUp({ watch, hurries: true });
    expect([first.status, first.output]).toEqual([1, expect.stringContaining('it runs from the disk again')]);
    expect(first.output).toContain('This command ends when the blog answers again.');
    expect([blog.isDown, readConfig().storage?.active]).toEqual([false, undefined]);

    blog.breaks = false;
    const second = await lab.setUp({ watch, hurries: true });
    expect([second.status, second.output]).toEqual([130, expect.stringContaining('Ghost uses the image server now.')]);
    blog.breaks = true;
    await blog.restart().catch(() => {});
    upload();
    const third = await lab.setUp({ watch, hurries: true });
    expect([third.status, third.output]).toEqual([1, expect.stringContaining('it runs from the disk again')]);
    expect([third.output, blog.isDown]).toEqual([expect.stringContaining('To copy them later'), false]);
  });

  test('goes back to the disk also when the bucket cannot be read at that moment', async () => {
    expect((await lab.setUp()).status).toBe(0);
    blog.breaks = true;
    await blog.restart().catch(() => {});
    cloud.s3.injectFault({ kind: { status: 403, code: 'AccessDenied' }, times: Infinity });
    const { status, output } = await lab.setUp();
    expect([status, output]).toEqual([1, expect.stringContaining('it runs from the disk again')]);
    expect([output, blog.isDown]).toEqual([expect.stringContaining('To copy them later'), false]);
  });

  test('goes back by --undo, whatever fails on the way, and brings every file', async () => {
    expect((await lab.setUp()).status).toBe(0);
    const denied = cloud.s3.injectFault({
      operation: 'AbortMultipartUpload',
      kind: { status: 403, code: 'AccessDenied' },
      times: Infinity,
    });
    const untested = await lab.setUp();
    expect([untested.status, untested.output]).toEqual([1, expect.stringContaining('Ghost already uses the bucket')]);
    expect(untested.output).not.toMatch(/was not switched over|keeps running from the disk/);
    denied.clear();

    const back = () => lab.run(['setup', '--undo', '--yes'], { hurries: true });
    const objects = cloud.s3.objects(cloud.bucket() ?? '');
    const all = [...objects];
    objects.clear();
    const empty = await back();
    expect([empty.status, empty.output]).toEqual([1, expect.stringContaining('has no files in content/images/')]);
    expect([readConfig().storage?.active, lab.restarts()]).toEqual(['S3CloudFrontStorage', 1]);
    all.forEach(([key, object]) => objects.set(key, object));

    // Ghost still runs with the adapter, which loads some of its files later.
    const inUse = readFileSync(file(), 'utf8');
    const { restart } = blog;
    blog.restart = () => Promise.reject(new Error('It is not restarted.'));
    const failed = await back();
    expect([failed.status, failed.output]).toEqual([1, expect.stringContaining('run the same command again to copy')]);
    expect(existsSync(adapterFolder())).toBe(true);

    await breakDown(inUse, restart);
    const down = await back();
    expect([down.status, down.output]).toEqual([1, expect.stringContaining('Ghost does not answer')]);
    expect([down.output, existsSync(adapterFolder())]).toEqual([
      expect.not.stringContaining('on the disk again'),
      true,
    ]);
    blog.restart = restart;

    atRestart(() => {
      upload();
      mkdirSync(path.dirname(later()), { recursive: true });
      writeFileSync(later(), onePixel(2));
    });
    const conflict = await back();
    expect([conflict.status, conflict.output]).toEqual([1, expect.stringContaining('Ghost runs from the disk again')]);
    expect(conflict.output).not.toContain('Nothing else was changed');
    expect(conflict.output).toMatch(/options above belong to another command: .*migrate --to-local/);
    blog.restart = restart;

    rmSync(later());
    expect((await back()).status).toBe(0);
    expect([existsSync(later()), existsSync(adapterFolder()), lab.restarts()]).toEqual([true, false, 4]);

    // As it is after a run that was stopped before it copied: the options are there, and the bucket is empty.
    objects.clear();
    const unused = await back();
    expect([unused.status, unused.output]).toEqual([0, expect.stringContaining('on the disk again')]);
    expect(lab.restarts()).toBe(4);
  });

  test('says that Ghost is switched over when a file of the last moment cannot be copied', async () => {
    const { status, output } = await lab.setUp({
      watch(child) {
        const timer = setInterval(() => {
          if (lab.restarts() === 1) {
            clearInterval(timer);
            // The bucket has another file of that name.
            const objects = cloud.s3.objects(cloud.bucket() ?? '');
            const [object] = objects.values();
            objects.set('content/images/late.png', object as NonNullable<typeof object>);
            writeFileSync(path.join(blog.folder, 'content/images/late.png'), onePixel(2));
          }
        }, 2);
        void once(child, 'exit').then(() => clearInterval(timer));
      },
    });
    expect([status, output]).toEqual([1, expect.stringContaining('Ghost uses the bucket')]);
    expect(output).not.toContain('was not switched over');
  });
});
