import { readTemplate } from './read';
import { renderTemplate } from './render';

/** A policy statement: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html */
export interface Statement {
  Sid: string;
  Effect: string;
  Action: string | string[];
  Resource: string | string[];
  Principal?: unknown;
  Condition?: unknown;
}

/** The resources that a policy refers to. */
export interface PolicySubject {
  bucket: string;
  /** Path before `content/images`, without leading and trailing slashes; empty for none. */
  tenantPrefix: string;
  /** Account ID of the distribution, twelve digits. */
  account: string;
  /** `E…` */
  distributionId?: string;
}

/** Returns the template's policy for Ghost. */
export const ghostStatements = (subject: PolicySubject) => statementsOf('GhostPolicy', subject);

/** Returns the template's bucket policy: CloudFront may read, and requests without TLS are denied. */
export const bucketStatements = (subject: PolicySubject) => statementsOf('BucketPolicy', subject);

function statementsOf(
  resource: string,
  { bucket, tenantPrefix, account, distributionId = '' }: PolicySubject,
): Statement[] {
  const rendered = renderTemplate(
    readTemplate(),
    { TenantPrefix: tenantPrefix, 'AWS::Partition': 'aws', 'AWS::AccountId': account },
    ['Domain', 'CertificateArn'],
  );
  const { Statement = [] } = (rendered.Resources[resource]?.Properties.PolicyDocument ?? {}) as { Statement?: unknown };
  const text = JSON.stringify(Statement, asText)
    .replaceAll('${Bucket.Arn}', `arn:aws:s3:::${bucket}`)
    .replaceAll('${Distribution}', distributionId);
  return JSON.parse(text) as Statement[];
}

/** Turns references into text; a replacer for `JSON.stringify`. */
function asText(_key: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'Fn::GetAtt' in value) {
    return `\${${(value['Fn::GetAtt'] as string[]).join('.')}}`;
  }
  return typeof value === 'object' && value !== null && 'Fn::Sub' in value ? value['Fn::Sub'] : value;
}
