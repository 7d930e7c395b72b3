import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { partition } from '@aws-sdk/core/client';
import { Failure } from '../shell/failure';
import { describeHost, detectHost } from './host';

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

/**
 * Returns the region from the option or the environment, and the setting it comes from. Like the AWS CLI, and unlike
 * the SDK, it also reads AWS_DEFAULT_REGION.
 *
 * @param option value of `--region`
 * @returns `region`: undefined when only the profile can set it; `setting`: how an error refers to the source
 */
export function namedRegion(option: string | undefined): { region?: string; setting: string } {
  if (option !== undefined) {
    return { region: option, setting: '--region' };
  }
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  if (AWS_REGION) {
    return { region: AWS_REGION, setting: 'The environment variable AWS_REGION' };
  }
  return AWS_DEFAULT_REGION
    ? { region: AWS_DEFAULT_REGION, setting: 'The environment variable AWS_DEFAULT_REGION' }
    : { setting: 'The region of the profile' };
}

/**
 * Checks that a region is a commercial one.
 *
 * @param setting where the region comes from, as the error refers to it
 * @throws Failure otherwise
 */
export function checkRegion(region: string, setting: string): void {
  if (partition(region).name !== 'aws') {
    throw new Failure(
      `${setting} is "${region}", which is not a commercial AWS region.`,
      'Choose another region, for example --region eu-central-1. The regions in China and GovCloud have a different CloudFront.',
    );
  }
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    throw new Failure(
      `${setting} is "${region}", which is not a region.`,
      'Choose one with --region, for example --region eu-central-1.',
    );
  }
}
