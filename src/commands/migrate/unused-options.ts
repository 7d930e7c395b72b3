import { Failure } from '../../shell/failure';
import type { MigrateOptions } from './settings';

/** The flags of the options that some combinations would ignore. */
const FLAGS = {
  toLocal: '--to-local',
  fromBucket: '--from-bucket',
  fromRegion: '--from-region',
  ghostUrl: '--ghost-url',
  adminKey: '--admin-key',
  skipSizes: '--skip-sizes',
  stripLocation: '--strip-location',
  overwrite: '--overwrite',
  verify: '--verify',
  concurrency: '--concurrency',
  bandwidth: '--bandwidth',
  report: '--report',
} as const satisfies Partial<Record<keyof MigrateOptions, string>>;

type Option = keyof typeof FLAGS;

/** The options that only `--from-url` uses. */
const OF_OLD_ADAPTER: readonly Option[] = ['fromBucket', 'fromRegion', 'ghostUrl', 'adminKey'];

/** The options that, with `--from-url`, only `--from-bucket` uses. */
const OF_COPIES: readonly Option[] = [
  'fromRegion',
  'skipSizes',
  'stripLocation',
  'overwrite',
  'verify',
  'concurrency',
  'bandwidth',
  'report',
];

/** Options that a combination would ignore, and the fix. */
interface Rule {
  applies: (options: MigrateOptions) => boolean;
  unused: readonly Option[];
  /** Follows the options: "--from-bucket is for moving from another adapter…". */
  reason: string;
  cure: string;
}

const RULES: readonly Rule[] = [
  {
    applies: ({ toLocal, fromUrl }) => Boolean(toLocal) && fromUrl === undefined,
    unused: OF_OLD_ADAPTER,
    reason: 'cannot be used with --to-local, which copies files from the bucket back to the disk',
    cure: 'Leave it out. To move from another adapter, use --from-url instead of --to-local.',
  },
  {
    applies: ({ toLocal }) => Boolean(toLocal),
    unused: ['stripLocation'],
    reason: 'cannot be used with --to-local, which copies every byte as it is in the bucket',
    cure: 'Leave it out. To remove the location from images in the bucket, use --strip-location without --to-local.',
  },
  {
    applies: ({ fromUrl }) => fromUrl === undefined,
    unused: OF_OLD_ADAPTER,
    reason: 'can only be used with --from-url, to move from another adapter',
    cure:
      'Add the start of the old image URLs: --from-url https://old-bucket.s3.amazonaws.com\n' +
      'To upload the files on the disk, leave it out.',
  },
  {
    applies: ({ fromUrl }) => fromUrl !== undefined,
    unused: ['toLocal'],
    reason: 'cannot be used with --from-url, which moves files to the bucket',
    cure: 'Run the command twice, once with each option.',
  },
  {
    applies: ({ fromUrl, fromBucket }) => fromUrl !== undefined && fromBucket === undefined,
    unused: OF_COPIES,
    reason: 'can only be used with --from-bucket. Without it, Ghost itself downloads the files in posts',
    cure: 'Leave it out, or add --from-bucket with the name of the old bucket to copy its objects first.',
  },
  {
    applies: ({ fromBucket, stripLocation }) => fromBucket !== undefined && !stripLocation,
    unused: ['bandwidth'],
    reason: 'has no effect with --from-bucket, because S3 copies the files itself',
    cure: 'Leave it out. To send fewer requests at a time, use --concurrency.',
  },
  {
    applies: ({ fromUrl, adminKey }) => fromUrl !== undefined && adminKey === undefined,
    unused: ['ghostUrl'],
    reason: 'can only be used with --admin-key, because reading posts from Ghost needs a key',
    cure: 'Add --admin-key, or leave it out.',
  },
];

/**
 * Refuses options that would be ignored.
 *
 * @throws Failure with the options, the reason and the fix
 */
export function refuseUnusedOptions(options: MigrateOptions): void {
  for (const { applies, unused, reason, cure } of RULES) {
    const flags = applies(options) ? unused.filter((name) => isGiven(options[name])).map((name) => FLAGS[name]) : [];
    if (flags.length > 0) {
      throw new Failure(`${flags.join(', ')} ${reason}.`, cure);
    }
  }
}

const isGiven = (value: MigrateOptions[Option]) => value !== undefined && value !== false;
