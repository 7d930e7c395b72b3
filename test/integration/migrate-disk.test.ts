import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { appendFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { MIB } from '../support/bytes';
import type { InMemoryS3 } from '../support/in-memory-s3';
import { runCommand, useContentFolder } from '../support/migrate/command';
import { startMigrate } from '../support/migrate/process';
import { useBucket } from '../support/use-bucket';
import { waitUntil } from '../support/wait-until';

const bucket = useBucket({ inMemory: true });
const folder = useContentFolder(bucket);

const memory = () => bucket.server.memory as InMemoryS3;
const inContent = (name: string) => path.join(folder.content, name);

describe('migrate', () => {
  test('publishes nothing that a link points to outside images, media and files, and names it', async () => {
    await folder.write({ 'images/a.jpg': 'a', 'data/ghost.db': 'passwords', 'settings/routes.yaml': 'routes' });
    await symlink('../data', inContent('images/backup'));
    await symlink('../data/ghost.db', inContent('images/database.jpg'));
    await symlink('..', inContent('images/all'));
    const { exitCode, lines } = await runCommand(folder);
    expect([exitCode, await bucket.keys()]).toEqual([1, ['content/images/a.jpg']]);
    for (const [name, target] of [
      ['backup', 'data'],
      ['database.jpg', 'data/ghost.db'],
      ['all', ''],
    ] as const) {
      const line = lines.find((one) => one.path === `images/${name}`);
      expect(line).toMatchObject({ result: 'refused', error: expect.stringContaining(inContent(target)) });
    }
  });

  test.each(['data', '.', '../..'])('publishes nothing when content/images is itself a link to %s', async (target) => {
    await folder.write({ 'data/ghost.db': 'passwords' });
    await symlink(target, inContent('images'));
    for (const toLocal of [false, true]) {
      const { error } = await runCommand(folder, { toLocal });
      expect(error?.message).toContain(`${inContent('images')} is a link to`);
    }
    expect(await bucket.keys()).toEqual([]);
  });

  test('waits for no FIFO, socket or device, and names them', async () => {
    await folder.write({ 'images/a.jpg': 'a' });
    execFileSync('mkfifo', [inContent('images/fifo.jpg')]);
    const socket = createServer().listen(inContent('images/socket'));
    await once(socket, 'listening');
    await symlink('fifo.jpg', inContent('images/link.jpg'));
    const { exitCode, result } = await runCommand(folder);
    socket.close();
    expect([exitCode, result.results]).toMatchObject([1, { uploaded: { files: 1 }, refused: { files: 3 } }]);
  });

  test.each(['a file', 'a FIFO', 'nothing'])('does not take %s for an empty content folder', async (kind) => {
    await bucket.put('content/images/a.jpg', 'picture');
    const place = path.join(path.dirname(folder.content), 'place');
    const make = { 'a file': 'touch', 'a FIFO': 'mkfifo' }[kind];
    if (make) execFileSync(make, [place]);
    expect((await runCommand(folder, { content: place })).error?.message).toContain(`${place}`);
    const config = JSON.parse(await readFile(folder.config, 'utf8')) as object;
    await writeFile(folder.config, JSON.stringify({ ...config, paths: { contentPath: place } }));
    const { error } = await runCommand(folder, { content: undefined });
    expect(error?.message).toContain(`The content folder ${place} does not exist or is not a folder`);
    if (make) {
      const toLocal = await runCommand(folder, { content: undefined, toLocal: true });
      expect([toLocal.exitCode, toLocal.error?.message ?? JSON.stringify(toLocal.result)]).toEqual([
        1,
        expect.stringContaining(place),
      ]);
    }
  });

  test('counts hidden and temporary files, and names them', async () => {
    await folder.write({ 'images/.DS_Store': 'x', 'media/half.tmp': 'x', 'media/film.mp4': 'x' });
    const { result } = await runCommand(folder);
    expect(result.ignored.map(({ path: name }) => name)).toEqual(['images/.DS_Store', 'media/half.tmp']);
    const shown = await runCommand(folder, { json: false });
    expect(shown.said).toContain('images/.DS_Store, media/half.tmp');
  });

  test.each([{}, { toLocal: true }, { json: false }, { json: false, toLocal: true }])(
    'writes nothing that a terminal obeys into the report or to the terminal, and loses no name: %j',
    async (options) => {
      const names = [
        'a\u001b]0;title\u0007',
        'b\u009b31m',
        'c\u0085next',
        'gpj\u202e.exe',
        'd\u007f',
        'e\u200b',
        'f\u2028g',
      ];
      // The other side has something else, so that each is named.
      await folder.write(Object.fromEntries(names.map((name) => [`images/${name}.jpg`, 'of the disk'])));
      for (const name of names) {
        await bucket.put(`content/images/${name}.jpg`, 'of the bucket');
      }
      const { exitCode, lines, said } = await runCommand(folder, options);
      const report = await readFile(path.join(path.dirname(folder.content), 'report.jsonl'), 'utf8');
      expect(exitCode).toBe(1);
      expect(lines.map(({ path: name }) => name).sort()).toEqual(names.map((name) => `images/${name}.jpg`).sort());
      expect(report).toMatch(/^[\x20-\x7e\n]+$/);
      expect(said).not.toMatch(/(?!\n)[\p{Cc}\u202a-\u202e\u2028]/u);
      expect(report.split('\n')).toHaveLength(names.length + 1);
    },
  );

  test.each([
    ['in one request', 3 * MIB, 'PutObject'],
    ['in parts', 20 * MIB, 'UploadPart'],
  ] as const)('leaves a file that is still being written for the next run, sent %s', async (_, bytes, operation) => {
    await folder.write({ 'media/film.mp4': Buffer.alloc(bytes, 'x'), 'media/other.mp4': 'other' });
    memory().injectFault({ operation, times: 10, kind: { delayMs: 1_500 } });
    const running = runCommand(folder, { json: false });
    // Another program writes on until the run has ended.
    const writing = setInterval(() => appendFileSync(inContent('media/film.mp4'), 'more'), 100);
    const { exitCode, said, lines } = await running;
    clearInterval(writing);
    expect(exitCode).toBe(1);
    expect(lines.find((line) => line.path === 'media/film.mp4')?.result).toBe('changed');
    expect(said).not.toContain('--overwrite');
    expect(said).toContain('media/film.mp4: it changed');
    expect(await bucket.multipartUploads()).toEqual([]);
    expect(await bucket.keys()).toEqual(['content/media/other.mp4']);
    memory().clearFaults();
    expect((await runCommand(folder)).exitCode).toBe(0);
    expect((await bucket.read('content/media/film.mp4')).bytes).toHaveLength(
      statSync(inContent('media/film.mp4')).size,
    );
  });
});

describe('migrate --to-local', () => {
  const bringBack = (options = {}) => runCommand(folder, { toLocal: true, ...options });
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'.repeat(50));

  test('writes objects with a Content-Encoding as browsers see them, and knows them again', async () => {
    const encodings = [
      ['gzip', gzipSync(svg)],
      ['br', brotliCompressSync(svg)],
      ['deflate', deflateSync(svg)],
      ['gzip, br', brotliCompressSync(gzipSync(svg))],
      ['aws-chunked', svg],
    ] as const;
    for (const [encoding, body] of encodings) {
      await bucket.put(`content/images/${encoding}.svg`, body, { ContentEncoding: encoding });
    }
    expect((await bringBack({ verify: true })).result).toMatchObject({ complete: true, verified: encodings.length });
    for (const [encoding] of encodings) {
      expect([encoding, await readFile(inContent(`images/${encoding}.svg`))]).toEqual([encoding, svg]);
    }
    const again = await bringBack({ verify: true });
    expect(again.result).toMatchObject({ complete: true, results: { present: { files: encodings.length } } });
    expect((await runCommand(folder)).result.results).toEqual({
      present: { files: encodings.length, bytes: encodings.length * svg.length },
    });
  });

  test('keeps files that are compressed by their own format', async () => {
    const compressed = gzipSync(svg);
    await bucket.put('content/images/a.svgz', compressed, { ContentEncoding: 'gzip' });
    await bringBack();
    expect(await readFile(inContent('images/a.svgz'))).toEqual(compressed);
  });

  test('names what cannot be decoded, and brings the rest', async () => {
    await bucket.put('content/images/a.svg', svg, { ContentEncoding: 'gzip' });
    await bucket.put('content/images/b.svg', svg, { ContentEncoding: 'compress' });
    await bucket.put('content/images/c.svg', svg);
    const { exitCode, lines } = await bringBack({ verify: true });
    expect([exitCode, Object.keys(await folder.read())]).toEqual([1, ['images/c.svg']]);
    const errors = lines.map(({ error = '' }) => error).join('\n');
    expect(errors).toContain('does not match its Content-Encoding');
    expect(errors).toContain('"compress" cannot be decoded');
  });

  test('passes over an empty object that stands where a folder must be', async () => {
    for (const key of ['2020', '2021/', '2020/01/a.jpg', '2020/02/b.jpg', '2021/c.jpg']) {
      await bucket.put(`content/images/${key}`, key.endsWith('.jpg') ? 'picture' : '');
    }
    const { exitCode, result } = await bringBack({ concurrency: '1' });
    expect([exitCode, result.results]).toMatchObject([0, { downloaded: { files: 3 }, 'folder-marker': { files: 2 } }]);
  });

  test('names what the disk cannot hold, and brings the rest', async () => {
    const long = '字'.repeat(100);
    await bucket.put(`content/images/${long}.jpg`, 'long');
    await bucket.put(`content/images/${long}/a.jpg`, 'below');
    await bucket.put('content/images/good.jpg', 'good');
    const { exitCode, lines } = await bringBack();
    expect([exitCode, Object.keys(await folder.read())]).toEqual([1, ['images/good.jpg']]);
    const errors = lines.filter(({ result }) => result !== 'downloaded').map(({ error }) => error);
    expect(errors).toEqual([1, 2].map(() => expect.stringContaining('its name is longer than the disk allows')));
  });

  test('replaces no file that another program creates in the meantime', async () => {
    await bucket.put('content/images/a.jpg', 'from the bucket');
    // Those of earlier tests are not waited for.
    memory().requests.length = 0;
    let isThere = false;
    memory().injectFault({ operation: 'GetObject', times: 1, kind: { until: () => isThere } });
    const running = bringBack();
    await waitUntil(() => memory().requests.some(({ operation }) => operation === 'GetObject'));
    await folder.write({ 'images/a.jpg': 'mine' });
    isThere = true;
    expect((await running).result.results).toMatchObject({ conflict: { files: 1 } });
    expect(await readFile(inContent('images/a.jpg'), 'utf8')).toBe('mine');
  });

  test('overwrites no link, FIFO or folder', async () => {
    for (const name of ['broken.jpg', 'fifo.jpg', 'folder.jpg', 'outside.jpg']) {
      await bucket.put(`content/images/${name}`, 'picture');
    }
    await mkdir(inContent('images/folder.jpg'), { recursive: true });
    execFileSync('mkfifo', [inContent('images/fifo.jpg')]);
    await symlink('nowhere', inContent('images/broken.jpg'));
    await folder.write({ 'data/ghost.db': 'data' });
    await symlink('../data/ghost.db', inContent('images/outside.jpg'));
    const { result } = await bringBack({ overwrite: true });
    expect(result.results).toMatchObject({ conflict: { files: 3 }, refused: { files: 1 } });
    expect(await readFile(inContent('data/ghost.db'), 'utf8')).toBe('data');
  });

  test('brings everything once when two runs work at the same time, and leaves nothing but the files', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `images/2026/${index}.jpg`);
    for (const name of names) await bucket.put(`content/${name}`, name.repeat(1_000));
    const runs = await Promise.all([1, 2].map(() => startMigrate(folder, '--to-local').ended));
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect((await readdir(inContent('images/2026'))).sort()).toEqual(names.map((name) => path.basename(name)).sort());
    expect((await bringBack()).result.results).toMatchObject({ present: { files: 200 } });
    await rm(folder.content, { recursive: true });
  });
});
