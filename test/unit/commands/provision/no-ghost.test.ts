import { AwsAccount } from '../../../support/aws-account';
import { provisionOnce } from '../../../support/provisioning';

const STACK = 'ghost-images-example-com';

let account: AwsAccount;
beforeEach(() => {
  account = new AwsAccount();
  account.hostedZones.add({ name: 'example.com' });
});
afterEach(() => account.restore());

const origins = () =>
  (account.distributions.all[0]?.config as { Origins: { Id: string }[] } | undefined)?.Origins.map(({ Id }) => Id);

const noGhost = { ghostUrl: undefined, ghost: false };

describe('--no-ghost', () => {
  test.each([{}, { tenantPrefix: 'blog-7' }, { ghostUrl: 'https://www.example.com/blog' }])(
    'takes Ghost with %j off as the second origin, after a plan that says what that means',
    async (options) => {
      await provisionOnce(account, options);
      expect(origins()).toContain('ghost');
      const { provisioned, terminal, error } = await provisionOnce(account, noGhost);
      expect(error).toBeUndefined();
      expect(terminal.text).toMatch(
        /- Ghost +CloudFront no longer requests image sizes from (blog|www)\.example\.com; sizes that are not in the bucket return 404/,
      );
      expect(origins()).toEqual(['bucket']);
      expect(account.stacks.get(STACK)?.parameters).toMatchObject({ GhostHost: '', GhostPath: '', FallbackSecret: '' });
      expect(provisioned?.config.storage.S3CloudFrontStorage).not.toHaveProperty('cdnFallbackSecret');
    },
  );

  test('changes nothing the second time', async () => {
    await provisionOnce(account);
    await provisionOnce(account, noGhost);
    const { provisioned, terminal } = await provisionOnce(account, noGhost);
    expect(provisioned?.changed).toBe(false);
    expect(terminal.questions).toEqual([]);
  });

  test('changes nothing when the user declines', async () => {
    await provisionOnce(account);
    const { error } = await provisionOnce(account, noGhost, (terminal) => (terminal.agrees = false));
    expect(error?.name).toBe('Declined');
    expect(origins()).toContain('ghost');
  });

  test('is undone by --ghost-url, with a new secret', async () => {
    await provisionOnce(account);
    const former = account.stacks.get(STACK)?.parameters.FallbackSecret;
    await provisionOnce(account, noGhost);
    const { provisioned } = await provisionOnce(account);
    expect(origins()).toContain('ghost');
    const secret = provisioned?.config.storage.S3CloudFrontStorage.cdnFallbackSecret;
    expect(secret).toMatch(/^[\w-]{32,}$/);
    expect(secret).not.toBe(former);
  });
});
