import { AwsAccount } from '../../../support/aws-account';
import type { Certificate } from '../../../support/aws-account/acm';
import type { Bucket } from '../../../support/aws-account/s3';
import { openTestSession, provisionOnce, type RecordedTerminal } from '../../../support/provisioning';
import { destroy } from '../../../../src/commands/provision/destroy';
import { findDifferences } from '../../../../src/commands/provision/diff';
import { showDestroyed } from '../../../../src/commands/provision/show';
import { readStatus } from '../../../../src/commands/provision/status';
import type { Failure } from '../../../../src/shell/failure';

const DOMAIN = 'images.example.com';
const STACK = 'ghost-images-example-com';

let account: AwsAccount;
beforeEach(() => (account = new AwsAccount()));
afterEach(() => account.restore());

/** Parameters of a stack that is there before the first run. */
const existing = () => ({ Domain: DOMAIN, CertificateArn: account.certificates.all[0]?.arn ?? '' });

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);

/** A distribution that asks Ghost over these IP versions. */
const originOver = (ipAddressType: string): unknown =>
  expect.objectContaining({
    config: expect.objectContaining({
      Origins: expect.arrayContaining([
        expect.objectContaining({
          Id: 'ghost',
          CustomOriginConfig: expect.objectContaining({ IpAddressType: ipAddressType }) as unknown,
        }),
      ]) as unknown,
    }) as unknown,
  });

/** Does something after the first call that leaves the account in a state. */
function doWhen(isReached: () => boolean, act: () => void): void {
  account.interruptAfter(1, () => (isReached() ? act() : doWhen(isReached, act)));
}

/** Ctrl-C, after the first call that leaves the account in a state. */
const interruptWhen = (terminal: RecordedTerminal, isReached: () => boolean) =>
  doWhen(isReached, () => terminal.interrupt());

/** What AWS is changed by. */
const changesMade = () => account.actions.filter((action) => !/:(Get|List|Describe|Head|Simulate|Detect)/.test(action));

describe('a new image server with its domain in Route 53', () => {
  test('is created from scratch: certificate, validation, stack, records', async () => {
    account.hostedZones.add({ name: 'example.com' });
    const { provisioned, terminal } = await provisionOnce(account);
    expect(provisioned).toMatchObject({ changed: true, stack: { status: 'CREATE_COMPLETE' } });
    expect(provisioned?.missingRecord).toBeUndefined();
    expect(account.certificates.all).toEqual([expect.objectContaining({ names: [DOMAIN], status: 'ISSUED' })]);
    expect(account.hostedZones.all[0]?.records.map(({ Name, Type }) => `${Type} ${Name}`)).toEqual(
      expect.arrayContaining([
        `A ${DOMAIN}.`,
        `AAAA ${DOMAIN}.`,
        `HTTPS ${DOMAIN}.`,
        expect.stringMatching(/^CNAME _/),
      ]),
    );
    expect(terminal.questions).toEqual(['Continue?']);
    expect(terminal.text).toMatch(/\+ certificate +images\.example\.com.*validated by a record in the Route 53 zone/);
    expect(terminal.text).toMatch(/CREATE_COMPLETE +AWS::CloudFront::Distribution Distribution/);
  });

  test("ends with the options for Ghost's configuration, with the secret that CloudFront really sends", async () => {
    account.hostedZones.add({ name: 'example.com' });
    const { provisioned } = await provisionOnce(account, { tenantPrefix: 'blog-7', bucket: 'my-images' });
    const [distribution] = account.distributions.all;
    const secret = provisioned?.config.storage.S3CloudFrontStorage.cdnFallbackSecret;
    expect(secret).toMatch(/^[\w-]{32,}$/);
    expect(JSON.stringify(distribution)).toContain(secret);
    expect(provisioned?.config).toEqual({
      storage: {
        S3CloudFrontStorage: {
          bucket: 'my-images',
          region: 'eu-central-1',
          cdnUrl: `https://${DOMAIN}`,
          tenantPrefix: 'blog-7',
          distributionId: distribution?.id,
          cdnFallbackSecret: secret,
        },
      },
    });
  });

  test('is confirmed by the user before anything is created', async () => {
    account.hostedZones.add({ name: 'example.com' });
    const { error } = await provisionOnce(account, {}, (terminal) => (terminal.agrees = false));
    expect(error).toMatchObject({ name: 'Declined', message: 'Nothing was changed.' });
    expect(changesMade()).toEqual([]);
  });

  test('is connected to a blog that has IPv6 addresses only, and says so', async () => {
    account.hostedZones.add({ name: 'example.com' });
    const live = { 'blog.example.com': { AAAA: ['2001:db8::1'] } };
    const { terminal } = await provisionOnce(account, { live });
    expect(terminal.text).toMatch(/Ghost creates missing image sizes, requested over IPv6/);
    expect(account.stacks.get(STACK)?.parameters.GhostIpAddressType).toBe('ipv6');
  });

  test("gets a wildcard certificate of the domain's level with --wildcard", async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.certificates.add({ names: [DOMAIN] });
    await provisionOnce(account, { wildcard: true });
    expect(account.certificates.all.map(({ names }) => names)).toEqual([[DOMAIN], ['*.example.com']]);
    expect(account.stacks.get(STACK)?.parameters.CertificateArn).toBe(account.certificates.all[1]?.arn);
  });

  test('uses the zone of another account with --dns-profile, where the stack cannot create records', async () => {
    account.hostedZones.add({ name: 'example.com', profile: 'dns' });
    const { provisioned } = await provisionOnce(account, { dnsProfile: 'dns' });
    expect(account.stacks.get(STACK)?.parameters.HostedZoneId ?? '').toBe('');
    expect(account.hostedZones.all[0]?.records.map(({ Name, Type }) => `${Type} ${Name}`)).toEqual(
      expect.arrayContaining([`A ${DOMAIN}.`, `AAAA ${DOMAIN}.`, `HTTPS ${DOMAIN}.`]),
    );
    expect(provisioned?.missingRecord).toBeUndefined();
  });
});

