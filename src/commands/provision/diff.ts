import {
  DescribeStackDriftDetectionStatusCommand,
  DescribeStackResourceDriftsCommand,
  DetectStackDriftCommand,
} from '@aws-sdk/client-cloudformation';
import { Failure } from '../../shell/failure';
import { call } from './aws/errors';
import { type PlannedStep, stepsOfChanges } from './plan';
import type { Pause, Session } from './session';
import { checkState } from './situation';
import { createChangeSet, deleteChangeSet, isAtWork, type Stack } from './stack/stack';
import { requireStack } from './status';

/** Where the secret stands that CloudFront shows to Ghost, in a property of a distribution. */
const SECRET_PATH = /OriginCustomHeaders/;

/** What is not as the template has it. */
export interface Differences {
  /** What this version's template would change. */
  changes: PlannedStep[];
  /** What somebody has changed behind CloudFormation's back. */
  drifts: Drift[];
}

/** A resource that is not as CloudFormation has made it. */
export interface Drift {
  /** Name in the template, `Bucket`. */
  resource: string;
  /** Name in AWS. */
  id: string;
  /** `MODIFIED` or `DELETED` */
  status: string;
  properties: { path: string; expected: string; actual: string }[];
}

const SECONDS_BETWEEN_LOOKS = 3;

/**
 * Compares the stack with this version's template, and with what is really there. Changes nothing.
 *
 * @throws Failure when there is no stack that could be compared
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
 */
export async function findDifferences(session: Session, stackName: string): Promise<Differences> {
  const { aws, terminal, pause } = session;
  const stack = await requireStack(aws, stackName);
  checkState(stack);
  if (isAtWork(stack) || !/_COMPLETE$/.test(stack.status) || stack.status === 'ROLLBACK_COMPLETE') {
    throw new Failure(
      `The stack ${stackName} is ${stack.status}: there is nothing to compare with.`,
      'Run "provision" first: it waits for the stack, and brings it into order.',
    );
  }
  const changeSet = await terminal.step('Comparing with the template', () =>
    createChangeSet(aws, pause, { stackName, stack, parameters: {} }),
  );
  if (changeSet) {
    await deleteChangeSet(aws, changeSet.id);
  }
  const drifts = await terminal.step('Comparing with what is there', () => detectDrift(session, stack, pause));
  return { changes: changeSet ? stepsOfChanges(changeSet.changes) : [], drifts };
}

async function detectDrift({ aws: { cloudFormation } }: Session, stack: Stack, pause: Pause): Promise<Drift[]> {
  const { StackDriftDetectionId } = await call('cloudformation:DetectStackDrift', () =>
    cloudFormation.send(new DetectStackDriftCommand({ StackName: stack.name })),
  );
  for (;;) {
    const { DetectionStatus, DetectionStatusReason } = await call(
      'cloudformation:DescribeStackDriftDetectionStatus',
      () => cloudFormation.send(new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId })),
    );
    if (DetectionStatus === 'DETECTION_FAILED') {
      throw new Failure(
        `CloudFormation cannot compare the stack with what is there: ${DetectionStatusReason}`,
        'Its drift detection reads every resource: allow the actions named there, and run the command again.',
      );
    }
    if (DetectionStatus === 'DETECTION_COMPLETE') {
      break;
    }
    await pause(SECONDS_BETWEEN_LOOKS);
  }
  const drifts: Drift[] = [];
  let NextToken: string | undefined;
  do {
    const page = await call('cloudformation:DescribeStackResourceDrifts', () =>
      cloudFormation.send(
        new DescribeStackResourceDriftsCommand({
          StackName: stack.name,
          StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'],
          NextToken,
        }),
      ),
    );
    for (const drift of page.StackResourceDrifts ?? []) {
      drifts.push({
        resource: drift.LogicalResourceId ?? '',
        id: drift.PhysicalResourceId ?? '',
        status: drift.StackResourceDriftStatus ?? '',
        properties: (drift.PropertyDifferences ?? []).map(
          ({ PropertyPath: path = '', ExpectedValue: expected = '', ActualValue: actual = '' }) => ({
            path,
            expected: shown(path, expected),
            actual: shown(path, actual),
          }),
        ),
      });
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return drifts;
}

/** A value as it may be shown: of one that holds the secret between CloudFront and Ghost, only that it is another one. */
function shown(path: string, value: string): string {
  return SECRET_PATH.test(path) || /HeaderValue/.test(value) ? '(a secret, not shown)' : value;
}
