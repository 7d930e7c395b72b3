import { AwsAccount } from '../../../support/aws-account';
import type { Distribution } from '../../../support/aws-account/cloudfront';
import type { HostedZone } from '../../../support/aws-account/route53';
import { provisionOnce } from '../../../support/provisioning';

const DOMAIN = 'images.example.com';
const STACK = 'ghost-images-example-com';
const CLOUDFRONT_ZONE_ID = 'Z2FDTNDATAQYW2';

let account: AwsAccount;
let old: Distribution;

/** The account with another distribution that has the domain. */
function begin(): void {
  account = new AwsAccount();
  account.certificates.add({ names: [DOMAIN] });
  old = account.distributions.add({ config: { Aliases: [DOMAIN], Origins: [], Comment: 'the old server' } });
}

beforeEach(begin);
afterEach(() => account.restore());

const aliasTo = (target: string, Type: 'A' | 'AAAA') => ({
  Name: `${DOMAIN}.`,
  Type,
  AliasTarget: { HostedZoneId: CLOUDFRONT_ZONE_ID, DNSName: `${target}.`, EvaluateTargetHealth: false },
});

const cnameTo = (target: string) => ({
  Name: `${DOMAIN}.`,
  Type: 'CNAME' as const,
  TTL: 300,
  ResourceRecords: [{ Value: target }],
});

/** Adds the zone of the domain, whose records point to the old distribution. */
function addZone(kind: 'aliases' | 'CNAME' = 'aliases', given: Partial<HostedZone> = {}): HostedZone {
  const zone = account.hostedZones.add({ name: 'example.com', ...given });
  const target = old.domainName;
  zone.records.push(...(kind === 'CNAME' ? [cnameTo(target)] : [aliasTo(target, 'A'), aliasTo(target, 'AAAA')]));
  return zone;
}

const holders = () => account.distributions.all.filter(({ aliases }) => aliases.includes(DOMAIN));
const own = () => account.distributions.all.find(({ id }) => id !== old.id) as Distribution;
const recordsOf = (zone: HostedZone) =>
  zone.records
    .filter(({ Name }) => Name === `${DOMAIN}.`)
    .map(({ Type, AliasTarget, ResourceRecords }) => [
      Type,
      (AliasTarget?.DNSName ?? ResourceRecords?.[0]?.Value ?? '').replace(/\.$/, ''),
    ]);

/** Builds a stack with the domain and its records, and moves the domain to the old distribution as somebody else does. */
async function moveAwayByHand(): Promise<HostedZone> {
  const zone = account.hostedZones.add({ name: 'example.com' });
  Object.assign(old, { aliases: [], config: { ...old.config, Aliases: [] } });
  await provisionOnce(account);
  Object.assign(own(), { aliases: [], config: { ...own().config, Aliases: [] } });
  Object.assign(old, { aliases: [DOMAIN], config: { ...old.config, Aliases: [DOMAIN] } });
  return zone;
}

/** Notes after each call who has the domain and where its records point. */
function watch(zone?: HostedZone): { holders: string[]; targets: string[] }[] {
  const seen: { holders: string[]; targets: string[] }[] = [];
  const look = () => {
    seen.push({
      holders: holders().map(({ id }) => id),
      targets: zone ? recordsOf(zone).map(([, target]) => target as string) : [],
    });
    account.interruptAfter(1, look);
  };
  account.interruptAfter(1, look);
  return seen;
}

const move = { moveDomain: true };

