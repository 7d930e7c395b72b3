import type { ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import { pointsToDistribution, recordPointsTo, recordsAt } from './records';
import type { Problem } from '../problem';
import type { HostedZone } from './hosted-zone';
import {
  answerOf,
  cnamesOf,
  isDistribution,
  isInside,
  isZone,
  nameServersOf,
  plainName,
  pointsTo,
  shareAddress,
  Unanswered,
  withParents,
  type Resolver,
} from './live-dns';

/** DNS providers that can point the apex of a zone to another name. */
export const APEX_ALIAS_PROVIDERS: { provider: string; recordType: string; nameServers: string[] }[] = [
  { provider: 'Cloudflare', recordType: 'CNAME', nameServers: ['ns.cloudflare.com'] },
  {
    provider: 'DNSimple',
    recordType: 'ALIAS',
    nameServers: ['dnsimple.com', 'dnsimple-edge.net', 'dnsimple-edge.org'],
  },
  { provider: 'DNS Made Easy', recordType: 'ANAME', nameServers: ['dnsmadeeasy.com'] },
  { provider: 'NS1', recordType: 'ALIAS', nameServers: ['nsone.net'] },
  { provider: 'Porkbun', recordType: 'ALIAS', nameServers: ['ns.porkbun.com'] },
  { provider: 'Namecheap', recordType: 'ALIAS', nameServers: ['registrar-servers.com'] },
  { provider: 'Gandi', recordType: 'ALIAS', nameServers: ['gandi.net'] },
  { provider: 'easyDNS', recordType: 'ANAME', nameServers: ['easydns.com', 'easydns.net', 'easydns.org'] },
];

/** The advice when DNS did not answer a query about the certificate. */
export const CHECK_NETWORK = 'Check the network and the name servers of this machine if the certificate is not issued.';

/** Record types that prevent an alias to the distribution. */
const CONFLICTING_TYPES = ['A', 'AAAA', 'CNAME', 'HTTPS'];

/**
 * Checks that the domain uses the zone's name servers. Otherwise the records in the zone have no effect, and the
 * certificate is never validated.
 */
export function checkDelegation(resolver: Resolver, zone: HostedZone): Promise<Problem | undefined> {
  const unchecked = `If the certificate is not issued, check that ${zone.name} has these name servers at your registrar: ${zone.nameServers.join(', ')}.`;
  return checked('delegation', `the name servers of ${zone.name}`, unchecked, async () => {
    const live = await nameServersOf(resolver, zone.name);
    const strangers = live.filter((server) => !zone.nameServers.includes(server));
    if (live.length > 0 && strangers.length === 0) {
      return undefined;
    }
    const cure =
      `Set these name servers for ${zone.name} at your registrar: ${zone.nameServers.join(', ')}. ` +
      'If the domain uses another zone, pass it with --hosted-zone (in another account: with --dns-profile). ' +
      'If its DNS is at another provider, use --hosted-zone none.';
    if (live.length === 0) {
      return { refuses: true, cause: `${zone.name} is not delegated to any name server.`, cure };
    }
    if (strangers.length < live.length) {
      const cause = `Some name servers of ${zone.name} do not belong to the zone ${zone.id}: ${strangers.join(', ')}.`;
      return { refuses: false, cause, cure };
    }
    // A zone may have custom names for its servers:
    // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/white-label-name-servers.html
    if (await shareAddress(resolver, live, zone.nameServers)) {
      return undefined;
    }
    const cause = `The name servers of ${zone.name} (${live.join(', ')}) are not those of the zone ${zone.id}, so records in this zone have no effect.`;
    return { refuses: true, cause, cure };
  });
}

/**
 * Checks that the stack can create the domain's records in the zone: there are no conflicting records, and the zone
 * does not delegate the domain or one of its parents to other name servers.
 *
 * @param distributionDomainName the stack's distribution, if there is one: `d111111abcdef8.cloudfront.net`
 * @param isMoving whether records of another distribution move to this one
 */
export async function checkExistingRecords(
  route53: Route53Client,
  zone: HostedZone,
  domain: string,
  distributionDomainName?: string,
  isMoving = false,
): Promise<Problem | undefined> {
  const check = 'existing record';
  const names = withParents(plainName(domain)).filter((name) => isInside(zone.name, name));
  const found = (await Promise.all(names.map((name) => recordsAt(route53, zone, name)))).flat();
  // The highest delegation applies, since it hides those below it.
  const delegation = found.findLast(({ Name = '', Type }) => Type === 'NS' && plainName(Name) !== zone.name);
  if (delegation) {
    const subZone = plainName(delegation.Name ?? '');
    return {
      check,
      refuses: true,
      cause: `The zone ${zone.name} (${zone.id}) delegates ${subZone} to other name servers: ${valuesOf(delegation)}. Its own records for ${domain} have no effect.`,
      cure:
        `Pass the zone of ${subZone} itself with --hosted-zone (in another account: with --dns-profile). If its DNS is at ` +
        'another provider, use --hosted-zone none. Or delete the NS record.',
    };
  }
  const conflicts = found.filter(
    (record) =>
      plainName(record.Name ?? '') === plainName(domain) &&
      CONFLICTING_TYPES.includes(record.Type ?? '') &&
      !(distributionDomainName && recordPointsTo(record, distributionDomainName)) &&
      !(isMoving && pointsToDistribution(record)),
  );
  if (conflicts.length === 0) {
    return undefined;
  }
  const isServed = conflicts.some(pointsToDistribution);
  const lines = conflicts.map((record) => `${domain} ${record.Type} ${valuesOf(record)}`);
  return {
    check,
    refuses: true,
    cause: `The zone ${zone.name} (${zone.id}) already has records for ${domain}.`,
    cure:
      (isServed
        ? 'If another distribution serves the domain, --move-domain moves it without an outage. Otherwise: '
        : '') +
      `Delete these records if nothing needs them, or use another domain: ${lines.join('; ')}. With --hosted-zone none ` +
      'they stay, and you create the record for the domain yourself.',
  };
}

/**
 * Checks that a domain outside of Route 53 is not the apex of its zone, where DNS allows no CNAME: it can point to the
 * distribution only if the provider has a special record type for that.
 */
export function checkApex(resolver: Resolver, domain: string): Promise<Problem | undefined> {
  return checked('apex', `whether ${domain} is the apex of its zone`, CHECK_NETWORK, async () => {
    if (!(await isZone(resolver, domain))) {
      return undefined;
    }
    const nameServers = await nameServersOf(resolver, domain);
    const cause = `${domain} is the apex of its zone, where DNS allows no CNAME.`;
    const better = `A subdomain such as images.${domain} needs none of this.`;
    if (nameServers.some((server) => /\.awsdns-\d+\./.test(server))) {
      const cure = `Its zone is in Route 53 in another account. Use a profile of that account with --dns-profile, or create the alias records there by hand. ${better}`;
      return { refuses: false, cause, cure };
    }
    const known = APEX_ALIAS_PROVIDERS.find((candidate) =>
      candidate.nameServers.some((suffix) => nameServers.some((server) => server.endsWith(`.${suffix}`))),
    );
    if (known) {
      const type = known.recordType === 'CNAME' ? 'CNAME, which it flattens' : known.recordType;
      const cure = `At ${known.provider}, use the record type ${type} for the record that is shown at the end. ${better}`;
      return { refuses: false, cause, cure };
    }
    const cure = `Use a subdomain such as images.${domain}, or move the zone to Route 53 or another provider with ALIAS or ANAME records.`;
    return { refuses: true, cause, cure };
  });
}

/**
 * Checks that a domain outside of Route 53 does not point elsewhere. CloudFront may refuse a domain that points to
 * another distribution.
 *
 * @param distributionDomainName the stack's distribution, if there is one: `d111111abcdef8.cloudfront.net`
 * @returns a warning, since only the user can change the record
 * @see
 *   https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html#alternate-domain-names-restrictions
 */
export function checkLiveRecord(
  resolver: Resolver,
  domain: string,
  distributionDomainName: string | undefined,
): Promise<Problem | undefined> {
  const unchecked = `Check at your DNS provider whether ${domain} already has a record. You have to replace it at the end.`;
  return checked('live record', `where ${domain} points`, unchecked, async () => {
    if (distributionDomainName && (await pointsTo(resolver, domain, distributionDomainName))) {
      return undefined;
    }
    const targets = await cnamesOf(resolver, domain);
    const foreign = targets.find(isDistribution);
    if (foreign) {
      return {
        refuses: false,
        cause: `${domain} points to another CloudFront distribution, ${foreign}. CloudFront may refuse to serve the domain from a new one.`,
        cure: 'Add --move-domain to move the domain without an outage, or remove that record at your DNS provider first.',
      };
    }
    const addresses = (await answerOf(resolver.resolve4(domain))) ?? [];
    const target = targets[0] ?? addresses.join(', ');
    return target
      ? {
          refuses: false,
          cause: `${domain} currently points to ${target}.`,
          cure: 'Visitors go there until you replace that record with the one that is shown at the end.',
        }
      : undefined;
  });
}

/**
 * Runs a check, and returns a warning when DNS does not answer.
 *
 * @param check name of the check, `CAA`
 * @param subject what the query is about, as the object of "could not check"
 * @param unchecked advice for the warning
 */
export async function checked(
  check: string,
  subject: string,
  unchecked: string,
  run: () => Promise<Omit<Problem, 'check'> | undefined>,
): Promise<Problem | undefined> {
  try {
    const problem = await run();
    return problem && { check, ...problem };
  } catch (error) {
    if (!(error instanceof Unanswered)) {
      throw error;
    }
    return {
      check,
      refuses: false,
      cause: `The command could not check ${subject}, because DNS did not answer (${error.message}).`,
      cure: unchecked,
    };
  }
}

function valuesOf({ AliasTarget, ResourceRecords = [] }: ResourceRecordSet): string {
  return AliasTarget
    ? `alias of ${plainName(AliasTarget.DNSName ?? '')}`
    : ResourceRecords.map(({ Value }) => Value).join(', ');
}
