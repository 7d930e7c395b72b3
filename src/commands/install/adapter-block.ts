import type { AdapterOptions } from '../../ghost-site/adapter-config';
import { Failure } from '../../shell/failure';
import { type StorageSettings } from '../../ghost-site/config';
import { ADAPTER } from '../../core/features';

/** What other adapters have and this one does not, with what has become of it. */
const DROPPED: Record<string, string> = {
  pathPrefix: 'new files go below content/images, content/media and content/files, where Ghost looks for them',
  signatureVersion: 'every request is signed with version 4',
};

/** The options of another adapter under the names of this one. */
export interface TakenOver {
  options: Record<string, unknown>;
  /** What was left out, as sentences. */
  notices: string[];
}

/**
 * Takes the options of another adapter over: Ghost's own S3Storage, ghost-storage-adapter-s3, ghos3 and their like.
 *
 * @param storage of Ghost's configuration
 * @param name of the other adapter's block, `S3Storage`, `s3`
 * @throws Failure when there is no such block
 */
export function takeOver(storage: StorageSettings, name: string): TakenOver {
  const block = storage[name];
  if (name === ADAPTER || !isBlock(block)) {
    const others = formerAdapters(storage);
    throw new Failure(
      `--from is "${name}", and Ghost's configuration holds no other adapter's block of that name.`,
      others.length > 0
        ? `Name one that is there: --from ${others.join(' or --from ')}`
        : 'Name the bucket and the CDN instead: --bucket, --region and --cdn-url.',
    );
  }
  return withOurNames(name, block);
}

/** @returns the names of the blocks of other adapters that keep files in a bucket */
export const formerAdapters = (storage: StorageSettings): string[] =>
  Object.entries(storage)
    .filter(([name, value]) => name !== ADAPTER && isBlock(value) && 'bucket' in value && !('adapter' in value))
    .map(([name]) => name);

/**
 * @param from name of the adapter that the options are of
 * @returns the options under our names
 */
export function withOurNames(from: string, { assetHost, ...block }: Record<string, unknown>): TakenOver {
  const options: Record<string, unknown> = {};
  const notices: string[] = [];
  for (const [name, value] of Object.entries({ ...block, ...(assetHost !== undefined && { cdnUrl: assetHost }) })) {
    const reason = DROPPED[name];
    if (reason !== undefined) {
      notices.push(`"${name}" of ${from} is left out: ${reason}.`);
      // Ours is this without being told, and media and files have their own.
    } else if (name !== 'staticFileURLPrefix' || typeof value !== 'string' || trimSlashes(value) !== 'content/images') {
      options[name] = value;
    }
  }
  return { options, notices };
}

/** The options that were given on the command line, for the block of the adapter. */
export const givenOptions = ({
  bucket,
  region,
  cdnUrl,
  tenantPrefix,
  endpoint,
  forcePathStyle,
  distributionId,
}: AdapterOptions): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries({ bucket, region, cdnUrl, tenantPrefix, endpoint, forcePathStyle, distributionId }).filter(
      ([, value]) => value !== undefined,
    ),
  );

const isBlock = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const trimSlashes = (value: string) => value.replace(/^\/+|\/+$/g, '');
