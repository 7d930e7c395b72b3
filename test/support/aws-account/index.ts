import path from 'node:path';
import type { PropertyDifference, StackEvent } from '@aws-sdk/client-cloudformation';
import { Access } from './access';
import { Certificates } from './acm';
import { Stacks } from './cloudformation';
import { Distributions } from './cloudfront';
import { Identities } from './iam';
import { Identifiers } from './identifiers';
import type { SentCommand } from './intercept';
import { HostedZones } from './route53';
import { Buckets } from './s3';
import { Switchboard, type Call, type ClientConfig, type OddAnswer } from './switchboard';

export type { Call };
export { validationRecord, type Certificate } from './acm';

/** The ID of the account of zones with a profile. */
const OTHER_ACCOUNT = '210987654321';

export interface AwsAccountOptions {
  /** Twelve digits. */
  accountId?: string;
  callerArn?: string;
  /** The region of buckets and stacks that a test adds. */
  region?: string;
}

/**
 * An AWS account in memory, behind the SDK's clients: one call finds what another has created. It has the services
 * that provisioning uses, with AWS's own errors. Lists come in small pages. Stacks proceed by one event with each look
 * at them; a certificate is issued when it is described after its record was created.
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
  /** How far the account's clock is ahead of the real one, in milliseconds. */
  private ahead = 0;
  private readonly environment = { ...process.env };

  /** Answers the calls of all clients until `restore`. */
  constructor({ accountId = '123456789012', callerArn, region = 'eu-central-1' }: AwsAccountOptions = {}) {
    // Profiles are those of the tests.
    process.env.AWS_CONFIG_FILE = path.join(__dirname, 'profiles');
    process.env.AWS_SHARED_CREDENTIALS_FILE = process.env.AWS_CONFIG_FILE;
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
    // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    const GetCallerIdentity = (_input: object, { profile }: ClientConfig) =>
      hostedZones.isOfOtherAccount(profile)
        ? { Account: OTHER_ACCOUNT, Arn: `arn:aws:iam::${OTHER_ACCOUNT}:user/grace` }
        : { Account: accountId, Arn: access.callerArn };
    this.switchboard = new Switchboard(
      {
        acm: certificates.operations,
        cloudformation: this.stacks.operations,
        cloudfront: distributions.operations,
        iam: identities.operations,
        route53: hostedZones.operations,
        s3: buckets.operations,
        sts: { GetCallerIdentity },
      },
      (call) => access.refusal(call),
    );
  }

  /** Every call so far, in order, with the failed ones. */
  get calls(): Call[] {
    return this.switchboard.calls;
  }

  /** The actions of the calls so far, in order. */
  get actions(): string[] {
    return this.calls.map(({ action }) => action);
  }

  /** Carries out a command of another process. */
  receive(command: SentCommand): object {
    return this.switchboard.receive(command);
  }

  /** Takes a permission away from the caller and its stacks: `s3:CreateBucket`. */
  deny(action: string): void {
    this.access.deny(action);
  }

  /** Gives a permission back. */
  allow(action: string): void {
    this.access.allow(action);
  }

  /** Throttles the next calls that need the action, beyond the SDK's own retries. */
  throttle(action: string, times: number): void {
    this.switchboard.throttle(action, times);
  }

  /** Answers the next calls that need the action with these answers, one each, in place of the account's own. */
  answerNext(action: string, ...answers: OddAnswer[]): void {
    this.switchboard.answerNext(action, answers);
  }

  /**
   * Does something after a number of further calls.
   *
   * @param interrupt may throw: then the call fails after it was carried out, as if its answer was lost
   */
  interruptAfter(count: number, interrupt: () => void): void {
    this.switchboard.interruptAfter(count, interrupt);
  }

  /** Has a resource fail the next time that a stack creates, changes or deletes it; twice, to fail in the rollback too. */
  failResource(logicalId: string, reason: string): void {
    this.stacks.failures.push({ logicalId, reason });
  }

  /** Changes a resource of a stack by hand; without differences, deletes it. */
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

  /** Returns the events of the last stack of a name, oldest first: `Bucket CREATE_COMPLETE`. */
  history(stackName: string): string[] {
    const stack = this.stacks.all.findLast(({ name }) => name === stackName);
    return (stack?.events ?? []).map(
      ({ LogicalResourceId, ResourceStatus }: StackEvent) => `${LogicalResourceId} ${ResourceStatus}`,
    );
  }

  /**
   * Gives the clients back to AWS.
   *
   * @throws Error when the account does not have a command that was sent
   */
  restore(): void {
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) {
      const before = this.environment[name];
      if (before === undefined) {
        delete process.env[name];
      } else {
        process.env[name] = before;
      }
    }
    this.switchboard.restore();
  }
}
