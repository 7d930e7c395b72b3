import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { partition } from '@aws-sdk/core/client';
import { Failure } from '../shell/failure';
import { describeHost, detectHost } from './host';

/**
 * Finds the region of an image server: the one that the option, the environment or the profile names, otherwise the one
 * that the EC2 instance or ECS task of this process is in.
 *
 * @param options as the AWS CLI takes them
 * @returns undefined when nothing names one
 * @throws Failure for a region that the image server cannot be in
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
 * Returns the region that the option or the environment names, and the setting it comes from. Unlike the SDK, it also
 * reads AWS_DEFAULT_REGION, as the AWS CLI does.
 *
 * @param option value of `--region`
 * @returns `region`: undefined when only the profile can name it; `setting`: how an error refers to its source
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
 * @param setting where the region comes from, as the error names it
 * @throws Failure otherwise
 */
export function checkRegion(region: string, setting: string): void {
  if (partition(region).name !== 'aws') {
    throw new Failure(
      `${setting} is "${region}".`,
      'Choose a commercial region by --region, such as eu-central-1: in this one CloudFront and its certificates are not those that the template describes.',
    );
  }
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    throw new Failure(
      `${setting} is "${region}", which is not a region.`,
      'Name one by --region, such as eu-central-1 or us-east-1.',
    );
  }
}
