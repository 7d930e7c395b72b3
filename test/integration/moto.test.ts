import { setTimeout } from 'node:timers/promises';
import { ListCertificatesCommand, ListTagsForCertificateCommand } from '@aws-sdk/client-acm';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CreateAccessKeyCommand, CreateUserCommand, type AccessKey } from '@aws-sdk/client-iam';
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  GetHostedZoneCommand,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import {
  CreateBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { signIn, type Aws } from '../../src/commands/provision/aws/sign-in';
import { checkBucket, deleteBucket } from '../../src/commands/provision/bucket';
import {
  describeCertificate,
  findCertificate,
  requestCertificate,
} from '../../src/commands/provision/certificate/certificate';
import {
  recordSpellings,
  validationRecord,
  waitUntilIssued,
} from '../../src/commands/provision/certificate/validation';
import {
  deleteAliases,
  recordsAt,
  upsertAliases,
  upsertValidationRecord,
} from '../../src/commands/provision/dns/records';
import { checkDelegation, checkExistingRecords } from '../../src/commands/provision/dns/checks';
import { findHostedZone, type HostedZone } from '../../src/commands/provision/dns/hosted-zone';
import { createChangeSet, deleteChangeSet, describeStack } from '../../src/commands/provision/stack/stack';
import { hasMoto, startMoto, type Moto } from '../support/moto';
import { resolverOf } from '../support/resolver';

// moto speaks as AWS does: JSON for ACM, XML for the others. It cannot make a distribution, issues certificates whatever
// records there are, and gives a change set all resources of the template, whatever their conditions.

const describeWithMoto = hasMoto ? describe : describe.skip;

const DOMAIN = 'images.example.com';
const DISTRIBUTION = 'd111111abcdef8.cloudfront.net';

describeWithMoto('Over HTTP (needs moto_server)', () => {
  let moto: Moto;
  let aws: Aws;

  beforeAll(async () => {
    moto = await startMoto();
    // What the machine says of AWS could lead to a real account.
    const foreign = Object.keys(process.env).filter((name) => /^AWS_(?!SDK_)/.test(name));
    foreign.forEach((name) => delete process.env[name]);
    Object.assign(process.env, moto.environment);
    aws = await signIn({ region: 'eu-central-1' });
  }, 90_000);

  afterAll(() => moto.stop());

  afterEach(() => moto.reset());

  const soon = () => setTimeout(300);

  async function createZone(name: string, isPrivate = false): Promise<string> {
    const { HostedZone: zone } = await aws.route53.send(
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
    await aws.route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: id, ChangeBatch: { Changes } }));
  }

  async function zoneOfExample(): Promise<HostedZone> {
    await createZone('example.com');
    const zone = await findHostedZone(aws.route53, DOMAIN, undefined, resolverOf({}));
    if (!zone) throw new Error('no zone');
    return zone;
  }

  describe('a certificate', () => {
    test('is requested, validated in the zone, issued, and reused', async () => {
      expect(await findCertificate(aws.acm, DOMAIN)).toBeUndefined();
      const arn = await requestCertificate(aws.acm, { domain: DOMAIN, wildcard: false });
      expect(await findCertificate(aws.acm, DOMAIN)).toMatchObject({ arn, names: [DOMAIN] });

      const zone = await zoneOfExample();
      const record = await validationRecord(aws.acm, arn, soon);
      await upsertValidationRecord(aws.route53, zone, record);
      expect(await recordsAt(aws.route53, zone, record.name)).toMatchObject([
        { Type: 'CNAME', TTL: 300, ResourceRecords: [{ Value: record.value }] },
      ]);
      expect(recordSpellings(record, zone.name, DOMAIN).relative).toMatch(/^_\w+\.images$/);

      await waitUntilIssued(aws.acm, arn, {
        pause: soon,
        onWaiting: ({ secondsLeft }) => expect(secondsLeft).toBeGreaterThan(71 * 3600),
      });
      expect(await findCertificate(aws.acm, DOMAIN)).toMatchObject({
        arn,
        status: 'ISSUED',
        names: [DOMAIN],
        wildcard: false,
        notAfter: expect.any(Date),
      });
    });

    test('is one when the command is stopped and run again', async () => {
      const arn = await requestCertificate(aws.acm, { domain: DOMAIN, wildcard: false });
      expect(await requestCertificate(aws.acm, { domain: DOMAIN, wildcard: false })).toBe(arn);
      const { CertificateSummaryList } = await aws.acm.send(new ListCertificatesCommand({}));
      expect(CertificateSummaryList).toHaveLength(1);
    });

    test('for a wildcard is found for the names of its level only', async () => {
      const arn = await requestCertificate(aws.acm, { domain: DOMAIN, wildcard: true });
      expect(await findCertificate(aws.acm, 'files.example.com')).toMatchObject({ arn, wildcard: true });
      expect(await findCertificate(aws.acm, 'example.com')).toBeUndefined();
      expect(await findCertificate(aws.acm, 'a.images.example.com')).toBeUndefined();
      expect((await validationRecord(aws.acm, arn, soon)).name).toMatch(/^_\w+\.example\.com\.$/);
    });

    test('has the tag of the domain', async () => {
      const arn = await requestCertificate(aws.acm, { domain: DOMAIN, wildcard: true });
      const { Tags } = await aws.acm.send(new ListTagsForCertificateCommand({ CertificateArn: arn }));
      expect(Tags).toEqual([{ Key: 'ghost-storage-s3-cloudfront', Value: DOMAIN }]);
    });

    test('that the user has named is looked at', async () => {
      const arn = await requestCertificate(aws.acm, { domain: DOMAIN, wildcard: false });
      expect(await describeCertificate(aws.acm, arn, DOMAIN)).toMatchObject({ arn, wildcard: false });
      await expect(describeCertificate(aws.acm, arn, 'www.example.com')).rejects.toMatchObject({
        name: 'Failure',
        message: expect.stringContaining(DOMAIN),
      });
      await expect(describeCertificate(aws.acm, arn.replace(/.$/, 'z'), DOMAIN)).rejects.toMatchObject({
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
      const zone = await findHostedZone(aws.route53, DOMAIN, undefined, resolverOf({}));
      expect(zone).toMatchObject({ id: id.replace('/hostedzone/', ''), name: 'example.com' });
      expect(zone?.nameServers.length).toBeGreaterThan(0);
      expect(await checkDelegation(resolverOf({ 'example.com': { NS: zone?.nameServers } }), zone!)).toBeUndefined();
    });

    test('is found among more than a page of them', async () => {
      await Promise.all(Array.from({ length: 105 }, (_, index) => createZone(`blog-${index}.example`)));
      await createZone('example.com');
      expect((await findHostedZone(aws.route53, DOMAIN, undefined, resolverOf({})))?.name).toBe('example.com');
    });

    test('that the user has named is looked at', async () => {
      const id = await createZone('example.com');
      const other = await createZone('example.net');
      const named = (zoneId: string) => findHostedZone(aws.route53, DOMAIN, zoneId, resolverOf({}));
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
      expect(await checkExistingRecords(aws.route53, zone, DOMAIN, DISTRIBUTION)).toBeUndefined();
      await upsertAliases(aws.route53, zone, DOMAIN, DISTRIBUTION);
      await upsertAliases(aws.route53, zone, DOMAIN, DISTRIBUTION);
      const aliases = await recordsAt(aws.route53, zone, DOMAIN);
      expect(aliases.map(({ Type }) => Type).sort()).toEqual(['A', 'AAAA', 'HTTPS']);
      expect(await checkExistingRecords(aws.route53, zone, DOMAIN, DISTRIBUTION)).toBeUndefined();
      expect(await checkExistingRecords(aws.route53, zone, DOMAIN, 'd999.cloudfront.net')).toMatchObject({
        refuses: true,
      });

      await deleteAliases(aws.route53, zone, DOMAIN, 'd999.cloudfront.net');
      expect(await recordsAt(aws.route53, zone, DOMAIN)).toHaveLength(3);
      await deleteAliases(aws.route53, zone, DOMAIN, DISTRIBUTION);
      expect(await recordsAt(aws.route53, zone, DOMAIN)).toEqual([]);
      await deleteAliases(aws.route53, zone, DOMAIN, DISTRIBUTION);
    });

    test('of others are told and left alone', async () => {
      const zone = await zoneOfExample();
      await createRecord(zone, { Name: DOMAIN, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] });
      expect((await checkExistingRecords(aws.route53, zone, DOMAIN))?.cure).toContain(`${DOMAIN} A 192.0.2.1`);
      await deleteAliases(aws.route53, zone, DOMAIN, DISTRIBUTION);
      expect(await recordsAt(aws.route53, zone, DOMAIN)).toHaveLength(1);
    });

    test('of other certificates are not replaced', async () => {
      const zone = await zoneOfExample();
      const record = { name: `_abc.${DOMAIN}.`, value: '_def.acm-validations.aws.' };
      await upsertValidationRecord(aws.route53, zone, record);
      await upsertValidationRecord(aws.route53, zone, record);
      await expect(
        upsertValidationRecord(aws.route53, zone, { ...record, value: '_new.acm-validations.aws.' }),
      ).rejects.toMatchObject({ message: expect.stringContaining('_def.acm-validations.aws') });
    });

    test('of the apex are told apart from those of the zone itself', async () => {
      const zone = await zoneOfExample();
      expect(await checkExistingRecords(aws.route53, zone, 'example.com')).toBeUndefined();
      const { HostedZone: found } = await aws.route53.send(new GetHostedZoneCommand({ Id: zone.id }));
      expect(found?.ResourceRecordSetCount).toBe(2);
    });
  });

  describe('a bucket', () => {
    const BUCKET = 'blog-images';
    const location = { LocationConstraint: 'eu-central-1' as const };

    test('that does not exist can be made', async () => {
      expect(await checkBucket(aws, BUCKET, '[]')).toEqual({ exists: false, findings: [] });
    });

    test('comes into the stack as it is, if that is as the template has it', async () => {
      await aws.s3.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: location }));
      expect(await checkBucket(aws, BUCKET, '[]')).toMatchObject({
        exists: true,
        findings: [{ refuses: true, cause: expect.stringContaining('public access is not blocked') }],
      });
      const bucket = { Bucket: BUCKET };
      await aws.s3.send(
        new PutPublicAccessBlockCommand({
          ...bucket,
          PublicAccessBlockConfiguration: {
            BlockPublicAcls: true,
            BlockPublicPolicy: true,
            IgnorePublicAcls: true,
            RestrictPublicBuckets: true,
          },
        }),
      );
      const Rules = [{ ObjectOwnership: 'BucketOwnerEnforced' as const }];
      await aws.s3.send(new PutBucketOwnershipControlsCommand({ ...bucket, OwnershipControls: { Rules } }));
      const VersioningConfiguration = { Status: 'Enabled' as const };
      await aws.s3.send(new PutBucketVersioningCommand({ ...bucket, VersioningConfiguration }));
      const rule = {
        ID: 'unfinished-uploads',
        Status: 'Enabled' as const,
        Filter: {},
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      };
      await aws.s3.send(
        new PutBucketLifecycleConfigurationCommand({ ...bucket, LifecycleConfiguration: { Rules: [rule] } }),
      );
      expect(await checkBucket(aws, BUCKET, '[]')).toEqual({ exists: true, findings: [] });
    });

    test('with a policy is not taken', async () => {
      await aws.s3.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: location }));
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [] });
      await aws.s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy }));
      const { findings } = await checkBucket(aws, BUCKET, 'our statements');
      expect(findings).toMatchObject([{ refuses: true, cure: expect.stringContaining('our statements') }]);
    });

    test('is deleted with all versions in it', async () => {
      await aws.s3.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: location }));
      const VersioningConfiguration = { Status: 'Enabled' as const };
      await aws.s3.send(new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration }));
      for (const Body of ['one', 'two', 'three']) {
        await aws.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'content/images/a.jpg', Body }));
      }
      const counts: number[] = [];
      await deleteBucket(aws, BUCKET, (count) => counts.push(count));
      expect(counts).toEqual([3]);
      expect((await checkBucket(aws, BUCKET, '[]')).exists).toBe(false);
    });
  });

  test('a stack is planned by a change set, which is taken back', async () => {
    expect(await describeStack(aws, 'blog')).toBeUndefined();
    const changeSet = await createChangeSet(aws, soon, {
      stackName: 'blog',
      parameters: {
        Domain: DOMAIN,
        CertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/12345678',
      },
    });
    expect(changeSet?.changes.map(({ ResourceChange }) => ResourceChange)).toEqual(
      expect.arrayContaining([
        { Action: 'Add', LogicalResourceId: 'Bucket', ResourceType: 'AWS::S3::Bucket' },
        { Action: 'Add', LogicalResourceId: 'Distribution', ResourceType: 'AWS::CloudFront::Distribution' },
      ]),
    );
    expect(await describeStack(aws, 'blog')).toMatchObject({ id: changeSet?.stackId, status: 'REVIEW_IN_PROGRESS' });
    await deleteChangeSet(aws, changeSet?.id ?? '');
  });

  describe('a refusal', () => {
    afterEach(() => Object.assign(process.env, moto.environment));

    const useKey = ({ AccessKeyId, SecretAccessKey }: Partial<AccessKey>) =>
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey });

    async function createUser(): Promise<AccessKey> {
      await aws.iam.send(new CreateUserCommand({ UserName: 'ada' }));
      const created = await aws.iam.send(new CreateAccessKeyCommand({ UserName: 'ada' }));
      if (!created.AccessKey) throw new Error('no access key');
      return created.AccessKey;
    }

    test('names the missing permission and who lacks it', async () => {
      useKey(await createUser());
      const session = await signIn({ region: 'eu-central-1' });
      await moto.demandPermissions();
      await expect(describeStack(session, 'blog')).rejects.toMatchObject({
        name: 'Failure',
        message: 'arn:aws:iam::123456789012:user/ada may not cloudformation:DescribeStacks.',
      });
    });

    test.each<[string, Partial<AccessKey>]>([
      ['key', { AccessKeyId: 'AKIAIOSFODNN7EXAMPLE' }],
      ['secret', { SecretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }],
    ])('of a wrong %s says so, and does not show it', async (_, wrong) => {
      useKey({ ...(await createUser()), ...wrong });
      await moto.demandPermissions();
      const refused: unknown = await signIn({ region: 'eu-central-1' }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ name: 'Failure', message: expect.stringContaining('access key') });
      expect(JSON.stringify(refused)).not.toContain(Object.values(wrong)[0]);
    });

    test('of the network names the host', async () => {
      process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';
      const session = { ...aws, cloudFormation: new CloudFormationClient({ region: 'eu-central-1', maxAttempts: 1 }) };
      await expect(describeStack(session, 'blog')).rejects.toMatchObject({
        name: 'Failure',
        message: '127.0.0.1:9 cannot be reached for cloudformation:DescribeStacks (ECONNREFUSED).',
      });
    });
  });
});
