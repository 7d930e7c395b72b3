import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkAdapter } from '../../../../../src/commands/doctor/checks/ghost-installation';
import type { DoctorContext } from '../../../../../src/commands/doctor/context';
import { adapterFiles } from '../../../../../src/commands/install/adapter-files';
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
