import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { countFiles } from '../../../src/ghost-site/count-files';
import { featureDisks } from '../../../src/ghost-site/feature-disk';
import { findGhostSite } from '../../../src/ghost-site/site';

let folder: string;
const place = (name: string) => path.join(folder, name);

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'content-place-')));
  mkdirSync(place('data/ghost/images'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Returns the site of a Compose file whose Ghost has these mounts besides its content folder. */
function siteWith(...mounts: string[]) {
  const volumes = ['./data/ghost:/var/lib/ghost/content', ...mounts];
  writeFileSync(place('compose.yml'), JSON.stringify({ services: { ghost: { image: 'ghost:6', volumes } } }));
  return findGhostSite({ ghost: folder }, {});
}

function write(name: string, bytes: number): void {
  mkdirSync(path.dirname(place(name)), { recursive: true });
  writeFileSync(place(name), Buffer.alloc(bytes));
}

test('the images of a container are found where they are mounted from', async () => {
  write('bigimages/2026/11/a.jpg', 1_000);
  write('data/ghost/media/b.mp4', 10);
  const site = siteWith('./bigimages:/var/lib/ghost/content/images');
  expect((await countFiles(site)).features).toEqual({
    images: { files: 1, bytes: 1_000 },
    media: { files: 1, bytes: 10 },
    files: { files: 0, bytes: 0 },
  });
});

test('a folder inside the content folder can be mounted as another part of it', async () => {
  write('data/ghost/uploads/a.jpg', 7);
  expect(await countFiles(siteWith('./data/ghost/uploads:/var/lib/ghost/content/images'))).toMatchObject({ files: 1 });
});

test.each([
  [
    'images that are a Docker volume',
    'pictures:/var/lib/ghost/content/images',
    /content\/images .* Docker volume pictures/,
  ],
  ['a volume without a name', '/var/lib/ghost/content/media', /content\/media .* an anonymous Docker volume/],
  [
    'a mount deeper inside a folder',
    './old:/var/lib/ghost/content/images/2024',
    /service ghost in .*compose\.yml mounts another folder at \/var\/lib\/ghost\/content\/images\/2024/,
  ],
])('%s are not passed over: the reason is given', (_, mount, message) => {
  const site = siteWith(mount);
  expect(() => featureDisks(site)).toThrow(message);
});

test('what ActivityPub stores may be mounted from anywhere: it is never in the bucket', () => {
  const site = siteWith('fediverse:/var/lib/ghost/content/images/activitypub');
  expect(featureDisks(site).images.root).toBe(place('data/ghost/images'));
});

test('a content folder that the user names is used as it is', () => {
  mkdirSync(place('copy'));
  siteWith('pictures:/var/lib/ghost/content/images');
  const site = findGhostSite({ ghost: folder, content: place('copy') }, {});
  expect(featureDisks(site).images.root).toBe(place('copy/images'));
});
