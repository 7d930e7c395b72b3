import { partition } from '@aws-sdk/core/client';

/** A region with its location as AWS writes it: `Europe (Frankfurt)`. */
export interface Region {
  name: string;
  place: string;
}

/**
 * The regions that are enabled in every account; newer ones have to be enabled first.
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

/** Returns the regions to choose from. `--region` accepts others, too. */
export const listRegions = (): Region[] => NAMES.map((name) => ({ name, place: placeOfRegion(name) ?? name }));

/** Returns the location of a region, `Europe (Frankfurt)`; undefined for a region unknown to the SDK. */
export const placeOfRegion = (name: string): string | undefined =>
  // For an unknown region, the SDK returns the whole partition, without a description.
  (partition(name) as { description?: string }).description;