describe('a domain outside of Route 53', () => {
  const live = { 'example.com': { SOA: true, NS: ['ns1.provider.example'] } };

  test('is validated by a record that is shown in both spellings, while a countdown runs', async () => {
    const { provisioned, terminal } = await provisionOnce(account, { live }, () => {
      doWhen(
        () => account.certificates.all.some(({ described }) => described > 2),
        () => account.certificates.all.forEach(({ arn }) => account.certificates.validate(arn)),
      );
    });
    expect(provisioned?.changed).toBe(true);
    expect(terminal.text).toMatch(/Name {3}_\w+\.images\.example\.com\n.*adds example\.com itself: {2}_\w+\.images\n/);
    expect(terminal.text).toMatch(/Value {2}_\w+\..*acm-validations\.aws/);
    expect(terminal.progress[0]).toMatch(/^(72 h 0|71 h 59) min left$/);
  });

  test('ends with the record that points to the distribution, until that record exists', async () => {
    account.certificates.add({ names: [DOMAIN] });
    const first = await provisionOnce(account, { live });
    const target = first.provisioned?.stack.outputs.DistributionDomainName ?? '';
    expect(first.provisioned?.missingRecord).toEqual({
      name: DOMAIN,
      relativeName: 'images',
      zone: 'example.com',
      value: target,
    });
    const second = await provisionOnce(account, { live: { ...live, [DOMAIN]: { CNAME: target } } });
    expect(second.provisioned).toMatchObject({ changed: false });
    expect(second.provisioned?.missingRecord).toBeUndefined();
  });

  test('loses nothing through Ctrl-C while it waits for the certificate: the next run continues, with less time left', async () => {
    const first = await provisionOnce(account, { live }, (terminal) => {
      interruptWhen(terminal, () => account.certificates.all.some(({ described }) => described > 2));
    });
    expect(first.error).toMatchObject({ name: 'Interruption', message: expect.stringContaining('to resume') });
    expect(account.stacks.all).toEqual([]);
    account.advance({ hours: 5 });
    const [certificate] = account.certificates.all;
    const second = await provisionOnce(account, { live }, () => {
      doWhen(
        () => account.actions.length > 20,
        () => account.certificates.validate(certificate?.arn ?? ''),
      );
    });
    expect(second.provisioned?.changed).toBe(true);
    expect(account.certificates.all).toHaveLength(1);
  });
});

describe('a zone in Route 53 that is no longer in use', () => {
  test('is ignored with --hosted-zone none', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.certificates.add({ names: [DOMAIN] });
    const live = { 'example.com': { SOA: true, NS: ['ns1.provider.example'] } };
    const refused = await provisionOnce(account, { live });
    expect(refused.error?.cure).toContain('--hosted-zone none');
    const { provisioned } = await provisionOnce(account, { live, hostedZone: 'none' });
    expect(provisioned?.missingRecord).toMatchObject({ name: DOMAIN });
    expect(account.hostedZones.all[0]?.records.filter(({ Name }) => Name === `${DOMAIN}.`)).toEqual([]);
    const again = await provisionOnce(account, { live });
    expect(again.provisioned).toMatchObject({ changed: false, missingRecord: { name: DOMAIN } });
    expect(account.hostedZones.all[0]?.records.filter(({ Name }) => Name === `${DOMAIN}.`)).toEqual([]);
  });
});

describe('records that point to the distribution and are not part of the stack', () => {
  test('stay as they are, even when the zone is found later', async () => {
    const zone = account.hostedZones.add({ name: 'example.com' });
    account.certificates.add({ names: [DOMAIN] });
    const first = await provisionOnce(account, { hostedZone: 'none' });
    const target = first.provisioned?.stack.outputs.DistributionDomainName ?? '';
    zone.records.push({ Name: `${DOMAIN}.`, Type: 'CNAME', TTL: 300, ResourceRecords: [{ Value: target }] });
    const { provisioned, error } = await provisionOnce(account);
    expect(error).toBeUndefined();
    expect(provisioned?.changed).toBe(false);
  });

  test('in another account are written once', async () => {
    account.hostedZones.add({ name: 'example.com', profile: 'dns' });
    await provisionOnce(account, { dnsProfile: 'dns' });
    const before = account.calls.length;
    const { provisioned } = await provisionOnce(account, { dnsProfile: 'dns' });
    expect(provisioned?.changed).toBe(false);
    expect(account.actions.slice(before)).not.toContain('route53:ChangeResourceRecordSets');
  });
});

describe('an existing certificate', () => {
  test.each([
    ['for the domain', [DOMAIN]],
    ['for a wildcard of the same level', ['*.example.com']],
  ])('%s is used, and none is requested', async (_, names) => {
    account.hostedZones.add({ name: 'example.com' });
    const { arn } = account.certificates.add({ names });
    const { terminal } = await provisionOnce(account);
    expect(account.stacks.get(STACK)?.parameters.CertificateArn).toBe(arn);
    expect(account.actions).not.toContain('acm:RequestCertificate');
    expect(terminal.text).toContain(`${names.join(', ')} (${arn})`);
  });

  test('that ACM renews is taken before one that was imported, however long that is valid', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.certificates.add({ names: [DOMAIN], type: 'IMPORTED', notAfter: inDays(3000) });
    const { arn } = account.certificates.add({ names: ['*.example.com'] });
    account.certificates.add({ names: [DOMAIN], validationMethod: 'EMAIL', notAfter: inDays(300) });
    const { terminal } = await provisionOnce(account);
    expect(account.stacks.get(STACK)?.parameters.CertificateArn).toBe(arn);
    expect(terminal.warnings).toEqual([]);
  });

  test.each<[what: string, certificate: Partial<Certificate>, warning: RegExp]>([
    [
      'was imported',
      { type: 'IMPORTED', notAfter: inDays(200) },
      /in (199|200) days. ACM does not renew it automatically/,
    ],
    ['is validated by e-mail', { validationMethod: 'EMAIL' }, /ACM does not renew it automatically/],
    ['ends in 3 days', { notAfter: inDays(3) }, /in [23] days. ACM should have renewed it by now/],
  ])('that %s is used with a warning', async (_, given, warning) => {
    account.hostedZones.add({ name: 'example.com' });
    const { arn } = account.certificates.add({ names: [DOMAIN], ...given });
    const { terminal } = await provisionOnce(account);
    expect(account.stacks.get(STACK)?.parameters.CertificateArn).toBe(arn);
    expect(terminal.warnings.join()).toMatch(warning);
  });

  test('for another level is not used', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.certificates.add({ names: ['example.com', '*.images.example.com'] });
    await provisionOnce(account);
    expect(account.actions).toContain('acm:RequestCertificate');
  });

  test('that the stack uses stays, even when there is a newer one', async () => {
    account.hostedZones.add({ name: 'example.com' });
    const { arn } = account.certificates.add({ names: ['*.example.com'] });
    await provisionOnce(account);
    account.certificates.add({ names: [DOMAIN] });
    const { provisioned } = await provisionOnce(account);
    expect(provisioned?.changed).toBe(false);
    expect(account.stacks.get(STACK)?.parameters.CertificateArn).toBe(arn);
  });
});

