import { AwsAccount } from '../../../support/aws-account';
import { provisionOnce } from '../../../support/provisioning';
import { VERSION_1_SETS, VERSION_1_TEXT } from '../../../support/template/version-1';

const STACK = 'ghost-images-example-com';

let account: AwsAccount;
beforeEach(() => (account = new AwsAccount()));
afterEach(() => account.restore());

/** Adds a finished image server of version 1.0.0 with its certificate and its zone. */
function addVersion1(parameters: Record<string, string>) {
  account.certificates.add({ names: ['images.example.com'] });
  const zone = parameters.HostedZoneId && account.hostedZones.add({ name: 'example.com' });
  return account.stacks.add({
    name: STACK,
    template: VERSION_1_TEXT,
    parameters: {
      ...parameters,
      CertificateArn: account.certificates.all[0]?.arn ?? '',
      ...(zone && { HostedZoneId: zone.id }),
    },
  });
}

describe('an image server of version 1.0.0', () => {
  test.each(VERSION_1_SETS)('for %s is brought up to date, and nothing of it is replaced', async (_, parameters) => {
    const stack = addVersion1(parameters);
    const before = new Map([...stack.resources].map(([name, { physicalId }]) => [name, physicalId]));
    const { outputs } = stack;

    const { provisioned, terminal, error } = await provisionOnce(account, { ghostUrl: undefined });

    expect(error).toBeUndefined();
    expect(provisioned).toMatchObject({ changed: true, stack: { status: 'UPDATE_COMPLETE' } });
    const signs = [...terminal.text.matchAll(/^ {2}([-+~±]) (CloudFront \w+|DNS records)/gm)].map(
      ([, sign, what]) => `${sign} ${what}`,
    );
    expect([...new Set(signs)].sort()).toEqual(
      [
        '+ CloudFront function',
        // The records' target is the distribution's name, which stays the same.
        ...(parameters.GhostHost && parameters.TenantPrefix ? ['- CloudFront function'] : []),
        '~ CloudFront distribution',
        ...(parameters.HostedZoneId ? ['~ DNS records'] : []),
      ].sort(),
    );
    const after = new Map([...stack.resources].map(([name, { physicalId }]) => [name, physicalId]));
    // The function for image sizes has replaced it.
    before.delete('TenantFunction');
    expect(Object.fromEntries(after)).toMatchObject(Object.fromEntries(before));
    expect(stack.parameters.Formats).toBe('none');
    expect(provisioned?.stack.outputs).toEqual(
      Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue])),
    );
    expect(account.distributions.all).toHaveLength(1);
    expect(account.buckets.all).toHaveLength(1);
    // CloudFront sends the same secret, under the name that no log shows.
    const secret = parameters.FallbackSecret;
    expect(provisioned?.config.storage.S3CloudFrontStorage.cdnFallbackSecret).toBe(secret);
    const config = JSON.stringify(account.distributions.all[0]?.config);
    expect(config.includes(`"X-Ghost-Cdn-Fallback-Key","HeaderValue":"${secret}"`)).toBe(secret !== undefined);
    expect(config).not.toContain('X-Ghost-Cdn-Fallback"');

    expect((await provisionOnce(account, { ghostUrl: undefined })).provisioned).toMatchObject({ changed: false });
  });
});
