import {
  ChangeResourceRecordSetsCommand,
  ListResourceRecordSetsCommand,
  type Change,
  type ListResourceRecordSetsRequest,
  type ListResourceRecordSetsResponse,
  type ResourceRecordSet,
  type Route53Client,
  type RRType,
} from '@aws-sdk/client-route-53';
import { Failure } from '../../../shell/failure';
import type { ValidationRecord } from '../certificate/validation';
import type { HostedZone } from './hosted-zone';
import { isDistribution, isInside, plainName } from './live-dns';

/**
 * The hosted zone of every distribution: https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
 */
const CLOUDFRONT_ZONE_ID = 'Z2FDTNDATAQYW2';

/** The types of the alias records. The HTTPS record lets browsers start with HTTP/3. */
const ALIAS_TYPES: RRType[] = ['A', 'AAAA', 'HTTPS'];

/** The TTL (s) of the record that validates a certificate. */
const VALIDATION_TTL_SECONDS = 300;

/**
 * Creates the CNAME that ACM needs to validate and renew a certificate.
 *
 * @throws Failure when the record is outside of the zone, or when the zone has a different CNAME with that name
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
      `The record that validates the certificate, ${plainName(name)}, does not belong in the zone ${zone.name} (${zone.id}).`,
      `Create this record in the parent zone of ${zone.name}, then run the command again: ${asLine}`,
    );
  }
  const existing = (await recordsAt(route53, zone, name)).find(({ Type }) => Type === 'CNAME');
  const values = existing?.ResourceRecords?.map(({ Value = '' }) => plainName(Value)) ?? [];
  if (values.includes(plainName(value))) {
    return;
  }
  if (existing) {
    throw new Failure(
      `The zone ${zone.name} (${zone.id}) already has a different record with the name that validates the certificate: ` +
        `${plainName(name)} CNAME ${values.join(', ') || existing.AliasTarget?.DNSName}`,
      `If no other certificate needs it, replace it with this one, then run the command again: ${asLine}`,
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
 * Points the domain to the distribution when the stack does not manage its records. An existing CNAME to the
 * distribution is kept, since DNS allows no other record next to a CNAME; one to another distribution is replaced.
 *
 * @param distributionDomainName `d111111abcdef8.cloudfront.net`
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
  const replaced = records.filter((record) => record.Type === 'CNAME' && pointsToDistribution(record));
  const AliasTarget = {
    HostedZoneId: CLOUDFRONT_ZONE_ID,
    DNSName: distributionDomainName,
    EvaluateTargetHealth: false,
  };
  // One batch, so that the domain is never without a record.
  await change(route53, zone, [
    ...replaced.map((ResourceRecordSet): Change => ({ Action: 'DELETE', ResourceRecordSet })),
    ...ALIAS_TYPES.map((Type): Change => ({
      Action: 'UPSERT',
      ResourceRecordSet: { Name: domain, Type, AliasTarget },
    })),
  ]);
}

/** Returns whether the zone has records that point the domain to another distribution. */
export async function hasRecordsOfOthers(
  route53: Route53Client,
  zone: HostedZone,
  domain: string,
  distributionDomainName: string | undefined,
): Promise<boolean> {
  return (await recordsAt(route53, zone, domain)).some(
    (record) =>
      pointsToDistribution(record) &&
      !(distributionDomainName !== undefined && recordPointsTo(record, distributionDomainName)),
  );
}

/** Returns whether a record points to a distribution, and is not one of several that Route 53 chooses from. */
export function pointsToDistribution({ AliasTarget, ResourceRecords = [], SetIdentifier, Type }: ResourceRecordSet) {
  const targets = Type === 'CNAME' ? ResourceRecords.map(({ Value = '' }) => Value) : [];
  return SetIdentifier === undefined && [AliasTarget?.DNSName ?? '', ...targets].some(isDistribution);
}

/** Returns the domain's records that point to the distribution. */
export async function recordsTo(
  route53: Route53Client,
  zone: HostedZone,
  domain: string,
  distributionDomainName: string,
): Promise<ResourceRecordSet[]> {
  return (await recordsAt(route53, zone, domain)).filter((record) => recordPointsTo(record, distributionDomainName));
}

/** Deletes the domain's records that point to the distribution, and keeps all others. */
export async function deleteAliases(
  route53: Route53Client,
  zone: HostedZone,
  domain: string,
  distributionDomainName: string,
): Promise<void> {
  const records = await recordsTo(route53, zone, domain, distributionDomainName);
  if (records.length > 0) {
    const changes = records.map((ResourceRecordSet): Change => ({ Action: 'DELETE', ResourceRecordSet }));
    await change(route53, zone, changes);
  }
}

/**
 * Lists the records of one name.
 *
 * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
 */
export async function recordsAt(route53: Route53Client, zone: HostedZone, name: string): Promise<ResourceRecordSet[]> {
  const records: ResourceRecordSet[] = [];
  const isAtName = (recordName = '') => plainName(recordName) === plainName(name);
  let start: Partial<ListResourceRecordSetsRequest> | undefined = { StartRecordName: name };
  while (start) {
    const page: ListResourceRecordSetsResponse = await route53.send(
      new ListResourceRecordSetsCommand({ HostedZoneId: zone.id, ...start }),
    );
    // The list starts at the name and continues with the names after it.
    records.push(...(page.ResourceRecordSets ?? []).filter(({ Name }) => isAtName(Name)));
    const { NextRecordName, NextRecordType: StartRecordType, NextRecordIdentifier: StartRecordIdentifier } = page;
    start =
      page.IsTruncated && isAtName(NextRecordName)
        ? { StartRecordName: NextRecordName, StartRecordType, StartRecordIdentifier }
        : undefined;
  }
  return records;
}

/**
 * Returns whether the zone's records point the domain to the distribution: an alias of type A, or a CNAME.
 *
 * @returns false also when only some of several such records do
 */
export async function zonePointsTo(
  route53: Route53Client,
  zone: HostedZone,
  domain: string,
  distributionDomainName: string,
): Promise<boolean> {
  const records = (await recordsAt(route53, zone, domain)).filter(({ Type }) => Type === 'A' || Type === 'CNAME');
  return records.length > 0 && records.every((record) => recordPointsTo(record, distributionDomainName));
}

/** Returns whether a record points to the distribution, as an alias or a CNAME. */
export function recordPointsTo(record: ResourceRecordSet, distributionDomainName: string): boolean {
  const aliasName = plainName(record.AliasTarget?.DNSName ?? '');
  return aliasName === plainName(distributionDomainName) || isCnameOf(record, distributionDomainName);
}

function isCnameOf({ Type, ResourceRecords = [] }: ResourceRecordSet, distributionDomainName: string): boolean {
  return (
    Type === 'CNAME' && ResourceRecords.some(({ Value = '' }) => plainName(Value) === plainName(distributionDomainName))
  );
}

async function change(route53: Route53Client, zone: HostedZone, Changes: Change[]): Promise<void> {
  await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone.id, ChangeBatch: { Changes } }));
}
