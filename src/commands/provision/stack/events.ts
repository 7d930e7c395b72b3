import { paginateDescribeStackEvents, type StackEvent } from '@aws-sdk/client-cloudformation';
import { Failure } from '../../../shell/failure';
import type { Aws } from '../../../aws/sign-in';
import { type Pause, SECONDS_BETWEEN_LOOKS, type Session } from '../session';
import { explained } from './reasons';
import { describeStack } from '../../../aws/stack';
import { isAtWork, isEmpty, type Stack } from '../../../aws/stack-state';

/** An event ID that no event has, for reading all events. */
const BEFORE_ALL = '';

/**
 * Waits until CloudFormation has finished its current work on a stack, if there is any. If that work fails, this is
 * only a warning, because the caller gets the stack itself.
 *
 * @returns the stack, even after its deletion; undefined when there is none
 */
export async function settledStack({ aws, terminal, pause }: Session, stackName: string): Promise<Stack | undefined> {
  const stack = await describeStack(aws, stackName);
  if (!stack || !isAtWork(stack)) {
    return stack;
  }
  const since = await lastEventBeforeWork(aws, stack.id);
  try {
    await terminal.step(
      `Waiting for CloudFormation to finish its work on the stack ${stackName} (${stack.status})`,
      ({ event }) => followStack(aws, pause, stack.id, since, (happened) => event(eventLine(happened))),
    );
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    terminal.warn(`${error.message}\n  ${error.cure}`);
  }
  // By its ARN, which also finds a deleted stack: the command still reports its leftovers.
  return describeStack(aws, stack.id);
}

/**
 * Starts work on a stack, shows its events and waits until it ends, as one step in the terminal.
 *
 * @param start starts the work in CloudFormation
 * @throws Failure when the work fails
 */
export async function workOnStack(
  { aws, terminal, pause }: Session,
  title: string,
  stackId: string,
  start: () => Promise<void>,
): Promise<void> {
  await terminal.step(title, async ({ event }) => {
    const since = await lastEventOf(aws, stackId);
    await start();
    await followStack(aws, pause, stackId, since, (happened) => event(eventLine(happened)));
  });
}

/** Returns the bucket that the deletion of a stack kept; undefined when there was none. */
export async function skippedBucketOf(aws: Aws, { id }: Stack): Promise<string | undefined> {
  const events = await eventsAfter(aws, id, BEFORE_ALL);
  return events.find(
    ({ ResourceType, ResourceStatus }) => ResourceType === 'AWS::S3::Bucket' && ResourceStatus === 'DELETE_SKIPPED',
  )?.PhysicalResourceId;
}

/**
 * Waits until CloudFormation has finished its work on a stack.
 *
 * @param stackId ARN, because the name no longer identifies a deleted stack
 * @param since ID of the last event before the work
 * @param onEvent called with each later event, in chronological order
 * @returns the stack after the work
 * @throws Failure with the reason of the first failed resource, if the work failed
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
  let statusInEvents: string | undefined;
  for (;;) {
    for (const event of await eventsAfter(aws, stackId, last)) {
      last = event.EventId;
      onEvent(event);
      if (event.ResourceStatus?.endsWith('_FAILED')) {
        failures.push(event);
      }
      if (event.PhysicalResourceId === stackId) {
        statusInEvents = event.ResourceStatus;
      }
    }
    const stack = await describeStack(aws, stackId);
    if (!stack) {
      throw new Failure(`The stack ${stackId} no longer exists.`, 'Someone deleted it. Run the command again.');
    }
    // The description can be older than the events, so the work is over only when both have the same status.
    const isSettled = !isAtWork(stack) && !isEmpty(stack) && stack.status === statusInEvents;
    // A stack without resources can be deleted without an event.
    if (isSettled || stack.status === 'DELETE_COMPLETE') {
      checkOutcome(stack, failures);
      return stack;
    }
    await pause(SECONDS_BETWEEN_LOOKS);
  }
}

/** Returns the ID of the stack's last event. */
export async function lastEventOf(aws: Aws, stackId: string): Promise<string | undefined> {
  return (await eventsAfter(aws, stackId, undefined)).at(-1)?.EventId;
}

/** Returns the ID of the last event before the work that is in progress. */
async function lastEventBeforeWork(aws: Aws, stackId: string): Promise<string | undefined> {
  const events = await eventsAfter(aws, stackId, undefined);
  const begin = events.findLastIndex(
    ({ PhysicalResourceId, ResourceStatus = '' }) =>
      PhysicalResourceId === stackId && /^(CREATE|UPDATE|DELETE)_IN_PROGRESS$/.test(ResourceStatus),
  );
  return events[begin - 1]?.EventId;
}

/** Returns the events after the one with this ID, oldest first; without an ID, the events of the newest page. */
async function eventsAfter(
  { cloudFormation: client }: Aws,
  stackId: string,
  id: string | undefined,
): Promise<StackEvent[]> {
  const events: StackEvent[] = [];
  for await (const { StackEvents: newestFirst = [] } of paginateDescribeStackEvents(
    { client },
    { StackName: stackId },
  )) {
    const known = newestFirst.findIndex(({ EventId }) => EventId === id);
    events.push(...(known < 0 ? newestFirst : newestFirst.slice(0, known)));
    if (id === undefined || known >= 0) {
      break;
    }
  }
  return events.reverse();
}

function checkOutcome(stack: Stack, failures: StackEvent[]): void {
  const succeeded =
    ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'IMPORT_COMPLETE'].includes(stack.status) ||
    // A failed creation also ends as deleted. CloudFormation retries a failed deletion of a resource.
    (stack.status === 'DELETE_COMPLETE' && failures.every(({ ResourceStatus }) => ResourceStatus === 'DELETE_FAILED'));
  if (succeeded) {
    return;
  }
  // After the first failure, CloudFormation cancels the other resources.
  const first = failures.find(({ ResourceStatusReason = '' }) => !/cancelled/i.test(ResourceStatusReason));
  const reason = first?.ResourceStatusReason ?? stack.statusReason ?? 'CloudFormation gave no reason.';
  const resource = first ? `${first.LogicalResourceId} (${first.ResourceType})` : `the stack ${stack.name}`;
  throw explained(reason, `${resource} failed, and the stack ${stack.name} is ${stack.status}`);
}

/** Returns an event as a line for the terminal. */
function eventLine(event: StackEvent): string {
  const { ResourceStatus: status, ResourceType, LogicalResourceId, ResourceStatusReason: reason } = event;
  const line = `${(status ?? '').padEnd(18)} ${ResourceType} ${LogicalResourceId}`;
  return status?.endsWith('_FAILED') && reason ? `${line}: ${reason}` : line;
}
