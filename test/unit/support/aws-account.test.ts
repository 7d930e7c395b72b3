import {
  ACMClient,
  DescribeCertificateCommand,
  ListCertificatesCommand,
  RequestCertificateCommand,
} from '@aws-sdk/client-acm';
import {
  CloudFormationClient,
  ContinueUpdateRollbackCommand,
  CreateChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackDriftDetectionStatusCommand,
  DescribeStackEventsCommand,
  DescribeStackResourceDriftsCommand,
  DescribeStacksCommand,
  DetectStackDriftCommand,
  ExecuteChangeSetCommand,
  ListTypesCommand,
  paginateDescribeChangeSet,
  paginateDescribeStackEvents,
  type CreateChangeSetCommandInput,
} from '@aws-sdk/client-cloudformation';
import { CloudFrontClient, GetDistributionConfigCommand, paginateListDistributions } from '@aws-sdk/client-cloudfront';
import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  ChangeResourceRecordSetsCommand,
  ListHostedZonesByNameCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type Change,
} from '@aws-sdk/client-route-53';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { AwsAccount } from '../../support/aws-account';
import { TEMPLATE_TEXT } from '../../support/aws-account/template';

const REGION = 'eu-central-1';
const STACK = 'ghost-images-example-com';
const DOMAIN = 'images.example.com';
const SECRET = 'x7Kq_2mVnB8wEr5TyU1iOp3AsDf6GhJk';

let account: AwsAccount;
let zoneId: string;
let certificateArn: string;
const cloudFormation = new CloudFormationClient({ region: REGION });
const acm = new ACMClient({ region: 'us-east-1' });
const route53 = new Route53Client({ region: 'us-east-1' });
const cloudFront = new CloudFrontClient({ region: 'us-east-1' });
const s3 = new S3Client({ region: REGION });
const iam = new IAMClient({ region: 'us-east-1' });

beforeEach(() => {
  account = new AwsAccount();
  zoneId = account.hostedZones.add({ name: 'example.com' }).id;
  certificateArn = account.certificates.add({ names: [DOMAIN] }).arn;
});

afterEach(() => account.restore());

const parameters = (given: Record<string, string> = {}) => ({
  Domain: DOMAIN,
  CertificateArn: certificateArn,
  HostedZoneId: zoneId,
  GhostHost: 'blog.example.com',
  FallbackSecret: SECRET,
  Identity: 'iam-user',
  ...given,
});

const request = (
  type: 'CREATE' | 'UPDATE',
  given: Record<string, string>,
  more: Partial<CreateChangeSetCommandInput> = {},
) =>
  new CreateChangeSetCommand({
    StackName: STACK,
    ChangeSetName: `set-${account.calls.length}`,
    ChangeSetType: type,
    TemplateBody: TEMPLATE_TEXT,
    Parameters: Object.entries(given).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
    Capabilities: ['CAPABILITY_IAM'],
    ...more,
  });

/** @returns the change set when it is ready, with its changes as `Add Bucket`, `Modify Distribution False` */
async function plan(command: CreateChangeSetCommand) {
  const { Id } = await cloudFormation.send(command);
  const describe = new DescribeChangeSetCommand({ ChangeSetName: Id });
  while ((await cloudFormation.send(describe)).Status?.match(/PENDING|IN_PROGRESS/));
  const changes: string[] = [];
  let status, reason;
  for await (const page of paginateDescribeChangeSet({ client: cloudFormation }, { ChangeSetName: Id })) {
    [status, reason] = [page.Status, page.StatusReason];
    changes.push(
      ...(page.Changes ?? []).map(({ ResourceChange: change }) =>
        [change?.Action, change?.LogicalResourceId, change?.Replacement].filter(Boolean).join(' '),
      ),
    );
  }
  return { id: Id, status, reason, changes };
}

/** Executes a change set and looks at the stack until nothing happens any more. */
async function carryOut(command: CreateChangeSetCommand) {
  const { id } = await plan(command);
  await cloudFormation.send(new ExecuteChangeSetCommand({ ChangeSetName: id }));
  return settled();
}

