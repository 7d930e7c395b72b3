import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Check, CheckReport, Group } from '../../src/commands/doctor/check';
import { diagnose } from '../../src/commands/doctor/diagnose';
import { findGhostSite } from '../../src/ghost-site/site';
import { type Breakage, type Patient, startPatient } from '../support/doctor';
import { installTools } from '../support/tls-cdn/tools';

const BEFORE_THE_SWITCH = ['Config', 'Credentials', 'Bucket', 'Permissions', 'CDN'] satisfies Group[];

let patient: Patient;

beforeAll(() => installTools());

afterEach(() => patient.close());

/** Leaves Ghost on its disk, with the adapter's options ready in its configuration and the adapter not installed. */
const notSwitched: Breakage = {
  config: (config) => {
    const { S3CloudFrontStorage } = config.storage;
    Object.assign(config, { storage: { S3CloudFrontStorage }, urls: undefined });
  },
};

/** Runs the checks of a configuration that is not in the file yet. */
async function diagnosePlanned(groups: Group[] = BEFORE_THE_SWITCH): Promise<CheckReport[]> {
  const { folder } = patient;
  const site = findGhostSite({ ghost: folder }, {});
  const { storage } = site.config;
  const cdn = 'https://images.example.test';
  const feature = (name: string) => ({ adapter: 'S3CloudFrontStorage', staticFileURLPrefix: `content/${name}` });
  const config = {
    ...site.config,
    urls: { image: cdn, media: cdn, files: cdn },
    storage: { ...storage, active: 'S3CloudFrontStorage', media: feature('media'), files: feature('files') },
  };
  return diagnose(patient.contextFor({ ghost: folder }, { site: { ...site, config } }), { groups });
}

const troubles = (reports: CheckReport[]) =>
  reports.filter(({ result }) => result === 'failed' || result === 'warned').map(({ name }) => name);

test('a planned configuration can be proved before it is written, and the file stays as it was', async () => {
  patient = await startPatient(notSwitched);
  const file = path.join(patient.folder, 'config.production.json');
  const before = await readFile(file, 'utf8');
  const reports = await diagnosePlanned();
  expect(troubles(reports)).toEqual([]);
  expect(reports.find(({ name }) => name === 'features')?.found).toBe('images, media, files');
  expect(reports.find(({ name }) => name === 'same bytes')?.result).toBe('passed');
  expect(reports.filter(({ group }) => group === 'Ghost')).toEqual([]);
  expect(await readFile(file, 'utf8')).toBe(before);
  expect(patient.keys()).toEqual([]);
});

test('a fault in a planned configuration is found before it is written', async () => {
  patient = await startPatient({ ...notSwitched, forbidden: ['s3:DeleteObject'] });
  expect(troubles(await diagnosePlanned())).toEqual(['delete']);
});

test('before the switch, files that are not in the bucket are found, and some of the images are requested from the CDN', async () => {
  patient = await startPatient({ ...notSwitched, files: ({ keys, objects }) => void objects.delete(keys[1] ?? '') });
  const reports = await diagnosePlanned(['Files']);
  expect(reports.map(({ name, result }) => `${name} ${result}`)).toEqual([
    'files failed',
    'own images passed',
    'locations passed',
  ]);
  expect(reports[0]?.found).toBe('1 of 7 files on the disk is not in the bucket: images/2019/01/own-first.png.');
  expect(reports[0]?.cure).toMatch(/^Copy the missing files: npx ghost-storage-s3-cloudfront migrate/);
});

test('only the chosen groups of checks run, and the reporter hears of each', async () => {
  patient = await startPatient();
  const heard: string[] = [];
  const reporter = {
    started: ({ group }: Check) => void heard.push(`${group} started`),
    finished: ({ group }: CheckReport) => void heard.push(`${group} finished`),
  };
  const reports = await diagnose(patient.contextFor(), { groups: ['Permissions'], reporter });
  expect(new Set(reports.map(({ group }) => group))).toEqual(new Set(['Permissions']));
  expect(new Set(heard)).toEqual(new Set(['Permissions started', 'Permissions finished']));
  expect(heard).toHaveLength(2 * reports.length);
  expect(patient.keys()).toEqual([]);
});
