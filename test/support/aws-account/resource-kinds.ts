import type { ObjectOwnership, PublicAccessBlockConfiguration, ServerSideEncryption } from '@aws-sdk/client-s3';
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import CREATE_ONLY from '../template/create-only-properties.json';
import type { Certificates } from './acm';
import type { Access } from './access';
import { awsError } from './aws-error';
import type { Distributions } from './cloudfront';
import type { Identities } from './iam';
import type { Identifiers } from './identifiers';
import type { HostedZones } from './route53';
import type { Buckets } from './s3';

type Properties = Record<string, unknown>;

/** The services that hold a stack's resources. */
export interface Services {
  access: Access;
  buckets: Buckets;
  certificates: Certificates;
  distributions: Distributions;
  hostedZones: HostedZones;
  identifiers: Identifiers;
  identities: Identities;
}

/** The place of a resource in its stack. */
export interface Place {
  logicalId: string;
  stackId: string;
  stackName: string;
  region: string;
}

/** A resource that was created. */
export interface Made {
  /** The value of `Ref`. */
  physicalId: string;
  /** The values of `GetAtt`. */
  attributes?: Record<string, string>;
}

/** How CloudFormation handles resources of a type. */
export interface Kind {
  /** The permissions that the caller needs. */
  actions: { create: string[]; update: string[]; remove: string[] };
  create(services: Services, properties: Properties, place: Place): Made;
  update?(services: Services, physicalId: string, properties: Properties, before: Properties): void;
  remove(services: Services, physicalId: string, properties: Properties): void;
}

const BUCKET_SETTINGS = [
  's3:PutBucketOwnershipControls',
  's3:PutBucketPublicAccessBlock',
  's3:PutEncryptionConfiguration',
  's3:PutBucketVersioning',
  's3:PutLifecycleConfiguration',
  's3:PutBucketTagging',
];

const actionsOn = (service: string, thing: string) => ({
  create: [`${service}:Create${thing}`, `${service}:Get${thing}`],
  update: [`${service}:Update${thing}`, `${service}:Get${thing}`],
  remove: [`${service}:Delete${thing}`, `${service}:Get${thing}`],
});

const actionsOnDelivery = (thing: string) => ({
  create: [`logs:Put${thing}`, `logs:Get${thing}`, 'cloudfront:AllowVendedLogDeliveryForResource'],
  update: [`logs:Put${thing}`, `logs:Get${thing}`],
  remove: [`logs:Delete${thing}`],
});

/** Returns a name as CloudFormation generates them: `images-GhostUser-0A1B2C3D4E5F`. */
const generatedName = ({ identifiers }: Services, { stackName, logicalId }: Place) =>
  `${stackName}-${logicalId}-${identifiers.capitals(12)}`;

/** Resources of which only the name or ID matters. */
const plainKind = (actions: Kind['actions'], idOf: Kind['create']): Kind => ({
  actions,
  create: idOf,
  remove: () => undefined,
});

/** Returns the properties that cannot be changed: another value requires a new resource. */
export const replacedBy = (type: string): string[] => (CREATE_ONLY.types as Record<string, string[]>)[type] ?? [];

