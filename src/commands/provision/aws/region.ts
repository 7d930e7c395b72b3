import { Failure } from '../../../shell/failure';

/**
 * @param option the value of `--region`
 * @returns the region that is named, and by what; AWS's command line reads AWS_DEFAULT_REGION, its SDK does not
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
 * @param setting what names the region
 * @throws Failure for what is no commercial region
 */
export function checkRegion(region: string, setting: string): void {
  if (/^(cn|us-gov|us-iso[a-z]*|eu-isoe|eusc)-/.test(region)) {
    throw new Failure(
      `${setting} is "${region}".`,
      'Choose a commercial region by --region, such as eu-central-1: in this one CloudFront and its certificates are not those that the template describes.',
    );
  }
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    throw new Failure(
      `${setting} is "${region}", which is no region.`,
      'Name one by --region, such as eu-central-1 or us-east-1.',
    );
  }
}
