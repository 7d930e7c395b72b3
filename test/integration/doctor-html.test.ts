import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { diagnose } from '../../src/commands/doctor/diagnose';
import { PageFile } from '../../src/commands/doctor/html/page-file';
import { writePage } from '../../src/commands/doctor/html/write-page';
import { launchChromium } from '../support/browser';
import { type Breakage, CDN_HOST, type Patient, startPatient } from '../support/doctor';
import { runCommandLine } from '../support/doctor/run-command';
import { installTools } from '../support/tls-cdn/tools';

let patient: Patient;
let browser: Browser | undefined;

beforeAll(() => installTools());

afterEach(async () => {
  await browser?.close();
  await patient.close();
  browser = undefined;
});

/** Examines a setup, and returns the page about it. */
async function writePageOf(breakage: Breakage): Promise<string> {
  patient = await startPatient(breakage);
  const file = path.join(patient.folder, 'doctor.html');
  const context = patient.contextFor();
  writePage(new PageFile(file), context, await diagnose(context));
  return file;
}

/** Opens a page as a user does who has got it as a file, and notes what it requests. */
async function open(file: string): Promise<{ page: Page; requests: string[]; errors: string[] }> {
  const port = patient.ports[`${CDN_HOST}:443`];
  browser = await launchChromium([
    `--host-resolver-rules=MAP ${CDN_HOST}:443 127.0.0.1:${port},MAP * ~NOTFOUND,EXCLUDE 127.0.0.1`,
    '--ignore-certificate-errors',
  ]);
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  const [requests, errors]: [string[], string[]] = [[], []];
  page.on('request', (request) => void requests.push(request.url()));
  page.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
  page.on('pageerror', ({ message }) => void errors.push(message));
  await page.goto(`file://${file}`);
  await page.waitForLoadState('load');
  return { page, requests, errors };
}

const boxesIn = async (page: Page): Promise<Record<string, string>> =>
  Object.fromEntries(
    await page
      .locator('[data-box]')
      .evaluateAll((boxes) => boxes.map((box) => [box.getAttribute('data-box'), box.className])),
  ) as Record<string, string>;

test('a setup that works: the verdict says so, six boxes are green, and images of the blog are shown from the CDN', async () => {
  const { page, requests, errors } = await open(await writePageOf({}));
  expect(await page.locator('h1').innerText()).toBe('✔ Everything works');
  expect(await boxesIn(page)).toEqual({
    Configuration: 'passed',
    Credentials: 'passed',
    Bucket: 'passed',
    CDN: 'passed',
    Visitor: 'passed',
    Ghost: 'passed',
  });
  expect(await page.locator('article').count()).toBe(0);
  const widths = await page.evaluate('[...document.images].map((image) => image.naturalWidth)');
  expect(widths).toEqual([1200, 1200, 1200, 1200, 1200]);
  expect(await page.locator('figure').first().innerText()).toMatch(
    /own-newest\.png\n\d KB · image\/png · (Miss|Hit) from cloudfront · \d+ ms/,
  );
  expect(
    requests.filter((url) => !url.startsWith('file:')).every((url) => url.startsWith(`https://${CDN_HOST}/`)),
  ).toBe(true);
  expect(errors).toEqual([]);
});

test('a broken setup: what to fix first comes first, its button copies the fix, and the boxes show where it is', async () => {
  const { page } = await open(await writePageOf({ files: ({ objects }) => objects.clear(), adapterVersion: '0.9.1' }));
  expect(await page.locator('h1').innerText()).toBe('✖ 1 problem found');
  expect(await page.title()).toBe('1 problem found');
  expect(await boxesIn(page)).toMatchObject({ Configuration: 'passed', Bucket: 'failed', Ghost: 'warned' });
  const [first] = await page.locator('article').all();
  expect(await first?.innerText()).toMatch(/The bucket blog-images is empty: none of the 7 files/);
  await first?.locator('button').click();
  await page.getByText('Copied').waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(
    /^npx ghost-storage-s3-cloudfront migrate --config \S+$/,
  );
  expect(await page.locator('section').nth(1).innerText()).toMatch(/^Warnings\n[^]*has version 0\.9\.1/);
});

test('checks that were skipped make a box gray, and not green', async () => {
  const { page } = await open(await writePageOf({ unknownHosts: [CDN_HOST] }));
  expect(await boxesIn(page)).toMatchObject({ CDN: 'failed', Visitor: 'unchecked', Credentials: 'passed' });
  expect(await page.locator('header').innerText()).toMatch(
    /\d+ checks were skipped because this failed: the image domain is in DNS/,
  );
});

test('the page is readable on a phone and on dark screens', async () => {
  const { page } = await open(await writePageOf({ files: ({ objects }) => objects.clear() }));
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  const paper = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await paper()).toBe('rgb(255, 255, 255)');
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await paper()).toBe('rgb(20, 24, 31)');
});