async function settled(name = account.stacks.all.at(-1)?.id) {
  for (;;) {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
    if (!Stacks[0]?.StackStatus?.endsWith('IN_PROGRESS')) {
      return Stacks[0];
    }
  }
}

/** @returns reasons of failures in the last stack, oldest first */
const failures = () =>
  (account.stacks.all.at(-1)?.events ?? [])
    .filter(({ ResourceStatus }) => ResourceStatus?.endsWith('_FAILED'))
    .map(({ LogicalResourceId, ResourceStatusReason }) => `${LogicalResourceId}: ${ResourceStatusReason}`);

describe('a stack of the template', () => {
  it('is created, changed and deleted, and leaves the bucket', async () => {
    const first = await plan(request('CREATE', parameters()));
    expect(first).toMatchObject({ status: 'CREATE_COMPLETE' });
    expect(first.changes).toEqual(expect.arrayContaining(['Add Bucket', 'Add Distribution', 'Add GhostUser']));
    await cloudFormation.send(new ExecuteChangeSetCommand({ ChangeSetName: first.id }));
    const created = await settled();
    const [bucket] = account.buckets.all;
    const [distribution] = account.distributions.all;
    expect(created).toMatchObject({ StackStatus: 'CREATE_COMPLETE' });
    expect(
      Object.fromEntries((created?.Outputs ?? []).map((output) => [output.OutputKey, output.OutputValue])),
    ).toEqual({
      BucketName: bucket?.name,
      BucketRegion: REGION,
      CdnUrl: 'https://images.example.com',
      DistributionId: distribution?.id,
      DistributionDomainName: distribution?.domainName,
      GhostPolicyArn: [...account.identities.policies.keys()][0],
      GhostUserName: account.identities.users[0]?.name,
    });
    expect(bucket?.name).toMatch(/^ghost-images-example-com-bucket-[0-9a-f]{12}$/);
    expect(bucket?.policy).toContain(`distribution/${distribution?.id}`);
    expect(account.hostedZones.all[0]?.records.map(({ Name, Type }) => `${Name} ${Type}`)).toEqual(
      expect.arrayContaining(['images.example.com. A', 'images.example.com. AAAA', 'images.example.com. HTTPS']),
    );

    const second = await plan(request('UPDATE', parameters({ PriceClass: 'PriceClass_100', Identity: 'policy-only' })));
    expect(second.changes).toContain('Modify Distribution False');
    expect(second.changes).toContain('Remove GhostUser');
    await cloudFormation.send(new ExecuteChangeSetCommand({ ChangeSetName: second.id }));
    expect(await settled()).toMatchObject({ StackStatus: 'UPDATE_COMPLETE' });
    expect(distribution?.config.PriceClass).toBe('PriceClass_100');
    expect(account.identities.users).toEqual([]);

    await cloudFormation.send(new DeleteStackCommand({ StackName: STACK }));
    expect(await settled()).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
    expect(account.history(STACK)).toContain('Bucket DELETE_SKIPPED');
    expect([account.buckets.all.length, account.distributions.all.length]).toEqual([1, 0]);
    expect(account.hostedZones.all[0]?.records.map(({ Type }) => Type)).toEqual(['NS', 'SOA']);
    await expect(cloudFormation.send(new DescribeStacksCommand({ StackName: STACK }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: `Stack with id ${STACK} does not exist`,
    });
  });

  it('goes on by one event with each look, which shows the newest first in pages', async () => {
    const { id } = await plan(request('CREATE', parameters()));
    await cloudFormation.send(new ExecuteChangeSetCommand({ ChangeSetName: id }));
    await cloudFormation.send(new DescribeStacksCommand({ StackName: STACK }));
    const { StackEvents = [] } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName: STACK }));
    expect(
      StackEvents.map(({ LogicalResourceId, ResourceStatus }) => `${LogicalResourceId} ${ResourceStatus}`),
    ).toEqual([
      'Bucket CREATE_COMPLETE',
      'Bucket CREATE_IN_PROGRESS',
      `${STACK} CREATE_IN_PROGRESS`,
      `${STACK} REVIEW_IN_PROGRESS`,
    ]);
    await settled();
    const events = [];
    for await (const page of paginateDescribeStackEvents({ client: cloudFormation }, { StackName: STACK })) {
      events.push(...(page.StackEvents ?? []));
    }
    expect(events).toEqual([...(account.stacks.get(STACK)?.events ?? [])].reverse());
  });

  it('keeps its secret to itself, and shows it to CloudFront', async () => {
    const stack = await carryOut(request('CREATE', parameters()));
    expect(stack?.Parameters).toContainEqual({ ParameterKey: 'FallbackSecret', ParameterValue: '****' });
    const { DistributionConfig } = await cloudFront.send(
      new GetDistributionConfigCommand({ Id: account.distributions.all[0]?.id }),
    );
    expect(DistributionConfig?.Origins?.Items?.[1]?.CustomHeaders).toEqual({
      Quantity: 1,
      Items: [{ HeaderName: 'X-Ghost-Cdn-Fallback', HeaderValue: SECRET }],
    });
    const previous = Object.keys(parameters()).map((ParameterKey) => ({ ParameterKey, UsePreviousValue: true }));
    expect(await plan(request('UPDATE', {}, { Parameters: previous }))).toMatchObject({
      status: 'FAILED',
      reason: expect.stringMatching(/^The submitted information didn't contain changes\./),
      changes: [],
    });
  });

  it('replaces a bucket that gets another name, and keeps the old one', async () => {
    await carryOut(request('CREATE', parameters({ BucketName: 'old-images' })));
    const { changes } = await plan(request('UPDATE', parameters({ BucketName: 'new-images' })));
    expect(changes).toEqual(expect.arrayContaining(['Modify Bucket True', 'Modify BucketPolicy Conditional']));
    await carryOut(request('UPDATE', parameters({ BucketName: 'new-images' })));
    expect(account.buckets.all.map(({ name, policy }) => [name, policy !== undefined])).toEqual([
      ['old-images', false],
      ['new-images', true],
    ]);
  });

  it('takes in a bucket that is there already, when it is asked to by its name: it finds none by a function', async () => {
    account.buckets.add({ name: 'blog-images', objects: ['content/images/x.jpg'] });
    const given = parameters({ BucketName: 'blog-images' });
    expect(await carryOut(request('CREATE', given, { OnStackFailure: 'DELETE' }))).toMatchObject({
      StackStatus: 'DELETE_COMPLETE',
    });
    expect(failures()[0]).toMatch(/^Bucket: .*blog-images already exists/);
    const byFunction = await plan(request('CREATE', given, { ImportExistingResources: true }));
    expect(byFunction.changes).toContain('Add Bucket');
    const TemplateBody = TEMPLATE_TEXT.replace(/BucketName: !If .*/, 'BucketName: blog-images');
    const { changes } = await plan(request('CREATE', given, { ImportExistingResources: true, TemplateBody }));
    expect(changes).toContain('Import Bucket');
    expect(await carryOut(request('CREATE', given, { ImportExistingResources: true, TemplateBody }))).toMatchObject({
      StackStatus: 'CREATE_COMPLETE',
    });
    // It keeps the settings that it had.
    expect(account.buckets.find('blog-images')).toMatchObject({ versions: [{}] });
    expect(account.buckets.find('blog-images')?.versioning).toBeUndefined();
  });

  it('says what is wrong with a request before it makes anything', async () => {
    const refused = (command: CreateChangeSetCommand) => expect(cloudFormation.send(command)).rejects;
    await refused(request('UPDATE', parameters())).toMatchObject({
      name: 'ValidationError',
      message: `Stack [${STACK}] does not exist`,
    });
    await refused(request('CREATE', { Domain: DOMAIN })).toMatchObject({
      name: 'ValidationError',
      message: 'Parameters: [CertificateArn] must have values',
    });
    await refused(request('CREATE', parameters({ Domain: 'https://images.example.com' }))).toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(/^Parameter Domain /),
    });
    await refused(request('CREATE', parameters(), { Capabilities: [] })).toMatchObject({
      name: 'InsufficientCapabilitiesException',
      message: 'Requires capabilities : [CAPABILITY_IAM]',
    });
    expect(account.stacks.all).toEqual([]);
    await carryOut(request('CREATE', parameters()));
    await refused(request('CREATE', parameters())).toMatchObject({ name: 'AlreadyExistsException' });
  });

  it('refuses updates at work, and after a creation that failed', async () => {
    account.failResource('Distribution', 'Your account must be verified before you can add new CloudFront resources.');
    const { id } = await plan(request('CREATE', parameters()));
    await cloudFormation.send(new ExecuteChangeSetCommand({ ChangeSetName: id }));
    await expect(cloudFormation.send(request('UPDATE', parameters()))).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(/is in CREATE_IN_PROGRESS state and can not be updated\.$/),
    });
    expect(await settled()).toMatchObject({ StackStatus: 'ROLLBACK_COMPLETE' });
    expect(failures()).toEqual([expect.stringContaining('must be verified')]);
    expect([account.buckets.all, account.distributions.all, account.identities.users]).toEqual([[], [], []]);
    await expect(cloudFormation.send(request('UPDATE', parameters()))).rejects.toThrow(/ROLLBACK_COMPLETE/);
    await cloudFormation.send(new DeleteStackCommand({ StackName: STACK }));
    expect(await settled()).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
  });

  it.each(['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'] as const)(
    'can be there from the beginning, in %s with what is left of it',
    async (status) => {
      const stack = account.stacks.add({ name: STACK, parameters: parameters(), status });
      expect(account.history(STACK)).toContain('Distribution CREATE_FAILED');
      expect(stack.resources.has('Bucket')).toBe(status !== 'ROLLBACK_COMPLETE');
      expect(account.distributions.all).toEqual([]);
      await cloudFormation.send(new DeleteStackCommand({ StackName: STACK }));
      expect(await settled()).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
      expect(account.identities.policies.size).toBe(0);
    },
  );

  it('goes back when an update fails, and can be helped when that fails too', async () => {
    await carryOut(request('CREATE', parameters()));
    const update = () => request('UPDATE', parameters({ PriceClass: 'PriceClass_100' }));
    account.failResource('Distribution', 'Access denied.');
    expect(await carryOut(update())).toMatchObject({ StackStatus: 'UPDATE_ROLLBACK_COMPLETE' });
    expect(account.stacks.get(STACK)?.parameters.PriceClass).toBe('PriceClass_All');

    account.failResource('Distribution', 'Access denied.');
    account.failResource('Distribution', 'Access denied.');
    expect(await carryOut(update())).toMatchObject({ StackStatus: 'UPDATE_ROLLBACK_FAILED' });
    await cloudFormation.send(new ContinueUpdateRollbackCommand({ StackName: STACK }));
    expect(await settled()).toMatchObject({ StackStatus: 'UPDATE_ROLLBACK_COMPLETE' });
    expect(account.distributions.all[0]?.config.PriceClass).toBe('PriceClass_All');
    expect(await carryOut(update())).toMatchObject({ StackStatus: 'UPDATE_COMPLETE' });
  });

  it('fails on a taken domain, a taken record and a certificate that does not fit, in AWS’s words', async () => {
    const other = account.distributions.add({ aliases: [DOMAIN], otherOwner: true });
    await carryOut(request('CREATE', parameters(), { OnStackFailure: 'DELETE' }));
    expect(failures()[0]).toMatch(
      /^Distribution: Resource handler returned message: "One or more of the CNAMEs you provided are already associated/,
    );
    account.distributions.all.splice(account.distributions.all.indexOf(other), 1);

    const name = `${DOMAIN}.`;
    account.hostedZones.all[0]?.records.push({
      Name: name,
      Type: 'A',
      TTL: 60,
      ResourceRecords: [{ Value: '192.0.2.1' }],
    });
    await carryOut(request('CREATE', parameters(), { OnStackFailure: 'DELETE' }));
    expect(failures()[0]).toBe(
      `DomainRecords: [Tried to create resource record set [name='${name}', type='A'] but it already exists]`,
    );

    const pending = account.certificates.add({ names: [DOMAIN], status: 'PENDING_VALIDATION' });
    await carryOut(request('CREATE', parameters({ CertificateArn: pending.arn }), { OnStackFailure: 'DELETE' }));
    expect(failures()[0]).toContain("The specified SSL certificate doesn't exist");
  });

  it('is not deleted while its user has a key or others have its policy', async () => {
    await carryOut(request('CREATE', parameters()));
    const [user] = account.identities.users;
    const UserName = user?.name;
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    await cloudFormation.send(new DeleteStackCommand({ StackName: STACK }));
    expect(await settled()).toMatchObject({
      StackStatus: 'DELETE_FAILED',
      StackStatusReason: 'The following resource(s) failed to delete: [GhostUser]. ',
    });
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: AccessKey?.AccessKeyId }));
    const role = account.identities.addRole('editors', [...account.identities.policies.keys()]);
    await cloudFormation.send(new DeleteStackCommand({ StackName: STACK }));
    expect(await settled()).toMatchObject({ StackStatus: 'DELETE_FAILED' });
    expect(failures().at(-2)).toContain('Cannot delete a policy attached to entities.');
    role.policies = [];
    await cloudFormation.send(new DeleteStackCommand({ StackName: STACK }));
    expect(await settled()).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
  });

  it('finds what was changed by hand', async () => {
    await carryOut(request('CREATE', parameters()));
    account.drift(STACK, 'FileHeaders');
    const { StackDriftDetectionId } = await cloudFormation.send(new DetectStackDriftCommand({ StackName: STACK }));
    const look = () => cloudFormation.send(new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }));
    expect((await look()).DetectionStatus).toBe('DETECTION_IN_PROGRESS');
    expect(await look()).toMatchObject({ DetectionStatus: 'DETECTION_COMPLETE', StackDriftStatus: 'DRIFTED' });
    const drifted = new DescribeStackResourceDriftsCommand({
      StackName: STACK,
      StackResourceDriftStatusFilters: ['MODIFIED', 'DELETED'],
    });
    expect((await cloudFormation.send(drifted)).StackResourceDrifts).toMatchObject([
      { LogicalResourceId: 'FileHeaders', StackResourceDriftStatus: 'DELETED' },
    ]);
  });
});