describe('a domain that another distribution of the account has', () => {
  test('is refused before anything is created, and the way to move it is named', async () => {
    addZone();
    const before = account.calls.length;
    const { error } = await provisionOnce(account);
    expect(error?.message).toContain(`the distribution ${old.id} ("the old server")`);
    expect(error?.cure).toContain('--move-domain to move it here without an outage');
    expect(account.actions.slice(before).filter((action) => /:(Create|Execute|Update|Change)/.test(action))).toEqual(
      [],
    );
  });

  test.each(['aliases', 'CNAME'] as const)(
    'is moved with its %s: at any time one distribution has it, and DNS points to a distribution',
    async (kind) => {
      const zone = addZone(kind);
      const seen = watch(zone);
      const { provisioned, terminal, error } = await provisionOnce(account, move);
      expect(error).toBeUndefined();
      expect(seen.filter((moment) => moment.holders.length !== 1)).toEqual([]);
      expect(seen.filter(({ targets }) => targets.length === 0)).toEqual([]);
      // DNS follows CloudFront, never the other way.
      expect(
        seen.filter((moment) => moment.targets.includes(own().domainName) && moment.holders[0] === old.id),
      ).toEqual([]);
      expect(holders()).toEqual([own()]);
      const target = own().domainName;
      expect(recordsOf(zone)).toEqual([
        ['A', target],
        ['AAAA', target],
        ['HTTPS', target],
      ]);
      expect(provisioned).toMatchObject({
        changed: true,
        isWithoutDomain: false,
        stack: { status: 'UPDATE_COMPLETE' },
      });
      expect(account.stacks.get(STACK)?.parameters.DomainIsElsewhere).toBe('false');
      expect(own().config.Aliases).toEqual([DOMAIN]);
      expect(terminal.text).toMatch(
        new RegExp(`~ domain +${DOMAIN} moves here from the distribution ${old.id}, without an outage`),
      );
      expect(terminal.warnings).toEqual([
        expect.stringContaining(`The distribution ${old.id} no longer has ${DOMAIN}`),
      ]);
      expect(terminal.questions).toEqual([
        'Continue?',
        expect.stringMatching(/After the move, files .* return 404\. Move .* now\?$/),
      ]);
    },
  );

  test('is moved by CloudFront before DNS, which waits until CloudFront has deployed it', async () => {
    addZone();
    await provisionOnce(account, move);
    const steps = account.calls
      .filter(({ action }) => /DomainAssociation|GetDistribution$|ChangeResource|ExecuteChangeSet/.test(action))
      .map(({ operation }) => operation);
    expect(steps).toEqual([
      'ExecuteChangeSet',
      'UpdateDomainAssociation',
      ...Array<string>(3).fill('GetDistribution'),
      'ChangeResourceRecordSets',
      'ExecuteChangeSet',
    ]);
    const [association] = account.calls.filter(({ operation }) => operation === 'UpdateDomainAssociation');
    expect(association?.input).toMatchObject({ Domain: DOMAIN, TargetResource: { DistributionId: own().id } });
    expect(association?.input.IfMatch).toMatch(/^E\w+$/);
  });

  test('stays where it is until the files are in the bucket, and is moved by the next run', async () => {
    const zone = addZone();
    const answers = [true, false];
    const first = await provisionOnce(account, move, (terminal) => {
      Object.defineProperty(terminal, 'agrees', { get: () => answers.shift() ?? false });
    });
    expect(first.provisioned).toMatchObject({ changed: true, isWithoutDomain: true, missingRecord: undefined });
    expect(first.provisioned?.config.storage.S3CloudFrontStorage.cdnUrl).toBe(`https://${DOMAIN}`);
    expect(holders()).toEqual([old]);

    const between = await provisionOnce(account, { priceClass: 'PriceClass_100' });
    expect(between.terminal.warnings.join()).toContain(`${DOMAIN} is an alternate domain name of the distribution`);
    expect(between.provisioned).toMatchObject({ changed: true, isWithoutDomain: true });
    expect(holders()).toEqual([old]);

    const second = await provisionOnce(account, move);
    expect(second.terminal.questions).toEqual(['Continue?']);
    expect(second.provisioned).toMatchObject({ changed: true, isWithoutDomain: false });
    expect(holders()).toEqual([own()]);
    expect(recordsOf(zone).map(([, target]) => target)).toEqual(Array(3).fill(own().domainName));
    expect(own().config.PriceClass).toBe('PriceClass_100');
  });

  test('does not keep a stack that gets another domain from having that one', async () => {
    account.certificates.add({ names: ['pictures.example.com'] });
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account, move, (terminal) => {
      terminal.confirm = (question) => Promise.resolve(!question.includes('Move'));
    });
    const { error } = await provisionOnce(account, { domain: 'pictures.example.com', stackName: STACK });
    expect(error).toBeUndefined();
    expect(own().aliases).toEqual(['pictures.example.com']);
    expect(holders()).toEqual([old]);
  });

  test('is moved only once: another run changes nothing', async () => {
    addZone();
    await provisionOnce(account, move);
    for (const options of [move, {}]) {
      const { provisioned, terminal } = await provisionOnce(account, options);
      expect(provisioned?.changed).toBe(false);
      expect(terminal.questions).toEqual([]);
    }
  });

  test('is moved in the zone of another account, too', async () => {
    const zone = addZone('CNAME', { profile: 'dns' });
    const seen = watch(zone);
    const { error } = await provisionOnce(account, { ...move, dnsProfile: 'dns' });
    expect(error).toBeUndefined();
    expect(seen.filter((moment) => moment.holders.length !== 1 || moment.targets.length === 0)).toEqual([]);
    expect(recordsOf(zone).map(([, target]) => target)).toEqual(Array(3).fill(own().domainName));
  });

  test('gets the records of the stack where it had none', async () => {
    const zone = account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account, move);
    expect(recordsOf(zone)).toHaveLength(3);
    expect(account.stacks.get(STACK)?.resources.has('DomainRecords')).toBe(true);
  });

  test('at another DNS provider is moved, and the record to change is shown at the end', async () => {
    const live = { 'example.com': { SOA: true }, [DOMAIN]: { CNAME: old.domainName } };
    const { provisioned, terminal } = await provisionOnce(account, { ...move, live });
    expect(holders()).toEqual([own()]);
    expect(provisioned?.missingRecord).toMatchObject({ name: DOMAIN, value: own().domainName });
    expect(terminal.warnings.join()).not.toContain('Remove that record');
  });

  test('is not moved over records that lead elsewhere than to CloudFront', async () => {
    const zone = account.hostedZones.add({ name: 'example.com' });
    zone.records.push({ Name: `${DOMAIN}.`, Type: 'A', TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] });
    const { error } = await provisionOnce(account, move);
    expect(error?.message).toContain(`already has records for ${DOMAIN}`);
    expect(holders()).toEqual([old]);
  });

  test('comes back to a stack that names it, before the stack is changed', async () => {
    const zone = await moveAwayByHand();
    const seen = watch(zone);
    const { error } = await provisionOnce(account, { ...move, priceClass: 'PriceClass_100' });
    expect(error).toBeUndefined();
    expect(seen.filter((moment) => moment.holders.length !== 1 || moment.targets.length === 0)).toEqual([]);
    expect(holders()).toEqual([own()]);
  });

  test.each([1, 2])("comes back with the stack's records, in %d runs, and is never without them", async (runs) => {
    const zone = await moveAwayByHand();
    zone.records
      .filter(({ Name }) => Name === `${DOMAIN}.`)
      .forEach((record) => Object.assign(record.AliasTarget ?? {}, { DNSName: `${old.domainName}.` }));
    const seen = watch(zone);
    if (runs === 2) {
      account.answerNext('cloudfront:GetDistribution', new Error('the line is dead'));
      expect((await provisionOnce(account, move)).error?.message).toBe('the line is dead');
      expect(holders()).toEqual([own()]);
    }
    const { error } = await provisionOnce(account, move);
    expect(error).toBeUndefined();
    expect(seen.filter((moment) => moment.holders.length !== 1 || moment.targets.length === 0)).toEqual([]);
    expect(recordsOf(zone).map(([, target]) => target)).toEqual(Array(3).fill(own().domainName));
    expect(account.stacks.get(STACK)?.resources.has('DomainRecords')).toBe(true);
    expect((await provisionOnce(account, move)).provisioned?.changed).toBe(false);
  });

  test('gets its records only with the domain where another distribution serves it by a wildcard', async () => {
    const zone = addZone();
    Object.assign(old, { aliases: ['*.example.com'], config: { ...old.config, Aliases: ['*.example.com'] } });
    const seen = watch(zone);
    const { error } = await provisionOnce(account, move);
    expect(error).toBeUndefined();
    expect(seen.filter(({ holders: [holder], targets }) => !holder && targets.includes(own().domainName))).toEqual([]);
    expect(seen.filter(({ targets }) => targets.length === 0)).toEqual([]);
    expect(recordsOf(zone).map(([, target]) => target)).toEqual(Array(3).fill(own().domainName));
  });
});

