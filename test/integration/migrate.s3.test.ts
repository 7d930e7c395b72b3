import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createAdapter } from '../support/adapter';
import { digest, MIB } from '../support/bytes';
import type { InMemoryS3 } from '../support/in-memory-s3';
import { createContentFolder, runCommand, useContentFolder } from '../support/migrate/command';
import { useBucket, useUploadFolder } from '../support/use-bucket';
import { aSecondAfter, waitUntil } from '../support/wait-until';

const bucket = useBucket();
const folder = useContentFolder(bucket);
const uploads = useUploadFolder();

/** A small blog: each kind of file that Ghost leaves on the disk. */
const BLOG: Record<string, string | Uint8Array> = {
  'images/2025/01/a lake & more+100%.jpg': 'a lake',
  'images/2025/01/lake.jpg': 'lake',
  'images/2025/01/lake_o.jpg': 'lake, the original',
  'images/2025/01-summary/überraschung.png': 'umlaut',
  'images/2025/01/🌋.webp': 'beyond the basic plane',
  'images/2025/01/\ufb01sh.webp': 'a ligature',
  'images/size/w600/2025/01/lake.jpg': 'small lake',
  'images/size/w600/format/webp/2025/01/lake.jpg': 'small lake as webp',
  'images/icon/favicon.png': '',
  'media/2025/02/film.mp4': 'film',
  'media/2025/02/film_thumb.jpg': 'thumbnail',
  'files/2025/03/Jahresbericht 2025.pdf': 'report',
  'files/2025/03/page.html': '<p>page</p>',
};

const contentOf = async (key: string) => (await bucket.read(key)).bytes.toString();

