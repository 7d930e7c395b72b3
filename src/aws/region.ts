import { Failure } from '../shell/failure';

/**
 * The regions in China, of GovCloud, of the European Sovereign Cloud, and the secret ones. The SDK's own `partition` needs
 * 20 ms to load, a tenth of the time of `provision --dry-run`.
 * https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
 */
const OTHER_PARTITIONS = /^(cn|us-gov|eusc|(us|eu)-iso[a-z]?)-/;

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
  if (OTHER_PARTITIONS.test(region)) {
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
