import { setTimeout } from 'node:timers/promises';
import { ACMClient, ListCertificatesCommand, ListTagsForCertificateCommand } from '@aws-sdk/client-acm';
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  GetHostedZoneCommand,
  Route53Client,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { describeCertificate, findCertificate, requestCertificate } from '../../src/provision/certificate';
import { recordSpellings, validationRecord, waitUntilIssued } from '../../src/provision/certificate-validation';
import { deleteAliases, recordsAt, upsertAliases, upsertValidationRecord } from '../../src/provision/dns-records';
import { checkDelegation, checkExistingRecords } from '../../src/provision/domain-checks';
import { findHostedZone, type HostedZone } from '../../src/provision/hosted-zone';
import { hasMoto, startMoto, type Moto } from '../support/moto';
import { resolverOf } from '../support/resolver';

// moto has wires as AWS has them: JSON for ACM, XML for Route 53. It does not look whether a record is there.

const describeWithMoto = hasMoto ? describe : describe.skip;

const DOMAIN = 'images.example.com';
const DISTRIBUTION = 'd111111abcdef8.cloudfront.net';

describeWithMoto('Over HTTP (needs moto_server)', () => {
  let moto: Moto;
  let acm: ACMClient;
  let route53: Route53Client;

  beforeAll(async () => {
    moto = await startMoto();
    acm = new ACMClient(moto.connection);
    route53 = new Route53Client(moto.connection);
  }, 90_000);

  afterAll(async () => {
    acm.destroy();
    route53.destroy();
    await moto.stop();
  });

  afterEach(() => moto.reset());

  const soon = () => setTimeout(300);

  async function createZone(name: string, isPrivate = false): Promise<string> {
    const { HostedZone: zone } = await route53.send(
      new CreateHostedZoneCommand({
        Name: name,
        CallerReference: `${name}-${Math.random()}`,
        ...(isPrivate && { VPC: { VPCId: 'vpc-1', VPCRegion: 'eu-central-1' } }),
        HostedZoneConfig: { PrivateZone: isPrivate },
      }),
    );
    return zone?.Id ?? '';
  }

  async function createRecord({ id }: HostedZone, record: ResourceRecordSet): Promise<void> {
    const Changes = [{ Action: 'CREATE' as const, ResourceRecordSet: record }];
    await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: id, ChangeBatch: { Changes } }));
  }

  async function zoneOfExample(): Promise<HostedZone> {
    await createZone('example.com');
    const zone = await findHostedZone(route53, DOMAIN, undefined, resolverOf({}));
    if (!zone) throw new Error('no zone');
    return zone;
  }

  describe('a certificate', () => {
    test('is requested, validated in the zone, issued, and reused', async () => {
      expect(await findCertificate(acm, DOMAIN)).toBeUndefined();
      const arn = await requestCertificate(acm, { domain: DOMAIN, wildcard: false });
      expect(await findCertificate(acm, DOMAIN)).toMatchObject({ arn, status: 'PENDING_VALIDATION' });

      const zone = await zoneOfExample();
      const record = await validationRecord(acm, arn, soon);
      await upsertValidationRecord(route53, zone, record);
      expect(await recordsAt(route53, zone, record.name)).toMatchObject([
        { Type: 'CNAME', TTL: 300, ResourceRecords: [{ Value: record.value }] },
      ]);
      expect(recordSpellings(record, zone.name, DOMAIN).relative).toMatch(/^_\w+\.images$/);

      const waits: number[] = [];
      await waitUntilIssued(acm, arn, { pause: soon, onWaiting: ({ secondsLeft }) => waits.push(secondsLeft) });
      expect(waits[0]).toBeGreaterThan(71 * 3600);
      expect(await findCertificate(acm, DOMAIN)).toMatchObject({
        arn,
        status: 'ISSUED',
        names: [DOMAIN],
        wildcard: false,
        notAfter: expect.any(Date),
      });
    });

    test('is one when the command is stopped and run again', async () => {
      const arn = await requestCertificate(acm, { domain: DOMAIN, wildcard: false });
      expect(await requestCertificate(acm, { domain: DOMAIN, wildcard: false })).toBe(arn);
      const { CertificateSummaryList } = await acm.send(new ListCertificatesCommand({}));
      expect(CertificateSummaryList).toHaveLength(1);
    });

    test('for a wildcard is found for the names of its level only', async () => {
      const arn = await requestCertificate(acm, { domain: DOMAIN, wildcard: true });
      expect(await findCertificate(acm, 'files.example.com')).toMatchObject({ arn, wildcard: true });
      expect(await findCertificate(acm, 'example.com')).toBeUndefined();
      expect(await findCertificate(acm, 'a.images.example.com')).toBeUndefined();
      expect((await validationRecord(acm, arn, soon)).name).toMatch(/^_\w+\.example\.com\.$/);
    });

    test('has the tag of the domain', async () => {
      const arn = await requestCertificate(acm, { domain: DOMAIN, wildcard: true });
      const { Tags } = await acm.send(new ListTagsForCertificateCommand({ CertificateArn: arn }));
      expect(Tags).toEqual([{ Key: 'ghost-storage-s3-cloudfront', Value: DOMAIN }]);
    });

    test('that the user has named is looked at', async () => {
      const arn = await requestCertificate(acm, { domain: DOMAIN, wildcard: false });
      expect(await describeCertificate(acm, arn, DOMAIN)).toMatchObject({ arn, wildcard: false });
      await expect(describeCertificate(acm, arn, 'www.example.com')).rejects.toMatchObject({
        name: 'Failure',
        message: expect.stringContaining(DOMAIN),
      });
      await expect(describeCertificate(acm, arn.replace(/.$/, 'z'), DOMAIN)).rejects.toMatchObject({
        name: 'Failure',
        message: expect.stringContaining('no certificate'),
      });
    });
  });

  describe('a zone', () => {
    test('is found: public, and the nearest', async () => {
      await createZone('com');
      const id = await createZone('example.com');
      await createZone(DOMAIN, true);
      const zone = await findHostedZone(route53, DOMAIN, undefined, resolverOf({}));
      expect(zone).toMatchObject({ id: id.replace('/hostedzone/', ''), name: 'example.com' });
      expect(zone?.nameServers.length).toBeGreaterThan(0);
      expect(await checkDelegation(resolverOf({ 'example.com': { NS: zone?.nameServers } }), zone!)).toBeUndefined();
    });

    test('is found among more than a page of them', async () => {
      await Promise.all(Array.from({ length: 105 }, (_, index) => createZone(`blog-${index}.example`)));
      await createZone('example.com');
      expect((await findHostedZone(route53, DOMAIN, undefined, resolverOf({})))?.name).toBe('example.com');
    });

    test('that the user has named is looked at', async () => {
      const id = await createZone('example.com');
      const other = await createZone('example.net');
      const named = (zoneId: string) => findHostedZone(route53, DOMAIN, zoneId, resolverOf({}));
      expect((await named(id))?.name).toBe('example.com');
      await expect(named(other)).rejects.toMatchObject({ message: expect.stringContaining('example.net') });
      await expect(named('ZNONE')).rejects.toMatchObject({ message: expect.stringContaining('no zone ZNONE') });
      await expect(named(await createZone('example.com', true))).rejects.toMatchObject({
        message: expect.stringContaining('private'),
      });
    });
  });

  describe('records', () => {
    test('of the distribution are made, known as ours, made again and deleted', async () => {
      const zone = await zoneOfExample();
      expect(await checkExistingRecords(route53, zone, DOMAIN, DISTRIBUTION)).toBeUndefined();
      await upsertAliases(route53, zone, DOMAIN, DISTRIBUTION);
      await upsertAliases(route53, zone, DOMAIN, DISTRIBUTION);
      const aliases = await recordsAt(route53, zone, DOMAIN);
      expect(aliases.map(({ Type }) => Type).sort()).toEqual(['A', 'AAAA', 'HTTPS']);
      expect(await checkExistingRecords(route53, zone, DOMAIN, DISTRIBUTION)).toBeUndefined();
      expect(await checkExistingRecords(route53, zone, DOMAIN, 'd999.cloudfront.net')).toMatchObject({ refuses: true });

      await deleteAliases(route53, zone, DOMAIN, 'd999.cloudfront.net');
      expect(await recordsAt(route53, zone, DOMAIN)).toHaveLength(3);
      await deleteAliases(route53, zone, DOMAIN, DISTRIBUTION);
      expect(await recordsAt(route53, zone, DOMAIN)).toEqual([]);
      await deleteAliases(route53, zone, DOMAIN, DISTRIBUTION);
    });

    test('of others are told and left alone', async () => {
      const zone = await zoneOfExample();
      await createRecord(zone, { Name: DOMAIN, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] });
      expect((await checkExistingRecords(route53, zone, DOMAIN))?.cure).toContain(`${DOMAIN} A 192.0.2.1`);
      await deleteAliases(route53, zone, DOMAIN, DISTRIBUTION);
      expect(await recordsAt(route53, zone, DOMAIN)).toHaveLength(1);
    });

    test('of other certificates are not replaced', async () => {
      const zone = await zoneOfExample();
      const record = { name: `_abc.${DOMAIN}.`, value: '_def.acm-validations.aws.' };
      await upsertValidationRecord(route53, zone, record);
      await upsertValidationRecord(route53, zone, record);
      await expect(
        upsertValidationRecord(route53, zone, { ...record, value: '_new.acm-validations.aws.' }),
      ).rejects.toMatchObject({ message: expect.stringContaining('_def.acm-validations.aws') });
    });

    test('of the apex are told apart from those of the zone itself', async () => {
      const zone = await zoneOfExample();
      expect(await checkExistingRecords(route53, zone, 'example.com')).toBeUndefined();
      const { HostedZone: found } = await route53.send(new GetHostedZoneCommand({ Id: zone.id }));
      expect(found?.ResourceRecordSetCount).toBe(2);
    });
  });
});
