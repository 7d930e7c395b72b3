import { createHash } from 'node:crypto';
import {
  DescribeCertificateCommand,
  ListCertificatesCommand,
  RequestCertificateCommand,
  type ACMClient,
  type CertificateDetail,
  type CertificateStatus,
  type CertificateSummary,
} from '@aws-sdk/client-acm';
import { Failure } from '../../../shell/failure';
import { absentIf, call } from '../aws/errors';
import { certificateName, wildcardOf } from './name';
import { validationFailure } from './validation';

/** A certificate of ACM in us-east-1, as it is for the domain. */
export interface Certificate {
  arn: string;
  status: CertificateStatus;
  /** All names, as `*.example.com`. */
  names: string[];
  /** Whether it is a wildcard that covers the domain, and not the domain's own name. */
  wildcard: boolean;
  notAfter?: Date;
  createdAt?: Date;
}

/**
 * Whether a certificate with these names is one for the domain: a wildcard stands for exactly one label.
 */
export function covers(names: string[], domain: string): boolean {
  return hasName(names, domain) || hasName(names, wildcardOf(domain));
}

/**
 * Finds a certificate to use for the domain, in this order: issued for its name, issued for a wildcard (of each kind
 * the one that is valid longest), requested and still to be validated by DNS.
 *
 * @param acm client of us-east-1
 * @throws Failure
 * @see https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html
 */
export async function findCertificate(acm: ACMClient, domain: string): Promise<Certificate | undefined> {
  const candidates: Certificate[] = [];
  for (const summary of await listCertificates(acm, ['ISSUED', 'PENDING_VALIDATION'])) {
    const certificate = await fromSummary(acm, summary, domain);
    // Browsers do not trust a private authority.
    if (certificate && summary.Type !== 'PRIVATE') {
      candidates.push(certificate);
    }
  }
  const rank = ({ status, wildcard }: Certificate) => (status === 'ISSUED' ? 0 : 2) + (wildcard ? 1 : 0);
  const age = ({ notAfter, createdAt }: Certificate) => (notAfter ?? createdAt)?.getTime() ?? 0;
  candidates.sort((one, other) => rank(one) - rank(other) || age(other) - age(one));
  for (const candidate of candidates) {
    if (candidate.status === 'ISSUED' || (await needsOneRecord(acm, candidate))) {
      return candidate;
    }
  }
  return undefined;
}

/**
 * Looks at the certificate that the user has named.
 *
 * @param acm client of us-east-1
 * @param arn `arn:aws:acm:us-east-1:123456789012:certificate/…`
 * @returns it, issued or still to be validated
 * @throws Failure when CloudFront would not take it for the domain
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
 */
export async function describeCertificate(acm: ACMClient, arn: string, domain: string): Promise<Certificate> {
  const region = /^arn:aws:acm:([a-z0-9-]+):\d{12}:certificate\/[\w-]+$/.exec(arn)?.[1];
  if (!region) {
    throw new Failure(
      `--certificate-arn: ${arn} is not the ARN of an ACM certificate.`,
      'It looks like arn:aws:acm:us-east-1:123456789012:certificate/12345678-…: see the console of ACM in us-east-1.',
    );
  }
  if (region !== 'us-east-1') {
    throw new Failure(
      `--certificate-arn: the certificate is in ${region}, and CloudFront takes certificates from us-east-1 only.`,
      'Leave out --certificate-arn to get one in us-east-1, or name one from there.',
    );
  }
  const detail = await describe(acm, arn).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') {
      throw new Failure(
        `--certificate-arn: there is no certificate ${arn} in this account.`,
        'Compare it with: aws acm list-certificates --region us-east-1. Perhaps --profile names another account.',
        { cause: error },
      );
    }
    throw error;
  });
  const certificate = fromDetail(detail, domain);
  if (!covers(certificate.names, domain)) {
    throw new Failure(
      `--certificate-arn: the certificate is for ${certificate.names.join(', ')}, and not for ${domain}. ` +
        'A wildcard stands for one label only.',
      `Name a certificate for ${domain} or ${wildcardOf(domain)}, or leave out --certificate-arn to get one.`,
    );
  }
  if (detail.Type === 'PRIVATE') {
    throw new Failure(
      '--certificate-arn: the certificate comes from a private authority, which browsers do not trust.',
      'Leave out --certificate-arn to get a public one.',
    );
  }
  // ACM spells it with a hyphen here and with an underscore elsewhere.
  if (/^EC.(?!prime256v1)/.test(detail.KeyAlgorithm ?? '')) {
    throw new Failure(
      `--certificate-arn: CloudFront does not take certificates with the key type ${detail.KeyAlgorithm}.`,
      'Name one with RSA or with EC_prime256v1, or leave out --certificate-arn to get one.',
    );
  }
  if (detail.Status !== 'ISSUED' && detail.Status !== 'PENDING_VALIDATION') {
    throw validationFailure(detail);
  }
  return certificate;
}

/**
 * Looks at a certificate as it is, also at one that is of no use any more: expired, revoked, refused, or for another
 * domain.
 *
 * @param acm client of us-east-1
 * @param arn `arn:aws:acm:us-east-1:123456789012:certificate/…`
 * @returns undefined when there is no such certificate
 * @throws Failure when the look is not allowed
 * @see https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
 */
