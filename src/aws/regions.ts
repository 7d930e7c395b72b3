import { partition } from '@aws-sdk/core/client';

/** A region with its place, as AWS names it: `Europe (Frankfurt)`. */
export interface Region {
  name: string;
  place: string;
}

/**
 * The regions that every account can use at once; newer ones have to be enabled first.
 *
 * @see https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
 */
const NAMES = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'ca-central-1',
  'sa-east-1',
  'eu-central-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'eu-north-1',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
];

/** Returns the regions to choose from. Another one can be named by `--region`. */
export const listRegions = (): Region[] => NAMES.map((name) => ({ name, place: placeOfRegion(name) ?? name }));

/** Returns where a region is, `Europe (Frankfurt)`; undefined when the SDK does not know it. */
export const placeOfRegion = (name: string): string | undefined =>
  // For an unknown region, the SDK describes the whole partition.
  (partition(name) as { description?: string }).description;
