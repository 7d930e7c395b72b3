import { GetHostedZoneCommand, ListHostedZonesCommand, Route53Client } from '@aws-sdk/client-route-53';
import { mockClient } from 'aws-sdk-client-mock';
import { findHostedZone } from '../../../../../src/commands/provision/dns/hosted-zone';
import { resolverOf } from '../../../../support/resolver';

const DOMAIN = 'images.example.com';
const route53 = mockClient(Route53Client);
const client = new Route53Client({ region: 'us-east-1' });

interface Zone {
  id: string;
  name: string;
  isPrivate?: boolean;
}

/** Route 53 with these zones, two to a page; each zone has a name server that is called after it. */
function accountHas(...zones: Zone[]) {
  const asListed = ({ id, name, isPrivate = false }: Zone) => ({
    Id: `/hostedzone/${id}`,
    Name: `${name}.`,
    CallerReference: id,
    Config: { PrivateZone: isPrivate },
  });
  route53.on(ListHostedZonesCommand).callsFake(({ Marker = '0' }: { Marker?: string }) => {
    const end = Number(Marker) + 2;
    return {
      HostedZones: zones.slice(Number(Marker), end).map(asListed),
      IsTruncated: end < zones.length,
      ...(end < zones.length && { NextMarker: String(end) }),
    };
  });
  route53
    .on(GetHostedZoneCommand)
    .rejects(Object.assign(new Error('No hosted zone found with ID'), { name: 'NoSuchHostedZone' }));
  for (const zone of zones) {
    route53.on(GetHostedZoneCommand, { Id: zone.id }).resolves({
      HostedZone: asListed(zone),
      DelegationSet: { NameServers: [`NS-${zone.id}.awsdns-01.com.`] },
    });
  }
}

const find = (hostedZoneId?: string, resolver = resolverOf({})) =>
  findHostedZone(client, DOMAIN, hostedZoneId, resolver);

beforeEach(() => route53.reset());

describe('The zone of a domain', () => {
  test('is found by itself, on any page', async () => {
    accountHas({ id: 'Z1', name: 'a.example' }, { id: 'Z2', name: 'b.example' }, { id: 'Z3', name: 'example.com' });
    expect(await find()).toEqual({ id: 'Z3', name: 'example.com', nameServers: ['ns-z3.awsdns-01.com'] });
  });

  test('is the nearest one', async () => {
    accountHas({ id: 'Z1', name: 'example.com' }, { id: 'Z2', name: 'images.example.com' }, { id: 'Z3', name: 'com' });
    expect((await find())?.id).toBe('Z2');
  });

  test('is not one whose name the domain only ends with', async () => {
    accountHas({ id: 'Z1', name: 'ample.com' });
    expect(await find()).toBeUndefined();
  });

  test('is not a private one', async () => {
    accountHas({ id: 'Z1', name: 'images.example.com', isPrivate: true }, { id: 'Z2', name: 'example.com' });
    expect((await find())?.id).toBe('Z2');
  });

  test('is missing in an account without it', async () => {
    accountHas();
    expect(await find()).toBeUndefined();
  });
});

describe('Of several public zones of one name', () => {
  beforeEach(() => accountHas({ id: 'Z1', name: 'example.com' }, { id: 'Z2', name: 'example.com' }));

  test('the one that the domain is delegated to is used', async () => {
    const zone = await find(undefined, resolverOf({ 'example.com': { NS: ['ns-z2.awsdns-01.com'] } }));
    expect(zone?.id).toBe('Z2');
  });

  test.each([
    ['none is delegated to', resolverOf({ 'example.com': { NS: ['ns1.other.example'] } }), 'ns1.other.example'],
    [
      'a private zone hides which is live',
      resolverOf({ 'example.com': { NS: ['ns-0.awsdns-00.com', 'ns-512.awsdns-00.net'] } }),
      'DNS does not say',
    ],
    ['DNS does not answer', resolverOf({ 'example.com': { fails: 'ETIMEOUT' } }), 'DNS does not say'],
  ])('the user chooses when %s', async (_, resolver, cause) => {
    await expect(find(undefined, resolver)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringMatching(new RegExp(`Z1, Z2.*${cause}`)),
      cure: expect.stringContaining('--hosted-zone'),
    });
  });
});

describe('A zone that the user has named', () => {
  beforeEach(() =>
    accountHas(
      { id: 'Z1', name: 'example.com' },
      { id: 'Z2', name: 'example.com', isPrivate: true },
      { id: 'Z3', name: 'example.net' },
    ),
  );

  test.each(['Z1', '/hostedzone/Z1'])('is used: %s', async (id) => {
    expect(await find(id)).toEqual({ id: 'Z1', name: 'example.com', nameServers: ['ns-z1.awsdns-01.com'] });
    expect(route53.commandCalls(ListHostedZonesCommand)).toHaveLength(0);
  });

  test.each([
    ['is missing', 'Z9', 'no zone Z9'],
    ['is private', 'Z2', 'private'],
    ['is for another domain', 'Z3', 'example.net'],
  ])('is refused when it %s', async (_, id, cause) => {
    await expect(find(id)).rejects.toMatchObject({ name: 'Failure', message: expect.stringContaining(cause) });
  });

  test('is not called missing when AWS has another trouble', async () => {
    route53.on(GetHostedZoneCommand).rejects(new Error('internal error'));
    await expect(find('Z1')).rejects.toThrow('internal error');
  });
});
