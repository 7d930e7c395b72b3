import type { CaaRecord } from 'node:dns';
import type { Problem } from '../problem';
import { checked, CHECK_NETWORK } from './checks';
import { answerOf, plainName, type Resolver, withParents } from './live-dns';

/** Amazon's names in CAA records: https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html */
const AMAZON_ISSUERS = ['amazon.com', 'amazontrust.com', 'awstrust.com', 'amazonaws.com'];

/**
 * Checks that Amazon may issue a certificate. The CAA records of the domain apply, or those of its nearest parent.
 *
 * @param options `wildcard`: whether the certificate also covers the names next to the domain
 * @see https://www.rfc-editor.org/rfc/rfc8659
 */
export function checkCaa(
  resolver: Resolver,
  domain: string,
  { wildcard }: { wildcard: boolean },
): Promise<Problem | undefined> {
  return checked('CAA', `the CAA records of ${domain}`, CHECK_NETWORK, async () => {
    for (const name of wildcard ? withParents(domain).slice(1) : withParents(domain)) {
      const records = await answerOf(resolver.resolveCaa(name));
      if (records && records.length > 0) {
        return judgeCaa(name, records, wildcard);
      }
    }
    return undefined;
  });
}

function judgeCaa(name: string, records: CaaRecord[], wildcard: boolean): Omit<Problem, 'check'> | undefined {
  const tag = wildcard && records.some(({ issuewild }) => issuewild !== undefined) ? 'issuewild' : 'issue';
  const values = records.flatMap((record) => record[tag] ?? []);
  // Parameters follow a semicolon. An empty name before it means that no authority may issue certificates.
  const issuers = values.map((value) => plainName((value.split(';')[0] ?? '').trim()));
  if (issuers.length === 0 || issuers.some((issuer) => AMAZON_ISSUERS.includes(issuer))) {
    return undefined;
  }
  const allowed = issuers.filter(Boolean);
  return {
    refuses: true,
    cause:
      `The CAA records of ${name} allow ${allowed.length > 0 ? `only ${allowed.join(', ')}` : 'nobody'} to issue ` +
      `${wildcard ? 'wildcard certificates' : 'certificates'}, and not Amazon.`,
    cure: `Add this record to them: ${name} CAA 0 ${tag} "amazon.com"`,
  };
}