test('hostile names and headers stay text, and the page loads nothing but images from the CDN', async () => {
  const hostile = `"><img src=x onerror="document.title='hacked'"><script>document.title='hacked'</script>`;
  const file = await writePageOf({
    config: ({ urls }) => (urls.media = `https://example.test/${hostile}`),
    files: (files) => files.store(`images/2026/12/own-${hostile}.png`, 'image/png'),
    edge: {
      change: ({ headers }, url) => {
        if (url.includes('/own-')) headers['x-cache'] = hostile;
      },
    },
  });
  const { page, requests } = await open(file);
  expect(await page.title()).toBe('1 problem found');
  expect(await page.locator('script').count()).toBe(1);
  expect(await page.locator('article').first().innerText()).toContain('<script>');
  expect(await page.locator('figure').first().innerText()).toContain(`${hostile} · `);
  expect(
    requests.every((url) => url.startsWith('file:///') || url.startsWith(`https://${CDN_HOST}/content/images/`)),
  ).toBe(true);
});

test('no secret, no ID of an access key and no signature is in the page, wherever it comes from', async () => {
  const secrets = {
    accessKeyId: 'AKIADOCTORGHOST00000',
    secretAccessKey: 'secret-of-the-ghost',
    fallback: 'a-secret-between-the-cdn-and-ghost',
  };
  patient = await startPatient({});
  const file = path.join(patient.folder, 'doctor.html');
  const context = patient.contextFor();
  const reports = await diagnose(context);
  const signed =
    'https://bucket.example/x?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261128&X-Amz-Signature=0123abcd&x=1';
  const found = `${Object.values(secrets).join(' ')} AKIAIOSFODNN7EXAMPLE ${signed} https://user:word@proxy.example/`;
  reports.push({ group: 'CDN', name: 'x', label: found, result: 'failed', found, tried: found, cure: found });
  writePage(new PageFile(file), context, reports);
  const page = readFileSync(file, 'utf8');
  for (const secret of [...Object.values(secrets), 'AKIA', '0123abcd', '20261128', 'user:word']) {
    expect(page).not.toContain(secret);
  }
  expect(page).toContain('https://proxy.example/');
});

test('the command writes the page, and replaces its own page of an earlier run', async () => {
  patient = await startPatient({ files: ({ objects }) => objects.clear() });
  const file = path.join(patient.folder, 'report.html');
  const run = () =>
    runCommandLine(['doctor', '--ghost', patient.folder, '--html', file], patient.ports, {
      NODE_EXTRA_CA_CERTS: patient.authorityFile,
    }).ended;
  for (const count of [1, 2]) {
    const { status, stdout } = await run();
    expect([count, status]).toEqual([count, 1]);
    expect(stdout).toContain(`The page ${file} shows all of this, without secrets.`);
    expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>[^]*The bucket blog-images is empty[^]*<\/html>\n$/);
  }
  expect(statSync(file).mode & 0o111).toBe(0);
  expect(readdirSync(patient.folder).filter((name) => name.startsWith('report'))).toEqual(['report.html']);
});

test('where Ghost is not found, there is a page about that, too', async () => {
  patient = await startPatient({});
  const file = path.join(patient.folder, 'doctor.html');
  const { status } = await runCommandLine(['doctor', '--ghost', '/nonexistent', '--html', file], patient.ports).ended;
  expect(status).toBe(1);
  const { page, requests } = await open(file);
  expect(await page.locator('h1').innerText()).toBe('✖ 1 problem found');
  expect(await boxesIn(page)).toMatchObject({ Configuration: 'failed', Credentials: 'unchecked', Ghost: 'unchecked' });
  expect(requests).toHaveLength(1);
});

test('what is there and is not such a page stays as it is, before anything is checked', async () => {
  patient = await startPatient({});
  const at = (name: string) => path.join(patient.folder, name);
  writeFileSync(at('notes.html'), '<p>My notes</p>');
  symlinkSync(at('notes.html'), at('link.html'));
  mkdirSync(at('folder.html'));
  const refusals = [
    ['notes.html', 'a file that this command has not written'],
    ['link.html', 'a link'],
    ['folder.html', 'a folder'],
    ['missing/doctor.html', 'cannot be written (ENOENT)'],
  ] as const;
  for (const [name, reason] of refusals) {
    const { status, stdout, stderr } = await runCommandLine(['doctor', '--html', at(name)], patient.ports).ended;
    expect([name, status, stdout]).toEqual([name, 1, '']);
    expect(stderr).toContain(`--html: ${at(name)}`);
    expect(stderr).toContain(reason);
  }
  expect(readFileSync(at('notes.html'), 'utf8')).toBe('<p>My notes</p>');
  expect(lstatSync(at('link.html')).isSymbolicLink()).toBe(true);
});
