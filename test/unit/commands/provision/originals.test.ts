import type { AwsAccount as Account } from '../../../support/aws-account';
import { AwsAccount } from '../../../support/aws-account';
import { provisionOnce } from '../../../support/provisioning';
import { SMALLEST } from '../../../support/template/parameter-sets';
import { VERSION_1_TEXT } from '../../../support/template/version-1';

const STACK = 'ghost-images-example-com';

let account: Account;
beforeEach(() => {
  account = new AwsAccount();
  account.hostedZones.add({ name: 'example.com' });
});
afterEach(() => account.restore());

/** The statement about originals in the policy of the stack's bucket; undefined when visitors get them. */
function denial(): { Effect: string; Resource: string[] } | undefined {
  const [bucket] = account.buckets.all;
  const { Statement } = JSON.parse(bucket?.policy ?? '{"Statement": []}') as {
    Statement: { Sid: string; Effect: string; Resource: string[] }[];
  };
  return Statement.find(({ Sid }) => Sid === 'CloudFrontReadsNoOriginals');
}

const stepIn = (text: string) => /^ +[~+-] originals +.*$/m.exec(text)?.[0];

describe('originals', () => {
  test('are private on a new image server, below its prefix', async () => {
    const { error, terminal } = await provisionOnce(account, { tenantPrefix: 'blog-7' });
    expect(error).toBeUndefined();
    expect(denial()).toMatchObject({
      Effect: 'Deny',
      Resource: [
        expect.stringMatching(/:::[\w-]+\/blog-7\/content\/images\/\?{4}\/\?{2}\/\*_o\.\?{3}$/),
        expect.stringMatching(/:::[\w-]+\/blog-7\/content\/images\/\?{4}\/\?{2}\/\*_o\.\?{4}$/),
      ],
    });
    expect(stepIn(terminal.text)).toBeUndefined();
  });

  test('become public with --public-originals, remain so in each later run, and private with --no-public-originals', async () => {
    await provisionOnce(account);
    const opened = await provisionOnce(account, { publicOriginals: true });
    expect(stepIn(opened.terminal.text)).toMatch(/~ originals +visitors can get them/);
    expect(denial()).toBeUndefined();
    for (const publicOriginals of [undefined, true]) {
      const { provisioned } = await provisionOnce(account, { publicOriginals });
      expect(provisioned).toMatchObject({ changed: false });
      expect(denial()).toBeUndefined();
    }
    const closed = await provisionOnce(account, { publicOriginals: false });
    expect(stepIn(closed.terminal.text)).toMatch(
      /~ originals +visitors no longer get them.* except for copies that CloudFront keeps until they expire or are invalidated/,
    );
    expect(denial()).toBeDefined();
    expect((await provisionOnce(account)).provisioned).toMatchObject({ changed: false });
  });

  test('are public from the beginning where posts link them', async () => {
    await provisionOnce(account, { publicOriginals: true });
    expect(denial()).toBeUndefined();
  });

  test.each([
    [{}, true],
    [{ publicOriginals: true }, false],
  ])('of an image server of version 1.0.0 with %j: the plan says what changes', async (options, isPrivate) => {
    account.certificates.add({ names: ['images.example.com'] });
    account.stacks.add({
      name: STACK,
      template: VERSION_1_TEXT,
      parameters: { ...SMALLEST, CertificateArn: account.certificates.all[0]?.arn ?? '' },
    });
    const { error, terminal } = await provisionOnce(account, { ghostUrl: undefined, ...options });
    expect(error).toBeUndefined();
    expect(stepIn(terminal.text)?.includes('provision --public-originals keeps them public') ?? false).toBe(isPrivate);
    expect(denial() !== undefined).toBe(isPrivate);
  });
});
