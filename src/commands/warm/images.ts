import { visible } from '../../shell/text';
import { type Answer, refuse } from './client';
import type { DoneImages } from './done-images';
import { isSize } from './page';
import type { Run } from './run';
import type { WarmedImage } from './tally';

/** The header `Accept` for images: of Chrome, and of Safari before it could show WebP. */
const WITH_WEBP = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';
const WITHOUT_WEBP = 'image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5';

/** The formats that Ghost never resizes, so that it redirects to the full image. */
const NOT_RESIZED = /\.(?:svg|ico)$/i;

/** Requests images from the CDN: sizes as both kinds of browsers, all others once. */
export async function warmImages(run: Run, urls: ReadonlySet<string>, done: DoneImages): Promise<void> {
  if (done.count > 0 && (await hasLearnedWebp(run, urls, done))) {
    done.removeWithoutWebp();
  }
  await run.forEach(urls, async (url) => {
    const earlier = done.resultOf(url);
    if (earlier) {
      run.tally.warmed(earlier, true);
      return;
    }
    try {
      const warmed = await warmImage(run, url);
      if (warmed) {
        done.add(url, warmed);
        run.tally.warmed(warmed);
      } else {
        run.tally.redirectedTo(url);
      }
    } catch (error) {
      run.reportFailure('image', url, error);
    }
  });
}

/** Returns whether the CDN now sends a size as WebP that an earlier run got in another format. It asks for one of each. */
async function hasLearnedWebp(run: Run, urls: ReadonlySet<string>, done: DoneImages): Promise<boolean> {
  const asked = new Set<string>();
  for (const url of urls) {
    const [extension = ''] = /\.(jpe?g|png)$/i.exec(new URL(url).pathname) ?? [];
    const earlier = extension === '' || asked.has(extension) ? undefined : done.resultOf(url);
    if (earlier?.bytesWithWebp !== undefined && earlier.isWebp !== true) {
      asked.add(extension);
      const now = await request(run, url, WITH_WEBP).catch(() => undefined);
      if (now?.type === 'image/webp') {
        return true;
      }
    }
  }
  return false;
}

/** @returns undefined for a size in place of which the full image was sent */
async function warmImage(run: Run, url: string): Promise<WarmedImage | undefined> {
  const { imagesUrl } = run.target;
  const plain = await run.attempt(() => request(run, url, WITHOUT_WEBP));
  if (!isSize(url, imagesUrl)) {
    return { bytes: plain.bytes };
  }
  const webp = await run.attempt(() => request(run, url, WITH_WEBP));
  if ((plain.isRedirected || webp.isRedirected) && !NOT_RESIZED.test(new URL(url).pathname)) {
    return undefined;
  }
  return { bytes: plain.bytes, bytesWithWebp: webp.bytes, isWebp: webp.type === 'image/webp' };
}

async function request({ client, target: { blogUrl, imagesUrl } }: Run, url: string, accept: string) {
  const hosts = [blogUrl.host, new URL(imagesUrl).host];
  const answer = await client.get(new URL(url), accept, ({ host }) => hosts.includes(host));
  if (!answer.type.startsWith('image/')) {
    refuse(answer, `is not an image, but ${visible(answer.type) || 'a file without a type'}`);
  }
  return { type: answer.type, bytes: await countBytes(answer), isRedirected: answer.url.href !== url };
}

async function countBytes({ body }: Answer): Promise<number> {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
  }
  return bytes;
}
