import { createHash } from 'node:crypto';
import type {
  CertificateDetail,
  CertificateStatus,
  CertificateSummary,
  CertificateType,
  DescribeCertificateCommandInput,
  FailureReason,
  KeyAlgorithm,
  ListCertificatesCommandInput,
  RequestCertificateCommandInput,
  ValidationMethod,
} from '@aws-sdk/client-acm';
import { awsError } from './aws-error';
import type { Identifiers } from './identifiers';
import { page } from './pages';
import type { ClientConfig, Operations } from './switchboard';

const HOUR = 3_600_000;
/** How many of a certificate's names ACM lists. */
const NAMES_IN_SUMMARY = 100;

export interface Certificate {
  arn: string;
  /** The certificate's domain, then its alternative names. */
  names: string[];
  status: CertificateStatus;
  type: CertificateType;
  keyAlgorithm: KeyAlgorithm;
  validationMethod: ValidationMethod;
  createdAt: Date;
  notAfter?: Date;
  failureReason?: FailureReason;
  tags: Record<string, string>;
  idempotencyToken?: string;
  /** How often it was described: ACM decides on the record only after the request. */
  described: number;
  /** Whether ACM has seen the record. */
  validated: boolean;
}

/** ACM with its certificates, in all regions. */
export class Certificates {
  readonly all: Certificate[] = [];

  /**
   * @param now in milliseconds
   * @param hasRecord whether DNS shows a CNAME
   */
  constructor(
    private readonly accountId: string,
    private readonly identifiers: Identifiers,
    private readonly now: () => number,
    private readonly hasRecord: (name: string, value: string) => boolean,
  ) {}

  /** Adds a certificate: by default an issued one with an RSA key in us-east-1. */
  add({ region = 'us-east-1', ...given }: Partial<Certificate> & { names: string[]; region?: string }): Certificate {
    const certificate: Certificate = {
      arn: `arn:aws:acm:${region}:${this.accountId}:certificate/${this.identifiers.uuid()}`,
      status: 'ISSUED',
      type: 'AMAZON_ISSUED',
      keyAlgorithm: 'RSA_2048',
      validationMethod: 'DNS',
      createdAt: new Date(this.now()),
      tags: {},
      described: 0,
      validated: false,
      ...given,
    };
    if (certificate.status === 'ISSUED') {
      certificate.notAfter ??= new Date(this.now() + 395 * 24 * HOUR);
    }
    this.all.push(certificate);
    return certificate;
  }

  get(arn: string): Certificate {
    const certificate = this.all.find((candidate) => candidate.arn === arn);
    if (!certificate) {
      throw awsError('acm', 'ResourceNotFoundException', `Could not find certificate ${arn} in account.`);
    }
    return certificate;
  }

  /** Has ACM see the record outside of the account's zones. */
  validate(arn: string): void {
    this.get(arn).validated = true;
  }

  fail(arn: string, reason: FailureReason): void {
    Object.assign(this.get(arn), { status: 'FAILED', failureReason: reason });
  }

