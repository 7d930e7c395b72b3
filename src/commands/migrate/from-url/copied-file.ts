import path from 'node:path';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { create as createContentDisposition, parse as parseContentDisposition } from 'content-disposition';
import { lookup } from 'mime-types';
import type { ContentHeaders } from '../../../core/content-headers';
import { contentTypeOf } from '../../../core/content-types';
import type { Feature } from '../../../core/features';
import { type FeatureLocation, headersOf, isImageSize } from '../feature-location';

/** The new location of an object of the old bucket. */
export interface Target {
  location: FeatureLocation;
  /** Path in the feature's folder, `2026/11/photo.jpg`. */
  relativePath: string;
}

/** Names of files that Ghost stores as media. Needed because some adapters stored all files in one folder. */
const MEDIA = /\.(mp4|webm|ogv|mp3|wav|ogg|m4a)$/i;

/** Names of files that Ghost stores as images. */
const IMAGES = /\.(jpe?g|gif|png|svgz?|ico|webp|avif|heic|heif)$/i;

/**
 * Returns the new location of an object, according to its name, or to its content type if the name has no extension.
 *
 * @param oldKey without the old prefix
 */
export function targetOf(locations: FeatureLocation[], oldKey: string, contentType?: string): Target {
  const [, named, rest] = /^content\/(images|media|files)\/(.+)$/s.exec(oldKey) ?? [];
  const feature =
    named ?? (MEDIA.test(oldKey) ? 'media' : IMAGES.test(oldKey) ? 'images' : byType(oldKey, contentType));
  const location = locations.find((one) => one.feature === feature) as FeatureLocation;
  return { location, relativePath: rest ?? oldKey };
}

function byType(oldKey: string, contentType = ''): Feature {
  if (isTelling(oldKey)) {
    return 'files';
  }
  // Without its extension, the adapter and the CDN treat an SVG image as a download.
  return /^image\/(?!svg)/i.test(contentType) ? 'images' : /^(audio|video)\//i.test(contentType) ? 'media' : 'files';
}

const isTelling = (name: string) => Boolean(lookup(path.posix.extname(name)));

/**
 * Returns the headers for a copy. They are those of an upload, plus the following from the old object: Content-Encoding
 * (without it, the file is unreadable), Content-Language, the download's name, the character set of a text, and for a
 * name without an extension the content type, unless a browser would run scripts in it.
 *
 * User metadata is not copied: Ghost does not read it, some programs store user names in it, and the CDN would publish
 * it.
 */
export function headersOfCopy({ location, relativePath }: Target, source: HeadObjectCommandOutput): CopyHeaders {
  const { staticFileURLPrefix } = location.config;
  const name = downloadNameOf(source.ContentDisposition);
  const headers: CopyHeaders = headersOf(location, relativePath, {
    type: isImageSize(location, relativePath) ? undefined : typeOf(relativePath, staticFileURLPrefix, source),
    name,
  });
  const isFile = headers.ContentDisposition !== undefined;
  return {
    ...headers,
    ContentDisposition:
      isFile || name === undefined
        ? headers.ContentDisposition
        : createContentDisposition(path.posix.basename(name).toWellFormed(), { type: 'inline' }),
    ContentEncoding: encodingOf(source) ?? headers.ContentEncoding,
    ContentLanguage: source.ContentLanguage || undefined,
  };
}

/** The headers that are stored with a copy. */
export type CopyHeaders = ContentHeaders & { ContentEncoding?: string; ContentLanguage?: string };

/**
 * Returns the encodings of an object. `aws-chunked` is left out: it is for the transfer, but some services store it.
 */
export function encodingOf({ ContentEncoding = '' }: Pick<HeadObjectCommandOutput, 'ContentEncoding'>) {
  const encodings = ContentEncoding.split(',').map((encoding) => encoding.trim());
  return encodings.filter((encoding) => !['', 'aws-chunked', 'identity'].includes(encoding)).join(', ') || undefined;
}

/** Returns the old object's content type if it is more specific than the name. */
function typeOf(relativePath: string, prefix: string, { ContentType }: HeadObjectCommandOutput): string | undefined {
  const byName = contentTypeOf(relativePath, prefix);
  const essence = (type = '') => type.replace(/;.*/s, '').trim().toLowerCase();
  // S3's own value for an unknown type.
  const isUnknown = ['', 'binary/octet-stream'].includes(essence(ContentType));
  const knowsMore = !isTelling(relativePath) || essence(byName) === essence(ContentType);
  return knowsMore && !isUnknown ? contentTypeOf(relativePath, prefix, ContentType) : undefined;
}

function downloadNameOf(disposition: string | undefined): string | undefined {
  try {
    return (disposition && parseContentDisposition(disposition).parameters.filename) || undefined;
  } catch {
    // The header is invalid, so browsers cannot read it either.
    return undefined;
  }
}