export async function lookAtCertificate(acm: ACMClient, arn: string, domain: string): Promise<Certificate | undefined> {
  const detail = await absentIf(['ResourceNotFoundException'], () => describe(acm, arn));
  return detail && fromDetail(detail, domain);
}

/**
 * Requests a certificate that is validated by DNS. Requests that follow each other within an hour are one.
 *
 * @param acm client of us-east-1
 * @param wanted `wildcard`: for all names beside the domain, `*.example.com`
 * @returns ARN of the certificate, which is not issued yet
 * @throws Failure, also when no certificate can have the name
 * @see https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
 */
export async function requestCertificate(
  acm: ACMClient,
  { domain, wildcard }: { domain: string; wildcard: boolean },
): Promise<string> {
  const name = certificateName(domain, wildcard);
  const IdempotencyToken = await idempotencyToken(acm, name);
  const { CertificateArn } = await call('acm:RequestCertificate', () =>
    acm.send(
      new RequestCertificateCommand({
        DomainName: name,
        ValidationMethod: 'DNS',
        IdempotencyToken,
        Tags: [{ Key: 'ghost-storage-s3-cloudfront', Value: domain }],
      }),
    ),
  );
  if (!CertificateArn) {
    throw new Error('ACM has answered a request for a certificate without its ARN.');
  }
  return CertificateArn;
}

/**
 * Stable for a name, so that a request that is repeated at once is not a second certificate. For an hour ACM would
 * answer it with the certificate that it has refused: so these are part of it.
 */
async function idempotencyToken(acm: ACMClient, name: string): Promise<string> {
  const useless = await listCertificates(acm, ['FAILED', 'VALIDATION_TIMED_OUT', 'REVOKED', 'EXPIRED', 'INACTIVE']);
  const arns = useless.filter(({ DomainName }) => DomainName === name).map(({ CertificateArn }) => CertificateArn);
  return createHash('sha256')
    .update([name, ...arns.sort()].join('\n'))
    .digest('hex')
    .slice(0, 32);
}

async function listCertificates(acm: ACMClient, statuses: CertificateStatus[]): Promise<CertificateSummary[]> {
  const summaries: CertificateSummary[] = [];
  let NextToken: string | undefined;
  do {
    const page = await call('acm:ListCertificates', () =>
      acm.send(
        new ListCertificatesCommand({
          CertificateStatuses: statuses,
          // Without it, ACM keeps those with other keys than RSA to itself.
          Includes: { keyTypes: ['RSA_2048', 'EC_prime256v1'] },
          NextToken,
        }),
      ),
    );
    summaries.push(...(page.CertificateSummaryList ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  return summaries;
}

/** What both answers of ACM, the list and the description, say of a certificate. */
type Described = Pick<
  CertificateDetail,
  'CertificateArn' | 'DomainName' | 'SubjectAlternativeNames' | 'Status' | 'NotAfter' | 'CreatedAt'
>;

/** Undefined for a certificate of another domain. */
async function fromSummary(
  acm: ACMClient,
  summary: CertificateSummary,
  domain: string,
): Promise<Certificate | undefined> {
  const names = namesOf(summary.DomainName, summary.SubjectAlternativeNameSummaries);
  if (covers(names, domain)) {
    return fromDetail({ ...summary, SubjectAlternativeNames: names }, domain);
  }
  if (!summary.HasAdditionalSubjectAlternativeNames || !summary.CertificateArn) {
    return undefined;
  }
  const certificate = fromDetail(await describe(acm, summary.CertificateArn), domain);
  return covers(certificate.names, domain) ? certificate : undefined;
}

function fromDetail(detail: Described, domain: string): Certificate {
  const names = namesOf(detail.DomainName, detail.SubjectAlternativeNames);
  return {
    arn: detail.CertificateArn ?? '',
    status: detail.Status ?? 'PENDING_VALIDATION',
    names,
    wildcard: !hasName(names, domain) && covers(names, domain),
    notAfter: detail.NotAfter,
    createdAt: detail.CreatedAt,
  };
}

async function describe(acm: ACMClient, arn: string): Promise<CertificateDetail> {
  const { Certificate } = await call('acm:DescribeCertificate', () =>
    acm.send(new DescribeCertificateCommand({ CertificateArn: arn })),
  );
  return Certificate ?? {};
}

/** Whether one CNAME validates it: not one that waits for an e-mail, nor one with names of other people's domains. */
async function needsOneRecord(acm: ACMClient, { arn, names }: Certificate): Promise<boolean> {
  if (new Set(names.map((name) => name.replace(/^\*\./, ''))).size > 1) {
    return false;
  }
  const { DomainValidationOptions = [] } = await describe(acm, arn);
  return DomainValidationOptions.every(({ ValidationMethod = 'DNS' }) => ValidationMethod === 'DNS');
}

function namesOf(first: string | undefined, others: string[] = []): string[] {
  return [...new Set([...(first ? [first] : []), ...others])];
}

function hasName(names: string[], wanted: string): boolean {
  return names.some((name) => name.toLowerCase() === wanted.toLowerCase());
}
