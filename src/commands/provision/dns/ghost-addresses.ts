import { answerOf, ifUnanswered, type Resolver } from './live-dns';

/** The values of the template's parameter GhostIpAddressType, which are CloudFront's. */
export type IpAddressType = 'ipv4' | 'ipv6' | 'dualstack';

/**
 * Finds out how CloudFront can connect to the blog. Without a value in the template, it uses IPv4.
 *
 * @param stored the stack's value
 * @returns `ipv6` for a host without an IPv4 address, `ipv4` for one without an IPv6 address; undefined to keep the
 * stack's value, for example when DNS does not answer
 * @see https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomOriginConfig.html
 */
export async function findIpAddressType(
  resolver: Resolver,
  host: string,
  stored = 'ipv4',
): Promise<IpAddressType | undefined> {
  const found = await Promise.all([answerOf(resolver.resolve4(host)), answerOf(resolver.resolve6(host))]).catch(
    ifUnanswered(undefined),
  );
  const [ipv4, ipv6] = (found ?? []).map((addresses = []) => addresses.length > 0);
  // An owner who chose both keeps both.
  if (ipv4 === ipv6 || stored === 'dualstack') {
    return undefined;
  }
  const needed = ipv6 ? 'ipv6' : 'ipv4';
  return needed === stored ? undefined : needed;
}
