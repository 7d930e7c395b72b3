import { Failure } from '../../shell/failure';
import type { MigrateOptions } from './settings';

const FLAGS = {
  toLocal: '--to-local',
  fromBucket: '--from-bucket',
  fromRegion: '--from-region',
  ghostUrl: '--ghost-url',
  adminKey: '--admin-key',
  skipSizes: '--skip-sizes',
  overwrite: '--overwrite',
  verify: '--verify',
  concurrency: '--concurrency',
  bandwidth: '--bandwidth',
  report: '--report',
} as const satisfies Partial<Record<keyof MigrateOptions, string>>;

type Option = keyof typeof FLAGS;

const OF_OLD_ADAPTER: readonly Option[] = ['fromBucket', 'fromRegion', 'ghostUrl', 'adminKey'];

/** What only the copies of `--from-bucket` use. */
const OF_COPIES: readonly Option[] = [
  'fromRegion',
  'skipSizes',
  'overwrite',
  'verify',
  'concurrency',
  'bandwidth',
  'report',
];

/** Options that would be ignored, and what to do about it. */
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
    reason: 'cannot be used with --to-local, which brings files from the bucket back to the disk',
    cure: 'Leave it out. To move from another adapter, use --from-url in place of --to-local.',
  },
  {
    applies: ({ fromUrl }) => fromUrl === undefined,
    unused: OF_OLD_ADAPTER,
    reason: 'can only be used with --from-url, to move from another adapter',
    cure:
      'Add the address at which posts show the old images: --from-url https://old-bucket.s3.amazonaws.com\n' +
      'To upload the files on the disk, leave it out.',
  },
  {
    applies: ({ fromUrl }) => fromUrl !== undefined,
    unused: ['toLocal'],
    reason: 'cannot be used with --from-url, which moves files to the bucket',
    cure: 'Run the command once with each of them.',
  },
  {
    applies: ({ fromUrl, fromBucket }) => fromUrl !== undefined && fromBucket === undefined,
    unused: OF_COPIES,
    reason: 'can only be used with --from-bucket: without it, Ghost itself downloads the files that posts show',
    cure: 'Leave it out, or name the old bucket with --from-bucket to copy its objects first.',
  },
  {
    applies: ({ fromBucket }) => fromBucket !== undefined,
    unused: ['bandwidth'],
    reason: 'has no effect with --from-bucket: S3 copies the files itself, and none passes through this machine',
    cure: 'Leave it out. To send fewer requests at a time, use --concurrency.',
  },
  {
    applies: ({ fromUrl, adminKey }) => fromUrl !== undefined && adminKey === undefined,
    unused: ['ghostUrl'],
    reason: 'can only be used with --admin-key: without a key, Ghost is not asked for its posts',
    cure: 'Add --admin-key, or leave it out.',
  },
];

/**
 * Makes sure that no option of the command line is ignored.
 *
 * @throws Failure that names the options, why they have no effect, and what to do
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
