import {
  type Change,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  ListStacksCommand,
  type Parameter,
  type Stack as CloudFormationStack,
  type StackEvent,
  type StackSummary,
} from '@aws-sdk/client-cloudformation';
import { Failure } from '../../../shell/failure';
import type { Aws } from '../aws/sign-in';
import { call, deniedActionOf } from '../aws/errors';
import type { Pause } from '../session';
import { readTemplate, TEMPLATE_TEXT } from '../../../template/read';

/** The stack of an image server as it stands in the account. */
export interface Stack {
  /** ARN: it finds the stack also after it is deleted. */
  id: string;
  name: string;
  /** CloudFormation's word, `CREATE_COMPLETE`. */
  status: string;
  statusReason?: string;
  /** Whether CloudFormation refuses to delete it. */
  isProtected: boolean;
  /** Values by name; secrets are asterisks. */
  parameters: Record<string, string>;
  outputs: Record<string, string>;
}

/** What a change set would do. */
export interface ChangeSet {
  /** ARN */
  id: string;
  stackId: string;
  changes: Change[];
}

const SECONDS_BETWEEN_LOOKS = 3;

/** In the place of an event's ID: no event has it, so that all are read. */
const BEFORE_ALL = '';

/**
 * @param name of a stack, or its ARN to find a deleted one
 * @returns undefined when there is none, or none any more
 */
export async function describeStack({ cloudFormation }: Aws, name: string): Promise<Stack | undefined> {
  try {
    const { Stacks = [] } = await call('cloudformation:DescribeStacks', () =>
      cloudFormation.send(new DescribeStacksCommand({ StackName: name })),
    );
    return Stacks[0] && toStack(Stacks[0]);
  } catch (error) {
    // CloudFormation has no error of its own for it.
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) {
      return undefined;
    }
    throw error;
  }
}

/**
 * The stacks that had the name and are deleted, the last one first. CloudFormation knows them for 90 days.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html
 */
export async function listDeletedStacks({ cloudFormation }: Aws, name: string): Promise<string[]> {
  const found: StackSummary[] = [];
  let NextToken: string | undefined;
  do {
    const page = await call('cloudformation:ListStacks', () =>
      cloudFormation.send(new ListStacksCommand({ StackStatusFilter: ['DELETE_COMPLETE'], NextToken })),
    );
    found.push(...(page.StackSummaries ?? []).filter(({ StackName }) => StackName === name));
    NextToken = page.NextToken;
  } while (NextToken);
  const time = ({ DeletionTime }: StackSummary) => DeletionTime?.getTime() ?? 0;
  return found.sort((one, other) => time(other) - time(one)).map(({ StackId = '' }) => StackId);
}

/** The bucket that the deletion of a stack has left as it was; undefined when there was none. */
export async function skippedBucketOf(aws: Aws, { id }: Stack): Promise<string | undefined> {
  const events = await eventsAfter(aws, id, BEFORE_ALL);
  return events.find(
    ({ ResourceType, ResourceStatus }) => ResourceType === 'AWS::S3::Bucket' && ResourceStatus === 'DELETE_SKIPPED',
  )?.PhysicalResourceId;
}

function toStack(stack: CloudFormationStack): Stack {
  const { Parameters = [], Outputs = [] } = stack;
  return {
    id: stack.StackId ?? '',
    name: stack.StackName ?? '',
    status: stack.StackStatus ?? '',
    statusReason: stack.StackStatusReason,
    isProtected: stack.EnableTerminationProtection ?? false,
    parameters: Object.fromEntries(
      Parameters.map(({ ParameterKey = '', ParameterValue = '' }) => [ParameterKey, ParameterValue]),
    ),
    outputs: Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])),
  };
}

/** Whether CloudFormation is at work on it. A change set that waits for its execution (REVIEW_IN_PROGRESS) is no work. */
export const isAtWork = ({ status }: Stack) => status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';