describe('certificates', () => {
  it('are found by key type and region', async () => {
    account.certificates.add({ names: ['a.example.com'], keyAlgorithm: 'EC_prime256v1' });
    account.certificates.add({ names: ['b.example.com'], region: REGION });
    const names = async (keyTypes?: ('RSA_2048' | 'EC_prime256v1')[]) =>
      (await acm.send(new ListCertificatesCommand({ Includes: { keyTypes } }))).CertificateSummaryList?.map(
        ({ DomainName }) => DomainName,
      );
    expect(await names()).toEqual([DOMAIN]);
    expect(await names(['RSA_2048', 'EC_prime256v1'])).toEqual([DOMAIN, 'a.example.com']);
  });

  it('are requested once, tell their record late, and are issued when it is in the zone', async () => {
    const command = new RequestCertificateCommand({
      DomainName: '*.example.com',
      ValidationMethod: 'DNS',
      IdempotencyToken: 'example',
    });
    const { CertificateArn } = await acm.send(command);
    expect(await acm.send(command)).toMatchObject({ CertificateArn });
    const describe = async () => (await acm.send(new DescribeCertificateCommand({ CertificateArn }))).Certificate;
    expect((await describe())?.DomainValidationOptions?.[0]?.ResourceRecord).toBeUndefined();
    const { Name, Type, Value } = (await describe())?.DomainValidationOptions?.[0]?.ResourceRecord ?? {};
    expect(Name).toMatch(/^_[0-9a-f]{32}\.example\.com\.$/);
    const change: Change = {
      Action: 'UPSERT',
      ResourceRecordSet: { Name, Type, TTL: 300, ResourceRecords: [{ Value }] },
    };
    await route53.send(
      new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Changes: [change] } }),
    );
    expect((await describe())?.Status).toBe('PENDING_VALIDATION');
    expect(await describe()).toMatchObject({ Status: 'ISSUED', NotAfter: expect.any(Date) });
  });

  it('are given up after 72 hours', async () => {
    const { arn } = account.certificates.add({ names: ['b.example.com'], status: 'PENDING_VALIDATION' });
    account.advance({ hours: 73 });
    expect(await acm.send(new DescribeCertificateCommand({ CertificateArn: arn }))).toMatchObject({
      Certificate: { Status: 'VALIDATION_TIMED_OUT' },
    });
  });
});

