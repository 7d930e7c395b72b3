/**
 * What AWS charges, in US dollars without taxes: the prices of us-east-1 and of visitors in the US and Europe, as their
 * pages said in November 2026. Other regions and places cost more; by how much is not known here.
 *
 * @see https://aws.amazon.com/s3/pricing/
 * @see https://aws.amazon.com/cloudfront/pricing/
 */
export const PRICES = {
  date: 'November 2026',
  region: 'us-east-1',
  /** Of 2^30 bytes, as S3 counts. */
  storagePerGigabyteMonth: 0.023,
  putPerThousand: 0.005,
  getPerThousand: 0.0004,
  freeTrafficTerabytes: 1,
  freeRequestsMillion: 10,
  trafficPerGigabyte: 0.085,
  freeFunctionCallsMillion: 2,
  functionCallsPerMillion: 0.1,
};
