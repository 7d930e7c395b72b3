import { signIn } from '../../../../src/aws/sign-in';
import { findDestination } from '../../../../src/commands/upload/image-server';
import { AwsAccount } from '../../../support/aws-account';
import { provisionOnce } from '../../../support/provisioning';

let account: AwsAccount;
beforeEach(() => {
  account = new AwsAccount();
  account.hostedZones.add({ name: 'example.com' });
});
afterEach(() => account.restore());

const build = (domain: string, ...folder: string[]) => provisionOnce(account, { domain, ghostUrl: undefined, folder });

const find = async (options: { domain?: string; stackName?: string; to?: string } = {}) =>
  findDestination(await signIn({ region: 'eu-central-1' }), options);

const refusal = (options: Parameters<typeof find>[0] = {}) =>
  find(options).then(
    () => 'nothing is refused',
    (error: Error & { cure: string }) => `${error.message} ${error.cure}`,
  );

describe('the destination of an upload', () => {
  test('is the only folder of the only image server', async () => {
    await build('images.example.com', 'downloads');
    const template =
      'Parameters: { Domain: { Type: String }, CertificateArn: { Type: String } }\n' +
      'Resources: { Bucket: { Type: AWS::S3::Bucket, Properties: {} } }\nOutputs: {}\nConditions: {}';
    account.stacks.add({ name: 'shop', template, parameters: { Domain: 'shop.example.com', CertificateArn: 'arn' } });
    expect(await find()).toMatchObject({
      config: {
        bucket: account.buckets.all[0]?.name,
        region: 'eu-central-1',
        cdnUrl: 'https://images.example.com',
        staticFileURLPrefix: 'downloads',
      },
      directory: '',
    });
  });

  test('is the folder that was named, with its sub-folders', async () => {
    await build('images.example.com', 'downloads', 'press~kit.v2');
    expect(await find({ to: 'press~kit.v2' })).toMatchObject({ config: { staticFileURLPrefix: 'press~kit.v2' } });
    expect(await find({ to: '/downloads/2026/q3/' })).toMatchObject({
      config: { staticFileURLPrefix: 'downloads' },
      directory: '2026/q3',
    });
  });

  test('is on the image server of the domain or of the stack', async () => {
    await build('images.example.com', 'downloads');
    await build('cdn.example.com', 'downloads');
    for (const options of [{ domain: 'cdn.example.com' }, { stackName: 'ghost-cdn-example-com' }]) {
      expect(await find(options)).toMatchObject({ config: { cdnUrl: 'https://cdn.example.com' } });
    }
  });

  test('has to be told where there are several image servers, which are listed', async () => {
    await build('images.example.com', 'downloads');
    await build('cdn.example.com', 'downloads');
    const message = await refusal();
    expect(message).toContain('There are 2 image servers in eu-central-1');
    expect(message).toContain('images.example.com (stack ghost-images-example-com)');
    expect(message).toContain('cdn.example.com (stack ghost-cdn-example-com)');
    expect(message).toContain('--domain');
  });

  test('has to be told where there are several folders', async () => {
    await build('images.example.com', 'downloads', 'press');
    expect(await refusal()).toBe(
      'https://images.example.com has 2 folders: downloads, press. Choose one: --to downloads',
    );
  });

  test('is nothing without an image server', async () => {
    expect(await refusal()).toContain('There is no image server in eu-central-1 in the account 123456789012.');
    expect(await refusal({ domain: 'images.example.com' })).toContain(
      'The stack ghost-images-example-com does not exist',
    );
  });

  test('is a folder that is served, else the command that adds it is shown', async () => {
    await build('images.example.com');
    const command = 'npx ghost-storage-s3-cloudfront provision --domain images.example.com --folder';
    expect(await refusal()).toContain(`${command} downloads`);
    expect(await refusal({ to: 'press/2026' })).toContain(`${command} press`);
    await build('images.example.com', 'downloads');
    expect(await refusal({ to: 'press' })).toContain(
      'https://images.example.com does not serve the folder "press". It serves downloads.',
    );
  });

  test.each(['content/images', 'content'])('is never a place of Ghost: %s', async (to) => {
    await build('images.example.com', 'downloads');
    expect(await refusal({ to })).toContain('does not serve the folder "content"');
  });

  test.each(['downloads/../content/images', 'downloads//a', 'downloads/.', 'downloads/a b', '', 'downloads/ä', '/'])(
    'is not %j',
    async (to) => {
      await build('images.example.com', 'downloads');
      expect(await refusal({ to })).toContain(`--to is "${to}"`);
    },
  );

  test('is not a stack that is still empty', async () => {
    await build('images.example.com', 'downloads');
    const [stack] = account.stacks.all;
    Object.assign(stack ?? {}, { status: 'REVIEW_IN_PROGRESS', outputs: [] });
    expect(await refusal({ domain: 'images.example.com' })).toContain('is not ready yet');
  });
});
