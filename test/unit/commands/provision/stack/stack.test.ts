import type { StackStatus } from '@aws-sdk/client-cloudformation';
import { type Aws, signIn } from '../../../../../src/aws/sign-in';
import { stepsOfChanges } from '../../../../../src/commands/provision/plan';
import {
  createChangeSet,
  deleteChangeSet,
  executeChangeSet,
} from '../../../../../src/commands/provision/stack/change-set';
import { followStack, lastEventOf } from '../../../../../src/commands/provision/stack/events';
import { deleteStack, describeStack } from '../../../../../src/aws/stack';
import type { Stack } from '../../../../../src/aws/stack-state';
import { AwsAccount } from '../../../../support/aws-account';

const STACK = 'images';
const DOMAIN = 'images.example.com';

let account: AwsAccount;
let aws: Aws;
let parameters: Record<string, string>;
const pause = jest.fn(() => Promise.resolve());

beforeEach(async () => {
  account = new AwsAccount();
  aws = await signIn({ region: 'eu-central-1' });
  parameters = { Domain: DOMAIN, CertificateArn: account.certificates.add({ names: [DOMAIN] }).arn };
});
afterEach(() => account.restore());

const addStack = () => account.stacks.add({ name: STACK, parameters });
const asItIs = async () => (await describeStack(aws, STACK)) as Stack;

/** Has CloudFormation begin a change, and returns its stack and its last event before. */
async function begin(changed: Record<string, string>, stack?: Stack) {
  const changeSet = await createChangeSet(aws, pause, { stackName: STACK, stack, parameters: changed });
  if (!changeSet) throw new Error('Nothing changes.');
  const { stackId } = changeSet;
  const since = await lastEventOf(aws, stackId);
  await executeChangeSet(aws, changeSet);
  pause.mockClear();
  return { stackId, since, inAccount: account.stacks.all.find(({ id }) => id === stackId) };
}

/** The next look at the stack shows a status that it had before. */
const showLate = (StackStatus: StackStatus) =>
  account.answerNext('cloudformation:DescribeStacks', (output) => {
    const { Stacks } = output as { Stacks: object[] };
    return { Stacks: [{ ...Stacks[0], StackStatus }] };
  });

describe('the work of CloudFormation', () => {
  test("does not end while the stack's description is older than its events", async () => {
    addStack();
    const { stackId, since, inAccount } = await begin({ PriceClass: 'PriceClass_100' }, await asItIs());
    showLate('UPDATE_COMPLETE');
    expect(await followStack(aws, pause, stackId, since, () => {})).toMatchObject({ status: 'UPDATE_COMPLETE' });
    expect(inAccount).toMatchObject({ isBusy: false, status: 'UPDATE_COMPLETE' });
  });

  test("ends only when the stack's description says so, too", async () => {
    addStack();
    const { stackId, since, inAccount } = await begin({ PriceClass: 'PriceClass_100' }, await asItIs());
    inAccount?.finish();
    showLate('UPDATE_IN_PROGRESS');
    await followStack(aws, pause, stackId, since, () => {});
    expect(pause).toHaveBeenCalledTimes(1);
  });

  test('does not end before it has started', async () => {
    addStack();
    const stack = await asItIs();
    const since = await lastEventOf(aws, stack.id);
    pause.mockImplementationOnce(() => deleteStack(aws, stack));
    expect((await followStack(aws, pause, stack.id, since, () => {})).status).toBe('DELETE_COMPLETE');
  });

  test('on a stack that never had a resource ends without an event', async () => {
    await createChangeSet(aws, pause, { stackName: STACK, parameters });
    const stack = await asItIs();
    await deleteStack(aws, stack);
    account.stacks.all[0]?.finish();
    account.answerNext('cloudformation:DescribeStackEvents', { StackEvents: [] });
    expect((await followStack(aws, pause, stack.id, undefined, () => {})).status).toBe('DELETE_COMPLETE');
  });

  test('is told event by event, also when there are more than a page of them', async () => {
    const { stackId, since, inAccount } = await begin(parameters);
    inAccount?.finish();
    const told: (string | undefined)[] = [];
    await followStack(aws, pause, stackId, since, ({ EventId }) => told.push(EventId));
    const all = inAccount?.events.map(({ EventId }) => EventId) ?? [];
    expect(all.length).toBeGreaterThan(10);
    expect(told).toEqual(all.slice(1));
  });

  test('that failed is explained by the first failure, not by canceled resources', async () => {
    account.distributions.add({ aliases: [DOMAIN], otherOwner: true });
    const { stackId, since, inAccount } = await begin(parameters);
    inAccount?.record('Bucket', 'AWS::S3::Bucket', '', 'CREATE_FAILED', 'Resource creation cancelled');
    await expect(followStack(aws, pause, stackId, since, () => {})).rejects.toMatchObject({
      message: expect.stringMatching(/^Distribution /),
      cure: expect.stringContaining('alternate domain name of another distribution'),
    });
  });
});

