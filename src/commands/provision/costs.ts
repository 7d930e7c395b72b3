import { dollars, estimateMonthlyCost } from '../../aws/costs';
import { PRICES } from '../../aws/prices';
import { counted, megabytes, number } from '../../shell/text';

/** The blog's files on the disk. */
export interface CountedFiles {
  files: number;
  bytes: number;
  /** Whether there was time to count all of them. */
  isComplete: boolean;
  /** The content folder. */
  place: string;
}

/** An example: a blog with many images in several sizes. */
const EXAMPLE = { gigabytes: 10, uploads: 2_000 };

/**
 * Estimates the costs of an image server, as lines for the terminal.
 *
 * @param found the blog's files; undefined when they are not on this machine
 */
export function costLines(found: CountedFiles | undefined): string[] {
  return [
    ...(found && found.files > 0 ? ofFiles(found) : ofExample()),
    `visitors: ${PRICES.freeTrafficTerabytes} TB and ${PRICES.freeRequestsMillion} million requests a month are free, then about $${PRICES.trafficPerGigabyte} per GB and ${dollars(PRICES.requestsPerMillion)} per million requests`,
    `CloudFront's functions, called twice per request: ${PRICES.freeFunctionCallsMillion} million calls a month are free, then ${dollars(PRICES.functionCallsPerMillion)} per million`,
    `requests from CloudFront to the bucket: $${PRICES.getPerThousand} per 1,000; data transfer between them is free`,
    `an estimate with the prices of ${PRICES.region} in ${PRICES.date}, without taxes; the certificate is free`,
  ];
}

function ofFiles(found: CountedFiles): string[] {
  const { monthly, once } = estimateMonthlyCost(found);
  const isLowerBound = found.isComplete ? '' : 'at least ';
  const amount = dollars(monthly);
  const estimate = amount.startsWith('less than') ? amount : `${isLowerBound || 'about '}${amount}`;
  return [
    `${estimate} a month for your files: ${isLowerBound}${counted(found.files, 'file')}, ${megabytes(found.bytes)} in ${found.place}`,
    `copying them costs ${dollars(once)}, once; later uploads $${PRICES.putPerThousand} per 1,000`,
  ];
}

function ofExample(): string[] {
  const storage = EXAMPLE.gigabytes * PRICES.storagePerGigabyteMonth;
  const uploads = (EXAMPLE.uploads / 1_000) * PRICES.putPerThousand;
  return [
    `for example ${dollars(storage + uploads)} a month for ${EXAMPLE.gigabytes} GB of files and ${number(EXAMPLE.uploads)} new ones`,
  ];
}
