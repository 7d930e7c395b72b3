import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { detectHost } from './host';
import { describeHost } from './host-description';
import { checkRegion, namedRegion } from './region';

/**
 * Finds the region for an image server, from the option, the environment or the profile. Without one, it is the region
 * of the EC2 instance or ECS task that this process runs in.
 *
 * @param options the options `--region` and `--profile`, with the same meaning as in the AWS CLI
 * @returns undefined when no region is set
 * @throws Failure for a region in which the image server cannot be
 */
export async function findRegion({
  region,
  profile,
}: {
  region?: string;
  profile?: string;
}): Promise<string | undefined> {
  const named = namedRegion(region);
  const found = await new CloudFormationClient({ region: named.region, profile }).config
    .region()
    .catch(() => undefined);
  if (found) {
    checkRegion(found, named.setting);
    return found;
  }
  const host = await detectHost();
  return host && (await describeHost(host))?.region;
}
