import type {
  GetDistributionCommandInput,
  ListDistributionsCommandInput,
  ListDomainConflictsCommandInput,
  UpdateDomainAssociationCommandInput,
} from '@aws-sdk/client-cloudfront';
import { awsError } from './aws-error';
import type { Identifiers } from './identifiers';
import { page } from './pages';
import type { Operations } from './switchboard';

export interface Distribution {
  id: string;
  arn: string;
  domainName: string;
  aliases: string[];
  /** `DistributionConfig` in CloudFormation's shape. */
  config: Record<string, unknown>;
  /** Whether it is in another account: invisible, but its aliases are taken. */
  otherOwner: boolean;
  /** How often its status is read until a change is deployed. */
  looksUntilDeployed: number;
  /** Changes with its configuration. */
  version: number;
  /** ARN of the web ACL of its flat-rate plan, if it has one. */
  planWebAcl?: string;
}

/** The names of CloudFront's API that differ from CloudFormation's. */
const API_NAMES: Record<string, string> = {
  AcmCertificateArn: 'ACMCertificateArn',
  IPV6Enabled: 'IsIPV6Enabled',
  OriginCustomHeaders: 'CustomHeaders',
  OriginSSLProtocols: 'OriginSslProtocols',
  SslSupportMethod: 'SSLSupportMethod',
};

/** CloudFront with its distributions. */
export class Distributions {
  readonly all: Distribution[] = [];

  constructor(
    private readonly accountId: string,
    private readonly identifiers: Identifiers,
  ) {}

  /**
   * @param given `aliases`, or a `config` that has them
   * @throws CNAMEAlreadyExists
   */
  add({ aliases = [], config = { Aliases: aliases, Origins: [] }, ...given }: Partial<Distribution>): Distribution {
    this.refuseTaken((config.Aliases ?? []) as string[]);
    const id = `E${this.identifiers.capitals(13)}`;
    const distribution = {
      id,
      arn: `arn:aws:cloudfront::${this.accountId}:distribution/${id}`,
      domainName: `d${this.identifiers.hex(13)}.cloudfront.net`,
      aliases: (config.Aliases ?? []) as string[],
      config,
      otherOwner: false,
      looksUntilDeployed: 0,
      version: 1,
      ...given,
    };
    this.all.push(distribution);
    return distribution;
  }

  /** Subscribes a distribution to a flat-rate plan, which gives it a web ACL. */
  subscribe({ id }: Distribution, webAcl: string): void {
    const distribution = this.get(id);
    distribution.planWebAcl = webAcl;
    distribution.config = { ...distribution.config, WebACLId: webAcl };
  }

  /** @throws CNAMEAlreadyExists, PreconditionFailed for a plan's web ACL that would be removed */
  update(id: string, config: Record<string, unknown>): void {
    const distribution = this.get(id);
    const aliases = (config.Aliases ?? []) as string[];
    this.refuseTaken(aliases, id);
    if (distribution.planWebAcl && config.WebACLId !== distribution.planWebAcl) {
      throw onPlan("You can't remove the web ACL of this distribution");
    }
    Object.assign(distribution, { aliases, config, version: distribution.version + 1 });
  }

  get(id: string): Distribution {
    const distribution = this.all.find((candidate) => candidate.id === id && !candidate.otherOwner);
    if (!distribution) {
      throw awsError('cloudfront', 'NoSuchDistribution', 'The specified distribution does not exist.', 404);
    }
    return distribution;
  }

  /** @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowToDeleteDistribution.html */
  remove(id: string): void {
    if (this.get(id).planWebAcl) {
      throw onPlan("You can't delete this distribution");
    }
    this.all.splice(this.all.indexOf(this.get(id)), 1);
  }

