import type { Config } from '../config';
import { S3_MISCONFIGURED } from '../error-codes';
import { errors } from '../ghost-host';
import { placeOfEndpoint } from './places';
import { knownService } from './service';

/**
 * Returns the error for a successful answer that is not from S3: a web page answers everything with 200.
 *
 * @param operation S3's name of the request
 * @param answer what came instead: `200 with a web page ("Sign in")`
 */
export function notS3(config: Config, operation: string, answer: string): Error {
  const { endpoint } = knownService(config);
  return new errors.IncorrectUsageError({
    message: `${endpoint ?? 'The endpoint of AWS'} does not answer like S3: to ${operation} in the bucket "${config.bucket}" it answered ${answer}.`,
    code: S3_MISCONFIGURED,
    help: endpoint
      ? `Correct ${placeOfEndpoint(config)}. This is the URL of a web page or a proxy; the console of a service has another URL or port than its S3 API.`
      : 'Check the network: a proxy or a login page of the network answers instead of AWS.',
  });
}

/**
 * Describes an answer by its status, and by the title of a page or its type.
 *
 * @param text the beginning of its body, if it was read
 */
export function describeAnswer(status: number, contentType = '', text = ''): string {
  const title = /<title[^>]*>([^<]{1,200})/i.exec(text)?.[1]?.replace(/\s+/g, ' ').trim();
  const isPage = /html/i.test(contentType) || /<html|<!doctype html/i.test(text);
  const type = contentType.split(';', 1)[0]?.slice(0, 100);
  const kind = isPage ? 'a web page' : type ? `a document of the type ${type}` : 'an empty document';
  return `${status} with ${kind}${title ? ` ("${title}")` : ''}`;
}