/** Whether nothing of it was ever finished: it can only be deleted. */
export const isFailedCreation = ({ status }: Stack) =>
  ['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'CREATE_FAILED'].includes(status);

/** Whether it is gone: only its ARN finds it then, for 90 days. */
export const isDeleted = ({ status }: Stack) => status === 'DELETE_COMPLETE';

/** Whether there are no resources yet: the first change set was never executed. */
export const isEmpty = ({ status }: Stack) => status === 'REVIEW_IN_PROGRESS';

/**
 * Asks CloudFormation what it would do.
 *
 * @param stack as it is, undefined for a new one
 * @param parameters by name; those that the stack has and that are not named here keep their values
 * @param adoptedBucket name of a bucket that is there, to be taken into the stack as it is
 * @returns undefined when nothing would change
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
  const created = await call('cloudformation:CreateChangeSet', () =>
    cloudFormation.send(
      new CreateChangeSetCommand({
        StackName: stackName,
        ChangeSetName: `provision-${Date.now()}`,
        ChangeSetType: isNew ? 'CREATE' : 'UPDATE',
        TemplateBody: adoptedBucket ? withBucketName(adoptedBucket) : TEMPLATE_TEXT,
        Parameters: parametersOf(isNew ? undefined : stack, parameters),
        Capabilities: ['CAPABILITY_IAM'],
        ImportExistingResources: adoptedBucket !== undefined,
        ...(isNew && {
          // An update with tags would take those away that its owner has given to the stack.
          Tags: [{ Key: 'ghost-storage-s3-cloudfront', Value: parameters.Domain ?? '' }],
          // A creation that fails leaves nothing that has to be cleared away before the next one.
          OnStackFailure: 'DELETE' as const,
        }),
      }),
    ),
  );
  const changeSet = { id: created.Id ?? '', stackId: created.StackId ?? '' };
  for (;;) {
    const described = await describeChangeSet(aws, changeSet.id);
    if (described.status === 'CREATE_COMPLETE') {
      return { ...changeSet, changes: described.changes };
    }
    if (described.status === 'FAILED') {
      await deleteChangeSet(aws, changeSet.id);
      if (/didn't contain changes|No updates are to be performed/.test(described.reason)) {
        return undefined;
      }
      throw explained(described.reason, `CloudFormation refuses the change of the stack ${stackName}`);
    }
    await pause(SECONDS_BETWEEN_LOOKS);
  }
}

/**
 * The template with the bucket's name in it: CloudFormation finds a resource that is there only by a name that is no
 * function.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
 */
function withBucketName(name: string): string {
  const byParameter = 'BucketName: !If [HasBucketName, !Ref BucketName, !Ref AWS::NoValue]';
  if (!TEMPLATE_TEXT.includes(byParameter)) {
    throw new Error(`The template does not have "${byParameter}".`);
  }
  return TEMPLATE_TEXT.replace(byParameter, `BucketName: ${name}`);
}

/** A template of a later version may have parameters that the stack does not know: these get their defaults. */
function parametersOf(stack: Stack | undefined, parameters: Record<string, string>): Parameter[] {
  return Object.keys(readTemplate().Parameters).flatMap((ParameterKey): Parameter[] => {
    const ParameterValue = parameters[ParameterKey];
    if (ParameterValue !== undefined) {
      return [{ ParameterKey, ParameterValue }];
    }
    return stack && ParameterKey in stack.parameters ? [{ ParameterKey, UsePreviousValue: true }] : [];
  });
}

async function describeChangeSet({ cloudFormation }: Aws, id: string) {
  const changes: Change[] = [];
  let NextToken: string | undefined;
  for (;;) {
    const page = await call('cloudformation:DescribeChangeSet', () =>
      cloudFormation.send(new DescribeChangeSetCommand({ ChangeSetName: id, NextToken })),
    );
    changes.push(...(page.Changes ?? []));
    NextToken = page.NextToken;
    if (!NextToken) {
      return { status: page.Status, reason: page.StatusReason ?? '', changes };
    }
  }
}

/** Takes a change set back that is not to be executed. */
export async function deleteChangeSet({ cloudFormation }: Aws, id: string): Promise<void> {
  await call('cloudformation:DeleteChangeSet', () =>
    cloudFormation.send(new DeleteChangeSetCommand({ ChangeSetName: id })),
  );
}

/** Sets CloudFormation to work on a change set; `followStack` waits for the end. */
export async function executeChangeSet({ cloudFormation }: Aws, { id }: ChangeSet): Promise<void> {
  await call('cloudformation:ExecuteChangeSet', () =>
    cloudFormation.send(new ExecuteChangeSetCommand({ ChangeSetName: id })),
  );
}

/** Sets CloudFormation to work on the deletion; `followStack` waits for the end. */
export async function deleteStack({ cloudFormation }: Aws, { id }: Stack): Promise<void> {
  await call('cloudformation:DeleteStack', () => cloudFormation.send(new DeleteStackCommand({ StackName: id })));
}

/** @returns the ID of the stack's last event: what comes after it belongs to what is begun next */
export async function lastEventOf(aws: Aws, stackId: string): Promise<string | undefined> {
  const [newest] = (await eventsAfter(aws, stackId, undefined)).slice(-1);
  return newest?.EventId;
}

/** @returns the ID of the last event before the work that CloudFormation is at */
export async function lastEventBeforeWork(aws: Aws, stackId: string): Promise<string | undefined> {
  const events = await eventsAfter(aws, stackId, undefined);
  const begin = events.findLastIndex(
    ({ PhysicalResourceId, ResourceStatus = '' }) =>
      PhysicalResourceId === stackId && /^(CREATE|UPDATE|DELETE)_IN_PROGRESS$/.test(ResourceStatus),
  );
  return events[begin - 1]?.EventId;
}

/**
 * Waits until CloudFormation has done its work, and tells what happens.
 *
 * @param stackId ARN: after a deletion the name finds nothing
 * @param since ID of an event: what came later is told
 * @param onEvent called with each event in the order of time
 * @returns the stack at the end
 * @throws Failure with the reason of the first resource that failed, when the work did not succeed
 */
export async function followStack(
  aws: Aws,
  pause: Pause,
  stackId: string,
  since: string | undefined,
  onEvent: (event: StackEvent) => void,
): Promise<Stack> {
  const failures: StackEvent[] = [];
  let last = since;
  let own: string | undefined;
  for (;;) {
    for (const event of await eventsAfter(aws, stackId, last)) {
      last = event.EventId;
      onEvent(event);
      if (event.ResourceStatus?.endsWith('_FAILED')) {
        failures.push(event);
      }
      if (event.PhysicalResourceId === stackId) {
        own = event.ResourceStatus;
      }
    }
    // A look at the stack may be older than its events: only when both say the same it is the end.
    const stack = await describeStack(aws, stackId);
    if (!stack) {
      throw new Failure(`The stack ${stackId} is gone.`, 'Somebody has deleted it. Run the command again.');
    }
    const isSettled = !isAtWork(stack) && !isEmpty(stack) && stack.status === own;
    // A stack without resources may be deleted without an event.
    if (isSettled || stack.status === 'DELETE_COMPLETE') {
      checkOutcome(stack, failures);
      return stack;
    }
    await pause(SECONDS_BETWEEN_LOOKS);
  }
}

/** Events after the one with an ID, oldest first; without an ID those of the newest page. */
async function eventsAfter({ cloudFormation }: Aws, stackId: string, id: string | undefined): Promise<StackEvent[]> {
  const events: StackEvent[] = [];
  let NextToken: string | undefined;
  do {
    const page = await call('cloudformation:DescribeStackEvents', () =>
      cloudFormation.send(new DescribeStackEventsCommand({ StackName: stackId, NextToken })),
    );
    const newestFirst = page.StackEvents ?? [];
    const known = newestFirst.findIndex(({ EventId }) => EventId === id);
    events.push(...(known < 0 ? newestFirst : newestFirst.slice(0, known)));
    NextToken = id === undefined || known >= 0 ? undefined : page.NextToken;
  } while (NextToken);
  return events.reverse();
}

function checkOutcome(stack: Stack, failures: StackEvent[]): void {
  const succeeded =
    ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'IMPORT_COMPLETE'].includes(stack.status) ||
    // Also how a creation ends that failed and was cleared away; what does not go at once is tried again.
    (stack.status === 'DELETE_COMPLETE' && failures.every(({ ResourceStatus }) => ResourceStatus === 'DELETE_FAILED'));
  if (succeeded) {
    return;
  }
  // What fails first makes CloudFormation cancel the others.
  const first = failures.find(({ ResourceStatusReason = '' }) => !/cancelled/i.test(ResourceStatusReason));
  const reason = first?.ResourceStatusReason ?? stack.statusReason ?? 'CloudFormation gives no reason.';
  const resource = first ? `${first.LogicalResourceId} (${first.ResourceType})` : `the stack ${stack.name}`;
  throw explained(reason, `${resource} failed, and the stack ${stack.name} is ${stack.status}`);
}

