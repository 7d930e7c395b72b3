// What to set for a Ghost in a container is written as the variables that it gets, where they are set.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import {
  checkFeatures,
  checkPrefixes,
  checkSiteUrl,
  checkUrls,
} from '../../../../../src/commands/doctor/checks/config';
import { DoctorContext } from '../../../../../src/commands/doctor/context';
import { parseAsCompose } from '../../../../support/compose-env';

const CDN = 'https://images.example.com';
const OPTIONS = { bucket: 'blog-images', region: 'eu-central-1', cdnUrl: CDN };

let folder: string;
const place = (name: string) => path.join(folder, name);
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'doctor-env-')));
  mkdirSync(place('data/ghost'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Lays out a site with these variables in its env file and by "environment", and examines it. */
function examine(inEnvFile: Record<string, string>, inComposeFile?: Record<string, string>): DoctorContext {
  const service = {
    image: 'ghost:6',
    volumes: ['./data/ghost:/var/lib/ghost/content'],
    ...(Object.keys(inEnvFile).length > 0 && { env_file: 'ghost.env' }),
    environment: inComposeFile,
  };
  writeFileSync(place('compose.yml'), JSON.stringify({ services: { blog: service } }));
  const lines = Object.entries(inEnvFile).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(place('ghost.env'), lines.join(''), { mode: 0o600 });
  const network = {
    lookup: () => Promise.resolve([]),
    canonicalNameOf: () => Promise.resolve(undefined),
    connect: () => {
      throw new Error('No request is expected.');
    },
  };
  return new DoctorContext({ ghost: folder }, { network, signal: new AbortController().signal, environment: {} });
}

const optionsAs = (prefix: string) =>
  Object.fromEntries(
    Object.entries(OPTIONS).map(([name, value]) => [`${prefix}__S3CloudFrontStorage__${name}`, value]),
  );

/** Returns the lines of a fix below the one that names a file. */
const linesBelow = (cure: string | undefined, title: string): string =>
  (cure ?? '').split(`${title}:\n`)[1]?.replace(/(^Set |^Then: )[^]*/m, '') ?? '';

test.each(['storage', 'adapters__storage'])('the fixes are variables that Ghost then has, with %s', (prefix) => {
  const variables = {
    ...optionsAs(prefix),
    [`${prefix}__active`]: 'S3CloudFrontStorage',
    [`${prefix}__S3CloudFrontStorage__staticFileURLPrefix`]: 'pictures',
    urls__image: 'https://elsewhere.example.com',
    urls__media: CDN,
    urls__files: CDN,
    url: 'nowhere',
  };
  const context = examine(variables);
  const results = [checkFeatures(context), checkPrefixes(context), checkUrls(context), checkSiteUrl(context)];
  expect(results.map((result) => ('result' in result ? result.result : result))).toEqual([
    'warned',
    'failed',
    'failed',
    'failed',
  ]);
  const cures = results.map((result) => ('cure' in result ? result.cure : ''));
  for (const cure of cures) {
    expect(cure).toMatch(/Then: .*docker compose up -d --force-recreate blog/);
    expect(cure).not.toMatch(/[{}]|Set "/);
  }
  const added = cures.map((cure) => linesBelow(cure, `Set in ${place('ghost.env')}`)).join('');
  writeFileSync(place('ghost.env'), readFileSync(place('ghost.env'), 'utf8') + added);
  const after = examine(parseAsCompose(readFileSync(place('ghost.env'), 'utf8')));
  const again = [checkFeatures(after), checkPrefixes(after), checkUrls(after), checkSiteUrl(after)];
  expect(again.map((result) => ('result' in result ? result.result : result))).toEqual(Array(4).fill('passed'));
});

test('the fixes are for the Compose file where "environment" sets the variables', () => {
  const active = { storage__active: 'S3CloudFrontStorage' };
  const title = `Set in "environment" of the service blog, in ${place('compose.yml')}`;
  const all = examine({}, { ...optionsAs('storage'), ...active });
  const { cure } = checkUrls(all) as { cure?: string };
  expect(parse(linesBelow(cure, title))).toEqual({ urls__image: CDN });

  const both = examine({ ...optionsAs('storage'), ...active }, { urls__image: 'https://elsewhere.example.com' });
  const { cure: ofBoth } = checkUrls(both) as { cure?: string };
  expect(parse(linesBelow(ofBoth, title))).toEqual({ urls__image: CDN });
});
