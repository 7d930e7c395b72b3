import { Failure } from '../shell/failure';

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
