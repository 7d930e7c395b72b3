import { partition } from '@aws-sdk/core/client';

/** Returns an IAM statement as JSON, to paste into a policy. */
export function allowStatement(actions: string[], resource: string | string[]): string {
  return JSON.stringify({ Effect: 'Allow', Action: actions, Resource: resource });
}

/** Returns the start of an ARN in the partition of a region: `arn:aws`, in China `arn:aws-cn`. */
export const arnOfPartition = (region = 'us-east-1'): string => `arn:${partition(region).name}`;

/** Returns the ARN of a bucket, or of the objects in it whose key matches `key`. */
export function s3Arn({ bucket, region }: { bucket: string; region?: string }, key?: string): string {
  return `${arnOfPartition(region)}:s3:::${bucket}${key === undefined ? '' : `/${key}`}`;
}
