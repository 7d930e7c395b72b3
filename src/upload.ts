import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Config } from './config';
import {
  contentDispositionOf,
  contentHeaders,
  contentTypeOf,
  contentTypeOfRaw,
  type ContentHeaders,
} from './content-headers';
import { splitFileName } from './file-names';
import { errors, logging, warnOnce } from './ghost-host';
import type { ObjectKeys } from './object-keys';
import { connect, isAwsEndpoint, type Bucket } from './s3';
import { isNotImplemented, isTaken } from './s3-errors';
import { UniqueNames } from './unique-name';

/** S3's largest number of parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000;

/** Much smaller than a part: `lib-storage` keeps up to one piece more than a part for each part under way. */
const READ_BYTES = 256 * 1024;

/** What Ghost passes to `save`. Its `size` is that of the original upload, not of the file at `path`. */
export interface UploadedFile {
  name: string;
  path: string;
  type?: string;
}

/** Writes the bytes under a key, and refuses a taken one if asked to. */
type Write = (key: string, onlyIfFree: boolean) => Promise<void>;

/** Providers (endpoint and bucket) that have answered a conditional write with 501. */
const withoutConditionalWrites = new Set<string>();

/** Keys that this process writes at this moment to a provider without conditional writes. */
const beingWritten = new Set<string>();

/** Puts uploads into the bucket, each under a name that nothing had before. */
export class Uploads {
  constructor(
    private readonly config: Config,
    private readonly bucket: Bucket,
    private readonly keys: ObjectKeys,
  ) {}

  /**
   * Stores an upload under its own name, or the next free one.
   *
   * That the name is free is S3's word and not ours: several Ghosts may write to one bucket, so only a write that S3
   * refuses when the key exists (`If-None-Match: *`) keeps two uploads apart.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
   *
   * @param file what Ghost passes; the bytes are those at its `path`
   * @param directory below the prefix, `2026/11`
   * @returns the key that the upload has got
   * @throws one of Ghost's errors when it is not stored: whatever had the name before is as it was
   */
  async store(file: UploadedFile, directory: string): Promise<string> {
    const name = splitFileName(file.name);
    const names = new UniqueNames(this.bucket, this.keys, directory, name);
    const prefix = this.config.staticFileURLPrefix;
    const type = contentTypeOf(`${name.stem}${name.extension}`, prefix, file.type);
    const headers = contentHeaders(this.config, type, contentDispositionOf(file.name, prefix));

    const size = await reading(file, async () => (await stat(file.path)).size);
    if (size < this.config.multipartUploadThresholdBytes) {
      const body = await reading(file, () => readFile(file.path));
      return this.claim(names, (key, onlyIfFree) => this.bucket.put(key, body, headers, onlyIfFree));
    }
    // The name is claimed with an empty object before the bytes are sent: losing the race for it at the end would cost
    // the whole upload, and some providers ignore the condition on CompleteMultipartUpload.
    const key = await this.claim(names, (claimed, onlyIfFree) =>
      this.bucket.put(claimed, new Uint8Array(), headers, onlyIfFree),
    );
    await this.sendInParts(file, size, key, headers);
    return key;
  }

  /**
   * Stores bytes under exactly the path that Ghost names, over what may be there: Ghost makes the sizes of an image
   * again when a theme changes.
   *
   * @returns the key
   */
  async storeRaw(bytes: Uint8Array, relativePath: string): Promise<string> {
    const key = this.keys.keyOf(relativePath);
    const type = contentTypeOfRaw(relativePath, this.config.staticFileURLPrefix);
    try {
      await this.bucket.put(key, bytes, contentHeaders(this.config, type), false);
    } catch (error) {
      throw this.bucket.explain(error, 'PutObject', key);
    }
    return key;
  }

  /** Finds a free name and writes to it: at most four requests, whatever the number of taken names. */
  private async claim(names: UniqueNames, write: Write): Promise<string> {
    const plain = this.keys.keyOf(names.plain());
    // AWS keeps its word on conditions, so one request does. Another provider may ignore them without a word; asking
    // first then at least keeps what is there.
    const isTakenAlready =
      !isAwsEndpoint(this.config.endpoint) && this.hasConditionalWrites() && (await this.bucket.exists(plain));
    if (!isTakenAlready && (await this.writeIfFree(plain, write))) {
      return plain;
    }
    // Lost to another upload in the moment since it was free: numbers would be lost the same way.
    const isRace = !isTakenAlready && !isAwsEndpoint(this.config.endpoint);
    const attempts = [...(isRace ? [] : [() => names.numbered()]), () => names.random()];
    for (const attempt of attempts) {
      const key = this.keys.keyOf(await attempt());
      if (await this.writeIfFree(key, write)) {
        return key;
      }
    }
    throw new errors.InternalServerError({
      message: `No free name was found for the upload "${names.plain()}".`,
      code: 'STORAGE_NAME_TAKEN',
      help: 'Nothing was stored. Upload it again, best under another name.',
    });
  }

