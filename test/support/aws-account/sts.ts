import type { ClientConfig, Operations } from './switchboard';

/** Who calls, by the client that calls. */
export class Callers {
  constructor(private readonly callerOf: (client: ClientConfig) => { accountId: string; arn: string }) {}

  /** @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
  readonly operations: Operations = {
    GetCallerIdentity: (_input: object, client) => {
      const { accountId, arn } = this.callerOf(client);
      return { Account: accountId, Arn: arn, UserId: 'AIDAIOSFODNN7EXAMPLE' };
    },
  };
}
