import path from 'node:path';
import type { ObjectCannedACL, PutObjectCommandInput, StorageClass } from '@aws-sdk/client-s3';
import { create as createContentDisposition } from 'content-disposition';
import { DEFAULT_CACHE_CONTROL, type Config } from './config';
import { repairMojibake } from './file-names';

/** The headers that are stored with an object, named as in PutObject. */
export type ContentHeaders = Pick<
  PutObjectCommandInput,
  | 'ContentType'
  | 'CacheControl'
  | 'ContentDisposition'
  | 'Metadata'
  | 'StorageClass'
  | 'ServerSideEncryption'
  | 'SSEKMSKeyId'
  | 'ACL'
>;

/** The name of the metadata entry that holds the upload's ID. */
export const UPLOAD_ID = 'upload-id';

const UNKNOWN_TYPE = 'application/octet-stream';

/**
 * Types whose scripts a browser runs when it opens the URL. Uploads are on the owner's domain, so no file is stored with
 * such a type, except for SVG images: Ghost allows them, and the adapter and the CDN send them with a policy that forbids
 * scripts.
 */
const ACTIVE_TYPE = /^(text\/html|[\w.-]+\/((x-)?(java|ecma)script|xml|xsl)|[^;]*\+xml)\b/i;

/** A single type with its parameters. From a list, a browser may pick another type. */
const ONE_TYPE = /^[\w.+-]+\/[\w.+-]+\s*(;[^,]*)?$/;

/** Downloads with an active type that a browser can show as text. Ghost stores them as text, too. */
const READABLE_AS_TEXT = new Set(['.html', '.htm', '.js', '.css', '.xml']);

/**
 * Returns the content type for an upload.
 *
 * Ghost's type takes precedence, because Ghost checks it against the extension and makes it inert for files. The
 * extension decides when Ghost passes no type (Ghost 5 for files, image sizes, bookmark cards) or an active one.
 *
 * @param name file name, of which only the extension matters
 * @param staticFileURLPrefix prefix of the feature that stores the file
 * @param ghostType `type` of the file that Ghost passed
 */
export function contentTypeOf(name: string, staticFileURLPrefix: string, ghostType?: string): string {
  if (ghostType && ghostType !== UNKNOWN_TYPE && ONE_TYPE.test(ghostType) && !ACTIVE_TYPE.test(ghostType)) {
    return ghostType;
  }
  const isFile = isFor('files', staticFileURLPrefix);
  if (ghostType === UNKNOWN_TYPE && isFile) {
    return ghostType;
  }
  const extension = path.posix.extname(name).toLowerCase();
  if (isFile && READABLE_AS_TEXT.has(extension)) {
    return 'text/plain';
  }
  const { lookup } = require('./lazy/mime-types') as typeof import('./lazy/mime-types');
  const type = lookup(extension) || UNKNOWN_TYPE;
  const isImage = !isFile && !isFor('media', staticFileURLPrefix);
  return ACTIVE_TYPE.test(type) && !(isImage && extension === '.svg') ? UNKNOWN_TYPE : type;
}

/**
 * Returns the content type for bytes that Ghost produced itself. It follows from the path: when Ghost converts an image,
 * it keeps the extension, so `size/w1000/format/webp/2026/11/x.jpg` is a WebP file.
 */
export function contentTypeOfRaw(relativePath: string, staticFileURLPrefix: string): string {
  const format = /(?:^|\/)format\/([^/]+)\//.exec(relativePath)?.[1];
  return contentTypeOf(format ? `x.${format}` : relativePath, staticFileURLPrefix);
}

/**
 * Returns the Content-Disposition header by which a download gets the name that its author gave it, `Jahresbericht
 * 2026.pdf`, whatever its name in the bucket is.
 *
 * @param uploadName name as it was uploaded
 * @returns undefined for images and media, which are shown rather than downloaded
 */
export function contentDispositionOf(uploadName: string, staticFileURLPrefix: string): string | undefined {
  const name = repairMojibake(path.posix.basename(uploadName)).toWellFormed();
  return isFor('files', staticFileURLPrefix) ? createContentDisposition(name, { type: 'inline' }) : undefined;
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
export function contentHeaders(config: Config, uploadId: string, type: string, disposition?: string): ContentHeaders {
  return {
    Metadata: { [UPLOAD_ID]: uploadId },
    ContentType: type,
    CacheControl: cacheControlOf(type, config),
    ContentDisposition: disposition,
    StorageClass: config.storageClass as StorageClass | undefined,
    ServerSideEncryption: config.serverSideEncryption,
    SSEKMSKeyId: config.kmsKeyId,
    ACL: config.acl as ObjectCannedACL | undefined,
  };
}

function isFor(feature: 'media' | 'files', staticFileURLPrefix: string): boolean {
  return path.posix.basename(staticFileURLPrefix) === feature;
}
