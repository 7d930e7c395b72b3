import type { Config } from '../config';
import { S3_MISCONFIGURED } from '../error-codes';
import { errors } from '../ghost-host';
import { endpointWithoutBucket } from './endpoint-url';

type Sdk = typeof import('../lazy/aws-sdk');

/** The S3 service that requests go to. */
export interface Service {
  /** Its URL; undefined for the endpoint of AWS that belongs to the region. */
  endpoint?: string;
  /** Where the endpoint was set: `"endpoint"`, the name of an environment variable, or the AWS profile. */
  source?: string;
  /** Whether it is Amazon S3, also through another one of its endpoints (VPC, dual stack, FIPS). */
  isAws: boolean;
  /** The region of requests; undefined to let the SDK find it. */
  region?: string;
}

/** Self-hosted services have one region, usually with this name. */
const REGION_OF_OTHERS = 'us-east-1';

/** A region of each AWS partition, from which the SDK derives the partition's domains. */
const PARTITIONS = [
  'us-east-1',
  'cn-north-1',
  'us-gov-west-1',
  'eusc-de-east-1',
  'us-iso-east-1',
  'us-isob-east-1',
  'eu-isoe-west-1',
  'us-isof-south-1',
];

/** By the option `endpoint`; the environment and the profile are the same for the whole process. */
const services = new Map<string | undefined, Service>();

/**
 * Finds the service of a configuration. The option `endpoint` comes first; without it, the SDK would use an endpoint from
 * the environment or the AWS profile, and what a service can do depends on it.
 *
 * @throws IncorrectUsageError when that endpoint is not a URL
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export async function findService(sdk: Sdk, config: Config): Promise<Service> {
  // The SDK's own client knows all places that it reads, and their order.
  const { config: defaults } = new sdk.S3Client({ endpoint: config.endpoint });
  const endpoint = config.endpoint ?? (await defaults.serviceConfiguredEndpoint?.());
  const source = endpoint && (config.endpoint === undefined ? sourceOf(process.env) : '"endpoint"');
  if (endpoint !== undefined && config.endpoint === undefined) {
    refuseUnusable(endpoint, `${source}`, config);
  }
  const isAws = endpoint === undefined || isHostOfAws(sdk, new URL(endpoint).hostname);
  const ofOthers = () =>
    config.endpoint === undefined ? defaults.region().catch(() => REGION_OF_OTHERS) : REGION_OF_OTHERS;
  const region = config.region ?? (isAws ? undefined : await ofOthers());
  const service = { endpoint, source, isAws, region };
  services.set(config.endpoint, service);
  return service;
}

/**
 * @throws IncorrectUsageError when an endpoint of the environment cannot be used. It is not shown, because it may
 * contain a password.
 */
function refuseUnusable(endpoint: string, source: string, config: Config): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isUrl = url && /^https?:$/.test(url.protocol) && !url.username && !url.password;
  const withoutBucket = isUrl && endpointWithoutBucket(endpoint, config);
  if (isUrl && !withoutBucket) {
    return;
  }
  throw new errors.IncorrectUsageError({
    message: withoutBucket
      ? `${source} contains the bucket name "${config.bucket}".`
      : `${source} must be the URL of an S3 service, without a user name or password.`,
    code: S3_MISCONFIGURED,
    help:
      `Write ${withoutBucket || 'a URL such as https://s3.example.com'} there or remove it, ` +
      'or set "endpoint" in the configuration of S3CloudFrontStorage.',
  });
}

/** Returns the service that requests of a configuration went to, or would go to if the environment named none. */
export const knownService = ({ endpoint }: Pick<Config, 'endpoint'>): Service =>
  services.get(endpoint) ?? { endpoint, isAws: endpoint === undefined };

function sourceOf(environment: NodeJS.ProcessEnv): string {
  const variable = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'].find((name) => environment[name]);
  return variable ?? `endpoint_url of the AWS profile "${environment.AWS_PROFILE ?? 'default'}"`;
}

function isHostOfAws({ partition }: Sdk, hostname: string): boolean {
  const domains = PARTITIONS.map((region) => partition(region)).flatMap((of) => [of.dnsSuffix, of.dualStackDnsSuffix]);
  return domains.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`));
}
