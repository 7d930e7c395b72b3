import { destroy } from '../../../../src/commands/provision/destroy';
import type { Session } from '../../../../src/commands/provision/session';
import { AwsAccount } from '../../../support/aws-account';
import { openTestSession, provisionOnce, type RecordedTerminal } from '../../../support/provisioning';
import type { NameRecords } from '../../../support/resolver';

const DOMAIN = 'images.example.com';
const STACK = 'ghost-images-example-com';

let account: AwsAccount;
beforeEach(() => (account = new AwsAccount()));
afterEach(() => account.restore());

async function destroyOnce(prepare: (terminal: RecordedTerminal) => void = () => {}, options = {}) {
  const session = await openTestSession(account, options);
  prepare(session.terminal);
  return { destroyed: await destroy(session, STACK), terminal: session.terminal };
}

describe('an image server that is deleted', () => {
  beforeEach(() => void account.hostedZones.add({ name: 'example.com' }));

  test('leaves behind the bucket with everything in it, and the certificate', async () => {
    const { provisioned } = await provisionOnce(account);
    const bucket = provisioned?.stack.outputs.BucketName ?? '';
    account.buckets.find(bucket)?.versions.push({ key: 'content/images/a.png', versionId: '1' });
    const { destroyed, terminal } = await destroyOnce();
    expect(destroyed).toEqual({
      stackName: STACK,
      keptBucket: bucket,
      keptCertificate: account.certificates.all[0]?.arn,
      danglingRecord: undefined,
    });
    expect(account.buckets.find(bucket)?.versions).toHaveLength(1);
    expect(account.distributions.all).toEqual([]);
    expect(account.hostedZones.all[0]?.records.filter(({ Name }) => Name === `${DOMAIN}.`)).toEqual([]);
    expect(terminal.text).toContain(`the bucket ${bucket} with everything in it`);
    expect(terminal.questions[0]).toBe('Delete it?');
  });

  test('stays when the user declines', async () => {
    await provisionOnce(account);
    const before = account.calls.length;
    await expect(destroyOnce((terminal) => (terminal.agrees = false))).rejects.toThrow('Nothing was changed.');
    expect(account.actions.slice(before).filter((action) => /:(Delete|Change)/.test(action))).toEqual([]);
  });

  test('is deleted with its bucket and all old versions when the bucket name was typed twice', async () => {
    const { provisioned } = await provisionOnce(account);
    const bucket = provisioned?.stack.outputs.BucketName ?? '';
    for (let version = 1; version <= 30; version += 1) {
      account.buckets.find(bucket)?.versions.push({
        key: `content/images/${version % 7}.png`,
        versionId: `v${version}`,
        isDeleteMarker: version % 5 === 0,
      });
    }
    const { destroyed, terminal } = await destroyOnce((recorded) => recorded.typed.push(bucket, bucket));
    expect(terminal.progress.at(-1)).toBe('30 objects and versions');
    expect(destroyed).toMatchObject({ deletedBucket: bucket });
    expect(destroyed.keptBucket).toBeUndefined();
    expect(account.buckets.all).toEqual([]);
  });

  test.each([[['']], [['yes']], [['yes', 'BUCKET']], [['BUCKET', '']], [['BUCKET', 'yes']], [['BUCKET', 'BUCKET-2']]])(
    'keeps its bucket when the user types %j',
    async (typed) => {
      const { provisioned } = await provisionOnce(account);
      const bucket = provisioned?.stack.outputs.BucketName ?? '';
      const { destroyed } = await destroyOnce((terminal) =>
        terminal.typed.push(...typed.map((text) => text.replace('BUCKET', bucket))),
      );
      expect(destroyed.keptBucket).toBe(bucket);
      expect(account.buckets.all).toHaveLength(1);
    },
  );

  test('is deleted with the access keys of its user, which would block the deletion', async () => {
    const { provisioned } = await provisionOnce(account, { identity: 'iam-user', createAccessKey: true });
    const { terminal } = await destroyOnce();
    expect(terminal.text).toContain(`with the access key ${provisioned?.accessKey?.accessKeyId}`);
    expect(account.stacks.get(STACK)).toBeUndefined();
  });

  test('is not deleted while another identity uses its policy, and the command to detach it is shown', async () => {
    const { provisioned } = await provisionOnce(account);
    const arn = provisioned?.stack.outputs.GhostPolicyArn ?? '';
    account.identities.addRole('blog', [arn]);
    await expect(destroyOnce()).rejects.toMatchObject({
      cure: expect.stringContaining(`aws iam detach-role-policy --role-name blog --policy-arn ${arn}`),
    });
    expect(account.stacks.get(STACK)?.status).toBe('CREATE_COMPLETE');
  });

  test('is refused for a stack of something else that has the name', async () => {
    await provisionOnce(account);
    Object.assign(account.stacks.get(STACK)?.definition ?? {}, { parameters: { Stage: 'production' } });
    await expect(destroyOnce()).rejects.toThrow(`The stack ${STACK} is not an image server`);
    expect(account.stacks.get(STACK)?.status).toBe('CREATE_COMPLETE');
  });

  test('is left alone, with its key, when it has termination protection', async () => {
    await provisionOnce(account, { identity: 'iam-user', createAccessKey: true });
    Object.assign(account.stacks.get(STACK) ?? {}, { isProtected: true });
    await expect(destroyOnce()).rejects.toMatchObject({
      cure: expect.stringContaining('--no-enable-termination-protection'),
    });
    expect(account.identities.users[0]?.accessKeys).toHaveLength(1);
  });

  test('can already be deleted without an error', async () => {
    expect((await destroyOnce()).destroyed).toEqual({});
  });

  test('can be deleted after a deletion has failed', async () => {
    await provisionOnce(account);
    account.failResource('Distribution', 'Access denied');
    await expect(destroyOnce()).rejects.toThrow('DELETE_FAILED');
    expect((await destroyOnce()).destroyed.stackName).toBe(STACK);
    expect(account.stacks.get(STACK)).toBeUndefined();
  });

  test('can be deleted after Ctrl-C', async () => {
    await provisionOnce(account);
    const interrupted = destroyOnce((terminal) => account.interruptAfter(7, () => terminal.interrupt()));
    await expect(interrupted).rejects.toThrow('to resume');
    expect(account.stacks.get(STACK)?.status).toBe('DELETE_IN_PROGRESS');
    await destroyOnce();
    expect(account.stacks.get(STACK)).toBeUndefined();
  });
});

