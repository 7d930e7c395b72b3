// Values that people confuse with the correct one: another URL, name or code of the same thing.

/** The region names in the AWS console: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html */
const REGIONS =
  'virginia us-east-1,ohio us-east-2,california us-west-1,oregon us-west-2,cape town af-south-1,hong kong ap-east-1,' +
  'taipei ap-east-2,mumbai ap-south-1,hyderabad ap-south-2,singapore ap-southeast-1,sydney ap-southeast-2,' +
  'jakarta ap-southeast-3,melbourne ap-southeast-4,malaysia ap-southeast-5,new zealand ap-southeast-6,' +
  'thailand ap-southeast-7,tokyo ap-northeast-1,seoul ap-northeast-2,osaka ap-northeast-3,calgary ca-west-1,' +
  'canada ca-central-1,frankfurt eu-central-1,zurich eu-central-2,ireland eu-west-1,london eu-west-2,paris eu-west-3,' +
  'milan eu-south-1,spain eu-south-2,stockholm eu-north-1,tel aviv il-central-1,bahrain me-south-1,uae me-central-1,' +
  'mexico mx-central-1,paulo sa-east-1,beijing cn-north-1,ningxia cn-northwest-1';

/** A region of AWS: `eu-central-1` */
const REGION = /\b[a-z]{2,4}(?:-[a-z]+){1,2}-\d\b/;

const CONSOLE =
  /(^|\.)(aws\.amazon\.com|console\.amazonaws-us-gov\.com|console\.amazonaws\.cn|console\.amazonaws-eusc\.eu)$/;
/** It speaks neither TLS nor the API: https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html */
const WEBSITE = /\.s3-website[.-][a-z0-9-]+\.amazonaws\.com(\.cn)?$/;
const S3_WITHOUT_BUCKET = /^s3[.-][a-z0-9.-]*amazonaws\.com(\.cn)?$/;

const CDN = 'write the URL of the CDN, for example "https://images.example.com"';
const NO_ENDPOINT = 'remove "endpoint" for Amazon S3, or write the URL of another S3 service';

type Look = (value: string, isAws: boolean) => string | undefined;

const LOOKS: Record<string, Look> = {
  bucket(value) {
    const name = bucketIn(value);
    return name && `must be only the name of the bucket, not a path, a URL or an ARN: write "${name}"`;
  },
  region(value, isAws) {
    const code = isAws ? regionIn(value) : undefined;
    return code && code !== value ? `must be a region code: write "${code}"` : undefined;
  },
  cdnUrl(value) {
    const { hostname, pathname } = urlOf(value);
    if (CONSOLE.test(hostname)) {
      return `is the AWS console: ${CDN}`;
    }
    if (WEBSITE.test(hostname)) {
      return `is an S3 website endpoint, which does not support https: ${CDN}`;
    }
    return S3_WITHOUT_BUCKET.test(hostname) && pathname === '/' ? `is S3 itself, without a bucket: ${CDN}` : undefined;
  },
  endpoint(value) {
    const { hostname } = urlOf(value);
    if (hostname.endsWith('.cloudfront.net')) {
      return `is a CDN (CloudFront), which does not accept uploads: ${NO_ENDPOINT}`;
    }
    if (WEBSITE.test(hostname)) {
      return `is an S3 website endpoint, which does not accept uploads: ${NO_ENDPOINT}`;
    }
    return CONSOLE.test(hostname) ? `is the AWS console: ${NO_ENDPOINT}` : undefined;
  },
  distributionId(value) {
    const [, id] = /^arn:.*:distribution\/([A-Z0-9]+)$/.exec(value) ?? [];
    const fix = id ? `write "${id}"` : 'the CloudFront console lists it in the column "ID"';
    return /[.:/]/.test(value) ? `must be the ID of your CloudFront distribution: ${fix}` : undefined;
  },
  secretAccessKey: (value) =>
    /^A[KS]IA[A-Z0-9]{16}$/.test(value)
      ? 'is an access key ID: "accessKeyId" and "secretAccessKey" are swapped, or both contain the ID'
      : undefined,
  cdnFallbackSecret: (value) =>
    /^\[\s*".*"\s*\]$/s.test(value)
      ? 'is a list written as text, because Ghost reads a file (a variable that ends in _FILE) as text: use one file for each secret, ' +
        '…__cdnFallbackSecret__0_FILE and …__cdnFallbackSecret__1_FILE'
      : undefined,
  storageClass: (value, isAws) =>
    isAws && ['GLACIER', 'DEEP_ARCHIVE'].includes(value)
      ? 'is an archive class, whose files cannot be read immediately: write "GLACIER_IR" or "INTELLIGENT_TIERING"'
      : undefined,
};

/**
 * Returns the problem with a value that can never work for its option, and the value to write instead.
 *
 * @param options as they were given
 */
export function mistake(option: string, value: unknown, { endpoint }: Record<string, unknown>): string | undefined {
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env;
  const isAws = !endpoint && !AWS_ENDPOINT_URL && !AWS_ENDPOINT_URL_S3;
  const look = Object.hasOwn(LOOKS, option) ? LOOKS[option] : undefined;
  return typeof value === 'string' ? look?.(value.trim(), isAws) : undefined;
}

/** Returns the bucket name in an ARN, a URL or a path; undefined for a name alone. */
function bucketIn(value: string): string | undefined {
  if (!/[:/]/.test(value)) {
    return undefined;
  }
  const { hostname, pathname } = /^https?:/i.test(value) ? urlOf(value) : { hostname: '', pathname: '' };
  const [, ofHost] = /^(.+)\.s3[.-]/.exec(hostname) ?? [];
  const [, ofPath] = /^\/?([^/]+)/.exec(pathname || value.replace(/^(arn:[^:]*:s3:::|s3:\/\/)/i, '')) ?? [];
  return [ofHost, ofPath].find((name) => name && /^[a-z0-9][\w.-]+$/i.test(name));
}

/** Returns the region that a value means; undefined when it means no known region. */
function regionIn(value: string): string | undefined {
  const text = value.toLowerCase().replaceAll('_', '-');
  const isPhrase = /[\s()]/.test(text);
  const [code] = REGION.exec(text) ?? [];
  if (code !== undefined && (isPhrase || code === text)) {
    return code;
  }
  const known = REGIONS.split(',').map((entry) => /^(.+) (\S+)$/.exec(entry) ?? []);
  const [, , ofName] = known.find(([, name = '']) => text === name || (isPhrase && text.includes(name))) ?? [];
  return ofName;
}

/** Returns the host and the path of a URL, also without a scheme; empty ones for anything else. */
function urlOf(value: string): { hostname: string; pathname: string } {
  const url = /^https?:\/\//i.test(value) ? value : `https://${value}`;
  return URL.canParse(url) ? new URL(url) : { hostname: '', pathname: '' };
}
