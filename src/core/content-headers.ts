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

/** Name of the metadata that tells uploads apart. */
export const UPLOAD_ID = 'upload-id';

const UNKNOWN_TYPE = 'application/octet-stream';

/**
 * Types of which a browser runs a script when the URL is opened on its own. An upload is shown under the owner's
 * domain, so none of them is ever stored, with one exception: an SVG among the images, which Ghost allows, and which
 * both the adapter and the CDN send with a policy that forbids scripts.
 */
const ACTIVE_TYPE = /^(text\/html|[\w.-]+\/((x-)?(java|ecma)script|xml|xsl)|[^;]*\+xml)\b/i;

/** One type, with its parameters: a browser may take another one out of a list. */
const ONE_TYPE = /^[\w.+-]+\/[\w.+-]+\s*(;[^,]*)?$/;

/** What Ghost itself makes of the active types of downloads that are text, so that they can be read in the browser. */
const READABLE_AS_TEXT = new Set(['.html', '.htm', '.js', '.css', '.xml']);

/**
 * The type that an upload is stored with.
 *
 * Ghost's own type wins: it is checked against the upload's extension, and made inert for files. Where Ghost passes
 * none (Ghost 5 for files, sizes, bookmark cards), or one that a browser would run, the extension decides.
 *
 * @param name of the file, only its extension matters
 * @param staticFileURLPrefix of the feature that stores it
 * @param ghostType `file.type` of what Ghost passed, if any
 */
export function contentTypeOf(name: string, staticFileURLPrefix: string, ghostType?: string): string {
  if (ghostType && ghostType !== UNKNOWN_TYPE && ONE_TYPE.test(ghostType) && !ACTIVE_TYPE.test(ghostType)) {
    return ghostType;
  }
  const isFile = isForFiles(staticFileURLPrefix);
  if (ghostType === UNKNOWN_TYPE && isFile) {
    return ghostType;
  }
  const extension = path.posix.extname(name).toLowerCase();
  if (isFile && READABLE_AS_TEXT.has(extension)) {
    return 'text/plain';
  }
  const type = mimeTypeOf(extension);
  return ACTIVE_TYPE.test(type) && (isFile || isForMedia(staticFileURLPrefix) || extension !== '.svg')
    ? UNKNOWN_TYPE
    : type;
}

/**
 * The type of bytes that Ghost made itself, by the path it gives them: Ghost keeps the original's extension when it
 * converts, `size/w1000/format/webp/2026/11/x.jpg` holds webp.
 */
export function contentTypeOfRaw(relativePath: string, staticFileURLPrefix: string): string {
  const format = /(?:^|\/)format\/([^/]+)\//.exec(relativePath)?.[1];
  return contentTypeOf(format ? `x.${format}` : relativePath, staticFileURLPrefix);
}

/**
 * A download keeps the name that its author gave it (`Jahresbericht 2026.pdf`), whatever it is called in the bucket.
 *
 * @param uploadName the name as it was uploaded
 * @returns the header for a file; undefined for images and media, which are shown and not kept
 */
export function contentDispositionOf(uploadName: string, staticFileURLPrefix: string): string | undefined {
  const name = repairMojibake(path.posix.basename(uploadName)).toWellFormed();
  return isForFiles(staticFileURLPrefix) ? createContentDisposition(name, { type: 'inline' }) : undefined;
}

/**
 * How long an upload may be kept. Ghost itself replaces only the thumbnails of media (the pictures among them), under
 * the name that they have: a browser asks again for those after five minutes, and the CDN too unless it is told.
 */
function cacheControlOf(contentType: string, config: Config): string {
  const isReplaced = isForMedia(config.staticFileURLPrefix) && contentType.startsWith('image/');
  if (!isReplaced || config.cacheControl !== DEFAULT_CACHE_CONTROL) {
    return config.cacheControl;
  }
  return config.distributionId ? 'public, max-age=300, s-maxage=31536000' : 'public, max-age=300';
}

/**
 * Everything that is sent along with the bytes of an object.
 *
 * @param uploadId stays with the object: by it an upload whose answer was lost finds out that it is there
 */
export function contentHeaders(
  config: Config,
  uploadId: string,
  contentType: string,
  contentDisposition?: string,
): ContentHeaders {
  return {
    Metadata: { [UPLOAD_ID]: uploadId },
    ContentType: contentType,
    CacheControl: cacheControlOf(contentType, config),
    ContentDisposition: contentDisposition,
    StorageClass: config.storageClass as StorageClass | undefined,
    ServerSideEncryption: config.serverSideEncryption,
    SSEKMSKeyId: config.kmsKeyId,
    ACL: config.acl as ObjectCannedACL | undefined,
  };
}

function isForFiles(staticFileURLPrefix: string): boolean {
  return path.posix.basename(staticFileURLPrefix) === 'files';
}

function isForMedia(staticFileURLPrefix: string): boolean {
  return path.posix.basename(staticFileURLPrefix) === 'media';
}

function mimeTypeOf(extension: string): string {
  const { lookup } = require('./lazy/mime-types') as typeof import('./lazy/mime-types');
  return lookup(extension) || UNKNOWN_TYPE;
}
