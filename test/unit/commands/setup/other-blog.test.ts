import type { Stack } from '../../../../src/aws/stack-state';
import { refuseServerOfOther } from '../../../../src/commands/setup/other-blog';

const DOMAIN = 'images.example.com';
const BUCKET = 'images-of-the-blog';

const stackOf = (parameters: Record<string, string>, status = 'CREATE_COMPLETE') =>
  ({ status, parameters, outputs: { BucketName: BUCKET } }) as unknown as Stack;

const refuse = (url: string, stack: Stack | undefined, block: object) => () =>
  refuseServerOfOther(
    { config: { url, storage: { S3CloudFrontStorage: block } } },
    { domain: DOMAIN, region: 'eu-west-1' },
    stack,
  );

describe('an image server that is there', () => {
  test.each<[string, string, Stack | undefined, object?]>([
    ['that is not built yet', 'https://blog.example.com', undefined],
    [
      'of a stack that is only planned',
      'https://blog.example.com',
      stackOf({ GhostHost: 'x.net' }, 'REVIEW_IN_PROGRESS'),
    ],
    ['of this blog, on a new machine', 'https://blog.example.com/', stackOf({ GhostHost: 'blog.example.com' })],
    [
      'of this blog in its sub-directory',
      'https://example.com/blog/',
      stackOf({ GhostHost: 'example.com', GhostPath: '/blog' }),
    ],
    ['without a blog', 'http://blog.example.com', stackOf({ GhostHost: '' })],
    [
      'of this blog at its former address',
      'https://new.example.com',
      stackOf({ GhostHost: 'blog.example.com' }),
      { bucket: BUCKET },
    ],
  ])('is used when it is one %s', (_, url, stack, block = {}) => {
    expect(refuse(url, stack, block)).not.toThrow();
  });

  test.each<[string, string, string, object?]>([
    ['on another host', 'https://other.example.com', 'https://other.example.com'],
    ['in another sub-directory', 'https://example.com/second', 'https://example.com/second'],
    ['on another host that has a bucket of its own', 'http://other.example.com', 'http://', { bucket: 'another' }],
  ])('is refused to a blog %s, with both blogs and the way on', (_, url, shown, block = {}) => {
    const stack = stackOf({ GhostHost: 'example.com', GhostPath: '/blog' });
    expect(refuse(url, stack, block)).toThrow(
      `https://${DOMAIN} is the image server of another blog, https://example.com/blog. This one is ${shown}`,
    );
    const isNewAddress = `\n.*provision --domain ${DOMAIN} --region eu-west-1 --ghost-url ${url}`;
    const ways = `--domain images-2\\.example\\.com${url.startsWith('https') ? isNewAddress : ''}$`;
    expect(refuse(url, stack, block)).toThrow(expect.objectContaining({ cure: expect.stringMatching(ways) as string }));
  });
});
