import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { createProgram } from '../../src/commands/program';
import { WatchedFile } from '../../src/shell/watched-file';
import { randomBytes } from 'node:crypto';
import { openUploads } from '../support/command-line';
import type { TestImageServer } from '../support/image-server';
import { useBucket } from '../support/use-bucket';
import type { WrittenOutput } from '../support/written-output';

const CLI = path.resolve(__dirname, '../../dist/cli.js');
const MIB = 1024 * 1024;

const bucket = useBucket();
let line: Awaited<ReturnType<typeof openUploads>>;
let account: TestImageServer;
let folder: string;
let written: WrittenOutput;

beforeEach(async () => {
  line = await openUploads(bucket);
  ({ account, folder, written } = line);
});
afterEach(() => {
  jest.restoreAllMocks();
  return line.close();
});

const original = Object.getOwnPropertyDescriptor(WatchedFile.prototype, 'fill')?.value as (
  ...range: Range
) => Promise<void>;
type Range = [buffer: Uint8Array, position: number];

/** Reads on, as a file does. */
const fill = (read: WatchedFile, range: Range): Promise<void> => original.apply(read, range);

/** Writes a file, and returns its path. */
function file(name: string, content: string | Uint8Array = `the content of ${name}`): string {
  const place = path.join(folder, name);
  mkdirSync(path.dirname(place), { recursive: true });
  writeFileSync(place, content);
  return place;
}

/** Runs the command in this process, and returns the lines of its standard output. */
async function upload(...parameters: string[]): Promise<string[]> {
  written.stdout = '';
  written.stderr = '';
  await createProgram().parseAsync(['upload', ...parameters], { from: 'user' });
  return written.stdout.split('\n').filter(Boolean);
}

/** Runs the built command in an empty folder. Its errors come without the progress, which only a busy machine shows. */
async function runBuilt(...parameters: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [CLI, 'upload', ...parameters], {
    cwd: mkdtempSync(path.join(folder, 'empty-')),
    env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1', ...account.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close') as Promise<[number]>;
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: (await ended)[0], stdout, stderr: stderr.replace(/^\d of \d files?, .*\n/gm, '') };
}

const read = async (key: string) => (await bucket.read(key)).bytes.toString();

