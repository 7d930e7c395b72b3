import {
  DescribeCertificateCommand,
  paginateListCertificates,
  type ACMClient,
  type CertificateDetail,
  type CertificateStatus,
  type CertificateSummary,
} from '@aws-sdk/client-acm';
import { absentIf } from '../../../aws/errors';

/**
 * Lists the certificates with one of these statuses whose key type CloudFront accepts.
 *
 * @see https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html
 */
export async function listCertificates(acm: ACMClient, statuses: CertificateStatus[]): Promise<CertificateSummary[]> {
  const summaries: CertificateSummary[] = [];
  for await (const { CertificateSummaryList = [] } of paginateListCertificates(
    { client: acm },
    // Without key types, ACM lists RSA certificates only.
    { CertificateStatuses: statuses, Includes: { keyTypes: ['RSA_2048', 'EC_prime256v1'] } },
  )) {
    summaries.push(...CertificateSummaryList);
  }
  return summaries;
}

/**
 * Reads the details of a certificate.
 *
 * @returns undefined when it does not exist, as right after the request or after its deletion
 * @see https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
 */
export async function certificateDetail(acm: ACMClient, arn: string): Promise<CertificateDetail | undefined> {
  const answer = await absentIf(['ResourceNotFoundException'], () =>
    acm.send(new DescribeCertificateCommand({ CertificateArn: arn })),
  );
  return answer?.Certificate;
}
