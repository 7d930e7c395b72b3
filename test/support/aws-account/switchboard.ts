import { throttled, type ServiceName } from './aws-error';
import { interceptClients, type SentCommand } from './intercept';

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

/**
 * Answers the commands of all clients with the operations of their services. The answers come from inside each
 * client's middleware stack, in the place of the request: the middleware that wraps it runs as it does on AWS.
 */
export class Switchboard {
  readonly calls: Call[] = [];
  /** Operations that were called and do not exist. */
  private readonly unknown: string[] = [];
  private readonly oddAnswers = new Map<string, OddAnswer[]>();
  private readonly giveBack: () => void;
  private interruption: { after: number; interrupt: () => void } | undefined;

  /**
   * @param operations of each service
   * @param refusal returns the error for a call that is not allowed
   */
  constructor(
    private readonly operations: Record<ServiceName, Operations>,
    private readonly refusal: (call: Call) => Error | undefined,
  ) {
    this.giveBack = interceptClients((command) => this.receive(command));
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
    this.giveBack();
    const unknown = this.unknown.splice(0);
    if (unknown.length > 0) {
      throw new Error(`The test account has no ${unknown.join(', ')}.`);
    }
  }

  /** Carries out a command, which may come from another process. */
  receive({ service, operation, input: sent, client }: SentCommand): object {
    const input = copyOf(sent);
    return this.answer(service, { action: actionOf(service, operation, input), operation, input, client });
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
      return copyOf({ $metadata: { httpStatusCode: 200 }, ...output });
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
  // A loop: with `Object.fromEntries`, this takes longer than all that the account does with a call.
  const copy: Record<string, unknown> = {};
  for (const key in value) copy[key] = copyOf(value[key]);
  return copy as T;
}
