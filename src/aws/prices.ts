/**
 * AWS prices in US dollars without taxes, from the pages below in November 2026. They are for us-east-1 and for
 * visitors in the US and Europe. Other regions can cost more.
 *
 * @see https://aws.amazon.com/s3/pricing/
 * @see https://aws.amazon.com/cloudfront/pricing/
 */
export const PRICES = {
  date: 'November 2026',
  region: 'us-east-1',
  /** S3 counts 2^30 bytes as a gigabyte. */
  storagePerGigabyteMonth: 0.023,
  putPerThousand: 0.005,
  getPerThousand: 0.0004,
  freeTrafficTerabytes: 1,
  freeRequestsMillion: 10,
  trafficPerGigabyte: 0.085,
  /** In the US. */
  requestsPerMillion: 1,
  freeFunctionCallsMillion: 2,
  functionCallsPerMillion: 0.1,
};
