import { S3Error } from './s3-error';
import { decodeQuery, uriDecode } from './uri-encoding';

export interface RequestTarget {
  bucket?: string;
  /** The decoded path, not normalized; undefined for the bucket itself. */
  key?: string;
  query: Record<string, string>;
}

const VIRTUAL_HOST_SUFFIX = '.s3.localhost';
const LONGEST_KEY_BYTES = 1024;

/**
 * Returns the bucket and key of a request, in path style or, from its Host header, in virtual-host style. As S3 does, it
 * takes a plus in the path for a space.
 *
 * @throws InvalidURI for a path that is not percent-encoded UTF-8
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function readTarget(url: string, host = ''): RequestTarget {
  const [path = '', queryString = ''] = url.split(/\?(.*)/s);
  const query = Object.fromEntries(decodeQuery(queryString));
  const decoded = uriDecode(path.replace(/^\//, '').replaceAll('+', ' '));
  const hostname = host.replace(/:\d+$/, '').toLowerCase();
  if (hostname.endsWith(VIRTUAL_HOST_SUFFIX)) {
    return { bucket: hostname.slice(0, -VIRTUAL_HOST_SUFFIX.length), key: decoded || undefined, query };
  }
  const slash = decoded.indexOf('/');
  const [bucket, key] = slash < 0 ? [decoded, ''] : [decoded.slice(0, slash), decoded.slice(slash + 1)];
  return { bucket: bucket || undefined, key: key || undefined, query };
}

/** @throws KeyTooLongError */
export function assertKeyLength(key: string | undefined): void {
  const size = Buffer.byteLength(key ?? '');
  if (size <= LONGEST_KEY_BYTES) return;
  throw new S3Error('KeyTooLongError', 'Your key is too long', { Size: size, MaxSizeAllowed: LONGEST_KEY_BYTES });
}
