import { MetadataService } from '@aws-sdk/ec2-metadata-service';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** An AWS service that provides its machines or containers with credentials. */
export type Host = 'ec2' | 'ecs';

/** The instance or task that this process runs in, as AWS describes it. */
export interface HostDescription {
  host: Host;
  /** Twelve digits. On Lightsail it is an account of AWS itself, and the instance cannot get a role. */
  account: string;
  region: string;
  /** `i-0123456789abcdef0`, undefined on ECS */
  instanceId?: string;
}

/** How long (ms) to wait for each response of the metadata service, which is on the machine itself. */
const TIMEOUT_MS = 1_000;

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

/**
 * Asks the metadata service about the instance or the task, for two seconds at most.
 *
 * @returns undefined without a response, or when it is not one of AWS
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html
 */
export async function describeHost(host: Host): Promise<HostDescription | undefined> {
  try {
    return await (host === 'ecs' ? describeTask() : describeInstance());
  } catch {
    return undefined;
  }
}

async function describeInstance(): Promise<HostDescription | undefined> {
  const service = new MetadataService({
    httpOptions: { timeout: TIMEOUT_MS },
    retries: 0,
    ec2MetadataV1Disabled: true,
  });
  // The client adds the leading slash.
  const text = await service.request('latest/dynamic/instance-identity/document', {});
  const { accountId: account, region, instanceId } = JSON.parse(text) as Record<string, string | undefined>;
  return account && region ? { host: 'ec2', account, region, instanceId } : undefined;
}

async function describeTask(): Promise<HostDescription | undefined> {
  const response = await fetch(`${process.env.ECS_CONTAINER_METADATA_URI_V4}/task`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { TaskARN = '' } = (await response.json()) as { TaskARN?: string };
  const [, region, account] = /^arn:[^:]+:ecs:([^:]+):(\d{12}):/.exec(TaskARN) ?? [];
  return account && region ? { host: 'ecs', account, region } : undefined;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
