import { destroy } from '../../../../src/commands/provision/destroy';
import { AwsAccount } from '../../../support/aws-account';
import type { Distribution } from '../../../support/aws-account/cloudfront';
import { openTestSession, provisionOnce } from '../../../support/provisioning';

const STACK = 'ghost-images-example-com';
const webAcl = (name: string) =>
  `arn:aws:wafv2:us-east-1:123456789012:global/webacl/${name}/473e64fd-f30b-4765-81a0-62ad96dd167a`;
const OF_PLAN = webAcl('CreatedByCloudFront-e83cb11e');
const OWN = webAcl('rate-limit');

let account: AwsAccount;
beforeEach(() => {
  account = new AwsAccount();
  account.hostedZones.add({ name: 'example.com' });
});
afterEach(() => account.restore());

const distribution = () => account.distributions.all[0] as Distribution;
const storedWebAcl = () => account.stacks.get(STACK)?.parameters.WebAclArn;

/** What AWS was changed by since a number of calls. */
const changesSince = (calls: number) =>
  account.actions.slice(calls).filter((action) => !/:(Get|List|Describe|Head|Simulate)/.test(action));

describe('an image server on a flat-rate plan', () => {
  test('is not deleted: before any question, destroy says why and how the plan is ended', async () => {
    await provisionOnce(account, { identity: 'iam-user', createAccessKey: true });
    account.distributions.subscribe(distribution(), OF_PLAN);
    const before = account.calls.length;
    const session = await openTestSession(account);
    await expect(destroy(session, STACK)).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(
          `${distribution().id} has the web ACL CreatedByCloudFront-e83cb11e.*cannot be deleted before the end`,
        ),
      ),
      cure: expect.stringMatching(
        /Cancel the plan: .*Manage plan.*billing cycle has ended.*still served.*\n.*\n.*disassociate-distribution-web-acl/,
      ),
    });
    expect(session.terminal.questions).toEqual([]);
    expect(changesSince(before)).toEqual([]);
  });

  test('is deleted when the plan has ended and its web ACL is removed', async () => {
    await provisionOnce(account);
    account.distributions.subscribe(distribution(), OF_PLAN);
    Object.assign(distribution(), { planWebAcl: undefined, config: { ...distribution().config, WebACLId: '' } });
    await destroy(await openTestSession(account), STACK);
    expect(account.distributions.all).toEqual([]);
  });

  test('is not deleted with a web ACL of another name either, and the reason names the plan', async () => {
    await provisionOnce(account);
    account.distributions.subscribe(distribution(), OWN);
    await expect(destroy(await openTestSession(account), STACK)).rejects.toMatchObject({
      message: expect.stringContaining('subscribed to a pricing plan'),
      cure: expect.stringContaining('Cancel the plan'),
    });
  });

  test("keeps the plan's web ACL in an update, whatever web ACL the stack names", async () => {
    await provisionOnce(account, { webAcl: OWN });
    account.distributions.subscribe(distribution(), OF_PLAN);
    const { error } = await provisionOnce(account, { priceClass: 'PriceClass_100' });
    expect(error).toBeUndefined();
    expect(distribution().config).toMatchObject({ PriceClass: 'PriceClass_100', WebACLId: OF_PLAN });
    expect(storedWebAcl()).toBe(OF_PLAN);
  });

  test("does not get the plan's web ACL back when the plan has ended", async () => {
    await provisionOnce(account);
    account.distributions.subscribe(distribution(), OF_PLAN);
    await provisionOnce(account, { priceClass: 'PriceClass_100' });
    Object.assign(distribution(), { planWebAcl: undefined, config: { ...distribution().config, WebACLId: '' } });
    await provisionOnce(account, { priceClass: 'PriceClass_200' });
    expect(distribution().config.WebACLId).toBeUndefined();
    expect(storedWebAcl()).toBe('');
  });

  test.each([['none'], [OWN]])('refuses --web-acl %s before it changes anything', async (option) => {
    await provisionOnce(account);
    account.distributions.subscribe(distribution(), OF_PLAN);
    const before = account.calls.length;
    const { error, terminal } = await provisionOnce(account, { webAcl: option });
    expect(error?.message).toContain('CloudFront refuses to remove or replace it during the subscription');
    expect(error?.cure).toMatch(/cancel the plan first/);
    expect(terminal.questions).toEqual([]);
    expect(changesSince(before)).toEqual([]);
  });
});

describe('--web-acl', () => {
  test('sets the web ACL of the distribution, keeps it in later runs, and removes it with none', async () => {
    await provisionOnce(account, { webAcl: OWN });
    expect(distribution().config.WebACLId).toBe(OWN);
    await provisionOnce(account, { priceClass: 'PriceClass_100' });
    expect(distribution().config.WebACLId).toBe(OWN);
    const { provisioned } = await provisionOnce(account, { webAcl: 'none' });
    expect(provisioned?.changed).toBe(true);
    expect(distribution().config.WebACLId).toBeUndefined();
  });

  test.each([
    ['none', 'disassociate-distribution-web-acl --id'],
    [OWN, `associate-distribution-web-acl --id .* --web-acl-arn ${OWN}`],
  ])(
    '%s is not passed over when the console has changed it in the meantime: the command to change it is shown',
    async (option, command) => {
      await provisionOnce(account, { webAcl: option });
      distribution().config = { ...distribution().config, WebACLId: webAcl('console') };
      const { error } = await provisionOnce(account, { webAcl: option });
      expect(error?.message).toContain('has the web ACL console, which was changed outside of CloudFormation');
      expect(error?.cure).toMatch(new RegExp(command));
    },
  );

  test('replaces a web ACL that was set in the console', async () => {
    await provisionOnce(account);
    distribution().config = { ...distribution().config, WebACLId: webAcl('console') };
    await provisionOnce(account, { webAcl: OWN });
    expect(distribution().config.WebACLId).toBe(OWN);
  });
});