describe('a move that was stopped', () => {
  test.each([{ agreed: move }, { agreed: {} }])(
    'after any of its calls is completed by the next run with $agreed, and the domain is never without a distribution',
    async ({ agreed }) => {
      addZone();
      const before = account.calls.length;
      await provisionOnce(account, move);
      const total = account.calls.length - before;
      const alone = [] as number[];
      for (let count = 2; count < total; count += 1) {
        account.restore();
        begin();
        const zone = addZone(count % 2 ? 'CNAME' : 'aliases');
        account.interruptAfter(count, () => {
          throw new Error('switched off');
        });
        await provisionOnce(account, move);
        expect([count, holders().length]).toEqual([count, 1]);
        const isMoved = holders()[0]?.id !== old.id;
        const seen = watch(zone);
        const { error } = await provisionOnce(account, isMoved ? agreed : move);
        expect([count, error]).toEqual([count, undefined]);
        expect([count, seen.filter((moment) => moment.holders.length !== 1 || !moment.targets.length)]).toEqual([
          count,
          [],
        ]);
        expect([count, holders().map(({ id }) => id)]).toEqual([count, [own().id]]);
        expect([count, recordsOf(zone).map(([, target]) => target)]).toEqual([count, Array(3).fill(own().domainName)]);
        expect([count, account.stacks.get(STACK)?.parameters.DomainIsElsewhere]).toEqual([count, 'false']);
        alone.push(...(isMoved ? [count] : []));
      }
      expect(alone.length).toBeGreaterThan(3);
    },
  );

  test('after CloudFront has moved the domain is completed before anything else is changed', async () => {
    const zone = addZone();
    const stop = () => {
      if (account.actions.at(-1) === 'cloudfront:UpdateDomainAssociation') {
        throw new Error('switched off');
      }
      account.interruptAfter(1, stop);
    };
    account.interruptAfter(1, stop);
    await provisionOnce(account, move);
    expect(account.stacks.get(STACK)?.parameters.DomainIsElsewhere).toBe('true');
    const seen = watch(zone);
    const { provisioned, terminal } = await provisionOnce(account, { priceClass: 'PriceClass_100' });
    expect(terminal.text).toContain(`${DOMAIN}, which was moved to the distribution, becomes part of the stack`);
    expect(seen.filter((moment) => moment.holders.length !== 1 || moment.targets.length === 0)).toEqual([]);
    expect(provisioned?.changed).toBe(true);
    expect(own().config).toMatchObject({ Aliases: [DOMAIN], PriceClass: 'PriceClass_100' });
  });

  test('by a failing update keeps the domain on the distribution, and lets the next run change the stack', async () => {
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account, move, (terminal) => {
      terminal.confirm = (question) => {
        if (question.includes('Move')) {
          account.failResource('DomainRecords', 'Throttling');
        }
        return Promise.resolve(true);
      };
    });
    expect(account.stacks.get(STACK)?.status).toBe('UPDATE_FAILED');
    expect(holders()).toEqual([own()]);
    expect((await provisionOnce(account, { priceClass: 'PriceClass_100' })).error).toBeUndefined();
    expect(account.stacks.get(STACK)?.status).toBe('UPDATE_COMPLETE');
    expect(holders()).toEqual([own()]);
  });
});

