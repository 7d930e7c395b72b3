import { PRICES } from './prices';

/** The bytes of a gigabyte that S3 charges. */
const GIGABYTE = 2 ** 30;

/** What an image server costs, in US dollars without taxes. */
export interface Costs {
  /** For the storage of the files. Visitors cost nothing up to CloudFront's free amounts. */
  monthly: number;
  /** For uploading the files, once. */
  once: number;
}

/**
 * Estimates what files cost in a bucket, by the prices of us-east-1.
 *
 * @param files their number
 * @param bytes their total size
 */
export const estimateMonthlyCost = ({ files, bytes }: { files: number; bytes: number }): Costs => ({
  monthly: (bytes / GIGABYTE) * PRICES.storagePerGigabyteMonth,
  once: (files / 1_000) * PRICES.putPerThousand,
});

/** Returns an amount for people: `$0.06`, `less than $0.01`. */
export const dollars = (amount: number): string => (amount < 0.005 ? 'less than $0.01' : `$${amount.toFixed(2)}`);
