import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Config } from '../config';
import { S3_FAILED } from '../error-codes';
import { statusOf } from '../foreign-error';
import { errors } from '../ghost-host';
import { isGhostError } from './errors';
import { describeAnswer, notS3 } from './not-s3';
import { knownService } from './service';

type Sdk = typeof import('../lazy/aws-sdk');

/** A response as the SDK receives it. Names of headers are in lower case. */
interface Answer {
  statusCode: number;
  headers: Record<string, string | undefined>;
  body?: Readable;
}

/** The request. */
interface Question {
  /** S3's name. */
  operation: string;
  bucket: string;
  key: string;
}

/** Operations whose answer is a document. Completions and copies are checked by their callers, who can look for the object. */
const WITH_DOCUMENT = ['CreateMultipartUpload', 'ListMultipartUploads', 'ListObjectsV2'];

const READS = ['GetObject', 'HeadObject'];

/** Operations whose answer is only a status. */
const WITHOUT_ANSWER = ['DeleteObject', 'AbortMultipartUpload'];

/** Buckets, with their endpoints, that have proven to be on S3: a key that cannot exist was not found there. Shared by all clients. */
const proven = new Set<string>();

/** Larger than any listing of 1,000 keys, in bytes. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** How long (ms) to wait for an unexpected body. */
const LOOK_MS = 2_000;

/** How much (bytes) of an unexpected body is read to say what it is. */
const MAX_LOOK_BYTES = 64 * 1024;

/** The name of the root element of a document. Answers begin with an XML declaration, blank lines or a byte order mark. */
const ROOT = /^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?-->\s*)*<(?:[\w.-]+:)?([\w.-]+)/;

/**
 * Checks the answers to all requests of a client before the SDK reads them. The SDK accepts every 200: it would take a
 * web page at the endpoint for an empty bucket, an image or a deleted file.
 *
 * - A document has the root that S3 gives it (`…Result`). An `<Error>` with status 200, which S3 itself sends only after it has started a long operation, is treated as an error.
 * - An object and its headers have an ETag or a date, and a body has its length or its end. A page under the name of an image also needs S3's request ID.
 * - Answers to deletions have no document, even where S3 answers 404.
 * - All services known to us send `x-amz-request-id` or `x-amz-id-2`. For one that does not, a name that cannot exist is requested once per process: a server that finds it is not S3.
 *
 * @param isForVisitors whether all requests are for visitors, who also get objects without a type, which cannot be
 *   pages
 */
export function readAnswers(client: S3Client, sdk: Sdk, config: Config, isForVisitors: boolean): void {
  const reader = new AnswerReader(client, sdk, config, isForVisitors);
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const result = await next(args);
        const { Bucket = '', Key = '' } = args.input as { Bucket?: string; Key?: string };
        const question = { operation: commandName.replace(/Command$/, ''), bucket: Bucket, key: Key };
        const answer = result.response as Answer;
        try {
          await reader.check(question, answer);
        } catch (error) {
          answer.body?.destroy();
          throw error;
        }
        return result;
      },
    // Closest to the network, before all other middleware that reads the body.
    { step: 'deserialize', priority: 'low', name: 'readAnswers' },
  );
}

class AnswerReader {
  /** The keys that cannot exist and are requested for this check. */
  private readonly impossible = new Set<string>();

  constructor(
    private readonly client: S3Client,
    private readonly sdk: Sdk,
    private readonly config: Config,
    private readonly isForVisitors: boolean,
  ) {}

  /** @throws an IncorrectUsageError that names the endpoint when the answer is not S3's */
  async check(question: Question, answer: Answer): Promise<void> {
    const { operation, key } = question;
    const isSuccess = answer.statusCode >= 200 && answer.statusCode < 300;
    if (isSuccess && this.impossible.has(key)) {
      throw this.refusal(question, answer, await lookAt(answer));
    } else if (isSuccess && WITH_DOCUMENT.includes(operation)) {
      await this.checkDocument(question, answer);
    } else if (isSuccess && READS.includes(operation)) {
      await this.checkObject(question, answer);
    } else if ((isSuccess || answer.statusCode === 404) && [...READS, ...WITHOUT_ANSWER].includes(operation)) {
      await this.checkStatus(question, answer);
    }
  }

  private async checkDocument(question: Question, answer: Answer): Promise<void> {
    const bytes = await readStart(answer, MAX_DOCUMENT_BYTES);
    const isZipped = answer.headers['content-encoding'] === 'gzip';
    const text = textOf(isZipped ? gunzipSync(bytes, { maxOutputLength: MAX_DOCUMENT_BYTES }) : bytes);
    const root = ROOT.exec(text)?.[1] ?? '';
    if (root === 'Error' && question.operation !== 'ListObjectsV2') {
      // This is how the SDK treats an error that it notices.
      answer.statusCode = 503;
    } else if (!root.endsWith('Result')) {
      throw this.refusal(question, answer, text);
    }
    answer.body = Readable.from([Buffer.from(text)]);
  }

