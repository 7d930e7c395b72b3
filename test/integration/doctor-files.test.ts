import { rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { type Breakage, troublesIn } from '../support/doctor';
import { reportOf, usePatient } from '../support/doctor/use-patient';

const patient = usePatient();
const { examine } = patient;

/** Leaves Ghost on its disk, with the options of the adapter in its configuration. */
const notSwitched = (config: Parameters<NonNullable<Breakage['config']>>[0]) => {
  const { S3CloudFrontStorage } = config.storage;
  Object.assign(config, { storage: { S3CloudFrontStorage }, urls: undefined });
};

const withoutAdapter = (folder: string) => rm(path.join(folder, 'content/adapters'), { recursive: true });

test('a blog whose files are all in the bucket is fine, and some of its own images were seen on the CDN', async () => {
  const results = await examine();
  expect(troublesIn(results)).toEqual([]);
  expect(reportOf(results, 'files')?.found).toBe('all 7 files on the disk are in the bucket');
  expect(reportOf(results, 'own images')?.found).toMatch(/^6 images of the blog arrived, each within \d+ ms$/);
});

test('the newest, the oldest and random images of a large blog are requested from the CDN, with a size of each', async () => {
  const blog = await patient.start({
    files: async (files) => {
      for (let number = 0; number < 60; number += 1) {
        await files.store(`images/2020/05/more-${number}.png`, 'image/png');
      }
    },
  });
  const context = blog.contextFor();
  const { diagnose } = await import('../../src/commands/doctor/diagnose');
  expect(troublesIn(await diagnose(context))).toEqual([]);
  const urls = context.ownImages.map(({ url }) => url.replace('https://images.example.test/content/', ''));
  expect(urls.slice(0, 3)).toEqual([
    'images/2026/11/own-newest.png',
    'images/size/w600/2026/11/own-newest.png',
    'images/2013/09/own-oldest.png',
  ]);
  expect(new Set(urls).size).toBe(6);
});

test('files that were uploaded after the switch, and are only in the bucket, are fine', async () => {
  const results = await examine({ files: (files) => files.store('images/2026/11/more-new.png', 'image/png') });
  expect(troublesIn(results)).toEqual([]);
});

test('a blog that came from another adapter, and has nothing on its disk, is fine', async () => {
  const results = await examine({
    files: async (files) => {
      await files.emptyDisk();
      await files.write('images/README.md', Buffer.from('# Images'));
    },
  });
  expect(troublesIn(results)).toEqual([]);
  expect(reportOf(results, 'files')?.found).toBe('no files on the disk, 8 in the bucket');
  expect(reportOf(results, 'own images')?.found).toMatch(/^6 images/);
});

test('a new blog without files is fine', async () => {
  const results = await examine({
    files: async (files) => {
      await files.emptyDisk();
      files.objects.clear();
    },
  });
  expect(troublesIn(results)).toEqual([]);
  expect(reportOf(results, 'own images')).toMatchObject({
    result: 'unchecked',
    found: 'there are no images in the bucket yet',
  });
});

test('files that Ghost serves from its disk, image sizes and hidden files are not missed in the bucket', async () => {
  const results = await examine({
    files: async (files) => {
      await files.write('images/activitypub/more-avatar.png');
      await files.write('images/size/w30/2013/09/more-size.png');
      await files.write('images/.DS_Store');
    },
  });
  expect(troublesIn(results)).toEqual([]);
});

test('before the switch, one finding says that Ghost still stores on its disk, what is missing, and the next two commands', async () => {
  const results = await examine({
    config: notSwitched,
    folder: withoutAdapter,
    files: ({ objects }) => objects.clear(),
  });
  expect(troublesIn(results)).toEqual([
    expect.stringMatching(
      /^failed files: Ghost still stores images on its own disk: .*not active\. .*none of the 7 files/,
    ),
  ]);
  expect(reportOf(results, 'files')?.cure).toMatch(/: npx ghost-storage-s3-cloudfront migrate.*\n.*: .*install/);
  for (const name of ['features', 'urls', 'adapter', 'old links', 'sizes on the CDN']) {
    expect(reportOf(results, name)).toMatchObject({ result: 'unchecked', found: 'Ghost does not use the adapter yet' });
  }
});

test('after migrate and before install, one finding names install alone', async () => {
  const results = await examine({ config: notSwitched, folder: withoutAdapter });
  expect(troublesIn(results)).toEqual([
    expect.stringMatching(/^failed files: Ghost still stores images on its own disk/),
  ]);
  expect(reportOf(results, 'files')?.cure).toMatch(/^Make Ghost use the adapter: .* install --config /);
  expect(reportOf(results, 'own images')?.result).toBe('passed');
});

test('a blog that still uses another adapter is told so', async () => {
  const results = await examine({
    config: ({ storage }) => Object.assign(storage, { active: 's3', media: 's3', files: 's3' }),
  });
  expect(troublesIn(results)).toEqual([expect.stringMatching(/^failed files: Ghost still stores images with s3/)]);
  expect(reportOf(results, 'files')?.cure).toMatch(/^Copy the files of s3: .*migrate.* --from-url URL\n.*install/);
});

test('where Ghost may not list the bucket, some files are looked up one by one, and only that is named', async () => {
  const results = await examine({ forbidden: ['s3:ListBucket'], ghost: { mayEverything: true } });
  expect(troublesIn(results)).toEqual([expect.stringContaining('failed list: ')]);
  expect(reportOf(results, 'files')?.found).toMatch(/^7 of 7 files .*looked up.*Ghost may not list the bucket/);
});

test('a service that lists in an order of its own is not said to lack files', async () => {
  const results = await examine({
    bucket: { listing: { order: (one, other) => (one < other ? 1 : -1) } },
  });
  expect(troublesIn(results)).toEqual([]);
  expect(reportOf(results, 'files')?.found).toContain('not list the bucket in the order of the keys');
});

test('a folder that cannot be read is named, and a link out of the content is not followed', async () => {
  const results = await examine({
    folder: async (folder) => {
      const images = path.join(folder, 'content/images');
      await symlink('/etc', path.join(images, 'elsewhere'));
    },
  });
  expect(troublesIn(results)).toEqual([
    expect.stringMatching(/^warned files: 1 file on the disk cannot be read.*images\/elsewhere \(the link points out/),
  ]);
});

test('the content folder of this machine does not matter where Ghost is elsewhere', async () => {
  const results = await examine({
    folder: async (folder) => {
      await rename(path.join(folder, 'content'), path.join(folder, 'moved'));
      await rm(path.join(folder, 'current'));
    },
  });
  expect(troublesIn(results)).toEqual([]);
  expect(reportOf(results, 'content folder')?.result).toBe('unchecked');
});
