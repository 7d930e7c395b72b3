import path from 'node:path';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { create as createContentDisposition, parse as parseContentDisposition } from 'content-disposition';
import { lookup } from 'mime-types';
import type { ContentHeaders } from '../../../core/content-headers';
import { contentTypeOf } from '../../../core/content-types';
import type { Feature } from '../../../core/features';
import { type FeatureLocation, headersOf, isImageSize } from '../feature-location';

/** Where an object of the old bucket belongs. */
export interface Target {
  location: FeatureLocation;
  /** Below the feature's folder, `2026/11/photo.jpg`. */
  relativePath: string;
}

/** The files that Ghost stores as media and as images. Some adapters kept all files in one folder. */
const MEDIA = /\.(mp4|webm|ogv|mp3|wav|ogg|m4a)$/i;
const IMAGES = /\.(jpe?g|gif|png|svgz?|ico|webp|avif|heic|heif)$/i;

/**
 * Returns where an object belongs. The name decides, and where it says nothing, the content type.
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
  // An SVG image needs its extension: without one, the adapter and the CDN take it for a download.
  return /^image\/(?!svg)/i.test(contentType) ? 'images' : /^(audio|video)\//i.test(contentType) ? 'media' : 'files';
}

const isTelling = (name: string) => Boolean(lookup(path.posix.extname(name)));

/**
 * Returns the headers for a copy: those that an upload would get, and what only the old object knows. These are its
 * Content-Encoding, without which the bytes are garbage, its Content-Language, the name of the download, the character set
 * of a text, and the content type of a name that says nothing, unless a browser would run its scripts.
 *
 * User metadata stays behind: Ghost reads none, some programs store user names in it, and the CDN would show it to all.
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

/** Returns the encodings of an object's bytes. `aws-chunked` is one of the transfer that some services store with it. */
export function encodingOf({ ContentEncoding = '' }: Pick<HeadObjectCommandOutput, 'ContentEncoding'>) {
  const encodings = ContentEncoding.split(',').map((encoding) => encoding.trim());
  return encodings.filter((encoding) => !['', 'aws-chunked', 'identity'].includes(encoding)).join(', ') || undefined;
}

/** Returns the old object's content type if it tells more than the name. */
function typeOf(relativePath: string, prefix: string, { ContentType }: HeadObjectCommandOutput): string | undefined {
  const byName = contentTypeOf(relativePath, prefix);
  const essence = (type = '') => type.replace(/;.*/s, '').trim().toLowerCase();
  // S3's own word for an unknown type.
  const isUnknown = ['', 'binary/octet-stream'].includes(essence(ContentType));
  const knowsMore = !isTelling(relativePath) || essence(byName) === essence(ContentType);
  return knowsMore && !isUnknown ? contentTypeOf(relativePath, prefix, ContentType) : undefined;
}

function downloadNameOf(disposition: string | undefined): string | undefined {
  try {
    return (disposition && parseContentDisposition(disposition).parameters.filename) || undefined;
  } catch {
    // A header of another program, which browsers cannot read either.
    return undefined;
  }
}
