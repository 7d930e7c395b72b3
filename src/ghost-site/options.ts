import type { Command } from 'commander';

/** Adds the options by which a command is told where Ghost is. */
export function withSiteOptions(command: Command): Command {
  return command
    .option('--ghost <folder>', 'folder that Ghost is installed in (default: this one, or where it usually is)')
    .option('--config <file>', "Ghost's configuration file (default: config.production.json in that folder)")
    .option('--content <folder>', "Ghost's content folder (default: as configured, or content in that folder)");
}

/** Adds the options that stand over Ghost's configuration of the adapter, for commands that ask S3. */
export function withAdapterOptions(command: Command): Command {
  return withBucketOptions(command).option('--profile <name>', 'profile of the AWS configuration to sign in with');
}

/** Adds the options that stand over Ghost's configuration of the adapter. */
export function withBucketOptions(command: Command): Command {
  return command
    .option('--bucket <name>', 'the bucket')
    .option('--region <region>', 'region of the bucket')
    .option('--cdn-url <url>', 'address of the CDN, https://images.example.com')
    .option('--tenant-prefix <prefix>', 'stands before content/images in the bucket')
    .option('--endpoint <url>', 'address of another S3 service than AWS')
    .option('--force-path-style', 'the bucket in the path and not in the host name, as MinIO and Ceph want it')
    .option('--distribution-id <id>', 'CloudFront distribution');
}