describe('migrate', () => {
  test('brings every file into the bucket, byte for byte, and says so', async () => {
    await folder.write(BLOG);
    const { result, exitCode, lines } = await runCommand(folder);
    expect([exitCode, result.complete, result.files]).toEqual([0, true, Object.keys(BLOG).length]);
    expect(result.results.uploaded?.files).toBe(Object.keys(BLOG).length);
    for (const [name, bytes] of Object.entries(BLOG)) {
      expect(await contentOf(`content/${name}`)).toBe(bytes);
    }
    expect(lines.map(({ path: name }) => name).sort()).toEqual(Object.keys(BLOG).sort());
    expect(lines[0]).toEqual({
      path: expect.any(String),
      key: expect.any(String),
      bytes: expect.any(Number),
      result: 'uploaded',
    });
  });

  test('stores each file with the headers that the adapter stores it with', async () => {
    await folder.write(BLOG);
    await runCommand(folder);
    const { server, name: own } = bucket;
    const others = await server.createBucket();
    const headersOf = async (from: string, key: string) => {
      const { contentType, cacheControl, contentDisposition, storageClass } = await server.read(from, key);
      return { contentType, cacheControl, contentDisposition, storageClass };
    };
    for (const feature of ['images', 'media', 'files']) {
      const adapter = createAdapter(server, others, { staticFileURLPrefix: `content/${feature}` });
      for (const name of Object.keys(BLOG).filter((file) => file.startsWith(`${feature}/`))) {
        const relative = name.slice(feature.length + 1);
        let key = `content/${feature}/${relative}`;
        if (relative.startsWith('size/')) {
          await adapter.saveRaw(Buffer.from('x'), relative);
        } else {
          const url = await adapter.save(await uploads.file(path.basename(name), 'x'), path.dirname(relative));
          key = decodeURIComponent(new URL(url).pathname.slice(1));
        }
        expect([name, await headersOf(own, `content/${name}`)]).toEqual([name, await headersOf(others, key)]);
      }
    }
  });

  test('stores below the prefix of a tenant', async () => {
    const tenants = await createContentFolder(bucket.options({ tenantPrefix: 'blog7' }));
    await tenants.write({ 'media/2025/a.mp4': 'a' });
    await runCommand(tenants);
    expect(await bucket.keys()).toEqual(['blog7/content/media/2025/a.mp4']);
    expect((await runCommand(tenants)).result.results.present?.files).toBe(1);
    await tenants.remove();
  });

  test('has nothing to do the second time, and sends nothing', async () => {
    await folder.write(BLOG);
    await runCommand(folder);
    const before = await bucket.objects();
    const { result, exitCode } = await runCommand(folder);
    expect([exitCode, result.results]).toEqual([
      0,
      { present: { files: Object.keys(BLOG).length, bytes: expect.any(Number) } },
    ]);
    expect(await bucket.objects()).toEqual(before);
  });

  test('finds more than one page of files in the order of the bucket', async () => {
    const names = Array.from(
      { length: 1_100 },
      (_, index) => `images/${index % 7}/${index % 3 ? 'a' : 'a.b'}/${index}.png`,
    );
    await folder.write(Object.fromEntries(names.map((name) => [name, name])));
    expect((await runCommand(folder)).result.results.uploaded?.files).toBe(1_100);
    expect((await runCommand(folder)).result.results).toEqual({ present: { files: 1_100, bytes: expect.any(Number) } });
  });

  test('never overwrites something else, tells of it, and replaces it with --overwrite', async () => {
    await folder.write({
      'images/2025/same-size.jpg': 'mine',
      'images/2025/longer.jpg': 'my own',
      'images/2025/new.jpg': 'new',
    });
    await bucket.put('content/images/2025/same-size.jpg', 'thei');
    await bucket.put('content/images/2025/longer.jpg', 'theirs, longer');
    const first = await runCommand(folder);
    expect([first.exitCode, first.result.complete]).toEqual([1, false]);
    expect(first.result.results).toMatchObject({ conflict: { files: 2 }, uploaded: { files: 1 } });
    expect(await contentOf('content/images/2025/same-size.jpg')).toBe('thei');
    const second = await runCommand(folder, { overwrite: true });
    expect([second.exitCode, second.result.results]).toMatchObject([
      0,
      { overwritten: { files: 2 }, present: { files: 1 } },
    ]);
    expect(await contentOf('content/images/2025/longer.jpg')).toBe('my own');
  });

  test('--dry-run changes nothing, and counts what would be done', async () => {
    await folder.write({ 'images/new.jpg': 'new', 'images/same.jpg': 'same', 'images/other.jpg': 'mine' });
    await bucket.put('content/images/same.jpg', 'same');
    await bucket.put('content/images/other.jpg', 'theirs');
    const { result, exitCode } = await runCommand(folder, { dryRun: true });
    expect([exitCode, result.dryRun, result.results]).toEqual([
      1,
      true,
      { 'to-upload': { files: 1, bytes: 3 }, present: { files: 1, bytes: 4 }, conflict: { files: 1, bytes: 4 } },
    ]);
    const other = await runCommand(folder, { dryRun: true, overwrite: true });
    expect([other.exitCode, other.result.results['to-overwrite']]).toEqual([0, { files: 1, bytes: 4 }]);
    expect(await bucket.keys()).toEqual(['content/images/other.jpg', 'content/images/same.jpg']);
  });

  test('uploads large files in parts, and knows them again by their parts', async () => {
    const film = randomBytes(17 * MIB);
    const song = randomBytes(9 * MIB);
    await folder.write({ 'media/film.mp4': film, 'media/song.mp3': song });
    // As the AWS CLI would have uploaded it, in parts of another size.
    const large = await createContentFolder(bucket.options({ multipartChunkSizeBytes: 8 * MIB }));
    await large.write({ 'media/song.mp3': song });
    await runCommand(large);
    await large.remove();
    const { result } = await runCommand(folder, { verify: true });
    expect(result.results).toMatchObject({ uploaded: { files: 1 }, present: { files: 1 } });
    expect(result.verified).toBe(2);
    expect(digest((await bucket.read('content/media/film.mp4')).bytes)).toBe(digest(film));
    expect((await runCommand(folder)).result.results).toMatchObject({ present: { files: 2 } });
    expect(await bucket.multipartUploads()).toEqual([]);
  });

  test('--verify reads everything back', async () => {
    await folder.write(BLOG);
    const { result, lines } = await runCommand(folder, { verify: true });
    expect([result.verified, lines.every(({ verified }) => verified)]).toEqual([Object.keys(BLOG).length, true]);
  });

  test('leaves hidden and temporary files, and counts them', async () => {
    await folder.write({
      'images/.DS_Store': 'x',
      'images/.thumbs/a.png': 'x',
      'media/half.tmp': 'x',
      'media/film.mp4': 'x',
    });
    const { result, exitCode } = await runCommand(folder);
    expect([exitCode, result.files, result.results.ignored?.files]).toEqual([0, 1, 3]);
    expect(await bucket.keys()).toEqual(['content/media/film.mp4']);
  });

  test('names the files with a plus sign, which a CDN has to encode', async () => {
    await folder.write({ 'images/2026/a+b.jpg': 'x', 'images/2026/c.jpg': 'x' });
    for (const dryRun of [true, false, false]) {
      const { result } = await runCommand(folder, { dryRun });
      expect(result.plusSigns).toEqual({ files: 1, paths: ['images/2026/a+b.jpg'] });
    }
    const { said } = await runCommand(folder, { json: false });
    expect(said).toContain('Names with a plus sign: images/2026/a+b.jpg');
    expect(await bucket.keys()).toEqual(['content/images/2026/a+b.jpg', 'content/images/2026/c.jpg']);
  });

  test('--skip-sizes skips image sizes', async () => {
    await folder.write(BLOG);
    const { result } = await runCommand(folder, { skipSizes: true });
    expect(result.files).toBe(Object.keys(BLOG).length - 2);
    expect((await bucket.keys()).filter((key) => key.includes('/size/'))).toEqual([]);
  });

  test('leaves the files of a self-hosted ActivityPub on the disk, from which Ghost serves them', async () => {
    await folder.write({
      'images/2026/11/x.jpg': 'x',
      'images/activitypub/images/2026/avatar.jpg': 'x',
      'images/activitypub-logo.jpg': 'x',
      'media/activitypub/film.mp4': 'x',
    });
    const { result } = await runCommand(folder);
    expect([result.files, result.complete]).toEqual([3, true]);
    expect(await bucket.keys()).toEqual([
      'content/images/2026/11/x.jpg',
      'content/images/activitypub-logo.jpg',
      'content/media/activitypub/film.mp4',
    ]);
  });

  test('follows links that stay inside, and names those that do not', async () => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'elsewhere-'));
    await writeFile(path.join(elsewhere, 'secret.jpg'), 'secret');
    await folder.write({ 'images/2024/a.jpg': 'a', 'media/film.mp4': 'film' });
    const images = path.join(folder.content, 'images');
    await symlink('2024', path.join(images, '2023'));
    await symlink('../media/film.mp4', path.join(images, 'film.mp4'));
    await symlink('.', path.join(images, 'circle'));
    await symlink(elsewhere, path.join(images, 'outside'));
    await symlink('nowhere', path.join(images, 'broken'));
    const { result, exitCode, lines } = await runCommand(folder);
    expect(await bucket.keys()).toEqual([
      'content/images/2023/a.jpg',
      'content/images/2024/a.jpg',
      'content/images/film.mp4',
      'content/media/film.mp4',
    ]);
    expect([exitCode, result.results.refused?.files]).toEqual([1, 3]);
    const errors = Object.fromEntries(lines.map(({ path: name, error }) => [name, error]));
    expect(errors['images/circle']).toContain('part of a loop');
    expect(errors['images/outside']).toContain(`out of the content folder, to ${elsewhere}`);
    expect(errors['images/broken']).toContain('broken');
    await rm(elsewhere, { recursive: true });
  });

  test('moves a content folder that is a link itself', async () => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'elsewhere-'));
    await writeFile(path.join(elsewhere, 'a.jpg'), 'a');
    await symlink(elsewhere, path.join(folder.content, 'images'));
    expect((await runCommand(folder)).exitCode).toBe(0);
    expect(await bucket.keys()).toEqual(['content/images/a.jpg']);
    await rm(elsewhere, { recursive: true });
  });

  test('names what the bucket cannot hold, and moves the rest', async () => {
    const long = Array.from({ length: 5 }, () => 'x'.repeat(240)).join('/');
    await folder.write({
      [`images/${long}.jpg`]: 'x',
      'images/back\\slash.jpg': 'x',
      'images/bell\u0007.jpg': 'x',
      'images/good.jpg': 'good',
    });
    await writeFile(
      Buffer.concat([Buffer.from(`${folder.content}/images/latin-`), Buffer.from([0xfc]), Buffer.from('.jpg')]),
      'x',
    );
    const { result, exitCode, lines } = await runCommand(folder);
    expect([exitCode, result.results]).toMatchObject([1, { refused: { files: 4 }, uploaded: { files: 1 } }]);
    const errors = lines.map(({ error }) => error).join('\n');
    expect(errors).toContain('S3 allows 1024');
    expect(errors).toContain('a backslash');
    expect(errors).toContain('not UTF-8');
    // What a terminal would obey is not sent to it.
    const { said } = await runCommand(folder, { json: false });
    expect(said).toContain('images/bell%07.jpg: ');
  });

  test('moves names that look like something else', async () => {
    const names = [
      '%2e%2e',
      'a?b=c.jpg',
      'a#b.jpg',
      'content/images/2025/x.jpg',
      ' blank .png',
      "it's (1).jpg",
      'a%20b.jpg',
      '*.png',
      '~.png',
    ];
    await folder.write(Object.fromEntries(names.map((name) => [`images/${name}`, name])));
    const { result } = await runCommand(folder);
    expect(result.results.uploaded?.files).toBe(names.length - 1);
    // What becomes ".." when another program decodes it once more than we do is not a name.
    expect(result.problems.map(({ path: name }) => name)).toEqual(['images/%2e%2e']);
    for (const name of names.slice(1)) {
      expect(await contentOf(`content/images/${name}`)).toBe(name);
    }
    expect((await runCommand(folder)).result.results.present?.files).toBe(names.length - 1);
  });

  test('tells of files that cannot be read', async () => {
    await folder.write({ 'images/mine.jpg': 'mine', 'images/gone.jpg': 'gone' });
    await rm(path.join(folder.content, 'images/gone.jpg'));
    // Root can read every file, so this is a link out of the content folder, which is refused.
    await symlink('/proc/self/mem', path.join(folder.content, 'images/gone.jpg'));
    const { exitCode, result } = await runCommand(folder);
    expect([exitCode, result.results.uploaded?.files, result.results.refused?.files]).toEqual([1, 1, 1]);
  });

  test('has no files where a folder is missing', async () => {
    await mkdir(path.join(folder.content, 'images'));
    await mkdir(path.join(folder.content, 'themes'));
    const { exitCode, result } = await runCommand(folder);
    expect([exitCode, result.files]).toEqual([0, 0]);
  });

  test('names the bucket that does not exist, and its fix', async () => {
    await folder.write({ 'images/a.jpg': 'a' });
    const { error, exitCode } = await runCommand(folder, { bucket: 'not-there-at-all' });
    expect([exitCode, error?.name, error?.message]).toEqual([
      1,
      'Failure',
      expect.stringMatching(/^The bucket "not-there-at-all" does not exist\. S3 answered 404 NoSuchBucket/),
    ]);
  });

  test('keeps to a bandwidth', async () => {
    await folder.write({
      'images/a.jpg': randomBytes(300_000),
      'images/b.jpg': randomBytes(300_000),
      'media/c.mp4': randomBytes(9 * MIB),
    });
    const startedAt = performance.now();
    await runCommand(folder, { bandwidth: '8' });
    // The last part goes at once when its turn has come.
    expect(performance.now() - startedAt).toBeGreaterThan(500);
  });

  test.each([{ concurrency: '0' }, { concurrency: 'many' }, { bandwidth: '-1' }, { bandwidth: '5MB' }])(
    'refuses %j',
    async (options) => {
      const { error } = await runCommand(folder, options);
      expect(error?.message).toMatch(/^--(concurrency|bandwidth) is "/);
    },
  );

  test.each(['/not/there/report.jsonl', '/dev/full'])(
    'tells when the report cannot be written to %s',
    async (report) => {
      await folder.write(BLOG);
      const { error, exitCode } = await runCommand(folder, { report });
      // Where it fails only at its end, everything is moved all the same.
      const isAtOnce = report !== '/dev/full';
      expect([exitCode, error?.message]).toEqual([1, expect.stringContaining(`--report: ${report} cannot be written`)]);
      expect((await bucket.keys()).length > 0).toBe(!isAtOnce);
    },
  );

  test('tells in words what it has come to', async () => {
    await folder.write({ 'images/a.jpg': 'a', 'images/b.jpg': 'mine' });
    await bucket.put('content/images/b.jpg', 'theirs');
    const { said } = await runCommand(folder, { json: false, verify: true });
    expect(said).toContain(`From ${folder.content} to the bucket ${bucket.name}`);
    expect(said).toMatch(/1 {2}uploaded/);
    expect(said).toContain('images/b.jpg: the bucket has a different object');
    expect(said).toContain('--overwrite');
    expect(said).toMatch(/✖ 1 of 2 files not copied to the bucket/);
    const dry = await runCommand(folder, { json: false, dryRun: true, overwrite: true });
    expect(dry.said).toContain('a dry run');
    const done = await runCommand(folder, { json: false, overwrite: true });
    expect(done.said).toContain('✔ Everything is in the bucket: 2 files');
  });
});

