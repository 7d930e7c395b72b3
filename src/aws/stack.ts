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

/** The stack of an image server. */
export interface Stack {
  /** ARN, which finds the stack even after its deletion. */
  id: string;
  name: string;
  /** `CREATE_COMPLETE` */
  status: string;
  statusReason?: string;
  /** Whether CloudFormation refuses to delete it. */
  isProtected: boolean;
  /** Values by name; secrets are asterisks. */
  parameters: Record<string, string>;
  outputs: Record<string, string>;
}

/**
 * Reads a stack.
 *
 * @param name of the stack, or its ARN to find a deleted one
 * @returns undefined when there is none, or none any more
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
 * Reads a stack that has to be there.
 *
 * @throws Failure when there is none of this name, or when it is not an image server
 */
export async function requireStack(aws: Aws, stackName: string): Promise<Stack> {
  const stack = await describeStack(aws, stackName);
  if (!stack) {
    throw new Failure(
      `There is no stack ${stackName} in ${aws.region} of the account ${aws.account}.`,
      'Name another --region or --profile, or the stack itself with --stack-name. "provision" builds one.',
    );
  }
  checkOwnership(stack);
  return stack;
}

/** Lists the image servers of the region that are built. */
export async function listImageServers({ cloudFormation: client }: Aws): Promise<Stack[]> {
  const found: Stack[] = [];
  for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {})) {
    // Other templates have parameters of these names, too.
    found.push(
      ...Stacks.map(toStack).filter((stack) => isOwn(stack) && stack.outputs.CdnUrl && stack.outputs.BucketName),
    );
  }
  return found;
}

/**
 * Lists the deleted stacks of a name, which CloudFormation keeps for 90 days.
 *
 * @returns their ARNs, the last deleted first
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

/** Starts the deletion of a stack; `followStack` waits for its end. */
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

/** Whether CloudFormation is working on it. A change set that waits for its execution (REVIEW_IN_PROGRESS) is not work. */
export const isAtWork = ({ status }: Stack) => status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';

/** Whether its creation failed, so that it can only be deleted. */
export const isFailedCreation = ({ status }: Stack) =>
  ['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'CREATE_FAILED'].includes(status);

/** Whether it is deleted: for 90 days, its ARN still finds it. */
export const isDeleted = ({ status }: Stack) => status === 'DELETE_COMPLETE';

/** Whether it has no resources yet, because its first change set was never executed. */
export const isEmpty = ({ status }: Stack) => status === 'REVIEW_IN_PROGRESS';

/** Whether it was built from this package's template. */
export const isOwn = ({ parameters }: Stack) => 'Domain' in parameters && 'CertificateArn' in parameters;

/** The template parameters with the names of folders for other files than Ghost's. */
export const FOLDER_PARAMETERS = ['Folder1', 'Folder2', 'Folder3'] as const;

/** Returns the names of the folders that a stack serves for other files than Ghost's. */
export const foldersOf = ({ parameters }: Pick<Stack, 'parameters'>): string[] =>
  FOLDER_PARAMETERS.map((name) => parameters[name] ?? '').filter(Boolean);

/**
 * Checks that a stack is an image server: the user may have given the name of any stack.
 *
 * @param stack one that is still empty passes, as it has no parameters yet
 * @throws Failure when it is not
 */
export function checkOwnership(stack: Stack): void {
  if (!isEmpty(stack) && !isOwn(stack)) {
    throw new Failure(
      `The stack ${stack.name} is something else than an image server of this command.`,
      'Choose another name with --stack-name, or leave it out.',
    );
  }
}

/**
 * Checks that a stack can be updated.
 *
 * @throws Failure when it is not an image server, or when its state needs its owner
 */
export function checkState(stack: Stack): void {
  checkOwnership(stack);
  if (stack.status === 'UPDATE_ROLLBACK_FAILED') {
    throw new Failure(
      `The stack ${stack.name} is UPDATE_ROLLBACK_FAILED: ${stack.statusReason ?? 'an update failed, and so did the way back.'}`,
      `Mend what is named there, run aws cloudformation continue-update-rollback --stack-name ${stack.name}, then run the command again.`,
    );
  }
  if (stack.status === 'DELETE_FAILED') {
    throw new Failure(
      `The stack ${stack.name} is DELETE_FAILED: ${stack.statusReason ?? 'its deletion did not come to an end.'}`,
      'Finish it with "provision destroy", then run the command again.',
    );
  }
}
