import type {
  Change,
  ChangeSetStatus,
  ExecutionStatus,
  OnStackFailure,
  OperationEvent,
  Output,
  ResourceStatus,
  StackDriftStatus,
  StackEvent,
  StackResourceDrift,
  StackStatus,
  Tag,
} from '@aws-sdk/client-cloudformation';
import type { Identifiers } from './identifiers';
import type { Place } from './resource-kinds';
import { resolveReferences, type RenderedTemplate, type Resource, type Template } from './template';

/** The template of a stack with its parameters. */
export interface Definition {
  template: Template;
  /** All of them, with defaults. */
  parameters: Record<string, string>;
  tags: Tag[];
  capabilities: string[];
  rendered: RenderedTemplate;
}

export interface ChangeSet {
  id: string;
  name: string;
  type: 'CREATE' | 'UPDATE';
  definition: Definition;
  status: ChangeSetStatus;
  statusReason?: string;
  executionStatus: ExecutionStatus;
  changes: Change[];
  /** Logical IDs of existing resources to import. */
  imports: string[];
  onStackFailure?: OnStackFailure;
  createdAt: Date;
  /** Its status after some looks at it. */
  outcome: 'CREATE_COMPLETE' | 'FAILED';
  /** What CloudFormation finds wrong before it begins. */
  invalid: OperationEvent[];
}

/** A resource of a stack. */
export interface StackResource {
  logicalId: string;
  type: string;
  physicalId: string;
  attributes: Record<string, string>;
  /** With references resolved. */
  properties: Record<string, unknown>;
  /** With references. */
  source: Resource;
  status: ResourceStatus;
}

/** A stack and its history. */
export class Stack {
  readonly id: string;
  readonly events: StackEvent[] = [];
  readonly changeSets: ChangeSet[] = [];
  readonly resources = new Map<string, StackResource>();
  readonly createdAt = new Date();
  readonly drifts = new Map<string, StackResourceDrift>();
  readonly driftDetections = new Map<string, { isComplete: boolean; status: StackDriftStatus }>();
  status: StackStatus = 'REVIEW_IN_PROGRESS';
  statusReason?: string;
  updatedAt?: Date;
  deletedAt?: Date;
  definition?: Definition;
  outputs: Output[] = [];
  isProtected = false;
  /** CloudFormation's unfinished work, step by step. */
  work?: Generator<void, void>;

  constructor(
    readonly name: string,
    readonly region: string,
    accountId: string,
    private readonly identifiers: Identifiers,
  ) {
    this.id = `arn:aws:cloudformation:${region}:${accountId}:stack/${name}/${identifiers.uuid()}`;
    this.set('REVIEW_IN_PROGRESS', 'User Initiated');
  }

  get isDeleted(): boolean {
    return this.status === 'DELETE_COMPLETE';
  }

  /** Whether CloudFormation is at work on it. */
  get isBusy(): boolean {
    return this.work !== undefined;
  }

  /** Values by name, with secrets. */
  get parameters(): Record<string, string> {
    return this.definition?.parameters ?? {};
  }

  /** Takes one step. */
  proceed(): void {
    if (this.work?.next().done) {
      this.work = undefined;
    }
  }

  /** Begins work and takes its first step. */
  begin(work: Generator<void, void>): void {
    this.work = work;
    this.proceed();
  }

  /** Takes all remaining steps. */
  finish(): void {
    while (this.work) {
      this.proceed();
    }
  }

  set(status: StackStatus, reason?: string): void {
    this.status = status;
    this.statusReason = reason;
    this.record(this.name, 'AWS::CloudFormation::Stack', this.id, status as ResourceStatus, reason);
  }

  /** Records what happens to a resource. */
  record(logicalId: string, type: string, physicalId: string, status: ResourceStatus, reason?: string): void {
    this.events.push({
      StackId: this.id,
      StackName: this.name,
      EventId: this.identifiers.uuid(),
      LogicalResourceId: logicalId,
      PhysicalResourceId: physicalId,
      ResourceType: type,
      ResourceStatus: status,
      ResourceStatusReason: reason,
      Timestamp: new Date(this.createdAt.getTime() + this.events.length * 1000),
    });
    const resource = this.resources.get(logicalId);
    if (resource) {
      resource.status = status;
    }
  }

  place(logicalId: string): Place {
    return { logicalId, stackId: this.id, stackName: this.name, region: this.region };
  }

  /** Returns a part of the rendered template with the resources' present names. */
  resolve<T>(value: T): T {
    return resolveReferences(value, (logicalId, attribute) => {
      const resource = this.resources.get(logicalId);
      const found = attribute === undefined ? resource?.physicalId : resource?.attributes[attribute];
      if (found === undefined) {
        throw new Error(`The test stack has no ${[logicalId, attribute].join('.')}.`);
      }
      return found;
    }) as T;
  }

  resolveOutputs(): void {
    this.outputs = Object.entries(this.definition?.rendered.Outputs ?? {}).map(
      ([OutputKey, { Description, Value }]) => ({
        OutputKey,
        OutputValue: String(this.resolve(Value)),
        Description,
      }),
    );
  }
}
