import { ListResourceRecordSetsCommand, Route53Client, type ResourceRecordSet } from '@aws-sdk/client-route-53';
import { mockClient } from 'aws-sdk-client-mock';
import {
  APEX_ALIAS_PROVIDERS,
  checkApex,
  checkCaa,
  checkDelegation,
  checkExistingRecords,
} from '../../../src/provision/domain-checks';
import { resolverOf } from '../../support/resolver';

const DOMAIN = 'images.example.com';
const ZONE = { id: 'Z1', name: 'example.com', nameServers: ['ns-1.awsdns-01.com', 'ns-2.awsdns-02.net'] };
const DISTRIBUTION = 'd111111abcdef8.cloudfront.net';

describe('The delegation of the zone', () => {
  const delegatedTo = (...NS: string[]) => checkDelegation(resolverOf({ 'example.com': { NS } }), ZONE);

  test('is right when the internet asks its name servers', async () => {
    expect(await delegatedTo('NS-2.awsdns-02.net.', 'ns-1.awsdns-01.com')).toBeUndefined();
  });

  test('refuses when the internet asks others, and says which to set', async () => {
    const finding = await delegatedTo('ns1.other.example', 'ns2.other.example');
    expect(finding).toMatchObject({ check: 'delegation', refuses: true });
    expect(finding?.cause).toContain('ns1.other.example, ns2.other.example');
    expect(finding?.cure).toContain('ns-1.awsdns-01.com, ns-2.awsdns-02.net');
  });

  test('refuses when the domain is not registered or delegated', async () => {
    expect(await checkDelegation(resolverOf({}), ZONE)).toMatchObject({ refuses: true });
  });

  test('warns when some name servers are others', async () => {
    const finding = await delegatedTo('ns-1.awsdns-01.com', 'ns1.other.example');
    expect(finding).toMatchObject({ refuses: false });
    expect(finding?.cause).toContain('ns1.other.example');
    expect(finding?.cause).not.toContain('awsdns');
  });

  test("is right when the zone's name servers go by names of the owner", async () => {
    const resolver = resolverOf({
      'example.com': { NS: ['ns1.example.com'] },
      'ns1.example.com': { A: ['192.0.2.53'] },
      'ns-1.awsdns-01.com': { A: ['192.0.2.53'] },
    });
    expect(await checkDelegation(resolver, ZONE)).toBeUndefined();
  });

  test('warns when DNS does not answer', async () => {
    const finding = await checkDelegation(resolverOf({ 'example.com': { fails: 'ESERVFAIL' } }), ZONE);
    expect(finding).toMatchObject({ check: 'delegation', refuses: false });
    expect(finding?.cause).toContain('ESERVFAIL');
  });
});

