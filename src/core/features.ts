/** What Ghost stores by an adapter. */
export const FEATURES = ['images', 'media', 'files'] as const;

export type Feature = (typeof FEATURES)[number];

/** Name of the adapter in Ghost's configuration, and of its folder. */
export const ADAPTER = 'S3CloudFrontStorage';

/** What Ghost calls the address of each feature. */
export const URL_NAMES: Record<Feature, string> = { images: 'image', media: 'media', files: 'files' };
