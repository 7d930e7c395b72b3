import { refuseUnusedOptions } from '../../../../src/commands/migrate/unused-options';
import type { MigrateOptions } from '../../../../src/commands/migrate/settings';
import type { Failure } from '../../../../src/shell/failure';

function refusalOf(options: MigrateOptions): Failure | undefined {
  try {
    refuseUnusedOptions(options);
    return undefined;
  } catch (error) {
    return error as Failure;
  }
}

const OLD = { fromUrl: 'https://old.example.com' };
const COPIED = { ...OLD, fromBucket: 'old-bucket' };
const KEY = { adminKey: 'a:b' };

test.each<[MigrateOptions, named: string, cure: string]>([
  [{ fromBucket: 'old-bucket' }, '--from-bucket', '--from-url https://'],
  [{ fromRegion: 'eu-west-1' }, '--from-region', '--from-url https://'],
  [{ ghostUrl: 'https://blog.example.com' }, '--ghost-url', '--from-url https://'],
  [KEY, '--admin-key', '--from-url https://'],
  [{ ...KEY, fromBucket: 'old-bucket', fromRegion: 'x' }, '--from-bucket, --from-region, --admin-key', 'leave it out'],
  [{ toLocal: true, fromBucket: 'old-bucket' }, '--from-bucket cannot be used with --to-local', 'Leave it out'],
  [{ toLocal: true, fromRegion: 'eu-west-1' }, '--from-region cannot be used with --to-local', 'Leave it out'],
  [{ toLocal: true, ghostUrl: 'https://a.example' }, '--ghost-url cannot be used with --to-local', 'Leave it out'],
  [{ toLocal: true, ...KEY }, '--admin-key cannot be used with --to-local', 'Leave it out'],
  [{ toLocal: true, ...OLD, ...KEY }, '--to-local cannot be used with --from-url', 'once with each'],
  [{ ...OLD, ...KEY, fromRegion: 'eu-west-1' }, '--from-region can only be used with --from-bucket', '--from-bucket'],
  [{ ...OLD, ...KEY, skipSizes: true }, '--skip-sizes can only be used with --from-bucket', '--from-bucket'],
  [{ ...OLD, ...KEY, stripLocation: true }, '--strip-location can only be used with --from-bucket', '--from-bucket'],
  [{ toLocal: true, stripLocation: true }, '--strip-location cannot be used with --to-local', 'without --to-local'],
  [{ ...OLD, ...KEY, overwrite: true }, '--overwrite can only be used with --from-bucket', '--from-bucket'],
  [{ ...OLD, ...KEY, verify: true }, '--verify can only be used with --from-bucket', '--from-bucket'],
  [{ ...OLD, ...KEY, concurrency: '4' }, '--concurrency can only be used with --from-bucket', '--from-bucket'],
  [{ ...OLD, ...KEY, bandwidth: '4' }, '--bandwidth can only be used with --from-bucket', '--from-bucket'],
  [{ ...OLD, ...KEY, report: 'r.jsonl' }, '--report can only be used with --from-bucket', '--from-bucket'],
  [{ ...COPIED, ...KEY, bandwidth: '4' }, '--bandwidth has no effect with --from-bucket', '--concurrency'],
  [{ ...COPIED, ghostUrl: 'https://a.example' }, '--ghost-url can only be used with --admin-key', '--admin-key'],
])('an option that would be ignored is refused, with what to do: %j', (options, named, cure) => {
  const refusal = refusalOf(options);
  expect(refusal?.message).toContain(named);
  expect(refusal?.cure).toContain(cure);
});

const USED = { skipSizes: true, overwrite: true, verify: true, dryRun: true, concurrency: '4', report: 'r.jsonl' };

test.each<MigrateOptions>([
  {},
  { ...USED, bandwidth: '4', yes: true, json: true },
  { toLocal: true, ...USED, bandwidth: '4', yes: true, json: true },
  { ...OLD, ...KEY, ghostUrl: 'https://blog.example.com', dryRun: true, yes: true, json: true },
  { ...COPIED, ...KEY, ...USED, fromRegion: 'eu-west-1', ghostUrl: 'https://blog.example.com' },
  { ...COPIED, ...USED, fromRegion: 'eu-west-1' },
  { ...COPIED, ...USED, stripLocation: true, bandwidth: '4' },
  { ...USED, stripLocation: true },
  // What another program in front of this one passes as "not wanted".
  { toLocal: false, overwrite: false, verify: false, skipSizes: false, ...OLD, ...KEY },
])('options that are used together are accepted: %j', (options) => {
  expect(refusalOf(options)).toBeUndefined();
});
