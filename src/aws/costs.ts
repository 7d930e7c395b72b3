import { PRICES } from './prices';

/** How many bytes S3 charges as a gigabyte. */
const GIGABYTE = 2 ** 30;

/** The costs of an image server, in US dollars without taxes. */
export interface Costs {
  /** For storing the files. Visitors cost nothing within CloudFront's free allowance. */
  monthly: number;
  /** For uploading the files, once. */
  once: number;
}

/**
 * Estimates the costs of files in a bucket, with the prices of us-east-1.
 *
 * @param files number of files
 * @param bytes their total size
 */
export const estimateMonthlyCost = ({ files, bytes }: { files: number; bytes: number }): Costs => ({
  monthly: (bytes / GIGABYTE) * PRICES.storagePerGigabyteMonth,
  once: (files / 1_000) * PRICES.putPerThousand,
});

/** Formats an amount: `$0.06`, `less than $0.01`. */
export const dollars = (amount: number): string => (amount < 0.005 ? 'less than $0.01' : `$${amount.toFixed(2)}`);
