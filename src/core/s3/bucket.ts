import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { Config } from '../config';
import { UPLOAD_ID, type ContentHeaders } from '../content-headers';
import { endedBy } from './ended-by';
import { isNotFound, isUnexplained } from './errors';
import { explainS3Error, type S3Operation } from './explain-error';
import { connect, type Timeout } from './client';
import type { Service } from './service';
import { notS3 } from './not-s3';
import { listPage } from './list-page';

/** S3's response to a read, with the body as a Node stream. */
export type ObjectAnswer = Omit<GetObjectCommandOutput, 'Body'> & { Body: Readable };

/** The conditions of a read that a client may set, named as in GetObject. */
export interface ReadConditions {
  Range?: string;
  IfMatch?: string;
  IfNoneMatch?: string;
  IfModifiedSince?: Date;
}

/** How to write an object. */
export interface WriteOptions {
  /** Never overwrites: when the key is taken, S3 answers 412, and the caller gets the SDK's error. */
  onlyIfFree?: boolean;
  /** Overwrites only the object with this ETag, without quotation marks. S3 answers 412 otherwise, and 404 for no object. */
  onlyIfEtag?: string;
  /** Runs right before the object is written. It rejects when that must not happen, where a service may ignore conditions. */
  lastCheck?: () => Promise<void>;
}

/** Returns the condition of a write as S3's headers have it. */
export const conditionOf = ({ onlyIfFree, onlyIfEtag }: WriteOptions) => ({
  IfNoneMatch: onlyIfFree ? '*' : undefined,
  IfMatch: onlyIfEtag === undefined ? undefined : `"${onlyIfEtag}"`,
});

/** Returns the one checksum that every service supports, as the header `Content-MD5` expects it. */
export function contentMd5(body: Uint8Array): string {
  return createHash('md5').update(body).digest('base64');
}

/** Returns whether an ETag is the MD5 of some bytes. */
const isMd5 = (etag: string | undefined, body: Uint8Array): boolean =>
  etag?.replaceAll('"', '').toLowerCase() === createHash('md5').update(body).digest('hex');

/** The bucket of a configuration, with the requests that the adapter makes. */
export class Bucket {
  constructor(readonly config: Config) {}

  /** The endpoint and the name, which together are unique. */
  get identity(): string {
    return `${this.config.endpoint ?? 'AWS'} ${this.config.bucket}`;
  }

  /** Returns the service of the bucket. */
  async service(): Promise<Service> {
    return (await connect(this.config)).service;
  }

  /**
   * Returns whether the key exists.
   *
   * @throws NoPermissionError when S3 does not tell: a 403 never means that the key is free
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
   */
  async exists(key: string): Promise<boolean> {
    return (await this.find(key)) !== undefined;
  }

  /** Returns the ETag of an object without quotation marks, '' if the service sends none, or undefined for no object. */
  async etagOf(key: string): Promise<string | undefined> {
    const found = await this.find(key);
    return found && (found.ETag ?? '').replaceAll('"', '');
  }

  /** Like `exists`, while a visitor waits. */
  async existsForVisitor(key: string): Promise<boolean> {
    return (await this.find(key, 'no-answer')) !== undefined;
  }

  /** Returns whether the key belongs to the object that a certain upload has written, by the upload ID in its headers. */
  async isOfUpload(key: string, { Metadata }: ContentHeaders): Promise<boolean> {
    return (await this.find(key))?.Metadata?.[UPLOAD_ID] === Metadata?.[UPLOAD_ID];
  }

  /**
   * Returns the bytes of an object.
   *
   * @param onLength is called with the number of bytes before they are read
   * @throws NotFoundError when there is no such object
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
   */
  async read(key: string, abortSignal?: AbortSignal, onLength?: (bytes: number) => void): Promise<Buffer> {
    try {
      const { Body, ContentLength } = await this.get(key, abortSignal);
      onLength?.(ContentLength ?? 0);
      return Buffer.concat(await Body.toArray());
    } catch (error) {
      throw this.explain(error, 'GetObject', key);
    }
  }

  /**
   * Returns S3's response with the body as a stream, which the caller must read or destroy.
   *
   * @param Range the part to read, `bytes=0-99`; some services send the whole object all the same
   * @throws the SDK's error, because 304, 404, 412 and 416 mean different things to different callers
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
   */
  async get(key: string, abortSignal?: AbortSignal, Range?: string): Promise<ObjectAnswer> {
    const { sdk, client } = await connect(this.config);
    const command = new sdk.GetObjectCommand({ ...this.at(key), Range });
    return (await client.send(endedBy(command, abortSignal))) as ObjectAnswer;
  }

