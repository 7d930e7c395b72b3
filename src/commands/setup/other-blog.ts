import { isEmpty, type Stack } from '../../aws/stack-state';
import { ADAPTER } from '../../core/features';
import { isObject, storageOf } from '../../ghost-site/config';
import type { GhostSite } from '../../ghost-site/site';
import { ownCommand } from '../../shell/called-as';
import { Failure } from '../../shell/failure';

/**
 * Makes sure that an existing image server does not belong to another blog. Both would share one bucket, in which their
 * files mix, and CloudFront would ask one Ghost for the sizes of both.
 *
 * @param server the domain of the images, and the region of the bucket
 * @param stack the existing one
 * @throws Failure with both blogs
 */
export function refuseServerOfOther(
  { config }: Pick<GhostSite, 'config'>,
  { domain, region }: { domain: string; region: string },
  stack: Stack | undefined,
): void {
  const { GhostHost, GhostPath = '' } = (stack && !isEmpty(stack) && stack.parameters) || {};
  const block = storageOf(config)[ADAPTER];
  const isConfigured = isObject(block) && block.bucket !== undefined && block.bucket === stack?.outputs.BucketName;
  const { protocol, hostname, pathname } = new URL(config.url ?? '');
  const isOwn = hostname === GhostHost && pathname.replace(/\/+$/, '') === GhostPath;
  if (GhostHost && !isConfigured && !isOwn) {
    const another = `Choose another domain, so that this blog gets its own image server and bucket: --domain ${domain.replace(/^[^.]+/, '$&-2')}`;
    const move = ownCommand(`provision --domain ${domain} --region ${region} --ghost-url ${config.url}`);
    throw new Failure(
      `https://${domain} is the image server of another blog, https://${GhostHost}${GhostPath}. This one is ${config.url}.`,
      // CloudFront does not ask any other blog.
      protocol === 'https:'
        ? `${another}\nIf this is the same blog at a new URL, update its image server first: ${move}`
        : another,
    );
  }
}
