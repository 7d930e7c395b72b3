import {
  type Change,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  ExecuteChangeSetCommand,
  paginateDescribeChangeSet,
  paginateDescribeEvents,
  type Parameter,
} from '@aws-sdk/client-cloudformation';
import { readTemplate, TEMPLATE_TEXT } from '../../../template/read';
import type { Aws } from '../../../aws/sign-in';
import { type Pause, SECONDS_BETWEEN_LOOKS } from '../session';
import { explained } from './reasons';
import { deleteStack, describeStack } from '../../../aws/stack';
import { isEmpty, type Stack } from '../../../aws/stack-state';

/** A change set with its changes. */
export interface ChangeSet {
  /** ARN */
  id: string;
  stackId: string;
  changes: Change[];
}

/**
 * Creates a change set from this version's template, and waits until CloudFormation has computed the changes.
 *
 * @param pause waits between two checks of the change set
 * @param request `stack`: the current one, undefined for a new one; `parameters`: values by name, all other parameters
 *   of the stack keep their values; `adoptedBucket`: name of an existing bucket to import into the stack
 * @returns undefined when nothing would change
 * @throws Failure when CloudFormation rejects the change
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
 */
export async function createChangeSet(
  aws: Aws,
  pause: Pause,
  request: { stackName: string; stack?: Stack; parameters: Record<string, string>; adoptedBucket?: string },
): Promise<ChangeSet | undefined> {
  const { cloudFormation } = aws;
  const { stackName, stack, parameters, adoptedBucket } = request;
  const isNew = stack === undefined || isEmpty(stack);
  const ownersBucket = adoptedBucket ?? bucketAdoptedBefore(stack, parameters);
  const created = await cloudFormation.send(
    new CreateChangeSetCommand({
      StackName: stackName,
      ChangeSetName: `provision-${Date.now()}`,
      ChangeSetType: isNew ? 'CREATE' : 'UPDATE',
      TemplateBody: ownersBucket ? withBucketOfOwner(ownersBucket) : TEMPLATE_TEXT,
      Parameters: parametersOf(isNew ? undefined : stack, parameters),
      Capabilities: ['CAPABILITY_IAM'],
      ImportExistingResources: adoptedBucket !== undefined,
      ...(isNew && {
        // Not for an update, which would remove tags that the owner has added.
        Tags: [{ Key: 'ghost-storage-s3-cloudfront', Value: parameters.Domain ?? '' }],
        // After a failed creation, there is nothing to clean up before the next one.
        OnStackFailure: 'DELETE' as const,
      }),
    }),
  );
  const changeSet = { id: created.Id ?? '', stackId: created.StackId ?? '' };
  for (;;) {
    const described = await describeChangeSet(aws, changeSet.id);
    if (described.status === 'CREATE_COMPLETE') {
      return { ...changeSet, changes: described.changes };
    }
    if (described.status === 'FAILED') {
      if (/didn't contain changes|No updates are to be performed/.test(described.reason)) {
        await deleteChangeSet(aws, changeSet.id);
        return undefined;
      }
      const reason = await fullReason(aws, changeSet.id, described.reason);
      await discardChangeSet(aws, changeSet, stack);
      throw explained(reason, `CloudFormation rejected the change of the stack ${stackName}`);
    }
    await pause(SECONDS_BETWEEN_LOOKS);
  }
}

/** Returns the name of the bucket that the stack has imported, unless it gets another one. */
function bucketAdoptedBefore(stack: Stack | undefined, { BucketName }: Record<string, string>): string | undefined {
  const name = stack?.outputs[ADOPTED_BUCKET];
  return BucketName === undefined || BucketName === name ? name : undefined;
}

/** Name of the output that marks a stack whose bucket is older than the stack. */
const ADOPTED_BUCKET = 'AdoptedBucket';

/**
 * Returns the template for a bucket that is older than the stack. CloudFormation imports a resource only when its name
 * is not the result of a function. The bucket is kept even if the creation of the stack fails. Later updates recognize
 * such a stack by an output, because a deletion policy cannot have a condition.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
 */
