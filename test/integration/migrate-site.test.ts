import { migrateSite } from '../../src/commands/migrate/migrate-site';
import { readMigrateSettings } from '../../src/commands/migrate/settings';
import { readAdapterConfigs } from '../../src/ghost-site/adapter-config';
import { findGhostSite } from '../../src/ghost-site/site';
import { openTerminal } from '../../src/shell/terminal';
import { type CommandLine, openCommandLine } from '../support/command-line';
import { useContentFolder } from '../support/migrate/command';
import { useBucket } from '../support/use-bucket';

const bucket = useBucket({ inMemory: true });
const folder = useContentFolder(bucket);
let line: CommandLine;
beforeEach(() => (line = openCommandLine()));
afterEach(() => line.close());

test('a site is transferred for another command, which alone decides what is shown and how the process ends', async () => {
  await folder.write({ 'images/2026/a.jpg': 'a', 'media/b.mp4': 'b' });
  await bucket.put('content/media/b.mp4', 'something else');
  const site = findGhostSite({ config: folder.config });
  const configs = readAdapterConfigs(site.config, {}, site.configFile);
  const settings = readMigrateSettings({});
  const transfer = (toLocal: boolean) => migrateSite(openTerminal({}), site, configs, settings, { toLocal });
  expect(await transfer(false)).toMatchObject({
    files: 2,
    complete: false,
    results: { uploaded: { files: 1 }, conflict: { files: 1 } },
    problems: [{ path: 'media/b.mp4' }],
  });
  await bucket.put('content/files/c.pdf', 'c');
  expect(await transfer(true)).toMatchObject({
    files: 3,
    results: { downloaded: { files: 1 }, present: { files: 1 } },
  });
  expect([line.written.stdout, line.written.stderr, process.exitCode]).toEqual(['', '', undefined]);
});
