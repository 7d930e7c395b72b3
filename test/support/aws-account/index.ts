import type { PropertyDifference, StackEvent } from '@aws-sdk/client-cloudformation';
import { Access } from './access';
import { Certificates } from './acm';
import { Stacks } from './cloudformation';
import { Distributions } from './cloudfront';
import { Identities } from './iam';
import { Identifiers } from './identifiers';
import { HostedZones } from './route53';
import { Buckets } from './s3';
import { Callers } from './sts';
import { Switchboard, type Call, type OddAnswer } from './switchboard';

export type { Call };
export { validationRecord, type Certificate } from './acm';

/** Of the account that a zone with a profile is in. */
const OTHER_ACCOUNT = '210987654321';

export interface AwsAccountOptions {
  /** Twelve digits. */
  accountId?: string;
  callerArn?: string;
  /** Where buckets and stacks are that a test puts into the account. */
  region?: string;
}

/**
 * An AWS account in memory, behind the SDK's clients: what one call makes, the next one finds. It stands for the
 * services that provisioning uses, with AWS's own errors and words. Lists come in small pages. Stacks go on by one
 * event whenever somebody looks at them; a certificate is issued when it is described after its record is there.
 */
export class AwsAccount {
  readonly buckets: Buckets;
  readonly certificates: Certificates;
  readonly distributions: Distributions;
  readonly hostedZones: HostedZones;
  readonly identities: Identities;
  readonly stacks: Stacks;
  private readonly access: Access;
  private readonly switchboard: Switchboard;
  /** How far the account's clock goes before the real one, in milliseconds. */
  private ahead = 0;

  /** Takes the calls of all clients until `restore`. */
  constructor({ accountId = '123456789012', callerArn, region = 'eu-central-1' }: AwsAccountOptions = {}) {
    const identifiers = new Identifiers();
    this.access = new Access(accountId, callerArn ?? `arn:aws:iam::${accountId}:user/ada`);
    this.buckets = new Buckets(region);
    this.hostedZones = new HostedZones(identifiers);
    this.certificates = new Certificates(
      accountId,
      identifiers,
      () => Date.now() + this.ahead,
      (name, value) => this.hostedZones.hasCname(name, value),
    );
    this.distributions = new Distributions(accountId, identifiers);
    this.identities = new Identities(this.access, identifiers);
    const { access, buckets, certificates, distributions, hostedZones, identities } = this;
    this.stacks = new Stacks(
      { access, buckets, certificates, distributions, hostedZones, identifiers, identities },
      region,
    );
    const callers = new Callers(({ profile }) =>
      hostedZones.isOfOtherAccount(profile)
        ? { accountId: OTHER_ACCOUNT, arn: `arn:aws:iam::${OTHER_ACCOUNT}:user/grace` }
        : { accountId, arn: access.callerArn },
    );
    this.switchboard = new Switchboard(
      {
        acm: certificates.operations,
        cloudformation: this.stacks.operations,
        cloudfront: distributions.operations,
        iam: identities.operations,
        route53: hostedZones.operations,
        s3: buckets.operations,
        sts: callers.operations,
      },
      (call) => access.refusal(call),
    );
  }

  /** Every call so far, in order; those that failed too. */
  get calls(): Call[] {
    return this.switchboard.calls;
  }

  /** @returns actions of the calls so far, in order */
  get actions(): string[] {
    return this.calls.map(({ action }) => action);
  }

  /** Takes a permission away from the caller, and so from the stacks that it makes: `s3:CreateBucket`. */
  deny(action: string): void {
    this.access.deny(action);
  }

  /** Gives a permission back. */
  allow(action: string): void {
    this.access.allow(action);
  }

  /** Answers the next calls that need the action as AWS does when the SDK has tried often enough. */
  throttle(action: string, times: number): void {
    this.switchboard.throttle(action, times);
  }

  /** Answers the next calls that need the action with these answers, one each, in place of the account's own. */
  answerNext(action: string, ...answers: OddAnswer[]): void {
    this.switchboard.answerNext(action, answers);
  }

  /**
   * Does something when so many more calls were answered.
   *
   * @param interrupt may throw, and then the call fails with it: the answer was lost, what was asked for is done
   */
  interruptAfter(count: number, interrupt: () => void): void {
    this.switchboard.interruptAfter(count, interrupt);
  }

  /** Lets a resource fail the next time that a stack makes, changes or deletes it; twice, to fail in the rollback too. */
  failResource(logicalId: string, reason: string): void {
    this.stacks.failures.push({ logicalId, reason });
  }

  /** Somebody changes a resource of a stack by hand; without differences, deletes it. */
  drift(stackName: string, logicalId: string, differences?: PropertyDifference[]): void {
    const stack = this.stacks.get(stackName);
    if (!stack) {
      throw new Error(`There is no stack ${stackName}.`);
    }
    this.stacks.drift(stack, logicalId, differences);
  }

  /** Lets time pass for certificates. */
  advance({ hours }: { hours: number }): void {
    this.ahead += hours * 3_600_000;
  }

  /** @returns what happened to the last stack of a name, oldest first: `Bucket CREATE_COMPLETE` */
  history(stackName: string): string[] {
    const stack = this.stacks.all.findLast(({ name }) => name === stackName);
    return (stack?.events ?? []).map(
      ({ LogicalResourceId, ResourceStatus }: StackEvent) => `${LogicalResourceId} ${ResourceStatus}`,
    );
  }

  /**
   * Gives the clients back to AWS.
   *
   * @throws Error when a command was sent that the account does not know
   */
  restore(): void {
    this.switchboard.restore();
  }
}
