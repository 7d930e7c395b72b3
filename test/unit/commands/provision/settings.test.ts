import { readStackName } from '../../../../src/template/stack-name';
import { type ProvisionOptions, readSettings } from '../../../../src/commands/provision/settings';

const DOMAIN = 'images.example.com';
const read = (options: ProvisionOptions = {}) => readSettings({ domain: DOMAIN, ...options });

const refusal = (options: ProvisionOptions): string => {
  try {
    readSettings({ domain: DOMAIN, ...options });
  } catch (error) {
    return `${(error as Error).message} ${(error as { cure: string }).cure}`;
  }
  return 'nothing is refused';
};

describe('the options of provision', () => {
  test('require the domain only', () => {
    expect(read()).toMatchObject({
      domain: DOMAIN,
      stackName: 'ghost-images-example-com',
      parameters: { Domain: DOMAIN },
      wildcard: false,
      createAccessKey: false,
    });
  });

  test('accept a domain in any spelling', () => {
    expect(read({ domain: ' Images.Example.COM. ' }).domain).toBe(DOMAIN);
    expect(read({ domain: 'bilder.müller.de' }).domain).toBe('bilder.xn--mller-kva.de');
  });

  test.each([
    ['https://images.example.com', 'only the domain, without "https://" or a path: images.example.com'],
    ['images.example.com/content', 'only the domain, without "https://" or a path: images.example.com'],
    ['images.example.com:443', '"images.example.com:443", which is not a domain'],
    ['images', '"images", which is not a domain'],
    ['my_images.example.com', 'which is not a domain'],
    ['192.168.1.1', 'which is not a domain'],
    [`${'a'.repeat(250)}.example.com`, 'which is not a domain'],
  ])('refuse the domain %j', (domain, message) => {
    expect(refusal({ domain })).toContain(message);
  });

  test.each(['domain', 'bucket', 'tenantPrefix', 'ghostUrl', 'certificateArn', 'hostedZone', 'stackName'])(
    'refuse an empty value, as of an unset variable: %s',
    (name) => {
      const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      expect(refusal({ [name]: '' })).toContain(`${option} is empty`);
    },
  );

  test('refuse two contradicting options about the records', () => {
    expect(refusal({ hostedZone: 'none', dnsProfile: 'dns' })).toContain('cannot be used together');
  });

  test('name a bucket in the namespace of the account by the domain, or by a prefix', () => {
    const prefixOf = (options: ProvisionOptions) => read(options).parameters.BucketNamePrefix;
    expect(prefixOf({})).toBeUndefined();
    expect(prefixOf({ accountRegionalBucket: true })).toBe('images-example-com');
    expect(prefixOf({ accountRegionalBucket: 'pictures' })).toBe('pictures');
    const long = ['images.a-very-long-name-of-a-blog.example.com', 'images.a-very-long-name-of-a-blog.example.org'];
    const prefixes = long.map((domain) => prefixOf({ domain, accountRegionalBucket: true }) ?? '');
    expect(new Set(prefixes).size).toBe(2);
    expect(prefixes.every((prefix) => prefix.length === 32)).toBe(true);
    expect(refusal({ accountRegionalBucket: 'Pictures' })).toContain('--account-regional-bucket is "Pictures"');
    expect(refusal({ accountRegionalBucket: true, bucket: 'pictures' })).toContain('cannot be used together');
    expect(refusal({ accountRegionalBucket: '' })).toContain('--account-regional-bucket is empty');
  });

  test('give each domain a stack of its own', () => {
    const domains = ['images.blog.example.com', 'images-blog.example.com', 'images.blog-example.com'];
    const long = [`${'a.'.repeat(100)}example.com`, `${'a.'.repeat(101)}example.com`];
    const names = [...domains, ...long].map((domain) => read({ domain }).stackName);
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => /^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(name))).toBe(true);
    expect(names[0]).toBe('ghost-images-blog-example-com');
  });

  test('say that the domain is missing', () => {
    expect(refusal({ domain: undefined })).toContain('--domain images.example.com');
  });

  test.each([
    ['https://blog.example.com', { GhostHost: 'blog.example.com', GhostPath: '' }],
    ['https://blog.example.com/', { GhostHost: 'blog.example.com', GhostPath: '' }],
    ['blog.example.com', { GhostHost: 'blog.example.com', GhostPath: '' }],
    ['https://www.example.com/blog/', { GhostHost: 'www.example.com', GhostPath: '/blog' }],
    ['https://WWW.example.com/a/b', { GhostHost: 'www.example.com', GhostPath: '/a/b' }],
    ['https://blog.example.com:443/', { GhostHost: 'blog.example.com', GhostPath: '' }],
  ])('take the URL of the blog from %s', (ghostUrl, parameters) => {
    expect(read({ ghostUrl }).parameters).toMatchObject(parameters);
  });

  test.each([
    ['http://blog.example.com', 'which is not HTTPS'],
    ['ftp://blog.example.com', 'which is not HTTPS'],
    ['https://blog.example.com:2368', 'has a port'],
    ['https://images.example.com', 'the image domain'],
    ['https://localhost', '--ghost-url is "localhost"'],
    ['https://', 'which is not a valid URL'],
    ['https://blog.example.com/ghost/', 'without /ghost: --ghost-url https://blog.example.com'],
    ['https://blog.example.com/a b', '--ghost-url is "/a%20b"'],
  ])('refuse %s as the URL of the blog', (ghostUrl, message) => {
    expect(refusal({ ghostUrl })).toContain(message);
  });

  test('never repeat a password in the URL of the blog', () => {
    const message = refusal({ ghostUrl: 'https://me:hunter2@blog.example.com' });
    expect(message).toContain('contains a user name or password');
    expect(message).not.toContain('hunter2');
  });

  test('become the parameters of the template', () => {
    const { parameters, hostedZoneId, certificateArn } = read({
      bucket: 'my-images',
      identity: 'iam-user',
      tenantPrefix: 'blog-7',
      priceClass: 'PriceClass_100',
      hostedZone: '/hostedzone/Z0123456789ABC',
      certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/abc',
    });
    expect(parameters).toEqual({
      Domain: DOMAIN,
      BucketName: 'my-images',
      Identity: 'iam-user',
      TenantPrefix: 'blog-7',
      PriceClass: 'PriceClass_100',
      CertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/abc',
    });
    expect([hostedZoneId, certificateArn]).toEqual(['Z0123456789ABC', parameters.CertificateArn]);
  });

  test.each<[ProvisionOptions, string]>([
    [{ bucket: 'My_Pictures' }, '--bucket is "My_Pictures". It must be 3 to 63 lowercase letters'],
    [{ bucket: 'my.pictures' }, 'without dots'],
    [{ identity: 'root' }, '--identity is "root". It must be policy-only, iam-user, ec2-role or ecs-task-role'],
    [{ tenantPrefix: '../other' }, '--tenant-prefix is "../other"'],
    [{ tenantPrefix: 'content/images' }, '--tenant-prefix is "content/images"'],
    [{ priceClass: '100' }, 'PriceClass_100'],
    [{ ghost: false, ghostUrl: 'https://blog.example.com' }, '--ghost-url and --no-ghost cannot be used together'],
    [{ webAcl: 'rate-limit' }, '--web-acl is "rate-limit". It must be the ARN of a global web ACL (wafv2, us-east-1)'],
    [{ hostedZone: 'example.com' }, '--hosted-zone is "example.com"'],
    [{ certificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/abc' }, 'us-east-1'],
    [
      { certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/abc', wildcard: true },
      'cannot be used together',
    ],
    [{ stackName: '7blogs' }, '--stack-name is "7blogs"'],
    [{ stackName: 'my_stack' }, '--stack-name is "my_stack"'],
  ])('refuse %j', (options, message) => {
    expect(refusal(options)).toContain(message);
  });
});

describe('the name of the stack', () => {
  test('is derived from the domain, or given', () => {
    expect(readStackName(undefined, 'Images.Example.com')).toBe('ghost-images-example-com');
    expect(readStackName('pictures', undefined)).toBe('pictures');
  });

  test('is required when neither is given', () => {
    expect(() => readStackName(undefined, undefined)).toThrow('No image server is specified.');
  });
});
