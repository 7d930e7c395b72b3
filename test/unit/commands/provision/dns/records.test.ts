import type { ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import { signIn } from '../../../../../src/aws/sign-in';
import {
  deleteAliases,
  zonePointsTo,
  recordsAt,
  upsertAliases,
  upsertValidationRecord,
} from '../../../../../src/commands/provision/dns/records';
import { AwsAccount } from '../../../../support/aws-account';

const DOMAIN = 'images.example.com';
const DISTRIBUTION = 'd111111abcdef8.cloudfront.net';

let account: AwsAccount;
let route53: Route53Client;
let zone: { id: string; name: string; nameServers: string[] };

beforeEach(async () => {
  account = new AwsAccount();
  ({ route53 } = await signIn({ region: 'eu-central-1' }));
  zone = { ...account.hostedZones.add({ name: 'example.com' }), name: 'example.com' };
});
afterEach(() => account.restore());

const cname = (name: string, ...values: string[]): ResourceRecordSet => ({
  Name: `${name}.`,
  Type: 'CNAME',
  TTL: 300,
  ResourceRecords: values.map((Value) => ({ Value })),
});
const alias = (Type: ResourceRecordSet['Type'], target = DISTRIBUTION): ResourceRecordSet => ({
  Name: `${DOMAIN}.`,
  Type,
  AliasTarget: { HostedZoneId: 'Z2FDTNDATAQYW2', DNSName: `${target}.`, EvaluateTargetHealth: false },
});
const address: ResourceRecordSet = { Name: `${DOMAIN}.`, Type: 'A', ResourceRecords: [{ Value: '192.0.2.1' }] };
const text: ResourceRecordSet = { Name: `${DOMAIN}.`, Type: 'TXT', ResourceRecords: [{ Value: '"text"' }] };

const zoneHas = (...records: ResourceRecordSet[]) => account.hostedZones.all[0]?.records.push(...records);
/** The records of the zone, without its own. */
const records = () => account.hostedZones.all[0]?.records.filter(({ Type }) => Type !== 'NS' && Type !== 'SOA');
const changeCount = () => account.actions.filter((action) => action === 'route53:ChangeResourceRecordSets').length;

describe('The record that validates the certificate', () => {
  const record = { name: `_abc.${DOMAIN}.`, value: '_def.acm-validations.aws.' };
  const upsert = () => upsertValidationRecord(route53, zone, record);

  test('is created', async () => {
    zoneHas(cname('www.example.com', 'example.com'));
    await upsert();
    expect(records()).toEqual([
      cname('www.example.com', 'example.com'),
      { Name: record.name, Type: 'CNAME', TTL: 300, ResourceRecords: [{ Value: record.value }] },
    ]);
  });

  test('is not changed when it exists', async () => {
    zoneHas(cname(`_ABC.${DOMAIN}`, '_def.acm-validations.aws'));
    await upsert();
    expect(changeCount()).toBe(0);
  });

  test('never takes the place of another', async () => {
    zoneHas(cname(`_abc.${DOMAIN}`, '_other.acm-validations.aws.'));
    await expect(upsert()).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('_other.acm-validations.aws'),
      cure: expect.stringContaining(`_abc.${DOMAIN} CNAME _def.acm-validations.aws`),
    });
    expect(changeCount()).toBe(0);
  });

  test('is up to the user when it is outside of the zone', async () => {
    const wildcard = { name: '_abc.example.com.', value: record.value };
    await expect(upsertValidationRecord(route53, { ...zone, name: DOMAIN }, wildcard)).rejects.toMatchObject({
      name: 'Failure',
      cure: expect.stringContaining('_abc.example.com CNAME'),
    });
  });

  test('has the missing permission in the error when it cannot be created', async () => {
    account.deny('route53:ChangeResourceRecordSets');
    await expect(upsert()).rejects.toMatchObject({
      message: expect.stringContaining('route53:ChangeResourceRecordSets'),
    });
  });
});

describe('The aliases', () => {
  const upsert = () => upsertAliases(route53, zone, DOMAIN, DISTRIBUTION);
  const remove = () => deleteAliases(route53, zone, DOMAIN, DISTRIBUTION);

  test('are created for IPv4, IPv6 and HTTP/3, once', async () => {
    const created = (['A', 'AAAA', 'HTTPS'] as const).map((Type) => ({
      ...alias(Type),
      AliasTarget: { ...alias(Type).AliasTarget, DNSName: DISTRIBUTION },
    }));
    await upsert();
    expect(records()).toEqual(created);
    await upsert();
    expect(records()).toEqual(created);
  });

  test('are not created next to a CNAME that points to the distribution', async () => {
    zoneHas(cname(DOMAIN, `${DISTRIBUTION}.`));
    await upsert();
    expect(changeCount()).toBe(0);
  });

  test('are deleted as they are, and no other record with them', async () => {
    const foreign = alias('AAAA', 'd999.cloudfront.net');
    zoneHas(alias('A'), foreign, alias('HTTPS'), text);
    await remove();
    expect(records()).toEqual([foreign, text]);
  });

  test('are deleted also where a CNAME is in their place', async () => {
    zoneHas(cname(DOMAIN, `${DISTRIBUTION}.`));
    await remove();
    expect(records()).toEqual([]);
  });

  test.each(['nothing', 'an address'])('need not be there to be deleted: %s stays', async (what) => {
    if (what === 'an address') zoneHas(address);
    await remove();
    expect(changeCount()).toBe(0);
  });
});

describe('The records of the domain point to the distribution', () => {
  test.each<[string, ResourceRecordSet[]]>([
    ['an alias', [alias('A'), alias('AAAA')]],
    ['a CNAME', [cname(DOMAIN, DISTRIBUTION)]],
    ['a CNAME in other letters, with a final dot', [cname(DOMAIN, `${DISTRIBUTION.toUpperCase()}.`)]],
  ])('by %s', async (_, given) => {
    zoneHas(...given);
    expect(await zonePointsTo(route53, zone, DOMAIN, DISTRIBUTION)).toBe(true);
  });

  test.each<[string, ResourceRecordSet[]]>([
    ['there are none', []],
    ['they are an address', [address]],
    ['they point to another distribution', [alias('A', 'd999.cloudfront.net')]],
    ['they are a CNAME to another distribution', [cname(DOMAIN, 'd999.cloudfront.net')]],
    ['they are those of another name', [cname('www.example.com', DISTRIBUTION)]],
    ['some visitors are sent elsewhere', [alias('A'), { ...address, SetIdentifier: 'old', Weight: 1 }]],
    ['IPv4 is left out', [alias('AAAA')]],
  ])('not when %s', async (_, given) => {
    zoneHas(...given);
    expect(await zonePointsTo(route53, zone, DOMAIN, DISTRIBUTION)).toBe(false);
  });
});

test('The records of a name are read on all pages, and no further', async () => {
  const aliases = (['A', 'AAAA', 'HTTPS'] as const).map((type) => alias(type));
  zoneHas(...aliases, text, ...['x', 'y', 'z'].map((name) => cname(`${name}.example.com`, 'example.com')));
  expect(await recordsAt(route53, zone, DOMAIN)).toEqual([...aliases, text]);
  const inputs = account.calls.filter(({ operation }) => operation === 'ListResourceRecordSets');
  expect(inputs.map(({ input }) => input)).toEqual([
    { HostedZoneId: zone.id, StartRecordName: DOMAIN },
    { HostedZoneId: zone.id, StartRecordName: `${DOMAIN}.`, StartRecordType: 'TXT' },
  ]);
});
