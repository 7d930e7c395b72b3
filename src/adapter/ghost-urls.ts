import path from 'node:path';
import type { Config } from '../core/config';
import { type Feature, ghostUrlOf, URL_NAMES } from '../core/features';
import { ghostSetting, warnOnce } from '../core/ghost-host';

/**
 * Warns when Ghost's `urls` and the adapter's `cdnUrl` disagree: Ghost would then write broken URLs into posts. Ghost's
 * documentation shows `urls` with the content path, which only works for the blog's own host.
 */
export function warnIfUrlsDiffer(config: Config): void {
  const expected = ghostUrlOf(config);
  const name = URL_NAMES[path.posix.basename(config.staticFileURLPrefix) as Feature] as string | undefined;
  const set = name && ghostSetting(`urls:${name}`);
  if (typeof set === 'string' && set.replace(/\/+$/, '') !== expected) {
    warnOnce(
      `S3CloudFrontStorage: "urls.${name}" in Ghost's configuration is "${set}", but the adapter's files are at "${expected}". ` +
        `Set "urls.${name}" to "${expected}", without the content path. Otherwise Ghost writes broken links.`,
    );
  }
}