  private async checkObject(question: Question, answer: Answer): Promise<void> {
    const { statusCode, headers } = answer;
    const isWhole = headers['content-length'] ?? /chunked/i.exec(headers['transfer-encoding'] ?? '');
    if (
      this.isForVisitors &&
      question.operation === 'GetObject' &&
      isWhole &&
      !(headers.etag ?? headers['last-modified'] ?? headers['content-type'])
    ) {
      return;
    }
    const hasHeaders = headers.etag ?? headers['last-modified'];
    const isForeignPage = !isMarked(answer) && isPage(headers['content-type'], question.key);
    if ((statusCode !== 200 && statusCode !== 206) || !hasHeaders || isForeignPage) {
      throw this.refusal(question, answer, await lookAt(answer));
    }
    await this.checkService(question, answer);
    if (!isWhole && question.operation === 'GetObject') {
      throw new errors.InternalServerError({
        message: `S3 sent "${question.key}" without its length, so a truncated file would go unnoticed.`,
        code: S3_FAILED,
        help: 'Make the proxy between Ghost and the service use HTTP/1.1: with HTTP/1.0 the length is lost.',
      });
    }
  }

  /** Checks an answer whose status alone matters: the deletion is done, or there is nothing to delete. */
  private async checkStatus(question: Question, answer: Answer): Promise<void> {
    const text = textOf(await lookAt(answer));
    const isError = ROOT.exec(text)?.[1] === 'Error';
    if (text !== '' && !isError) {
      throw this.refusal(question, answer, text);
    }
    answer.body = Readable.from([Buffer.from(text)]);
    if (!isError) {
      await this.checkService(question, answer);
    } else if (answer.statusCode !== 404) {
      answer.statusCode = 503;
    }
  }

  /**
   * Makes sure that an answer without S3's request ID comes from a service that does not claim to have every object.
   */
  private async checkService({ bucket, key }: Question, answer: Answer): Promise<void> {
    if (isMarked(answer) || proven.has(this.placeOf(bucket)) || this.impossible.has(key)) {
      return;
    }
    // In the same folder, since a policy may allow nothing else.
    const impossible = key.replace(/[^/]*$/, randomBytes(16).toString('hex'));
    this.impossible.add(impossible);
    try {
      await this.client.send(new this.sdk.GetObjectCommand({ Bucket: bucket, Key: impossible }));
    } catch (error) {
      if (isGhostError(error)) {
        throw error;
      }
      if (statusOf(error) === 404 || statusOf(error) === 403) {
        proven.add(this.placeOf(bucket));
      }
    } finally {
      this.impossible.delete(impossible);
    }
  }

  private placeOf(bucket: string): string {
    return `${knownService(this.config).endpoint} ${bucket}`;
  }

  private refusal({ operation }: Question, { statusCode, headers }: Answer, start: Buffer | string): Error {
    return notS3(this.config, operation, describeAnswer(statusCode, headers['content-type'], start.toString()));
  }
}

/** Whether an answer has the headers that nearly all services send. Other `x-amz-` headers also come from a CDN. */
const isMarked = ({ headers }: Answer): boolean => (headers['x-amz-request-id'] ?? headers['x-amz-id-2']) !== undefined;

/** Whether a type is that of a web page or a server's message, and not that of the file with this name. */
const isPage = (contentType = '', key: string): boolean =>
  /^(text\/html|application\/(xhtml\+xml|json|problem\+json))\b/i.test(contentType) && !/\.(x?html?|json)$/i.test(key);

/** Adds the beginning of a body to some pieces, and discards the rest. */
async function readStart({ body }: Answer, maxBytes: number, pieces: Buffer[] = []): Promise<Buffer> {
  let left = maxBytes;
  for await (const piece of body ?? []) {
    pieces.push((piece as Buffer).subarray(0, left));
    left -= (piece as Buffer).byteLength;
    if (left <= 0) {
      break;
    }
  }
  return Buffer.concat(pieces);
}

/** Returns the beginning of a body, as much of it as arrives in time. */
async function lookAt(answer: Answer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const timer = setTimeout(() => answer.body?.destroy(), LOOK_MS);
  try {
    return await readStart(answer, MAX_LOOK_BYTES, pieces);
  } catch {
    return Buffer.concat(pieces);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns a document without its byte order mark and the blank lines around it. */
const textOf = (bytes: Buffer): string => bytes.toString().trim();
