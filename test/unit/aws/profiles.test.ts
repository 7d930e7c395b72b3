import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkProfile, listProfiles } from '../../../src/aws/profiles';
import { listRegions, placeOfRegion } from '../../../src/aws/regions';

let folder: string;
const variables = { ...process.env };
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'profiles-'));
  process.env.AWS_CONFIG_FILE = path.join(folder, 'config');
  process.env.AWS_SHARED_CREDENTIALS_FILE = path.join(folder, 'credentials');
});
afterEach(() => {
  process.env = { ...variables };
  rmSync(folder, { recursive: true });
});

test('the profiles of both AWS files are listed, and nothing else that is in them', async () => {
  writeFileSync(
    path.join(folder, 'config'),
    '[default]\nregion = eu-west-1\n[profile my.blog]\nregion = eu-west-1\n[sso-session work]\nsso_region = eu-west-1\n[services local]\ns3 =\n  endpoint_url = http://127.0.0.1:1\n',
  );
  writeFileSync(
    path.join(folder, 'credentials'),
    '[default]\naws_access_key_id = AKIA1\n[admin]\naws_access_key_id = AKIA2\n',
  );
  expect(await listProfiles()).toEqual(['admin', 'default', 'my.blog']);
});

test('without AWS files there are no profiles, and --profile says how to make one', async () => {
  expect(await listProfiles()).toEqual([]);
  await expect(checkProfile('blog', '--profile')).rejects.toMatchObject({
    message: '--profile is "blog", but the AWS configuration has no profile with that name.',
    cure: expect.stringContaining('aws login --profile blog'),
  });
  await expect(checkProfile('my blog; ls', '--profile')).rejects.toMatchObject({
    cure: expect.stringContaining("aws login --profile 'my blog; ls' (AWS"),
  });
});

test('a profile that does not exist is named with those that exist', async () => {
  writeFileSync(
    path.join(folder, 'credentials'),
    '[default]\naws_access_key_id = AKIA1\n[admin]\naws_access_key_id = AKIA2\n',
  );
  await expect(checkProfile('amdin', 'The environment variable AWS_PROFILE')).rejects.toMatchObject({
    message: expect.stringContaining('The environment variable AWS_PROFILE is "amdin"'),
    cure: expect.stringContaining('Its profiles are admin, default.'),
  });
  await expect(checkProfile('admin', '--profile')).resolves.toBeUndefined();
  await expect(checkProfile('default', '--profile')).resolves.toBeUndefined();
  await expect(checkProfile(undefined, '--profile')).resolves.toBeUndefined();
});

test('every region to choose from has a place', () => {
  const regions = listRegions();
  expect(regions).toContainEqual({ name: 'eu-central-1', place: 'Europe (Frankfurt)' });
  expect(regions.filter(({ name, place }) => place === name)).toEqual([]);
  expect(placeOfRegion('eu-nowhere-9')).toBeUndefined();
});
