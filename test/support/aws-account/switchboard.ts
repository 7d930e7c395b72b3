import { ACMClient } from '@aws-sdk/client-acm';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { IAMClient } from '@aws-sdk/client-iam';
import { Route53Client } from '@aws-sdk/client-route-53';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { throttled, type ServiceName } from './aws-error';

/** The settings of the client that sent a call. */
export interface ClientConfig {
  /** For S3, the region that the client was redirected to, if it was. */
  region: string;
  profile?: string;
}

/** A service's commands, by their name in the API: `ListHostedZones`. */
export type Operations = Record<string, (input: never, client: ClientConfig) => object>;

/** A call that a client sent to the account. */
export interface Call {
  /** The permission that IAM requires for it: `s3:ListBucket` */
  action: string;
  /** The command, `HeadBucket` */
  operation: string;
  input: Record<string, unknown>;
  client: ClientConfig;
}

/** An answer in place of the account's own: an output, an error to throw, or a change to the account's output. */
export type OddAnswer = object | Error | ((output: object) => object);

/** The permissions that have another name than their command. */
const ACTIONS: Record<string, string> = {
  's3:DeleteObjects': 's3:DeleteObject',
  's3:GetBucketEncryption': 's3:GetEncryptionConfiguration',
  's3:GetBucketLifecycleConfiguration': 's3:GetLifecycleConfiguration',
  's3:GetPublicAccessBlock': 's3:GetBucketPublicAccessBlock',
  's3:HeadBucket': 's3:ListBucket',
  's3:ListObjectVersions': 's3:ListBucketVersions',
  's3:ListObjectsV2': 's3:ListBucket',
};

/** The SDK's clients, as far as the account reaches into them. */
const CLIENTS = {
  acm: ACMClient,
  cloudformation: CloudFormationClient,
  cloudfront: CloudFrontClient,
  iam: IAMClient,
  route53: Route53Client,
  s3: S3Client,
  sts: STSClient,
} as unknown as Record<ServiceName, { prototype: Client }>;

interface Client {
  config: { region: () => Promise<string>; profile?: string };
  send: (this: Client, command: Command, ...rest: unknown[]) => unknown;
}

interface Command {
  middlewareStack: { add(middleware: Middleware, options: object): void };
}

type Middleware = (
  next: unknown,
  context: { __s3RegionRedirect?: string },
) => (args: { input: Record<string, unknown> }) => Promise<object>;

/**
 * Answers the commands of all clients with the operations of their services. The answers come from inside each
 * client's middleware stack, in the place of the request: the middleware that wraps it runs as it does on AWS.
 */
export class Switchboard {
  readonly calls: Call[] = [];
  /** Operations that were called and do not exist. */
  private readonly unknown: string[] = [];
  private readonly oddAnswers = new Map<string, OddAnswer[]>();
  private interruption: { after: number; interrupt: () => void } | undefined;

  /**
   * @param operations of each service
   * @param refusal returns the error for a call that is not allowed
   */
  constructor(
    private readonly operations: Record<ServiceName, Operations>,
    private readonly refusal: (call: Call) => Error | undefined,
  ) {
    for (const [service, { prototype }] of Object.entries(CLIENTS) as [ServiceName, { prototype: Client }][]) {
      const { send } = prototype;
      const answer = (client: Client, command: Command) => this.middleware(service, client, command);
      prototype.send = function (command, ...rest) {
        // Before the input is serialized, which would take credentials.
        const options = { step: 'serialize', priority: 'high', name: 'awsAccount', override: true };
        command.middlewareStack.add(answer(this, command), options);
        return send.call(this, command, ...rest);
      };
    }
  }

  answerNext(action: string, answers: OddAnswer[]): void {
    this.oddAnswers.set(action, [...(this.oddAnswers.get(action) ?? []), ...answers]);
  }

  throttle(action: string, times: number): void {
    this.answerNext(action, Array<OddAnswer>(times).fill(throttled(action.split(':')[0] as ServiceName)));
  }

  interruptAfter(count: number, interrupt: () => void): void {
    this.interruption = { after: this.calls.length + count, interrupt };
  }

  /** @throws Error for operations that do not exist, since their caller may have taken the error for a refusal */
  restore(): void {
    Object.values(CLIENTS).forEach(({ prototype }) => Reflect.deleteProperty(prototype, 'send'));
    const unknown = this.unknown.splice(0);
    if (unknown.length > 0) {
      throw new Error(`The test account has no ${unknown.join(', ')}.`);
    }
  }

  private middleware(service: ServiceName, { config }: Client, command: Command): Middleware {
    const operation = command.constructor.name.replace(/Command$/, '');
    return (_next, context) => async (args) => {
      const region = context.__s3RegionRedirect ?? (await config.region());
      const input = copyOf(args.input);
      const action = actionOf(service, operation, input);
      return this.answer(service, { action, operation, input, client: { region, profile: config.profile } });
    };
  }

  private answer(service: ServiceName, call: Call): object {
    this.calls.push(call);
    try {
      const refusal = this.refusal(call);
      if (refusal) {
        throw refusal;
      }
      const odd = this.oddAnswers.get(call.action)?.shift();
      if (odd instanceof Error) {
        throw odd;
      }
      const own = () => this.operation(service, call.operation)(call.input as never, call.client);
      const output = typeof odd === 'function' ? (odd as (output: object) => object)(own()) : (odd ?? own());
      return { output: copyOf({ $metadata: { httpStatusCode: 200 }, ...output }), response: {} };
    } finally {
      this.interruptNow();
    }
  }

  private operation(service: ServiceName, name: string): Operations[string] {
    const operation = this.operations[service][name];
    if (!operation) {
      this.unknown.push(`${service}:${name}`);
      throw new Error(`The test account has no ${service}:${name}.`);
    }
    return operation;
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

/** Copies what would go over the wire, so that later changes do not reach the other side. (`structuredClone` makes Jest's foreign dates.) */
function copyOf<T>(value: T): T {
  if (Array.isArray(value)) {
    return value.map(copyOf) as T;
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)])) as T;
}
