import { createHash } from 'node:crypto';
import {
  RequestCertificateCommand,
  type ACMClient,
  type CertificateDetail,
  type CertificateStatus,
  type CertificateSummary,
} from '@aws-sdk/client-acm';
import { Failure } from '../../../shell/failure';
import type { Problem } from '../problem';
import { certificateDetail, listCertificates } from './acm';
import { certificateName, wildcardOf } from './name';
import { validationFailure } from './validation';

/** An ACM certificate in us-east-1, in relation to a domain. */
export interface Certificate {
  arn: string;
  status: CertificateStatus;
  /** All its names, `images.example.com`, `*.example.com` */
  names: string[];
  /** Whether the domain is covered only by a wildcard. */
  wildcard: boolean;
  notAfter?: Date;
  createdAt?: Date;
  /** Whether ACM renews it automatically. Imported certificates and those validated by e-mail are not renewed. */
  renewsItself: boolean;
}

/** Returns whether a certificate with these names covers the domain. A wildcard matches exactly one label. */
export function covers(names: string[], domain: string): boolean {
  return hasName(names, domain) || hasName(names, wildcardOf(domain));
}

/**
 * Finds a certificate for the domain. It prefers an issued one over one that waits for validation by DNS, then one that
 * renews itself, then the domain's own name over a wildcard, and then the one that is valid for the longest time.
 */
export async function findCertificate(acm: ACMClient, domain: string): Promise<Certificate | undefined> {
  const candidates: Certificate[] = [];
  for (const summary of await listCertificates(acm, ['ISSUED', 'PENDING_VALIDATION'])) {
    const certificate = await fromSummary(acm, summary, domain);
    // Browsers do not trust private authorities.
    if (certificate && summary.Type !== 'PRIVATE') {
      const { status, arn } = certificate;
      // Only the details contain how an issued one was validated.
      const detailed = status === 'ISSUED' ? await readCertificate(acm, arn, domain) : certificate;
      candidates.push(detailed ?? certificate);
    }
  }
  const rank = ({ status, renewsItself, wildcard }: Certificate) =>
    (status === 'ISSUED' ? 0 : 4) + (renewsItself ? 0 : 2) + (wildcard ? 1 : 0);
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
 * Reads the certificate from `--certificate-arn`, and checks that CloudFront accepts it for the domain.
 *
 * @param arn `arn:aws:acm:us-east-1:123456789012:certificate/…`
 * @returns the certificate, which is issued or waits for its validation
 * @throws Failure when CloudFront would not accept it
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
 */
export async function requireCertificate(acm: ACMClient, arn: string, domain: string): Promise<Certificate> {
  const region = /^arn:aws:acm:([a-z0-9-]+):\d{12}:certificate\/[\w-]+$/.exec(arn)?.[1];
  if (!region) {
    throw new Failure(
      `--certificate-arn: ${arn} is not the ARN of an ACM certificate.`,
      'An ARN looks like arn:aws:acm:us-east-1:123456789012:certificate/12345678-…. It is in the ACM console in us-east-1.',
    );
  }
  if (region !== 'us-east-1') {
    throw new Failure(
      `--certificate-arn: the certificate is in ${region}, but CloudFront accepts certificates only from us-east-1.`,
      'Leave out --certificate-arn to request one in us-east-1, or use one from there.',
    );
  }
  const detail = await certificateDetail(acm, arn);
  if (!detail) {
    throw new Failure(
      `--certificate-arn: the certificate ${arn} does not exist in this account.`,
      'Compare it with: aws acm list-certificates --region us-east-1. Also check that --profile is for the right account.',
    );
  }
  const certificate = fromDetail(detail, domain);
  if (!covers(certificate.names, domain)) {
    throw new Failure(
      `--certificate-arn: the certificate is for ${certificate.names.join(', ')}, not for ${domain}. ` +
        'A wildcard matches only one label.',
      `Use a certificate for ${domain} or ${wildcardOf(domain)}, or leave out --certificate-arn to request one.`,
    );
  }
  if (detail.Type === 'PRIVATE') {
    throw new Failure(
      '--certificate-arn: the certificate is from a private certificate authority, which browsers do not trust.',
      'Leave out --certificate-arn to request a public one.',
    );
  }
  // ACM writes EC-prime256v1 here, and EC_prime256v1 elsewhere.
  if (/^EC.(?!prime256v1)/.test(detail.KeyAlgorithm ?? '')) {
    throw new Failure(
      `--certificate-arn: CloudFront does not accept certificates with the key type ${detail.KeyAlgorithm}.`,
      'Use one with RSA or EC_prime256v1, or leave out --certificate-arn to request one.',
    );
  }
  if (detail.Status !== 'ISSUED' && detail.Status !== 'PENDING_VALIDATION') {
    throw validationFailure(detail);
  }
  return certificate;
}

/** How many days before a certificate expires ACM has renewed it at the latest. */
const DAYS_FOR_RENEWAL = 30;

/**
 * Returns a warning for a certificate that is not renewed automatically, or whose renewal is overdue.
 *
 * @param now milliseconds since the epoch
 * @see https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
 */
export function checkRenewal({ status, renewsItself, notAfter, arn }: Certificate, now: number): Problem | undefined {
  if (status !== 'ISSUED' || !notAfter) {
    return undefined;
  }
  const days = Math.floor((notAfter.getTime() - now) / 86_400_000);
  const end = `expires on ${notAfter.toISOString().slice(0, 10)}, in ${days} days`;
  if (!renewsItself) {
    return {
      check: 'certificate',
      refuses: false,
      cause: `The certificate ${arn} ${end}. ACM does not renew it automatically, because it was imported or is validated by e-mail.`,
      cure: 'Renew it in time, or use --certificate-arn with a certificate that is validated by DNS. To request a new one, delete this one from ACM (if nothing else uses it) and run the command again.',
    };
  }
  return days >= DAYS_FOR_RENEWAL
    ? undefined
    : {
        check: 'certificate',
        refuses: false,
        cause: `The certificate ${arn} ${end}. ACM should have renewed it by now.`,
        cure: 'Check in ACM (us-east-1) that its validation record still exists in DNS.',
      };
}

/** Reads a certificate in any state, even one that is expired, revoked, rejected or for another domain. */
export async function readCertificate(acm: ACMClient, arn: string, domain: string): Promise<Certificate | undefined> {
  const detail = await certificateDetail(acm, arn);
  return detail && fromDetail(detail, domain);
}

/**
 * Requests a certificate with validation by DNS. A second request within an hour returns the same certificate.
 *
 * @param wanted `wildcard`: whether to request `*.example.com` instead of `images.example.com`
 * @returns ARN of the certificate, which is not issued yet
 * @throws Failure when the name is not possible in a certificate
 * @see https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
 */
export async function requestCertificate(
  acm: ACMClient,
  { domain, wildcard }: { domain: string; wildcard: boolean },
): Promise<string> {
  const name = certificateName(domain, wildcard);
  const IdempotencyToken = await idempotencyToken(acm, name);
  const { CertificateArn } = await acm.send(
    new RequestCertificateCommand({
      DomainName: name,
      ValidationMethod: 'DNS',
      IdempotencyToken,
      Tags: [{ Key: 'ghost-storage-s3-cloudfront', Value: domain }],
    }),
  );
  if (!CertificateArn) {
    throw new Error('ACM responded to the request for a certificate without an ARN.');
  }
  return CertificateArn;
}

/**
 * Returns a token that is stable for a name, so that a repeated request does not create a second certificate. It
 * changes with each unusable certificate for the name, which ACM would otherwise return again for an hour.
 */
async function idempotencyToken(acm: ACMClient, name: string): Promise<string> {
  const useless = await listCertificates(acm, ['FAILED', 'VALIDATION_TIMED_OUT', 'REVOKED', 'EXPIRED', 'INACTIVE']);
  const arns = useless.filter(({ DomainName }) => DomainName === name).map(({ CertificateArn }) => CertificateArn);
  return createHash('sha256')
    .update([name, ...arns.sort()].join('\n'))
    .digest('hex')
    .slice(0, 32);
}

/** Returns undefined for a certificate of another domain. */
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
  const certificate = await readCertificate(acm, summary.CertificateArn, domain);
  return certificate && covers(certificate.names, domain) ? certificate : undefined;
}

