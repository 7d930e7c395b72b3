import type { ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import { signIn } from '../../../../../src/aws/sign-in';
import {
  APEX_ALIAS_PROVIDERS,
  checkApex,
  checkDelegation,
  checkExistingRecords,
  checkLiveRecord,
} from '../../../../../src/commands/provision/dns/checks';
import { checkCaa } from '../../../../../src/commands/provision/dns/caa';
import { AwsAccount } from '../../../../support/aws-account';
import { resolverOf } from '../../../../support/resolver';

const DOMAIN = 'images.example.com';
const ZONE = { id: 'Z1', name: 'example.com', nameServers: ['ns-1.awsdns-01.com', 'ns-2.awsdns-02.net'] };
const DISTRIBUTION = 'd111111abcdef8.cloudfront.net';

describe('The delegation of the zone', () => {
  const delegatedTo = (...NS: string[]) => checkDelegation(resolverOf({ 'example.com': { NS } }), ZONE);

  test('is right when the internet uses its name servers', async () => {
    expect(await delegatedTo('NS-2.awsdns-02.net.', 'ns-1.awsdns-01.com')).toBeUndefined();
  });

  test('is refused when the internet uses others, with the ones to set', async () => {
    const finding = await delegatedTo('ns1.other.example', 'ns2.other.example');
    expect(finding).toMatchObject({ check: 'delegation', refuses: true });
    expect(finding?.cause).toContain('ns1.other.example, ns2.other.example');
    expect(finding?.cure).toContain('ns-1.awsdns-01.com, ns-2.awsdns-02.net');
  });

  test('is refused when the domain is not registered or delegated', async () => {
    expect(await checkDelegation(resolverOf({}), ZONE)).toMatchObject({ refuses: true });
  });

  test('is warned about when some name servers are others', async () => {
    const finding = await delegatedTo('ns-1.awsdns-01.com', 'ns1.other.example');
    expect(finding).toMatchObject({ refuses: false });
    expect(finding?.cause).toContain('ns1.other.example');
    expect(finding?.cause).not.toContain('awsdns');
  });

  test("is right when the name servers of the zone have names of the owner's", async () => {
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
    expect(finding?.cure).toContain('ns-1.awsdns-01.com, ns-2.awsdns-02.net');
  });

  const PRIVATE_ZONE = [
    'NS-0.awsdns-00.com.',
    'ns-512.awsdns-00.net',
    'ns-1024.awsdns-00.org',
    'ns-1536.awsdns-00.co.uk',
  ];

  test('causes a warning when a private zone with the same name hides it', async () => {
    const finding = await delegatedTo(...PRIVATE_ZONE);
    expect(finding).toMatchObject({ check: 'delegation', refuses: false });
    expect(finding?.cause).toContain('private zone example.com');
    expect(finding?.cure).toContain('ns-1.awsdns-01.com, ns-2.awsdns-02.net');
  });

  test('is warned about where a private zone above it hides it', async () => {
    const resolver = resolverOf({ 'example.com': { NS: PRIVATE_ZONE } });
    const finding = await checkDelegation(resolver, { ...ZONE, name: 'blog.example.com' });
    expect(finding).toMatchObject({ refuses: false });
    expect(finding?.cause).toContain('private zone example.com');
  });

  test('is refused where only the zone above it is delegated', async () => {
    const resolver = resolverOf({ 'example.com': { NS: ['ns1.other.example'] } });
    const finding = await checkDelegation(resolver, { ...ZONE, name: 'blog.example.com' });
    expect(finding).toMatchObject({ refuses: true });
    expect(finding?.cause).toContain('blog.example.com is not delegated');
  });

  test('is right when the zone has one of the name servers that private zones name', async () => {
    const nameServers = ['ns-1.awsdns-01.com', 'ns-512.awsdns-00.net'];
    const resolver = resolverOf({ 'example.com': { NS: nameServers } });
    expect(await checkDelegation(resolver, { ...ZONE, nameServers })).toBeUndefined();
  });
});

describe('CAA', () => {
  const issue = (...issuers: string[]) => issuers.map((issuer) => ({ critical: 0, issue: issuer }));
  const issuewild = (...issuers: string[]) => issuers.map((issuer) => ({ critical: 0, issuewild: issuer }));

  test('allows Amazon to issue where there are no records', async () => {
    expect(await checkCaa(resolverOf({}), DOMAIN, { wildcard: false })).toBeUndefined();
  });

  test.each(['amazon.com', 'amazontrust.com', 'awstrust.com', 'amazonaws.com', 'Amazon.com; a=b'])(
    'allows Amazon to issue by the name %s',
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
      cause: expect.stringContaining('only letsencrypt.org'),
      cure: expect.stringContaining('example.com CAA 0 issue "amazon.com"'),
    });
  });

  test.each([';', ''])('refuses where no authority may issue: "%s"', async (nobody) => {
    const finding = await checkCaa(resolverOf({ 'example.com': { CAA: issue(nobody) } }), DOMAIN, { wildcard: false });
    expect(finding).toMatchObject({ refuses: true });
    expect(finding?.cause).toContain('nobody');
  });

  test('is decided by the nearest name that has records', async () => {
    const resolver = resolverOf({
      'images.example.com': { CAA: issue('amazon.com') },
      'example.com': { CAA: issue('letsencrypt.org') },
    });
    expect(await checkCaa(resolver, DOMAIN, { wildcard: false })).toBeUndefined();
  });

  test('ignores records about other things', async () => {
    const CAA = [{ critical: 0, iodef: 'mailto:security@example.com' }, ...issuewild('letsencrypt.org')];
    expect(await checkCaa(resolverOf({ 'example.com': { CAA } }), DOMAIN, { wildcard: false })).toBeUndefined();
  });

  test('of a wildcard is decided by issuewild where there is one', async () => {
    const CAA = [...issue('amazon.com'), ...issuewild('letsencrypt.org')];
    const finding = await checkCaa(resolverOf({ 'example.com': { CAA } }), DOMAIN, { wildcard: true });
    expect(finding).toMatchObject({ refuses: true });
    expect(finding?.cure).toContain('issuewild "amazon.com"');
  });

  test('of a wildcard depends on issue when there is no issuewild', async () => {
    const resolver = resolverOf({ 'example.com': { CAA: issue('letsencrypt.org') } });
    const finding = await checkCaa(resolver, DOMAIN, { wildcard: true });
    expect(finding?.cure).toContain('0 issue "amazon.com"');
  });

  test('of a wildcard ignores the records of the domain itself', async () => {
    const resolver = resolverOf({ 'images.example.com': { CAA: issue('letsencrypt.org') } });
    expect(await checkCaa(resolver, DOMAIN, { wildcard: true })).toBeUndefined();
  });

  test('warns when DNS does not answer', async () => {
    const resolver = resolverOf({ 'images.example.com': { fails: 'ETIMEOUT' } });
    expect(await checkCaa(resolver, DOMAIN, { wildcard: false })).toMatchObject({ check: 'CAA', refuses: false });
  });
});