describe('migrate --to-local', () => {
  const bringBack = (options = {}) => runCommand(folder, { toLocal: true, ...options });

  test('brings everything back, byte for byte, with its time', async () => {
    await folder.write({ ...BLOG, 'media/long.mp4': randomBytes(9 * MIB) });
    const before = await folder.read();
    await runCommand(folder);
    await rm(folder.content, { recursive: true });
    await mkdir(folder.content);
    const { result, exitCode } = await bringBack({ verify: true });
    expect([exitCode, result.results.downloaded?.files, result.verified]).toEqual([0, 14, 14]);
    expect(await folder.read()).toEqual(before);
    const [object] = await bucket.objects('content/media/long.mp4');
    const { mtime } = await stat(path.join(folder.content, 'media/long.mp4'));
    expect(Math.abs(mtime.getTime() - (object?.lastModified?.getTime() ?? 0))).toBeLessThan(1_000);
    expect((await bringBack()).result.results).toMatchObject({ present: { files: 14 } });
  });

  test('never overwrites something else on the disk, but with --overwrite', async () => {
    await folder.write({ 'images/a.jpg': 'mine' });
    await utimes(path.join(folder.content, 'images/a.jpg'), 0, 0);
    await bucket.put('content/images/a.jpg', 'their');
    expect((await bringBack()).result.results).toMatchObject({ conflict: { files: 1 } });
    expect(await folder.read()).toEqual({ 'images/a.jpg': digest(Buffer.from('mine')) });
    expect((await bringBack({ overwrite: true, dryRun: true })).result.results).toMatchObject({
      'to-overwrite': { files: 1 },
    });
    expect((await bringBack({ overwrite: true })).exitCode).toBe(0);
    expect(await folder.read()).toEqual({ 'images/a.jpg': digest(Buffer.from('their')) });
  });

  test('brings only what is below the three prefixes, and --skip-sizes leaves sizes', async () => {
    await bucket.put('content/images/a.jpg', 'a');
    await bucket.put('content/images/size/w600/a.jpg', 'a');
    await bucket.put('content/themes/evil.js', 'x');
    await bucket.put('backup.sql', 'x');
    await bucket.put('content/images/folder/', '');
    await bringBack({ skipSizes: true });
    expect(Object.keys(await folder.read())).toEqual(['images/a.jpg']);
  });

  test('writes nothing with --dry-run', async () => {
    await bucket.put('content/images/a.jpg', 'a');
    expect((await bringBack({ dryRun: true })).result.results).toEqual({ 'to-download': { files: 1, bytes: 1 } });
    expect(await folder.read()).toEqual({});
  });

  test('refuses keys that lead out of the folder', async () => {
    // The SDK sends dots as they are; a server may refuse them.
    const hostile = ['content/images//etc/passwd', 'content/images/a//b.jpg'];
    const { memory } = bucket.server;
    if (memory) {
      const objects = memory.objects(bucket.name);
      await bucket.put('content/images/a.jpg', 'a');
      const object = objects.get('content/images/a.jpg');
      for (const key of [
        ...hostile,
        'content/images/../../../evil.jpg',
        'content/images/2025/../x.jpg',
        'content/images/./x.jpg',
      ]) {
        if (object) objects.set(key, object);
      }
      hostile.push('1', '2', '3');
    } else {
      await bucket.put('content/images/a.jpg', 'a');
      for (const key of hostile) await bucket.put(key, 'x');
    }
    const { result, exitCode } = await bringBack();
    expect([exitCode, result.results]).toMatchObject([
      1,
      { refused: { files: hostile.length }, downloaded: { files: 1 } },
    ]);
    expect(Object.keys(await folder.read())).toEqual(['images/a.jpg']);
  });

  test('does not write through links that lead out of the content', async () => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), 'elsewhere-'));
    await mkdir(path.join(folder.content, 'images'));
    await symlink(elsewhere, path.join(folder.content, 'images/2025'));
    await bucket.put('content/images/2025/sub/a.jpg', 'a');
    expect((await bringBack()).result.results).toMatchObject({ refused: { files: 1 } });
    await rm(elsewhere, { recursive: true });
  });

  test('does not write through a link in the place of its temporary file', async () => {
    const key = 'content/images/a.jpg';
    await bucket.put(key, 'from the bucket');
    const temporary = `.${createHash('sha1').update(key).digest('hex')}.tmp`;
    await folder.write({ 'images/b.jpg': 'b', 'files/not-mine.txt': 'not mine' });
    await symlink('../files/not-mine.txt', path.join(folder.content, 'images', temporary));
    await bringBack();
    expect(await folder.read()).toMatchObject({
      'images/a.jpg': digest(Buffer.from('from the bucket')),
      'files/not-mine.txt': digest(Buffer.from('not mine')),
    });
  });

  test('tells of keys that are a file and a folder', async () => {
    await bucket.put('content/images/a', 'file');
    await bucket.put('content/images/a/b.jpg', 'below it');
    const { result, exitCode } = await bringBack({ concurrency: '1' });
    expect(exitCode).toBe(1);
    expect(result.results.downloaded?.files).toBe(1);
  });
});