function fromDetail(detail: Omit<CertificateDetail, 'KeyUsages' | 'ExtendedKeyUsages'>, domain: string): Certificate {
  const names = namesOf(detail.DomainName, detail.SubjectAlternativeNames);
  return {
    arn: detail.CertificateArn ?? '',
    status: detail.Status ?? 'PENDING_VALIDATION',
    names,
    wildcard: !hasName(names, domain) && covers(names, domain),
    notAfter: detail.NotAfter,
    createdAt: detail.CreatedAt,
    renewsItself:
      detail.Type === 'AMAZON_ISSUED' &&
      (detail.DomainValidationOptions ?? []).every(({ ValidationMethod = 'DNS' }) => ValidationMethod === 'DNS'),
  };
}

/** Returns whether a single CNAME is enough for validation, unlike with e-mail or certificates for several domains. */
async function needsOneRecord(acm: ACMClient, { arn, names }: Certificate): Promise<boolean> {
  if (new Set(names.map((name) => name.replace(/^\*\./, ''))).size > 1) {
    return false;
  }
  const detail = await certificateDetail(acm, arn);
  // A certificate that was deleted since it was listed has no detail.
  return (
    detail !== undefined &&
    (detail.DomainValidationOptions ?? []).every(({ ValidationMethod = 'DNS' }) => ValidationMethod === 'DNS')
  );
}

function namesOf(first: string | undefined, others: string[] = []): string[] {
  return [...new Set([...(first ? [first] : []), ...others])];
}

function hasName(names: string[], wanted: string): boolean {
  return names.some((name) => name.toLowerCase() === wanted.toLowerCase());
}
