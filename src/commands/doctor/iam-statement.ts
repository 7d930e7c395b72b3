/** Returns an IAM statement as JSON, to paste into a policy. */
export function allowStatement(actions: string[], resource: string | string[]): string {
  return JSON.stringify({ Effect: 'Allow', Action: actions, Resource: resource });
}

/** Returns the ARN of a bucket, or of the objects in it whose key matches `key`. */
export function s3Arn(bucket: string, key?: string): string {
  return `arn:aws:s3:::${bucket}${key === undefined ? '' : `/${key}`}`;
}
