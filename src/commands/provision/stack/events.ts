import { paginateDescribeStackEvents, type StackEvent } from '@aws-sdk/client-cloudformation';
import { Failure } from '../../../shell/failure';
import type { Aws } from '../../../aws/sign-in';
import { type Pause, SECONDS_BETWEEN_LOOKS, type Session } from '../session';
import { explained } from './reasons';
import { describeStack, isAtWork, isEmpty, type Stack } from '../../../aws/stack';

/** Stands for an event ID where all events are to be read, since no event has it. */
const BEFORE_ALL = '';

/**
 * Waits until CloudFormation has finished its work on a stack, if there is any. A failure of that work is only a
 * warning: the caller sees the stack itself.
 *
 * @returns the stack, even when its deletion has finished; undefined when there is none
 */
export async function settledStack({ aws, terminal, pause }: Session, stackName: string): Promise<Stack | undefined> {
  const stack = await describeStack(aws, stackName);
  if (!stack || !isAtWork(stack)) {
    return stack;
  }
  const since = await lastEventBeforeWork(aws, stack.id);
  try {
    await terminal.step(`CloudFormation is at work on the stack ${stackName} (${stack.status})`, ({ event }) =>
      followStack(aws, pause, stack.id, since, (happened) => event(eventLine(happened))),
    );
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    terminal.warn(`${error.message}\n  ${error.cure}`);
  }
  // After a deletion only the ARN finds the stack, whose leftovers are still to be reported.
  return describeStack(aws, stack.id);
}

/**
 * Starts work on a stack, shows its events and waits for its end, as one step of the terminal.
 *
 * @param start tells CloudFormation to begin
 * @throws Failure when the work does not succeed
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

/** Returns the bucket that the deletion of a stack left in place; undefined when there was none. */
export async function skippedBucketOf(aws: Aws, { id }: Stack): Promise<string | undefined> {
  const events = await eventsAfter(aws, id, BEFORE_ALL);
  return events.find(
    ({ ResourceType, ResourceStatus }) => ResourceType === 'AWS::S3::Bucket' && ResourceStatus === 'DELETE_SKIPPED',
  )?.PhysicalResourceId;
}

/**
 * Waits until CloudFormation has finished its work on a stack.
 *
 * @param stackId ARN, because the name finds nothing after a deletion
 * @param since ID of the last event before the work
 * @param onEvent called with each later event, in order of time
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
      throw new Failure(`The stack ${stackId} is gone.`, 'Somebody has deleted it. Run the command again.');
    }
    // The description may be older than the events: the work is over only when both give the same status.
    const isSettled = !isAtWork(stack) && !isEmpty(stack) && stack.status === statusInEvents;
    // A stack without resources may be deleted without an event.
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

/** Returns the events after the one with this ID, oldest first; without an ID those of the newest page. */
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
    // A failed creation ends as deleted, too. What cannot be deleted at the first attempt is tried again.
    (stack.status === 'DELETE_COMPLETE' && failures.every(({ ResourceStatus }) => ResourceStatus === 'DELETE_FAILED'));
  if (succeeded) {
    return;
  }
  // After the first failure CloudFormation cancels the other resources.
  const first = failures.find(({ ResourceStatusReason = '' }) => !/cancelled/i.test(ResourceStatusReason));
  const reason = first?.ResourceStatusReason ?? stack.statusReason ?? 'CloudFormation gives no reason.';
  const resource = first ? `${first.LogicalResourceId} (${first.ResourceType})` : `the stack ${stack.name}`;
  throw explained(reason, `${resource} failed, and the stack ${stack.name} is ${stack.status}`);
}

/** An event as a line for the terminal. */
function eventLine(event: StackEvent): string {
  const { ResourceStatus: status, ResourceType, LogicalResourceId, ResourceStatusReason: reason } = event;
  const line = `${(status ?? '').padEnd(18)} ${ResourceType} ${LogicalResourceId}`;
  return status?.endsWith('_FAILED') && reason ? `${line}: ${reason}` : line;
}
