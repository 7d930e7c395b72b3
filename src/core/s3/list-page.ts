import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { Config } from '../config';
import { statusOf } from '../foreign-error';
import { connect } from './client';
import { endedBy } from './ended-by';
import { isTransient } from './errors';
import { notS3 } from './not-s3';

/** How many objects a page has at most: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
const MAX_KEYS = 1000;

/** An object as S3 lists it. */
export interface ListedObject {
  key: string;
  bytes: number;
  /** Without its quotation marks; empty when the service sends none. */
  etag: string;
  lastModified?: Date;
}

/** A page of a listing. */
export interface ListedPage {
  objects: ListedObject[];
  /** Whether more pages follow. */
  isTruncated: boolean;
  /** Continues the listing; undefined also when the service leaves it out of a page that others follow. */
  nextToken?: string;
}

/** Which page to list. */
export interface PageRequest {
  prefix: string;
  /** From the page before. */
  token?: string;
  /** Lists only what comes after this key, instead of a token. */
  startAfter?: string;
}

/**
 * Lists at most 1,000 objects.
 *
 * @throws the SDK's error, or an IncorrectUsageError that names the endpoint when the response is not a listing: a web page
 *   answers everything with 200
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export async function listPage(
  config: Config,
  { prefix, token, startAfter }: PageRequest,
  abortSignal?: AbortSignal,
): Promise<ListedPage> {
  const { sdk, client } = await connect(config);
  const command = new sdk.ListObjectsV2Command({
    Bucket: config.bucket,
    Prefix: prefix,
    ContinuationToken: token,
    StartAfter: startAfter,
    // XML cannot carry every key: services replace or drop control characters.
    EncodingType: 'url',
  });
  let answer: ListObjectsV2CommandOutput;
  try {
    answer = await client.send(endedBy(command, abortSignal));
  } catch (error) {
    // It arrived completely, but the SDK cannot parse it.
    throw statusOf(error) === 200 && !isTransient(error) ? notAListing(config) : error;
  }
  const { Name, KeyCount, Contents = [], EncodingType, NextContinuationToken, IsTruncated } = answer;
  // A listing without a delimiter has nothing else to count.
  const isMangled = Boolean(KeyCount) && Contents.length === 0;
  if ((Name === undefined && KeyCount === undefined) || isMangled) {
    throw notAListing(config);
  }
  const objects = Contents.map(({ Key, Size, ETag = '', LastModified }) => {
    if (!Key || !Number.isSafeInteger(Size)) {
      throw notAListing(config);
    }
    return {
      key: EncodingType === 'url' ? decodeKey(Key) : Key,
      bytes: Size as number,
      etag: ETag.replaceAll('"', ''),
      lastModified: LastModified,
    };
  });
  const nextToken = NextContinuationToken || undefined;
  // Where the service does not say, a full page is followed by another one, which may be empty.
  const isTruncated = IsTruncated ?? (nextToken !== undefined || objects.length >= MAX_KEYS);
  return { objects, nextToken, isTruncated };
}

const notAListing = (config: Config) => notS3(config, 'ListObjectsV2', '200 without a listing');

/** Decodes a key as all clients do that ask for `encoding-type=url`. */
function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    // A percent sign without a code shows that the key was never encoded.
    return encoded;
  }
}
