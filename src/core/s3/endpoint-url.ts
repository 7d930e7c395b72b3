import type { Config } from '../config';

/** Paths at which a service has its S3 API: Supabase. */
const PATHS_OF_SERVICES = ['storage/v1/s3'];

/** Host names of S3 services, recognized by a label or by their domain. */
const HOST_OF_A_SERVICE =
  /(^|[.-])(s3|minio|objects?|objectstorage|storage|ceph|rgw|garage|r2)[.-]|\.(digitaloceanspaces|linodeobjects|vultrobjects|myqcloud|aliyuncs)\.com$/;

/**
 * Returns an endpoint without the bucket name, which the SDK adds: `https://s3.example.com` for
 * `https://blog.s3.example.com` and for `https://s3.example.com/blog`. If it stayed, keys would start with the bucket
 * name, and the CDN would find nothing.
 *
 * @param endpoint an absolute URL
 * @returns undefined for an endpoint that does not contain the bucket name
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function endpointWithoutBucket(
  endpoint: string,
  { bucket, forcePathStyle }: Pick<Config, 'bucket' | 'forcePathStyle'>,
): string | undefined {
  const url = new URL(endpoint);
  const name = bucket.toLowerCase();
  const path = decode(url.pathname).replace(/^\/+|\/+$/g, '');
  const segments = path.toLowerCase().split('/');
  const at = segments.indexOf(name);
  if (at >= 0 && !PATHS_OF_SERVICES.some((known) => `/${path.toLowerCase()}`.endsWith(`/${known}`))) {
    return `${url.origin}/${path.split('/').slice(0, at).join('/')}`.replace(/\/$/, '');
  }
  const rest = url.hostname.slice(name.length + 1);
  // A self-hosted server may have the same name as the bucket: blog.example.com.
  const isName = forcePathStyle === true && !HOST_OF_A_SERVICE.test(rest);
  if (url.hostname.startsWith(`${name}.`) && !isName) {
    url.hostname = rest;
    return url.href.replace(/\/$/, '');
  }
  return undefined;
}

function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}
