import { isOriginal } from '../../../src/core/features';
import { DENIED } from '../cloudfront-rules';
import { PSEUDO_PARAMETERS, referredTo, withReferencesAsText, type RenderedTemplate } from './render';
import { afterFunction, behaviorsOf, distributionConfig, headersAfterFunction, route } from './route';

type Parameters = Record<string, string>;

/**
 * Headers that CloudFront never sends to an origin as custom headers.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
 */
const FORBIDDEN_HEADER =
  /^(x-amz-|x-edge-|x-real-ip$|cache-control$|connection$|content-length$|cookie$|host$|if-|max-forwards$|pragma$|proxy-|range$|te$|trailer$|transfer-encoding$|upgrade$|via$)/i;

const CACHING_OPTIMIZED = '658327ea-f89d-4fab-a63d-7e88639e58f6';
const THIS_DISTRIBUTION = `arn:aws:cloudfront::${PSEUDO_PARAMETERS['AWS::AccountId']}:distribution/\${Distribution}`;

const under = ({ TenantPrefix }: Parameters) => (TenantPrefix ? `${TenantPrefix}/` : '');

/** ARNs of the public objects, and of those that Ghost may change. */
const trees = (parameters: Parameters) =>
  ['images', 'media', 'files'].map((tree) => `\${Bucket.Arn}/${under(parameters)}content/${tree}/*`);

/** ARNs of the originals of images. */
const originals = (parameters: Parameters) =>
  ['???', '????'].map((extension) => `\${Bucket.Arn}/${under(parameters)}content/images/????/??/*_o.${extension}`);

interface Statement {
  Effect: string;
  Principal: unknown;
  Action: string;
  Resource: string | string[];
}

/**
 * Returns a function that tells whether the bucket's policy lets CloudFront read an object.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html for the wildcards
 */
function readableIn({ Resources }: RenderedTemplate): (key: string) => boolean {
  const { PolicyDocument } = withReferencesAsText(Resources.BucketPolicy?.Properties) as {
    PolicyDocument: { Statement: Statement[] };
  };
  return (key) => isAllowed(PolicyDocument.Statement, key);
}