describe('a domain that a distribution of another account has', () => {
  beforeEach(() => Object.assign(old, { otherOwner: true }));

  test('is not moved: the reason, the record that proves the ownership and the other ways are named', async () => {
    account.hostedZones.add({ name: 'example.com' });
    const { error } = await provisionOnce(account, move);
    expect(error?.message).toMatch(
      /because \*+\w{6} in another account \(\*+654321\) has it\. CloudFront says: .*source distribution is enabled/,
    );
    expect(error?.cure).toContain(`_${DOMAIN} TXT "${own().domainName}"`);
    expect(error?.cure).toMatch(/Disable the other distribution.*ask AWS Support.*alternate-domain-names-move/);
    expect(holders()).toEqual([old]);
    expect(account.stacks.get(STACK)?.status).toBe('CREATE_COMPLETE');
  });

  test('is moved when its distribution is disabled', async () => {
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account, move);
    Object.assign(old.config, { Enabled: false });
    const { provisioned } = await provisionOnce(account, move);
    expect(provisioned?.isWithoutDomain).toBe(false);
    expect(holders()).toEqual([own()]);
  });

  test('is completed when AWS Support has moved it', async () => {
    account.hostedZones.add({ name: 'example.com' });
    await provisionOnce(account, move);
    Object.assign(old, { aliases: [] });
    Object.assign(own(), { aliases: [DOMAIN], config: { ...own().config, Aliases: [DOMAIN] } });
    const { provisioned } = await provisionOnce(account);
    expect(provisioned).toMatchObject({ changed: true, isWithoutDomain: false });
    expect(account.stacks.get(STACK)?.parameters.DomainIsElsewhere).toBe('false');
  });

  test('names the way in the error of CloudFormation', async () => {
    account.hostedZones.add({ name: 'example.com' });
    const { error } = await provisionOnce(account);
    expect(error?.cure).toContain('--move-domain');
  });
});