describe('Records at the domain', () => {
  let account: AwsAccount;
  let client: Route53Client;

  beforeEach(async () => {
    account = new AwsAccount();
    ({ route53: client } = await signIn({ region: 'eu-central-1' }));
  });
  afterEach(() => account.restore());

  const alias = (Type: ResourceRecordSet['Type'], target = DISTRIBUTION): ResourceRecordSet => ({
    Name: `${DOMAIN}.`,
    Type,
    AliasTarget: { HostedZoneId: 'Z2FDTNDATAQYW2', DNSName: `${target}.`, EvaluateTargetHealth: false },
  });
  const zoneHas = (...records: ResourceRecordSet[]) => account.hostedZones.add({ ...ZONE, records });

  test('are not a problem when there are none', async () => {
    zoneHas({ Name: 'www.example.com.', Type: 'A', ResourceRecords: [{ Value: '192.0.2.1' }] });
    expect(await checkExistingRecords(client, ZONE, DOMAIN)).toBeUndefined();
  });

  test.each([
    ['A', '192.0.2.1'],
    ['AAAA', '2001:db8::1'],
    ['CNAME', 'old.example.net'],
    ['HTTPS', '1 .'],
  ] as const)('are refused with an %s record, which is shown', async (Type, Value) => {
    zoneHas({ Name: `${DOMAIN}.`, Type, TTL: 300, ResourceRecords: [{ Value }] });
    const finding = await checkExistingRecords(client, ZONE, DOMAIN);
    expect(finding).toMatchObject({ check: 'existing record', refuses: true });
    expect(finding?.cure).toContain(`${DOMAIN} ${Type} ${Value}`);
  });

  test('are refused, and may stay as they are without Route 53', async () => {
    zoneHas({ Name: `${DOMAIN}.`, Type: 'A', TTL: 300, ResourceRecords: [{ Value: '192.0.2.1' }] });
    expect((await checkExistingRecords(client, ZONE, DOMAIN))?.cure).toContain('--hosted-zone none');
  });

  test.each([DISTRIBUTION, `${DISTRIBUTION.toUpperCase()}.`])(
    'are accepted as a CNAME to our distribution: %s',
    async (Value) => {
      zoneHas({ Name: `${DOMAIN}.`, Type: 'CNAME', TTL: 300, ResourceRecords: [{ Value }] });
      expect(await checkExistingRecords(client, ZONE, DOMAIN, DISTRIBUTION)).toBeUndefined();
    },
  );

  test('are refused as a CNAME to another distribution', async () => {
    zoneHas({ Name: `${DOMAIN}.`, Type: 'CNAME', TTL: 300, ResourceRecords: [{ Value: 'd999.cloudfront.net' }] });
    expect(await checkExistingRecords(client, ZONE, DOMAIN, DISTRIBUTION)).toMatchObject({ refuses: true });
  });

  test('are refused as an alias to something else', async () => {
    zoneHas(alias('A', 'd999.cloudfront.net'));
    expect((await checkExistingRecords(client, ZONE, DOMAIN, DISTRIBUTION))?.cure).toContain(
      `${DOMAIN} A alias of d999.cloudfront.net`,
    );
  });

  test('are not a problem if they are the aliases to our distribution', async () => {
    zoneHas(alias('A'), alias('AAAA'), alias('HTTPS'));
    expect(await checkExistingRecords(client, ZONE, DOMAIN, DISTRIBUTION)).toBeUndefined();
  });

  test('are not a problem for mail and text', async () => {
    zoneHas({ Name: `${DOMAIN}.`, Type: 'TXT', TTL: 300, ResourceRecords: [{ Value: '"text"' }] });
    expect(await checkExistingRecords(client, ZONE, DOMAIN)).toBeUndefined();
  });

  test('are refused when the domain is delegated to another zone', async () => {
    zoneHas({ Name: `${DOMAIN}.`, Type: 'NS', TTL: 300, ResourceRecords: [{ Value: 'ns1.other.example.' }] });
    const finding = await checkExistingRecords(client, ZONE, DOMAIN);
    expect(finding).toMatchObject({ refuses: true });
    expect(finding?.cause).toContain('ns1.other.example');
  });

  const delegationOf = (name: string): ResourceRecordSet => ({
    Name: `${name}.`,
    Type: 'NS',
    TTL: 300,
    ResourceRecords: [{ Value: `ns1.${name}.` }],
  });

  test('are refused when a name between the domain and the zone is delegated to another zone', async () => {
    zoneHas(delegationOf('blog.example.com'));
    const finding = await checkExistingRecords(client, ZONE, 'images.blog.example.com');
    expect(finding).toMatchObject({ check: 'existing record', refuses: true });
    expect(finding?.cause).toContain('delegates blog.example.com to other name servers: ns1.blog.example.com');
    expect(finding?.cure).toContain('Pass the zone of blog.example.com itself with --hosted-zone');
  });

  test('are refused for the highest of several delegations: those below it have no effect', async () => {
    zoneHas(delegationOf('images.blog.example.com'), delegationOf('blog.example.com'));
    const finding = await checkExistingRecords(client, ZONE, 'images.blog.example.com');
    expect(finding?.cause).toContain('delegates blog.example.com to');
  });

  test('are not a problem when names next to, below and above the domain are delegated', async () => {
    zoneHas(delegationOf('shop.example.com'), delegationOf(`a.${DOMAIN}`));
    expect(await checkExistingRecords(client, ZONE, DOMAIN)).toBeUndefined();
  });

  test('are not a problem at names above the domain', async () => {
    zoneHas({ Name: 'blog.example.com.', Type: 'A', TTL: 300, ResourceRecords: [{ Value: '192.0.2.1' }] });
    expect(await checkExistingRecords(client, ZONE, 'images.blog.example.com')).toBeUndefined();
  });

  test('are not a problem at the apex, where the zone has its own NS record', async () => {
    zoneHas();
    expect(await checkExistingRecords(client, ZONE, 'example.com')).toBeUndefined();
  });
});

