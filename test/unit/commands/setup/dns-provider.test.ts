import { dnsProviderOf } from '../../../../src/commands/setup/dns-provider';
import { type NameRecords, resolverOf } from '../../../support/resolver';

/** Asks for the provider of a blog whose zone has these records. */
const providerOf = (records: NameRecords) =>
  dnsProviderOf(resolverOf({ 'blog.example.com': { A: ['192.0.2.1'] }, 'example.com': records }), 'blog.example.com');

describe('the DNS provider of a blog', () => {
  test.each<[string, string[]]>([
    ['Route 53', ['ns-123.awsdns-12.co.uk', 'ns-42.awsdns-05.com', 'ns-912.awsdns-50.net', 'ns-1277.awsdns-31.org']],
    ['Cloudflare', ['abby.ns.cloudflare.com', 'clark.ns.cloudflare.com']],
    ['GoDaddy', ['ns59.domaincontrol.com', 'ns60.domaincontrol.com']],
    ['Namecheap', ['dns1.registrar-servers.com', 'dns2.registrar-servers.com']],
    ['Google Cloud DNS or Squarespace', ['ns-cloud-a1.googledomains.com', 'ns-cloud-a2.googledomains.com']],
    ['Squarespace', ['nsd1.squarespacedns.com', 'nsd2.squarespacedns.com']],
    ['DigitalOcean', ['ns1.digitalocean.com', 'ns2.digitalocean.com', 'ns3.digitalocean.com']],
    ['Hetzner', ['hydrogen.ns.hetzner.com', 'oxygen.ns.hetzner.com', 'helium.ns.hetzner.de']],
    ['Hetzner', ['ns1.your-server.de', 'ns.second-ns.com', 'ns3.second-ns.de']],
    ['Hetzner', ['ns1.first-ns.de', 'robotns2.second-ns.de', 'robotns3.second-ns.com']],
    ['OVHcloud', ['dns10.ovh.net', 'ns10.ovh.net']],
    ['OVHcloud', ['dns10.ovh.ca', 'ns10.ovh.ca']],
    ['OVHcloud', ['dns200.anycast.me', 'ns200.anycast.me']],
    ['Gandi', ['ns-15-a.gandi.net', 'ns-42-b.gandi.net', 'ns-201-c.gandi.net']],
    ['IONOS', ['ns1098.ui-dns.biz', 'ns1106.ui-dns.com', 'ns1109.ui-dns.org', 'ns1110.ui-dns.de']],
    ['Porkbun', ['curitiba.ns.porkbun.com', 'maceio.ns.porkbun.com']],
    ['Akamai (Linode)', ['ns1.linode.com', 'ns2.linode.com']],
    ['Vultr', ['ns1.vultr.com', 'ns2.vultr.com']],
    ['Azure DNS', ['ns1-01.azure-dns.com', 'ns2-01.azure-dns.net', 'ns3-01.azure-dns.org', 'ns4-01.azure-dns.info']],
    ['DNSimple', ['ns1.dnsimple.com', 'ns2.dnsimple-edge.net', 'ns3.dnsimple.com', 'ns4.dnsimple-edge.org']],
    ['NS1 or Netlify', ['dns1.p03.nsone.net', 'dns2.p03.nsone.net']],
  ])('is called %s with the name servers %j', async (name, servers) => {
    expect(await providerOf({ SOA: true, NS: servers })).toBe(name);
    // As some servers write them.
    const written = servers.map((server) => `${server.toUpperCase()}.`);
    expect(await providerOf({ SOA: true, NS: written })).toBe(name);
  });

  test.each([
    [['ns1.small-host.example', 'ns2.small-host.example']],
    // A name that only contains that of a provider.
    [['ns1.ns.cloudflare.com.example.net']],
    [['ns-1.awsdns-01.com.example.net']],
    [['ns1.not-digitalocean.com']],
    // The zone is changed on the first server, from which those of the provider copy it.
    [['ns1.example.com', 'robotns2.second-ns.de', 'robotns3.second-ns.com']],
    [['ns1.example.com', 'sdns2.ovh.net']],
  ])('is shown by its first server where it is unknown: %j', async (servers) => {
    expect(await providerOf({ SOA: true, NS: servers })).toBe(servers[0]);
  });

  test.each<[string, NameRecords]>([
    ['has no zone', {}],
    ['does not answer', { fails: 'ETIMEOUT' }],
    ['fails', { fails: 'ESERVFAIL' }],
    ['has no name servers', { SOA: true }],
    ['shows only a private zone', { SOA: true, NS: ['ns-0.awsdns-00.com', 'ns-512.awsdns-00.net'] }],
  ])('is unknown where DNS %s', async (_, records) => {
    expect(await providerOf(records)).toBeUndefined();
  });

  test('is unknown where DNS names the zone, and does not answer for its name servers', async () => {
    const resolver = resolverOf({ 'example.com': { SOA: true, NS: ['ns1.digitalocean.com'] } });
    resolver.resolveNs = () => Promise.reject(Object.assign(new Error('query'), { code: 'ETIMEOUT' }));
    expect(await dnsProviderOf(resolver, 'example.com')).toBeUndefined();
  });
});