describe('a second run', () => {
  beforeEach(() => void account.hostedZones.add({ name: 'example.com' }));

  test('changes nothing and needs no confirmation', async () => {
    const first = await provisionOnce(account);
    const before = account.calls.length;
    const second = await provisionOnce(account);
    expect(second.provisioned).toEqual({ ...first.provisioned, changed: false });
    expect(second.terminal.questions).toEqual([]);
    const changes = account.actions
      .slice(before)
      .filter((action) => /Execute|Request|Change(Resource)|:Create(?!ChangeSet)/.test(action));
    expect(changes).toEqual([]);
  });

  test('keeps the options that are not given again', async () => {
    await provisionOnce(account, { priceClass: 'PriceClass_100', tenantPrefix: 'seven', identity: 'ec2-role' });
    const secret = account.stacks.get(STACK)?.parameters.FallbackSecret;
    const { provisioned } = await provisionOnce(account, { ghostUrl: undefined });
    expect(provisioned?.changed).toBe(false);
    expect(account.stacks.get(STACK)?.parameters).toMatchObject({
      PriceClass: 'PriceClass_100',
      TenantPrefix: 'seven',
      Identity: 'ec2-role',
      GhostHost: 'blog.example.com',
      FallbackSecret: secret,
    });
  });

  test('shows what would change, and changes it when the user agrees', async () => {
    await provisionOnce(account);
    const declined = await provisionOnce(
      account,
      { priceClass: 'PriceClass_100' },
      (terminal) => (terminal.agrees = false),
    );
    expect(declined.terminal.text).toMatch(/~ CloudFront distribution/);
    expect(account.stacks.get(STACK)?.parameters.PriceClass).toBe('PriceClass_All');
    expect(account.actions.at(-1)).toBe('cloudformation:DeleteChangeSet');
    const { provisioned } = await provisionOnce(account, { priceClass: 'PriceClass_100' });
    expect(provisioned).toMatchObject({ changed: true, stack: { status: 'UPDATE_COMPLETE' } });
  });

  test('asks again when the certificate exists that the changes to the stack need', async () => {
    await provisionOnce(account);
    const before = account.stacks.get(STACK)?.parameters.CertificateArn;
    const answers = [true, false];
    const { error, terminal } = await provisionOnce(account, { wildcard: true }, (recorded) => {
      Object.defineProperty(recorded, 'agrees', { get: () => answers.shift() ?? false });
    });
    expect(error?.message).toBe('The certificate was requested and is kept. Nothing else was changed.');
    expect(terminal.questions).toEqual(['Continue?', 'Continue?']);
    expect(terminal.text).toMatch(/~ CloudFront distribution/);
    expect(account.stacks.get(STACK)?.parameters.CertificateArn).toBe(before);
    const { provisioned } = await provisionOnce(account, { wildcard: true });
    expect(provisioned?.changed).toBe(true);
    expect(account.certificates.all.map(({ names }) => names)).toEqual([[DOMAIN], ['*.example.com']]);
  });

  test('succeeds when the certificate of the stack was deleted or has expired', async () => {
    await provisionOnce(account);
    account.certificates.all.forEach((certificate) => (certificate.status = 'EXPIRED'));
    const expired = await provisionOnce(account);
    expect(expired.provisioned?.changed).toBe(true);
    account.certificates.all.splice(0);
    const gone = await provisionOnce(account);
    expect(gone.provisioned?.changed).toBe(true);
    expect(account.stacks.get(STACK)?.parameters.CertificateArn).toBe(account.certificates.all[0]?.arn);
  });

  test.each([
    [{ bucket: 'other-pictures' }, 'the files stay in'],
    [{ tenantPrefix: 'seven' }, 'the files stay where they are'],
    [{ domain: 'pictures.example.com', stackName: STACK }, `URLs on ${DOMAIN} stop working`],
  ])('warns that files are not moved by %j', async (options, warning) => {
    await provisionOnce(account);
    const { terminal } = await provisionOnce(account, options, (recorded) => (recorded.agrees = false));
    expect(terminal.warnings.join()).toContain(warning);
  });

  test("recognizes the stack's own bucket by its generated name", async () => {
    const { provisioned } = await provisionOnce(account);
    const again = await provisionOnce(account, { bucket: provisioned?.stack.outputs.BucketName });
    expect(again.provisioned?.changed).toBe(false);
  });

  test('keeps the web ACL that a flat-rate plan has added to the distribution', async () => {
    await provisionOnce(account);
    const arn = 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/plan/473e64fd-f30b-4765-81a0-62ad96dd167a';
    Object.assign(account.distributions.all[0]?.config ?? {}, { WebACLId: arn });
    await provisionOnce(account, { priceClass: 'PriceClass_100' });
    expect(account.distributions.all[0]?.config).toMatchObject({ PriceClass: 'PriceClass_100', WebACLId: arn });
  });

  test('waits until another change to the stack is over, whatever its result', async () => {
    await provisionOnce(account);
    account.failResource('Distribution', 'Access denied for operation');
    const { error } = await provisionOnce(account, { priceClass: 'PriceClass_100' }, (terminal) => {
      interruptWhen(terminal, () => account.stacks.get(STACK)?.status === 'UPDATE_IN_PROGRESS');
    });
    expect(error?.name).toBe('Interruption');
    expect(account.stacks.get(STACK)?.status).toMatch(/_IN_PROGRESS$/);
    const { provisioned, terminal } = await provisionOnce(account, { priceClass: 'PriceClass_100' });
    expect(terminal.warnings.join()).toContain('Access denied for operation');
    expect(provisioned?.stack).toMatchObject({
      status: 'UPDATE_COMPLETE',
      parameters: { PriceClass: 'PriceClass_100' },
    });
  });

  test('asks a blog over IPv6 that has nothing else, and over IPv4 when it has nothing else any more', async () => {
    const ask = async (blog: Record<string, unknown>) => {
      const { provisioned, terminal } = await provisionOnce(account, { live: { 'blog.example.com': blog } });
      const { parameters } = account.stacks.get(STACK) ?? {};
      const [, line] = /(~ CloudFront distribution.*)/.exec(terminal.text) ?? [];
      return [provisioned?.changed, parameters?.GhostIpAddressType, line] as const;
    };
    const AAAA = ['2001:db8::1'];
    const A = ['192.0.2.1'];
    await provisionOnce(account, { live: { 'blog.example.com': { A } } });
    expect(await ask({ A, AAAA })).toEqual([false, 'ipv4', undefined]);
    expect(await ask({ AAAA })).toEqual([true, 'ipv6', expect.stringMatching(/connects to Ghost over IPv6/)]);
    expect(account.distributions.all[0]).toEqual(originOver('ipv6'));
    for (const blog of [{ AAAA }, { A, AAAA }, { fails: 'ESERVFAIL' }, {}]) {
      expect(await ask(blog)).toEqual([false, 'ipv6', undefined]);
    }
    expect(await ask({ A })).toEqual([true, 'ipv4', expect.stringMatching(/connects to Ghost over IPv4/)]);
  });

  test('keeps both IP versions of a stack if the owner chose them', async () => {
    account.certificates.add({ names: [DOMAIN] });
    account.stacks.add({
      name: STACK,
      parameters: {
        ...existing(),
        HostedZoneId: account.hostedZones.all[0]?.id ?? '',
        GhostHost: 'blog.example.com',
        FallbackSecret: 'x'.repeat(32),
        GhostIpAddressType: 'dualstack',
      },
    });
    const live = { 'blog.example.com': { AAAA: ['2001:db8::1'] } };
    expect((await provisionOnce(account, { live })).provisioned).toMatchObject({ changed: false });
  });

  test('adds a secret to a stack that gets its blog later', async () => {
    const first = await provisionOnce(account, { ghostUrl: undefined });
    expect(first.provisioned?.config.storage.S3CloudFrontStorage).not.toHaveProperty('cdnFallbackSecret');
    const second = await provisionOnce(account);
    expect(second.provisioned?.config.storage.S3CloudFrontStorage.cdnFallbackSecret).toMatch(/^[\w-]{32,}$/);
  });
});

