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
  /** ARN, which identifies the stack even after its deletion. */
  id: string;
  name: string;
  /** `CREATE_COMPLETE` */
  status: string;
  statusReason?: string;
  /** Whether termination protection is on. */
  isProtected: boolean;
  /** Values by name; secrets are asterisks. */
  parameters: Record<string, string>;
  outputs: Record<string, string>;
}

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

/** Returns whether CloudFormation is working on a stack. REVIEW_IN_PROGRESS is not work: a change set waits there. */
export const isAtWork = ({ status }: Stack) => status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';

/** Returns whether a stack's creation failed, so that it can only be deleted. */
export const isFailedCreation = ({ status }: Stack) =>
  ['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'CREATE_FAILED'].includes(status);

/** Returns whether a stack is deleted; for 90 days, its ARN still finds it. */
export const isDeleted = ({ status }: Stack) => status === 'DELETE_COMPLETE';

/** Returns whether a stack has no resources yet, because its first change set was never executed. */
export const isEmpty = ({ status }: Stack) => status === 'REVIEW_IN_PROGRESS';

/** Returns whether a stack was built from this package's template. */
export const isOwn = ({ parameters }: Stack) => 'Domain' in parameters && 'CertificateArn' in parameters;

/** The template parameters for the names of folders for files that are not Ghost's. */
export const FOLDER_PARAMETERS = ['Folder1', 'Folder2', 'Folder3'] as const;

/** Returns the names of the folders that a stack serves for files that are not Ghost's. */
export const foldersOf = ({ parameters }: Pick<Stack, 'parameters'>): string[] =>
  FOLDER_PARAMETERS.map((name) => parameters[name] ?? '').filter(Boolean);

/**
 * Checks that a stack is an image server, since `--stack-name` can be the name of any stack.
 *
 * @param stack an empty one passes, because it has no parameters yet
 * @throws Failure when it is not
 */
export function checkOwnership(stack: Stack): void {
  if (!isEmpty(stack) && !isOwn(stack)) {
    throw new Failure(
      `The stack ${stack.name} is not an image server that "provision" built.`,
      'Choose another name with --stack-name, or leave it out.',
    );
  }
}

/**
 * Checks that a stack can be updated.
 *
 * @throws Failure when it is not an image server, or when its owner has to repair it first
 */
export function checkState(stack: Stack): void {
  checkOwnership(stack);
  if (stack.status === 'UPDATE_ROLLBACK_FAILED') {
    throw new Failure(
      `The stack ${stack.name} is UPDATE_ROLLBACK_FAILED: ${stack.statusReason ?? 'an update failed, and so did its rollback.'}`,
      `Fix the problem, run aws cloudformation continue-update-rollback --stack-name ${stack.name}, then run the command again.`,
    );
  }
  if (stack.status === 'DELETE_FAILED') {
    throw new Failure(
      `The stack ${stack.name} is DELETE_FAILED: ${stack.statusReason ?? 'its deletion did not finish.'}`,
      'Finish it with "provision destroy", then run the command again.',
    );
  }
}
