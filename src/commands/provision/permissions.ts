import { GetRoleCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { Aws } from './aws/sign-in';
import type { Finding } from './finding';

/** What `provision` does in the account, and CloudFormation in its name: each action with what it is for. */
export const PROVISIONING_ACTIONS: Record<string, string> = {
  'cloudformation:CreateChangeSet': 'the stack',
  'cloudformation:DescribeChangeSet': 'the stack',
  'cloudformation:ExecuteChangeSet': 'the stack',
  'cloudformation:DeleteChangeSet': 'the stack',
  'cloudformation:DescribeStacks': 'the stack',
  'cloudformation:ListStacks': 'the stack',
  'cloudformation:DescribeStackEvents': 'the stack',
  'cloudformation:TagResource': 'the stack',
  'cloudformation:DeleteStack': 'the stack',
  'acm:ListCertificates': 'the certificate',
  'acm:DescribeCertificate': 'the certificate',
  'acm:RequestCertificate': 'the certificate',
  'acm:AddTagsToCertificate': 'the certificate',
  'route53:ListHostedZones': 'the domain',
  'route53:GetHostedZone': 'the domain',
  'route53:ListResourceRecordSets': 'the domain',
  'route53:ChangeResourceRecordSets': 'the domain',
  'route53:GetChange': 'the domain',
  's3:CreateBucket': 'the bucket',
  's3:PutBucketOwnershipControls': 'the bucket',
  's3:PutBucketPublicAccessBlock': 'the bucket',
  's3:PutEncryptionConfiguration': 'the bucket',
  's3:PutBucketVersioning': 'the bucket',
  's3:PutLifecycleConfiguration': 'the bucket',
  's3:PutBucketTagging': 'the bucket',
  's3:PutBucketPolicy': 'the bucket',
  's3:GetBucketPolicy': 'the bucket',
  's3:GetBucketPublicAccessBlock': 'the bucket',
  's3:GetBucketOwnershipControls': 'the bucket',
  's3:GetBucketVersioning': 'the bucket',
  's3:GetLifecycleConfiguration': 'the bucket',
  's3:DeleteBucketPolicy': 'the bucket',
  's3:ListBucket': 'the bucket',
  'cloudfront:ListDistributions': 'the distribution',
  'cloudfront:CreateDistribution': 'the distribution',
  'cloudfront:UpdateDistribution': 'the distribution',
  'cloudfront:DeleteDistribution': 'the distribution',
  'cloudfront:GetDistribution': 'the distribution',
  'cloudfront:GetDistributionConfig': 'the distribution',
  'cloudfront:TagResource': 'the distribution',
  'cloudfront:CreateOriginAccessControl': 'the distribution',
  'cloudfront:GetOriginAccessControl': 'the distribution',
  'cloudfront:DeleteOriginAccessControl': 'the distribution',
  'cloudfront:CreateResponseHeadersPolicy': 'the distribution',
  'cloudfront:GetResponseHeadersPolicy': 'the distribution',
  'cloudfront:DeleteResponseHeadersPolicy': 'the distribution',
  'iam:CreatePolicy': "Ghost's permissions",
  'iam:GetPolicy': "Ghost's permissions",
  'iam:GetPolicyVersion': "Ghost's permissions",
  'iam:CreatePolicyVersion': "Ghost's permissions",
  'iam:DeletePolicyVersion': "Ghost's permissions",
  'iam:ListPolicyVersions': "Ghost's permissions",
  'iam:DeletePolicy': "Ghost's permissions",
  'iam:ListEntitiesForPolicy': "Ghost's permissions",
  'iam:TagPolicy': "Ghost's permissions",
};

const ROLE_ACTIONS = [
  'iam:CreateRole',
  'iam:GetRole',
  'iam:DeleteRole',
  'iam:TagRole',
  'iam:AttachRolePolicy',
  'iam:DetachRolePolicy',
];

/** What it does besides, by the identity that Ghost gets. */
export const IDENTITY_ACTIONS: Record<string, string[]> = {
  'policy-only': [],
  'iam-user': [
    'iam:CreateUser',
    'iam:GetUser',
    'iam:DeleteUser',
    'iam:TagUser',
    'iam:AttachUserPolicy',
    'iam:DetachUserPolicy',
    'iam:ListAccessKeys',
    'iam:CreateAccessKey',
    'iam:DeleteAccessKey',
  ],
  'ec2-role': [
    ...ROLE_ACTIONS,
    'iam:CreateInstanceProfile',
    'iam:GetInstanceProfile',
    'iam:DeleteInstanceProfile',
    'iam:AddRoleToInstanceProfile',
    'iam:RemoveRoleFromInstanceProfile',
    'iam:PassRole',
  ],
  'ecs-task-role': ROLE_ACTIONS,
};

/** What the CloudFront Function for a tenant prefix needs besides. */
export const TENANT_ACTIONS = [
  'cloudfront:CreateFunction',
  'cloudfront:DescribeFunction',
  'cloudfront:GetFunction',
  'cloudfront:UpdateFunction',
  'cloudfront:PublishFunction',
  'cloudfront:DeleteFunction',
];

/** What `provision diff` needs besides. Nobody is asked for it before a `provision`, which does without. */
export const DIFF_ACTIONS = [
  'cloudformation:DetectStackDrift',
  'cloudformation:DescribeStackDriftDetectionStatus',
  'cloudformation:DescribeStackResourceDrifts',
];

/** What `provision destroy` needs besides when the bucket is to go, too: many will not want to give it to anybody. */
export const BUCKET_DELETION_ACTIONS = ['s3:ListBucketVersions', 's3:DeleteObjectVersion', 's3:DeleteBucket'];

/**
 * Asks IAM beforehand whether the caller may do all of it: a stack that stops in the middle for want of a permission
 * takes a quarter of an hour to come back.
 *
 * @param actions of IAM, `s3:CreateBucket`
 * @returns what is missing, all of it at once; a finding that only warns where IAM does not tell
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
export async function checkPermissions(aws: Aws, actions: string[]): Promise<Finding | undefined> {
  if (aws.callerArn.endsWith(':root')) {
    // The root user may do everything.
    return undefined;
  }
  const missing: string[] = [];
  try {
    const principal = await principalOf(aws);
    let Marker: string | undefined;
    do {
      const page = await aws.iam.send(
        new SimulatePrincipalPolicyCommand({ PolicySourceArn: principal, ActionNames: actions, Marker }),
      );
      missing.push(
        ...(page.EvaluationResults ?? [])
          // For want of the resource's name and tags, conditions on them cannot be answered: no reason to refuse.
          .filter(
            ({ EvalDecision, MissingContextValues = [] }) =>
              EvalDecision !== 'allowed' && MissingContextValues.length === 0,
          )
          .map(({ EvalActionName = '' }) => EvalActionName),
      );
      Marker = page.IsTruncated ? page.Marker : undefined;
    } while (Marker);
  } catch {
    return {
      check: 'permissions',
      refuses: false,
      cause:
        'Whether all permissions are there could not be checked beforehand: that needs iam:SimulatePrincipalPolicy and iam:GetRole.',
      cure: 'Go on: a permission that is missing is named when it is needed.',
    };
  }
  return missing.length === 0
    ? undefined
    : {
        check: 'permissions',
        // A policy for single resources allows what the simulation, which names none, denies.
        refuses: false,
        cause: `${aws.callerArn} seems not to be allowed: ${missing.join(', ')}.`,
        cure: 'Allow these actions, or go on if your policies allow them for the resources concerned: what is refused is rolled back, and named.',
      };
}

/** IAM's ARN of who stands behind the credentials: those of a session name its role, without the role's path. */
async function principalOf({ iam, callerArn }: Aws): Promise<string> {
  const [, RoleName] = /^arn:aws:sts::\d+:assumed-role\/([^/]+)\//.exec(callerArn) ?? [];
  if (RoleName === undefined) {
    return callerArn;
  }
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  return Role?.Arn ?? callerArn;
}
