import type { OperationContext, Reply } from '../operation';
import { S3Error } from '../s3-error';
import type { Bucket } from '../store';
import { uriEncodePath } from '../uri-encoding';
import { compareUtf8 } from '../utf8-order';
import { toXml, type XmlValue } from '../xml';

const MOST_KEYS = 1000;

interface Page {
  keys: string[];
  commonPrefixes: string[];
  /** The last key or common prefix of the page, if more pages follow. */
  next?: string;
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export function listObjectsV2({ bucket, query }: OperationContext): Reply {
  const token = query['continuation-token'];
  const encode = keyEncoder(query);
  const after = token === undefined ? query['start-after'] : readToken(token, bucket);
  const page = listPage(bucket, query, after);
  const result = {
    ...describePage(bucket, query, page),
    ContinuationToken: token,
    NextContinuationToken: page.next === undefined ? undefined : writeToken(page.next),
    KeyCount: page.keys.length + page.commonPrefixes.length,
    StartAfter: query['start-after'] === undefined ? undefined : encode(query['start-after']),
  };
  const { change = (answer) => answer } = bucket.listing;
  const answer = change(result, query);
  const body =
    typeof answer === 'string' ? answer : toXml('ListBucketResult', answer as typeof result, { inNamespace: true });
  return { status: 200, body };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export function listObjects({ bucket, query }: OperationContext): Reply {
  const encode = keyEncoder(query);
  const page = listPage(bucket, query, query.marker);
  const result = {
    ...describePage(bucket, query, page),
    Marker: encode(query.marker ?? ''),
    NextMarker: page.next === undefined || !query.delimiter ? undefined : encode(page.next),
  };
  return { status: 200, body: toXml('ListBucketResult', result, { inNamespace: true }) };
}

function listPage(bucket: Bucket, query: Record<string, string>, after: string | undefined): Page {
  const { prefix = '', delimiter = '' } = query;
  const limit = readMaxKeys(query);
  const page: Page = { keys: [], commonPrefixes: [] };
  let last: string | undefined;
  const { order = compareUtf8 } = bucket.listing;
  const keys = bucket.objects.sortedKeys();
  for (const key of bucket.listing.order ? [...keys].sort(order) : keys) {
    if (!key.startsWith(prefix)) continue;
    const delimiterAt = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const commonPrefix = delimiterAt < 0 ? undefined : key.slice(0, delimiterAt + delimiter.length);
    const entry = commonPrefix ?? key;
    if (after !== undefined && isNotAfter(entry, key, after, order)) continue;
    if (commonPrefix !== undefined && commonPrefix === page.commonPrefixes.at(-1)) continue;
    if (page.keys.length + page.commonPrefixes.length === limit) {
      page.next = last;
      break;
    }
    (commonPrefix === undefined ? page.keys : page.commonPrefixes).push(entry);
    last = entry;
  }
  return page;
}

/** After a page that ends with a common prefix, the next page starts after all keys with that prefix. */
function isNotAfter(entry: string, key: string, after: string, order: typeof compareUtf8): boolean {
  return entry === after || order(key, after) <= 0;
}

function describePage(bucket: Bucket, query: Record<string, string>, page: Page): Record<string, XmlValue> {
  const encode = keyEncoder(query);
  return {
    Name: bucket.name,
    Prefix: encode(query.prefix ?? ''),
    Delimiter: query.delimiter ? encode(query.delimiter) : undefined,
    MaxKeys: readMaxKeys(query),
    EncodingType: query['encoding-type'],
    IsTruncated: page.next !== undefined,
    Contents: page.keys.map((key) => describeEntry(bucket, key, encode)),
    CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  };
}

function describeEntry(bucket: Bucket, key: string, encode: (text: string) => string): XmlValue {
  const object = bucket.objects.get(key);
  return {
    Key: encode(key),
    LastModified: object?.lastModified.toISOString(),
    ETag: object?.etag,
    Size: object?.size,
    StorageClass: object?.storageClass,
  };
}

/** @throws InvalidArgument for an encoding type other than `url` */
export function keyEncoder(query: Record<string, string>): (text: string) => string {
  const type = query['encoding-type'];
  if (type === undefined) return (text) => text;
  if (type === 'url') return (text) => uriEncodePath(text).replaceAll('%20', '+');
  throw invalidArgument('encoding-type', type, 'Invalid Encoding Method specified in Request');
}

function readMaxKeys(query: Record<string, string>): number {
  const text = query['max-keys'] ?? String(MOST_KEYS);
  if (!/^\d+$/.test(text)) throw invalidArgument('max-keys', text, 'Provided max-keys not an integer or within range');
  return Math.min(Number(text), MOST_KEYS);
}

function writeToken(entry: string): string {
  return Buffer.from(`after:${entry}`).toString('base64');
}

function readToken(token: string, { listing }: Bucket): string | undefined {
  const text = Buffer.from(token, 'base64').toString();
  if (text.startsWith('after:')) return text.slice('after:'.length);
  // A service that sends tokens of its own may not know them again.
  if (listing.change) return undefined;
  throw invalidArgument('continuation-token', token, 'The continuation token provided is incorrect');
}

function invalidArgument(name: string, value: string, message: string): S3Error {
  return new S3Error('InvalidArgument', message, { ArgumentName: name, ArgumentValue: value });
}