describe('a run that was stopped', () => {
  test('after any of its calls is completed by the next, with the same result', async () => {
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account);
    const total = account.calls.length;
    for (let count = 1; count < total; count += 1) {
      account.restore();
      account = new AwsAccount();
      account.hostedZones.add({ name: 'example.com' });
      // The answer is lost, and with it the run: as when the machine is switched off.
      account.interruptAfter(count, () => {
        throw new Error('switched off');
      });
      await provisionOnce(account).catch(() => undefined);
      const { provisioned, error } = await provisionOnce(account);
      expect([count, error]).toEqual([count, undefined]);
      expect(provisioned?.stack.status).toBe('CREATE_COMPLETE');
      expect(account.certificates.all).toHaveLength(1);
      expect(account.distributions.all).toHaveLength(1);
      expect(account.buckets.all).toHaveLength(1);
      expect(account.stacks.all.filter(({ status }) => status === 'CREATE_COMPLETE')).toHaveLength(1);
      const secret = provisioned?.config.storage.S3CloudFrontStorage.cdnFallbackSecret;
      expect(JSON.stringify(account.distributions.all)).toContain(secret);
    }
  });

  test('by Ctrl-C, while CloudFormation is at work, is watched to its end by the next', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.certificates.add({ names: [DOMAIN] });
    const first = await provisionOnce(account, {}, (terminal) => {
      interruptWhen(terminal, () => account.stacks.get(STACK)?.status === 'CREATE_IN_PROGRESS');
    });
    expect(first.error?.name).toBe('Interruption');
    expect(account.stacks.get(STACK)?.status).toBe('CREATE_IN_PROGRESS');
    const { provisioned, terminal } = await provisionOnce(account);
    expect(terminal.steps[0]).toContain('Waiting for CloudFormation');
    expect(provisioned).toMatchObject({ changed: false, stack: { status: 'CREATE_COMPLETE' } });
    expect(account.distributions.all).toHaveLength(1);
  });
});

