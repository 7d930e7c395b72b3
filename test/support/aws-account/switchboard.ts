import { ACMClient } from '@aws-sdk/client-acm';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { IAMClient } from '@aws-sdk/client-iam';
import { Route53Client } from '@aws-sdk/client-route-53';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { throttled, type ServiceName } from './aws-error';

/** What a client was made with. */
export interface ClientConfig {
  region: string;
  profile?: string;
  /** S3's client looks for a bucket in its own region by itself. */
  followRegionRedirects: boolean;
}

/** Commands of one service, by their name in the API: `ListHostedZones`. */
export type Operations = Record<string, (input: never, client: ClientConfig) => object>;

/** A call that was made of the account. */
export interface Call {
  /** What IAM has to allow for it: `s3:ListBucket` */
  action: string;
  /** The command, `HeadBucket` */
  operation: string;
  input: Record<string, unknown>;
  client: ClientConfig;
}

/** Where IAM's name for the permission is not the command's. */
const ACTIONS: Record<string, string> = {
  's3:DeleteObjects': 's3:DeleteObject',
  's3:GetBucketLifecycleConfiguration': 's3:GetLifecycleConfiguration',
  's3:GetPublicAccessBlock': 's3:GetBucketPublicAccessBlock',
  's3:HeadBucket': 's3:ListBucket',
  's3:ListObjectVersions': 's3:ListBucketVersions',
  's3:ListObjectsV2': 's3:ListBucket',
};

interface Command {
  input: Record<string, unknown>;
}

interface Client {
  config: { region: () => Promise<string>; profile?: string; followRegionRedirects?: boolean };
}

interface Stub {
  send: { callsFake(answer: (this: Client, command: Command) => Promise<object>): void };
  restore(): void;
}

/** Takes the calls of all clients, and leads them to the operations of their services. */
export class Switchboard {
  readonly calls: Call[] = [];
  private readonly stubs: Stub[];
  /** Operations that were asked for and are not there. */
  private readonly unknown: string[] = [];
  private readonly throttles = new Map<string, number>();
  private interruption: { after: number; interrupt: () => void } | undefined;

  /**
   * @param operations of each service
   * @param refusal the error for a call that is not allowed
   */
  constructor(
    private readonly operations: Record<ServiceName, Operations>,
    private readonly refusal: (call: Call) => Error | undefined,
  ) {
    this.stubs = [
      this.install('acm', mockClient(ACMClient) as unknown as Stub),
      this.install('cloudformation', mockClient(CloudFormationClient) as unknown as Stub),
      this.install('cloudfront', mockClient(CloudFrontClient) as unknown as Stub),
      this.install('iam', mockClient(IAMClient) as unknown as Stub),
      this.install('route53', mockClient(Route53Client) as unknown as Stub),
      this.install('s3', mockClient(S3Client) as unknown as Stub),
      this.install('sts', mockClient(STSClient) as unknown as Stub),
    ];
  }

  throttle(action: string, times: number): void {
    this.throttles.set(action, times);
  }

  interruptAfter(count: number, interrupt: () => void): void {
    this.interruption = { after: this.calls.length + count, interrupt };
  }

  /** @throws Error for operations that are not there: who called them may have taken it for AWS's refusal */
  restore(): void {
    this.stubs.forEach((stub) => stub.restore());
    const unknown = this.unknown.splice(0);
    if (unknown.length > 0) {
      throw new Error(`The account of the tests was asked for what it does not know: ${unknown.join(', ')}.`);
    }
  }

  private install(service: ServiceName, stub: Stub): Stub {
    const answer = (client: Client, command: Command) => this.answer(service, client, command);
    stub.send.callsFake(function (command) {
      return answer(this, command);
    });
    return stub;
  }

  private async answer(service: ServiceName, { config }: Client, command: Command): Promise<object> {
    const operation = command.constructor.name.replace(/Command$/, '');
    const handler = this.operations[service][operation];
    if (!handler) {
      this.unknown.push(`${service}:${operation}`);
      throw new Error(`The account of the tests knows no ${service}:${operation}.`);
    }
    const client = {
      region: await config.region(),
      profile: config.profile,
      followRegionRedirects: config.followRegionRedirects ?? false,
    };
    const input = copyOf(command.input);
    const call = { action: actionOf(service, operation, input), operation, input, client };
    this.calls.push(call);
    try {
      const refusal = this.refusal(call);
      if (refusal) {
        throw refusal;
      }
      const left = this.throttles.get(call.action) ?? 0;
      if (left > 0) {
        this.throttles.set(call.action, left - 1);
        throw throttled(service);
      }
      return copyOf({ $metadata: { httpStatusCode: 200 }, ...handler(input as never, client) });
    } finally {
      this.interruptNow();
    }
  }

  private interruptNow(): void {
    if (this.interruption && this.calls.length >= this.interruption.after) {
      const { interrupt } = this.interruption;
      this.interruption = undefined;
      interrupt();
    }
  }
}

function actionOf(service: ServiceName, operation: string, input: Record<string, unknown>): string {
  const objects = (input.Delete as { Objects?: { VersionId?: string }[] } | undefined)?.Objects ?? [];
  if (objects.some(({ VersionId }) => VersionId)) {
    return 's3:DeleteObjectVersion';
  }
  const action = `${service}:${operation}`;
  return ACTIONS[action] ?? action;
}

/** What went over the wire does not change when the sender's object does. (`structuredClone` makes Jest's foreign dates.) */
function copyOf<T>(value: T): T {
  if (Array.isArray(value)) {
    return value.map(copyOf) as T;
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)])) as T;
}
