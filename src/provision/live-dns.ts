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
 * Whether visitors of the domain come to the distribution: by CNAME, or by an alias that has its addresses.
 *
 * @param distributionDomainName `d111111abcdef8.cloudfront.net`
 * @returns false also when DNS does not answer
 */
export async function pointsTo(resolver: Resolver, domain: string, distributionDomainName: string): Promise<boolean> {
  try {
    let name = domain;
    for (let links = 0; links < CNAME_LIMIT; links += 1) {
      const target: string | undefined = (await answerOf(resolver.resolveCname(name)))?.[0];
      if (!target) {
        break;
      }
      if (plainName(target) === plainName(distributionDomainName)) {
        return true;
      }
      name = target;
    }
    return await shareAddress(resolver, [domain], [distributionDomainName]);
  } catch (error) {
    if (error instanceof Unanswered) {
      return false;
    }
    throw error;
  }
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