describe('a stack that fails', () => {
  beforeEach(() => {
    account.hostedZones.add({ name: 'example.com' });
    account.certificates.add({ names: [DOMAIN] });
  });

  test('reports the cause and the fix, and leaves nothing that blocks the next run', async () => {
    account.failResource('Distribution', 'Your account must be verified before you can add new CloudFront resources.');
    const { error } = await provisionOnce(account);
    expect(error?.message).toContain('Distribution (AWS::CloudFront::Distribution) failed');
    expect(error?.message).toContain('must be verified');
    expect(error?.cure).toContain('AWS Support');
    expect(account.buckets.all).toEqual([]);
    expect((await provisionOnce(account)).provisioned?.stack.status).toBe('CREATE_COMPLETE');
  });

  test('because of a missing permission names the action', async () => {
    account.deny('s3:PutBucketPolicy');
    const { error, terminal } = await provisionOnce(account);
    expect(error?.message).toContain('the permission s3:PutBucketPolicy is missing');
    expect(terminal.warnings.join()).toContain('s3:PutBucketPolicy');
  });

  test('is refused before the start with all problems that CloudFormation found, and leaves no empty stack', async () => {
    account.stacks.earlyFindings.push(
      {
        LogicalResourceId: 'Bucket',
        ValidationPath: '/Resources/Bucket/Properties/BucketName',
        ValidationStatusReason: 'The bucket already exists.',
      },
      { LogicalResourceId: 'Distribution', ValidationStatusReason: 'Extra property [Speed].' },
    );
    const { error } = await provisionOnce(account);
    expect(error?.message).toContain('Bucket /Resources/Bucket/Properties/BucketName: The bucket already exists.');
    expect(error?.message).toContain('Distribution: Extra property [Speed].');
    expect((error as Failure).cure).toContain('Choose another --bucket');
    expect(account.stacks.get(STACK)?.status).toBe('DELETE_IN_PROGRESS');
    expect((await provisionOnce(account)).provisioned?.stack.status).toBe('CREATE_COMPLETE');
  });

  test('is refused before the start, and if the reasons are not readable, the error has the missing permission', async () => {
    account.stacks.earlyFindings.push({ ValidationStatusReason: 'The bucket already exists.' });
    account.deny('cloudformation:DescribeEvents');
    const { error } = await provisionOnce(account);
    expect(error?.message).toContain('cloudformation:DescribeEvents');
    expect(account.stacks.get(STACK)?.status).toBe('DELETE_IN_PROGRESS');
  });

  test('in an update is rolled back', async () => {
    await provisionOnce(account);
    account.failResource('Distribution', 'Access denied for operation');
    const { error } = await provisionOnce(account, { priceClass: 'PriceClass_100' });
    expect(error?.message).toContain('UPDATE_ROLLBACK_COMPLETE');
    const { provisioned } = await provisionOnce(account, { priceClass: 'PriceClass_100' });
    expect(provisioned?.stack.status).toBe('UPDATE_COMPLETE');
  });

  test.each(['ROLLBACK_COMPLETE', 'CREATE_FAILED', 'ROLLBACK_FAILED'] as const)(
    'and was left %s is deleted first, when the user agrees',
    async (status) => {
      account.stacks.add({ name: STACK, parameters: existing(), status });
      const { provisioned, terminal } = await provisionOnce(account);
      expect(terminal.questions[0]).toContain(`${STACK} failed (${status})`);
      expect(provisioned?.stack.status).toBe('CREATE_COMPLETE');
    },
  );

  test('and is not an image server is not touched, whatever the user agrees to', async () => {
    const stack = account.stacks.add({ name: STACK, parameters: existing(), status: 'ROLLBACK_COMPLETE' });
    Object.assign(stack.definition ?? {}, { parameters: { Stage: 'production' } });
    const { error, terminal } = await provisionOnce(account);
    expect(error?.message).toContain('is not an image server');
    expect(terminal.questions).toEqual([]);
    expect(stack.status).toBe('ROLLBACK_COMPLETE');
  });

  test('and was deleted is not reported as unchanged when the user declines the new plan', async () => {
    account.stacks.add({ name: STACK, parameters: existing(), status: 'ROLLBACK_COMPLETE' });
    const { error } = await provisionOnce(account, {}, (terminal) => {
      jest.spyOn(terminal, 'confirm').mockResolvedValueOnce(true).mockResolvedValue(false);
    });
    expect(error).toMatchObject({
      name: 'Declined',
      message: 'The leftovers of the failed attempt were deleted. Nothing else was changed.',
    });
  });

  test.each([
    ['UPDATE_ROLLBACK_FAILED', 'continue-update-rollback'],
    ['DELETE_FAILED', 'provision destroy'],
  ] as const)('and is %s is not touched', async (status, cure) => {
    account.stacks.add({ name: STACK, parameters: existing(), status });
    const { error } = await provisionOnce(account);
    expect(error?.message).toContain(status);
    expect(error?.cure).toContain(cure);
    expect(changesMade()).toEqual([]);
  });
});

