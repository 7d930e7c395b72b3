// Explains what proxies, firewalls and services other than AWS answer.
import type { Config } from '../config';
import { S3_FAILED, S3_FULL, S3_MISCONFIGURED, S3_UNREACHABLE } from '../error-codes';
import { asForeign, statusOf } from '../foreign-error';
import { placeOf } from '../option-origins';
import { explainProxyAnswer } from '../proxies';
import { endpointWithoutBucket } from './endpoint-url';
import { codeOf } from './errors';
import { placeOfEndpoint } from './places';
import { knownService } from './service';
import { isWebPage, messageOfService } from './service-answer';

/** An error of ours: its code, its message, and the help that goes with it. */
export type Explanation = [ourCode: string, message: string, help: string];

/** How services name a full bucket or account, in codes and in texts. */
const FULL_CODE = /quota|storagefull|capexceeded|insufficientstorage|insufficientcapacity/i;
const FULL_TEXT =
  /\bcaps?\b[^.]{0,40}\b(exceeded|reached)|\bquota\b|storage (is )?full|\b(storage|usage|space|bandwidth) limit\b/i;

/** The headers that not every service supports, with the option that sends them. */
const OPTIONS_OF_HEADERS = {
  'x-amz-acl': 'acl',
  'x-amz-storage-class': 'storageClass',
  'x-amz-server-side-encryption': 'serverSideEncryption',
} as const satisfies Record<string, keyof Config>;

/** Explains an answer by its status and its text; undefined for one that S3's own codes explain. */
export function explainAnswer(error: unknown, config: Config, key: string, where: string): Explanation | undefined {
  const status = statusOf(error);
  if (status === undefined) {
    return undefined;
  }
  const text = messageOfService(error, config) ?? '';
  return (
    redirected(error, status, config) ??
    tooLarge(error, status, key, where) ??
    full(error, status, text, where) ??
    unknownHeader(error, status, text, config) ??
    (/\bHTTP request\b.*\bto\b.*\bHTTPS\b/i.test(text) ? plainOnTls(config) : undefined) ??
    ofProxy(error, status, config) ??
    (isWebPage(error) && status < 500 && status !== 404 ? blocked(status, text, where, config) : undefined)
  );
}

function redirected(error: unknown, status: number, config: Config): Explanation | undefined {
  const { location } = asForeign(error).$response?.headers ?? {};
  if (![301, 302, 303, 307, 308].includes(status) || !location || !URL.canParse(location)) {
    return undefined;
  }
  const { origin } = new URL(location);
  const target = endpointWithoutBucket(origin, config) ?? origin;
  return [
    S3_MISCONFIGURED,
    `The S3 service redirects requests to ${origin}, and signed requests cannot be redirected.`,
    `If this is the S3 service, write ${target} in ${placeOfEndpoint(config)}.`,
  ];
}

function tooLarge(error: unknown, status: number, key: string, where: string): Explanation | undefined {
  return status === 413 || codeOf(error) === 'EntityTooLarge'
    ? [
        S3_FAILED,
        `The request for "${key}" is larger than a proxy in front of the ${where}, or the service itself, accepts.`,
        "Raise the proxy's limit (nginx: client_max_body_size), or set " +
          '"multipartUploadThresholdBytes" and "multipartChunkSizeBytes" below it: files of that size are then uploaded in parts. ' +
          'Parts have at least 5 MiB.',
      ]
    : undefined;
}

function full(error: unknown, status: number, text: string, where: string): Explanation | undefined {
  const isFull = FULL_CODE.test(codeOf(error)) || status === 507 || (status === 403 && FULL_TEXT.test(text));
  return isFull
    ? [
        S3_FULL,
        `A quota or cap of the service is used up: the ${where}.`,
        'Raise the quota or cap of the account or the bucket in the console of the service, or delete files that are not needed.',
      ]
    : undefined;
}

function unknownHeader(error: unknown, status: number, text: string, config: Config): Explanation | undefined {
  if (status !== 501 && codeOf(error) !== 'NotImplemented') {
    return undefined;
  }
  const set = Object.entries(OPTIONS_OF_HEADERS).filter(([, option]) => config[option] !== undefined);
  const [, option] = set.find(([header]) => text.toLowerCase().includes(header)) ?? [];
  return option
    ? [
        S3_MISCONFIGURED,
        `The S3 service does not implement "${option}", which is "${config[option]}".`,
        `Remove ${placeOf(option)}.`,
      ]
    : undefined;
}

const plainOnTls = (config: Config): Explanation => [
  S3_MISCONFIGURED,
  'The S3 service expects https:, but the endpoint starts with http:.',
  `Write https:// in ${placeOfEndpoint(config)}.`,
];

function ofProxy(error: unknown, status: number, config: Config): Explanation | undefined {
  const isPossible = status === 407 || isWebPage(error);
  const explained = isPossible ? explainProxyAnswer(knownService(config).endpoint ?? '', status) : undefined;
  if (explained) {
    return [S3_UNREACHABLE, ...explained];
  }
  return status === 407
    ? [
        S3_FAILED,
        'The proxy between this machine and the S3 service requires a user name and password (407).',
        'Write them into the proxy variable: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT',
      ]
    : undefined;
}

const blocked = (status: number, text: string, where: string, config: Config): Explanation => [
  S3_FAILED,
  `A web page answered instead of S3 (${status}${text ? `, "${text}"` : ''}): the ${where}.`,
  'A firewall, a CDN or a proxy in front of the service blocks the request. Allow it there. ' +
    `Otherwise correct ${placeOfEndpoint(config)}.`,
];
