import type { CaaRecord, SoaRecord } from 'node:dns';

/** What is used of Node's `Resolver` of `node:dns/promises`. */
export interface Resolver {
  resolveNs(name: string): Promise<string[]>;
  resolveCaa(name: string): Promise<CaaRecord[]>;
  resolveSoa(name: string): Promise<SoaRecord>;
  resolveCname(name: string): Promise<string[]>;
  resolve4(name: string): Promise<string[]>;
}

/** DNS did not say whether there are records: no network, a time-out, a broken server. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** The resolver's words for "there is no such record". */
const NO_RECORD = ['ENOTFOUND', 'ENODATA'];

/** Chains are longer than this by mistake only. */
const CNAME_LIMIT = 8;

/**
 * What Route 53 writes into the NS record of each private zone. A public zone may have one of them, never these alone.
 */
const PRIVATE_ZONE_NAME_SERVERS = [
  'ns-0.awsdns-00.com',
  'ns-512.awsdns-00.net',
  'ns-1024.awsdns-00.org',
  'ns-1536.awsdns-00.co.uk',
];

/**
 * @param query a running query
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

/**
 * Name of the zone that holds the domain, as DNS has it now.
 *
 * @returns `example.com`; undefined when DNS does not answer or knows none
 */
export async function zoneOf(resolver: Resolver, domain: string): Promise<string | undefined> {
  try {
    for (const name of withParents(domain)) {
      if (await isZone(resolver, name)) {
        return name;
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof Unanswered) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Whether the name is the apex of a zone.
 *
 * @throws Unanswered
 */
export async function isZone(resolver: Resolver, name: string): Promise<boolean> {
  if (!(await answerOf(resolver.resolveSoa(name)))) {
    return false;
  }
  // A resolver follows a CNAME, and then tells of another zone.
  return !(await answerOf(resolver.resolveCname(name)));
}

/**
 * The name servers that the internet asks for a zone.
 *
 * @returns `ns-1.awsdns-01.com`; none when there is no such zone
 * @throws Unanswered, also inside a VPC with a private zone of that name or above it, which hides what others see
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
 * Whether visitors of the domain come to the distribution: by CNAME, or by an alias that has its addresses.
 *
 * @param distributionDomainName `d111111abcdef8.cloudfront.net`
 * @returns false also when DNS does not answer
 */
export async function pointsTo(resolver: Resolver, domain: string, distributionDomainName: string): Promise<boolean> {
  try {
    return (
      (await cnamesOf(resolver, domain)).includes(plainName(distributionDomainName)) ||
      (await shareAddress(resolver, [domain], [distributionDomainName]))
    );
  } catch (error) {
    if (error instanceof Unanswered) {
      return false;
    }
    throw error;
  }
}

/**
 * The names that a domain leads to by CNAMEs, one after the other, as far as the first distribution.
 *
 * @returns `cdn.example.com`, `d111111abcdef8.cloudfront.net`
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

/** Whether a name is one that CloudFront has given to a distribution. */
export function isDistribution(name: string): boolean {
  return plainName(name).endsWith('.cloudfront.net');
}

/**
 * Whether one of some hosts is one of the others under another name.
 *
 * @throws Unanswered
 */
export async function shareAddress(resolver: Resolver, hosts: string[], others: string[]): Promise<boolean> {
  const addresses = async (names: string[]) =>
    (await Promise.all(names.map((name) => answerOf(resolver.resolve4(name))))).flatMap((found) => found ?? []);
  const [ours, theirs] = await Promise.all([addresses(hosts), addresses(others)]);
  return ours.some((address) => theirs.includes(address));
}

/** The name and those above it, down to two labels: top-level domains belong to nobody here. */
export function withParents(name: string): string[] {
  const labels = name.split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
}

/** For comparing: lower case, without the final dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** Whether the zone of this name holds the domain, as far as names tell. */
export function isInside(zoneName: string, domain: string): boolean {
  return plainName(domain) === plainName(zoneName) || plainName(domain).endsWith(`.${plainName(zoneName)}`);
}