  /** Like `get`, for a visitor: with conditions, at the visitor's pace, and stopped when the visitor leaves. */
  async getFor(visitor: AbortSignal, key: string, conditions: ReadConditions): Promise<ObjectAnswer> {
    const { sdk, client } = await connect(this.config, 'no-answer');
    const command = new sdk.GetObjectCommand({ ...this.at(key), ...conditions });
    return (await client.send(endedBy(command, visitor))) as ObjectAnswer;
  }

  /** Like `head`, for a visitor. */
  headFor(visitor: AbortSignal, key: string, conditions: ReadConditions): Promise<HeadObjectCommandOutput> {
    return this.head(key, conditions, visitor, 'no-answer');
  }

  /** Returns the headers alone. S3 does not say why it refuses a HEAD, so a GET of one byte then finds out. */
  async head(
    key: string,
    conditions: ReadConditions = {},
    abortSignal?: AbortSignal,
    timeout?: Timeout,
  ): Promise<HeadObjectCommandOutput> {
    const { sdk, client } = await connect(this.config, timeout);
    const ask = () => client.send(endedBy(new sdk.HeadObjectCommand({ ...this.at(key), ...conditions }), abortSignal));
    try {
      return await ask();
    } catch (error) {
      if (!isUnexplained(error)) {
        throw error;
      }
      const { Body } = await client.send(new sdk.GetObjectCommand({ ...this.at(key), Range: 'bytes=0-0' }));
      (Body as Readable).destroy();
      // It is allowed now, for example with a renewed token.
      return ask();
    }
  }

  /**
   * Writes an object in one request. A success counts when the answer is S3's or contains the MD5 of the bytes;
   * otherwise S3 is asked for the object. Not all services send an ETag.
   *
   * @returns its ETag
   * @throws the SDK's error, or an IncorrectUsageError when the answer was a success and the object is not there
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
   */
  async put(
    key: string,
    body: Uint8Array,
    headers: ContentHeaders,
    options: WriteOptions = {},
  ): Promise<string | undefined> {
    const { sdk, client, service } = await connect(this.config);
    const command = new sdk.PutObjectCommand({
      ...this.at(key),
      ...headers,
      Body: body,
      ContentLength: body.byteLength,
      // For AWS the SDK adds a checksum.
      ContentMD5: service.isAws ? undefined : contentMd5(body),
      ...conditionOf(options),
    });
    try {
      await options.lastCheck?.();
      const { ETag, $metadata } = await client.send(command);
      const { httpStatusCode, requestId, extendedRequestId } = $metadata;
      const isAnswerOfS3 = httpStatusCode === 200 && ETag && (requestId ?? extendedRequestId);
      if (!isAnswerOfS3 && !isMd5(ETag, body) && !(await this.holds(key, body, headers))) {
        throw notS3(this.config, 'PutObject', `${httpStatusCode}, but "${key}" was not stored`);
      }
      return ETag;
    } finally {
      // The client keeps the first command of each kind, together with the middleware that it has cached.
      command.input.Body = undefined;
    }
  }

  /**
   * Deletes an object. One that does not exist is not an error.
   *
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
   */
  async delete(key: string): Promise<void> {
    const { sdk, client } = await connect(this.config);
    try {
      await client.send(new sdk.DeleteObjectCommand(this.at(key)));
    } catch (error) {
      if (!isNotFound(error)) {
        throw this.explain(error, 'DeleteObject', key);
      }
    }
  }

  /**
   * Returns at most 1,000 keys in the order of their bytes, and whether there are more.
   *
   * @throws a Ghost error, also when the response is not a listing
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
   */
  async list(prefix: string): Promise<{ keys: string[]; isTruncated: boolean }> {
    try {
      const { objects, isTruncated } = await listPage(this.config, { prefix });
      return { keys: objects.map(({ key }) => key), isTruncated };
    } catch (error) {
      throw this.explain(error, 'ListObjectsV2', prefix);
    }
  }

  /** Returns the Ghost error that explains a failed request. */
  explain(error: unknown, operation: S3Operation, key: string): Error {
    return explainS3Error(error, operation, this.config, key);
  }

  private async find(key: string, timeout?: Timeout): Promise<HeadObjectCommandOutput | undefined> {
    try {
      return await this.head(key, {}, undefined, timeout);
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw this.explain(error, 'HeadObject', key);
    }
  }

  /** Returns whether the key belongs to a certain upload: by its upload ID or, at services that keep none, by its bytes. */
  private async holds(key: string, body: Uint8Array, { Metadata }: ContentHeaders): Promise<boolean> {
    const found = await this.find(key);
    const id = found?.Metadata?.[UPLOAD_ID];
    if (!found || id !== undefined) {
      return id !== undefined && id === Metadata?.[UPLOAD_ID];
    }
    const { Body } = await this.get(key);
    return Buffer.concat(await Body.toArray()).equals(body);
  }

  private at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.config.bucket, Key: key };
  }
}