describe('migrate --from-bucket', () => {
  test("copies the objects of an older adapter to where Ghost looks, with the adapter's headers, inside S3", async () => {
    // The server in memory copies within one bucket only.
    const [oldBucket, url] = [bucket.name, `https://${bucket.name}.s3.amazonaws.com/old`];
    const old: Record<string, string> = {
      '2020/01/lake.jpg': 'lake',
      '2020/01/film.mp4': 'film',
      '2020/01/notes.pdf': 'notes',
      'content/files/2021/02/More notes.pdf': 'more',
    };
    for (const [key, body] of Object.entries(old))
      await bucket.put(`old/${key}`, body, { ContentType: 'binary/octet-stream' });
    const options = { fromUrl: url, fromBucket: oldBucket, json: false };
    expect((await runCommand(folder, { ...options, dryRun: true })).said).toMatch(/4 {2}to copy/);
    const { said, exitCode, lines } = await runCommand(folder, { ...options, verify: true });
    expect([exitCode, said]).toEqual([0, expect.stringContaining('--admin-key')]);
    expect(lines.map(({ result, verified }) => [result, verified])).toEqual(Array(4).fill(['copied', true]));
    expect(await contentOf('content/images/2020/01/lake.jpg')).toBe('lake');
    expect(await contentOf('content/media/2020/01/film.mp4')).toBe('film');
    const notes = await bucket.read('content/files/2020/01/notes.pdf');
    expect([notes.contentType, notes.contentDisposition]).toEqual([
      'application/pdf',
      'attachment; filename=notes.pdf',
    ]);
    expect(await contentOf('content/files/2021/02/More notes.pdf')).toBe('more');
    await bucket.put('content/images/2020/01/lake.jpg', 'other');
    const again = await runCommand(folder, { ...options, verify: true });
    expect([again.exitCode, again.lines.map(({ result, verified }) => [result, verified]).sort()]).toEqual([
      1,
      [['conflict', undefined], ...Array(3).fill(['present', true])],
    ]);
    const last = await runCommand(folder, { ...options, overwrite: true });
    expect(last.exitCode).toBe(0);
    expect(await contentOf('content/images/2020/01/lake.jpg')).toBe('lake');
  });

  test('asks for a key where posts are to be looked at', async () => {
    const { error } = await runCommand(folder, { fromUrl: 'https://old.example.com' });
    expect(error?.cure).toContain('Staff access token');
  });

  test.each([
    'old.example.com',
    'ftp://old.example.com',
    'https://old.example.com/?a=b',
    'https://images.example.com/',
  ])('refuses to move from %s', async (fromUrl) => {
    const { error } = await runCommand(folder, { fromUrl, adminKey: `${'a'.repeat(24)}:${'b'.repeat(64)}` });
    expect(error?.message).toMatch(/^--from-url is /);
  });
});

