import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AwsChunkedDecoder } from './aws-chunked';
import { assertChecksumForm, type BodyDeclaration } from './body-declaration';
import { startChecksum } from './checksums';
import type { Pace } from './pace';
import { S3Error } from './s3-error';
import type { ChunkSigner } from './signature';
import type { Checksum } from './store';

export interface ReceivedBody {
  bytes: Buffer;
  md5: Buffer;
  /** The client's checksum, already verified. */
  checksum?: Checksum;
}

export interface Reception {
  /** Present when the chunks may be signed. */
  signer?: ChunkSigner;
  pace?: Pace;
  /** Skips the verification of checksums. */
  trustsBodies?: boolean;
  /** Gives zeros for a large body. */
  forgetsBodies?: boolean;
  /** Called with every piece of the body. */
  onWireBytes: (count: number) => void;
}

/** The largest body that a server keeps even if it forgets bodies: those of requests for settings are smaller. */
const LARGEST_REMEMBERED_BYTES = 1024 * 1024;

/** Shared by all bodies that are not kept. Zeros that were never written take no memory. */
let sharedZeros = Buffer.alloc(0);

function zeros(length: number): Buffer {
  if (sharedZeros.length < length) sharedZeros = Buffer.alloc(length);
  return sharedZeros.subarray(0, length);
}

/**
 * Reads a body to its end and checks it against the headers.
 *
 * @returns the whole payload: a body that ends early is never returned
 * @throws IncompleteBody, BadDigest, XAmzContentSHA256Mismatch, MalformedTrailerError and the errors of the frames
 */
export async function receiveBody(
  request: IncomingMessage,
  declaration: BodyDeclaration,
  { signer, pace, trustsBodies = false, forgetsBodies = false, onWireBytes }: Reception,
): Promise<ReceivedBody> {
  const decoder = declaration.isAwsChunked
    ? new AwsChunkedDecoder(declaration.areChunksSigned ? signer : undefined)
    : undefined;
  const isForgotten = forgetsBodies && declaration.length > LARGEST_REMEMBERED_BYTES;
  const bytes = isForgotten ? zeros(declaration.length) : Buffer.allocUnsafe(declaration.length);
  const md5 = createHash('md5');
  const sha256 = declaration.sha256 === undefined || trustsBodies ? undefined : createHash('sha256');
  const checksum = declaration.checksum && !trustsBodies ? startChecksum(declaration.checksum.algorithm) : undefined;
  let filled = 0;
  pace?.begin();
  // The connection must survive an error in the middle of a body, to transfer the answer.
  for await (const wire of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    onWireBytes(wire.length);
    await pace?.carry(wire.length);
    for (const piece of decoder ? decoder.push(wire) : [wire]) {
      if (filled + piece.length > bytes.length) throw wrongLength();
      if (!isForgotten) piece.copy(bytes, filled);
      filled += piece.length;
      if (!trustsBodies) md5.update(piece);
      sha256?.update(piece);
      checksum?.update(piece);
    }
  }
  decoder?.finish();
  if (filled !== bytes.length) throw wrongLength();
  if (trustsBodies) md5.update(String(filled));
  const received: ReceivedBody = { bytes, md5: md5.digest(), checksum: sentChecksum(declaration, decoder?.trailers) };
  if (sha256 && sha256.digest('hex') !== declaration.sha256) {
    throw new S3Error('XAmzContentSHA256Mismatch', 'x-amz-content-sha256 is not the SHA-256 of the body.');
  }
  if (declaration.md5 && !trustsBodies && !declaration.md5.equals(received.md5)) {
    throw new S3Error('BadDigest', 'Content-MD5 is not the MD5 of the body.');
  }
  if (checksum && received.checksum && checksum.digest() !== received.checksum.value) {
    const name = received.checksum.algorithm.toUpperCase();
    throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`);
  }
  return received;
}

function sentChecksum({ checksum }: BodyDeclaration, trailers: Record<string, string> = {}): Checksum | undefined {
  if (!checksum) return undefined;
  const { algorithm } = checksum;
  const value = checksum.value ?? trailers[`x-amz-checksum-${algorithm}`];
  if (value === undefined) {
    throw new S3Error('MalformedTrailerError', `The trailer x-amz-checksum-${algorithm} is missing.`);
  }
  assertChecksumForm(algorithm, value);
  return { algorithm, value };
}

function wrongLength(): S3Error {
  return new S3Error('IncompleteBody', 'The body has not the number of bytes that the headers give.');
}
