import {
  ChangeResourceRecordSetsCommand,
  ListResourceRecordSetsCommand,
  type Change,
  type ListResourceRecordSetsCommandInput,
  type ListResourceRecordSetsCommandOutput,
  type ResourceRecordSet,
  type Route53Client,
  type RRType,
} from '@aws-sdk/client-route-53';
import { Failure } from '../../../shell/failure';
import type { ValidationRecord } from '../certificate/validation';
import type { HostedZone } from './hosted-zone';
import { isInside, plainName } from './live-dns';

/** Zone of all distributions: https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html */
const CLOUDFRONT_ZONE_ID = 'Z2FDTNDATAQYW2';

/** HTTPS lets browsers begin with HTTP/3. */
const ALIAS_TYPES: RRType[] = ['A', 'AAAA', 'HTTPS'];

const VALIDATION_TTL_SECONDS = 300;

/**
 * Makes the CNAME by which ACM validates and renews a certificate.
 *
 * @throws Failure, also when the zone cannot hold the record, and when there is another CNAME in its place
 * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
 */
export async function upsertValidationRecord(
  route53: Route53Client,
  zone: HostedZone,
  { name, value }: ValidationRecord,
): Promise<void> {
  const asLine = `${plainName(name)} CNAME ${plainName(value)}`;
  if (!isInside(zone.name, name)) {
    throw new Failure(
      `The record that validates the certificate, ${plainName(name)}, does not belong into the zone ${zone.name} (${zone.id}).`,
      `Make this record where the zone above ${zone.name} is, then run the command again: ${asLine}`,
    );
  }
  const existing = (await recordsAt(route53, zone, name)).find(({ Type }) => Type === 'CNAME');
  const values = existing?.ResourceRecords?.map(({ Value = '' }) => plainName(Value)) ?? [];
  if (values.includes(plainName(value))) {
    return;
  }
  if (existing) {
    throw new Failure(
      `The zone ${zone.name} (${zone.id}) has another record in the place of the one that validates the certificate: ` +
        `${plainName(name)} CNAME ${values.join(', ') || existing.AliasTarget?.DNSName}`,
      `Replace it with this one if no other certificate needs it, then run the command again: ${asLine}`,
    );
  }
  const ResourceRecords = [{ Value: value }];
  await change(route53, zone, [
    {
      Action: 'UPSERT',
      ResourceRecordSet: { Name: name, Type: 'CNAME', TTL: VALIDATION_TTL_SECONDS, ResourceRecords },
    },
  ]);
}

/**
 * Points the domain at the distribution, in a zone that the stack cannot write to. A CNAME that does so stays as it
 * is: DNS allows no other record beside it.
 *
 * @param distributionDomainName `d111111abcdef8.cloudfront.net`
 * @throws Failure
 * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-to-cloudfront-distribution.html
 */
export async function upsertAliases(
  route53: Route53Client,
  zone: HostedZone,
  domain: string,
  distributionDomainName: string,
): Promise<void> {
  const records = await recordsAt(route53, zone, domain);
  if (records.some((record) => isCnameOf(record, distributionDomainName))) {
    return;
  }
  const AliasTarget = {
    HostedZoneId: CLOUDFRONT_ZONE_ID,
    DNSName: distributionDomainName,
    EvaluateTargetHealth: false,
  };
  await change(
    route53,
    zone,
    ALIAS_TYPES.map((Type) => ({ Action: 'UPSERT', ResourceRecordSet: { Name: domain, Type, AliasTarget } })),
  );
}

/** Whether the zone has records that `deleteAliases` would take away. */
export async function hasAliases(
  route53: Route53Client,
  zone: HostedZone,
  domain: string,
  distributionDomainName: string,
): Promise<boolean> {
  return (await recordsAt(route53, zone, domain)).some((record) => standsFor(record, distributionDomainName));
}

/**
 * Takes away the records that point the domain at the distribution, and leaves all others.
 *
 * @param distributionDomainName `d111111abcdef8.cloudfront.net`
 * @throws Failure
 */
export async function deleteAliases(
  route53: Route53Client,
  zone: HostedZone,
  domain: string,
  distributionDomainName: string,
): Promise<void> {
  const aliases = (await recordsAt(route53, zone, domain)).filter((record) =>
    standsFor(record, distributionDomainName),
  );
  if (aliases.length > 0) {
    await change(
      route53,
      zone,
      aliases.map((ResourceRecordSet) => ({ Action: 'DELETE', ResourceRecordSet })),
    );
  }
}

/**
 * All records of one name.
 *
 * @throws Failure
 * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
 */
export async function recordsAt(route53: Route53Client, zone: HostedZone, name: string): Promise<ResourceRecordSet[]> {
  const records: ResourceRecordSet[] = [];
  let input: ListResourceRecordSetsCommandInput | undefined = { HostedZoneId: zone.id, StartRecordName: name };
  while (input) {
    const page: ListResourceRecordSetsCommandOutput = await listPage(route53, input);
    // The list begins with the name and goes on with those that follow it.
    records.push(
      ...(page.ResourceRecordSets ?? []).filter((record) => plainName(record.Name ?? '') === plainName(name)),
    );
    const goesOn = page.IsTruncated && plainName(page.NextRecordName ?? '') === plainName(name);
    input = goesOn
      ? {
          HostedZoneId: zone.id,
          StartRecordName: page.NextRecordName,
          StartRecordType: page.NextRecordType,
          StartRecordIdentifier: page.NextRecordIdentifier,
        }
      : undefined;
  }
  return records;
}

/**
 * Whether visitors of the domain come to the distribution by what the zone has: by an alias for A, or by a CNAME.
 *
 * @param distributionDomainName `d111111abcdef8.cloudfront.net`
 * @returns false also when some of several such records lead elsewhere
 * @throws Failure
 */
export async function leadsTo(
  route53: Route53Client,
  zone: HostedZone,
  domain: string,
  distributionDomainName: string,
): Promise<boolean> {
  const records = (await recordsAt(route53, zone, domain)).filter(({ Type }) => Type === 'A' || Type === 'CNAME');
  return records.length > 0 && records.every((record) => standsFor(record, distributionDomainName));
}

/** Whether a record stands for the distribution: as an alias, or as a CNAME. */
export function standsFor(record: ResourceRecordSet, distributionDomainName: string): boolean {
  return isAliasOf(record, distributionDomainName) || isCnameOf(record, distributionDomainName);
}

function isAliasOf({ AliasTarget }: ResourceRecordSet, distributionDomainName: string): boolean {
  return plainName(AliasTarget?.DNSName ?? '') === plainName(distributionDomainName);
}

function isCnameOf({ Type, ResourceRecords = [] }: ResourceRecordSet, distributionDomainName: string): boolean {
  return (
    Type === 'CNAME' && ResourceRecords.some(({ Value = '' }) => plainName(Value) === plainName(distributionDomainName))
  );
}

function listPage(
  route53: Route53Client,
  input: ListResourceRecordSetsCommandInput,
): Promise<ListResourceRecordSetsCommandOutput> {
  return route53.send(new ListResourceRecordSetsCommand(input));
}

async function change(route53: Route53Client, zone: HostedZone, Changes: Change[]): Promise<void> {
  await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone.id, ChangeBatch: { Changes } }));
}
