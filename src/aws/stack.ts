import {
  DeleteStackCommand,
  DescribeStacksCommand,
  paginateDescribeStacks,
  paginateListStacks,
  type Stack as CloudFormationStack,
  type StackSummary,
} from '@aws-sdk/client-cloudformation';
import { Failure } from '../shell/failure';
import type { Aws } from './sign-in';
import { checkOwnership, isOwn, type Stack } from './stack-state';

/**
 * Reads a stack.
 *
 * @param name name of the stack, or its ARN to find a deleted one
 * @returns undefined when there is none, or no longer one
 */
export async function describeStack({ cloudFormation }: Aws, name: string): Promise<Stack | undefined> {
  try {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks[0] && toStack(Stacks[0]);
  } catch (error) {
    // CloudFormation has no error code for a missing stack.
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Reads a stack that must exist.
 *
 * @throws Failure when there is no stack with this name, or when it is not an image server
 */
export async function requireStack(aws: Aws, stackName: string): Promise<Stack> {
  const stack = await describeStack(aws, stackName);
  if (!stack) {
    throw new Failure(
      `The stack ${stackName} does not exist in ${aws.region} in the account ${aws.account}.`,
      'Check --region, --profile and --domain (or --stack-name). "provision" builds a new image server.',
    );
  }
  checkOwnership(stack);
  return stack;
}

/** Lists the finished image servers of the region. */
export async function listImageServers({ cloudFormation: client }: Aws): Promise<Stack[]> {
  const found: Stack[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {})) {
    // Other templates can have parameters with these names, too.
    found.push(
      ...Stacks.map(toStack).filter((stack) => isOwn(stack) && stack.outputs.CdnUrl && stack.outputs.BucketName),
    );
  }
  return found;
}

/**
 * Lists the deleted stacks with a name. CloudFormation keeps them for 90 days.
 *
 * @returns their ARNs, the most recently deleted first
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html
 */
export async function listDeletedStacks({ cloudFormation: client }: Aws, name: string): Promise<string[]> {
  const found: StackSummary[] = [];
  for await (const { StackSummaries = [] } of paginateListStacks(
    { client },
    { StackStatusFilter: ['DELETE_COMPLETE'] },
  )) {
    found.push(...StackSummaries.filter(({ StackName }) => StackName === name));
  }
  const time = ({ DeletionTime }: StackSummary) => DeletionTime?.getTime() ?? 0;
  return found.sort((one, other) => time(other) - time(one)).map(({ StackId = '' }) => StackId);
}

/** Starts the deletion of a stack; `followStack` waits until it ends. */
export async function deleteStack({ cloudFormation }: Aws, { id }: Stack): Promise<void> {
  await cloudFormation.send(new DeleteStackCommand({ StackName: id }));
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
