import path from 'node:path';
import type { ObjectCannedACL, PutObjectCommandInput, StorageClass } from '@aws-sdk/client-s3';
import { create as createContentDisposition } from 'content-disposition';
import { DEFAULT_CACHE_CONTROL, type Config } from './config';
import { isFor } from './features';
import { MAX_NAME_BYTES, repairMojibake, shortened, splitExtension } from './file-names';

/** The headers that are stored with an object, named as in PutObject. */
export type ContentHeaders = Pick<
  PutObjectCommandInput,
  | 'ContentType'
  | 'CacheControl'
  | 'ContentDisposition'
  | 'ContentEncoding'
  | 'Metadata'
  | 'StorageClass'
  | 'ServerSideEncryption'
  | 'SSEKMSKeyId'
  | 'ACL'
>;

/** The name of the metadata entry that holds the upload's ID. */
export const UPLOAD_ID = 'upload-id';

/** The longest name (bytes) of a download. Percent-encoded, it fits S3's limit of 2 KB for headers. */
const MAX_DOWNLOAD_NAME = MAX_NAME_BYTES;

/** Characters that no disk or header accepts, and those that show a name from right to left, to hide its extension. */
const UNFIT_FOR_NAMES = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Returns the Content-Disposition header that gives a download the name that its author gave it, `Jahresbericht
 * 2026.pdf`, whatever its name in the bucket is. It is `attachment`, because the button of Ghost's file card is a link
 * with `download`, which browsers ignore when the file is on another domain.
 *
 * @param uploadName name as it was uploaded
 * @returns undefined for images and media, which are shown rather than downloaded
 */
export function contentDispositionOf(uploadName: string, staticFileURLPrefix: string): string | undefined {
  if (!isFor('files', staticFileURLPrefix)) {
    return undefined;
  }
  const name = repairMojibake(path.posix.basename(uploadName)).toWellFormed().replace(UNFIT_FOR_NAMES, '');
  const { stem, extension } = shortened(splitExtension(name), MAX_DOWNLOAD_NAME);
  return createContentDisposition(`${stem}${extension}` || undefined, { type: 'attachment' });
}

/**
 * Returns the Cache-Control header of an upload. Ghost replaces only media thumbnails (the images among the media) under
 * the same name. Browsers request those again after five minutes, and so does a CDN that gets no invalidations.
 */
function cacheControlOf(contentType: string, config: Config): string {
  const isReplaced = isFor('media', config.staticFileURLPrefix) && contentType.startsWith('image/');
  if (!isReplaced || config.cacheControl !== DEFAULT_CACHE_CONTROL) {
    return config.cacheControl;
  }
  return config.distributionId ? 'public, max-age=300, s-maxage=31536000' : 'public, max-age=300';
}

/**
 * Returns all headers for an object.
 *
 * @param uploadId stored with the object: an upload whose response was lost recognizes its own object by this ID
 */
export function contentHeaders(
  config: Config,
  uploadId: string,
  type: string,
  { disposition, encoding }: { disposition?: string; encoding?: string } = {},
): ContentHeaders {
  return {
    Metadata: { [UPLOAD_ID]: uploadId },
    ContentType: type,
    CacheControl: cacheControlOf(type, config),
    ContentDisposition: disposition,
    ContentEncoding: encoding,
    StorageClass: config.storageClass as StorageClass | undefined,
    ServerSideEncryption: config.serverSideEncryption,
    SSEKMSKeyId: config.kmsKeyId,
    ACL: config.acl as ObjectCannedACL | undefined,
  };
}