  /** @see https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Operations.html */
  readonly operations: Operations = {
    ListDistributions: ({ Marker }: ListDistributionsCommandInput) => {
      const { items, next } = page(
        this.all.filter(({ otherOwner }) => !otherOwner),
        Marker,
      );
      return {
        DistributionList: {
          Quantity: items.length,
          // CloudFront leaves out an empty list.
          ...(items.length > 0 && { Items: items.map((item) => ({ ...described(item), ...apiConfig(item) })) }),
          IsTruncated: next !== undefined,
          NextMarker: next,
          Marker: Marker ?? '',
          MaxItems: 100,
        },
      };
    },

    GetDistribution: ({ Id = '' }: GetDistributionCommandInput) => {
      const distribution = this.get(Id);
      distribution.looksUntilDeployed = Math.max(0, distribution.looksUntilDeployed - 1);
      return {
        ETag: etagOf(distribution),
        Distribution: { ...described(distribution), DistributionConfig: apiConfig(distribution) },
      };
    },

    GetDistributionConfig: ({ Id = '' }: GetDistributionCommandInput) => ({
      ETag: etagOf(this.get(Id)),
      DistributionConfig: apiConfig(this.get(Id)),
    }),

    ListDomainConflicts: ({ Domain = '', DomainControlValidationResource: own }: ListDomainConflictsCommandInput) => {
      this.get(own?.DistributionId ?? '');
      const holders = this.all.filter(({ id, aliases }) => id !== own?.DistributionId && aliases.includes(Domain));
      return {
        DomainConflicts: holders.map(({ id, otherOwner }) => ({
          Domain,
          ResourceType: 'distribution',
          ResourceId: masked(id),
          AccountId: masked(otherOwner ? '210987654321' : this.accountId),
        })),
      };
    },

    UpdateDomainAssociation: ({ Domain = '', TargetResource, IfMatch }: UpdateDomainAssociationCommandInput) => {
      const target = this.get(TargetResource?.DistributionId ?? '');
      const source = this.all.find(({ aliases }) => aliases.includes(Domain));
      const refuse = (name: string, message: string) => awsError('cloudfront', name, message);
      if (IfMatch !== etagOf(target)) {
        throw refuse('InvalidIfMatchVersion', 'The If-Match version is missing or not valid for the resource.');
      }
      if (!source) {
        throw refuse('EntityNotFound', 'The domain is not associated with any distribution.');
      }
      if (!target.config.ViewerCertificate) {
        throw refuse('InvalidArgument', 'The target distribution has no certificate that covers the domain.');
      }
      if (source.otherOwner && source.config.Enabled !== false) {
        throw refuse('IllegalUpdate', 'Alias move is not allowed since the source distribution is enabled');
      }
      const set = (distribution: Distribution, aliases: string[]) =>
        Object.assign(distribution, {
          aliases,
          config: { ...distribution.config, Aliases: aliases },
          version: distribution.version + 1,
        });
      set(
        source,
        source.aliases.filter((alias) => alias !== Domain),
      );
      set(target, [...target.aliases, Domain]);
      target.looksUntilDeployed = 3;
      return { Domain, ResourceId: target.id, ETag: etagOf(target) };
    },
  };

  private refuseTaken(aliases: string[], own?: string): void {
    if (this.all.some((other) => other.id !== own && other.aliases.some((alias) => aliases.includes(alias)))) {
      throw awsError(
        'cloudfront',
        'CNAMEAlreadyExists',
        'One or more of the CNAMEs you provided are already associated with a different resource.',
        409,
      );
    }
  }
}

const onPlan = (refusal: string) =>
  awsError('cloudfront', 'PreconditionFailed', `${refusal} while it's subscribed to a pricing plan.`, 412);

const etagOf = ({ version }: Distribution) => `E${version}QWRUHEXAMPLE`;

/** Returns an ID as CloudFront shows it to accounts that may not own it. */
const masked = (id: string) => id.slice(-6).padStart(id.length, '*');

const described = ({ id, arn, domainName, looksUntilDeployed }: Distribution) => ({
  Id: id,
  ARN: arn,
  Status: looksUntilDeployed > 0 ? 'InProgress' : 'Deployed',
  DomainName: domainName,
  LastModifiedTime: new Date(),
});

const apiConfig = ({ config }: Distribution) => inApiShape(config) as Record<string, unknown>;

function inApiShape(value: unknown): unknown {
  if (Array.isArray(value)) {
    return { Quantity: value.length, Items: value.map(inApiShape) };
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  // Origin groups have the shape of the API in CloudFormation as well.
  if ('Quantity' in value && 'Items' in value) {
    return { Quantity: value.Quantity, Items: (value.Items as unknown[]).map(inApiShape) };
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [API_NAMES[name] ?? name, inApiShape(item)]));
}