describe('zones', () => {
  const change = (Changes: Change[]) =>
    route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Changes } }));
  const cname = (Action: Change['Action'], Name: string, Value = 'd1.cloudfront.net'): Change => ({
    Action,
    ResourceRecordSet: { Name, Type: 'CNAME', TTL: 300, ResourceRecords: [{ Value }] },
  });

  it('change records all or none', async () => {
    await change([cname('CREATE', 'www.example.com')]);
    await expect(change([cname('CREATE', 'a.example.com'), cname('CREATE', 'www.example.com')])).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: "[Tried to create resource record set [name='www.example.com.', type='CNAME'] but it already exists]",
    });
    await expect(change([cname('DELETE', 'a.example.com')])).rejects.toThrow(/but it was not found/);
    await expect(change([cname('DELETE', 'www.example.com', 'other.net')])).rejects.toThrow(/do not match the current/);
    await expect(change([cname('UPSERT', 'example.com')])).rejects.toThrow(/not permitted at apex/);
    await expect(change([cname('UPSERT', 'www.example.org')])).rejects.toThrow(
      /is not permitted in zone example\.com\./,
    );
  });

  it('list records in their order from a name on, and zones by name', async () => {
    await change([
      cname('CREATE', 'b.example.com'),
      cname('CREATE', 'x.a.example.com'),
      cname('CREATE', 'a.example.com'),
    ]);
    const { ResourceRecordSets } = await route53.send(
      new ListResourceRecordSetsCommand({
        HostedZoneId: zoneId,
        StartRecordName: 'a.example.com',
        StartRecordType: 'A',
      }),
    );
    expect(ResourceRecordSets?.map(({ Name }) => Name)).toEqual([
      'a.example.com.',
      'x.a.example.com.',
      'b.example.com.',
    ]);
    account.hostedZones.add({ name: 'images.example.com' });
    account.hostedZones.add({ name: 'example.net' });
    const command = new ListHostedZonesByNameCommand({ DNSName: 'images.example.com' });
    expect((await route53.send(command)).HostedZones?.map(({ Name }) => Name)).toEqual([
      'images.example.com.',
      'example.net.',
    ]);
  });

  it('of another account are seen by its profile only', async () => {
    account.hostedZones.add({ name: 'example.net', profile: 'dns' });
    const names = async (profile?: string) =>
      (await new Route53Client({ region: 'us-east-1', profile }).send(new ListHostedZonesCommand({}))).HostedZones?.map(
        ({ Name }) => Name,
      );
    expect(await names('work')).toEqual(['example.com.']);
    expect(await names('dns')).toEqual(['example.net.']);
    const sts = new STSClient({ region: REGION, profile: 'dns' });
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: '210987654321' });
  });
});

