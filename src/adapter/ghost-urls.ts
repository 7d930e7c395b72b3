import path from 'node:path';
import type { Config } from '../core/config';
import { ghostSetting, warnOnce } from '../core/ghost-host';

/** What Ghost calls the address of each kind of file, by the last part of the path that it is stored below. */
const URL_SETTINGS: Record<string, string> = { images: 'image', media: 'media', files: 'files' };

/**
 * Warns when Ghost's `urls` and the adapter's `cdnUrl` disagree: Ghost would then write addresses into posts at which
 * there is nothing. Its documentation shows `urls` with the content path, which leads to the blog's own host.
 */
export function warnOfOtherUrls({ cdnUrl, tenantPrefix, staticFileURLPrefix }: Config): void {
  // Ghost joins its `urls` with the content path: what stands before that in the bucket is part of them.
  const expected = [cdnUrl, tenantPrefix].filter(Boolean).join('/');
  const name = URL_SETTINGS[path.posix.basename(staticFileURLPrefix)];
  const set = name && ghostSetting(`urls:${name}`);
  if (typeof set === 'string' && set.replace(/\/+$/, '') !== expected) {
    warnOnce(
      `S3CloudFrontStorage: "urls.${name}" of Ghost's configuration is "${set}", and files are shown below "${expected}". ` +
        `Set "urls.${name}" to "${expected}", without the content path, or files are looked for where they are not.`,
    );
  }
}
