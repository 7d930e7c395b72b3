import { ifUnanswered, nameServersOf, type Resolver, zoneOf } from '../provision/dns/live-dns';

/** The name servers of well-known DNS providers, as their documentation lists them. */
const PROVIDERS: [pattern: RegExp, name: string][] = [
  [/\.awsdns-\d+\.(com|net|org|co\.uk)$/, 'Route 53'],
  [/\.ns\.cloudflare\.com$/, 'Cloudflare'],
  [/\.domaincontrol\.com$/, 'GoDaddy'],
  [/\.registrar-servers\.com$/, 'Namecheap'],
  // Squarespace took over the zones of Google Domains with their servers, which Google Cloud also uses.
  [/\.googledomains\.com$/, 'Google Cloud DNS or Squarespace'],
  [/\.squarespacedns\.com$/, 'Squarespace'],
  [/\.digitalocean\.com$/, 'DigitalOcean'],
  [/\.hetzner\.(com|de)$|\.your-server\.de$|\.first-ns\.de$|\.second-ns\.(com|de)$/, 'Hetzner'],
  [/\.ovh\.(net|ca)$|\.anycast\.me$/, 'OVHcloud'],
  [/\.gandi\.net$/, 'Gandi'],
  [/\.ui-dns\.(com|de|org|biz)$/, 'IONOS'],
  [/\.ns\.porkbun\.com$/, 'Porkbun'],
  [/\.linode\.com$/, 'Akamai (Linode)'],
  [/\.vultr\.com$/, 'Vultr'],
  [/\.azure-dns\.(com|net|org|info)$/, 'Azure DNS'],
  [/\.dnsimple\.com$|\.dnsimple-edge\.(net|org)$/, 'DNSimple'],
  // Netlify's zones are on NS1's servers.
  [/\.nsone\.net$/, 'NS1 or Netlify'],
];

/**
 * Returns the DNS provider of a host name. A provider is named only when all servers are its own, since it may be the
 * secondary for a zone that is changed elsewhere.
 *
 * @returns `Cloudflare`, or a name server of an unknown provider; undefined when DNS does not answer
 */
export async function dnsProviderOf(resolver: Resolver, host: string): Promise<string | undefined> {
  const zone = await zoneOf(resolver, host);
  if (zone === undefined) {
    return undefined;
  }
  const servers = await nameServersOf(resolver, zone).catch(ifUnanswered<string[]>([]));
  const [first] = servers;
  const [, name] = PROVIDERS.find(([pattern]) => servers.every((server) => pattern.test(server))) ?? [];
  return first && (name ?? first);
}
