import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckReport } from '../src/commands/doctor/check';
import { diagnose } from '../src/commands/doctor/diagnose';
import { PageFile } from '../src/commands/doctor/html/page-file';
import { writePage } from '../src/commands/doctor/html/write-page';
import { launchChromium } from '../test/support/browser';
import { BLOG_HOST, CDN_HOST, type Patient, startPatient } from '../test/support/doctor';
import { installTools } from '../test/support/tls-cdn/tools';
import { savePng } from './pictures/save-png';

const SCREENSHOT = join(__dirname, '../docs/images/doctor.png');
const FIXTURES = join(__dirname, '../test/support/fixtures');

/** The images of the blog, and the fixtures that they show. */
const IMAGES: Record<string, string> = {
  'images/2014/03/lake.jpg': 'landscape.jpg',
  'images/2018/08/shore.jpg': 'portrait.jpg',
  'images/2021/05/sunset.png': 'icon.png',
  'images/2023/12/forest.jpg': 'clip-thumbnail.jpg',
  'images/2026/10/evening.png': 'other-icon.png',
};

const NOT_MOVED = ['images/2026/11/harbor.jpg', 'images/2026/11/market.jpg', 'media/2026/11/interview.mp4'];

/** The part of the page to show, in CSS pixels. */
const SIZE = { width: 960, height: 1165 };

/**
 * Takes a screenshot of the page that `doctor --html` writes: a half-moved blog, with an adapter of an earlier
 * version. Run it with `npx tsx scripts/screenshot-doctor.ts`.
 */
async function main(): Promise<void> {
  await installTools();
  const patient = await startPatient({
    adapterVersion: '0.9.1',
    files: async (files) => {
      await files.emptyDisk();
      files.objects.clear();
      for (const [file, name] of Object.entries(IMAGES)) {
        const bytes = await readFile(join(FIXTURES, name));
        await files.write(file, bytes);
        await files.store(file, name.endsWith('.png') ? 'image/png' : 'image/jpeg', bytes);
      }
      for (const file of NOT_MOVED) {
        await files.write(file);
      }
    },
  });
  try {
    const context = patient.contextFor();
    const reports = JSON.stringify(await diagnose(context)).replaceAll(patient.folder, '/var/www/ghost');
    const page = join(patient.folder, 'doctor.html');
    writePage(new PageFile(page), context, JSON.parse(reports) as CheckReport[]);
    await writeFile(page, (await readFile(page, 'utf8')).replaceAll(BLOG_HOST, 'blog.example.com'));
    await photograph(patient, page);
  } finally {
    await patient.close();
  }
}

async function photograph({ ports }: Patient, file: string): Promise<void> {
  const browser = await launchChromium([
    `--host-resolver-rules=MAP ${CDN_HOST}:443 127.0.0.1:${ports[`${CDN_HOST}:443`]},MAP * ~NOTFOUND,EXCLUDE 127.0.0.1`,
    '--ignore-certificate-errors',
  ]);
  try {
    const page = await browser.newPage({ viewport: SIZE, deviceScaleFactor: 1.5 });
    await page.goto(`file://${file}`);
    await page.waitForLoadState('load');
    await savePng(await page.screenshot(), SCREENSHOT);
  } finally {
    await browser.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
