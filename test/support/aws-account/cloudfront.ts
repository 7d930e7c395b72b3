import type { GetDistributionCommandInput, ListDistributionsCommandInput } from '@aws-sdk/client-cloudfront';
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
    Object.assign(distribution, { aliases, config });
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
      return {
        ETag: 'E2QWRUHEXAMPLE',
        Distribution: { ...described(distribution), DistributionConfig: apiConfig(distribution) },
      };
    },

    GetDistributionConfig: ({ Id = '' }: GetDistributionCommandInput) => ({
      ETag: 'E2QWRUHEXAMPLE',
      DistributionConfig: apiConfig(this.get(Id)),
    }),
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

const described = ({ id, arn, domainName }: Distribution) => ({
  Id: id,
  ARN: arn,
  Status: 'Deployed',
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
