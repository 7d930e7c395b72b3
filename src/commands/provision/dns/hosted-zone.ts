import {
  GetHostedZoneCommand,
  paginateListHostedZones,
  type HostedZone as ListedZone,
  type Route53Client,
} from '@aws-sdk/client-route-53';
import { Failure } from '../../../shell/failure';
import { ifUnanswered, isInside, nameServersOf, plainName, type Resolver } from './live-dns';

/** A public hosted zone in Route 53. */
export interface HostedZone {
  /** `Z0123456789ABCDEFGHIJ` */
  id: string;
  /** `example.com`, without a final dot. */
  name: string;
  /** The four name servers that Route 53 assigned to the zone, `ns-1.awsdns-01.com`. */
  nameServers: string[];
}

/**
 * Finds the account's public zone for the domain: the one with the longest name, and among several zones with that
 * name, the one that the domain is delegated to.
 *
 * @param route53 client for the account with the zone
 * @param hostedZoneId value of `--hosted-zone`, `Z0123456789ABCDEFGHIJ` or `/hostedzone/Z0123456789ABCDEFGHIJ`
 * @returns undefined when the account has no such zone
 * @throws Failure when that zone cannot contain the domain, or when it is unclear which zone is live
 * @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html
 */
export async function findHostedZone(
  route53: Route53Client,
  domain: string,
  hostedZoneId: string | undefined,
  resolver: Resolver,
): Promise<HostedZone | undefined> {
  if (hostedZoneId) {
    return namedZone(route53, domain, bareId(hostedZoneId));
  }
  const listed = await listHostedZones(route53).catch((error: unknown) => {
    throw error instanceof Failure ? withoutZone(error) : error;
  });
  const holding = listed.filter(({ Name = '', Config }) => !Config?.PrivateZone && isInside(Name, domain));
  const longest = Math.max(...holding.map(({ Name = '' }) => plainName(Name).length));
  const ids = holding.flatMap(({ Id, Name = '' }) => (Id && plainName(Name).length === longest ? [bareId(Id)] : []));
  const zones = await Promise.all(ids.map(async (id) => (await getZone(route53, id)).zone));
  return zones.length > 1 ? liveZone(resolver, zones) : zones[0];
}

/** Adds a fix for a domain whose zone is not in this account: then the zones need not be listed. */
const withoutZone = ({ message, cure, cause }: Failure) =>
  new Failure(message, `${cure}\nIf the domain's DNS is not in Route 53, add --hosted-zone none`, { cause });

async function namedZone(route53: Route53Client, domain: string, id: string): Promise<HostedZone> {
  const { zone, isPrivate } = await getZone(route53, id).catch((error: unknown) => {
    if (error instanceof Error && ['NoSuchHostedZone', 'InvalidInput'].includes(error.name)) {
      throw new Failure(
        `--hosted-zone: the zone ${id} does not exist in this account.`,
        'Compare it with: aws route53 list-hosted-zones. For a zone in another account, add --dns-profile with a profile ' +
          'of that account.',
        { cause: error },
      );
    }
    throw error;
  });
  if (isPrivate) {
    throw new Failure(
      `--hosted-zone: the zone ${id} (${zone.name}) is private, so the internet cannot see its records.`,
      'Use the public zone of the domain, or leave out --hosted-zone to find it automatically.',
    );
  }
  if (!isInside(zone.name, domain)) {
    throw new Failure(
      `--hosted-zone: the zone ${id} is for ${zone.name}, which does not include ${domain}.`,
      `Use a zone whose name ${domain} ends with, or leave out --hosted-zone to find it automatically.`,
    );
  }
  return zone;
}

async function liveZone(resolver: Resolver, zones: HostedZone[]): Promise<HostedZone> {
  const [{ name }] = zones as [HostedZone];
  const live = await nameServersOf(resolver, name).catch(ifUnanswered<string[]>([]));
  const delegated = zones.filter(({ nameServers }) => nameServers.some((server) => live.includes(server)));
  if (delegated.length === 1 && delegated[0]) {
    return delegated[0];
  }
  throw new Failure(
    `There are several public zones for ${name} in Route 53 (${zones.map(({ id }) => id).join(', ')}), and ` +
      `${live.length > 0 ? `the name servers of the domain (${live.join(', ')}) belong to none or several of them` : 'DNS did not return which of them is in use'}.`,
    'Pass the right one with --hosted-zone. It is the one whose name servers are set at your registrar.',
  );
}

async function listHostedZones(route53: Route53Client): Promise<ListedZone[]> {
  const zones: ListedZone[] = [];
  for await (const { HostedZones = [] } of paginateListHostedZones({ client: route53 }, {})) {
    zones.push(...HostedZones);
  }
  return zones;
}

async function getZone(route53: Route53Client, id: string): Promise<{ zone: HostedZone; isPrivate: boolean }> {
  const { HostedZone: found, DelegationSet } = await route53.send(new GetHostedZoneCommand({ Id: id }));
  return {
    zone: {
      id,
      name: plainName(found?.Name ?? ''),
      nameServers: (DelegationSet?.NameServers ?? []).map(plainName),
    },
    isPrivate: found?.Config?.PrivateZone ?? false,
  };
}

function bareId(id: string): string {
  return id.replace(/^\/?hostedzone\//, '');
}
