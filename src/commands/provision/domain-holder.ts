import {
  type DomainConflict,
  paginateListDistributions,
  paginateListDomainConflicts,
} from '@aws-sdk/client-cloudfront';
import type { Aws } from '../../aws/sign-in';
import type { Stack } from '../../aws/stack-state';
import type { Problem } from './problem';
import type { Settings } from './settings';

/** Another distribution of the account that has the domain. */
export interface Holder {
  id: string;
  comment: string;
}

/**
 * Finds the other distribution of the account that has the domain. CloudFront allows a name only once.
 *
 * @param ownId ID of the stack's distribution, if there is one
 */
export async function findHolder(
  { cloudFront }: Aws,
  domain: string,
  ownId: string | undefined,
): Promise<Holder | undefined> {
  for await (const { DistributionList } of paginateListDistributions({ client: cloudFront }, {})) {
    for (const { Id: id = '', Aliases, Comment: comment = '' } of DistributionList?.Items ?? []) {
      if (id !== ownId && Aliases?.Items?.includes(domain)) {
        return { id, comment };
      }
    }
  }
  return undefined;
}

/** Returns the distribution that has the domain. If it is in another account, its IDs are masked. */
export async function findConflict(
  { cloudFront }: Aws,
  domain: string,
  id: string,
): Promise<DomainConflict | undefined> {
  for await (const { DomainConflicts = [] } of paginateListDomainConflicts(
    { client: cloudFront },
    { Domain: domain, DomainControlValidationResource: { DistributionId: id } },
  )) {
    const conflict = DomainConflicts.find(({ Domain }) => Domain === domain);
    if (conflict) {
      return conflict;
    }
  }
  return undefined;
}

/**
 * Returns whether a stack has the domain but its distribution lost it. An update of the stack does not restore it then.
 */
export const hasLost = (stack: Stack | undefined, domain: string, hasDomain: boolean): boolean =>
  stack?.parameters.Domain === domain && stack.parameters.DomainIsElsewhere !== 'true' && !hasDomain;

/** Returns the problem of `--move-domain` for a domain that no distribution has. */
export const problemOfNoHolder = (domain: string, stack: Stack): Problem => ({
  check: 'alias',
  refuses: true,
  cause: `--move-domain: no CloudFront distribution has ${domain}, so there is nothing to move. The stack ${stack.name} includes it, but it was removed from the distribution ${stack.outputs.DistributionId} outside of CloudFormation.`,
  cure: `Add it to this distribution again (console: CloudFront → ${stack.outputs.DistributionId} → General → Edit → Alternate domain names), then run the command without --move-domain.`,
});

/**
 * Returns the problem of a domain that another distribution has.
 *
 * @param holder undefined for one in another account
 * @param refuses whether the stack cannot be built or updated with the domain
 */
export function problemOfHolder(domain: string, holder: Holder | undefined, refuses: boolean): Problem {
  return {
    check: 'alias',
    refuses,
    cause: holder
      ? `${domain} is an alternate domain name of the distribution ${holder.id}${holder.comment ? ` ("${holder.comment}")` : ''}.`
      : `The stack was built without ${domain}, which another distribution has.`,
    cure: 'Add --move-domain to move it here without an outage, or choose another --domain.',
  };
}

/**
 * How a run handles a domain that another distribution has or had:
 * - `none`: nothing to do
 * - `waits`: the stack stays without the domain, which this run does not move
 * - `after-build`: the stack is built or updated without the domain, which then moves to it
 * - `now`: the domain moves before the stack is updated, because the stack already includes it
 * - `finish`: an earlier run moved the domain, but the stack does not include it yet
 * - `records`: an earlier run moved the domain, but its records still point to another distribution
 */
export type DomainMove = 'none' | 'waits' | 'after-build' | 'now' | 'finish' | 'records';

/**
 * Returns how this run handles the domain.
 *
 * @param stack the current stack
 * @param holder another distribution of the account that has the domain
 * @param hasDomain whether the stack's distribution has it
 * @param isTaken whether a distribution of another account is known to have it
 * @param leadsElsewhere whether the zone has records for it that point to another distribution
 */
export function domainMoveOf(
  { domain, movesDomain }: Settings,
  stack: Stack | undefined,
  holder: Holder | undefined,
  { hasDomain, isTaken, leadsElsewhere }: { hasDomain: boolean; isTaken: boolean; leadsElsewhere: boolean },
): DomainMove {
  const isBuilt = stack?.parameters.Domain === domain;
  const isWithout = isBuilt && stack.parameters.DomainIsElsewhere === 'true';
  if (isBuilt && hasDomain) {
    return isWithout ? 'finish' : movesDomain && leadsElsewhere ? 'records' : 'none';
  }
  if (!movesDomain) {
    return isWithout ? 'waits' : 'none';
  }
  if (isBuilt && !isWithout) {
    return holder || isTaken ? 'now' : 'none';
  }
  return 'after-build';
}