describe('a change set', () => {
  const request = (more: object = {}) => createChangeSet(aws, pause, { stackName: STACK, parameters, ...more });
  const asked = () => account.calls.findLast(({ operation }) => operation === 'CreateChangeSet')?.input;

  test('has a new stack removed when it fails, and leaves the tags of an existing one alone', async () => {
    await request();
    expect(asked()).toMatchObject({
      ChangeSetType: 'CREATE',
      OnStackFailure: 'DELETE',
      Tags: [{ Key: 'ghost-storage-s3-cloudfront', Value: DOMAIN }],
    });
    account.stacks.all.splice(0);
    addStack();
    await request({ parameters: { PriceClass: 'PriceClass_100' }, stack: await asItIs() });
    expect(asked()).toMatchObject({ ChangeSetType: 'UPDATE' });
    expect(asked()?.Tags).toBeUndefined();
    expect(asked()?.OnStackFailure).toBeUndefined();
  });

  test('leaves out parameters that a stack of an older template does not have', async () => {
    addStack();
    const stack = await asItIs();
    const { PriceClass, ...known } = stack.parameters;
    expect(PriceClass).toBeDefined();
    await request({ parameters: {}, stack: { ...stack, parameters: known } });
    const kept = Object.keys(known).map((ParameterKey) => ({ ParameterKey, UsePreviousValue: true }));
    expect(asked()?.Parameters).toHaveLength(kept.length);
    expect(asked()?.Parameters).toEqual(expect.arrayContaining(kept));
  });

  test('has the name of an existing bucket in the template: CloudFormation finds none by a function', async () => {
    account.buckets.add({ name: 'my-images' });
    const changeSet = await request({ adoptedBucket: 'my-images' });
    expect(asked()).toMatchObject({ ImportExistingResources: true });
    expect(asked()?.TemplateBody).toContain('BucketName: my-images\n');
    expect(asked()?.TemplateBody).not.toContain('!If [HasBucketName');
    expect(changeSet?.changes.map(({ ResourceChange }) => ResourceChange)).toContainEqual(
      expect.objectContaining({ Action: 'Import', LogicalResourceId: 'Bucket' }),
    );
  });

  test('is shown with all its changes, on any number of pages, and can be taken back', async () => {
    const changeSet = await request();
    const [stack] = account.stacks.all;
    expect(changeSet?.changes).toEqual(stack?.changeSets[0]?.changes);
    expect(changeSet?.changes.length).toBeGreaterThan(5);
    expect(await asItIs()).toMatchObject({ id: changeSet?.stackId, status: 'REVIEW_IN_PROGRESS' });
    await deleteChangeSet(aws, changeSet?.id ?? '');
    expect(stack?.changeSets).toEqual([]);
  });

  test('is a step of the plan also when no resource changes', () => {
    expect(stepsOfChanges([])).toEqual([expect.objectContaining({ sign: '~', what: 'stack' })]);
  });
});