describe('a deletion that was stopped or refused', () => {
  const dns = { dnsProfile: 'dns' };
  const recordsLeft = () =>
    account.hostedZones.all.flatMap(({ records }) => records.filter(({ Name }) => Name === `${DOMAIN}.`));

  /** An image server whose records are in another account, with two files. */
  async function build(): Promise<string> {
    account.hostedZones.add({ name: 'example.com', profile: 'dns' });
    const { provisioned } = await provisionOnce(account, { ...dns, identity: 'iam-user', createAccessKey: true });
    const bucket = provisioned?.stack.outputs.BucketName ?? '';
    account.buckets.find(bucket)?.versions.push({ key: 'content/images/a.png', versionId: '1' });
    return bucket;
  }

  const typing = (bucket: string) => (terminal: RecordedTerminal) => void terminal.typed.push(bucket, bucket);

  test('after any of its calls is completed by the next, with the bucket if its name is typed again', async () => {
    const bucket = await build();
    const before = account.calls.length;
    await destroyOnce(typing(bucket), dns);
    const total = account.calls.length - before;
    for (const withBucket of [true, false]) {
      for (let count = 1; count < total; count += 1) {
        account.restore();
        account = new AwsAccount();
        const name = await build();
        account.interruptAfter(count, () => {
          throw new Error('switched off');
        });
        await destroyOnce(typing(name), dns).catch(() => undefined);
        const isThere = account.buckets.find(name) !== undefined;
        const { destroyed } = await destroyOnce(withBucket ? typing(name) : undefined, dns);
        expect([count, account.stacks.get(STACK), recordsLeft()]).toEqual([count, undefined, []]);
        expect([count, account.buckets.all.length]).toEqual([count, isThere && !withBucket ? 1 : 0]);
        expect([count, destroyed[withBucket ? 'deletedBucket' : 'keptBucket']]).toEqual([
          count,
          isThere ? name : undefined,
        ]);
      }
    }
  });

  test('by Ctrl-C, while CloudFormation is at work, continues with the bucket', async () => {
    const bucket = await build();
    const isStopped = destroyOnce((terminal) => {
      typing(bucket)(terminal);
      const stop = () =>
        account.stacks.get(STACK)?.status === 'DELETE_IN_PROGRESS'
          ? terminal.interrupt()
          : account.interruptAfter(1, stop);
      account.interruptAfter(1, stop);
    }, dns);
    await expect(isStopped).rejects.toThrow('to resume');
    expect(account.stacks.get(STACK)?.status).toBe('DELETE_IN_PROGRESS');
    const { destroyed, terminal } = await destroyOnce(typing(bucket), dns);
    expect(terminal.text).toContain(`the bucket ${bucket} with everything in it`);
    expect(destroyed.deletedBucket).toBe(bucket);
    expect(account.buckets.all).toEqual([]);
  });

  test.each([
    'sts:GetCallerIdentity',
    'cloudformation:DescribeStacks',
    'iam:ListEntitiesForPolicy',
    'iam:ListAccessKeys',
    'iam:DeleteAccessKey',
    'route53:ListHostedZones',
    'route53:GetHostedZone',
    'route53:ListResourceRecordSets',
    'route53:ChangeResourceRecordSets',
    'cloudformation:DescribeStackEvents',
    'cloudformation:DeleteStack',
    'cloudfront:DeleteDistribution',
    'iam:DeletePolicy',
    's3:DeleteBucketPolicy',
    's3:ListBucketVersions',
    's3:DeleteObjectVersion',
    's3:DeleteBucket',
  ])('because %s is missing names it, and is completed by the next run', async (action) => {
    const bucket = await build();
    account.deny(action);
    await expect(destroyOnce(typing(bucket), dns)).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`has no permission for ${action}|the permission ${action} is missing`)),
      cure: expect.stringContaining(`Allow ${action}`),
    });
    account.allow(action);
    const { destroyed } = await destroyOnce(typing(bucket), dns);
    expect(destroyed.deletedBucket).toBe(bucket);
    expect([account.stacks.get(STACK), account.buckets.all, recordsLeft()]).toEqual([undefined, [], []]);
  });

  test.each(['cloudformation:ListStacks', 's3:GetBucketPolicy'])(
    'and that cannot see what is left, because %s is missing, says so',
    async (action) => {
      const bucket = await build();
      await destroyOnce(undefined, dns);
      account.deny(action);
      await expect(destroyOnce(undefined, dns)).rejects.toThrow(`has no permission for ${action}`);
      account.allow(action);
      expect((await destroyOnce(undefined, dns)).destroyed.keptBucket).toBe(bucket);
    },
  );

  test('never deletes a bucket that another image server uses by now', async () => {
    const bucket = await build();
    await destroyOnce(undefined, dns);
    await provisionOnce(account, { ...dns, bucket, stackName: 'pictures' });
    const { destroyed, terminal } = await destroyOnce(typing(bucket), dns);
    expect(destroyed).toEqual({});
    expect(terminal.questions).toEqual([]);
    expect(account.buckets.find(bucket)?.versions).toHaveLength(1);
  });

  test('ignores a foreign stack that once had the name', async () => {
    await build();
    await destroyOnce(undefined, dns);
    account.stacks.all.forEach(({ definition }) => Object.assign(definition ?? {}, { parameters: { Password: 'x' } }));
    expect((await destroyOnce(undefined, dns)).destroyed).toEqual({});
  });

  test('deletes the records that an earlier one has left in the zone of another account', async () => {
    await build();
    const target = account.distributions.all[0]?.domainName ?? '';
    const live = { [DOMAIN]: { A: ['192.0.2.1'] }, [target]: { A: ['192.0.2.1'] } };
    // Without the profile, the zone is not visible.
    const first = await destroyOnce((terminal) => terminal.typed.push(DOMAIN), { live });
    expect(first.terminal.text).toContain('the command deletes it with --dns-profile');
    expect(first.destroyed.danglingRecord).toBe(DOMAIN);
    expect(recordsLeft()).toHaveLength(3);
    const refused = destroyOnce((terminal) => (terminal.agrees = false), dns);
    await expect(refused).rejects.toThrow('Nothing was changed.');
    const { terminal } = await destroyOnce(undefined, dns);
    expect(terminal.questions[0]).toBe('Delete the records?');
    expect(recordsLeft()).toEqual([]);
  });

  test('names the record at another provider until it points elsewhere', async () => {
    account.certificates.add({ names: [DOMAIN] });
    const { provisioned } = await provisionOnce(account);
    const target = provisioned?.stack.outputs.DistributionDomainName ?? '';
    await destroyOnce();
    expect((await destroyOnce()).destroyed.danglingRecord).toBe(DOMAIN);
    const still = { live: { [DOMAIN]: { CNAME: target } } };
    expect((await destroyOnce(undefined, still)).destroyed.danglingRecord).toBe(DOMAIN);
    const elsewhere = { live: { [DOMAIN]: { CNAME: 'd111111abcdef8.cloudfront.net' } } };
    expect((await destroyOnce(undefined, elsewhere)).destroyed.danglingRecord).toBeUndefined();
  });
});

