import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import type { Aws } from '../../../../../src/commands/provision/aws/sign-in';
import { stepsOfChanges } from '../../../../../src/commands/provision/plan';
import { createChangeSet, followStack, type Stack } from '../../../../../src/commands/provision/stack/stack';

const ID = 'arn:aws:cloudformation:eu-central-1:123456789012:stack/images/0a1b2c3d';

const cloudFormation = mockClient(CloudFormationClient);
const aws = { cloudFormation: new CloudFormationClient({ region: 'eu-central-1' }) } as unknown as Aws;
const pause = jest.fn(() => Promise.resolve());
beforeEach(() => {
  cloudFormation.reset();
  pause.mockClear();
});

const event = (EventId: string, ResourceStatus: string, PhysicalResourceId = ID): StackEvent =>
  ({ EventId, ResourceStatus, PhysicalResourceId, StackId: ID, StackName: 'images' }) as StackEvent;
const stackIs = (StackStatus: string) => ({ Stacks: [{ StackId: ID, StackName: 'images', StackStatus }] }) as never;

describe('the work of CloudFormation', () => {
  test('is not over while a look at the stack is older than its events', async () => {
    cloudFormation
      .on(DescribeStackEventsCommand)
      .resolvesOnce({ StackEvents: [event('1', 'UPDATE_IN_PROGRESS'), event('0', 'UPDATE_COMPLETE')] })
      .resolves({ StackEvents: [event('2', 'UPDATE_COMPLETE'), event('1', 'UPDATE_IN_PROGRESS')] });
    cloudFormation
      .on(DescribeStacksCommand)
      .resolvesOnce(stackIs('UPDATE_COMPLETE'))
      .resolvesOnce(stackIs('UPDATE_IN_PROGRESS'))
      .resolves(stackIs('UPDATE_COMPLETE'));
    await followStack(aws, pause, ID, '0', () => {});
    expect(pause).toHaveBeenCalledTimes(2);
  });

  test('is not over before it has begun', async () => {
    cloudFormation
      .on(DescribeStackEventsCommand)
      .resolvesOnce({ StackEvents: [event('0', 'CREATE_COMPLETE')] })
      .resolves({ StackEvents: [event('1', 'DELETE_COMPLETE'), event('0', 'CREATE_COMPLETE')] });
    cloudFormation
      .on(DescribeStacksCommand)
      .resolvesOnce(stackIs('CREATE_COMPLETE'))
      .resolves(stackIs('DELETE_COMPLETE'));
    expect((await followStack(aws, pause, ID, '0', () => {})).status).toBe('DELETE_COMPLETE');
    expect(pause).toHaveBeenCalledTimes(1);
  });

  test('on a stack that never had a resource ends without an event', async () => {
    cloudFormation.on(DescribeStackEventsCommand).resolves({ StackEvents: [] });
    cloudFormation.on(DescribeStacksCommand).resolves(stackIs('DELETE_COMPLETE'));
    expect((await followStack(aws, pause, ID, undefined, () => {})).status).toBe('DELETE_COMPLETE');
  });

  test('is told event by event, also when there are more than a page of them', async () => {
    const first = Array.from({ length: 5 }, (_, index) => event(String(9 - index), 'CREATE_IN_PROGRESS', 'bucket'));
    const second = [event('4', 'CREATE_IN_PROGRESS', 'bucket'), event('3', 'CREATE_IN_PROGRESS', 'bucket')];
    cloudFormation
      .on(DescribeStackEventsCommand)
      .resolves({ StackEvents: [event('10', 'CREATE_COMPLETE'), ...first], NextToken: 'more' })
      .on(DescribeStackEventsCommand, { NextToken: 'more' })
      .resolves({ StackEvents: [...second, event('0', 'REVIEW_IN_PROGRESS')] });
    cloudFormation.on(DescribeStacksCommand).resolves(stackIs('CREATE_COMPLETE'));
    const told: (string | undefined)[] = [];
    await followStack(aws, pause, ID, '0', ({ EventId }) => told.push(EventId));
    expect(told).toEqual(['3', '4', '5', '6', '7', '8', '9', '10']);
  });

  test('that failed is explained by what failed first, not by what was cancelled then', async () => {
    const failed = (id: string, LogicalResourceId: string, ResourceStatusReason: string) => ({
      ...event(id, 'CREATE_FAILED', ''),
      LogicalResourceId,
      ResourceStatusReason,
    });
    cloudFormation.on(DescribeStackEventsCommand).resolves({
      StackEvents: [
        event('4', 'DELETE_COMPLETE'),
        failed('3', 'Distribution', 'The CNAME you provided is already associated with a different resource.'),
        failed('2', 'Bucket', 'Resource creation cancelled'),
      ],
    });
    cloudFormation.on(DescribeStacksCommand).resolves(stackIs('DELETE_COMPLETE'));
    await expect(followStack(aws, pause, ID, '0', () => {})).rejects.toMatchObject({
      message: expect.stringContaining('Distribution'),
      cure: expect.stringContaining('alternate domain name of another distribution'),
    });
  });
});