describe('an uploaded file', () => {
  test('gets an address, which is all that the command prints', async () => {
    expect(await upload(file('report.pdf'), '--to', 'downloads')).toEqual([
      'https://images.example.com/downloads/report.pdf',
    ]);
    expect(await read('downloads/report.pdf')).toBe('the content of report.pdf');
  });

  test('is in the sub-folder that was named', async () => {
    expect(await upload(file('a.txt'), '--to', 'press/2026/q3')).toEqual([
      'https://images.example.com/press/2026/q3/a.txt',
    ]);
    expect(await bucket.keys()).toEqual(['press/2026/q3/a.txt']);
  });

  test('needs no --to where there is one folder', async () => {
    account.folders.splice(1);
    expect(await upload(file('a.txt'))).toEqual(['https://images.example.com/downloads/a.txt']);
  });

  test('is one of several, and the addresses are in their order', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `${index}.txt`);
    const files = names.map((name, index) => file(name, 'x'.repeat((12 - index) * 50_000)));
    expect(await upload(...files, '--to', 'downloads')).toEqual(
      names.map((name) => `https://images.example.com/downloads/${name}`),
    );
    expect(await bucket.keys()).toHaveLength(12);
  });

  test('is an element of JSON for programs', async () => {
    await upload(file('a.txt', 'abc'), path.join(folder, 'none.txt'), '--to', 'downloads', '--json');
    expect(JSON.parse(written.stdout)).toEqual([
      {
        file: path.join(folder, 'a.txt'),
        url: 'https://images.example.com/downloads/a.txt',
        key: 'downloads/a.txt',
        bytes: 3,
      },
      { file: path.join(folder, 'none.txt'), error: 'the file does not exist' },
    ]);
    expect(process.exitCode).toBe(1);
  });

  test('may be kept by browsers for a year', async () => {
    await upload(file('a.txt'), '--to', 'downloads');
    const { cacheControl, metadata } = await bucket.read('downloads/a.txt');
    expect(cacheControl).toBe('public, max-age=31536000, immutable');
    expect(metadata?.['upload-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  const PNG = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII=',
    'base64',
  );
  test.each<[name: string, content: string | Uint8Array, stored: [type: string, disposition?: string]]>([
    ['logo.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>', ['image/svg+xml', undefined]],
    ['photo.JPG', 'x', ['image/jpeg', undefined]],
    ['photo', PNG, ['image/png', undefined]],
    ['talk.mp4', 'x', ['video/mp4', undefined]],
    ['report.pdf', '%PDF-', ['application/pdf', undefined]],
    ['page.html', '<script>alert(1)</script>', ['text/plain; charset=utf-8', undefined]],
    ['feed.xml', '<x/>', ['text/plain; charset=utf-8', undefined]],
    ['app.js', 'alert(1)', ['text/plain; charset=utf-8', undefined]],
    ['page.xhtml', '<html/>', ['application/octet-stream', 'attachment; filename=page.xhtml']],
    ['notes.md', 'Grüße', ['text/markdown; charset=utf-8', undefined]],
    ['all of it.zip', 'PK', ['application/zip', 'attachment; filename="all of it.zip"']],
    ['unknown', 'x', ['application/octet-stream', 'attachment; filename=unknown']],
  ])('has a type that runs nothing, and opens where browsers can show it: %s', async (name, content, stored) => {
    const [url = ''] = await upload(file(name, content), '--to', 'downloads');
    const { contentType, contentDisposition } = await bucket.read(new URL(url).pathname.slice(1));
    expect([contentType, contentDisposition]).toEqual(stored);
  });

  test('that is an image can stay in a folder called media as long as in any other', async () => {
    account.folders.push('media');
    await upload(file('a.png'), '--to', 'media');
    expect((await bucket.read('media/a.png')).cacheControl).toBe('public, max-age=31536000, immutable');
  });

  test('of many megabytes is sent in parts, and nothing is left of them', async () => {
    const bytes = randomBytes(21 * MIB + 1);
    await upload(file('talk.mp4', bytes), '--to', 'downloads');
    const stored = await bucket.read('downloads/talk.mp4');
    expect(stored.bytes.equals(bytes)).toBe(true);
    expect([stored.contentType, stored.cacheControl]).toEqual(['video/mp4', 'public, max-age=31536000, immutable']);
    expect(stored.etag).toMatch(/-4"$/);
    expect(await bucket.multipartUploads()).toEqual([]);
  });

  test('may be empty', async () => {
    expect(await upload(file('empty.txt', ''), '--to', 'downloads')).toHaveLength(1);
    expect(await read('downloads/empty.txt')).toBe('');
  });

  test('may be named by a link, whose name it gets', async () => {
    symlinkSync(file('real.txt', 'real'), path.join(folder, 'latest.txt'));
    expect(await upload(path.join(folder, 'latest.txt'), '--to', 'downloads')).toEqual([
      'https://images.example.com/downloads/latest.txt',
    ]);
    expect(await read('downloads/latest.txt')).toBe('real');
  });
});

describe('the name of an uploaded file', () => {
  test('is readable in an address', async () => {
    const names = ['Jahresbericht für 2026.pdf', '.hidden.txt', 'a+b & c.txt'];
    expect(await upload(...names.map((name) => file(name)), '--to', 'downloads')).toEqual(
      ['Jahresbericht-fur-2026.pdf', '-hidden.txt', 'a-b---c.txt'].map(
        (name) => `https://images.example.com/downloads/${name}`,
      ),
    );
  });

  test('gets a number where it is taken, also by the same content, and replaces nothing', async () => {
    await bucket.put('downloads/a.txt', 'the first');
    const again = [
      await upload(file('a.txt', 'x'), '--to', 'downloads'),
      await upload(file('a.txt', 'x'), '--to', 'downloads'),
    ];
    expect(again.flat()).toEqual([
      'https://images.example.com/downloads/a-1.txt',
      'https://images.example.com/downloads/a-2.txt',
    ]);
    expect(await read('downloads/a.txt')).toBe('the first');
  });

  test('is one of its own for each of several files of one name', async () => {
    const files = ['1', '2', '3', '4', '5', '6'].map((name) => file(`${name}/a.txt`, name));
    const urls = await upload(...files, '--to', 'downloads');
    expect([...urls].sort()).toEqual(
      ['a-1', 'a-2', 'a-3', 'a-4', 'a-5', 'a'].map((name) => `https://images.example.com/downloads/${name}.txt`),
    );
    for (const [index, url] of urls.entries()) {
      expect(await read(new URL(url).pathname.slice(1))).toBe(String(index + 1));
    }
  });

  test('is one of its own for each of many uploads of several processes', async () => {
    const files = (run: number) =>
      Array.from({ length: 8 }, (_, index) => file(`${run}/${index}/a.txt`, `${run} ${index}`));
    const runs = [files(1), files(2)];
    const results = await Promise.all(runs.map((run) => runBuilt(...run, '--to', 'downloads')));
    const urls = results.map(({ stdout }) => stdout.trim().split('\n'));
    expect(results.map(({ status, stderr }) => [status, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect(new Set(urls.flat()).size).toBe(16);
    for (const [run, addresses] of urls.entries()) {
      for (const [index, url] of addresses.entries()) {
        expect(await read(new URL(url).pathname.slice(1))).toBe(`${run + 1} ${index}`);
      }
    }
  });
});

describe('a file that cannot be uploaded', () => {
  test('is named with the reason, the others are uploaded, and the command ends with 1', async () => {
    execFileSync('mkfifo', [path.join(folder, 'pipe')]);
    const urls = await upload(
      file('a.txt'),
      path.join(folder, 'none.txt'),
      folder,
      path.join(folder, 'pipe'),
      '/dev/zero',
      file('b.txt'),
      '--to',
      'downloads',
    );
    expect(urls).toEqual(['a', 'b'].map((name) => `https://images.example.com/downloads/${name}.txt`));
    expect(process.exitCode).toBe(1);
    expect(written.stderr).toContain(`${path.join(folder, 'none.txt')}: the file does not exist`);
    expect(written.stderr).toContain(`${folder}: it is a folder`);
    expect(written.stderr).toContain(`${path.join(folder, 'pipe')}: it is a FIFO`);
    expect(written.stderr).toContain('/dev/zero: it is a device');
  });

  test.each([1, 20 * MIB])('because it changes in the meantime is not stored, at %d bytes', async (size) => {
    const place = file('log.txt', Buffer.alloc(size, 'a'));
    jest.spyOn(WatchedFile.prototype, 'fill').mockImplementation(async function (this: WatchedFile, ...range) {
      if (range[0].byteLength === 1 || range[1] > 0) {
        appendFileSync(place, 'b');
      }
      return fill(this, range);
    });
    expect(await upload(place, file('b.pdf', 'bb'), '--to', 'downloads')).toEqual([
      'https://images.example.com/downloads/b.pdf',
    ]);
    expect(written.stderr).toContain('log.txt: it changed while it was being read');
    expect([await bucket.keys(), await bucket.multipartUploads()]).toEqual([['downloads/b.pdf'], []]);
  });

  test('because its folder is not served leads to the command that adds the folder', async () => {
    await expect(upload(file('a.txt'), '--to', 'secrets')).rejects.toMatchObject({
      message: 'https://images.example.com does not serve the folder "secrets". It serves downloads, press.',
      cure: 'Add it: npx ghost-storage-s3-cloudfront provision --domain images.example.com --folder secrets',
    });
    expect(await bucket.keys()).toEqual([]);
  });
});

test('Ctrl-C stops a large upload, leaves nothing of it, and the addresses of the others are printed', async () => {
  const large = file('large.mp4', Buffer.alloc(64 * MIB));
  let isPressed = false;
  jest.spyOn(WatchedFile.prototype, 'fill').mockImplementation(async function (this: WatchedFile, ...range) {
    // Large files are read from the second part on when the small one is stored.
    for (let tries = 0; range[1] > 0 && !isPressed && tries < 500; tries += 1) {
      // Several parts wait here.
      if ((await bucket.keys()).length > 0 && !isPressed) {
        isPressed = true;
        process.emit('SIGINT');
      }
    }
    return fill(this, range);
  });
  await expect(upload(file('small.txt'), large, '--to', 'downloads')).rejects.toMatchObject({ name: 'Interruption' });
  expect(written.stdout).toBe('https://images.example.com/downloads/small.txt\n');
  expect(written.stderr).toContain(`${large}: not uploaded`);
  expect([await bucket.keys(), await bucket.multipartUploads()]).toEqual([['downloads/small.txt'], []]);
});

test('a new user, in an empty folder, uploads with the built command', async () => {
  const { status, stdout, stderr } = await runBuilt(
    file('report.pdf'),
    '--to',
    'downloads',
    '--domain',
    'images.example.com',
  );
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: 'https://images.example.com/downloads/report.pdf\n',
    stderr: '',
  });
});