describe('the records of an image server that is deleted', () => {
  test('are deleted in the zone of another account, too', async () => {
    account.hostedZones.add({ name: 'example.com', profile: 'dns' });
    await provisionOnce(account, { dnsProfile: 'dns' });
    const { destroyed } = await destroyOnce(undefined, { dnsProfile: 'dns' });
    expect(account.hostedZones.all[0]?.records.filter(({ Name }) => Name === `${DOMAIN}.`)).toEqual([]);
    expect(destroyed.danglingRecord).toBeUndefined();
  });

  test('are deleted in the zone of the account where they do not belong to the stack', async () => {
    const zone = account.hostedZones.add({ name: 'example.com' });
    account.certificates.add({ names: [DOMAIN] });
    const { provisioned } = await provisionOnce(account, { hostedZone: 'none' });
    const target = provisioned?.stack.outputs.DistributionDomainName ?? '';
    zone.records.push({ Name: `${DOMAIN}.`, Type: 'CNAME', TTL: 300, ResourceRecords: [{ Value: target }] });
    const { terminal } = await destroyOnce();
    expect(zone.records.filter(({ Name }) => Name === `${DOMAIN}.`)).toEqual([]);
    expect(terminal.text).toContain(`the DNS records of ${DOMAIN}`);
    const order = account.actions.filter((action) => /DeleteStack|ChangeResourceRecordSets/.test(action));
    expect(order.slice(-2)).toEqual(['route53:ChangeResourceRecordSets', 'cloudformation:DeleteStack']);
  });
});