/** The kinds of resources in the template. */
export const KINDS: Record<string, Kind> = {
  'AWS::S3::Bucket': {
    actions: { create: ['s3:CreateBucket', ...BUCKET_SETTINGS], update: BUCKET_SETTINGS, remove: ['s3:DeleteBucket'] },
    create(services, properties, place) {
      const { stackName, logicalId, region } = place;
      const generated = `${stackName}-${logicalId}-${services.identifiers.hex(12)}`.toLowerCase();
      const reserved = `-${services.access.accountId}-${region}-an`;
      const {
        BucketName,
        BucketNamePrefix: prefix,
        BucketNamespace,
      } = properties as Record<string, string | undefined>;
      const name = BucketName ?? (prefix === undefined ? generated : `${prefix}${reserved}`);
      if (BucketNamespace === 'account-regional' ? !name.endsWith(reserved) : name.endsWith('-an')) {
        throw awsError('s3', 'InvalidBucketName', 'The specified bucket is not valid.');
      }
      const existing = services.buckets.find(name);
      if (existing) {
        throw awsError('s3', 'BucketAlreadyExists', `${name} already exists`, 409);
      }
      services.buckets.add({ name, region });
      settleBucket(services, name, properties);
      return bucketMade(name, region);
    },
    update: (services, name, properties) => settleBucket(services, name, properties),
    remove: ({ buckets }, name) => buckets.remove(name),
  },

  'AWS::S3::BucketPolicy': {
    actions: {
      create: ['s3:GetBucketPolicy', 's3:PutBucketPolicy'],
      update: ['s3:PutBucketPolicy'],
      remove: ['s3:GetBucketPolicy', 's3:DeleteBucketPolicy'],
    },
    create({ buckets }, { Bucket, PolicyDocument }) {
      const name = String(Bucket);
      const bucket = buckets.find(name);
      if (bucket?.policy) {
        throw awsError('s3', 'AlreadyExists', `The bucket policy already exists on bucket ${name}.`, 409);
      }
      Object.assign(bucket ?? {}, { policy: JSON.stringify(PolicyDocument) });
      return { physicalId: name };
    },
    update({ buckets }, name, { PolicyDocument }) {
      Object.assign(buckets.find(name) ?? {}, { policy: JSON.stringify(PolicyDocument) });
    },
    remove({ buckets }, name) {
      Object.assign(buckets.find(name) ?? {}, { policy: undefined });
    },
  },

  'AWS::CloudFront::OriginAccessControl': plainKind(
    actionsOn('cloudfront', 'OriginAccessControl'),
    ({ identifiers }) => {
      const physicalId = `E${identifiers.capitals(13)}`;
      return { physicalId, attributes: { Id: physicalId } };
    },
  ),

  'AWS::CloudFront::ResponseHeadersPolicy': plainKind(
    actionsOn('cloudfront', 'ResponseHeadersPolicy'),
    ({ identifiers }) => ({ physicalId: identifiers.uuid() }),
  ),

  'AWS::CloudFront::Function': plainKind(
    {
      create: ['cloudfront:CreateFunction', 'cloudfront:DescribeFunction', 'cloudfront:PublishFunction'],
      update: ['cloudfront:UpdateFunction', 'cloudfront:DescribeFunction', 'cloudfront:PublishFunction'],
      remove: ['cloudfront:DeleteFunction', 'cloudfront:DescribeFunction'],
    },
    ({ access }, { Name }) => {
      const arn = `arn:aws:cloudfront::${access.accountId}:function/${String(Name)}`;
      return { physicalId: arn, attributes: { FunctionARN: arn } };
    },
  ),

  'AWS::Logs::DeliverySource': plainKind(actionsOnDelivery('DeliverySource'), (_, { Name }, { region }) => {
    if (region !== 'us-east-1') {
      throw awsError('cloudfront', 'InvalidArgument', 'The delivery source of a distribution must be in us-east-1.');
    }
    return { physicalId: String(Name) };
  }),

  'AWS::Logs::DeliveryDestination': plainKind(
    actionsOnDelivery('DeliveryDestination'),
    ({ access }, { Name }, { region }) => ({
      physicalId: String(Name),
      attributes: { Arn: `arn:aws:logs:${region}:${access.accountId}:delivery-destination:${String(Name)}` },
    }),
  ),

  'AWS::Logs::Delivery': plainKind(
    {
      create: ['logs:CreateDelivery', 'logs:GetDelivery', 'logs:DescribeDeliveries', 'logs:GetDeliverySource'],
      update: ['logs:GetDelivery'],
      remove: ['logs:DeleteDelivery'],
    },
    ({ identifiers }) => ({ physicalId: identifiers.capitals(16) }),
  ),

  'AWS::CloudFront::Distribution': {
    actions: {
      create: [
        'cloudfront:CreateDistribution',
        'cloudfront:GetDistribution',
        'cloudfront:GetDistributionConfig',
        'cloudfront:TagResource',
      ],
      update: ['cloudfront:UpdateDistribution', 'cloudfront:GetDistribution', 'cloudfront:GetDistributionConfig'],
      // It is disabled before it is deleted.
      remove: ['cloudfront:UpdateDistribution', 'cloudfront:DeleteDistribution'],
    },
    create(services, { DistributionConfig }) {
      const config = DistributionConfig as Properties;
      checkCertificate(services, config);
      const { id, domainName } = services.distributions.add({ config });
      return { physicalId: id, attributes: { Id: id, DomainName: domainName } };
    },
    update(services, id, { DistributionConfig }) {
      const config = DistributionConfig as Properties;
      checkCertificate(services, config);
      services.distributions.update(id, config);
    },
    remove: ({ distributions }, id) => distributions.remove(id),
  },

  'AWS::Route53::RecordSetGroup': {
    actions: {
      create: ['route53:GetHostedZone', 'route53:ChangeResourceRecordSets', 'route53:GetChange'],
      update: ['route53:GetHostedZone', 'route53:ChangeResourceRecordSets', 'route53:GetChange'],
      remove: ['route53:ChangeResourceRecordSets', 'route53:GetChange'],
    },
    create({ hostedZones }, properties, { stackName, logicalId }) {
      hostedZones.change(String(properties.HostedZoneId), changesOf('CREATE', properties));
      return { physicalId: `${stackName}-${logicalId}` };
    },
    update({ hostedZones }, _, properties, before) {
      const gone = recordsOf(before).filter((old) => !recordsOf(properties).some((record) => sameName(old, record)));
      hostedZones.change(String(properties.HostedZoneId), [
        ...changesOf('DELETE', { RecordSets: gone }),
        ...changesOf('UPSERT', properties),
      ]);
    },
    remove({ hostedZones }, _, properties) {
      hostedZones.change(String(properties.HostedZoneId), changesOf('DELETE', properties));
    },
  },

  'AWS::IAM::ManagedPolicy': {
    actions: {
      create: ['iam:CreatePolicy', 'iam:GetPolicy', 'iam:TagPolicy'],
      update: [
        'iam:CreatePolicyVersion',
        'iam:GetPolicy',
        'iam:GetPolicyVersion',
        'iam:ListPolicyVersions',
        'iam:DeletePolicyVersion',
      ],
      remove: ['iam:ListEntitiesForPolicy', 'iam:ListPolicyVersions', 'iam:DeletePolicy'],
    },
    create: (services, _, place) => ({ physicalId: services.identities.addPolicy(generatedName(services, place)) }),
    remove: ({ identities }, arn) => identities.removePolicy(arn),
  },

  'AWS::IAM::User': {
    actions: {
      create: ['iam:CreateUser', 'iam:GetUser', 'iam:AttachUserPolicy', 'iam:TagUser'],
      update: ['iam:GetUser', 'iam:AttachUserPolicy', 'iam:DetachUserPolicy'],
      remove: ['iam:GetUser', 'iam:DetachUserPolicy', 'iam:DeleteUser'],
    },
    create(services, { ManagedPolicyArns = [] }, place) {
      const { name, arn } = services.identities.addUser(generatedName(services, place), ManagedPolicyArns as string[]);
      return { physicalId: name, attributes: { Arn: arn } };
    },
    remove: ({ identities }, name) => identities.removeUser(name),
  },

  'AWS::IAM::Role': {
    actions: {
      create: ['iam:CreateRole', 'iam:GetRole', 'iam:AttachRolePolicy', 'iam:TagRole'],
      update: ['iam:GetRole', 'iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
      remove: ['iam:GetRole', 'iam:DetachRolePolicy', 'iam:DeleteRole'],
    },
    create(services, { ManagedPolicyArns = [] }, place) {
      const { name, arn } = services.identities.addRole(generatedName(services, place), ManagedPolicyArns as string[]);
      return { physicalId: name, attributes: { Arn: arn } };
    },
    remove: ({ identities }, name) => identities.removeRole(name),
  },

  'AWS::IAM::InstanceProfile': {
    actions: {
      create: ['iam:CreateInstanceProfile', 'iam:GetInstanceProfile', 'iam:AddRoleToInstanceProfile', 'iam:PassRole'],
      update: ['iam:AddRoleToInstanceProfile', 'iam:RemoveRoleFromInstanceProfile', 'iam:PassRole'],
      remove: ['iam:RemoveRoleFromInstanceProfile', 'iam:DeleteInstanceProfile'],
    },
    create: (services, _, place) => ({ physicalId: generatedName(services, place) }),
    remove: () => undefined,
  },
};

/** Returns an existing bucket as CloudFormation imports it, with its own settings. */
export function importBucket(properties: Properties, place: Place): Made {
  return bucketMade(String(properties.BucketName), place.region);
}

const bucketMade = (name: string, region: string): Made => ({
  physicalId: name,
  attributes: { Arn: `arn:aws:s3:::${name}`, RegionalDomainName: `${name}.s3.${region}.amazonaws.com` },
});

function settleBucket({ buckets }: Services, name: string, properties: Properties): void {
  const given = properties as {
    PublicAccessBlockConfiguration?: PublicAccessBlockConfiguration;
    VersioningConfiguration?: { Status: 'Enabled' };
    OwnershipControls?: { Rules: { ObjectOwnership: ObjectOwnership }[] };
    BucketEncryption?: {
      ServerSideEncryptionConfiguration: {
        ServerSideEncryptionByDefault: { SSEAlgorithm: ServerSideEncryption };
      }[];
    };
    LifecycleConfiguration?: { Rules: { AbortIncompleteMultipartUpload?: object }[] };
  };
  const [encryption] = given.BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
  Object.assign(buckets.find(name) ?? {}, {
    publicAccessBlock: given.PublicAccessBlockConfiguration,
    versioning: given.VersioningConfiguration?.Status,
    ownership: given.OwnershipControls?.Rules[0]?.ObjectOwnership,
    encryption: encryption?.ServerSideEncryptionByDefault.SSEAlgorithm,
    abortsUploads: given.LifecycleConfiguration?.Rules.some((rule) => rule.AbortIncompleteMultipartUpload) ?? false,
  });
}

function checkCertificate({ certificates }: Services, { Aliases, ViewerCertificate }: Properties): void {
  const { AcmCertificateArn: arn } = ViewerCertificate as { AcmCertificateArn: string };
  const certificate = certificates.all.find((candidate) => candidate.arn === arn && candidate.status === 'ISSUED');
  const refuse = (message: string) => awsError('cloudfront', 'InvalidViewerCertificate', message);
  if (!certificate) {
    throw refuse(
      "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid " +
        'certificate chain.',
    );
  }
  const wildcard = (alias: string) => alias.replace(/^[^.]+/, '*');
  if (
    !((Aliases ?? []) as string[]).every((alias) =>
      certificate.names.some((name) => [alias, wildcard(alias)].includes(name)),
    )
  ) {
    throw refuse(
      "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) that " +
        "you're trying to add.",
    );
  }
}

const recordsOf = ({ RecordSets }: Properties) => RecordSets as ResourceRecordSet[];

const sameName = (one: ResourceRecordSet, other: ResourceRecordSet) =>
  one.Name === other.Name && one.Type === other.Type;

function changesOf(action: 'CREATE' | 'UPSERT' | 'DELETE', properties: Properties): Change[] {
  return recordsOf(properties).map(({ AliasTarget, ...record }) => ({
    Action: action,
    ResourceRecordSet: {
      ...record,
      ...(AliasTarget && { AliasTarget: { ...AliasTarget, EvaluateTargetHealth: false } }),
    },
  }));
}
