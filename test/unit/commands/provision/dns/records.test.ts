import {
  ChangeResourceRecordSetsCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type ListResourceRecordSetsCommandInput,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { mockClient } from 'aws-sdk-client-mock';
import {
  deleteAliases,
  leadsTo,
  recordsAt,
  upsertAliases,
  upsertValidationRecord,
} from '../../../../../src/commands/provision/dns/records';

const DOMAIN = 'images.example.com';
const DISTRIBUTION = 'd111111abcdef8.cloudfront.net';
const ZONE = { id: 'Z1', name: 'example.com', nameServers: [] };
const route53 = mockClient(Route53Client);
const client = new Route53Client({ region: 'us-east-1' });

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
const zoneHas = (...ResourceRecordSets: ResourceRecordSet[]) =>
  route53.on(ListResourceRecordSetsCommand).resolves({ ResourceRecordSets, IsTruncated: false });
const changes = () =>
  route53
    .commandCalls(ChangeResourceRecordSetsCommand)
    .map(({ args: [{ input }] }) => ({ zone: input.HostedZoneId, changes: input.ChangeBatch?.Changes }));

beforeEach(() => {
  route53.reset();
  route53.on(ChangeResourceRecordSetsCommand).resolves({});
});

describe('The record that validates the certificate', () => {
  const record = { name: `_abc.${DOMAIN}.`, value: '_def.acm-validations.aws.' };

  test('is made', async () => {
    zoneHas(cname('www.example.com', 'example.com'));
    await upsertValidationRecord(client, ZONE, record);
    expect(changes()).toEqual([
      {
        zone: 'Z1',
        changes: [
          {
            Action: 'UPSERT',
            ResourceRecordSet: {
              Name: record.name,
              Type: 'CNAME',
              TTL: 300,
              ResourceRecords: [{ Value: record.value }],
            },
          },
        ],
      },
    ]);
  });

  test('is left alone when it is there', async () => {
    zoneHas(cname(`_ABC.${DOMAIN}`, '_def.acm-validations.aws'));
    await upsertValidationRecord(client, ZONE, record);
    expect(changes()).toEqual([]);
  });

  test('never takes the place of another', async () => {
    zoneHas(cname(`_abc.${DOMAIN}`, '_other.acm-validations.aws.'));
    await expect(upsertValidationRecord(client, ZONE, record)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringContaining('_other.acm-validations.aws'),
      cure: expect.stringContaining(`_abc.${DOMAIN} CNAME _def.acm-validations.aws`),
    });
    expect(changes()).toEqual([]);
  });

  test('is left to the user where the zone cannot hold it', async () => {
    const wildcard = { name: '_abc.example.com.', value: record.value };
    const zone = { ...ZONE, name: DOMAIN };
    await expect(upsertValidationRecord(client, zone, wildcard)).rejects.toMatchObject({
      name: 'Failure',
      cure: expect.stringContaining('_abc.example.com CNAME'),
    });
  });

  test('that may not be made names the missing permission', async () => {
    zoneHas();
    route53.on(ChangeResourceRecordSetsCommand).rejects(Object.assign(new Error(''), { name: 'AccessDenied' }));
    await expect(upsertValidationRecord(client, ZONE, record)).rejects.toMatchObject({
      message: expect.stringContaining('route53:ChangeResourceRecordSets'),
    });
  });
});

