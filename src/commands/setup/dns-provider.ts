import { answerOf, nameServersOf, type Resolver, zoneOf } from '../provision/dns/live-dns';

/** The name servers of well-known DNS providers. */
const PROVIDERS: [pattern: RegExp, name: string][] = [
  [/\.awsdns-\d+\./, 'Route 53'],
  [/\.ns\.cloudflare\.com$/, 'Cloudflare'],
  [/\.domaincontrol\.com$/, 'GoDaddy'],
  [/\.registrar-servers\.com$/, 'Namecheap'],
  [/\.googledomains\.com$|\.squarespacedns\.com$/, 'Squarespace'],
  [/\.digitalocean\.com$/, 'DigitalOcean'],
  [/\.hetzner\.(com|de)$|\.first-ns\.de$|\.second-ns\.(com|de)$/, 'Hetzner'],
  [/\.ovh\.net$|\.anycast\.me$/, 'OVHcloud'],
  [/\.gandi\.net$/, 'Gandi'],
  [/\.ui-dns\.(com|de|org|biz)$/, 'IONOS'],
  [/\.porkbun\.com$/, 'Porkbun'],
  [/\.linode\.com$/, 'Akamai (Linode)'],
  [/\.vultr\.com$/, 'Vultr'],
  [/\.azure-dns\./, 'Azure DNS'],
  [/\.dnsimple\.com$/, 'DNSimple'],
  [/\.nsone\.net$/, 'NS1'],
];

/**
 * Returns who serves the zone of a host name.
 *
 * @returns `Cloudflare`, or a name server of an unknown provider; undefined when DNS does not answer
 */
export async function dnsProviderOf(resolver: Resolver, host: string): Promise<string | undefined> {
  const zone = await zoneOf(resolver, host);
  if (zone === undefined) {
    return undefined;
  }
  const servers = await answerOf(nameServersOf(resolver, zone)).catch(() => undefined);
  const [first] = servers ?? [];
  const known = PROVIDERS.find(([pattern]) => servers?.some((server) => pattern.test(server)));
  return known?.[1] ?? first;
}
