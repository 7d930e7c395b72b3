/**
 * Compares keys by their bytes, as S3 sorts them. JavaScript's own order differs only for surrogate pairs.
 *
 * @returns a negative number when the first comes before the other, 0 when they are equal
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function compareKeys(one: string, other: string): number {
  if (SURROGATE.test(one) || SURROGATE.test(other)) {
    return Buffer.compare(Buffer.from(one), Buffer.from(other));
  }
  return one < other ? -1 : Number(one > other);
}

const SURROGATE = /[\ud800-\udfff]/;