  /** @returns false when the key is taken */
  private async writeIfFree(key: string, write: Write): Promise<boolean> {
    if (this.hasConditionalWrites()) {
      try {
        await write(key, true);
        return true;
      } catch (error) {
        if (isTaken(error)) {
          return false;
        }
        if (!isNotImplemented(error)) {
          throw this.bucket.explain(error, 'PutObject', key);
        }
        this.giveUpConditionalWrites();
      }
    }
    return this.writeAfterAsking(key, write);
  }

  /** For providers without conditional writes: safe among the uploads of this process, and all that can be had. */
  private async writeAfterAsking(key: string, write: Write): Promise<boolean> {
    const identity = `${this.provider()} ${key}`;
    if (beingWritten.has(identity)) {
      return false;
    }
    beingWritten.add(identity);
    try {
      if (await this.bucket.exists(key)) {
        return false;
      }
      await write(key, false).catch((error: unknown) => {
        throw this.bucket.explain(error, 'PutObject', key);
      });
      return true;
    } finally {
      beingWritten.delete(identity);
    }
  }

  private provider(): string {
    return `${this.config.endpoint} ${this.config.bucket}`;
  }

  private hasConditionalWrites(): boolean {
    return !withoutConditionalWrites.has(this.provider());
  }

  private giveUpConditionalWrites(): void {
    withoutConditionalWrites.add(this.provider());
    warnOnce(
      `S3CloudFrontStorage: ${this.config.endpoint} has no conditional writes. Uploads of a name that is taken get a ` +
        'random suffix; run only one Ghost process on this bucket.',
    );
  }

  /**
   * Sends a large file in parts, several at a time, over the empty object that holds its name. What fails leaves
   * neither parts nor that object.
   */
  private async sendInParts(file: UploadedFile, size: number, key: string, headers: ContentHeaders): Promise<void> {
    const { sdk, client } = await connect(this.config);
    const failure = new AbortController();
    const upload = new sdk.Upload({
      client: stopAtFirstFailure(client, failure),
      params: {
        Bucket: this.config.bucket,
        Key: key,
        Body: Readable.from(pieces(file, size, failure.signal)),
        ...headers,
      },
      partSize: Math.max(this.config.multipartChunkSizeBytes, Math.ceil(size / MAX_PARTS)),
      queueSize: this.config.uploadConcurrency,
    });
    try {
      await upload.done();
    } catch (error) {
      await this.bucket.delete(key).catch((deleteError: Error) => {
        logging.error(
          `S3CloudFrontStorage: an empty object stays at "${key}" after a failed upload: ${deleteError.message}`,
        );
      });
      // What came first is the cause; whatever ended because of it is not.
      const cause: unknown = failure.signal.aborted ? failure.signal.reason : error;
      throw cause instanceof errors.InternalServerError ? cause : this.bucket.explain(cause, 'MultipartUpload', key);
    }
  }
}

/**
 * `lib-storage` goes on with the other parts when one has failed for good, each with its own retries and timeouts.
 * This client ends them all with the first failure; only the abort of the upload itself still gets through.
 */
function stopAtFirstFailure(client: S3Client, failure: AbortController): S3Client {
  return new Proxy(client, {
    get(target, property) {
      if (property !== 'send') {
        return Reflect.get(target, property) as unknown;
      }
      return async (command: Parameters<S3Client['send']>[0]) => {
        if (command.constructor.name === 'AbortMultipartUploadCommand') {
          return target.send(command).catch((error: Error) => {
            logging.error(
              `S3CloudFrontStorage: the parts of an unfinished upload stay in the bucket (${error.name}). ` +
                'A lifecycle rule that aborts incomplete multipart uploads removes them.',
            );
          });
        }
        try {
          return await target.send(command, { abortSignal: failure.signal });
        } catch (error) {
          failure.abort(error);
          throw error;
        }
      };
    },
  });
}

/** The bytes of a file, and an error where they are not as many as they were at the beginning. */
async function* pieces(file: UploadedFile, size: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  let bytes = 0;
  const source = createReadStream(file.path, { highWaterMark: READ_BYTES, signal });
  try {
    for await (const piece of source as AsyncIterable<Buffer>) {
      bytes += piece.byteLength;
      yield piece;
    }
  } catch (error) {
    throw unreadable(file, reasonOf(error));
  }
  if (bytes !== size) {
    throw unreadable(file, `it had ${size} bytes, and ${bytes} could be read`);
  }
}

/** Runs a step that reads the uploaded file, and says which file when it cannot be read. */
async function reading<T>(file: UploadedFile, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw unreadable(file, reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}

function unreadable(file: UploadedFile, reason: string): Error {
  return new errors.InternalServerError({
    message: `The uploaded file "${file.name}" could not be read from Ghost's temporary folder (${reason}).`,
    code: 'STORAGE_UPLOAD_UNREADABLE',
    context: `Temporary file: ${file.path}`,
    help: 'Nothing was stored. Check that the disk of the temporary folder (TMPDIR) has room, and upload the file again.',
  });
}
