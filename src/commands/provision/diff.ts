import {
  DescribeStackDriftDetectionStatusCommand,
  DetectStackDriftCommand,
  paginateDescribeStackResourceDrifts,
  type StackResourceDrift,
} from '@aws-sdk/client-cloudformation';
import { Failure } from '../../shell/failure';
import { type PlannedStep, stepsOfChanges } from './plan';
import { SECONDS_BETWEEN_LOOKS, type Session } from './session';
import { createChangeSet, deleteChangeSet } from './stack/change-set';
import { requireStack } from '../../aws/stack';
import { checkState, isAtWork, type Stack } from '../../aws/stack-state';

/** The differences between a stack, this version's template, and the stack's resources. */
export interface Differences {
  /** The changes that this version's template would make. */
  changes: PlannedStep[];
  /** The changes made to the resources outside of CloudFormation. */
  drifts: Drift[];
}

/** A resource that was changed or deleted outside of CloudFormation. */
export interface Drift {
  /** Name in the template, `Bucket` */
  resource: string;
  /** Name in AWS, `blog-images-1a2b3c` */
  id: string;
  /** `MODIFIED` or `DELETED` */
  status: string;
  properties: { path: string; expected: string; actual: string }[];
}

/**
 * Compares a stack with this version's template and with its resources, without changing anything.
 *
 * @throws Failure when there is no stack to compare
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
 */
export async function findDifferences(session: Session, stackName: string): Promise<Differences> {
  const { aws, terminal, pause } = session;
  const stack = await requireStack(aws, stackName);
  checkState(stack);
  if (isAtWork(stack) || !/_COMPLETE$/.test(stack.status) || stack.status === 'ROLLBACK_COMPLETE') {
    throw new Failure(
      `The stack ${stackName} is ${stack.status}, so it cannot be compared.`,
      'Run "provision" first. It waits for the stack and repairs it.',
    );
  }
  const changeSet = await terminal.step('Comparing with the template', () =>
    createChangeSet(aws, pause, { stackName, stack, parameters: {} }),
  );
  if (changeSet) {
    await deleteChangeSet(aws, changeSet.id);
  }
  const drifts = await terminal.step('Comparing with the resources', () => detectDrift(session, stack));
  return { changes: changeSet ? stepsOfChanges(changeSet.changes) : [], drifts };
}

async function detectDrift({ aws: { cloudFormation }, pause }: Session, stack: Stack): Promise<Drift[]> {
  const { StackDriftDetectionId } = await cloudFormation.send(new DetectStackDriftCommand({ StackName: stack.name }));
  for (;;) {
    const { DetectionStatus, DetectionStatusReason } = await cloudFormation.send(
      new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }),
    );
    if (DetectionStatus === 'DETECTION_FAILED') {
      throw new Failure(
        `CloudFormation could not compare the stack with its resources: ${DetectionStatusReason}`,
        'Its drift detection reads every resource. Allow the actions in this message, and run the command again.',
      );
    }
    if (DetectionStatus === 'DETECTION_COMPLETE') {
      break;
    }
    await pause(SECONDS_BETWEEN_LOOKS);
  }
  const drifts: Drift[] = [];
  for await (const { StackResourceDrifts = [] } of paginateDescribeStackResourceDrifts(
    { client: cloudFormation },
    { StackName: stack.name, StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'] },
  )) {
    drifts.push(...StackResourceDrifts.map(toDrift));
  }
  return drifts;
}

function toDrift(drift: StackResourceDrift): Drift {
  return {
    resource: drift.LogicalResourceId ?? '',
    id: drift.PhysicalResourceId ?? '',
    status: drift.StackResourceDriftStatus ?? '',
    properties: (drift.PropertyDifferences ?? []).map(
      ({ PropertyPath: path = '', ExpectedValue: expected = '', ActualValue: actual = '' }) => ({
        path,
        expected: withoutSecret(path, expected),
        actual: withoutSecret(path, actual),
      }),
    ),
  };
}

/** Hides the secret that the distribution sends to Ghost in a header. */
function withoutSecret(path: string, value: string): string {
  return /OriginCustomHeaders/.test(path) || /HeaderValue/.test(value) ? '(a secret, not shown)' : value;
}
