import { Failure } from '../../../shell/failure';

/** The longest first name of a certificate (characters): X.509 limits this name, the common name. */
const FIRST_NAME_LENGTH = 64;

/**
 * Returns the first name of a certificate for the domain.
 *
 * @param domain `images.example.com`
 * @param wildcard whether the certificate must also cover the names next to the domain
 * @returns `images.example.com`, or `*.example.com`
 * @throws Failure when the name is not possible: `*.com`, or more than 64 characters
 * @see https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
 */
export function certificateName(domain: string, wildcard: boolean): string {
  const wildcardName = wildcardOf(domain);
  const hasWildcard = wildcardName.split('.').length > 2;
  if (wildcard && !hasWildcard) {
    throw new Failure(
      `--wildcard: certificates for ${wildcardName} do not exist.`,
      `Leave out --wildcard, or use a subdomain such as images.${domain}.`,
    );
  }
  const name = wildcard ? wildcardName : domain;
  if (name.length > FIRST_NAME_LENGTH) {
    const shorter = !wildcard && hasWildcard && wildcardName.length <= FIRST_NAME_LENGTH;
    throw new Failure(
      `${name} is too long: the first name of a certificate can have at most ${FIRST_NAME_LENGTH} characters.`,
      `${shorter ? `Add --wildcard for a certificate for ${wildcardName}, or request` : 'Request'} a certificate with a ` +
        'shorter first name and this one as an additional name, and pass it with --certificate-arn.',
    );
  }
  return name;
}

/** Returns the wildcard for the domain and the names next to it: `*.example.com` for `images.example.com`. */
export function wildcardOf(domain: string): string {
  return `*${domain.slice(domain.indexOf('.'))}`;
}