describe('The aliases', () => {
  test('are made for IPv4, IPv6 and HTTP/3', async () => {
    zoneHas();
    await upsertAliases(client, ZONE, DOMAIN, DISTRIBUTION);
    expect(changes()).toEqual([
      {
        zone: 'Z1',
        changes: ['A', 'AAAA', 'HTTPS'].map((Type) => ({
          Action: 'UPSERT',
          ResourceRecordSet: {
            Name: DOMAIN,
            Type,
            AliasTarget: {
              HostedZoneId: 'Z2FDTNDATAQYW2',
              DNSName: DISTRIBUTION,
              EvaluateTargetHealth: false,
            },
          },
        })),
      },
    ]);
  });

  test('are not made beside a CNAME that leads to the distribution', async () => {
    zoneHas(cname(DOMAIN, `${DISTRIBUTION}.`));
    await upsertAliases(client, ZONE, DOMAIN, DISTRIBUTION);
    expect(changes()).toEqual([]);
  });

  test('are deleted as they are, and no other record with them', async () => {
    const text: ResourceRecordSet = { Name: `${DOMAIN}.`, Type: 'TXT', ResourceRecords: [{ Value: '"text"' }] };
    zoneHas(alias('A'), alias('AAAA', 'd999.cloudfront.net'), alias('HTTPS'), text);
    await deleteAliases(client, ZONE, DOMAIN, DISTRIBUTION);
    expect(changes()).toEqual([
      {
        zone: 'Z1',
        changes: [alias('A'), alias('HTTPS')].map((ResourceRecordSet) => ({ Action: 'DELETE', ResourceRecordSet })),
      },
    ]);
  });

  test('are deleted also where a CNAME stands in their place', async () => {
    zoneHas(cname(DOMAIN, `${DISTRIBUTION}.`));
    await deleteAliases(client, ZONE, DOMAIN, DISTRIBUTION);
    expect(changes()).toEqual([{ zone: 'Z1', changes: [expect.objectContaining({ Action: 'DELETE' })] }]);
  });

  test('need not be there to be deleted', async () => {
    zoneHas();
    await deleteAliases(client, ZONE, DOMAIN, DISTRIBUTION);
    expect(changes()).toEqual([]);
  });
});

describe('The records of the domain lead to the distribution', () => {
  const address: ResourceRecordSet = { Name: `${DOMAIN}.`, Type: 'A', ResourceRecords: [{ Value: '192.0.2.1' }] };

  test.each<[string, ResourceRecordSet[]]>([
    ['an alias', [alias('A'), alias('AAAA')]],
    ['a CNAME', [cname(DOMAIN, DISTRIBUTION)]],
    ['a CNAME in other letters, with a dot at the end', [cname(DOMAIN, `${DISTRIBUTION.toUpperCase()}.`)]],
  ])('by %s', async (_, records) => {
    zoneHas(...records);
    expect(await leadsTo(client, ZONE, DOMAIN, DISTRIBUTION)).toBe(true);
  });

  test.each<[string, ResourceRecordSet[]]>([
    ['there are none', []],
    ['they are an address', [address]],
    ['they lead to another distribution', [alias('A', 'd999.cloudfront.net')]],
    ['they are a CNAME to another distribution', [cname(DOMAIN, 'd999.cloudfront.net')]],
    ['they are those of another name', [cname('www.example.com', DISTRIBUTION)]],
    ['some visitors are sent elsewhere', [alias('A'), { ...address, SetIdentifier: 'old', Weight: 1 }]],
    ['IPv4 is left out', [alias('AAAA')]],
  ])('not when %s', async (_, records) => {
    zoneHas(...records);
    expect(await leadsTo(client, ZONE, DOMAIN, DISTRIBUTION)).toBe(false);
  });
});

test('The records of a name are read on all pages, and no further', async () => {
  const inputs: ListResourceRecordSetsCommandInput[] = [];
  route53.on(ListResourceRecordSetsCommand).callsFake((input: ListResourceRecordSetsCommandInput) => {
    inputs.push(input);
    return input.StartRecordType
      ? {
          ResourceRecordSets: [alias('AAAA'), cname('z.example.com', 'example.com')],
          IsTruncated: true,
          NextRecordName: 'z.example.com.',
          NextRecordType: 'TXT',
        }
      : {
          ResourceRecordSets: [alias('A')],
          IsTruncated: true,
          NextRecordName: `${DOMAIN}.`,
          NextRecordType: 'AAAA',
        };
  });
  expect(await recordsAt(client, ZONE, DOMAIN)).toEqual([alias('A'), alias('AAAA')]);
  expect(inputs).toEqual([
    { HostedZoneId: 'Z1', StartRecordName: DOMAIN },
    { HostedZoneId: 'Z1', StartRecordName: `${DOMAIN}.`, StartRecordType: 'AAAA' },
  ]);
});