describe('CAA', () => {
  const issue = (...issuers: string[]) => issuers.map((issuer) => ({ critical: 0, issue: issuer }));
  const issuewild = (...issuers: string[]) => issuers.map((issuer) => ({ critical: 0, issuewild: issuer }));

  test('lets Amazon issue where there are no records', async () => {
    expect(await checkCaa(resolverOf({}), DOMAIN, { wildcard: false })).toBeUndefined();
  });

  test.each(['amazon.com', 'amazontrust.com', 'awstrust.com', 'amazonaws.com', 'Amazon.com; a=b'])(
    'lets Amazon issue by the name %s',
    async (issuer) => {
      const resolver = resolverOf({ 'example.com': { CAA: issue('letsencrypt.org', issuer) } });
      expect(await checkCaa(resolver, DOMAIN, { wildcard: false })).toBeUndefined();
    },
  );

  test('refuses where only others may issue, and names the record to add', async () => {
    const resolver = resolverOf({ 'example.com': { CAA: issue('letsencrypt.org') } });
    expect(await checkCaa(resolver, DOMAIN, { wildcard: false })).toEqual({
      check: 'CAA',
      refuses: true,
      cause: expect.stringContaining('letsencrypt.org only'),
      cure: expect.stringContaining('example.com CAA 0 issue "amazon.com"'),
    });
  });

  test.each([';', ''])('refuses where nobody may issue: "%s"', async (nobody) => {
    const finding = await checkCaa(resolverOf({ 'example.com': { CAA: issue(nobody) } }), DOMAIN, { wildcard: false });
    expect(finding).toMatchObject({ refuses: true });
    expect(finding?.cause).toContain('nobody');
  });

  test('asks the nearest name that has records, and none above it', async () => {
    const resolver = resolverOf({
      'images.example.com': { CAA: issue('amazon.com') },
      'example.com': { CAA: issue('letsencrypt.org') },
    });
    expect(await checkCaa(resolver, DOMAIN, { wildcard: false })).toBeUndefined();
  });

  test('does not mind records about other things', async () => {
    const CAA = [{ critical: 0, iodef: 'mailto:security@example.com' }, ...issuewild('letsencrypt.org')];
    expect(await checkCaa(resolverOf({ 'example.com': { CAA } }), DOMAIN, { wildcard: false })).toBeUndefined();
  });

  test('of a wildcard is decided by issuewild where there is one', async () => {
    const CAA = [...issue('amazon.com'), ...issuewild('letsencrypt.org')];
    const finding = await checkCaa(resolverOf({ 'example.com': { CAA } }), DOMAIN, { wildcard: true });
    expect(finding).toMatchObject({ refuses: true });
    expect(finding?.cure).toContain('issuewild "amazon.com"');
  });

  test('of a wildcard is decided by issue where there is no issuewild', async () => {
    const resolver = resolverOf({ 'example.com': { CAA: issue('letsencrypt.org') } });
    const finding = await checkCaa(resolver, DOMAIN, { wildcard: true });
    expect(finding?.cure).toContain('0 issue "amazon.com"');
  });

  test('of a wildcard does not ask the domain beside others', async () => {
    const resolver = resolverOf({ 'images.example.com': { CAA: issue('letsencrypt.org') } });
    expect(await checkCaa(resolver, DOMAIN, { wildcard: true })).toBeUndefined();
  });

  test('warns when DNS does not answer', async () => {
    const resolver = resolverOf({ 'images.example.com': { fails: 'ETIMEOUT' } });
    expect(await checkCaa(resolver, DOMAIN, { wildcard: false })).toMatchObject({ check: 'CAA', refuses: false });
  });
});

