import { readFileSync } from 'node:fs';
import path from 'node:path';

/** An AWS service that provides its machines or containers with credentials. */
export type Host = 'ec2' | 'ecs';

/** The files that identify an EC2 instance: the first two on Nitro, the last one on Xen. */
const MARKS: [file: string, mark: RegExp][] = [
  ['sys/class/dmi/id/board_vendor', /^Amazon EC2$/],
  ['sys/class/dmi/id/sys_vendor', /^Amazon EC2$/],
  ['sys/hypervisor/uuid', /^ec2/i],
];

/**
 * Detects whether this process runs on EC2 or in ECS, from the environment and the machine's own files, without a
 * request. AWS_EC2_METADATA_DISABLED turns detection of EC2 off, as in the SDK.
 *
 * @param root folder that contains `sys`
 * @returns undefined elsewhere, and in CloudShell, where Ghost does not run
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html
 */
export function detectHost({ environment = process.env, root = '/' } = {}): Promise<Host | undefined> {
  const { AWS_EXECUTION_ENV, ECS_CONTAINER_METADATA_URI_V4, AWS_EC2_METADATA_DISABLED } = environment;
  if (AWS_EXECUTION_ENV === 'CloudShell') {
    return Promise.resolve(undefined);
  }
  if (ECS_CONTAINER_METADATA_URI_V4) {
    return Promise.resolve('ecs');
  }
  const isInstance =
    AWS_EC2_METADATA_DISABLED?.toLowerCase() !== 'true' &&
    MARKS.some(([file, mark]) => mark.test(contentOf(path.join(root, file))));
  return Promise.resolve(isInstance ? 'ec2' : undefined);
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
