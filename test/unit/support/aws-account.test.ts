import {
  ACMClient,
  DescribeCertificateCommand,
  ListCertificatesCommand,
  RequestCertificateCommand,
} from '@aws-sdk/client-acm';
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  ListTypesCommand,
  paginateDescribeChangeSet,
  paginateDescribeStackEvents,
  type CreateChangeSetCommandInput,
} from '@aws-sdk/client-cloudformation';
import { CloudFrontClient, GetDistributionConfigCommand, paginateListDistributions } from '@aws-sdk/client-cloudfront';
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import {
  ChangeResourceRecordSetsCommand,
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
  S3Client,
  type ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
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

const request = (type: 'CREATE' | 'UPDATE', given = parameters(), more: Partial<CreateChangeSetCommandInput> = {}) =>
  new CreateChangeSetCommand({
    StackName: STACK,
    ChangeSetName: `set-${account.calls.length}`,
    ChangeSetType: type,
    TemplateBody: TEMPLATE_TEXT,
    Parameters: Object.entries(given).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
    Capabilities: ['CAPABILITY_IAM'],
    ...more,
  });

/** Returns the change set when it is ready, with its changes as `Add Bucket`, `Modify Distribution False`. */
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

/** Executes a change set and looks at the stack until it is at rest. */
async function carryOut(command: CreateChangeSetCommand) {
  const { id } = await plan(command);
  await cloudFormation.send(new ExecuteChangeSetCommand({ ChangeSetName: id }));
  return settled();
}

async function deleteStack() {
  await cloudFormation.send(new DeleteStackCommand({ StackName: STACK }));
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

/** Returns the reasons of failures in the last stack, oldest first. */
const failures = () =>
  (account.stacks.all.at(-1)?.events ?? [])
    .filter(({ ResourceStatus }) => ResourceStatus?.endsWith('_FAILED'))
    .map(({ LogicalResourceId, ResourceStatusReason }) => `${LogicalResourceId}: ${ResourceStatusReason}`);

describe('a stack of the template', () => {
  it('is created, changed and deleted, and leaves the bucket', async () => {
    const created = await carryOut(request('CREATE'));
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

    const { id, changes } = await plan(
      request('UPDATE', parameters({ PriceClass: 'PriceClass_100', Identity: 'policy-only' })),
    );
    expect(changes).toEqual(expect.arrayContaining(['Modify Distribution False', 'Remove GhostUser']));
    await cloudFormation.send(new ExecuteChangeSetCommand({ ChangeSetName: id }));
    expect(await settled()).toMatchObject({ StackStatus: 'UPDATE_COMPLETE' });
    expect(distribution?.config.PriceClass).toBe('PriceClass_100');
    expect(account.identities.users).toEqual([]);

    expect(await deleteStack()).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
    expect(account.history(STACK)).toContain('Bucket DELETE_SKIPPED');
    expect([account.buckets.all.length, account.distributions.all.length]).toEqual([1, 0]);
    expect(account.hostedZones.all[0]?.records.map(({ Type }) => Type)).toEqual(['NS', 'SOA']);
    await expect(cloudFormation.send(new DescribeStacksCommand({ StackName: STACK }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: `Stack with id ${STACK} does not exist`,
    });
  });

  it('proceeds by one event with each look, which shows the newest first in pages', async () => {
    const { id } = await plan(request('CREATE'));
    await cloudFormation.send(new ExecuteChangeSetCommand({ ChangeSetName: id }));
    await cloudFormation.send(new DescribeStacksCommand({ StackName: STACK }));
    await cloudFormation.send(new DescribeStackEventsCommand({ StackName: STACK }));
    expect(account.history(STACK)).toEqual([
      `${STACK} REVIEW_IN_PROGRESS`,
      `${STACK} CREATE_IN_PROGRESS`,
      'Bucket CREATE_IN_PROGRESS',
      'Bucket CREATE_COMPLETE',
    ]);
    await settled();
    const events = [];
    for await (const page of paginateDescribeStackEvents({ client: cloudFormation }, { StackName: STACK })) {
      events.push(...(page.StackEvents ?? []));
    }
    expect(events).toEqual(account.stacks.get(STACK)?.events.toReversed());
  });

  it('hides its secret, passes it to CloudFront, and has nothing to change with its previous values', async () => {
    const stack = await carryOut(request('CREATE'));
    expect(stack?.Parameters).toContainEqual({ ParameterKey: 'FallbackSecret', ParameterValue: '****' });
    const { DistributionConfig } = await cloudFront.send(
      new GetDistributionConfigCommand({ Id: account.distributions.all[0]?.id }),
    );
    expect(DistributionConfig?.Origins?.Items?.[1]?.CustomHeaders).toEqual({
      Quantity: 1,
      Items: [{ HeaderName: 'X-Ghost-Cdn-Fallback-Key', HeaderValue: SECRET }],
    });
    const previous = Object.keys(parameters()).map((ParameterKey) => ({ ParameterKey, UsePreviousValue: true }));
    expect(await plan(request('UPDATE', undefined, { Parameters: previous }))).toMatchObject({
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

  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
  it('imports an existing bucket, with its settings, when the template names it literally', async () => {
    account.buckets.add({ name: 'blog-images', objects: ['content/images/x.jpg'] });
    const given = parameters({ BucketName: 'blog-images' });
    await carryOut(request('CREATE', given, { OnStackFailure: 'DELETE' }));
    expect(failures()[0]).toMatch(/^Bucket: .*blog-images already exists/);
    const byFunction = await plan(request('CREATE', given, { ImportExistingResources: true }));
    expect(byFunction.changes).toContain('Add Bucket');
    const TemplateBody = TEMPLATE_TEXT.replace(/BucketName: !If .*/, 'BucketName: blog-images');
    const literally = { ImportExistingResources: true, TemplateBody };
    expect((await plan(request('CREATE', given, literally))).changes).toContain('Import Bucket');
    expect(await carryOut(request('CREATE', given, literally))).toMatchObject({ StackStatus: 'CREATE_COMPLETE' });
    const bucket = account.buckets.find('blog-images');
    expect([bucket?.versions.length, bucket?.versioning]).toEqual([1, undefined]);
  });

  it.each<[string, () => CreateChangeSetCommand, string, RegExp]>([
    [
      'an absent stack',
      () => request('UPDATE'),
      'ValidationError',
      /^Stack \[ghost-images-example-com\] does not exist$/,
    ],
    [
      'a missing parameter',
      () => request('CREATE', { Domain: DOMAIN } as never),
      'ValidationError',
      /^Parameters: \[CertificateArn\] must have values$/,
    ],
    [
      'a value against the pattern',
      () => request('CREATE', parameters({ Domain: `https://${DOMAIN}` })),
      'ValidationError',
      /^Parameter Domain /,
    ],
    [
      'IAM resources without the capability',
      () => request('CREATE', undefined, { Capabilities: [] }),
      'InsufficientCapabilitiesException',
      /^Requires capabilities : \[CAPABILITY_IAM\]$/,
    ],
  ])('is refused in CloudFormation’s words: %s', async (_, command, name, message) => {
    await expect(cloudFormation.send(command())).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    });
    expect(account.stacks.all).toEqual([]);
  });

  it('is not created twice, nor updated at work or after a failed creation', async () => {
    const message = 'Your account must be verified before you can add new CloudFront resources.';
    account.failResource('Distribution', message);
    const { id } = await plan(request('CREATE'));
    await cloudFormation.send(new ExecuteChangeSetCommand({ ChangeSetName: id }));
    await expect(cloudFormation.send(request('UPDATE'))).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(/is in CREATE_IN_PROGRESS state and can not be updated\.$/),
    });
    expect(await settled()).toMatchObject({ StackStatus: 'ROLLBACK_COMPLETE' });
    expect(failures()).toEqual([`Distribution: ${message}`]);
    expect([account.buckets.all, account.distributions.all, account.identities.users]).toEqual([[], [], []]);
    await expect(cloudFormation.send(request('UPDATE'))).rejects.toThrow(/ROLLBACK_COMPLETE/);
    await expect(cloudFormation.send(request('CREATE'))).rejects.toMatchObject({ name: 'AlreadyExistsException' });
    expect(await deleteStack()).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
  });

  it.each(['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'] as const)(
    'can be added in %s, with what is left of it',
    async (status) => {
      const stack = account.stacks.add({ name: STACK, parameters: parameters(), status });
      expect(account.history(STACK)).toContain('Distribution CREATE_FAILED');
      expect(stack.resources.has('Bucket')).toBe(status !== 'ROLLBACK_COMPLETE');
      expect(account.distributions.all).toEqual([]);
      expect(await deleteStack()).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
      expect(account.identities.policies.size).toBe(0);
    },
  );

  it('is rolled back when an update fails, as far as that succeeds', async () => {
    await carryOut(request('CREATE'));
    const update = () => carryOut(request('UPDATE', parameters({ PriceClass: 'PriceClass_100' })));
    account.failResource('Distribution', 'Access denied.');
    expect(await update()).toMatchObject({ StackStatus: 'UPDATE_ROLLBACK_COMPLETE' });
    expect(account.stacks.get(STACK)?.parameters.PriceClass).toBe('PriceClass_All');
    expect(account.distributions.all[0]?.config.PriceClass).toBe('PriceClass_All');
    expect(await update()).toMatchObject({ StackStatus: 'UPDATE_COMPLETE' });

    account.failResource('Distribution', 'Access denied.');
    account.failResource('Distribution', 'Access denied.');
    expect(await carryOut(request('UPDATE'))).toMatchObject({ StackStatus: 'UPDATE_ROLLBACK_FAILED' });
  });

  it.each<[string, () => Record<string, string> | void, RegExp]>([
    [
      'a taken domain',
      () => void account.distributions.add({ aliases: [DOMAIN], otherOwner: true }),
      /^Distribution: Resource handler returned message: "One or more of the CNAMEs you provided are already associated/,
    ],
    [
      'a taken record',
      () => {
        const ResourceRecords = [{ Value: '192.0.2.1' }];
        account.hostedZones.all[0]?.records.push({ Name: `${DOMAIN}.`, Type: 'A', TTL: 60, ResourceRecords });
      },
      /^DomainRecords: \[Tried to create resource record set \[name='images\.example\.com\.', type='A'\] but it already exists\]$/,
    ],
    [
      'a certificate that is not issued',
      () => ({ CertificateArn: account.certificates.add({ names: [DOMAIN], status: 'PENDING_VALIDATION' }).arn }),
      /The specified SSL certificate doesn't exist/,
    ],
  ])('fails in AWS’s words because of %s', async (_, prepare, reason) => {
    await carryOut(request('CREATE', parameters(prepare() ?? {}), { OnStackFailure: 'DELETE' }));
    expect(failures()[0]).toMatch(reason);
  });

  it('is not deleted while its user has a key or others have its policy', async () => {
    await carryOut(request('CREATE'));
    const [user] = account.identities.users;
    user?.accessKeys.push({ id: 'AKIA1', secret: SECRET, createdAt: new Date(), status: 'Active' });
    expect(await deleteStack()).toMatchObject({
      StackStatus: 'DELETE_FAILED',
      StackStatusReason: 'The following resource(s) failed to delete: [GhostUser]. ',
    });
    user?.accessKeys.pop();
    const role = account.identities.addRole('editors', [...account.identities.policies.keys()]);
    expect(await deleteStack()).toMatchObject({ StackStatus: 'DELETE_FAILED' });
    expect(failures().at(-2)).toContain('Cannot delete a policy attached to entities.');
    role.policies = [];
    expect(await deleteStack()).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
  });
});

describe('certificates', () => {
  it('are listed by key type, RSA without one, and region', async () => {
    account.certificates.add({ names: ['a.example.com'], keyAlgorithm: 'EC_prime256v1' });
    account.certificates.add({ names: ['b.example.com'], region: REGION });
    const names = async (keyTypes?: ('RSA_2048' | 'EC_prime256v1')[]) =>
      (await acm.send(new ListCertificatesCommand({ Includes: { keyTypes } }))).CertificateSummaryList?.map(
        ({ DomainName }) => DomainName,
      );
    expect(await names()).toEqual([DOMAIN]);
    expect(await names(['RSA_2048', 'EC_prime256v1'])).toEqual([DOMAIN, 'a.example.com']);
  });

  it('show their record late, and are issued after it is in the zone', async () => {
    const command = new RequestCertificateCommand({ DomainName: '*.example.com', ValidationMethod: 'DNS' });
    const { CertificateArn } = await acm.send(command);
    const describe = async () => (await acm.send(new DescribeCertificateCommand({ CertificateArn }))).Certificate;
    expect((await describe())?.DomainValidationOptions?.[0]?.ResourceRecord).toBeUndefined();
    const { Name, Type, Value } = (await describe())?.DomainValidationOptions?.[0]?.ResourceRecord ?? {};
    expect(Name).toMatch(/^_[0-9a-f]{32}\.example\.com\.$/);
    account.hostedZones.all[0]?.records.push({ Name, Type, TTL: 300, ResourceRecords: [{ Value }] });
    expect((await describe())?.Status).toBe('PENDING_VALIDATION');
    expect(await describe()).toMatchObject({ Status: 'ISSUED', NotAfter: expect.any(Date) });
  });
});

describe('zones', () => {
  const change = (...Changes: Change[]) =>
    route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: { Changes } }));
  const cname = (Action: Change['Action'], Name: string, Value = 'd1.cloudfront.net'): Change => ({
    Action,
    ResourceRecordSet: { Name, Type: 'CNAME', TTL: 300, ResourceRecords: [{ Value }] },
  });

  it.each<[string, Change[]]>([
    [
      "[Tried to create resource record set [name='www.example.com.', type='CNAME'] but it already exists]",
      [cname('CREATE', 'a.example.com'), cname('CREATE', 'www.example.com')],
    ],
    ['but it was not found', [cname('DELETE', 'a.example.com')]],
    ['do not match the current', [cname('DELETE', 'www.example.com', 'other.net')]],
    ['not permitted at apex', [cname('UPSERT', 'example.com')]],
    ['is not permitted in zone example.com.', [cname('UPSERT', 'www.example.org')]],
  ])('change all of the records or none: %s', async (message, changes) => {
    await change(cname('CREATE', 'www.example.com'));
    await expect(change(...changes)).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: expect.stringContaining(message),
    });
    expect(account.hostedZones.all[0]?.records).toHaveLength(3);
  });

  it('list records by their labels from the right, starting at a name', async () => {
    await change(...['b', 'x.a', 'a'].map((name) => cname('CREATE', `${name}.example.com`)));
    const start = { HostedZoneId: zoneId, StartRecordName: 'a.example.com', StartRecordType: 'A' as const };
    const { ResourceRecordSets } = await route53.send(new ListResourceRecordSetsCommand(start));
    expect(ResourceRecordSets?.map(({ Name }) => Name)).toEqual([
      'a.example.com.',
      'x.a.example.com.',
      'b.example.com.',
    ]);
  });
});

