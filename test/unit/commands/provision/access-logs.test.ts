import { AwsAccount } from '../../../support/aws-account';
import { provisionOnce } from '../../../support/provisioning';
import { readSettings } from '../../../../src/commands/provision/settings';

const STACK = 'ghost-images-example-com';
const VIRGINIA = { region: 'us-east-1' };

let account: AwsAccount;
beforeEach(() => {
  account = new AwsAccount();
  account.hostedZones.add({ name: 'example.com' });
});
afterEach(() => account.restore());

/** What AWS is changed by. */
const changesMade = () => account.actions.filter((action) => !/:(Get|List|Describe|Head|Simulate)/.test(action));

const logging = () =>
  [...(account.stacks.get(STACK)?.resources.keys() ?? [])].filter((name) => name.startsWith('AccessLog'));

describe('access logs', () => {
  test('are delivered by a stack in us-east-1, kept by each later run, and ended with none', async () => {
    const { terminal, error } = await provisionOnce(account, { ...VIRGINIA, accessLogs: 'blog-logs' });
    expect(error).toBeUndefined();
    expect(terminal.text).toMatch(/\+ log delivery +delivers the access logs to the bucket/);
    expect(logging()).toEqual(['AccessLogSource', 'AccessLogTarget', 'AccessLogDelivery']);
    for (const accessLogs of [undefined, 'blog-logs']) {
      expect((await provisionOnce(account, { ...VIRGINIA, accessLogs })).provisioned).toMatchObject({ changed: false });
    }
    const [distribution] = account.distributions.all;
    await provisionOnce(account, { ...VIRGINIA, accessLogs: 'none' });
    expect(logging()).toEqual([]);
    expect(account.distributions.all).toEqual([distribution]);
  });

  test('are refused in another region before anything is created, with the commands for the distribution', async () => {
    const first = await provisionOnce(account, { accessLogs: 'blog-logs' });
    expect(first.error?.message).toContain('a stack in eu-central-1 cannot set them up');
    expect(first.error?.cure).toContain('distribution/DISTRIBUTION_ID');
    expect(changesMade()).toEqual([]);

    await provisionOnce(account);
    const before = changesMade().length;
    const { error } = await provisionOnce(account, { accessLogs: 'blog-logs' });
    const [distribution] = account.distributions.all;
    expect(error?.cure?.match(/aws logs .*/g)).toEqual([
      `aws logs put-delivery-source --region us-east-1 --name ${STACK} --log-type ACCESS_LOGS --resource-arn ${distribution?.arn}`,
      `aws logs put-delivery-destination --region us-east-1 --name ${STACK} --output-format w3c --delivery-destination-configuration destinationResourceArn=arn:aws:s3:::blog-logs`,
      `aws logs create-delivery --region us-east-1 --delivery-source-name ${STACK} --delivery-destination-arn arn:aws:logs:us-east-1:123456789012:delivery-destination:${STACK}`,
    ]);
    expect(changesMade()).toHaveLength(before);
  });

  test('are not delivered into the bucket of the images, nor into another bucket in one step', async () => {
    const own = await provisionOnce(account, { ...VIRGINIA, bucket: 'my-images', accessLogs: 'my-images' });
    expect(own.error?.message).toContain('the image bucket');
    await provisionOnce(account, { ...VIRGINIA, accessLogs: 'blog-logs' });
    const moved = await provisionOnce(account, { ...VIRGINIA, accessLogs: 'other-logs' });
    expect(moved.error?.cure).toContain('--access-logs none first');
  });

  test('go to the given bucket', () => {
    const { parameters } = readSettings({ domain: 'images.example.com', accessLogs: 'blog-logs' });
    expect(parameters.AccessLogDestination).toBe('arn:aws:s3:::blog-logs');
    for (const accessLogs of ['s3://blog-logs', 'blog-logs/images', 'NONE of them', '']) {
      expect(() => readSettings({ domain: 'images.example.com', accessLogs })).toThrow('--access-logs is');
    }
  });

  test('need permissions of their own, which are checked only when they are wanted', async () => {
    const checked = () =>
      account.calls
        .filter(({ action }) => action === 'iam:SimulatePrincipalPolicy')
        .flatMap(({ input }) => input.ActionNames as string[]);
    await provisionOnce(account, VIRGINIA);
    expect(checked().filter((action) => action.startsWith('logs:'))).toEqual([]);
    await provisionOnce(account, { ...VIRGINIA, accessLogs: 'blog-logs' });
    expect(checked()).toEqual(
      expect.arrayContaining(['logs:CreateDelivery', 'cloudfront:AllowVendedLogDeliveryForResource']),
    );
  });
});
