import { partition } from '@aws-sdk/core/client';
import { Failure } from '../shell/failure';

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
