import { destroy } from '../../../../src/commands/provision/destroy';
import { findDifferences } from '../../../../src/commands/provision/diff';
import { IDENTITY_ACTIONS, LOG_ACTIONS, PROVISIONING_ACTIONS } from '../../../../src/commands/provision/permissions';
import { readTemplate } from '../../../../src/template/read';
import { AwsAccount } from '../../../support/aws-account';
import HANDLER_PERMISSIONS from '../../../support/template/handler-permissions.json';
import { openTestSession, provisionOnce } from '../../../support/provisioning';

/**
 * Permissions that CloudFormation uses only for a property, or for taking it away. The facts are those of the resource
 * types' schemas of August 2026: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
 */
const PERMISSIONS_OF_PROPERTIES: [property: string, permissions: RegExp][] = [
  ['AccelerateConfiguration', /^s3:.*Accelerate/],
  ['AnalyticsConfigurations', /^s3:.*Analytics/],
  ['AbacStatus', /^s3:.*Abac/],
  ['AccessControl', /^s3:.*Acl$/],
  ['CorsConfiguration', /^s3:.*cors$/i],
  ['IntelligentTieringConfigurations', /^s3:.*IntelligentTiering/],
  ['InventoryConfigurations', /^s3:.*Inventory/],
  ['LoggingConfiguration', /^s3:.*BucketLogging/],
  ['MetadataTableConfiguration', /^s3tables:|^s3:.*Metadata|^s3:DeleteObject$/],
  ['MetricsConfigurations', /^s3:.*Metrics/],
  ['NotificationConfiguration', /^s3:.*Notification/],
  ['ObjectLockConfiguration', /^s3:.*ObjectLock/],
  ['ReplicationConfiguration', /^s3:.*Replication|^iam:PassRole$/],
  ['WebsiteConfiguration', /^s3:.*Website/],
  // The template always has these.
  ['no BucketEncryption', /^s3:DeleteBucketEncryption$/],
  ['no LifecycleConfiguration', /^s3:DeleteBucketLifecycle$/],
  ['no Tags', /^s3:UntagResource$/],
  ['TenantConfig', /^cloudfront:.*(ConnectionGroup|StagingConfig)$/],
  ['VpcOriginConfig', /^cloudfront:GetVpcOrigin$/],
  // IAM has no such action: CreateDistribution and TagResource allow it.
  ['DistributionWithTags', /^cloudfront:CreateDistributionWithTags$/],
  ['Groups', /^iam:.*(UserToGroup|UserFromGroup|GroupPolicy)$/],
  ['LoginProfile', /^iam:(Create|Update)LoginProfile$/],
  ['Policies', /^iam:(Put|Get|Delete)(User|Role)Policy$/],
  ['PermissionsBoundary', /^iam:.*PermissionsBoundary$/],
  ['UserName', /^iam:UpdateUser$/],
  ['DeliveryDestinationPolicy', /^logs:PutDeliveryDestinationPolicy$/],
  // Each service has its own, and that of CloudFront is not among the facts.
  ['logs of another service', /^(logs|codewhisperer|autoloop|workmail):AllowVendedLogDeliveryForResource$/],
];