describe('what CloudFormation is asked for', () => {
  const request = { stackName: 'images', parameters: { Domain: 'images.example.com' } };
  const stack = { name: 'images', id: ID, status: 'CREATE_COMPLETE', parameters: { Domain: 'x' } } as unknown as Stack;
  beforeEach(() => {
    cloudFormation.on(CreateChangeSetCommand).resolves({ Id: 'change-set', StackId: ID });
    cloudFormation
      .on(DescribeChangeSetCommand)
      .resolves({
        Status: 'CREATE_COMPLETE',
        Changes: [{ ResourceChange: { LogicalResourceId: 'One' } }],
        NextToken: '2',
      })
      .on(DescribeChangeSetCommand, { NextToken: '2' })
      .resolves({ Status: 'CREATE_COMPLETE', Changes: [{ ResourceChange: { LogicalResourceId: 'Two' } }] });
  });
  const asked = () => cloudFormation.commandCalls(CreateChangeSetCommand)[0]?.args[0].input;

  test('is cleared away by itself when a new stack fails, and leaves the tags of a stack that is there', async () => {
    await createChangeSet(aws, pause, request);
    expect(asked()).toMatchObject({ ChangeSetType: 'CREATE', OnStackFailure: 'DELETE', Tags: [expect.anything()] });
    cloudFormation.resetHistory();
    await createChangeSet(aws, pause, { ...request, stack });
    expect(asked()).toMatchObject({ ChangeSetType: 'UPDATE' });
    expect(asked()?.Tags).toBeUndefined();
    expect(asked()?.OnStackFailure).toBeUndefined();
  });

  test('leaves out what a stack of an older template does not know', async () => {
    await createChangeSet(aws, pause, { ...request, parameters: {}, stack });
    expect(asked()?.Parameters).toEqual([{ ParameterKey: 'Domain', UsePreviousValue: true }]);
  });

  test('names a bucket that is there by itself: CloudFormation finds none by a function', async () => {
    await createChangeSet(aws, pause, { ...request, adoptedBucket: 'my-pictures' });
    expect(asked()).toMatchObject({ ImportExistingResources: true });
    expect(asked()?.TemplateBody).toContain('BucketName: my-pictures\n');
    expect(asked()?.TemplateBody).not.toContain('!If [HasBucketName');
  });

  test('is shown with all its changes, however many pages they have', async () => {
    const changeSet = await createChangeSet(aws, pause, request);
    expect(changeSet?.changes.map(({ ResourceChange }) => ResourceChange?.LogicalResourceId)).toEqual(['One', 'Two']);
  });

  test('is a step of the plan also when no resource changes', () => {
    expect(stepsOfChanges([])).toEqual([expect.objectContaining({ sign: '~', what: 'stack' })]);
  });
});
