import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkUrls } from '../../../../../src/commands/doctor/checks/config';
import { checkContentFolder, checkFiles } from '../../../../../src/commands/doctor/checks/files';
import { checkAdapter, checkVersion } from '../../../../../src/commands/doctor/checks/ghost-installation';
import type { DoctorContext } from '../../../../../src/commands/doctor/context';
import { adapterFiles } from '../../../../../src/commands/install/adapter-files';
import { siteParameters } from '../../../../../src/ghost-site/site-parameters';
import { findGhostSite } from '../../../../../src/ghost-site/site';

let folder: string;
const place = (name: string) => path.join(folder, name);

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'doctor-docker-')));
  mkdirSync(place('data/ghost'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Returns what the checks get of a Ghost in a container, which uses the adapter. */
function contextOf(service: object): DoctorContext {
  writeFileSync(place('compose.yml'), JSON.stringify({ services: { ghost: service } }));
  return { site: findGhostSite({ ghost: folder }, {}), isActive: true } as DoctorContext;
}

const CONTENT = './data/ghost:/var/lib/ghost/content';

function putAdapter(inFolder: string): void {
  for (const [name, bytes] of adapterFiles()) {
    mkdirSync(path.dirname(path.join(inFolder, name)), { recursive: true });
    writeFileSync(path.join(inFolder, name), bytes);
  }
}

test('an adapter that is mounted into the content folder is found', () => {
  putAdapter(place('S3CloudFrontStorage'));
  const volumes = [CONTENT, './S3CloudFrontStorage:/var/lib/ghost/content/adapters/storage/S3CloudFrontStorage'];
  expect(checkAdapter(contextOf({ image: 'ghost:6', volumes }))).toMatchObject({
    result: 'passed',
    found: expect.stringContaining(` in ${place('S3CloudFrontStorage')}`) as string,
  });
});

test.each<[string, object]>([
  ['an image of its own', { build: '.', volumes: [CONTENT] }],
  ['an image of another name', { image: 'acme/ghost', volumes: [CONTENT] }],
  [
    'a folder for adapters that only the container has',
    { image: 'ghost:6.65.0', environment: { paths__installedAdaptersPath: '/adapters' }, volumes: [CONTENT] },
  ],
])('an adapter that may be in the image is not called missing: %s', (_, service) => {
  expect(checkAdapter(contextOf(service))).toMatchObject({
    result: 'unchecked',
    found: expect.stringContaining("may be in the container's image") as string,
  });
});

test('an adapter that the official image and the content folder do not have is missing', () => {
  expect(checkAdapter(contextOf({ image: 'ghost:6', volumes: [CONTENT] }))).toMatchObject({ result: 'failed' });
});

test.each([
  ['ghost:6-alpine', 'passed', '6'],
  ['ghost:5.130-alpine', 'passed', '5.130'],
  ['ghost:5.87-alpine', 'failed', 'Ghost 5.87 is too old'],
  ['ghost:5.100.0', 'failed', 'Ghost 5.100.0 is too old'],
  ['ghost:4', 'failed', 'Ghost 4 is too old'],
  ['ghost:7.0.0', 'warned', 'This is Ghost 7.0.0'],
])('the version of Ghost is read from the tag %s', (image, result, found) => {
  const check = checkVersion(contextOf({ image, volumes: [CONTENT] }));
  expect(check).toMatchObject({ result, found: expect.stringContaining(found) as string });
  expect(JSON.stringify(check)).not.toContain('undefined');
});

test('Ghost 5 is not asked for "urls", also when its image tells the major version alone', () => {
  const context = contextOf({ image: 'ghost:5-alpine', volumes: [CONTENT] });
  expect(checkUrls({ ...context, ghostConfig: {}, features: [] } as unknown as DoctorContext)).toMatchObject({
    result: 'passed',
    found: 'Ghost 5 does not read "urls"',
  });
});

test('a content folder that is a Docker volume is left out, and the settings are read all the same', async () => {
  const volumes = ['ghost:/var/lib/ghost/content'];
  const context = contextOf({ image: 'ghost:6', environment: { url: 'https://blog.example.com' }, volumes });
  expect(context.site?.config.url).toBe('https://blog.example.com');
  const results = [checkContentFolder(context), await checkFiles(context), checkAdapter(context)];
  expect(results.map(({ result }) => result)).toEqual(['unchecked', 'unchecked', 'unchecked']);
  expect(() => context.site && siteParameters(context.site)).not.toThrow();
  expect(() => context.site?.contentPath).toThrow(/is the Docker volume ghost, so this command cannot reach/);
});