/** What no server but ours can be made to do. */
describe('on a server that fails', () => {
  const bucket = useBucket({ inMemory: true });
  const files = useContentFolder(bucket);
  const memory = () => bucket.server.memory as InMemoryS3;

  test('a missing permission is named, and nothing more is tried', async () => {
    memory().addUser({
      accessKeyId: 'AKIAREADER0000000000',
      secretAccessKey: 'reader',
      policy: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetObject'], Resource: '*' }],
      },
    });
    const reader = await createContentFolder(
      bucket.options({
        accessKeyId: 'AKIAREADER0000000000',
        secretAccessKey: 'reader',
      }),
    );
    await reader.write(Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`images/${index}.jpg`, 'x'])));
    memory().requests.length = 0;
    const { error, exitCode } = await runCommand(reader);
    expect([exitCode, error?.name, error?.message]).toEqual([
      1,
      'Failure',
      expect.stringContaining('s3:PutObject is not allowed'),
    ]);
    expect(error?.cure).toContain('s3:PutObject');
    expect(memory().requests.length).toBeLessThan(100);
    await reader.remove();
  });

  test('throttling and lost answers are waited for, and lose nothing', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `images/${index}.jpg`);
    await files.write(Object.fromEntries(names.map((name) => [name, name])));
    memory().injectFault({
      operation: 'PutObject',
      times: 30,
      probability: 0.5,
      kind: { status: 503, code: 'SlowDown' },
    });
    memory().injectFault({ operation: 'PutObject', times: 10, probability: 0.5, kind: 'reset-after-store' });
    const { result, exitCode } = await runCommand(files);
    expect([exitCode, result.results.uploaded?.files]).toEqual([0, 60]);
  });

  test('what another program has stored since the listing is kept', async () => {
    await files.write({ 'images/same.jpg': 'same', 'images/other.jpg': 'mine' });
    // Between the listing and the upload: the first PUT meets what a second one has left.
    let isStored = false;
    memory().requests.length = 0;
    memory().injectFault({ operation: 'PutObject', key: /same|other/, times: 2, kind: { until: () => isStored } });
    const running = runCommand(files);
    const uploads = () => memory().requests.filter(({ operation }) => operation === 'PutObject').length;
    await waitUntil(() => uploads() === 2);
    for (const [name, body] of [
      ['same', 'same'],
      ['other', 'theirs'],
    ] as const) {
      await bucket.put(`content/images/${name}.jpg`, body, { Metadata: { 'upload-id': 'x' } });
    }
    isStored = true;
    const { result } = await running;
    expect(result.results).toMatchObject({ present: { files: 1 }, conflict: { files: 1 } });
    expect(memory().objects(bucket.name).get('content/images/other.jpg')?.bytes.toString()).toBe('theirs');
  });

  test('under SSE-KMS, where an ETag is not an MD5, equal files are known by their bytes', async () => {
    const encrypted = await createContentFolder(
      bucket.options({
        serverSideEncryption: 'aws:kms',
        kmsKeyId: 'alias/blog',
      }),
    );
    await encrypted.write({ 'images/a.jpg': 'a', 'media/film.mp4': randomBytes(9 * MIB) });
    await runCommand(encrypted);
    expect((await runCommand(encrypted)).result.results).toMatchObject({ present: { files: 2 } });
    await encrypted.write({ 'images/a.jpg': 'b' });
    expect((await runCommand(encrypted)).result.results).toMatchObject({
      present: { files: 1 },
      conflict: { files: 1 },
    });
    await encrypted.remove();
  });

  test('a checksum of S3 saves reading back', async () => {
    const crc32 = Buffer.from([0xe8, 0xb7, 0xbe, 0x43]).toString('base64');
    await bucket.put('content/images/a.jpg', 'a', {
      ChecksumCRC32: crc32,
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'k',
    });
    await files.write({ 'images/a.jpg': 'a' });
    memory().requests.length = 0;
    expect((await runCommand(files)).result.results).toMatchObject({ present: { files: 1 } });
  });

  test('--verify finds what was damaged behind its checksum', async () => {
    await files.write({ 'images/a.jpg': 'a lake' });
    await runCommand(files);
    const bytes = memory().objects(bucket.name).get('content/images/a.jpg')?.bytes as Buffer;
    bytes[0] = 0x58;
    expect((await runCommand(files)).exitCode).toBe(0);
    const { exitCode, result } = await runCommand(files, { verify: true });
    expect([exitCode, result.problems[0]?.error]).toEqual([
      1,
      expect.stringContaining('differs from the file on the disk'),
    ]);
    const back = await runCommand(files, { verify: true, toLocal: true });
    expect(back.result.problems[0]?.error).toContain('differs from the object in the bucket');
  });

  test('a service without conditional writes is asked before each upload', async () => {
    memory().createBucket('without-conditions', { conditionalWrites: 'not-implemented' });
    const plain = await createContentFolder(bucket.options({ bucket: 'without-conditions' }));
    await plain.write({ 'images/a.jpg': 'a', 'images/b.jpg': 'b' });
    expect((await runCommand(plain)).result.results).toMatchObject({ uploaded: { files: 2 } });
    await plain.remove();
  });

  test('--to-local downloads as many files at a time as --concurrency says, however large they are', async () => {
    await files.write(
      Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`media/${index}.mp4`, randomBytes(MIB)])),
    );
    await runCommand(files);
    await rm(path.join(files.content, 'media'), { recursive: true });
    memory().requests.length = 0;
    const requested = () => memory().requests.filter(({ operation }) => operation === 'GetObject');
    memory().injectFault({
      operation: 'GetObject',
      times: 80,
      kind: { until: aSecondAfter(() => requested().length >= 64) },
    });
    expect((await runCommand(files, { toLocal: true, concurrency: '64' })).exitCode).toBe(0);
    const downloads = requested();
    const atATime = downloads.map(
      ({ startedAtMs: now }) => downloads.filter((other) => other.startedAtMs <= now && now < other.endedAtMs).length,
    );
    expect([downloads.length, Math.max(...atATime)]).toEqual([80, 64]);
  });

  test('a download that is cut off is started again', async () => {
    await files.write({ 'media/film.mp4': randomBytes(MIB) });
    const before = await files.read();
    await runCommand(files);
    await rm(path.join(files.content, 'media'), { recursive: true });
    memory().injectFault({ operation: 'GetObject', times: 2, kind: 'truncate-body' });
    expect((await runCommand(files, { toLocal: true })).exitCode).toBe(0);
    expect(await files.read()).toEqual(before);
  });
});
