/** Prices of November 2026: https://aws.amazon.com/s3/pricing/ and https://aws.amazon.com/cloudfront/pricing/ */
const PRICES = {
  date: 'November 2026',
  storagePerGigabyteMonth: 0.023,
  putPerThousand: 0.005,
  freeTrafficTerabytes: 1,
  freeRequestsMillion: 10,
  trafficPerGigabyte: 0.085,
};

/** A blog with many pictures, and sizes made of each. */
const EXAMPLE = { gigabytes: 10, uploads: 2_000 };

/** @returns lines about what the image server costs in a month, roughly */
export function roughCosts(): string[] {
  const storage = EXAMPLE.gigabytes * PRICES.storagePerGigabyteMonth;
  const uploads = (EXAMPLE.uploads / 1_000) * PRICES.putPerThousand;
  return [
    `about $${(storage + uploads).toFixed(2)} a month for ${EXAMPLE.gigabytes} GB of files and ${EXAMPLE.uploads.toLocaleString('en-US')} new ones, in us-east-1`,
    `CloudFront: ${PRICES.freeTrafficTerabytes} TB and ${PRICES.freeRequestsMillion} million requests a month are free, then about $${PRICES.trafficPerGigabyte} a GB`,
    `prices of ${PRICES.date}; the certificate is free, and so are requests from CloudFront to S3`,
  ];
}
