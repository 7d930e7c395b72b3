import { sameCommand } from '../../../../src/commands/migrate/same-command';
import type { MigrateOptions } from '../../../../src/commands/migrate/settings';
import type { GhostSite } from '../../../../src/ghost-site/site';

const SITE = { configFile: '/nowhere/config.production.json', contentPath: '/nowhere/content' } as GhostSite;

test.each<[MigrateOptions, string]>([
  [{}, 'migrate'],
  [{ toLocal: true }, 'migrate --to-local'],
  [{ stripLocation: true }, 'migrate --strip-location'],
  [{ stripLocation: true, profile: 'blog' }, 'migrate --strip-location --profile blog'],
])('the command to run again does the same, so that no image is uploaded with its place: %j', (options, command) => {
  expect(sameCommand(SITE, options, {})).toBe(`npx ghost-storage-s3-cloudfront ${command}`);
});
