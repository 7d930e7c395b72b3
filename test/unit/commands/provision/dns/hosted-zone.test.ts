import type { Route53Client } from '@aws-sdk/client-route-53';
import { signIn } from '../../../../../src/aws/sign-in';
import { findHostedZone } from '../../../../../src/commands/provision/dns/hosted-zone';
import { AwsAccount } from '../../../../support/aws-account';
import { resolverOf } from '../../../../support/resolver';

const DOMAIN = 'images.example.com';

let account: AwsAccount;
let route53: Route53Client;

beforeEach(async () => {
  account = new AwsAccount();
  ({ route53 } = await signIn({ region: 'eu-central-1' }));
});
afterEach(() => account.restore());

/** Adds a zone whose name server is called after it. */
const add = (id: string, name: string, given: { private?: boolean } = {}) =>
  account.hostedZones.add({ id, name, nameServers: [`NS-${id}.awsdns-01.com.`], ...given });

const find = (hostedZoneId?: string, resolver = resolverOf({})) =>
  findHostedZone(route53, DOMAIN, hostedZoneId, resolver);

describe('The zone of a domain', () => {
  test('is found on any page of the list', async () => {
    add('Z1', 'a.example');
    add('Z2', 'b.example');
    add('Z3', 'example.com');
    expect(await find()).toEqual({ id: 'Z3', name: 'example.com', nameServers: ['ns-z3.awsdns-01.com'] });
  });

  test('is the nearest one', async () => {
    add('Z1', 'example.com');
    add('Z2', 'images.example.com');
    add('Z3', 'com');
    expect((await find())?.id).toBe('Z2');
  });

  test('is not one whose name is only the end of a label', async () => {
    add('Z1', 'ample.com');
    expect(await find()).toBeUndefined();
  });

  test('is not a private one', async () => {
    add('Z1', 'images.example.com', { private: true });
    add('Z2', 'example.com');
    expect((await find())?.id).toBe('Z2');
  });

  test('is undefined in an account without one', async () => {
    expect(await find()).toBeUndefined();
  });
});

describe('Of several public zones of one name', () => {
  beforeEach(() => ['Z1', 'Z2'].forEach((id) => add(id, 'example.com')));

  test('the one that the domain is delegated to is used', async () => {
    const zone = await find(undefined, resolverOf({ 'example.com': { NS: ['ns-z2.awsdns-01.com'] } }));
    expect(zone?.id).toBe('Z2');
  });

  test.each([
    ['none is delegated to', resolverOf({ 'example.com': { NS: ['ns1.other.example'] } }), 'ns1.other.example'],
    [
      'a private zone hides which is live',
      resolverOf({ 'example.com': { NS: ['ns-0.awsdns-00.com', 'ns-512.awsdns-00.net'] } }),
      'DNS did not return',
    ],
    ['DNS does not answer', resolverOf({ 'example.com': { fails: 'ETIMEOUT' } }), 'DNS did not return'],
  ])('the user must choose when %s', async (_, resolver, cause) => {
    await expect(find(undefined, resolver)).rejects.toMatchObject({
      name: 'Failure',
      message: expect.stringMatching(new RegExp(`Z1, Z2.*${cause}`)),
      cure: expect.stringContaining('--hosted-zone'),
    });
  });
});

describe('The zone of --hosted-zone', () => {
  beforeEach(() => {
    add('Z1', 'example.com');
    add('Z2', 'example.com', { private: true });
    add('Z3', 'example.net');
  });

  test.each(['Z1', '/hostedzone/Z1'])('is used: %s', async (id) => {
    expect(await find(id)).toEqual({ id: 'Z1', name: 'example.com', nameServers: ['ns-z1.awsdns-01.com'] });
    expect(account.actions).not.toContain('route53:ListHostedZones');
  });

  test.each([
    ['is missing', 'Z9', 'zone Z9 does not exist'],
    ['is private', 'Z2', 'private'],
    ['is for another domain', 'Z3', 'example.net'],
  ])('is refused when it %s', async (_, id, cause) => {
    await expect(find(id)).rejects.toMatchObject({ name: 'Failure', message: expect.stringContaining(cause) });
  });

  test('is not called missing when AWS has another problem', async () => {
    account.answerNext('route53:GetHostedZone', new Error('internal error'));
    await expect(find('Z1')).rejects.toThrow('internal error');
  });
});