describe('the permissions that are checked beforehand', () => {
  test('are all that an image server needs from its creation to its deletion', async () => {
    const account = new AwsAccount();
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account, { identity: 'iam-user', createAccessKey: true, bucket: 'my-images' });
    await destroy(await openTestSession(account), 'ghost-images-example-com');
    const known = new Set([
      ...Object.keys(PROVISIONING_ACTIONS),
      ...Object.values(IDENTITY_ACTIONS).flat(),
      ...LOG_ACTIONS,
    ]);
    // Everybody may ask who they are, and the question about permissions is the first that may be refused.
    const others = new Set(['sts:GetCallerIdentity', 'iam:SimulatePrincipalPolicy']);
    expect(account.actions.filter((action) => !known.has(action) && !others.has(action))).toEqual([]);
    account.restore();
  });

  test('are extended for a comparison, and for deleting the bucket', async () => {
    const account = new AwsAccount();
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account, { bucket: 'my-images' });
    account.buckets.find('my-images')?.versions.push({ key: 'content/images/a.png', versionId: '1' });
    const besides = (from: number) =>
      [...new Set(account.actions.slice(from))].filter(
        (action) => !(action in PROVISIONING_ACTIONS) && action !== 'sts:GetCallerIdentity',
      );
    let before = account.actions.length;
    await findDifferences(await openTestSession(account), 'ghost-images-example-com');
    expect(besides(before)).toEqual([
      'cloudformation:DetectStackDrift',
      'cloudformation:DescribeStackDriftDetectionStatus',
      'cloudformation:DescribeStackResourceDrifts',
    ]);

    before = account.actions.length;
    const session = await openTestSession(account);
    session.terminal.typed.push('my-images', 'my-images');
    await destroy(session, 'ghost-images-example-com');
    expect(besides(before)).toEqual(['s3:ListBucketVersions', 's3:DeleteObjectVersion']);
    account.restore();
  });

  test('cover every service and kind of resource in the template', () => {
    const actions = [
      ...Object.keys(PROVISIONING_ACTIONS),
      ...Object.values(IDENTITY_ACTIONS).flat(),
      ...LOG_ACTIONS,
    ].join();
    const creators: Record<string, string> = {
      'AWS::S3::Bucket': 's3:CreateBucket',
      'AWS::S3::BucketPolicy': 's3:PutBucketPolicy',
      'AWS::CloudFront::Distribution': 'cloudfront:CreateDistribution',
      'AWS::CloudFront::OriginAccessControl': 'cloudfront:CreateOriginAccessControl',
      'AWS::CloudFront::ResponseHeadersPolicy': 'cloudfront:CreateResponseHeadersPolicy',
      'AWS::CloudFront::Function': 'cloudfront:',
      'AWS::Route53::RecordSetGroup': 'route53:ChangeResourceRecordSets',
      'AWS::IAM::ManagedPolicy': 'iam:CreatePolicy',
      'AWS::IAM::User': 'iam:CreateUser',
      'AWS::IAM::Role': 'iam:CreateRole',
      'AWS::IAM::InstanceProfile': 'iam:CreateInstanceProfile',
      'AWS::Logs::DeliverySource': 'cloudfront:AllowVendedLogDeliveryForResource',
      'AWS::Logs::DeliveryDestination': 'logs:PutDeliveryDestination',
      'AWS::Logs::Delivery': 'logs:CreateDelivery',
    };
    for (const { Type } of Object.values(readTemplate().Resources)) {
      expect(actions).toContain(creators[Type] ?? `nothing for ${Type}`);
    }
  });

  test.each(Object.entries(HANDLER_PERMISSIONS))(
    'are all that CloudFormation uses for %s with the properties of the template',
    (type, permissions) => {
      const actions = new Set([
        ...Object.keys(PROVISIONING_ACTIONS),
        ...Object.values(IDENTITY_ACTIONS).flat(),
        ...LOG_ACTIONS,
      ]);
      const resources = Object.values(readTemplate().Resources).filter(({ Type }) => Type === type);
      expect(resources).not.toEqual([]);
      const used = resources.flatMap(({ Properties = {} }) => Object.keys(Properties));
      const isUnused = (permission: string) =>
        PERMISSIONS_OF_PROPERTIES.some(([property, pattern]) => !used.includes(property) && pattern.test(permission));
      expect(permissions.filter((permission) => !actions.has(permission) && !isUnused(permission))).toEqual([]);
    },
  );

  test('of an assumed role are those of the role itself, with its path', async () => {
    const callerArn = 'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_1/ada';
    const account = new AwsAccount({ callerArn });
    const role = account.identities.addRole('AWSReservedSSO_Admin_1');
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account);
    const [simulation] = account.calls.filter(({ action }) => action === 'iam:SimulatePrincipalPolicy');
    expect(simulation?.input.PolicySourceArn).toBe(role.arn);
    account.restore();
  });

  test('of the root user are not checked', async () => {
    const account = new AwsAccount({ callerArn: 'arn:aws:iam::123456789012:root' });
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account);
    expect(account.actions).not.toContain('iam:SimulatePrincipalPolicy');
    account.restore();
  });
});