/** What CloudFormation's reasons come down to, by what stands in them. */
const CURES: [reason: RegExp, cure: string][] = [
  [
    /CNAMEs? you provided|CNAMEAlreadyExists/i,
    'The domain is an alternate domain name of another distribution, here or in another account. Remove it there, or choose another --domain, and run the command again.',
  ],
  [
    /must be verified/i,
    'AWS has to enable CloudFront for a new account: open a case with AWS Support ("Account and billing"), then run the command again.',
  ],
  [
    /resource record set .* already exists/i,
    'A record of that name is in the zone. Delete it if nothing needs it, or choose another --domain, and run the command again.',
  ],
  [
    /certificate .*(doesn't exist|isn't valid|does not cover|include)|InvalidViewerCertificate/i,
    'CloudFront does not take the certificate. Leave out --certificate-arn to have a fitting one found or requested.',
  ],
  [
    /(bucket|BucketName).*(already (exists|owned))|BucketAlready/i,
    'Bucket names are unique in the whole world. Choose another --bucket, or leave it out for a generated name.',
  ],
  [
    /limit|quota|TooMany/i,
    'Ask for more in the console, Service Quotas, or delete what is not needed; then run the command again.',
  ],
];

function explained(reason: string, what: string): Failure {
  const action = deniedActionOf(reason);
  if (action) {
    return new Failure(
      `${what}: the permission ${action} is missing.`,
      `Allow ${action} to the identity that provisions, and run the command again. AWS says: ${reason}`,
    );
  }
  const cure = CURES.find(([pattern]) => pattern.test(reason))?.[1];
  return new Failure(
    `${what}: ${reason}`,
    cure ?? 'Mend what is named there, and run the command again: it goes on from here.',
  );
}