describe('a problem is reported before anything is created:', () => {
  const refusal = async (
    ...options: Parameters<typeof provisionOnce> extends [unknown, ...infer Rest] ? Rest : never
  ) => {
    const { error } = await provisionOnce(account, ...options);
    expect(changesMade()).toEqual([]);
    return `${error?.message} ${error?.cure}`;
  };

  test('the domain on another distribution', async () => {
    account.hostedZones.add({ name: 'example.com' });
    const { id } = account.distributions.add({ aliases: [DOMAIN] });
    expect(await refusal()).toContain(`${DOMAIN} is an alternate domain name of the distribution ${id}`);
  });

  test('a record at the domain', async () => {
    const zone = account.hostedZones.add({ name: 'example.com' });
    zone.records.push({ Name: `${DOMAIN}.`, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] });
    expect(await refusal()).toMatch(/already has records for images\.example\.com.*A 192\.0\.2\.1/);
  });

  test('a zone that the internet does not use', async () => {
    account.hostedZones.add({ name: 'example.com' });
    const answer = await refusal({ live: { 'example.com': { NS: ['ns1.registrar.example'] } } });
    expect(answer).toContain('ns1.registrar.example');
    expect(answer).toContain('ns-1.awsdns-11.com');
  });

  test('a CAA record that excludes Amazon', async () => {
    account.hostedZones.add({ name: 'example.com' });
    const live = { 'example.com': { CAA: [{ critical: 0, issue: 'letsencrypt.org' }] } };
    expect(await refusal({ live })).toContain('example.com CAA 0 issue "amazon.com"');
  });

  test('the apex of a zone whose provider has no aliases', async () => {
    const live = { 'example.com': { SOA: true, NS: ['ns1.provider.example'] } };
    expect(await refusal({ domain: 'example.com', live })).toContain('Use a subdomain such as images.example.com');
  });

  test('a bucket in another account', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.buckets.add({ name: 'my-images', otherOwner: true });
    expect(await refusal({ bucket: 'my-images' })).toContain('names are unique worldwide');
  });

  test('a bucket in another region', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.buckets.add({ name: 'my-images', region: 'us-west-2' });
    expect(await refusal({ bucket: 'my-images' })).toContain('--region us-west-2');
  });

  test('a bucket that has a policy, with the statements to merge', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.buckets.add({ name: 'my-images', policy: '{"Statement":[]}' });
    const answer = await refusal({ bucket: 'my-images' });
    const statements = JSON.parse(answer.slice(answer.indexOf('['))) as { Sid: string; Resource: unknown }[];
    expect(statements.map(({ Sid }) => Sid)).toContain('CloudFrontReads');
    expect(JSON.stringify(statements)).toContain('arn:aws:s3:::my-images/content/images/*');
    expect(JSON.stringify(statements)).toContain('arn:aws:cloudfront::123456789012:distribution/YOUR_DISTRIBUTION_ID');
    expect(JSON.stringify(statements)).not.toContain('${');
  });

  test('an access key without a user', async () => {
    account.hostedZones.add({ name: 'example.com' });
    expect(await refusal({ createAccessKey: true })).toContain('Add --identity iam-user');
  });

  test('a name for which there can be no certificate', async () => {
    account.hostedZones.add({ name: 'example.com' });
    expect(await refusal({ domain: 'example.com', wildcard: true })).toContain('*.com');
    expect(await refusal({ domain: `${'a'.repeat(60)}.example.com` })).toContain('--wildcard');
  });

  test('a profile for DNS that has no such zone', async () => {
    account.hostedZones.add({ name: 'example.org', profile: 'dns' });
    expect(await refusal({ dnsProfile: 'dns' })).toContain('no public zone for images.example.com');
  });

  test('a domain that points to another distribution, at another provider, as a warning', async () => {
    account.certificates.add({ names: [DOMAIN] });
    const live = { [DOMAIN]: { CNAME: 'd111111abcdef8.cloudfront.net' } };
    const { terminal } = await provisionOnce(account, { live }, (recorded) => (recorded.agrees = false));
    expect(terminal.warnings.join()).toContain('d111111abcdef8.cloudfront.net');
  });

  test('a stack of the same name that is not an image server', async () => {
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account);
    Object.assign(account.stacks.get(STACK)?.definition ?? {}, { parameters: { DatabasePassword: 'x' } });
    const before = account.calls.length;
    const { error } = await provisionOnce(account);
    expect(error?.message).toContain(`The stack ${STACK} is not an image server that`);
    await expect(destroy(await openTestSession(account), STACK)).rejects.toThrow('is not an image server');
    expect(account.actions.slice(before).filter((action) => /:(Create|Delete|Execute)/.test(action))).toEqual([]);
  });

  test('a user with an access key that a change of the identity would remove', async () => {
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account, { identity: 'iam-user', createAccessKey: true });
    const { error } = await provisionOnce(account, { identity: 'ec2-role' });
    expect(error?.message).toContain('--identity ec2-role removes the user');
    expect(error?.cure).toMatch(/aws iam delete-access-key --user-name \S+ --access-key-id AKIA/);
    account.identities.users.forEach((user) => (user.accessKeys.length = 0));
    const { provisioned } = await provisionOnce(account, { identity: 'ec2-role' });
    expect(provisioned?.stack.outputs).toHaveProperty('GhostInstanceProfileName');
  });

  test('several problems at once, each with its fix', async () => {
    const zone = account.hostedZones.add({ name: 'example.com' });
    zone.records.push({ Name: `${DOMAIN}.`, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] });
    account.distributions.add({ aliases: [DOMAIN] });
    const answer = await refusal();
    expect(answer).toContain('There are 2 problems');
    expect(answer).toContain('192.0.2.1');
    expect(answer).toContain('alternate domain name');
  });

  test('all missing permissions, as a warning: policies for single resources cannot be checked beforehand', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.deny('cloudfront:CreateDistribution');
    account.deny('iam:CreatePolicy');
    const { terminal } = await provisionOnce(account, {}, (recorded) => (recorded.agrees = false));
    expect(terminal.warnings).toEqual([
      expect.stringMatching(/may not have permission for cloudfront:CreateDistribution, iam:CreatePolicy/),
    ]);
  });

  test('nothing, when IAM does not answer questions about permissions', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.deny('iam:SimulatePrincipalPolicy');
    const { terminal, provisioned } = await provisionOnce(account);
    expect(terminal.warnings.join()).toContain('iam:SimulatePrincipalPolicy');
    expect(provisioned?.changed).toBe(true);
  });
});

describe('a call that is not allowed', () => {
  test.each([
    'sts:GetCallerIdentity',
    'cloudformation:DescribeStacks',
    'route53:ListHostedZones',
    'route53:GetHostedZone',
    'route53:ListResourceRecordSets',
    'acm:ListCertificates',
    'cloudfront:ListDistributions',
    'acm:RequestCertificate',
    'acm:DescribeCertificate',
    'route53:ChangeResourceRecordSets',
    'cloudformation:CreateChangeSet',
    'cloudformation:DescribeChangeSet',
    'cloudformation:DescribeStackEvents',
    'cloudformation:ExecuteChangeSet',
    'cloudfront:GetDistributionConfig',
    'iam:ListAccessKeys',
    'iam:CreateAccessKey',
  ])('is named, and the next run completes it once it is allowed: %s', async (action) => {
    account.hostedZones.add({ name: 'example.com' });
    account.deny(action);
    const options = { identity: 'iam-user', createAccessKey: true };
    const { error } = await provisionOnce(account, options).catch((failure: Error) => ({ error: failure }));
    expect(error?.message).toMatch(new RegExp(`has no permission for ${action}|the permission ${action} is missing`));
    expect((error as unknown as { cure: string }).cure).toContain(`Allow ${action}`);
    account.allow(action);
    const { provisioned } = await provisionOnce(account, options);
    expect(provisioned?.stack.status).toBe('CREATE_COMPLETE');
    expect(provisioned?.accessKey?.accessKeyId).toMatch(/^AKIA/);
    expect(account.certificates.all).toHaveLength(1);
  });

  test('is named for an existing bucket as well', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.buckets.add({ name: 'my-images' });
    account.deny('s3:GetBucketPolicy');
    const { error } = await provisionOnce(account, { bucket: 'my-images' });
    expect(error?.message).toContain('s3:GetBucketPolicy');
  });
});

