import type {
  CreateChangeSetCommandInput,
  DeleteStackCommandInput,
  DescribeChangeSetCommandInput,
  DescribeEventsCommandInput,
  DescribeStackDriftDetectionStatusCommandInput,
  DescribeStackEventsCommandInput,
  DescribeStackResourceDriftsCommandInput,
  DescribeStacksCommandInput,
  DetectStackDriftCommandInput,
  ExecuteChangeSetCommandInput,
  ListStacksCommandInput,
  OnStackFailure,
  OperationEvent,
  PropertyDifference,
  StackStatus,
} from '@aws-sdk/client-cloudformation';
import { awsError } from './aws-error';
import { changeSetFor, validationError } from './change-sets';
import { page } from './pages';
import type { Services } from './resource-kinds';
import { Stack, type ChangeSet, type StackResource } from './stack';
import { StackWork, type PlannedFailures } from './stack-work';
import type { ClientConfig, Operations } from './switchboard';
import { TEMPLATE_TEXT } from './template';

const EVENTS_OF_A_PAGE = 5;
const NAME = /^[a-zA-Z][-a-zA-Z0-9]{0,127}$/;

const NOTHING_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

const INVALID =
  'The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early Validation ' +
  'errors, use the DescribeEvents API for detailed failure information.';

const NO_DISTRIBUTION = { logicalId: 'Distribution', reason: 'Internal failure' };

/** How to have a creation end in each of its failed states. */
const FAILED_CREATIONS: Partial<Record<StackStatus, { failing: PlannedFailures; onStackFailure: OnStackFailure }>> = {
  CREATE_FAILED: { failing: [NO_DISTRIBUTION], onStackFailure: 'DO_NOTHING' },
  ROLLBACK_COMPLETE: { failing: [NO_DISTRIBUTION], onStackFailure: 'ROLLBACK' },
  ROLLBACK_FAILED: {
    failing: [NO_DISTRIBUTION, { logicalId: 'Bucket', reason: 'Internal failure', verb: 'DELETE' }],
    onStackFailure: 'ROLLBACK',
  },
};

/** CloudFormation with its stacks, in all regions. Work proceeds by one step with each look at a stack or its events. */
export class Stacks {
  /** All stacks, with the deleted ones. */
  readonly all: Stack[] = [];
  readonly failures: PlannedFailures = [];
  /** What CloudFormation finds wrong with the next change set. */
  readonly earlyFindings: OperationEvent[] = [];

  constructor(
    private readonly services: Services,
    private readonly region: string,
  ) {}

  /** Returns the stack that has the name now. */
  get(name: string): Stack | undefined {
    return this.all.find((stack) => stack.name === name && !stack.isDeleted);
  }

