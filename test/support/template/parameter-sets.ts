/** The parameters that every stack needs. */
export const SMALLEST = {
  Domain: 'images.example.com',
  CertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0',
};

const GHOST = { GhostHost: 'blog.example.com', FallbackSecret: 'x7Kq_2mVnB8wEr5TyU1iOp3AsDf6GhJk' };

/** Typical stacks, by their purpose. */
export const PARAMETER_SETS: Record<string, Record<string, string>> = {
  'only what is needed': { ...SMALLEST },
  'sizes made by Ghost': { ...SMALLEST, ...GHOST },
  'a blog in a sub-directory': { ...SMALLEST, ...GHOST, GhostPath: '/blog' },
  'a blog that has IPv6 only': { ...SMALLEST, ...GHOST, GhostPath: '/blog', GhostIpAddressType: 'ipv6' },
  'one of several blogs in the bucket': { ...SMALLEST, ...GHOST, TenantPrefix: 'blogs/seven' },
  'one of several blogs, in a sub-directory': { ...SMALLEST, ...GHOST, GhostPath: '/blog', TenantPrefix: 'seven' },
  'a sub-directory that is called like the prefix': {
    ...SMALLEST,
    ...GHOST,
    GhostPath: '/seven',
    TenantPrefix: 'seven',
  },
  'a prefix without Ghost': { ...SMALLEST, TenantPrefix: 'seven' },
  'a domain in Route 53': { ...SMALLEST, ...GHOST, HostedZoneId: 'Z0123456789ABCDEFGHIJ' },
  'a bucket whose name nobody else can take': { ...SMALLEST, BucketNamePrefix: 'images' },
  'a domain that another distribution still has': {
    ...SMALLEST,
    ...GHOST,
    HostedZoneId: 'Z0123456789ABCDEFGHIJ',
    DomainIsElsewhere: 'true',
  },
  'a blog whose posts link originals': { ...SMALLEST, ...GHOST, PublicOriginals: 'true' },
  'one of several blogs whose posts link originals': { ...SMALLEST, TenantPrefix: 'seven', PublicOriginals: 'true' },
  'image sizes in the format of their image': { ...SMALLEST, ...GHOST, Formats: 'none' },
  'PNGs as WebP for one of several blogs': { ...SMALLEST, ...GHOST, TenantPrefix: 'seven', Formats: 'webp-and-png' },
  'a bucket in us-east-1': { ...SMALLEST, 'AWS::Region': 'us-east-1' },
  'access logs in us-east-1': {
    ...SMALLEST,
    AccessLogDestination: 'arn:aws:s3:::blog-logs',
    'AWS::Region': 'us-east-1',
  },
  'a user for a Ghost outside AWS': { ...SMALLEST, ...GHOST, Identity: 'iam-user' },
  'a Ghost on EC2': { ...SMALLEST, ...GHOST, Identity: 'ec2-role' },
  'a Ghost on ECS': { ...SMALLEST, ...GHOST, Identity: 'ecs-task-role' },
  'folders without a blog': { ...SMALLEST, Folder1: 'downloads', Folder3: 'press~kit.2026' },
  'a folder next to a blog': { ...SMALLEST, ...GHOST, Folder2: 'downloads' },
  'everything at once': {
    ...SMALLEST,
    ...GHOST,
    GhostPath: '/blog',
    GhostIpAddressType: 'dualstack',
    TenantPrefix: 'seven',
    HostedZoneId: 'Z0123456789ABCDEFGHIJ',
    Identity: 'ecs-task-role',
    BucketName: 'blog-images',
    BucketNamePrefix: 'images',
    PriceClass: 'PriceClass_100',
    WebAclArn: 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/images/473e64fd-f30b-4765-81a0-62ad96dd167a',
    AccessLogDestination: 'arn:aws:s3:::blog-logs-v2',
    AccessLogBucket: 'blog-logs',
    Folder1: 'downloads',
    Folder2: 'press',
    Folder3: 'images',
  },
};
