import type { S3CloudFrontStorage } from '../../src/adapter/adapter';
import { webp } from './photos';

/**
 * Stores an image size, if the request is for one that is not there, as Ghost does. A size is a copy of the image, or some
 * WebP: tests check only who creates and stores it.
 *
 * @param path below the prefix, `/size/w600/format/webp/2026/11/x.jpg`
 */
export async function makeSize(adapter: S3CloudFrontStorage, path: string): Promise<void> {
  const [size, format, original = ''] = /^\/size\/w\d+(\/format\/webp)?\/(.+)$/.exec(path) ?? [];
  if (size === undefined || (await adapter.exists(size.slice(1)))) {
    return;
  }
  const image = await adapter.read({ path: original });
  await adapter.saveRaw(format ? webp([]) : image, size.slice(1));
}