describe('A domain outside of Route 53', () => {
  test('can be a subdomain at any level', async () => {
    const resolver = resolverOf({ 'example.com': { SOA: true, NS: ['ns1.other.example'] } });
    expect(await checkApex(resolver, DOMAIN)).toBeUndefined();
  });

  test('must not be the apex of its zone; the fix recommends a subdomain', async () => {
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

  test("is not attributed to a provider whose name only ends the name server's", async () => {
    const resolver = resolverOf({ 'example.com': { SOA: true, NS: ['ns1.notgandi.net'] } });
    expect(await checkApex(resolver, 'example.com')).toMatchObject({ refuses: true });
  });

  test('may be the apex of a zone in another account of Route 53', async () => {
    const resolver = resolverOf({ 'example.com': { SOA: true, NS: ['ns-1.awsdns-01.co.uk'] } });
    const finding = await checkApex(resolver, 'example.com');
    expect(finding).toMatchObject({ refuses: false });
    expect(finding?.cure).toContain('--dns-profile');
  });

  test('is not attributed to another account where a private zone hides it', async () => {
    const resolver = resolverOf({ 'example.com': { SOA: true, NS: ['ns-0.awsdns-00.com', 'ns-512.awsdns-00.net'] } });
    const finding = await checkApex(resolver, 'example.com');
    expect(finding).toMatchObject({ refuses: false });
    expect(finding?.cause).toContain('private zone');
  });

  test('is warned about when DNS does not answer', async () => {
    const resolver = resolverOf({ 'example.com': { fails: 'ETIMEOUT' } });
    expect(await checkApex(resolver, 'example.com')).toMatchObject({ check: 'apex', refuses: false });
  });
});

describe('The record of a domain outside of Route 53', () => {
  const OTHER = 'd999.cloudfront.net';

  test('is not a problem when there is none', async () => {
    expect(await checkLiveRecord(resolverOf({}), DOMAIN, undefined)).toBeUndefined();
    expect(await checkLiveRecord(resolverOf({}), DOMAIN, DISTRIBUTION)).toBeUndefined();
  });

  test('is right when it points to our distribution, by CNAMEs or by its addresses', async () => {
    const byCname = resolverOf({
      [DOMAIN]: { CNAME: 'cdn.example.com' },
      'cdn.example.com': { CNAME: `${DISTRIBUTION.toUpperCase()}.` },
    });
    const byAddress = resolverOf({ [DOMAIN]: { A: ['192.0.2.1'] }, [DISTRIBUTION]: { A: ['192.0.2.1'] } });
    expect(await checkLiveRecord(byCname, DOMAIN, DISTRIBUTION)).toBeUndefined();
    expect(await checkLiveRecord(byAddress, DOMAIN, DISTRIBUTION)).toBeUndefined();
  });

  test.each([undefined, DISTRIBUTION])(
    'has to be changed first when it points to another distribution (ours: %s)',
    async (ours) => {
      const resolver = resolverOf({
        [DOMAIN]: { CNAME: 'cdn.example.com' },
        'cdn.example.com': { CNAME: OTHER },
        [OTHER]: { A: ['192.0.2.1'] },
      });
      expect(await checkLiveRecord(resolver, DOMAIN, ours)).toEqual({
        check: 'live record',
        refuses: false,
        cause: expect.stringMatching(/d999\.cloudfront\.net\. CloudFront may refuse/),
        cure: expect.stringContaining('first'),
      });
    },
  );

  test.each([
    ['a CNAME', { CNAME: 'Old.example.net.' }, 'old.example.net'],
    ['addresses', { A: ['198.51.100.1', '198.51.100.2'] }, '198.51.100.1, 198.51.100.2'],
    ['a name that only looks like a distribution', { CNAME: 'notcloudfront.net' }, 'notcloudfront.net'],
  ])('has to be replaced at the end when it is %s', async (_, records, target) => {
    const finding = await checkLiveRecord(resolverOf({ [DOMAIN]: records }), DOMAIN, DISTRIBUTION);
    expect(finding).toMatchObject({ check: 'live record', refuses: false });
    expect(finding?.cause).toContain(`currently points to ${target}`);
    expect(finding?.cure).toContain('at the end');
  });

  test('is up to the user to check when DNS does not answer', async () => {
    const finding = await checkLiveRecord(resolverOf({ [DOMAIN]: { fails: 'ETIMEOUT' } }), DOMAIN, DISTRIBUTION);
    expect(finding).toMatchObject({ check: 'live record', refuses: false });
    expect(finding?.cause).toContain('ETIMEOUT');
    expect(finding?.cure).toContain('DNS provider');
  });
});
