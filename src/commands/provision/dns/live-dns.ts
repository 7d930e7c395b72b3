import type { CaaRecord, SoaRecord } from 'node:dns';

/** The methods of `Resolver` in `node:dns/promises` that are used here. */
export interface Resolver {
  resolveNs(name: string): Promise<string[]>;
  resolveCaa(name: string): Promise<CaaRecord[]>;
  resolveSoa(name: string): Promise<SoaRecord>;
  resolveCname(name: string): Promise<string[]>;
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
  reverse(address: string): Promise<string[]>;
}

/** The error when DNS does not answer: no network, a timeout, a broken server. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** The resolver's error codes for a record that does not exist. */
const NO_RECORD = ['ENOTFOUND', 'ENODATA'];

/** How many CNAMEs to follow. Only misconfigured chains are longer. */
const CNAME_LIMIT = 8;

/** The name servers of all private zones in Route 53. A public zone can have one of them, but never only these. */
const PRIVATE_ZONE_NAME_SERVERS = [
  'ns-0.awsdns-00.com',
  'ns-512.awsdns-00.net',
  'ns-1024.awsdns-00.org',
  'ns-1536.awsdns-00.co.uk',
];

/**
 * Waits for a query.
 *
 * @returns the records; undefined when there are none
 * @throws Unanswered
 */
export async function answerOf<T>(query: Promise<T>): Promise<T | undefined> {
  try {
    return await query;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'no answer';
    if (NO_RECORD.includes(code)) {
      return undefined;
    }
    throw new Unanswered(code, { cause: error });
  }
}

/** Returns a handler for `catch` that turns `Unanswered` into a value. */
export const ifUnanswered =
  <T>(value: T) =>
  (error: unknown): T => {
    if (error instanceof Unanswered) {
      return value;
    }
    throw error;
  };

/**
 * Finds the zone of the domain in public DNS.
 *
 * @returns `example.com`; undefined when there is none, or when DNS does not answer
 */
export async function zoneOf(resolver: Resolver, domain: string): Promise<string | undefined> {
  for (const name of withParents(domain)) {
    const isApex = await isZone(resolver, name).catch(ifUnanswered(undefined));
    if (isApex !== false) {
      return isApex && name;
    }
  }
  return undefined;
}

/**
 * Returns whether the name is the apex of a zone.
 *
 * @throws Unanswered
 */
export async function isZone(resolver: Resolver, name: string): Promise<boolean> {
  if (!(await answerOf(resolver.resolveSoa(name)))) {
    return false;
  }
  // A resolver follows a CNAME, and then returns the SOA of another zone.
  return !(await answerOf(resolver.resolveCname(name)));
}

/**
 * Returns the name servers that the internet uses for a zone.
 *
 * @returns `ns-1.awsdns-01.com`; empty when there is no such zone
 * @throws Unanswered, also inside a VPC where a private zone with that name, or a parent of it, hides the public one
 * @see https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
 */
export async function nameServersOf(resolver: Resolver, zoneName: string): Promise<string[]> {
  for (const name of withParents(zoneName)) {
    const nameServers = ((await answerOf(resolver.resolveNs(name))) ?? []).map(plainName);
    if (nameServers.length > 0) {
      if (nameServers.every((server) => PRIVATE_ZONE_NAME_SERVERS.includes(server))) {
        throw new Unanswered(`the private zone ${name} hides them here`);
      }
      return name === zoneName ? nameServers : [];
    }
  }
  return [];
}

/**
 * Returns whether the domain points to the distribution, with a CNAME or with an alias that has the same addresses.
 *
 * @param distributionDomainName `d111111abcdef8.cloudfront.net`
 * @returns false also when DNS does not answer
 */
export async function pointsTo(resolver: Resolver, domain: string, distributionDomainName: string): Promise<boolean> {
  const isTarget = async () =>
    (await cnamesOf(resolver, domain)).includes(plainName(distributionDomainName)) ||
    (await shareAddress(resolver, [domain], [distributionDomainName]));
  return isTarget().catch(ifUnanswered(false));
}

/**
 * Follows the CNAMEs of a domain, up to the first distribution.
 *
 * @returns their targets in order: `cdn.example.com`, `d111111abcdef8.cloudfront.net`
 * @throws Unanswered
 */
export async function cnamesOf(resolver: Resolver, domain: string): Promise<string[]> {
  const targets: string[] = [];
  let name = domain;
  while (targets.length < CNAME_LIMIT && !isDistribution(name)) {
    const target: string | undefined = (await answerOf(resolver.resolveCname(name)))?.[0];
    if (!target) {
      break;
    }
    name = plainName(target);
    targets.push(name);
  }
  return targets;
}

/** Returns whether a name is one that CloudFront assigns to distributions. */
export function isDistribution(name: string): boolean {
  return plainName(name).endsWith('.cloudfront.net');
}

/**
 * Returns whether one of the hosts has the same IPv4 address as one of the others.
 *
 * @throws Unanswered
 */
export async function shareAddress(resolver: Resolver, hosts: string[], others: string[]): Promise<boolean> {
  const addresses = async (names: string[]) =>
    (await Promise.all(names.map((name) => answerOf(resolver.resolve4(name))))).flatMap((found) => found ?? []);
  const [ours, theirs] = await Promise.all([addresses(hosts), addresses(others)]);
  return ours.some((address) => theirs.includes(address));
}

/** Returns the name and its parent domains, except the top-level domain. */
export function withParents(name: string): string[] {
  const labels = name.split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
}

/** Returns a name for comparison, in lower case and without the final dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** Returns whether a zone with this name can contain the domain. */
export function isInside(zoneName: string, domain: string): boolean {
  return plainName(domain) === plainName(zoneName) || plainName(domain).endsWith(`.${plainName(zoneName)}`);
}
