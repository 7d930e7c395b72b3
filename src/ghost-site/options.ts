import type { Command } from 'commander';
import type { Config } from '../core/config';

/** The options of the adapter that the command line can set, with their flags and their help. */
const ADAPTER_OPTIONS = {
  bucket: ['--bucket <name>', 'the bucket'],
  region: ['--region <region>', 'region of the bucket'],
  cdnUrl: ['--cdn-url <url>', 'address of the CDN, https://images.example.com'],
  tenantPrefix: ['--tenant-prefix <prefix>', 'path in front of content/images in the bucket'],
  endpoint: ['--endpoint <url>', 'address of another S3 service than AWS'],
  forcePathStyle: ['--force-path-style', 'the bucket in the path and not in the host name, as MinIO and Ceph want it'],
  distributionId: ['--distribution-id <id>', 'CloudFront distribution'],
} satisfies Partial<Record<keyof Config, [flags: string, help: string]>>;

/** Options of the command line that override Ghost's configuration of the adapter. */
export type AdapterOptions = Partial<Pick<Config, keyof typeof ADAPTER_OPTIONS>>;

/** Returns the options of the adapter that were given on the command line. */
export const givenAdapterOptions = (options: AdapterOptions): Record<string, unknown> =>
  Object.fromEntries(
    (Object.keys(ADAPTER_OPTIONS) as (keyof AdapterOptions)[])
      .map((name) => [name, options[name]] as const)
      .filter(([, value]) => value !== undefined),
  );

/** Returns the flags of the options of the adapter that were given on the command line. */
export const givenFlags = (options: AdapterOptions): Record<string, string> =>
  Object.fromEntries(
    Object.keys(givenAdapterOptions(options)).map((name) => [
      name,
      ADAPTER_OPTIONS[name as keyof AdapterOptions][0].split(' ', 1)[0] ?? '',
    ]),
  );

/** Adds the options that tell a command where Ghost is. */
export function withSiteOptions(command: Command): Command {
  return command
    .option(
      '--ghost <folder>',
      'folder that Ghost is installed in, or of its compose.yml (default: this one, or where it usually is)',
    )
    .option(
      '--config <file>',
      "Ghost's configuration file (default: config.production.json in that folder, or its container's env file)",
    )
    .option('--content <folder>', "Ghost's content folder (default: as configured, or content in that folder)");
}

/** Adds the options that override Ghost's configuration of the adapter, for commands that send requests to S3. */
export function withAdapterOptions(command: Command): Command {
  return withBucketOptions(command).option('--profile <name>', 'profile of the AWS configuration to sign in with');
}

/** Adds the options that override Ghost's configuration of the adapter. */
export function withBucketOptions(command: Command): Command {
  return Object.values(ADAPTER_OPTIONS).reduce((all, [flags, help = '']) => all.option(flags, help), command);
}
