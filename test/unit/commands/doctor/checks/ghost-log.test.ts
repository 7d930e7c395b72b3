// Where a Ghost that fails is looked at: in the log of its own kind of installation.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  checkBlogAnswers,
  checkSizes,
  checkSizesOnCdn,
} from '../../../../../src/commands/doctor/checks/ghost-requests';
import { DoctorContext } from '../../../../../src/commands/doctor/context';
import type { GhostSite } from '../../../../../src/ghost-site/site';
import { type Certificate, makeCertificate } from '../../../../support/certificate';
import { listen, stop } from '../../../../support/local-server';

const BLOCK = { bucket: 'pictures', region: 'eu-central-1', cdnUrl: 'https://images.example.test', serve: 'stream' };
const STORAGE = { active: 'S3CloudFrontStorage', S3CloudFrontStorage: BLOCK };

let folder: string;
let certificate: Certificate;
let ghost: Server;
let cdn: https.Server;
beforeEach(async () => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'doctor-log-')));
  mkdirSync(path.join(folder, 'content'));
  const config = { url: 'http://blog.example.test', storage: STORAGE };
  writeFileSync(path.join(folder, 'config.production.json'), JSON.stringify(config));
  certificate = await makeCertificate('images.example.test', 90, folder);
  const failing: RequestListener = (_request, response) => response.writeHead(503).end();
  ghost = createServer(failing);
  cdn = https.createServer({ cert: certificate.cert, key: certificate.key }, failing);
});
afterEach(async () => {
  await Promise.all([stop(ghost), stop(cdn)]);
  rmSync(folder, { recursive: true, force: true });
});

/** Returns what to do about a Ghost that answers everything with 503. */
async function curesFor(change: (site: GhostSite) => GhostSite = (site) => site): Promise<(string | undefined)[]> {
  const [ghostPort, cdnPort] = await Promise.all([listen(ghost), listen(cdn)]);
  const network = {
    lookup: () => Promise.resolve(['127.0.0.1']),
    canonicalNameOf: () => Promise.resolve(undefined),
    connect: (_host: string, port: number) =>
      net.connect({ host: '127.0.0.1', port: port === 443 ? cdnPort : ghostPort }),
    authorities: certificate.cert,
  };
  const settings = { network, signal: new AbortController().signal, environment: {} };
  const { site } = new DoctorContext({ ghost: folder }, settings);
  const context = new DoctorContext({ ghost: folder }, { ...settings, site: change(site as GhostSite) });
  const results = [await checkBlogAnswers(context), await checkSizes(context), await checkSizesOnCdn(context)];
  return results.map((result) => ('cure' in result ? result.cure : undefined));
}

test('Ghost-CLI shows it', async () => {
  writeFileSync(path.join(folder, '.ghost-cli'), '{}');
  const command = `cd ${folder} && ghost log`;
  expect(await curesFor()).toEqual([
    `Start Ghost, and read its log if it does not start: ${command}`,
    `Read Ghost's log: ${command}`,
    `The CDN cannot reach Ghost, or Ghost fails. Check the CDN's Ghost origin, and read Ghost's log: ${command}`,
  ]);
});

test('Docker Compose shows it', async () => {
  const cures = await curesFor((site) => ({ ...site, compose: { name: 'blog' } as GhostSite['compose'] }));
  expect(cures).toEqual(Array(3).fill(expect.stringContaining(`: cd ${folder} && docker compose logs blog`)));
});

test('no command of another kind of installation is named', async () => {
  expect(await curesFor()).toEqual(Array(3).fill(expect.stringMatching(/log[^:]*: the output of Ghost's process$/)));
});
