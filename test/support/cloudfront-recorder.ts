import { randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen, stop } from './local-server';

/** A received CreateInvalidation. */
export interface RecordedInvalidation {
  distributionId: string;
  /** Percent-encoded, as they were sent. */
  paths: string[];
  callerReference: string;
  accessKeyId?: string;
  /** The status of the response; 0 for none. */
  status: number;
}

export type CloudFrontFailure =
  /** 400: 3,000 paths are already in progress. */
  | 'TooManyInvalidationsInProgress'
  /** 403 */
  | 'AccessDenied'
  /** 404: there is no such distribution. */
  | 'NoSuchDistribution'
  /** 503 */
  | 'ServiceUnavailable'
  /** Accepted and never answered, until `hangUp`. */
  | 'never-answers';

export interface CloudFrontRecorderOptions {
  /** Called with the paths of each invalidation that succeeds, before its answer: to drop them from a cache. */
  onInvalidation?: (paths: string[]) => void;
}

/** A CloudFront that only knows invalidations. */
export interface CloudFrontRecorder {
  /** The value for `AWS_ENDPOINT_URL_CLOUDFRONT`, through which the SDK finds it. */
  endpoint: string;
  /** Every CreateInvalidation so far, in order of arrival, including failed ones. */
  invalidations: RecordedInvalidation[];
  /** Makes the next calls for a distribution fail; `Infinity` for all of them. */
  failFor(distributionId: string, failure: CloudFrontFailure, times: number): void;
  /** Cuts every connection. */
  hangUp(): void;
  close(): Promise<void>;
}

const STATUSES = {
  TooManyInvalidationsInProgress: 400,
  AccessDenied: 403,
  NoSuchDistribution: 404,
  ServiceUnavailable: 503,
};

const NAMESPACE = 'http://cloudfront.amazonaws.com/doc/2020-05-31/';

/**
 * Starts an HTTP server on loopback that answers CloudFront's CreateInvalidation and records the calls.
 *
 * @throws the operating system's error, when it cannot listen
 * @see https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
 */
export async function startCloudFrontRecorder(options: CloudFrontRecorderOptions = {}): Promise<CloudFrontRecorder> {
  const invalidations: RecordedInvalidation[] = [];
  const failures = new Map<string, { failure: CloudFrontFailure; left: number }>();

  const failureFor = (distributionId: string): CloudFrontFailure | undefined => {
    const planned = failures.get(distributionId);
    if (!planned || planned.left <= 0) return undefined;
    planned.left -= 1;
    return planned.failure;
  };

  const answer = (
    response: ServerResponse,
    distributionId: string,
    body: string,
    invalidation: RecordedInvalidation,
  ) => {
    const failure = failureFor(distributionId);
    if (failure === 'never-answers') return;
    if (failure) {
      invalidation.status = STATUSES[failure];
      send(response, STATUSES[failure], errorXml(failure));
      return;
    }
    options.onInvalidation?.(invalidation.paths);
    invalidation.status = 201;
    send(response, 201, invalidationXml(body));
  };

  const server = createServer((request, response) => {
    const match = /^\/2020-05-31\/distribution\/([^/]+)\/invalidation$/.exec(request.url ?? '');
    const distributionId = decodeURIComponent(match?.[1] ?? '');
    void text(request).then((body) => {
      if (request.method !== 'POST' || !match) {
        send(response, 404, errorXml('InvalidAction'));
        return;
      }
      const invalidation = {
        distributionId,
        paths: elements(body, 'Path'),
        callerReference: elements(body, 'CallerReference')[0] ?? '',
        accessKeyId: /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1],
        status: 0,
      };
      invalidations.push(invalidation);
      const isWellFormed = elements(body, 'Quantity')[0] === String(invalidation.paths.length);
      if (isWellFormed) answer(response, distributionId, body, invalidation);
      else send(response, (invalidation.status = 400), errorXml('InconsistentQuantities'));
    });
  });
  return {
    endpoint: `http://127.0.0.1:${await listen(server)}`,
    invalidations,
    failFor(distributionId, failure, times) {
      failures.set(distributionId, { failure, left: times });
    },
    hangUp: () => server.closeAllConnections(),
    close: () => stop(server),
  };
}

function send(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { 'content-type': 'text/xml' }).end(`<?xml version="1.0"?>\n${xml}`);
}

/** The contents of every element of a name. CloudFront's XML has neither attributes nor CDATA in what is read here. */
function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, content = '']) => unescape(content));
}

function unescape(content: string): string {
  return content
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

function invalidationXml(requestBody: string): string {
  const batch = /<CallerReference>.*<\/CallerReference>|<Paths>.*<\/Paths>/gs;
  const id = `I${randomBytes(6).toString('hex').toUpperCase()}`;
  return (
    `<Invalidation xmlns="${NAMESPACE}"><Id>${id}</Id><Status>InProgress</Status>` +
    `<CreateTime>${new Date().toISOString()}</CreateTime>` +
    `<InvalidationBatch>${(requestBody.match(batch) ?? []).join('')}</InvalidationBatch></Invalidation>`
  );
}

function errorXml(code: string): string {
  const type = STATUSES[code as keyof typeof STATUSES] >= 500 ? 'Receiver' : 'Sender';
  return (
    `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>${type}</Type><Code>${code}</Code>` +
    `<Message>Asked for by the test.</Message></Error><RequestId>${randomBytes(8).toString('hex')}</RequestId></ErrorResponse>`
  );
}