describe('a domain at another DNS provider', () => {
  /** Live DNS, which a test changes while the command runs. */
  let live: Record<string, NameRecords>;
  let target: string;

  beforeEach(async () => {
    account.certificates.add({ names: [DOMAIN] });
    const { provisioned } = await provisionOnce(account, { identity: 'iam-user', createAccessKey: true });
    target = provisioned?.stack.outputs.DistributionDomainName ?? '';
    live = { 'example.com': { SOA: true, NS: ['ns1.provider.example'] }, [DOMAIN]: { CNAME: target } };
  });

  const isUntouched = () =>
    account.stacks.get(STACK)?.status === 'CREATE_COMPLETE' && account.identities.users[0]?.accessKeys.length === 1;

  test('is to lose its record first: it is shown before the question, and waited for', async () => {
    const session = await openTestSession(account, { live });
    const { pause } = session;
    let pauses = 0;
    const wait: Session['pause'] = (seconds) => {
      pauses += 1;
      expect(pauses > 3 || isUntouched()).toBe(true);
      Object.assign(live[DOMAIN] ?? {}, pauses === 3 && { CNAME: undefined });
      return pause(seconds);
    };
    const destroyed = await destroy({ ...session, pause: wait }, STACK);
    const { lines, questions, progress } = session.terminal;
    const shown = lines.findIndex((line) => line.includes(`Value  ${target}`));
    expect(lines.slice(shown - 3, shown).join()).toMatch(
      /First delete this record.*Name {3}images\.example\.com, or images/,
    );
    expect(shown).toBeLessThan(lines.findIndex((line) => line.includes('This deletes the stack')));
    expect(questions.slice(0, 2)).toEqual([
      'Delete it?',
      expect.stringContaining('Press Enter to wait until it is deleted'),
    ]);
    expect(progress).toHaveLength(3);
    expect(progress[0]).toContain('60 min left');
    expect(destroyed.danglingRecord).toBeUndefined();
    expect(account.stacks.get(STACK)).toBeUndefined();
  });

  test('keeps its distribution after an hour with the record, as with --yes, which answers no such question', async () => {
    const seconds: number[] = [];
    const session = await openTestSession(account, { live });
    const pause = (length: number) => (seconds.push(length), session.pause(length));
    await expect(destroy({ ...session, pause }, STACK)).rejects.toMatchObject({
      message: `${DOMAIN} still points to the distribution ${target}. Nothing was deleted.`,
      cure: expect.stringContaining('when its TTL has passed'),
    });
    expect(seconds.reduce((sum, length) => sum + length)).toBe(3_600);
    expect(isUntouched()).toBe(true);
  });

  test('loses its distribution all the same when the domain is typed, and the record is named at the end', async () => {
    const { destroyed, terminal } = await destroyOnce((recorded) => recorded.typed.push(DOMAIN), { live });
    expect(destroyed.danglingRecord).toBe(DOMAIN);
    expect(terminal.progress).toEqual([]);
    expect(account.stacks.get(STACK)).toBeUndefined();
  });

  test('keeps its distribution while DNS does not answer', async () => {
    live[DOMAIN] = { fails: 'ESERVFAIL' };
    await expect(destroyOnce(undefined, { live })).rejects.toThrow('DNS does not answer');
    expect(isUntouched()).toBe(true);
  });

  test('keeps its distribution after Ctrl-C', async () => {
    const session = await openTestSession(account, { live });
    const pause = (seconds: number) => {
      session.terminal.interrupt();
      return session.pause(seconds);
    };
    await expect(destroy({ ...session, pause }, STACK)).rejects.toMatchObject({ name: 'Interruption' });
    expect(isUntouched()).toBe(true);
  });

  test.each<[what: string, records: (target: string) => Record<string, NameRecords>]>([
    ['the same addresses', (name) => ({ [DOMAIN]: { A: ['192.0.2.1'] }, [name]: { A: ['192.0.2.2', '192.0.2.1'] } })],
    [
      'other addresses of CloudFront, as where the provider resolves it elsewhere',
      () => ({ [DOMAIN]: { A: ['192.0.2.1'] }, '192.0.2.1': { PTR: ['server-192-0-2-1.fra56.r.cloudfront.net'] } }),
    ],
  ])('keeps its distribution while an alias has %s', async (_, records) => {
    live = records(target);
    await expect(destroyOnce(undefined, { live })).rejects.toThrow('still points to the distribution');
    expect(isUntouched()).toBe(true);
  });

  test('that was never moved to it, and that another distribution serves, is not asked about', async () => {
    const stack = account.stacks.get(STACK);
    Object.assign(stack?.definition?.parameters ?? {}, { DomainIsElsewhere: 'true' });
    Object.assign(account.distributions.all[0] ?? {}, { config: { Aliases: [], Origins: [] }, aliases: [] });
    live = { [DOMAIN]: { A: ['192.0.2.1'] }, '192.0.2.1': { PTR: ['server-192-0-2-1.fra56.r.cloudfront.net'] } };
    const { destroyed, terminal } = await destroyOnce(undefined, { live });
    expect(terminal.text).toContain(`the distribution, which does not serve ${DOMAIN} (another one does)`);
    expect(terminal.text).not.toContain('at your DNS provider');
    expect(destroyed.danglingRecord).toBeUndefined();
  });

  test.each<[what: string, records: Record<string, NameRecords>]>([
    ['has no record', {}],
    ['leads to another distribution', { [DOMAIN]: { CNAME: 'd111111abcdef8.cloudfront.net' } }],
    ['leads to another server', { [DOMAIN]: { A: ['192.0.2.1'] }, '192.0.2.1': { fails: 'ESERVFAIL' } }],
  ])('that %s is not asked about', async (_, records) => {
    const { destroyed, terminal } = await destroyOnce(undefined, { live: records });
    expect(terminal.questions[1]).toContain('To delete the bucket as well');
    expect(terminal.text).not.toContain('at your DNS provider');
    expect(destroyed.danglingRecord).toBeUndefined();
  });
});
