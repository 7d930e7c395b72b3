import { Failure } from '../../../shell/failure';

/** X.509 limits the common name, which is the first name of a certificate. */
const FIRST_NAME_LENGTH = 64;

/**
 * Returns the first name of a certificate for the domain.
 *
 * @param domain `images.example.com`
 * @param wildcard whether the certificate is to cover the names next to the domain, too
 * @returns `images.example.com`, or `*.example.com`
 * @throws Failure when no certificate can have the name: `*.com`, or more than 64 characters
 * @see https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
 */
export function certificateName(domain: string, wildcard: boolean): string {
  const wildcardName = wildcardOf(domain);
  const hasWildcard = wildcardName.split('.').length > 2;
  if (wildcard && !hasWildcard) {
    throw new Failure(
      `--wildcard: there are no certificates for ${wildcardName}.`,
      `Leave out --wildcard, or use a sub-domain such as images.${domain}.`,
    );
  }
  const name = wildcard ? wildcardName : domain;
  if (name.length > FIRST_NAME_LENGTH) {
    const shorter = !wildcard && hasWildcard && wildcardName.length <= FIRST_NAME_LENGTH;
    throw new Failure(
      `${name} is longer than the ${FIRST_NAME_LENGTH} characters that the first name of a certificate may have.`,
      `${shorter ? `Add --wildcard to get one for ${wildcardName}, or request` : 'Request'} a certificate with a ` +
        'shorter first name and this one as a further name, and name it with --certificate-arn.',
    );
  }
  return name;
}

/** Returns the wildcard for the domain and the names next to it: `*.example.com` for `images.example.com`. */
export function wildcardOf(domain: string): string {
  return `*${domain.slice(domain.indexOf('.'))}`;
}
