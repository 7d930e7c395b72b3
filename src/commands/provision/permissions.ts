import { GetRoleCommand, paginateSimulatePrincipalPolicy } from '@aws-sdk/client-iam';
import type { Aws } from '../../aws/sign-in';
import type { Problem } from './problem';

/** The actions that `provision` needs, itself or through CloudFormation, each with its purpose. */
export const PROVISIONING_ACTIONS: Record<string, string> = {
  'cloudformation:CreateChangeSet': 'the stack',
  'cloudformation:DescribeChangeSet': 'the stack',
  'cloudformation:ExecuteChangeSet': 'the stack',
  'cloudformation:DeleteChangeSet': 'the stack',
  'cloudformation:DescribeStacks': 'the stack',
  'cloudformation:ListStacks': 'the stack',
  'cloudformation:DescribeStackEvents': 'the stack',
  'cloudformation:DescribeEvents': 'the stack',
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

  's3:TagResource': 'the bucket',
  's3:GetBucketTagging': 'the bucket',
  's3:ListTagsForResource': 'the bucket',
  's3:GetEncryptionConfiguration': 'the bucket',
  's3:PutBucketPolicy': 'the bucket',
  's3:GetBucketPolicy': 'the bucket',
  's3:GetBucketPublicAccessBlock': 'the bucket',
  's3:GetBucketOwnershipControls': 'the bucket',
  's3:GetBucketVersioning': 'the bucket',
  's3:GetLifecycleConfiguration': 'the bucket',
  's3:DeleteBucketPolicy': 'the bucket',
  's3:ListBucket': 'the bucket',
  's3:DeleteBucket': 'the bucket',
  'cloudfront:ListDistributions': 'the distribution',
  'cloudfront:CreateDistribution': 'the distribution',
  'cloudfront:UpdateDistribution': 'the distribution',
  'cloudfront:DeleteDistribution': 'the distribution',
  'cloudfront:GetDistribution': 'the distribution',
  'cloudfront:GetDistributionConfig': 'the distribution',
  'cloudfront:TagResource': 'the distribution',
  'cloudfront:UntagResource': 'the distribution',
  'cloudfront:ListTagsForResource': 'the distribution',
  'cloudfront:CreateOriginAccessControl': 'the distribution',
  'cloudfront:GetOriginAccessControl': 'the distribution',
  'cloudfront:UpdateOriginAccessControl': 'the distribution',
  'cloudfront:DeleteOriginAccessControl': 'the distribution',
  'cloudfront:CreateResponseHeadersPolicy': 'the distribution',
  'cloudfront:GetResponseHeadersPolicy': 'the distribution',
  'cloudfront:UpdateResponseHeadersPolicy': 'the distribution',
  'cloudfront:DeleteResponseHeadersPolicy': 'the distribution',
  'cloudfront:CreateFunction': 'the distribution',
  'cloudfront:DescribeFunction': 'the distribution',
  'cloudfront:GetFunction': 'the distribution',
  'cloudfront:UpdateFunction': 'the distribution',
  'cloudfront:PublishFunction': 'the distribution',
  'cloudfront:DeleteFunction': 'the distribution',
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

/** The additional actions for `--access-logs`. */
export const LOG_ACTIONS = [
  'cloudfront:AllowVendedLogDeliveryForResource',
  'logs:PutDeliverySource',
  'logs:GetDeliverySource',
  'logs:DeleteDeliverySource',
  'logs:PutDeliveryDestination',
  'logs:GetDeliveryDestination',
  'logs:DeleteDeliveryDestination',
  'logs:GetDeliveryDestinationPolicy',
  'logs:DeleteDeliveryDestinationPolicy',
  'logs:CreateDelivery',
  'logs:GetDelivery',
  'logs:DescribeDeliveries',
  'logs:DeleteDelivery',
  'logs:ListTagsForResource',
  'logs:TagResource',
  'logs:UntagResource',
];

/** The actions for creating and changing a role. */
const ROLE_ACTIONS = [
  'iam:CreateRole',
  'iam:GetRole',
  'iam:DeleteRole',
  'iam:TagRole',
  'iam:UntagRole',
  'iam:UpdateRole',
  'iam:UpdateRoleDescription',
  'iam:UpdateAssumeRolePolicy',
  'iam:ListRolePolicies',
  'iam:ListAttachedRolePolicies',
  'iam:AttachRolePolicy',
  'iam:DetachRolePolicy',
];

/** The additional actions for each `--identity`. */
export const IDENTITY_ACTIONS: Record<string, string[]> = {
  'policy-only': [],
  'iam-user': [
    'iam:CreateUser',
    'iam:GetUser',
    'iam:DeleteUser',
    'iam:TagUser',
    'iam:UntagUser',
    'iam:ListUserTags',
    'iam:ListUserPolicies',
    'iam:ListAttachedUserPolicies',
    'iam:ListGroupsForUser',
    'iam:GetLoginProfile',
    'iam:DeleteLoginProfile',
    'iam:AttachUserPolicy',
    'iam:DetachUserPolicy',
    'iam:ListAccessKeys',
    'iam:CreateAccessKey',
    'iam:GetAccessKeyLastUsed',
    'iam:UpdateAccessKey',
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

/** The additional actions for `--move-domain`. */
export const MOVING_ACTIONS = ['cloudfront:ListDomainConflicts', 'cloudfront:UpdateDomainAssociation'];

/**
 * Asks IAM whether the caller has all permissions, because a stack that fails halfway for a missing one takes a quarter
 * of an hour to roll back.
 *
 * @param actions IAM actions, `s3:CreateBucket`
 * @returns a warning about the missing actions, or about a check that is not possible
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
export async function checkPermissions(aws: Aws, actions: string[]): Promise<Problem | undefined> {
  if (aws.callerArn.endsWith(':root')) {
    // The root user has all permissions.
    return undefined;
  }
  const missing: string[] = [];
  try {
    const principal = await principalOf(aws);
    for await (const { EvaluationResults = [] } of paginateSimulatePrincipalPolicy(
      { client: aws.iam },
      { PolicySourceArn: principal, ActionNames: actions },
    )) {
      // Conditions on the name or tags of a resource cannot be evaluated here, which does not mean a denial.
      const denied = EvaluationResults.filter(
        ({ EvalDecision, MissingContextValues = [] }) =>
          EvalDecision !== 'allowed' && MissingContextValues.length === 0,
      );
      missing.push(...denied.map(({ EvalActionName = '' }) => EvalActionName));
    }
  } catch {
    return {
      check: 'permissions',
      refuses: false,
      cause:
        'The command could not check your permissions in advance. This check needs iam:SimulatePrincipalPolicy and iam:GetRole.',
      cure: 'You can continue. If a permission is missing, the error will say which one.',
    };
  }
  return missing.length === 0
    ? undefined
    : {
        check: 'permissions',
        // The simulation is not about a resource, so it denies actions that a policy allows only for certain resources.
        refuses: false,
        cause: `${aws.callerArn} may not have permission for ${missing.join(', ')}.`,
        cure: 'Allow these actions, or continue if your policies allow them for certain resources. If AWS denies one, the change is rolled back, and the error says which one.',
      };
}

/**
 * Returns the ARN of the user or role that the credentials are for. The ARN of a session lacks the path of its role.
 */
async function principalOf({ iam, callerArn }: Aws): Promise<string> {
  const [, RoleName] = /^arn:aws:sts::\d+:assumed-role\/([^/]+)\//.exec(callerArn) ?? [];
  if (RoleName === undefined) {
    return callerArn;
  }
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  return Role?.Arn ?? callerArn;
}