test('--move-domain for a domain that no distribution has builds the stack as without it', async () => {
  account.distributions.all.splice(0);
  const zone = account.hostedZones.add({ name: 'example.com' });
  const { provisioned } = await provisionOnce(account, move);
  expect(provisioned?.isWithoutDomain).toBe(false);
  expect(account.actions).not.toContain('cloudfront:UpdateDomainAssociation');
  expect(recordsOf(zone)).toHaveLength(3);
  expect(own().aliases).toEqual([DOMAIN]);
});

describe('--move-domain for a stack whose distribution lost the domain', () => {
  /** Takes the domain off the stack's distribution, as somebody does by hand. */
  async function lose(): Promise<void> {
    await moveAwayByHand();
    Object.assign(old, { aliases: [], config: { ...old.config, Aliases: [] } });
  }

  test('says so when no distribution has it, instead of doing nothing', async () => {
    await lose();
    const { error, terminal } = await provisionOnce(account, move);
    expect(error?.message).toContain(`no CloudFront distribution has ${DOMAIN}, so there is nothing to move`);
    expect(error?.message).toContain(own().id);
    expect(error?.cure).toContain('Alternate domain names');
    expect(terminal.questions).toEqual([]);
    expect(account.actions).toContain('cloudfront:ListDomainConflicts');
  });

  test('names the other account that has it, and how to free it', async () => {
    await lose();
    account.distributions.add({ config: { Aliases: [DOMAIN], Origins: [] }, otherOwner: true });
    const { error, terminal } = await provisionOnce(account, move);
    expect(terminal.text).toMatch(/~ domain +images\.example\.com .*from the distribution that has it/);
    expect(error?.message).toContain('in another account');
    expect(`${error?.cure}`).toContain('TXT');
  });

  test('is not asked about without the option', async () => {
    await lose();
    await provisionOnce(account);
    expect(account.actions).not.toContain('cloudfront:ListDomainConflicts');
  });
});
