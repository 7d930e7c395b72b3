import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { openBrowser, type Browser } from '../support/browser';
import { digest, MIB } from '../support/bytes';
import { adapterConfig } from '../support/ghost/adapter-config';
import { AdminApi } from '../support/ghost/admin-api';
import { freePort, startGhost, type RunningGhost } from '../support/ghost/boot';
import { installGhost } from '../support/ghost/install';
import { longVideo } from '../support/long-video';
import { startS3UnderTest, type S3UnderTest } from '../support/s3-under-test';
import { SETUP_TIMEOUT_MS, TEST_TIMEOUT_MS } from './timeouts';

jest.setTimeout(TEST_TIMEOUT_MS);

const BYTES = 200 * MIB;
const SECONDS = 600;
/** Forth and back, in seconds. */
const SEEKS = [300, 60, 590, 420.5, 150];

interface RangeAnswer {
  asked: string;
  status: number;
  contentRange: string;
  contentLength: number;
  type?: string;
}

describe('a video of 200 MB on a site that is its own CDN', () => {
  let s3: S3UnderTest;
  let bucket: string;
  let ghost: RunningGhost;
  let admin: AdminApi;
  let browser: Browser;
  const video = longVideo(SECONDS / 2, BYTES);

  beforeAll(async () => {
    const install = await installGhost();
    s3 = await startS3UnderTest();
    bucket = await s3.createBucket();
    const { endpoint, region } = s3;
    const { accessKeyId, secretAccessKey } = s3.credentials;
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const credentials = { accessKeyId, secretAccessKey };
    const options = { bucket, region, endpoint, forcePathStyle: true, ...credentials, cdnUrl: url };
    ghost = await startGhost({ install, port, url, config: adapterConfig(options) });
    admin = await AdminApi.setUp(ghost.url);
    browser = await openBrowser();
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    await ghost?.stop();
    await s3?.close();
  });

  it('arrives in the bucket whole, plays, and seeks by ranges, while the memory of the blog stays flat', async () => {
    const { url } = await admin.uploadMedia({ name: 'film.mp4', bytes: video, type: 'video/mp4' });
    expect(new URL(url).origin).toBe(ghost.url);
    const stored = await s3.read(bucket, new URL(url).pathname.slice(1));
    expect(digest(stored.bytes)).toBe(digest(video));

    const answers = recordRanges(browser.page, url);
    const card = { type: 'video', version: 1, src: url, width: 640, height: 400, duration: SECONDS };
    const lexical = { root: { type: 'root', version: 1, format: '', indent: 0, direction: null, children: [card] } };
    const post = await admin.createPost({ title: 'A film', lexical: JSON.stringify(lexical), status: 'published' });
    await browser.page.goto(post.url);
    expect(await play(browser.page)).toBeCloseTo(SECONDS, 0);

    const seeks: { to: number; shown: number; offset?: number }[] = [];
    const grownBytes = await memoryGrowth(ghost.pid, async () => {
      for (const to of SEEKS) {
        const shown = await seek(browser.page, to);
        seeks.push({ to, shown, offset: offsetOf(answers.at(-1)?.asked) });
      }
    });

    for (const { to, shown, offset } of seeks) {
      expect(shown).toBeCloseTo(to, 1);
      // Where that second lies in the file, give or take two seconds of it: what lies between is not fetched.
      expect(Math.abs((offset ?? 0) - (to / SECONDS) * BYTES)).toBeLessThan(MIB);
    }
    for (const { asked, status, contentRange, contentLength, type } of answers) {
      const start = offsetOf(asked);
      expect({ status, type, contentRange, contentLength }).toEqual({
        status: 206,
        type: 'video/mp4',
        contentRange: `bytes ${start}-${BYTES - 1}/${BYTES}`,
        contentLength: BYTES - start,
      });
    }
    expect(grownBytes).toBeLessThan(80 * MIB);
  });
});

/** @returns where a range begins that goes on to the end, as browsers ask for videos */
function offsetOf(range = ''): number {
  return Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
}

/** Every answer to the browser for the video, in order. */
function recordRanges(page: Page, url: string): RangeAnswer[] {
  const answers: RangeAnswer[] = [];
  page.on('response', (response) => {
    if (response.url() !== url) return;
    const headers = response.headers();
    answers.push({
      asked: response.request().headers().range ?? '',
      status: response.status(),
      contentRange: headers['content-range'] ?? '',
      contentLength: Number(headers['content-length']),
      type: headers['content-type'],
    });
  });
  return answers;
}

/** @returns the seconds that the browser takes the video for, once it has played a little */
function play(page: Page): Promise<number> {
  return page.evaluate<number>(`(async () => {
    const video = document.querySelector('.kg-video-card video');
    video.muted = true;
    await video.play();
    while (video.currentTime < 0.5) await new Promise((resolve) => setTimeout(resolve, 20));
    video.pause();
    return video.duration;
  })()`);
}

/** @returns the second that the video is at when the browser has a frame for it */
function seek(page: Page, to: number): Promise<number> {
  return page.evaluate<number>(`(async () => {
    const video = document.querySelector('.kg-video-card video');
    video.currentTime = ${to};
    await new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
    while (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.seeking) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return video.currentTime;
  })()`);
}

/** Returns the most, in bytes, by which the resident memory of a process grows during some work. */
async function memoryGrowth(pid: number, work: () => Promise<void>): Promise<number> {
  const before = await residentBytes(pid);
  let peak = before;
  let isWorking = true;
  const watch = async () => {
    while (isWorking) {
      peak = Math.max(peak, await residentBytes(pid));
      await sleep(20);
    }
  };
  const watched = watch();
  await work().finally(() => (isWorking = false));
  await watched;
  return peak - before;
}

async function residentBytes(pid: number): Promise<number> {
  const kibibytes =
    process.platform === 'linux'
      ? /^VmRSS:\s*(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
      : (await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])).stdout;
  return Number(kibibytes) * 1024;
}