test('a wildcard that the zone of the domain cannot validate is refused before it is requested', async () => {
  account.hostedZones.add({ name: DOMAIN });
  const { error } = await provisionOnce(account, { wildcard: true });
  expect(error).toMatchObject({ name: 'Failure', message: expect.stringContaining('--wildcard') });
  expect(changesMade()).toEqual([]);
});

describe('a plan', () => {
  test('that the user declines leaves no empty stack behind', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.certificates.add({ names: [DOMAIN] });
    const { error } = await provisionOnce(account, {}, (terminal) => (terminal.agrees = false));
    expect(error).toMatchObject({ name: 'Declined', message: 'Nothing was changed.' });
    expect(account.stacks.get(STACK)?.status).toBe('DELETE_IN_PROGRESS');
    expect((await provisionOnce(account)).provisioned?.stack.status).toBe('CREATE_COMPLETE');
  });

  test('says that an existing bucket is used as is', async () => {
    account.hostedZones.add({ name: 'example.com' });
    const first = await provisionOnce(account, { bucket: 'my-images' });
    expect(first.terminal.text).toMatch(/\+ S3 bucket {2}/);
    await destroy(await openTestSession(account), STACK);
    const { terminal, error } = await provisionOnce(account, { bucket: 'my-images' });
    expect(error).toBeUndefined();
    expect(terminal.text).toMatch(/= S3 bucket +the existing bucket my-images/);
    expect(terminal.text).not.toMatch(/\+ S3 bucket {2}/);
  });
});

test('a distribution that was deleted by hand is reported, with the fix', async () => {
  account.hostedZones.add({ name: 'example.com' });
  const { provisioned } = await provisionOnce(account);
  account.distributions.remove(provisioned?.stack.outputs.DistributionId ?? '');
  const { error } = await provisionOnce(account);
  expect(error).toMatchObject({
    name: 'Failure',
    message: expect.stringContaining('deleted outside of CloudFormation'),
  });
  expect(await readStatus(await openTestSession(account), STACK)).toMatchObject({ distribution: 'DELETED' });
});

describe('AWS under load', () => {
  test.each(['acm:DescribeCertificate', 'cloudformation:DescribeStacks', 'route53:ChangeResourceRecordSets'])(
    'stops the run with a message, and the next run continues: %s',
    async (action) => {
      account.hostedZones.add({ name: 'example.com' });
      account.throttle(action, 1);
      const { error } = await provisionOnce(account);
      expect(error).toMatchObject({ name: 'Failure', cure: expect.stringContaining('resumes') });
      expect((await provisionOnce(account)).provisioned?.stack.status).toBe('CREATE_COMPLETE');
    },
  );
});

describe('an access key', () => {
  beforeEach(() => void account.hostedZones.add({ name: 'example.com' }));

  test('is created once, on request, and is never in the stack', async () => {
    const options = { identity: 'iam-user', createAccessKey: true };
    const first = await provisionOnce(account, options);
    const key = first.provisioned?.accessKey;
    expect(first.provisioned?.config.storage.S3CloudFrontStorage).toMatchObject({ ...key });
    expect(JSON.stringify(account.stacks.get(STACK))).not.toContain(key?.secretAccessKey);
    expect(first.terminal.text).not.toContain(key?.secretAccessKey);
    // What fails after it would lose the secret.
    expect(account.actions.at(-1)).toBe('iam:CreateAccessKey');
    const second = await provisionOnce(account, options);
    expect(second.terminal.questions).toEqual([]);
    expect(second.provisioned).toMatchObject({ changed: false, accessKey: undefined });
    expect(second.terminal.warnings.join()).toContain(`already has the access key ${key?.accessKeyId}`);
  });

  test('is not created without a request', async () => {
    await provisionOnce(account, { identity: 'iam-user' });
    expect(account.actions).not.toContain('iam:CreateAccessKey');
  });
});

describe('a bucket in the namespace of the account', () => {
  beforeEach(() => void account.hostedZones.add({ name: 'example.com' }));
  const NAME = 'pictures-123456789012-eu-central-1-an';

  test('is built with --account-regional-bucket, and kept by each later run', async () => {
    const { provisioned, terminal } = await provisionOnce(account, { accountRegionalBucket: 'pictures' });
    expect(provisioned?.stack.outputs.BucketName).toBe(NAME);
    expect(terminal.text).toContain('its name is reserved for this account');
    for (const accountRegionalBucket of [undefined, 'pictures']) {
      expect((await provisionOnce(account, { accountRegionalBucket })).provisioned).toMatchObject({ changed: false });
    }
  });

  test('comes back after its stack was deleted, with everything in it', async () => {
    await provisionOnce(account, { accountRegionalBucket: 'pictures' });
    account.buckets.find(NAME)?.versions.push({ key: 'content/images/a.png', versionId: '1' });
    const session = await openTestSession(account);
    showDestroyed(session.terminal, await destroy(session, STACK), STACK);
    expect(session.terminal.text).toContain('provision --account-regional-bucket pictures');
    const { provisioned } = await provisionOnce(account, { accountRegionalBucket: 'pictures' });
    expect(provisioned?.stack.outputs.BucketName).toBe(NAME);
    expect(account.buckets.find(NAME)?.versions).toHaveLength(1);
  });

  test('is refused for a stack that has another bucket, which would be left behind', async () => {
    await provisionOnce(account);
    const before = changesMade().length;
    const { error } = await provisionOnce(account, { accountRegionalBucket: 'pictures' });
    expect(error?.message).toContain('S3 cannot rename a bucket');
    expect(error?.cure).toContain('Leave out --account-regional-bucket');
    expect(changesMade()).toHaveLength(before);
  });
});

