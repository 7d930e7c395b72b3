import { AwsAccount } from '../../../support/aws-account';
import { provisionOnce } from '../../../support/provisioning';
import { SMALLEST } from '../../../support/template/parameter-sets';
import { VERSION_1_TEXT } from '../../../support/template/version-1';
import { readSettings } from '../../../../src/commands/provision/settings';

const STACK = 'ghost-images-example-com';
const GHOST = { GhostHost: 'blog.example.com', FallbackSecret: 'x7Kq_2mVnB8wEr5TyU1iOp3AsDf6GhJk' };

let account: AwsAccount;
beforeEach(() => {
  account = new AwsAccount();
  account.hostedZones.add({ name: 'example.com' });
});
afterEach(() => account.restore());

const formats = () => account.stacks.get(STACK)?.parameters.Formats;
const stepIn = (text: string) => /^ +[~=] formats +.*$/m.exec(text)?.[0].trim();

function addVersion1(parameters: Record<string, string>): void {
  account.certificates.add({ names: ['images.example.com'] });
  const CertificateArn = account.certificates.all[0]?.arn ?? '';
  account.stacks.add({
    name: STACK,
    template: VERSION_1_TEXT,
    parameters: { ...SMALLEST, ...parameters, CertificateArn },
  });
}

describe('the formats of image sizes', () => {
  test('include WebP on a new image server, whose plan says so', async () => {
    const { error, terminal } = await provisionOnce(account);
    expect(error).toBeUndefined();
    expect(formats()).toBe('webp');
    expect(terminal.text).toMatch(/\+ CloudFront function +requests image sizes as WebP for browsers that accept it/);
    expect(stepIn(terminal.text)).toBeUndefined();
  });

  test.each([
    ['webp-and-png', /~ formats +browsers that accept WebP get the sizes of JPEGs and PNGs as WebP/],
    ['none', /~ formats +visitors get image sizes in the format of their image/],
  ])('become those of --formats %s, and remain so in each later run', async (wanted, step) => {
    await provisionOnce(account);
    const changed = await provisionOnce(account, { formats: wanted });
    expect(changed.error).toBeUndefined();
    expect(stepIn(changed.terminal.text)).toMatch(step);
    expect(formats()).toBe(wanted);
    for (const again of [undefined, wanted]) {
      expect((await provisionOnce(account, { formats: again })).provisioned).toMatchObject({ changed: false });
      expect(formats()).toBe(wanted);
    }
  });

  test('stay as they are on an image server of an older version, whose plan names the way to WebP', async () => {
    addVersion1(GHOST);
    const { error, terminal } = await provisionOnce(account, { ghostUrl: undefined });
    expect(error).toBeUndefined();
    expect(formats()).toBe('none');
    expect(stepIn(terminal.text)).toMatch(/^= formats .*provision --formats webp makes pages lighter$/);
    const again = await provisionOnce(account, { ghostUrl: undefined, formats: 'webp' });
    expect(stepIn(again.terminal.text)).toMatch(/^~ formats +browsers that accept WebP get the sizes of JPEGs as WebP/);
    expect(formats()).toBe('webp');
  });

  test('have no effect without a blog, which the command says', async () => {
    await provisionOnce(account, { ghostUrl: undefined, ghost: false });
    const { terminal } = await provisionOnce(account, { ghostUrl: undefined, formats: 'webp-and-png' });
    expect(terminal.text).toMatch(/--formats webp-and-png has no effect: without --ghost-url/);
  });

  test.each([
    [{ formats: 'avif' }, /--formats is "avif"/, /none, webp or webp-and-png/],
    [{ formats: '' }, /--formats is empty/, /leave out --formats/],
    [{ formats: 'webp', ghost: false }, /--formats webp and --no-ghost cannot be used together/, /--ghost-url/],
  ])('%j is refused with what is possible', (options, message, cure) => {
    expect.assertions(1);
    try {
      readSettings({ domain: 'images.example.com', ...options });
    } catch (error) {
      const { message: said, cure: way } = error as Error & { cure: string };
      expect([`${said} ${way}`.match(message), `${said} ${way}`.match(cure)]).not.toContain(null);
    }
  });
});