  /** @see https://docs.aws.amazon.com/acm/latest/APIReference/API_Operations.html */
  readonly operations: Operations = {
    ListCertificates: ({ CertificateStatuses, Includes, NextToken }: ListCertificatesCommandInput, client) => {
      const keyTypes = Includes?.keyTypes ?? ['RSA_1024', 'RSA_2048'];
      const matching = this.in(client).filter(
        ({ status, keyAlgorithm }) =>
          (CertificateStatuses?.includes(status) ?? true) && keyTypes.includes(keyAlgorithm),
      );
      const { items, next } = page(matching, NextToken);
      return { CertificateSummaryList: items.map(summary), NextToken: next };
    },

    DescribeCertificate: ({ CertificateArn = '' }: DescribeCertificateCommandInput, client) => {
      if (!CertificateArn.startsWith('arn:aws:acm:')) {
        throw awsError('acm', 'ValidationException', `The arn ${CertificateArn} is not a certificate's.`);
      }
      const certificate = this.get(CertificateArn);
      if (!this.in(client).includes(certificate)) {
        throw awsError('acm', 'ResourceNotFoundException', `Could not find certificate ${CertificateArn} in account.`);
      }
      this.proceed(certificate);
      return { Certificate: this.detail(certificate) };
    },

    RequestCertificate: (input: RequestCertificateCommandInput, client) => {
      const { DomainName = '', IdempotencyToken, SubjectAlternativeNames = [], Tags = [] } = input;
      if (DomainName.length > 64) {
        throw awsError('acm', 'ValidationException', `The domain name ${DomainName} has more than 64 characters.`);
      }
      if (IdempotencyToken && !/^\w{1,32}$/.test(IdempotencyToken)) {
        throw awsError('acm', 'ValidationException', `The token ${IdempotencyToken} has to match \\w+, at most 32.`);
      }
      const names = [...new Set([DomainName, ...SubjectAlternativeNames])];
      const earlier = this.in(client).find(
        (certificate) =>
          IdempotencyToken !== undefined &&
          certificate.idempotencyToken === IdempotencyToken &&
          certificate.createdAt.getTime() > this.now() - HOUR &&
          certificate.names.join() === names.join(),
      );
      const { arn } =
        earlier ??
        this.add({
          names,
          region: client.region,
          status: 'PENDING_VALIDATION',
          keyAlgorithm: input.KeyAlgorithm ?? 'RSA_2048',
          validationMethod: input.ValidationMethod ?? 'EMAIL',
          idempotencyToken: IdempotencyToken,
          tags: Object.fromEntries(Tags.map(({ Key, Value = '' }) => [Key, Value])),
        });
      return { CertificateArn: arn };
    },
  };

  private in({ region }: ClientConfig): Certificate[] {
    return this.all.filter(({ arn }) => arn.split(':')[3] === region);
  }

  private proceed(certificate: Certificate): void {
    certificate.described += 1;
    if (certificate.status !== 'PENDING_VALIDATION') {
      return;
    }
    if (certificate.validated) {
      Object.assign(certificate, { status: 'ISSUED', notAfter: new Date(this.now() + 395 * 24 * HOUR) });
    } else if (certificate.createdAt.getTime() < this.now() - 72 * HOUR) {
      certificate.status = 'VALIDATION_TIMED_OUT';
    } else if (certificate.described > 1) {
      certificate.validated = certificate.names.every((name) => {
        const record = validationRecord(name);
        return this.hasRecord(record.Name, record.Value);
      });
    }
  }

  private detail(certificate: Certificate): CertificateDetail {
    const { arn, names, status, validationMethod, createdAt, notAfter, described, failureReason } = certificate;
    return {
      CertificateArn: arn,
      DomainName: names[0],
      SubjectAlternativeNames: names,
      Status: status,
      KeyAlgorithm: certificate.keyAlgorithm,
      Type: certificate.type,
      CreatedAt: createdAt,
      NotAfter: notAfter,
      FailureReason: failureReason,
      DomainValidationOptions: names.map((name) => ({
        DomainName: name,
        ValidationDomain: name,
        ValidationMethod: validationMethod,
        ValidationStatus: status === 'ISSUED' ? 'SUCCESS' : status === 'PENDING_VALIDATION' ? status : 'FAILED',
        // The first answer comes before ACM has decided on it.
        ResourceRecord: validationMethod === 'DNS' && described > 1 ? validationRecord(name) : undefined,
      })),
    };
  }
}

/** Returns the record that validates a name; a wildcard has that of its parent. */
export function validationRecord(name: string): { Name: string; Type: 'CNAME'; Value: string } {
  const host = name.replace(/^\*\./, '');
  const digits = createHash('sha256').update(host).digest('hex');
  return {
    Name: `_${digits.slice(0, 32)}.${host}.`,
    Type: 'CNAME',
    Value: `_${digits.slice(32)}.xlfgrmvvlj.acm-validations.aws.`,
  };
}

function summary({ arn, names, status, type, keyAlgorithm, createdAt, notAfter }: Certificate): CertificateSummary {
  return {
    CertificateArn: arn,
    DomainName: names[0],
    SubjectAlternativeNameSummaries: names.slice(0, NAMES_IN_SUMMARY),
    HasAdditionalSubjectAlternativeNames: names.length > NAMES_IN_SUMMARY,
    Status: status,
    KeyAlgorithm: keyAlgorithm,
    Type: type,
    CreatedAt: createdAt,
    NotAfter: notAfter,
  };
}
