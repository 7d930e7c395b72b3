import { MetadataService } from '@aws-sdk/ec2-metadata-service';
import type { Host } from './host';

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