function withBucketOfOwner(name: string): string {
  const changes: [from: string, to: string][] = [
    ['BucketName: !If [HasBucketName, !Ref BucketName, !Ref AWS::NoValue]', `BucketName: ${name}`],
    // This property is only for generated names.
    ['      BucketNamePrefix: !If [IsAccountRegional, !Ref BucketNamePrefix, !Ref AWS::NoValue]\n', ''],
    ['DeletionPolicy: RetainExceptOnCreate', 'DeletionPolicy: Retain'],
    [
      '\nOutputs:\n',
      `\nOutputs:\n  ${ADOPTED_BUCKET}:\n    Description: The bucket that existed before the stack\n    Value: ${name}\n`,
    ],
  ];
  return changes.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) {
      throw new Error(`The template does not have "${from}" once.`);
    }
    return text.replace(from, () => to);
  }, TEMPLATE_TEXT);
}

/** Values of new parameters for a stack of an older version, which differ from those of a new stack. */
const FOR_OLDER_STACKS: Record<string, string> = {
  // Otherwise an update would make Ghost create all sizes again.
  Formats: 'none',
};

/**
 * Returns the parameters for a change set. New parameters of a newer template get their defaults, or those for an older
 * stack.
 */
function parametersOf(stack: Stack | undefined, parameters: Record<string, string>): Parameter[] {
  return Object.keys(readTemplate().Parameters).flatMap((ParameterKey): Parameter[] => {
    if (parameters[ParameterKey] === undefined && stack && ParameterKey in stack.parameters) {
      return [{ ParameterKey, UsePreviousValue: true }];
    }
    const ParameterValue = parameters[ParameterKey] ?? (stack && FOR_OLDER_STACKS[ParameterKey]);
    return ParameterValue === undefined ? [] : [{ ParameterKey, ParameterValue }];
  });
}

async function describeChangeSet({ cloudFormation: client }: Aws, id: string) {
  const changes: Change[] = [];
  let status: string | undefined;
  let reason = '';
  for await (const page of paginateDescribeChangeSet({ client }, { ChangeSetName: id })) {
    changes.push(...(page.Changes ?? []));
    status = page.Status;
    reason = page.StatusReason ?? '';
  }
  return { status, reason, changes };
}

/**
 * Returns the problems that CloudFormation found before it started. The change set itself contains only a general
 * reason.
 *
 * @param reason reason in the change set
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html
 */
async function fullReason({ cloudFormation: client }: Aws, id: string, reason: string): Promise<string> {
  if (!/EarlyValidation|DescribeEvents/.test(reason)) {
    return reason;
  }
  const found: string[] = [];
  try {
    const request = { ChangeSetName: id, Filters: { FailedEvents: true } };
    for await (const { OperationEvents = [] } of paginateDescribeEvents({ client }, request)) {
      for (const { LogicalResourceId, ValidationPath, ValidationStatusReason } of OperationEvents) {
        const place = [LogicalResourceId, ValidationPath].filter(Boolean).join(' ');
        found.push([place, ValidationStatusReason].filter(Boolean).join(': '));
      }
    }
  } catch (error) {
    found.push(`The details could not be read: ${(error as Error).message}`);
  }
  return [...new Set(found)].filter(Boolean).join('; ') || reason;
}

/** Deletes a change set that will not be executed, and the empty stack that was created with it. */
export async function discardChangeSet(
  aws: Aws,
  { id, stackId }: Pick<ChangeSet, 'id' | 'stackId'>,
  stack: Stack | undefined,
): Promise<void> {
  await deleteChangeSet(aws, id);
  const begun = stack ? undefined : await describeStack(aws, stackId);
  if (begun && isEmpty(begun)) {
    await deleteStack(aws, begun);
  }
}

/** Deletes a change set that will not be executed. */
export async function deleteChangeSet({ cloudFormation }: Aws, id: string): Promise<void> {
  await cloudFormation.send(new DeleteChangeSetCommand({ ChangeSetName: id }));
}

/**
 * Returns whether CloudFormation can roll back a failed update of the stack. It rejects an update with rollback after
 * one that failed without rollback.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
 */
export const mayRollBack = (stack: Stack | undefined): boolean => stack?.status !== 'UPDATE_FAILED';

/**
 * Starts the execution of a change set; `followStack` waits until it ends.
 *
 * @param options `rollsBack`: whether CloudFormation rolls back a failed update
 */
export async function executeChangeSet(
  { cloudFormation }: Aws,
  { id }: ChangeSet,
  { rollsBack = true }: { rollsBack?: boolean } = {},
): Promise<void> {
  await cloudFormation.send(
    new ExecuteChangeSetCommand({ ChangeSetName: id, ...(rollsBack ? {} : { DisableRollback: true }) }),
  );
}