describe('buckets', () => {
  it('answer as S3 does: absent, somebody else’s, without a policy, not empty', async () => {
    account.buckets.add({ name: 'theirs', otherOwner: true });
    account.buckets.add({ name: 'full', versioning: 'Enabled', objects: ['a', 'b', 'c'] });
    const head = (Bucket: string) => expect(s3.send(new HeadBucketCommand({ Bucket }))).rejects;
    await head('absent').toMatchObject({ name: 'NotFound', $metadata: { httpStatusCode: 404 } });
    await head('theirs').toMatchObject({ name: 'Unknown', $metadata: { httpStatusCode: 403 } });
    await expect(s3.send(new GetBucketPolicyCommand({ Bucket: 'full' }))).rejects.toMatchObject({
      name: 'NoSuchBucketPolicy',
    });
    await expect(s3.send(new DeleteBucketCommand({ Bucket: 'full' }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    });
  });

  it('are emptied page by page, with all versions', async () => {
    account.buckets.add({ name: 'full', versioning: 'Enabled', objects: ['a', 'b', 'b', 'b', 'c'] });
    let page: ListObjectVersionsCommandOutput | undefined;
    do {
      page = await s3.send(
        new ListObjectVersionsCommand({
          Bucket: 'full',
          KeyMarker: page?.NextKeyMarker,
          VersionIdMarker: page?.NextVersionIdMarker,
        }),
      );
      const Objects = (page.Versions ?? []).map(({ Key, VersionId }) => ({ Key, VersionId }));
      await s3.send(new DeleteObjectsCommand({ Bucket: 'full', Delete: { Objects } }));
    } while (page.IsTruncated);
    await s3.send(new DeleteBucketCommand({ Bucket: 'full' }));
    expect(account.buckets.all).toEqual([]);
    expect(new Set(account.actions)).toEqual(
      new Set(['s3:ListBucketVersions', 's3:DeleteObjectVersion', 's3:DeleteBucket']),
    );
  });
});

describe('the account', () => {
  it('lists distributions in pages, without those of others', async () => {
    ['a', 'b', 'c'].forEach((name) => account.distributions.add({ aliases: [`${name}.example.com`] }));
    account.distributions.add({ aliases: ['d.example.com'], otherOwner: true });
    const aliases = [];
    for await (const { DistributionList } of paginateListDistributions({ client: cloudFront }, {})) {
      aliases.push(...(DistributionList?.Items ?? []).flatMap(({ Aliases }) => Aliases?.Items));
    }
    expect(aliases).toEqual(['a.example.com', 'b.example.com', 'c.example.com']);
  });

  it('denies what it is told to, also to its stacks', async () => {
    account.deny('route53:ListHostedZones');
    await expect(route53.send(new ListHostedZonesCommand({}))).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(
        'User: arn:aws:iam::123456789012:user/ada is not authorized to perform: route53:ListHostedZones on resource: ',
      ),
    });
    account.deny('s3:PutBucketPolicy');
    const { EvaluationResults } = await iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: 'arn:aws:iam::123456789012:user/ada',
        ActionNames: ['s3:PutBucketPolicy', 's3:CreateBucket'],
      }),
    );
    expect(EvaluationResults?.map(({ EvalDecision }) => EvalDecision)).toEqual(['implicitDeny', 'allowed']);
    await carryOut(request('CREATE', parameters(), { OnStackFailure: 'DELETE' }));
    expect(failures()[0]).toMatch(/^BucketPolicy: .*not authorized to perform: s3:PutBucketPolicy .*AccessDenied\)$/);
    expect(account.buckets.all).toEqual([]);
  });

  it('throttles, and loses answers of what is done', async () => {
    account.throttle('acm:ListCertificates', 1);
    await expect(acm.send(new ListCertificatesCommand({}))).rejects.toMatchObject({ name: 'ThrottlingException' });
    await acm.send(new ListCertificatesCommand({}));
    account.interruptAfter(1, () => {
      throw new Error('gone');
    });
    const command = new RequestCertificateCommand({ DomainName: 'b.example.com' });
    await expect(acm.send(command)).rejects.toThrow('gone');
    expect(account.certificates.all.map(({ names }) => names)).toContainEqual(['b.example.com']);
  });

  it('names the command that it does not know, at the latest at the end of the test', async () => {
    await expect(cloudFormation.send(new ListTypesCommand({}))).rejects.toThrow('has no cloudformation:ListTypes');
    expect(() => account.restore()).toThrow('cloudformation:ListTypes');
  });
});
