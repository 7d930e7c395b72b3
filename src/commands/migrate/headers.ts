import { randomUUID } from 'node:crypto';
import path from 'node:path';
import {
  contentDispositionOf,
  contentHeaders,
  type ContentHeaders,
  contentTypeOf,
  contentTypeOfRaw,
} from '../../core/content-headers';
import { isSize, type Place } from './place';

/** The headers that the adapter would store a file with, had it been uploaded in Ghost's editor. */
export function headersOf(place: Place, relativePath: string): ContentHeaders {
  const { config } = place;
  const prefix = config.staticFileURLPrefix;
  const type = isSize(place, relativePath)
    ? contentTypeOfRaw(relativePath, prefix)
    : contentTypeOf(relativePath, prefix);
  return contentHeaders(config, randomUUID(), type, contentDispositionOf(path.posix.basename(relativePath), prefix));
}
