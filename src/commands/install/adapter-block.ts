import { Failure } from '../../shell/failure';
import { isObject, type StorageSettings } from '../../ghost-site/config';
import { ADAPTER } from '../../core/features';

/** Options of other adapters that this one does not have, with the reason. */
const DROPPED: Record<string, string> = {
  pathPrefix: 'new files are stored in content/images, content/media and content/files, where Ghost looks for them',
  signatureVersion: 'every request is signed with version 4',
};

/** The prefix of images, which is the default. Media and files have their own. */
const IMAGES = /^\/*content\/images\/*$/;

/** The options of another adapter, under the names of this one. */
export interface TakenOver {
  options: Record<string, unknown>;
  /** Sentences about the options that were left out. */
  notices: string[];
}

/**
 * Takes over the options of another adapter, such as Ghost's own S3Storage, ghost-storage-adapter-s3 or ghos3.
 *
 * @param name the name of the other adapter's block, `S3Storage`, `s3`
 * @throws Failure when there is no such block
 */
export function takeOver(storage: StorageSettings, name: string): TakenOver {
  const block = storage[name];
  if (name === ADAPTER || !isObject(block)) {
    const others = formerAdapters(storage);
    throw new Failure(
      `--from is "${name}", but Ghost's configuration has no block of another adapter with that name.`,
      others.length > 0
        ? `Name an existing block: --from ${others.join(' or --from ')}`
        : 'Pass the bucket and the CDN instead: --bucket, --region and --cdn-url.',
    );
  }
  return withOurNames(name, block);
}

/** Returns the names of the blocks of other adapters that store files in a bucket. */
export const formerAdapters = (storage: StorageSettings): string[] =>
  Object.entries(storage)
    .filter(([name, value]) => name !== ADAPTER && isObject(value) && 'bucket' in value && !('adapter' in value))
    .map(([name]) => name);

/** Translates the options of another adapter, called `from`, into ours. */
export function withOurNames(from: string, { assetHost, ...block }: Record<string, unknown>): TakenOver {
  const options: Record<string, unknown> = {};
  const notices: string[] = [];
  for (const [name, value] of Object.entries({ ...block, ...(assetHost !== undefined && { cdnUrl: assetHost }) })) {
    const reason = DROPPED[name];
    if (reason !== undefined) {
      notices.push(`"${name}" of ${from} is left out: ${reason}.`);
    } else if (name !== 'staticFileURLPrefix' || typeof value !== 'string' || !IMAGES.test(value)) {
      options[name] = value;
    }
  }
  return { options, notices };
}