  /**
   * Adds a finished stack.
   *
   * @param given `template`: its text, the package's when absent; `status`: its state, a failed creation failed at the
   * distribution
   */
  add(given: {
    name: string;
    parameters: Record<string, string>;
    template?: string;
    region?: string;
    status?: StackStatus;
  }): Stack {
    const { name, parameters, template = TEMPLATE_TEXT, region = this.region, status = 'CREATE_COMPLETE' } = given;
    const stack = this.newStack(name, region);
    this.all.push(stack);
    const Parameters = Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    }));
    const changeSet = changeSetFor(
      stack,
      {
        StackName: name,
        ChangeSetName: 'first',
        ChangeSetType: 'CREATE',
        TemplateBody: template,
        Parameters,
        Capabilities: ['CAPABILITY_IAM'],
      },
      this.services,
    );
    const { failing = [], onStackFailure } = FAILED_CREATIONS[status] ?? {};
    this.failures.push(...failing);
    stack.begin(this.workOn(stack).create({ ...changeSet, onStackFailure }));
    stack.finish();
    if (stack.status !== status) {
      if (stack.status !== 'CREATE_COMPLETE') {
        throw new Error(stack.events.map(({ ResourceStatusReason }) => ResourceStatusReason).join('\n'));
      }
      stack.set(status);
    }
    return stack;
  }

  /**
   * Changes a resource without CloudFormation, as drift detection finds it.
   *
   * @param differences none for a resource that was deleted
   */
  drift(stack: Stack, logicalId: string, differences?: PropertyDifference[]): void {
    const resource = stack.resources.get(logicalId) as StackResource;
    stack.drifts.set(logicalId, {
      StackId: stack.id,
      LogicalResourceId: logicalId,
      PhysicalResourceId: resource.physicalId,
      ResourceType: resource.type,
      StackResourceDriftStatus: differences ? 'MODIFIED' : 'DELETED',
      PropertyDifferences: differences ?? [],
      Timestamp: new Date(),
    });
  }

  /** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html */
  readonly operations: Operations = {
    CreateChangeSet: (input: CreateChangeSetCommandInput, client) => {
      const { StackName = '', ChangeSetName = '', ChangeSetType = 'UPDATE' } = input;
      for (const name of [ChangeSetName, ...(StackName.startsWith('arn:') ? [] : [StackName])]) {
        if (!NAME.test(name)) {
          throw validationError(
            `1 validation error detected: Value '${name}' failed to satisfy constraint: Member must satisfy regular ` +
              'expression pattern: [a-zA-Z][-a-zA-Z0-9]*',
          );
        }
      }
      const existing = this.find(StackName, client);
      if (ChangeSetType === 'CREATE' && existing && existing.status !== 'REVIEW_IN_PROGRESS') {
        throw awsError(
          'cloudformation',
          'AlreadyExistsException',
          `Stack [${StackName}] already exists and cannot be created again with the changeSet [${ChangeSetName}].`,
        );
      }
      if (ChangeSetType === 'UPDATE') {
        checkUpdatable(existing, StackName);
      }
      if (existing?.changeSets.some(({ name }) => name === ChangeSetName)) {
        const message = `ChangeSet ${ChangeSetName} cannot be created due to a mismatch with existing attribute Name`;
        throw awsError('cloudformation', 'AlreadyExistsException', message);
      }
      // A refused request leaves no stack behind.
      const stack = existing ?? this.newStack(StackName, client.region);
      const changeSet = changeSetFor(stack, input, this.services);
      if (!existing) {
        this.all.push(stack);
      }
      changeSet.invalid = this.earlyFindings.splice(0);
      stack.changeSets.push(changeSet);
      return { Id: changeSet.id, StackId: stack.id };
    },

    DescribeChangeSet: ({ ChangeSetName, NextToken }: DescribeChangeSetCommandInput, client) => {
      const [stack, changeSet] = this.changeSet(ChangeSetName, client);
      if (!NextToken) {
        applyDefaults(changeSet);
      }
      const { items, next } = page(changeSet.status === 'CREATE_COMPLETE' ? changeSet.changes : [], NextToken);
      return {
        ChangeSetId: changeSet.id,
        ChangeSetName: changeSet.name,
        StackId: stack.id,
        StackName: stack.name,
        Status: changeSet.status,
        StatusReason: changeSet.statusReason,
        ExecutionStatus: changeSet.executionStatus,
        CreationTime: changeSet.createdAt,
        Changes: items,
        NextToken: next,
        Parameters: shownParameters(changeSet.definition),
        Capabilities: changeSet.definition.capabilities,
        Tags: changeSet.definition.tags,
        OnStackFailure: changeSet.onStackFailure,
      };
    },

    ExecuteChangeSet: ({ ChangeSetName, DisableRollback = false }: ExecuteChangeSetCommandInput, client) => {
      const [stack, changeSet] = this.changeSet(ChangeSetName, client);
      if (changeSet.executionStatus !== 'AVAILABLE') {
        throw awsError(
          'cloudformation',
          'InvalidChangeSetStatusException',
          `ChangeSet [${changeSet.id}] cannot be executed in its current execution status of ` +
            `[${changeSet.executionStatus}]`,
        );
      }
      if (changeSet.type === 'UPDATE') {
        checkUpdatable(stack, stack.name);
        if (stack.status === 'UPDATE_FAILED' && !DisableRollback) {
          throw validationError(
            'This stack is currently in a non-terminal [UPDATE_FAILED] state. To update the stack from this state, please ' +
              'use the disable-rollback parameter with update-stack API.',
          );
        }
      }
      changeSet.executionStatus = 'EXECUTE_COMPLETE';
      // The others are outdated.
      stack.changeSets.splice(0, stack.changeSets.length, changeSet);
      const work = this.workOn(stack);
      stack.begin(changeSet.type === 'CREATE' ? work.create(changeSet) : work.update(changeSet, !DisableRollback));
      return {};
    },

    DeleteChangeSet: ({ ChangeSetName }: DescribeChangeSetCommandInput, client) => {
      const [stack, changeSet] = this.changeSet(ChangeSetName, client);
      stack.changeSets.splice(stack.changeSets.indexOf(changeSet), 1);
      return {};
    },

    DescribeStacks: ({ StackName = '', NextToken }: DescribeStacksCommandInput, client) => {
      if (!StackName) {
        const { items, next } = page(
          this.all.filter(({ region, status }) => region === client.region && status !== 'DELETE_COMPLETE'),
          NextToken,
        );
        return { Stacks: items.map(shownStack), NextToken: next };
      }
      const stack = this.find(StackName, client);
      if (!stack) {
        throw validationError(`Stack with id ${StackName} does not exist`);
      }
      stack.proceed();
      return { Stacks: [shownStack(stack)] };
    },

    ListStacks: ({ StackStatusFilter: statuses, NextToken }: ListStacksCommandInput, client) => {
      const { items, next } = page(
        this.all.filter(({ region, status }) => region === client.region && (!statuses || statuses.includes(status))),
        NextToken,
      );
      return {
        StackSummaries: items.map((stack) => ({
          StackId: stack.id,
          StackName: stack.name,
          StackStatus: stack.status,
          CreationTime: stack.createdAt,
          DeletionTime: stack.deletedAt,
        })),
        NextToken: next,
      };
    },

    DescribeEvents: ({ ChangeSetName, Filters, NextToken }: DescribeEventsCommandInput, client) => {
      const [, { invalid }] = this.changeSet(ChangeSetName, client);
      const { items, next } = page(Filters?.FailedEvents ? invalid : [], NextToken, 1);
      return { OperationEvents: items, NextToken: next };
    },

    DescribeStackEvents: ({ StackName = '', NextToken }: DescribeStackEventsCommandInput, client) => {
      const stack = this.existing(StackName, client);
      if (!NextToken) {
        stack.proceed();
      }
      const { items, next } = page([...stack.events].reverse(), NextToken, EVENTS_OF_A_PAGE);
      return { StackEvents: items, NextToken: next };
    },

    DeleteStack: ({ StackName = '' }: DeleteStackCommandInput, client) => {
      const stack = this.find(StackName, client);
      // Deleting an absent stack is not an error.
      if (!stack || stack.isDeleted) {
        return {};
      }
      if (stack.isProtected) {
        throw validationError(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`);
      }
      stack.begin(this.workOn(stack).delete());
      return {};
    },

    DetectStackDrift: ({ StackName = '' }: DetectStackDriftCommandInput, client) => {
      const stack = this.existing(StackName, client);
      if (!/^((CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE|UPDATE_ROLLBACK_FAILED)$/.test(stack.status)) {
        throw validationError(`Drift detection cannot be performed on stack [${stack.id}] in state [${stack.status}]`);
      }
      const id = this.services.identifiers.uuid();
      stack.driftDetections.set(id, { isComplete: false, status: stack.drifts.size > 0 ? 'DRIFTED' : 'IN_SYNC' });
      return { StackDriftDetectionId: id };
    },

    DescribeStackDriftDetectionStatus: (input: DescribeStackDriftDetectionStatusCommandInput) => {
      const id = input.StackDriftDetectionId ?? '';
      const stack = this.all.find(({ driftDetections }) => driftDetections.has(id));
      const detection = stack?.driftDetections.get(id);
      if (!detection) {
        throw validationError(`No stack drift detection with id [${id}]`);
      }
      const { isComplete, status } = detection;
      detection.isComplete = true;
      return {
        StackId: stack?.id,
        StackDriftDetectionId: id,
        Timestamp: new Date(),
        DetectionStatus: isComplete ? 'DETECTION_COMPLETE' : 'DETECTION_IN_PROGRESS',
        ...(isComplete && { StackDriftStatus: status, DriftedStackResourceCount: stack?.drifts.size }),
      };
    },

    DescribeStackResourceDrifts: (input: DescribeStackResourceDriftsCommandInput, client) => {
      const { StackName = '', StackResourceDriftStatusFilters: statuses, NextToken } = input;
      const stack = this.existing(StackName, client);
      const drifts = [...stack.resources.values()].map(
        ({ logicalId, physicalId, type }) =>
          stack.drifts.get(logicalId) ?? {
            StackId: stack.id,
            LogicalResourceId: logicalId,
            PhysicalResourceId: physicalId,
            ResourceType: type,
            StackResourceDriftStatus: 'IN_SYNC' as const,
            Timestamp: new Date(),
          },
      );
      const { items, next } = page(
        drifts.filter(({ StackResourceDriftStatus: status }) => !statuses || (status && statuses.includes(status))),
        NextToken,
      );
      return { StackResourceDrifts: items, NextToken: next };
    },
  };

  private newStack(name: string, region: string): Stack {
    return new Stack(name, region, this.services.access.accountId, this.services.identifiers);
  }

  /** Finds a stack; a deleted one by its ARN only. */
  private find(nameOrId: string, { region }: ClientConfig): Stack | undefined {
    return this.all.find(
      (stack) => stack.region === region && (stack.id === nameOrId || (stack.name === nameOrId && !stack.isDeleted)),
    );
  }

  private existing(nameOrId: string, client: ClientConfig): Stack {
    const stack = this.find(nameOrId, client);
    if (!stack) {
      throw validationError(`Stack [${nameOrId}] does not exist`);
    }
    return stack;
  }

  private changeSet(id: string | undefined, { region }: ClientConfig): [Stack, ChangeSet] {
    for (const stack of this.all.filter((candidate) => candidate.region === region)) {
      const changeSet = stack.changeSets.find((candidate) => candidate.id === id);
      if (changeSet) {
        return [stack, changeSet];
      }
    }
    throw awsError('cloudformation', 'ChangeSetNotFoundException', `ChangeSet [${id}] does not exist`, 404);
  }

  private workOn(stack: Stack): StackWork {
    return new StackWork(stack, this.services, this.failures);
  }
}

function checkUpdatable(stack: Stack | undefined, name: string): asserts stack {
  if (!stack || stack.isDeleted) {
    throw validationError(`Stack [${name}] does not exist`);
  }
  if (!/^(CREATE|UPDATE|IMPORT|UPDATE_ROLLBACK|IMPORT_ROLLBACK)_COMPLETE$|^UPDATE_FAILED$/.test(stack.status)) {
    throw validationError(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`);
  }
}

/** Proceeds with a change set, which is ready at the second look. */
function applyDefaults(changeSet: ChangeSet): void {
  if (changeSet.status === 'CREATE_PENDING') {
    changeSet.status = 'CREATE_IN_PROGRESS';
  } else if (changeSet.status === 'CREATE_IN_PROGRESS') {
    const isInvalid = changeSet.invalid.length > 0;
    changeSet.status = isInvalid ? 'FAILED' : changeSet.outcome;
    changeSet.statusReason = isInvalid ? INVALID : changeSet.status === 'FAILED' ? NOTHING_CHANGES : undefined;
    changeSet.executionStatus = changeSet.status === 'FAILED' ? 'UNAVAILABLE' : 'AVAILABLE';
  }
}

function shownParameters({ template, parameters }: Pick<ChangeSet['definition'], 'template' | 'parameters'>) {
  return Object.entries(parameters).map(([ParameterKey, value]) => ({
    ParameterKey,
    ParameterValue: template.Parameters[ParameterKey]?.NoEcho ? '****' : value,
  }));
}

const shownStack = (stack: Stack) => ({
  StackId: stack.id,
  StackName: stack.name,
  StackStatus: stack.status,
  StackStatusReason: stack.statusReason,
  CreationTime: stack.createdAt,
  LastUpdatedTime: stack.updatedAt,
  DeletionTime: stack.deletedAt,
  Parameters: stack.definition && shownParameters(stack.definition),
  Outputs: stack.outputs,
  Tags: stack.definition?.tags ?? [],
  Capabilities: stack.definition?.capabilities,
  EnableTerminationProtection: stack.isProtected,
  DisableRollback: false,
  DriftInformation: { StackDriftStatus: 'NOT_CHECKED' },
});
