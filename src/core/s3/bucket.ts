import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { Config } from '../config';
import { UPLOAD_ID, type ContentHeaders } from '../content-headers';
import { isNotFound, isUnexplained } from './errors';
import { explainS3Error, type S3Operation } from './explain-error';
import { connect, isAwsEndpoint } from './client';

/** What a read answers with: S3's own answer, its body a stream of Node's. */
export type ObjectAnswer = Omit<GetObjectCommandOutput, 'Body'> & { Body: Readable };

/** The parts of a read that a client may ask for, named as in GetObject. */
export interface ReadConditions {
  Range?: string;
  IfMatch?: string;
  IfNoneMatch?: string;
  IfModifiedSince?: Date;
}

/** The checksum that every provider knows, as the header wants it. */
export function contentMd5(body: Uint8Array): string {
  return createHash('md5').update(body).digest('base64');
}

/** @returns options of a request; none without a signal, as then the SDK does with what it has put together before */
function optionsWith(abortSignal: AbortSignal | undefined): { abortSignal: AbortSignal } | undefined {
  return abortSignal && { abortSignal };
}

/** The bucket of a configuration: the requests that the adapter makes, their failures explained. */
export class Bucket {
  constructor(private readonly config: Config) {}

  /**
   * @returns whether the key exists
   * @throws NoPermissionError when S3 does not say: a 403 is never "absent"
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
   */
  async exists(key: string): Promise<boolean> {
    try {
      await this.head(key);
      return true;
    } catch (error) {
      if (isNotFound(error)) {
        return false;
      }
      throw this.explain(error, 'HeadObject', key);
    }
  }

  /** @returns whether the key holds what a certain upload has written */
  async isOfUpload(key: string, uploadId: string): Promise<boolean> {
    try {
      return (await this.head(key)).Metadata?.[UPLOAD_ID] === uploadId;
    } catch (error) {
      if (isNotFound(error)) {
        return false;
      }
      throw this.explain(error, 'HeadObject', key);
    }
  }

  /**
   * @returns the bytes of an object
   * @throws NotFoundError when there is no such object
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
   */
  async read(key: string, abortSignal?: AbortSignal): Promise<Buffer> {
    try {
      const { Body } = await this.get(key, abortSignal);
      return Buffer.concat(await Body.toArray());
    } catch (error) {
      throw this.explain(error, 'GetObject', key);
    }
  }

  /**
   * @returns S3's answer with the body as a stream, which the caller reads or destroys
   * @throws the SDK's own error: the answers 304, 404, 412 and 416 mean different things to different callers
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
   */
  async get(key: string, abortSignal?: AbortSignal): Promise<ObjectAnswer> {
    const { sdk, client } = await connect(this.config);
    return (await client.send(new sdk.GetObjectCommand(this.at(key)), optionsWith(abortSignal))) as ObjectAnswer;
  }

  /** As `get`, for a visitor: under conditions, at the visitor's pace, and given up when the visitor has left. */
  async getFor(visitor: AbortSignal, key: string, conditions: ReadConditions): Promise<ObjectAnswer> {
    const { sdk, client } = await connect(this.config, 'no-answer');
    const command = new sdk.GetObjectCommand({ ...this.at(key), ...conditions });
    return (await client.send(command, { abortSignal: visitor })) as ObjectAnswer;
  }

  /** The headers alone. A refusal without a word is asked for its reason: only an answer with a body has one. */
  async head(
    key: string,
    conditions: ReadConditions = {},
    abortSignal?: AbortSignal,
  ): Promise<HeadObjectCommandOutput> {
    const { sdk, client } = await connect(this.config);
    const ask = () =>
      client.send(new sdk.HeadObjectCommand({ ...this.at(key), ...conditions }), optionsWith(abortSignal));
    try {
      return await ask();
    } catch (error) {
      if (!isUnexplained(error)) {
        throw error;
      }
      await this.throwReason(key);
      // It is allowed by now, as after an expired token.
      return ask();
    }
  }

  /**
   * Writes an object in one request.
   *
   * @param onlyIfFree refuses to overwrite: S3 answers 412, which reaches the caller as the SDK's error
   * @returns its tag
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
   */
  async put(key: string, body: Uint8Array, headers: ContentHeaders, onlyIfFree: boolean): Promise<string | undefined> {
    const { sdk, client } = await connect(this.config);
    const command = new sdk.PutObjectCommand({
      ...this.at(key),
      ...headers,
      Body: body,
      ContentLength: body.byteLength,
      // On AWS the SDK adds a checksum of its own.
      ContentMD5: isAwsEndpoint(this.config.endpoint) ? undefined : contentMd5(body),
      IfNoneMatch: onlyIfFree ? '*' : undefined,
    });
    try {
      return (await client.send(command)).ETag;
    } finally {
      // The client keeps the first command of its kind, with what it has put together for it.
      command.input.Body = undefined;
    }
  }

  /**
   * Deletes an object; one that does not exist is deleted already.
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
   * One page of at most 1,000 keys, in the order of their bytes.
   *
   * @returns the keys, and whether there are more
   * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
   */
  async list(prefix: string): Promise<{ keys: string[]; isTruncated: boolean }> {
    const { sdk, client } = await connect(this.config);
    try {
      const page = await client.send(new sdk.ListObjectsV2Command({ Bucket: this.config.bucket, Prefix: prefix }));
      return { keys: (page.Contents ?? []).map(({ Key }) => Key ?? ''), isTruncated: page.IsTruncated ?? false };
    } catch (error) {
      throw this.explain(error, 'ListObjectsV2', prefix);
    }
  }

  /** @returns the error that a caller of the adapter gets for a failed request */
  explain(error: unknown, operation: S3Operation, key: string): Error {
    return explainS3Error(error, operation, this.config, key);
  }

  private at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.config.bucket, Key: key };
  }

  /** @throws what a GET of one byte is refused with, if it is */
  private async throwReason(key: string): Promise<void> {
    const { sdk, client } = await connect(this.config);
    const answer = await client.send(new sdk.GetObjectCommand({ ...this.at(key), Range: 'bytes=0-0' }));
    (answer.Body as Readable).destroy();
  }
}
