import { createHash, type Hash } from 'node:crypto';
import { S3Error } from './s3-error';
import { type ChunkSigner, isSameSignature, sha256 } from './signature';

const SMALLEST_CHUNK_BYTES = 8 * 1024;
const LONGEST_LINE = 16 * 1024;
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

/**
 * Removes the frames of an `aws-chunked` body and verifies the signatures of signed ones.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export class AwsChunkedDecoder {
  /** Complete after the end of the body. */
  readonly trailers: Record<string, string> = {};
  #state: 'chunk-header' | 'data' | 'data-end' | 'trailer' | 'done' = 'chunk-header';
  #line = '';
  #chunkSize = 0;
  #chunkLeft = 0;
  #chunkSignature = '';
  #chunkHash: Hash | undefined;
  #previousSignature: string;
  #sawSmallChunk = false;

  /** @param signer present when the chunks are signed */
  constructor(readonly signer?: ChunkSigner) {
    this.#previousSignature = signer?.seed ?? '';
  }

  /**
   * @returns the payload in this piece of the body
   * @throws InvalidChunkSizeError, SignatureDoesNotMatch, IncompleteBody
   */
  push(wire: Buffer): Buffer[] {
    const payload: Buffer[] = [];
    let offset = 0;
    while (offset < wire.length) {
      if (this.#state === 'data') {
        const piece = wire.subarray(offset, offset + this.#chunkLeft);
        this.#chunkHash?.update(piece);
        payload.push(piece);
        offset += piece.length;
        this.#chunkLeft -= piece.length;
        if (this.#chunkLeft === 0) this.#state = 'data-end';
      } else {
        const newline = wire.indexOf('\n', offset);
        const end = newline < 0 ? wire.length : newline;
        this.#line += wire.toString('latin1', offset, end);
        if (this.#line.length > LONGEST_LINE) throw incomplete('A chunk has no readable header.');
        offset = end + 1;
        if (newline >= 0) this.#endLine();
      }
    }
    return payload;
  }

  /** @throws IncompleteBody when the last frame is missing */
  finish(): void {
    if (this.#state !== 'done') throw incomplete('The body ended before its last chunk.');
  }

  #endLine(): void {
    const line = this.#line.replace(/\r$/, '');
    this.#line = '';
    switch (this.#state) {
      case 'chunk-header':
        this.#beginChunk(line);
        break;
      case 'data-end':
        if (line !== '') throw incomplete('A chunk is longer than its header says.');
        this.#verifyChunk();
        this.#state = 'chunk-header';
        break;
      case 'trailer':
        this.#readTrailer(line);
        break;
      case 'data':
      case 'done':
        throw incomplete('There are bytes after the last chunk.');
    }
  }

  #beginChunk(line: string): void {
    const header = /^([0-9a-f]+)(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line);
    if (!header?.[1]) throw incomplete('A chunk has no readable header.');
    this.#chunkSize = parseInt(header[1], 16);
    this.#chunkLeft = this.#chunkSize;
    this.#chunkSignature = header[2] ?? '';
    this.#chunkHash = this.signer && createHash('sha256');
    if (this.#chunkSize === 0) {
      this.#verifyChunk();
      this.#state = 'trailer';
      return;
    }
    if (this.#sawSmallChunk) {
      throw new S3Error(
        'InvalidChunkSizeError',
        `Only the last chunk may have less than ${SMALLEST_CHUNK_BYTES} bytes.`,
      );
    }
    this.#sawSmallChunk = this.#chunkSize < SMALLEST_CHUNK_BYTES;
    this.#state = 'data';
  }

  #verifyChunk(): void {
    if (this.signer && this.#chunkHash) {
      this.#verify('AWS4-HMAC-SHA256-PAYLOAD', [sha256(''), this.#chunkHash.digest('hex')], this.#chunkSignature);
    }
  }

  #readTrailer(line: string): void {
    if (line === '') {
      this.#state = 'done';
      return;
    }
    const colon = line.indexOf(':');
    if (colon < 0) throw new S3Error('MalformedTrailerError', 'A trailer is not of the form name:value.');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name !== TRAILER_SIGNATURE) {
      this.trailers[name] = value;
    } else if (this.signer) {
      const trailers = Object.entries(this.trailers).map(([trailer, text]) => `${trailer}:${text}\n`);
      this.#verify('AWS4-HMAC-SHA256-TRAILER', [sha256(trailers.join(''))], value);
    }
  }

  #verify(algorithm: string, hashes: string[], signature: string): void {
    const { timestamp = '', scope = '' } = this.signer ?? {};
    const expected = this.signer?.sign([algorithm, timestamp, scope, this.#previousSignature, ...hashes].join('\n'));
    if (expected === undefined || !isSameSignature(expected, signature)) {
      throw new S3Error('SignatureDoesNotMatch', 'The signature of a chunk or trailer does not fit its bytes.');
    }
    this.#previousSignature = expected;
  }
}

function incomplete(message: string): S3Error {
  return new S3Error('IncompleteBody', message);
}