describe('Records at the domain', () => {
  const route53 = mockClient(Route53Client);
  const client = new Route53Client({ region: 'us-east-1' });
  const alias = (Type: ResourceRecordSet['Type'], target = DISTRIBUTION): ResourceRecordSet => ({
    Name: `${DOMAIN}.`,
    Type,
    AliasTarget: { HostedZoneId: 'Z2FDTNDATAQYW2', DNSName: `${target}.`, EvaluateTargetHealth: false },
  });
  const zoneHas = (...ResourceRecordSets: ResourceRecordSet[]) =>
    route53.on(ListResourceRecordSetsCommand).resolves({ ResourceRecordSets, IsTruncated: false });

  beforeEach(() => route53.reset());

  test('do not hinder when there are none', async () => {
    zoneHas({ Name: 'www.example.com.', Type: 'A', ResourceRecords: [{ Value: '192.0.2.1' }] });
    expect(await checkExistingRecords(client, ZONE, DOMAIN)).toBeUndefined();
  });

  test.each([
    ['A', '192.0.2.1'],
    ['AAAA', '2001:db8::1'],
    ['CNAME', 'old.example.net'],
    ['HTTPS', '1 .'],
  ] as const)('refuse with an %s record, which is shown', async (Type, Value) => {
    zoneHas({ Name: `${DOMAIN}.`, Type, TTL: 300, ResourceRecords: [{ Value }] });
    const finding = await checkExistingRecords(client, ZONE, DOMAIN);
    expect(finding).toMatchObject({ check: 'existing record', refuses: true });
    expect(finding?.cure).toContain(`${DOMAIN} ${Type} ${Value}`);
  });

  test('refuse with an alias to something else', async () => {
    zoneHas(alias('A', 'd999.cloudfront.net'));
    expect((await checkExistingRecords(client, ZONE, DOMAIN, DISTRIBUTION))?.cure).toContain(
      `${DOMAIN} A alias of d999.cloudfront.net`,
    );
  });

  test('do not hinder when they are the aliases to our distribution', async () => {
    zoneHas(alias('A'), alias('AAAA'), alias('HTTPS'));
    expect(await checkExistingRecords(client, ZONE, DOMAIN, DISTRIBUTION)).toBeUndefined();
  });

  test('do not hinder when they are about mail and text', async () => {
    zoneHas({ Name: `${DOMAIN}.`, Type: 'TXT', TTL: 300, ResourceRecords: [{ Value: '"text"' }] });
    expect(await checkExistingRecords(client, ZONE, DOMAIN)).toBeUndefined();
  });

  test('refuse when the domain is delegated to another zone', async () => {
    zoneHas({ Name: `${DOMAIN}.`, Type: 'NS', TTL: 300, ResourceRecords: [{ Value: 'ns1.other.example.' }] });
    const finding = await checkExistingRecords(client, ZONE, DOMAIN);
    expect(finding).toMatchObject({ refuses: true });
    expect(finding?.cause).toContain('ns1.other.example');
  });

  test('do not hinder at the apex, where the zone has its own NS record', async () => {
    zoneHas({ Name: 'example.com.', Type: 'NS', TTL: 300, ResourceRecords: [{ Value: 'ns-1.awsdns-01.com.' }] });
    expect(await checkExistingRecords(client, ZONE, 'example.com')).toBeUndefined();
  });
});

describe('A domain outside of Route 53', () => {
  test('may be a sub-domain anywhere', async () => {
    const resolver = resolverOf({ 'example.com': { SOA: true, NS: ['ns1.other.example'] } });
    expect(await checkApex(resolver, DOMAIN)).toBeUndefined();
  });

  test('may not be the apex of its zone; a sub-domain is recommended', async () => {
    const resolver = resolverOf({ 'example.com': { SOA: true, NS: ['ns1.other.example'] } });
    const finding = await checkApex(resolver, 'example.com');
    expect(finding).toMatchObject({ check: 'apex', refuses: true });
    expect(finding?.cure).toContain('images.example.com');
  });

  test.each(APEX_ALIAS_PROVIDERS.flatMap((known) => known.nameServers.map((suffix) => [suffix, known] as const)))(
    'may be the apex on the name servers of %s, with the record type of the provider',
    async (suffix, { provider, recordType }) => {
      const resolver = resolverOf({ 'example.com': { SOA: true, NS: [`Ada.${suffix}.`] } });
      const finding = await checkApex(resolver, 'example.com');
      expect(finding).toMatchObject({ refuses: false });
      expect(finding?.cure).toContain(`At ${provider}, use the record type ${recordType}`);
    },
  );

  test('is not taken for one of a provider whose name it only ends with', async () => {
    const resolver = resolverOf({ 'example.com': { SOA: true, NS: ['ns1.notgandi.net'] } });
    expect(await checkApex(resolver, 'example.com')).toMatchObject({ refuses: true });
  });

  test('may be the apex of a zone in another account of Route 53', async () => {
    const resolver = resolverOf({ 'example.com': { SOA: true, NS: ['ns-1.awsdns-01.co.uk'] } });
    const finding = await checkApex(resolver, 'example.com');
    expect(finding).toMatchObject({ refuses: false });
    expect(finding?.cure).toContain('--dns-profile');
  });

  test('is warned about when DNS does not answer', async () => {
    const resolver = resolverOf({ 'example.com': { fails: 'ETIMEOUT' } });
    expect(await checkApex(resolver, 'example.com')).toMatchObject({ check: 'apex', refuses: false });
  });
});
