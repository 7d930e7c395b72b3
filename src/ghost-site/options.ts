import type { Command } from 'commander';
import type { Config } from '../core/config';

/** The options of the adapter that the command line can set, with their flags and their help. */
const ADAPTER_OPTIONS = {
  bucket: ['--bucket <name>', 'bucket name'],
  region: ['--region <region>', 'region of the bucket'],
  cdnUrl: ['--cdn-url <url>', 'URL of the CDN, for example https://images.example.com'],
  tenantPrefix: ['--tenant-prefix <prefix>', 'path in front of content/images in the bucket'],
  endpoint: ['--endpoint <url>', 'URL of an S3 service other than AWS'],
  forcePathStyle: ['--force-path-style', 'put the bucket name in the path of URLs, as MinIO and Ceph need it'],
  distributionId: ['--distribution-id <id>', 'ID of the CloudFront distribution'],
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
    .optionsGroup('Where Ghost is:')
    .option(
      '--ghost <folder>',
      'folder that Ghost is installed in, or the folder of its compose.yml (default: detected)',
    )
    .option(
      '--config <file>',
      "Ghost's configuration file (default: config.production.json in that folder, or the container's env file)",
    )
    .option('--content <folder>', "Ghost's content folder (default: as configured, or content in that folder)");
}

/** Adds the options that override Ghost's configuration of the adapter, for commands that send requests to S3. */
export function withAdapterOptions(command: Command): Command {
  return withBucketOptions(command).option('--profile <name>', 'AWS profile to sign in with');
}

/** Adds the options that override Ghost's configuration of the adapter. */
export const withBucketOptions = (command: Command): Command =>
  withOptions(command, Object.keys(ADAPTER_OPTIONS) as (keyof AdapterOptions)[]);

/** Adds those of them that a command needs to find images on the CDN. */
export const withCdnOptions = (command: Command): Command => withOptions(command, ['cdnUrl', 'tenantPrefix']);

function withOptions(command: Command, names: (keyof AdapterOptions)[]): Command {
  return names.reduce((all, name) => {
    const [flags, help] = ADAPTER_OPTIONS[name];
    return all.option(flags, help);
  }, command.optionsGroup("In place of Ghost's configuration:"));
}