function isAllowed(statements: Statement[], key: string): boolean {
  const matches = (pattern: string) =>
    new RegExp(
      `^${pattern
        .replace(/[.${}()]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    ).test(`\${Bucket.Arn}/${key}`);
  const effects = statements
    .filter(
      ({ Principal, Action, Resource }) =>
        Principal !== '*' && Action === 's3:GetObject' && [Resource].flat().some(matches),
    )
    .map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

/** The names of the folders for other files than Ghost's. */
const foldersOf = ({ Folder1, Folder2, Folder3 }: Parameters) =>
  [Folder1, Folder2, Folder3].filter((name): name is string => Boolean(name));

/** What keeps a document from running scripts. */
const INERT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

const without = (object: object, ...names: string[]) =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** Promises of the template for every set of parameters that no tool checks. Each throws when it is broken. */
export const PROMISES: Record<string, (stack: RenderedTemplate, parameters: Parameters) => void> = {
  'every reference leads to something in the stack'(stack) {
    expect(referredTo(stack).filter((name) => !(name in stack.Resources))).toEqual([]);
  },

  'every behavior and every group leads to an origin'(stack) {
    const config = distributionConfig(stack);
    const origins = config.Origins.map(({ Id }) => Id);
    const groups = config.OriginGroups?.Items ?? [];
    const targets = [...origins, ...groups.map(({ Id }) => Id)];
    expect(new Set(targets).size).toBe(targets.length);
    expect(targets).toEqual(expect.arrayContaining(behaviorsOf(config).map(({ TargetOriginId }) => TargetOriginId)));
    for (const { Members } of groups) {
      expect(origins).toEqual(expect.arrayContaining(Members.Items.map(({ OriginId }) => OriginId)));
    }
  },

  'every quantity is the number of its items'(stack) {
    JSON.stringify(stack, (_, value: unknown) => {
      const list = value as { Quantity?: number; Items?: unknown[] } | null;
      if (list?.Quantity !== undefined) {
        expect(list.Quantity).toBe(list.Items?.length);
      }
      return value;
    });
  },

  'the bucket is closed to the public, encrypted, versioned and tidy'({ Resources }) {
    expect(without(Resources.Bucket?.Properties ?? {}, 'BucketName', 'BucketNamePrefix', 'BucketNamespace')).toEqual({
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'unfinished-uploads',
            Status: 'Enabled',
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
          {
            Id: 'former-versions',
            Status: 'Enabled',
            NoncurrentVersionExpiration: { NoncurrentDays: 30 },
            ExpiredObjectDeleteMarker: true,
          },
        ],
      },
    });
  },

  'the bucket has the name that was asked for, or one of its own'({ Resources }, { BucketName, BucketNamePrefix }) {
    const { BucketName: name, BucketNamePrefix: prefix, BucketNamespace } = Resources.Bucket?.Properties ?? {};
    expect([name, prefix, BucketNamespace]).toEqual(
      BucketNamePrefix && !BucketName
        ? [undefined, BucketNamePrefix, 'account-regional']
        : [BucketName, undefined, undefined],
    );
  },

  'the images outlive the stack'({ Resources }) {
    expect(Resources.Bucket).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
  },

  'no statement has a public principal'(stack) {
    JSON.stringify(stack, (_, value: unknown) => {
      const statement = value as { Effect?: string; Principal?: unknown } | null;
      if (statement?.Effect === 'Allow' && statement.Principal !== undefined) {
        expect(statement.Principal).toEqual({ Service: expect.stringMatching(/^[a-z0-9-]+\.amazonaws\.com$/) });
      }
      return value;
    });
  },

  'the bucket talks TLS 1.2 and newer only, and lets this distribution alone read the three trees and the folders'(
    { Resources },
    parameters,
  ) {
    const everything = ['${Bucket.Arn}', '${Bucket.Arn}/*'];
    const folders = foldersOf(parameters).map((name) => `\${Bucket.Arn}/${name}/*`);
    const deny = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: everything };
    const allow = {
      Effect: 'Allow',
      Principal: { Service: 'cloudfront.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceArn': THIS_DISTRIBUTION } },
    };
    expect(withReferencesAsText(Resources.BucketPolicy?.Properties)).toEqual({
      Bucket: '${Bucket}',
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Sid: 'DenyPlainHttp', ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
          { Sid: 'DenyOldTls', ...deny, Condition: { NumericLessThan: { 's3:TlsVersion': '1.2' } } },
          { Sid: 'CloudFrontReads', ...allow, Action: 's3:GetObject', Resource: trees(parameters) },
          ...(parameters.PublicOriginals === 'true'
            ? []
            : [
                {
                  Sid: 'CloudFrontReadsNoOriginals',
                  ...allow,
                  Effect: 'Deny',
                  Action: 's3:GetObject',
                  Resource: originals(parameters),
                },
              ]),
          ...(folders.length > 0
            ? [{ Sid: 'CloudFrontReadsFolders', ...allow, Action: 's3:GetObject', Resource: folders }]
            : []),
          { Sid: 'CloudFrontLearnsWhatIsAbsent', ...allow, Action: 's3:ListBucket', Resource: '${Bucket.Arn}' },
        ],
      },
    });
  },

  'no visitor gets the original of an image, unless originals are public, and every other file is read'(
    stack,
    parameters,
  ) {
    const own = under(parameters);
    const isReadable = readableIn(stack);
    const names = ['x_o.jpg', 'DSC_0001_o.JPG', 'x_o.jpeg', 'x-1_o.png', 'a.b_o.webp', 'x_o.GIF', 'über uns_o.jpg'];
    for (const path of names.map((name) => `2026/11/${name}`)) {
      const key = `${own}content/images/${path}`;
      expect([path, isReadable(key)]).toEqual([path, parameters.PublicOriginals === 'true']);
      // The adapter and the stand-ins for CloudFront use the same names.
      expect([isOriginal(path), new RegExp(DENIED.keys).test(key)]).toEqual([true, true]);
    }
    const others = ['x.jpg', 'x_o-1.jpg', 'x_o', '_o/x.jpg', 'x_o.b.jpg', 'xo.jpg'].map((name) => `2026/11/${name}`);
    const elsewhere = ['size/w600/2026/11/x_o.jpg', 'thumbnail/123_o.jpg', 'icon/favicon_o.png', 'x_o.jpg'];
    for (const path of [...others, ...elsewhere]) {
      const key = `${own}content/images/${path}`;
      expect([path, isReadable(key)]).toEqual([path, true]);
      expect([isOriginal(path), new RegExp(DENIED.keys).test(key)]).toEqual([false, false]);
    }
    for (const file of ['content/media/2026/11/x_o.mp4', 'content/files/2026/11/x_o.pdf']) {
      expect(isReadable(`${own}${file}`)).toBe(true);
    }
  },

  'Ghost may do what the adapter does, on the three trees, and nothing else'({ Resources }, parameters) {
    const { PolicyDocument, ...others } = Resources.GhostPolicy?.Properties ?? {};
    // Another description would replace the policy, which the user may have attached to an identity.
    expect(others).toEqual({ Description: 'What Ghost needs to keep its images, media and files in the bucket' });
    const document = PolicyDocument as { Statement: object[] };
    expect(withReferencesAsText(document.Statement)).toEqual([
      {
        Sid: expect.any(String),
        Effect: 'Allow',
        Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
        Resource: trees(parameters),
      },
      { Sid: expect.any(String), Effect: 'Allow', Action: 's3:ListBucket', Resource: '${Bucket.Arn}' },
      {
        Sid: expect.any(String),
        Effect: 'Allow',
        Action: 'cloudfront:CreateInvalidation',
        Resource: THIS_DISTRIBUTION,
      },
    ]);
  },

  'the identity that was chosen is made, with that policy alone, and no other'(stack, { Identity }) {
    const made: Record<string, string[]> = {
      'iam-user': ['AWS::IAM::User'],
      'ec2-role': ['AWS::IAM::Role', 'AWS::IAM::InstanceProfile'],
      'ecs-task-role': ['AWS::IAM::Role'],
    };
    const identities = Object.values(withReferencesAsText(stack).Resources).filter(
      ({ Type }) => Type.startsWith('AWS::IAM::') && Type !== 'AWS::IAM::ManagedPolicy',
    );
    expect(identities.map(({ Type }) => Type)).toEqual(made[Identity ?? ''] ?? []);
    const trust = (Service: string, Condition?: object) => ({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole', ...(Condition && { Condition }) },
      ],
    });
    const account = PSEUDO_PARAMETERS['AWS::AccountId'];
    for (const { Type, Properties } of identities) {
      if (Type === 'AWS::IAM::InstanceProfile') {
        expect(Properties).toEqual({ Roles: ['${GhostEc2Role}'] });
        continue;
      }
      expect(without(Properties, 'Description')).toEqual({
        ManagedPolicyArns: ['${GhostPolicy}'],
        ...(Identity === 'ec2-role' && { AssumeRolePolicyDocument: trust('ec2.amazonaws.com') }),
        ...(Identity === 'ecs-task-role' && {
          AssumeRolePolicyDocument: trust('ecs-tasks.amazonaws.com', {
            StringEquals: { 'aws:SourceAccount': account },
            ArnLike: { 'aws:SourceArn': `arn:aws:ecs:*:${account}:*` },
          }),
        }),
      });
    }
  },

  'no access key is made, and no secret shown'(stack, { FallbackSecret }) {
    expect(Object.values(stack.Resources).map(({ Type }) => Type)).not.toContain('AWS::IAM::AccessKey');
    const shown = JSON.stringify([stack.Outputs, distributionConfig(stack).Comment]);
    expect(FallbackSecret ? shown.includes(FallbackSecret) : false).toBe(false);
  },

  'the distribution speaks HTTP/3, IPv6 and TLS 1.2 and newer on the domain, with its certificate'(
    stack,
    { Domain, CertificateArn, PriceClass = 'PriceClass_All', WebAclArn, DomainIsElsewhere },
  ) {
    expect(distributionConfig(stack).Aliases).toEqual(DomainIsElsewhere === 'true' ? undefined : [Domain]);
    expect(distributionConfig(stack)).toMatchObject({
      Enabled: true,
      HttpVersion: 'http2and3',
      IPV6Enabled: true,
      PriceClass,
      ViewerCertificate: {
        AcmCertificateArn: CertificateArn,
        MinimumProtocolVersion: 'TLSv1.2_2025',
        SslSupportMethod: 'sni-only',
      },
    });
    expect(distributionConfig(stack).WebACLId).toBe(WebAclArn);
  },

  'the root of the domain does not list the bucket'(stack) {
    expect(distributionConfig(stack).DefaultRootObject).toBe('index.html');
  },

  'logs go where they were asked for'(stack, { AccessLogBucket, Domain }) {
    expect(distributionConfig(stack).Logging).toEqual(
      AccessLogBucket && {
        Bucket: `${AccessLogBucket}.s3.amazonaws.com`,
        Prefix: `${Domain}/`,
        IncludeCookies: false,
      },
    );
  },

  'logs are delivered to the bucket that was named, from us-east-1 alone, and never that of the images'(
    { Resources },
    { AccessLogDestination, 'AWS::Region': region },
  ) {
    const delivered = AccessLogDestination !== undefined && region === 'us-east-1';
    const names = ['AccessLogSource', 'AccessLogTarget', 'AccessLogDelivery'];
    expect(names.filter((name) => name in Resources)).toEqual(delivered ? names : []);
    if (delivered) {
      const [source, target, delivery] = names.map((name) => withReferencesAsText(Resources[name]?.Properties));
      const Name = `ghost-images-${String(PSEUDO_PARAMETERS['AWS::StackId']).split('/')[2]}`;
      expect(source).toEqual({ Name, LogType: 'ACCESS_LOGS', ResourceArn: THIS_DISTRIBUTION });
      expect(target).toEqual({
        Name,
        OutputFormat: 'w3c',
        DestinationResourceArn: AccessLogDestination,
      });
      expect(delivery).toEqual({
        DeliverySourceName: '${AccessLogSource}',
        DeliveryDestinationArn: '${AccessLogTarget.Arn}',
      });
    }
  },

  'everything is read over https, compressed, cached without its query, and never with the viewer’s Host'(stack) {
    for (const behavior of behaviorsOf(distributionConfig(stack))) {
      const { TargetOriginId, ResponseHeadersPolicyId } = behavior;
      expect([TargetOriginId, ResponseHeadersPolicyId]).toEqual([expect.any(String), expect.any(String)]);
      expect(
        without(behavior, 'PathPattern', 'TargetOriginId', 'ResponseHeadersPolicyId', 'FunctionAssociations'),
      ).toEqual({
        AllowedMethods: ['GET', 'HEAD'],
        CachedMethods: ['GET', 'HEAD'],
        Compress: true,
        ViewerProtocolPolicy: 'redirect-to-https',
        CachePolicyId: CACHING_OPTIMIZED,
      });
    }
  },

  'the bucket is asked by its regional name, signed, and given up soon'(stack) {
    const origins = distributionConfig(stack).Origins.filter(({ S3OriginConfig }) => S3OriginConfig);
    expect(origins.length).toBeGreaterThan(0);
    for (const origin of origins) {
      expect(without(origin, 'Id', 'OriginPath')).toEqual({
        DomainName: '${Bucket.RegionalDomainName}',
        OriginAccessControlId: '${OriginAccessControl.Id}',
        S3OriginConfig: { OriginAccessIdentity: '' },
        ConnectionAttempts: 2,
        ConnectionTimeout: 3,
      });
    }
    expect(stack.Resources.OriginAccessControl?.Properties.OriginAccessControlConfig).toMatchObject({
      OriginAccessControlOriginType: 's3',
      SigningBehavior: 'always',
      SigningProtocol: 'sigv4',
    });
  },

  'Ghost is asked over https and the IP versions that it has, with the secret, and given the time that an image takes'(
    stack,
    { GhostHost, FallbackSecret, GhostIpAddressType },
  ) {
    const origins = distributionConfig(stack).Origins.filter(({ S3OriginConfig }) => !S3OriginConfig);
    expect(origins.length > 0).toBe(Boolean(GhostHost));
    for (const origin of origins) {
      expect(without(origin, 'Id', 'OriginPath')).toEqual({
        DomainName: GhostHost,
        CustomOriginConfig: {
          OriginProtocolPolicy: 'https-only',
          OriginSSLProtocols: ['TLSv1.2'],
          OriginReadTimeout: 30,
          ...(GhostIpAddressType && { IpAddressType: GhostIpAddressType }),
        },
        ConnectionAttempts: 1,
        ConnectionTimeout: 5,
        OriginCustomHeaders: [{ HeaderName: 'X-Ghost-Cdn-Fallback-Key', HeaderValue: FallbackSecret }],
      });
    }
  },

  'no origin is sent a header that CloudFront forbids'(stack) {
    const names = distributionConfig(stack).Origins.flatMap(({ OriginCustomHeaders = [] }) =>
      OriginCustomHeaders.map(({ HeaderName }) => HeaderName),
    );
    expect(names.filter((name) => FORBIDDEN_HEADER.test(name))).toEqual([]);
  },

  'a size is looked for in the bucket and, when it is not there, asked of Ghost'(stack, parameters) {
    const { GhostHost, GhostPath = '' } = parameters;
    const size = 'content/images/size/w600/2026/11/x.jpg';
    const fromBucket = `bucket:${under(parameters)}${size}`;
    expect(route(stack, `/${under(parameters)}${size}`)).toEqual({
      asked: GhostHost ? [fromBucket, `https://${GhostHost}${GhostPath}/${size}`] : [fromBucket],
      headers: '${ImageHeaders}',
    });
  },

  'Ghost is asked for what is absent, not when S3 is in trouble'(stack, { GhostHost }) {
    const groups = distributionConfig(stack).OriginGroups?.Items ?? [];
    expect(groups.map(({ FailoverCriteria }) => FailoverCriteria.StatusCodes.Items)).toEqual(
      GhostHost ? [[403, 404]] : [],
    );
  },

  'originals, media and files come from the bucket alone'(stack, parameters) {
    const own = under(parameters);
    for (const [file, headers] of [
      ['content/images/2026/11/x.jpg', '${ImageHeaders}'],
      ['content/media/2026/11/x.mp4', '${FileHeaders}'],
      ['content/files/2026/11/x.pdf', '${FileHeaders}'],
    ]) {
      expect(route(stack, `/${own}${file}`)).toEqual({ asked: [`bucket:${own}${file}`], headers });
    }
  },

  'an original that Ghost redirects to is found'(stack, parameters) {
    const { GhostHost, GhostPath = '' } = parameters;
    const original = `${GhostPath}/content/images/2026/11/x.jpg`;
    const inBucket = original === `/${under(parameters)}content/images/2026/11/x.jpg`;
    if (GhostHost) {
      expect(route(stack, original)).toEqual({
        asked: [inBucket ? `bucket:${original.slice(1)}` : `https://${GhostHost}${original}`],
        headers: '${ImageHeaders}',
      });
    }
  },

  'no path stands before two behaviors'(stack) {
    const patterns = behaviorsOf(distributionConfig(stack)).map(({ PathPattern }) => PathPattern);
    expect(new Set(patterns).size).toBe(patterns.length);
  },

  'a plus sign is encoded before S3 reads it as a space, in every path that leads to the bucket'(stack, parameters) {
    const { GhostHost, GhostPath = '' } = parameters;
    const own = under(parameters);
    for (const file of ['content/images/a+b+c.jpg', 'content/media/a+b+c.mp4', 'content/files/a+b+c.pdf']) {
      const asked = [`bucket:${own}${file.replaceAll('+', '%2B')}`];
      expect(route(stack, `/${own}${file}`).asked).toEqual(asked);
      expect(route(stack, `/${own}${file.replace('+', '%2B')}`).asked).toEqual(asked);
    }
    const size = 'content/images/size/w600/a%2Bb.jpg';
    expect(route(stack, `/${own}${size.replace('%2B', '+')}`).asked).toEqual([
      `bucket:${own}${size}`,
      ...(GhostHost ? [`https://${GhostHost}${GhostPath}/${size}`] : []),
    ]);
  },

  'one function runs before the cache in every behavior of the bucket, and one after it in all of them'(
    stack,
    parameters,
  ) {
    const { GhostHost } = parameters;
    const patterns = foldersOf(parameters).map((folder) => `/${folder}/*`);
    const behaviors = behaviorsOf(distributionConfig(stack));
    for (const { TargetOriginId, PathPattern = '', FunctionAssociations } of behaviors) {
      const name = PathPattern.endsWith('/content/images/size/*') ? 'SizeFunction' : 'PathFunction';
      expect(FunctionAssociations).toEqual([
        ...(TargetOriginId === 'ghost-redirects'
          ? []
          : [{ EventType: 'viewer-request', FunctionARN: `\${${name}.FunctionARN}` }]),
        {
          EventType: 'viewer-response',
          FunctionARN: `\${${patterns.includes(PathPattern) ? 'FolderFunction' : 'CorsFunction'}.FunctionARN}`,
        },
      ]);
    }
    const published = expect.objectContaining({
      AutoPublish: true,
      FunctionConfig: { Comment: expect.any(String) as unknown, Runtime: 'cloudfront-js-2.0' },
    }) as unknown;
    expect(stack.Resources.PathFunction?.Properties).toEqual(published);
    expect(stack.Resources.CorsFunction?.Properties).toEqual(published);
    expect(stack.Resources.FolderFunction?.Properties).toEqual(patterns.length > 0 ? published : undefined);
    expect(stack.Resources.SizeFunction?.Properties).toEqual(GhostHost ? published : undefined);
    // The limit of CloudFront for the code of a function.
    for (const { Type, Properties } of Object.values(stack.Resources)) {
      if (Type === 'AWS::CloudFront::Function') {
        expect(Buffer.byteLength(String(Properties.FunctionCode))).toBeLessThan(10 * 1024);
      }
    }
  },

  'a visitor who asks for an original gets "not found" without a request to the bucket, unless originals are public'(
    stack,
    parameters,
  ) {
    const own = `/${under(parameters)}content/images/`;
    const isPublic = parameters.PublicOriginals === 'true';
    for (const name of ['2026/11/x_o.jpg', '2026/11/über uns_o.JPEG', '2026/11/a+b_o.png']) {
      const { status } = afterFunction(stack, `${own}${name}`);
      expect([name, status]).toEqual([name, isPublic ? undefined : 404]);
    }
    const others = ['2026/11/x.jpg', '2026/11/x_o-1.jpg', 'thumbnail/x_o.jpg', 'size/w600/2026/11/x_o.jpg'];
    const paths = others.map((name) => own + name);
    const folders = foldersOf(parameters).map((folder) => `/${folder}/content/images/2026/11/x_o.jpg`);
    for (const path of [...paths, ...folders, `/${under(parameters)}content/media/2026/11/x_o.mp4`]) {
      expect([path, afterFunction(stack, path).status]).toEqual([path, undefined]);
    }
  },

  'a browser that accepts WebP gets the sizes of photos as WebP from Ghost, and every other client as they are'(
    stack,
    parameters,
  ) {
    const { GhostHost, GhostPath = '', Formats = 'webp' } = parameters;
    const own = under(parameters);
    const asked = (file: string, accept?: string) => route(stack, `/${own}content/images/size/${file}`, accept).asked;
    const expected = (file: string) => [
      `bucket:${own}content/images/size/${file}`,
      ...(GhostHost ? [`https://${GhostHost}${GhostPath}/content/images/size/${file}`] : []),
    ];
    const isOn = GhostHost !== undefined && Formats !== 'none';
    for (const extension of ['jpg', 'JPEG', 'png', 'gif', 'svg', 'webp']) {
      const [plain, webp] = [`w600/2026/11/x.${extension}`, `w600/format/webp/2026/11/x.${extension}`];
      const isConverted = isOn && (/jpe?g/i.test(extension) || (extension === 'png' && Formats === 'webp-and-png'));
      expect(asked(plain, 'image/avif,image/webp,*/*;q=0.8')).toEqual(expected(isConverted ? webp : plain));
      expect(asked(plain, '*/*')).toEqual(expected(plain));
      expect(asked(plain)).toEqual(expected(plain));
      // What a page asks for by itself stays.
      for (const format of ['webp', 'png', 'jpg']) {
        const chosen = webp.replace('/webp/', `/${format}/`);
        expect(asked(chosen, 'image/webp')).toEqual(expected(chosen));
      }
      expect(asked(plain, 'image/webp;q=0, */*')).toEqual(expected(plain));
      // Ghost is never asked for AVIF, unless formats are left to the page.
      const avif = `w600/format/avif/2026/11/x.${extension}`;
      const isPicture = /jpe?g|png/i.test(extension);
      expect(asked(avif, 'image/avif,image/webp')).toEqual(expected(isOn ? (isPicture ? webp : plain) : avif));
      expect(asked(avif, 'image/avif')).toEqual(expected(isOn ? plain : avif));
    }
  },

  'every page may read what it has shown: the answer allows it also without an Origin, and keeps its other headers'(
    stack,
    parameters,
  ) {
    const own = under(parameters);
    const paths = ['images/x.jpg', 'images/size/w600/x.jpg', 'media/x.mp4', 'files/x.pdf'].map(
      (file) => `/${own}content/${file}`,
    );
    for (const path of [...paths, `${parameters.GhostPath ?? ''}/content/images/x.jpg`]) {
      for (const status of [200, 206, 302, 304]) {
        const headers = { etag: '"x"', vary: 'accept-encoding' };
        const allowed = { ...headers, 'access-control-allow-origin': '*' };
        expect(headersAfterFunction(stack, path, { status, headers })).toEqual(allowed);
        expect(headersAfterFunction(stack, path, { status, headers: allowed })).toEqual(allowed);
      }
    }
  },

  'a folder is read from the bucket alone, and no folder takes the place of Ghost’s files'(stack, parameters) {
    const folders = foldersOf(parameters);
    for (const folder of folders) {
      const asked = [`bucket:${folder}/2026/a%2Bb.pdf`];
      expect(route(stack, `/${folder}/2026/a+b.pdf`)).toEqual({ asked, headers: '${FileHeaders}' });
      expect(route(stack, `/${folder}/content/images/size/w600/x.jpg`).asked).toEqual([
        `bucket:${folder}/content/images/size/w600/x.jpg`,
      ]);
    }
    const { CacheBehaviors } = distributionConfig(stack);
    const last = folders.length > 0 ? CacheBehaviors.slice(-folders.length) : [];
    expect(last.map(({ PathPattern }) => PathPattern)).toEqual(folders.map((folder) => `/${folder}/*`));
  },

  'nothing in a folder runs scripts, PDFs and videos open, and every page may read everything'(stack, parameters) {
    const headersOf = (path: string, status: number, type?: string) =>
      headersAfterFunction(stack, path, { status, headers: { etag: '"x"', ...(type && { 'content-type': type }) } });
    const common = (type?: string) => ({
      etag: '"x"',
      ...(type && { 'content-type': type }),
      'access-control-allow-origin': '*',
    });
    for (const path of foldersOf(parameters).map((folder) => `/${folder}/x`)) {
      for (const type of [
        'image/svg+xml',
        'text/html; charset=utf-8',
        'Application/XHTML+XML',
        'text/xml',
        'image/png',
        'application/pdfx',
        'application/octet-stream',
      ]) {
        expect(headersOf(path, 200, type)).toEqual({ ...common(type), 'content-security-policy': INERT });
        expect(headersOf(path, 206, type)).toEqual({ ...common(type), 'content-security-policy': INERT });
      }
      for (const type of ['application/pdf', 'application/pdf; x=y', 'video/mp4', 'audio/mpeg']) {
        expect(headersOf(path, 206, type)).toEqual(common(type));
      }
      expect(headersOf(path, 304)).toEqual(common());
    }
  },

  'images are inert and may be used anywhere; media and files the same, without a policy for viewers'(stack) {
    const common = {
      ContentTypeOptions: { Override: true },
      StrictTransportSecurity: {
        AccessControlMaxAgeSec: 31_536_000,
        IncludeSubdomains: false,
        Preload: false,
        Override: true,
      },
    };
    const inert = { ContentSecurityPolicy: INERT, Override: true };
    for (const [name, SecurityHeadersConfig] of [
      ['ImageHeaders', { ...common, ContentSecurityPolicy: inert }],
      ['FileHeaders', common],
    ] as const) {
      expect(stack.Resources[name]?.Properties.ResponseHeadersPolicyConfig).toEqual({
        Name: expect.any(String),
        CorsConfig: {
          AccessControlAllowCredentials: false,
          AccessControlAllowHeaders: { Items: ['*'] },
          AccessControlAllowMethods: { Items: ['GET', 'HEAD'] },
          AccessControlAllowOrigins: { Items: ['*'] },
          OriginOverride: true,
        },
        SecurityHeadersConfig,
        CustomHeadersConfig: {
          Items: [{ Header: 'Cross-Origin-Resource-Policy', Value: 'cross-origin', Override: true }],
        },
      });
    }
  },

  'errors are remembered for seconds, what is absent for a minute'(stack) {
    expect(distributionConfig(stack).CustomErrorResponses).toEqual([
      { ErrorCode: 403, ErrorCachingMinTTL: 10 },
      { ErrorCode: 404, ErrorCachingMinTTL: 60 },
      ...[500, 502, 503, 504].map((ErrorCode) => ({ ErrorCode, ErrorCachingMinTTL: 5 })),
    ]);
  },

  'the domain leads to the distribution, over IPv4, IPv6 and HTTP/3, when its zone is here'(
    { Resources },
    { HostedZoneId, Domain, DomainIsElsewhere },
  ) {
    const AliasTarget = { DNSName: '${Distribution.DomainName}', HostedZoneId: 'Z2FDTNDATAQYW2' };
    expect(withReferencesAsText(Resources.DomainRecords?.Properties)).toEqual(
      DomainIsElsewhere === 'true'
        ? undefined
        : HostedZoneId && {
            HostedZoneId,
            RecordSets: ['A', 'AAAA', 'HTTPS'].map((Type) => ({ Name: Domain, Type, AliasTarget })),
          },
    );
  },

  'names that are unique in the account are those of this stack'({ Resources }) {
    const unique = String(PSEUDO_PARAMETERS['AWS::StackId']).split('/')[2] as string;
    const names = Object.values(Resources).flatMap(({ Type, Properties }) => {
      const config = Properties.OriginAccessControlConfig ?? Properties.ResponseHeadersPolicyConfig ?? Properties;
      const { Name } = config as { Name?: string };
      return Name ? [`${Type} ${Name}`] : [];
    });
    expect(names.length).toBeGreaterThanOrEqual(3);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names.map((text) => text.split(' ')[1] as string)) {
      expect(name.endsWith(unique)).toBe(true);
      expect(name.length).toBeLessThanOrEqual(64);
    }
  },

  'the outputs are what Ghost’s configuration and the domain’s owner need'(
    stack,
    { Domain, Identity, 'AWS::Region': region = PSEUDO_PARAMETERS['AWS::Region'] },
  ) {
    const outputs = Object.fromEntries(
      Object.entries(withReferencesAsText(stack.Outputs)).map(([name, { Value }]) => [name, Value]),
    );
    expect(outputs).toEqual({
      BucketName: '${Bucket}',
      BucketRegion: region,
      CdnUrl: `https://${Domain}`,
      DistributionId: '${Distribution}',
      DistributionDomainName: '${Distribution.DomainName}',
      GhostPolicyArn: '${GhostPolicy}',
      ...(Identity === 'iam-user' && { GhostUserName: '${GhostUser}' }),
      ...(Identity === 'ec2-role' && {
        GhostRoleName: '${GhostEc2Role}',
        GhostInstanceProfileName: '${GhostInstanceProfile}',
      }),
      ...(Identity === 'ecs-task-role' && { GhostTaskRoleName: '${GhostTaskRole}' }),
    });
  },
};

/** Whether a stack breaks one of the promises. */
export function breaksPromise(stack: RenderedTemplate, parameters: Parameters): boolean {
  return Object.values(PROMISES).some((promise) => {
    try {
      promise(stack, parameters);
      return false;
    } catch {
      return true;
    }
  });
}
