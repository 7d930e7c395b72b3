import path from 'node:path';
import { lookup } from 'mime-types';
import { get } from '../test/support/http-client';

/** As a browser asks for an image. */
const ACCEPT = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';

/** Returns the media type that a browser must get for a URL: WebP for the size of a JPEG, else what its extension says. */
function expectedType(url: URL): string {
  const type = lookup(path.posix.extname(url.pathname)) || '';
  return type === 'image/jpeg' && url.pathname.includes('/content/images/size/') ? 'image/webp' : type;
}

/** Returns every URL of a stored file in the page: in attributes, in each candidate of a srcset, in styles. */
function storedFilesOf(page: string): string[] {
  const urls = page
    .replaceAll('&amp;', '&')
    .replaceAll('\\/', '/')
    .match(/(?:https?:)?[\w.:/@%+~-]*\/content\/(?:images|media|files)\/[^\s"'<>)\\,]+/g);
  return [...new Set(urls)];
}

/**
 * Fetches every stored file that a published page shows, as a browser does.
 *
 * @param pageUrl the URL of the post
 * @param cdnUrl the CDN on which all the files must be
 * @param say receives a line for each file
 * @returns how many were missing, of the wrong type, redirected or not on the CDN
 */
export async function checkPublishedPage(
  pageUrl: string,
  cdnUrl: string,
  say: (line: string) => void,
): Promise<number> {
  const page = await get(pageUrl);
  const urls = storedFilesOf(page.body.toString());
  let problems = page.status === 200 && urls.length > 0 ? 0 : 1;
  say(`The page answered ${page.status} and shows ${urls.length} stored files:`);
  for (const link of urls) {
    const url = new URL(link, pageUrl);
    const answer = await get(url.href, { accept: ACCEPT });
    const type = String(answer.headers['content-type']);
    const isRight = url.origin === new URL(cdnUrl).origin && answer.status === 200 && type === expectedType(url);
    say(`  ${isRight ? '✔' : '✖'} ${answer.status} ${type.padEnd(16)} ${url.href}`);
    problems += isRight ? 0 : 1;
  }
  return problems;
}
