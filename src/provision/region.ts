import { Failure } from '../cli/failure';

/** @throws Failure for what is no commercial region */
export function checkRegion(region: string): void {
  if (/^(cn|us-gov|us-iso[a-z]*|eu-isoe|eusc)-/.test(region)) {
    throw new Failure(
      `--region is "${region}".`,
      'Choose a commercial region, such as eu-central-1: in this one CloudFront and its certificates are not those that the template describes.',
    );
  }
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    throw new Failure(`--region is "${region}", which is no region.`, 'Write it as eu-central-1 or us-east-1.');
  }
}
