// An S3 in memory in a process of its own, so that what is measured beside it has its processor for itself.
// Usage: s3-process.ts JSON, the options of `startInMemoryS3`; sends its address and keys to the parent, and ends with it.
import { startInMemoryS3, type InMemoryS3Options } from '../in-memory-s3';

/** What the parent gets to know. */
export interface S3Process {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

async function main(options: InMemoryS3Options): Promise<void> {
  const server = await startInMemoryS3(options);
  process.on('message', (bucket: string) => {
    // rclone sends an ACL with every object.
    server.createBucket(bucket, { objectOwnership: 'ObjectWriter' });
    // Of hundreds of thousands of requests nobody asks what they were.
    server.requests.length = 0;
    process.send?.(bucket);
  });
  process.on('disconnect', () => process.exit(0));
  const { endpoint, region, rootCredentials } = server;
  process.send?.({ endpoint, region, ...rootCredentials } satisfies S3Process);
}

void main(JSON.parse(process.argv[2] ?? '{}') as InMemoryS3Options);
