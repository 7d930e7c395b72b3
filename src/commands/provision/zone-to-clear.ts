import { Failure } from '../../shell/failure';
import type { Stack } from '../../aws/stack-state';
import { findHostedZone, type HostedZone } from './dns/hosted-zone';
import { deleteAliases, recordsTo } from './dns/records';
import type { Session } from './session';

/**
 * Finds the zone with records of the domain that are not deleted with the stack: a zone in another account, or one in
 * this account with records to the distribution that do not belong to the stack.
 */
export async function zoneToClear({ aws, resolver }: Session, stack: Stack): Promise<HostedZone | undefined> {
  const { Domain, HostedZoneId } = stack.parameters;
  const { DistributionDomainName: target } = stack.outputs;
  if (!Domain || HostedZoneId || !target) {
    return undefined;
  }
  const find = () => findHostedZone(aws.route53, Domain, undefined, resolver);
  if (aws.dnsElsewhere) {
    return find();
  }
  try {
    const zone = await find();
    return zone && (await recordsTo(aws.route53, zone, Domain, target)).length > 0 ? zone : undefined;
  } catch (error) {
    if (error instanceof Failure) {
      // Without access to Route 53, the record is treated as one at another DNS provider.
      return undefined;
    }
    throw error;
  }
}

/** Deletes the domain's records that point to the distribution. */
export async function deleteRecords(
  { aws, terminal }: Session,
  zone: HostedZone,
  domain: string,
  target: string,
): Promise<void> {
  await terminal.step(`Deleting the records of ${domain}`, () => deleteAliases(aws.route53, zone, domain, target));
}