describe('buckets', () => {
  it.each([
    [new HeadBucketCommand({ Bucket: 'absent' }), 'NotFound', 404],
    [new HeadBucketCommand({ Bucket: 'theirs' }), 'Unknown', 403],
    [new GetBucketPolicyCommand({ Bucket: 'full' }), 'NoSuchBucketPolicy', 404],
    [new GetBucketPolicyCommand({ Bucket: 'far' }), 'PermanentRedirect', 301],
    [new DeleteBucketCommand({ Bucket: 'full' }), 'BucketNotEmpty', 409],
  ])('refuse %j as S3 does: %s, %i', async (command, name, httpStatusCode) => {
    account.buckets.add({ name: 'theirs', otherOwner: true });
    account.buckets.add({ name: 'full', versioning: 'Enabled', objects: ['a', 'b', 'c'] });
    account.buckets.add({ name: 'far', region: 'eu-west-1' });
    await expect(s3.send(command)).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
  });

  it('in other regions are found by a client that follows redirects', async () => {
    account.buckets.add({ name: 'far', region: 'eu-west-1' });
    const following = new S3Client({ region: REGION, followRegionRedirects: true });
    expect(await following.send(new HeadBucketCommand({ Bucket: 'far' }))).toMatchObject({ BucketRegion: 'eu-west-1' });
    expect(account.calls.map(({ client }) => client.region)).toEqual([REGION, 'eu-west-1']);
  });

  it('are emptied page by page, with all versions', async () => {
    account.buckets.add({ name: 'full', versioning: 'Enabled', objects: ['a', 'b', 'b', 'b', 'c'] });
    let page: ListObjectVersionsCommandOutput | undefined;
    do {
      const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker }: Partial<typeof page> = page ?? {};
      page = await s3.send(new ListObjectVersionsCommand({ Bucket: 'full', KeyMarker, VersionIdMarker }));
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

  it('denies what it is told to, to its stacks as well', async () => {
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
    await carryOut(request('CREATE', undefined, { OnStackFailure: 'DELETE' }));
    expect(failures()[0]).toMatch(/^BucketPolicy: .*not authorized to perform: s3:PutBucketPolicy .*AccessDenied\)$/);
    expect(account.buckets.all).toEqual([]);
  });

  it('throttles, gives other answers than its own, and loses answers of what is done', async () => {
    const list = () => acm.send(new ListCertificatesCommand({}));
    account.throttle('acm:ListCertificates', 1);
    account.answerNext('acm:ListCertificates', new Error('odd'), {}, (output) => ({ ...output, NextToken: 'odd' }));
    await expect(list()).rejects.toMatchObject({ name: 'ThrottlingException' });
    await expect(list()).rejects.toThrow('odd');
    expect((await list()).CertificateSummaryList).toBeUndefined();
    expect(await list()).toMatchObject({ CertificateSummaryList: [{}], NextToken: 'odd' });
    expect((await list()).NextToken).toBeUndefined();
    account.interruptAfter(1, () => {
      throw new Error('gone');
    });
    const command = new RequestCertificateCommand({ DomainName: 'b.example.com' });
    await expect(acm.send(command)).rejects.toThrow('gone');
    expect(account.certificates.all.map(({ names }) => names)).toContainEqual(['b.example.com']);
  });

  it('lets the middleware of the clients run', async () => {
    const client = new ACMClient({ region: 'us-east-1' });
    const seen: unknown[] = [];
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          seen.push(commandName);
          return next(args).catch((error: Error) => Promise.reject(new Error(`seen: ${error.name}`)));
        },
      { step: 'initialize', priority: 'low' },
    );
    account.throttle('acm:ListCertificates', 1);
    await expect(client.send(new ListCertificatesCommand({}))).rejects.toThrow('seen: ThrottlingException');
    expect(seen).toEqual(['ListCertificatesCommand']);
  });

  it('names a command that it does not have, at the latest at the end of the test', async () => {
    await expect(cloudFormation.send(new ListTypesCommand({}))).rejects.toThrow('has no cloudformation:ListTypes');
    expect(() => account.restore()).toThrow('cloudformation:ListTypes');
  });
});