describe('a bucket that was left by its stack', () => {
  test('is imported into the next one with everything in it', async () => {
    account.hostedZones.add({ name: 'example.com' });
    const first = await provisionOnce(account, { bucket: 'my-images' });
    expect(first.provisioned?.stack.outputs.BucketName).toBe('my-images');
    account.buckets.find('my-images')?.versions.push({ key: 'content/images/a.png', versionId: '1' });
    await destroy(await openTestSession(account), STACK);
    const { provisioned } = await provisionOnce(account, { bucket: 'my-images' });
    expect(provisioned?.stack.outputs.BucketName).toBe('my-images');
    expect(account.buckets.find('my-images')?.versions).toHaveLength(1);
  });

  const AS_THE_TEMPLATE = {
    name: 'my-images',
    publicAccessBlock: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    ownership: 'BucketOwnerEnforced',
    versioning: 'Enabled',
    abortsUploads: true,
  } as const;

  test("or any other bucket must have the template's settings, since it is imported as it is", async () => {
    account.hostedZones.add({ name: 'example.com' });
    const bucket = account.buckets.add({ name: 'my-images' });
    const { error } = await provisionOnce(account, { bucket: 'my-images' });
    expect(error?.message).toContain(
      'public access is not blocked, ACLs are enabled, versioning is off, unfinished uploads are never removed',
    );
    expect(changesMade()).toEqual([]);
    Object.assign(bucket, AS_THE_TEMPLATE);
    const { provisioned } = await provisionOnce(account, { bucket: 'my-images' });
    expect(provisioned?.stack.outputs.BucketName).toBe('my-images');
  });

  test('or any other bucket is kept by a stack that fails, and by each later update', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.buckets.add({ ...AS_THE_TEMPLATE });
    const policyOf = () => account.stacks.get(STACK)?.resources.get('Bucket')?.source.DeletionPolicy;
    account.stacks.failures.push({ logicalId: 'Distribution', reason: 'Internal failure' });
    const failed = await provisionOnce(account, { bucket: 'my-images' });
    expect(failed.error?.message).toContain('Internal failure');
    expect(account.buckets.find('my-images')).toBeDefined();

    await provisionOnce(account, { bucket: 'my-images' });
    expect(policyOf()).toBe('Retain');
    for (const bucket of [undefined, 'my-images']) {
      expect((await provisionOnce(account, { bucket })).provisioned).toMatchObject({ changed: false });
    }
    await provisionOnce(account, { priceClass: 'PriceClass_100' });
    expect(policyOf()).toBe('Retain');
    await provisionOnce(account, { priceClass: 'PriceClass_200', bucket: 'my-images' });
    expect(policyOf()).toBe('Retain');
    const { changes } = await findDifferences(await openTestSession(account), STACK);
    expect(changes).toEqual([]);
  });

  test('is no longer the concern of a stack that gets another bucket', async () => {
    account.hostedZones.add({ name: 'example.com' });
    account.buckets.add({ ...AS_THE_TEMPLATE });
    await provisionOnce(account, { bucket: 'my-images' });
    const { provisioned } = await provisionOnce(account, { bucket: 'other-pictures' });
    expect(provisioned?.stack.outputs).toMatchObject({ BucketName: 'other-pictures' });
    expect(provisioned?.stack.outputs).not.toHaveProperty('AdoptedBucket');
    expect(account.buckets.find('my-images')).toBeDefined();
  });

  const EXPIRING = { ID: 'tidy up', Status: 'Enabled', Expiration: { Days: 365 } } as const;
  const ABORTING = { Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } } as const;

  test.each<[what: string, settings: Partial<Bucket>, error: string]>([
    ['a key of KMS', { encryption: 'aws:kms' }, 'Every image would return 403'],
    ['two keys of KMS', { encryption: 'aws:kms:dsse' }, 'Every image would return 403'],
    ['a rule that deletes files', { lifecycle: [EXPIRING] }, 'a lifecycle rule ("tidy up") that deletes'],
    ['a rule that deletes images', { lifecycle: [{ ...EXPIRING, Filter: { Prefix: 'content/images/' } }] }, 'deletes'],
    [
      'a rule that archives files',
      { lifecycle: [{ Status: 'Enabled', Prefix: '', Transitions: [{ Days: 30, StorageClass: 'GLACIER' }] }] },
      'archives',
    ],
    [
      'a rule for uploads that is off',
      { abortsUploads: false, lifecycle: [{ ...ABORTING, Status: 'Disabled' }] },
      'unfinished',
    ],
    [
      'a rule for the uploads of other files',
      { abortsUploads: false, lifecycle: [{ ...ABORTING, Filter: { Prefix: 'other/' } }] },
      'unfinished uploads are never removed',
    ],
  ])('is refused with %s, before anything is created', async (_, settings, message) => {
    account.hostedZones.add({ name: 'example.com' });
    account.buckets.add({ ...AS_THE_TEMPLATE, ...settings });
    const { error } = await provisionOnce(account, { bucket: 'my-images' });
    expect(error?.message).toContain(message);
    expect(changesMade()).toEqual([]);
  });

  test.each<[what: string, settings: Partial<Bucket>]>([
    ['its own encryption', { encryption: 'AES256' }],
    ['rules for other files', { lifecycle: [{ ...EXPIRING, Filter: { Prefix: 'logs/' } }] }],
    ['rules for tagged files', { lifecycle: [{ ...EXPIRING, Filter: { Tag: { Key: 'old', Value: 'yes' } } }] }],
    ['a rule that is off', { lifecycle: [{ ...EXPIRING, Status: 'Disabled' }] }],
    [
      'a rule for former versions',
      { lifecycle: [{ Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: 9 } }] },
    ],
  ])('is taken over with %s', async (_, settings) => {
    account.hostedZones.add({ name: 'example.com' });
    account.buckets.add({ ...AS_THE_TEMPLATE, ...settings });
    const { provisioned } = await provisionOnce(account, { bucket: 'my-images' });
    expect(provisioned?.stack.outputs.BucketName).toBe('my-images');
  });
});
