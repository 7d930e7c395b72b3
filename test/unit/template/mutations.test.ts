import { PARAMETER_SETS } from '../../support/template/parameter-sets';
import { breaksPromise } from '../../support/template/promises';
import { readTemplate, TEMPLATE_TEXT } from '../../../src/template/read';
import { render } from '../../support/template/render';
import { nagFindings, schemaFindings } from '../../support/template/tools';

/** What finds a mistake: reading the template at all (ours, or the CDK's that cdk-nag uses), its promises, the schemas of AWS, or cdk-nag. */
type Check = 'reading' | 'promises' | 'schemas' | 'AwsSolutions';

/** Deliberate mistakes: what is written in the place of what, and the checks that must find it (others may too). */
const MISTAKES: [mistake: string, from: string | RegExp, to: string, caughtBy: Check[]][] = [
  ['ACLs may make files public', 'BlockPublicAcls: true', 'BlockPublicAcls: false', ['promises', 'AwsSolutions']],
  ['ACLs are in force', 'BucketOwnerEnforced', 'ObjectWriter', ['promises']],
  [
    'the bucket is not versioned',
    'Status: Enabled\n      LifecycleConfiguration',
    'Status: Suspended\n      LifecycleConfiguration',
    ['promises'],
  ],
  ['the bucket goes with the stack', 'DeletionPolicy: RetainExceptOnCreate', 'DeletionPolicy: Delete', ['promises']],
  ['the bucket goes when it is replaced', 'UpdateReplacePolicy: Retain', 'UpdateReplacePolicy: Delete', ['promises']],
  ['the encryption is misspelled', 'SSEAlgorithm: AES256', 'SSEAlgorithm: AES-256', ['promises', 'schemas']],
  ['unfinished uploads stay', 'AbortIncompleteMultipartUpload', 'AbortUpload', ['promises', 'schemas']],
  ['former versions go at once', 'NoncurrentDays: 30', 'NoncurrentDays: 1', ['promises']],
  [
    'plain http is not denied',
    /Effect: Deny(?=\n.*\n.*\n.*\n.*\n.*SecureTransport)/,
    'Effect: Allow',
    ['promises', 'AwsSolutions'],
  ],
  [
    'a domain that another distribution still has is claimed',
    'Aliases: !If [HasDomain, [!Ref Domain], !Ref AWS::NoValue]',
    'Aliases: [!Ref Domain]',
    ['promises'],
  ],
  [
    'the records of a domain that another distribution still has are created',
    'Condition: HasDomainRecords',
    'Condition: HasHostedZone',
    // cfn-lint: then nothing uses the condition.
    ['promises', 'schemas'],
  ],
  ['old TLS is not denied', "s3:TlsVersion: '1.2'", "s3:TlsVersion: '1.0'", ['promises']],
  ['everybody reads', 'Principal: { Service: cloudfront.amazonaws.com }', "Principal: '*'", ['promises']],
  ['every distribution reads', 'aws:SourceArn: !Sub', 'aws:SourceArnn: !Sub', ['promises']],
  [
    'CloudFront reads the whole bucket',
    "'${Bucket.Arn}/content/files/*'",
    "'${Bucket.Arn}/*'",
    ['promises', 'AwsSolutions'],
  ],
  ['visitors get originals', '- HidesOriginals\n', '- HasFolders\n', ['promises', 'schemas']],
  [
    'originals stay private where posts link them',
    "PublicOriginals, 'false']",
    "PublicOriginals, 'true']",
    ['promises'],
  ],
  [
    'visitors get the original of a JPEG with four letters',
    "content/images/????/??/*_o.????'",
    "content/images/????/??/*_o.jpeg'",
    ['promises'],
  ],
  [
    'visitors get the original of a photo in capitals',
    "content/images/????/??/*_o.???'",
    "content/images/????/??/*_o.jpg'",
    ['promises'],
  ],
  [
    'a tenant’s originals belong to no tenant',
    "'${Bucket.Arn}/${TenantPrefix}/content/images/????/??/*_o.???'",
    "'${Bucket.Arn}/content/images/????/??/*_o.???'",
    ['promises'],
  ],
  [
    'videos and files that end with _o are private',
    'content/images/????/??/*_o.????',
    'content/??????/????/??/*_o.????',
    ['promises'],
  ],
  [
    'Ghost makes no sizes of originals',
    /(Effect: Deny\n +)Principal: \{ Service: .*/,
    "$1Principal: '*'",
    ['promises'],
  ],
  ['CloudFront takes absent for forbidden', 'Action: s3:ListBucket', 'Action: s3:ListBucketVersions', ['promises']],
  [
    'Ghost may do anything',
    '[s3:PutObject, s3:GetObject, s3:DeleteObject, s3:AbortMultipartUpload]',
    "['s3:*']",
    ['promises', 'AwsSolutions'],
  ],
  [
    'the policy for Ghost is replaced',
    'Description: What Ghost needs',
    'Description: Everything that Ghost needs',
    ['promises'],
  ],
  ['a reserved name is asked of everybody’s namespace', /\n *BucketNamespace: .*/, '', ['promises']],
  [
    'every new bucket is of the account’s namespace',
    'IsAccountRegional, account-regional, !Ref AWS::NoValue',
    'IsAccountRegional, account-regional, global',
    ['promises'],
  ],
  [
    'a namespace does not exist',
    'IsAccountRegional, account-regional,',
    'IsAccountRegional, regional,',
    ['promises', 'schemas'],
  ],
  ['a reserved name has no prefix', /\n *BucketNamePrefix: !If .*/, '', ['promises']],
  ['a given name is reserved', /- !Not \[!Condition HasBucketName\]/, '- !Not [!Condition IsUser]', ['promises']],
  ['Ghost may set ACLs', '[s3:PutObject,', '[s3:PutObject, s3:PutObjectAcl,', ['promises']],
  ['Ghost may not abort', ', s3:AbortMultipartUpload]', ']', ['promises']],
  [
    'Ghost may invalidate all distributions',
    /distribution\/\$\{Distribution\}'(?=\n\n {2}# The access)/,
    "distribution/*'",
    ['promises', 'AwsSolutions'],
  ],
  [
    'a tenant may write to others',
    "'${Bucket.Arn}/${TenantPrefix}/content/media/*'",
    "'${Bucket.Arn}/content/media/*'",
    ['promises'],
  ],
  ['the origin is not signed for', 'SigningBehavior: always', 'SigningBehavior: never', ['promises']],
  ['the access control is not used', /OriginAccessControlId: .*\n\s*(?=#)/, '', ['promises', 'AwsSolutions']],
  [
    'the bucket is asked by its global name',
    '!GetAtt Bucket.RegionalDomainName',
    '!GetAtt Bucket.DomainName',
    ['promises'],
  ],
  [
    'an attribute does not exist',
    '!GetAtt Bucket.RegionalDomainName',
    '!GetAtt Bucket.RegionDomainName',
    ['promises', 'schemas'],
  ],
  ['two stacks make things of one name', 'ghost-files-${Unique}', 'ghost-files', ['promises', 'schemas']],
  ['two policies have one name', 'ghost-files-${Unique}', 'ghost-images-${Unique}', ['promises']],
  ['SVGs may run scripts', "default-src 'none'; style", "default-src 'self'; style", ['promises']],
  [
    'types are guessed',
    'ContentTypeOptions: { Override: true }',
    'ContentTypeOptions: { Override: false }',
    ['promises'],
  ],
  ['all sub-domains are forced to https', 'IncludeSubdomains: false', 'IncludeSubdomains: true', ['promises']],
  [
    'files have the policy of images',
    'ResponseHeadersPolicyId: !Ref FileHeaders',
    'ResponseHeadersPolicyId: !Ref ImageHeaders',
    ['promises'],
  ],
  ['old browsers weaken TLS', 'TLSv1.2_2025', 'TLSv1', ['promises', 'AwsSolutions']],
  ['an HTTP version does not exist', 'http2and3', 'http3and2', ['promises', 'schemas']],
  ['IPv6 is off', 'IPV6Enabled: true', 'IPV6Enabled: false', ['promises']],
  ['a property is misspelled', 'DefaultRootObject:', 'DefaultRoot:', ['promises', 'schemas']],
  ['the root lists the bucket', 'DefaultRootObject: index.html', '', ['promises']],
  [
    'the web ACL is taken off',
    '!If [HasWebAcl, !Ref WebAclArn, !Ref AWS::NoValue]',
    '!Ref AWS::NoValue',
    ['promises', 'schemas'],
  ],
  [
    'the default behavior has an origin that does not exist',
    /TargetOriginId: bucket(?=\n {10}FunctionAssociations)/,
    'TargetOriginId: buckets',
    ['promises'],
  ],
  ['a member of the group does not exist', '- OriginId: ghost\n', '- OriginId: blog\n', ['promises']],
  ['Ghost is asked first', /(- OriginId: !If .*)\n(\s*)(- OriginId: ghost)/, '$3\n$2$1', ['promises']],
  ['a quantity is wrong', 'Quantity: 2, Items: [403, 404]', 'Quantity: 3, Items: [403, 404]', ['promises']],
  ['a failover code is refused by CloudFront', 'Items: [403, 404]', 'Items: [403, 410]', ['promises']],
  [
    'Ghost is asked when S3 is in trouble',
    'Quantity: 2, Items: [403, 404]',
    'Quantity: 3, Items: [403, 404, 503]',
    ['promises'],
  ],
  ['the path of sizes comes too late', '- /content/images/size/*', '- /content/images/sizes/*', ['promises']],
  [
    'the tenant’s sizes belong to no tenant',
    "'/${TenantPrefix}/content/images/size/*'",
    '/content/images/size/*',
    ['promises', 'schemas'],
  ],
  ['Ghost is asked with the prefix', 'uri.slice(tenantPrefix.length + 1)', 'uri', ['promises']],
  ['a plus sign reaches S3', "request.uri.replace(/\\+/g, '%2B')", 'request.uri', ['promises']],
  ['browsers without WebP get WebP', "path[2] === '' && acceptsWebp && (", "path[2] === '' && (", ['promises']],
  ['a size gets two formats', "path[2] === '' && acceptsWebp", 'acceptsWebp', ['promises']],
  ['PNGs lose details', " && formats === 'webp-and-png'", '', ['promises']],
  ['GIFs stop moving', "extension === 'jpeg'", "extension === 'jpeg' || extension === 'gif'", ['promises']],
  ['WebP cannot be turned off', "formats !== 'none' && path", 'path', ['promises']],
  ['browsers that refuse WebP get WebP', '(?!\\s*q=0(\\.0*)?\\s*(,|$))', '', ['promises']],
  ['Ghost is asked for AVIF', '/avif/i.test(path[2])', 'false', ['promises']],
  ['the answer for originals says that they exist', 'statusCode: 404', 'statusCode: 403', ['promises']],
  ['visitors of a folder miss files', 'request.uri.startsWith(images) && ', '', ['promises']],
  ['only the first plus sign is encoded', "replace(/\\+/g, '%2B')", "replace('+', '%2B')", ['promises']],
  ['the plus signs of downloads reach S3', /(DefaultCacheBehavior:\n.*\n.*)\n.*PathFunction.*/, '$1', ['promises']],
  [
    'the header for other pages is misspelled',
    "headers['access-control-allow-origin']",
    "headers['allow-origin']",
    ['promises'],
  ],
  ['one page alone may read', "{ value: '*' }", "{ value: 'null' }", ['promises']],
  ['the header is given in another form than CloudFront’s', "= { value: '*' };", "= '*';", ['promises']],
  [
    'the function for CORS runs before the cache',
    'EventType: viewer-response',
    'EventType: viewer-request',
    ['promises'],
  ],
  [
    'pages cannot read downloads that they have shown',
    /(DefaultCacheBehavior:\n.*\n.*\n.*)\n.*CorsFunction.*/,
    '$1',
    ['promises'],
  ],
  [
    'pages cannot read sizes that they have shown',
    /(SizeFunction\.FunctionARN \}\n)\s*- .*CorsFunction.*\n/,
    '$1',
    ['promises'],
  ],
  [
    'pages cannot read what Ghost redirects to',
    /(TargetOriginId: ghost-redirects\n).*\n.*CorsFunction.*\n/,
    '$1',
    ['promises'],
  ],
  ['a function runs in a former version of JavaScript', 'cloudfront-js-2.0', 'cloudfront-js-1.0', ['promises']],
  ['the function for CORS sends no answer on', 'return response;', 'response;', ['promises']],
  ['the function stays a draft', 'AutoPublish: true', 'AutoPublish: false', ['promises']],
  ['the function runs too late', 'EventType: viewer-request', 'EventType: viewer-response', ['promises']],
  [
    'a sub-directory is asked twice for',
    "!Sub '${GhostPath}/content/images/*'",
    "!Sub '/content/images/*'",
    ['promises', 'schemas'],
  ],
  [
    'redirects of a sub-directory have no target',
    '!Or [!Condition HasGhostPath, !Condition HasTenantPrefix]',
    '!Condition HasTenantPrefix',
    ['promises'],
  ],
  [
    'a path stands before two behaviors',
    "- !Not [!Equals [!Ref GhostPath, !Sub '/${TenantPrefix}']]",
    '- !Condition HasGhost',
    ['promises'],
  ],
  [
    'the secret goes over plain http',
    'OriginProtocolPolicy: https-only',
    'OriginProtocolPolicy: match-viewer',
    ['promises', 'AwsSolutions'],
  ],
  [
    'a blog with IPv6 only is never reached',
    'IpAddressType: !If [IsGhostOnIpv6, !Ref GhostIpAddressType, !Ref AWS::NoValue]',
    'IpAddressType: !If [IsGhostOnIpv6, ipv4, !Ref AWS::NoValue]',
    ['promises'],
  ],
  [
    'originals of a blog with IPv6 only are never reached',
    /(Id: ghost-redirects\n(?:.*\n)*?) *IpAddressType.*\n/,
    '$1',
    ['promises'],
  ],
  [
    'an IP version does not exist',
    'IpAddressType: !If [IsGhostOnIpv6, !Ref GhostIpAddressType,',
    'IpAddressType: !If [IsGhostOnIpv6, ipv5,',
    ['promises', 'schemas'],
  ],
  [
    'logs are delivered from where CloudFront has none',
    '- !Equals [!Ref AWS::Region, us-east-1]',
    '- !Not [!Condition IsUser]',
    ['promises'],
  ],
  [
    'logs are always delivered',
    "- !Not [!Equals [!Ref AccessLogDestination, 'arn:aws:s3:::NONE']]",
    '- !Not [!Condition IsUser]',
    ['promises'],
  ],
  [
    'the logs of another distribution are delivered',
    /(ResourceArn: .*)\$\{Distribution\}/,
    '$1E123',
    ['promises', 'schemas'],
  ],
  ['logs of another kind are delivered', 'LogType: ACCESS_LOGS', 'LogType: CONNECTION_LOGS', ['promises']],
  [
    'logs are delivered into the bucket of the images',
    'DestinationResourceArn: !Ref AccessLogDestination',
    'DestinationResourceArn: !GetAtt Bucket.Arn',
    ['promises'],
  ],
  ['logs are delivered to no target', '!GetAtt AccessLogTarget.Arn', '!Ref AccessLogTarget', ['promises']],
  ['the distribution is off', 'Enabled: true\n', 'Enabled: false\n', ['promises']],
  ['every edge location has an address of its own', 'sni-only', 'vip', ['promises', 'AwsSolutions']],
  ['the bucket is given up at once', 'ConnectionAttempts: 2', 'ConnectionAttempts: 1', ['promises']],
  ['a blog that is down is tried for long', 'ConnectionTimeout: 5', 'ConnectionTimeout: 10', ['promises']],
  ['unfinished uploads stay for a week', 'DaysAfterInitiation: 1', 'DaysAfterInitiation: 7', ['promises']],
  [
    'markers of deleted files stay',
    'ExpiredObjectDeleteMarker: true',
    'ExpiredObjectDeleteMarker: false',
    ['promises'],
  ],
  [
    'browsers keep to https for too short a time',
    'AccessControlMaxAgeSec: 31536000',
    'AccessControlMaxAgeSec: 300',
    ['promises'],
  ],
  ['isolated blogs show no images', 'Value: cross-origin', 'Value: same-origin', ['promises']],
  [
    'other pages get cookies',
    'AccessControlAllowCredentials: false',
    'AccessControlAllowCredentials: true',
    ['promises'],
  ],
  ['a header of Ghost is sent twice', 'OriginOverride: true', 'OriginOverride: false', ['promises']],
  [
    'what is forbidden is so for an hour',
    'ErrorCode: 403, ErrorCachingMinTTL: 10',
    'ErrorCode: 403, ErrorCachingMinTTL: 3600',
    ['promises'],
  ],
  [
    'errors of S3 stay',
    'ErrorCode: 503, ErrorCachingMinTTL: 5',
    'ErrorCode: 503, ErrorCachingMinTTL: 300',
    ['promises'],
  ],
  ['browsers do not learn of HTTP/3', /\n +- Name: !Ref Domain\n +Type: HTTPS\n.*/, '', ['promises']],
  [
    'another service gets the role of the instance',
    'Service: ec2.amazonaws.com',
    'Service: lambda.amazonaws.com',
    ['promises'],
  ],
  [
    'the price class is not heeded',
    'PriceClass: !Ref PriceClass',
    'PriceClass: PriceClass_All',
    ['promises', 'schemas'],
  ],
  ['Ghost has too little time for an image', 'OriginReadTimeout: 30', 'OriginReadTimeout: 5', ['promises']],
  ['the header has another name', 'X-Ghost-Cdn-Fallback-Key', 'X-Ghost-Fallback', ['promises']],
  ['the header has a forbidden name', 'X-Ghost-Cdn-Fallback-Key', 'X-Edge-Ghost', ['promises']],
  [
    'the secret is shown',
    "Value: !Sub 'https://${Domain}'",
    "Value: !Sub 'https://${FallbackSecret}@${Domain}'",
    ['promises'],
  ],
  [
    'visitors may write',
    'AllowedMethods: [GET, HEAD]',
    'AllowedMethods: [GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE]',
    ['promises'],
  ],
  ['images can be read over http', 'redirect-to-https', 'allow-all', ['promises']],
  [
    'a folder leads to Ghost',
    /(PathPattern: !Sub '\/\$\{Folder2\}\/\*'\n\s+TargetOriginId: )bucket/,
    '$1ghost-redirects',
    ['promises'],
  ],
  ['a folder is not served', "PathPattern: !Sub '/${Folder3}/*'", "PathPattern: !Sub '/${Folder3}'", ['promises']],
  [
    'CloudFront may not read a folder',
    "- !If [HasFolder2, !Sub '${Bucket.Arn}/${Folder2}/*', ",
    '- !If [HasFolder2, ',
    ['promises', 'schemas'],
  ],
  [
    'CloudFront reads what begins like a folder',
    "'${Bucket.Arn}/${Folder1}/*'",
    "'${Bucket.Arn}/${Folder1}*'",
    ['promises'],
  ],
  ['a folder takes all paths', "!Sub '/${Folder1}/*'", "!Sub '/*'", ['promises', 'schemas']],
  [
    'SVGs in a folder run scripts',
    '{ EventType: viewer-response, FunctionARN: !GetAtt FolderFunction.FunctionARN }',
    '{ EventType: viewer-response, FunctionARN: !GetAtt CorsFunction.FunctionARN }',
    ['promises'],
  ],
  ['HTML in a folder runs scripts', 'if (type && !/^(', 'if (type && !/^(text\\/html|', ['promises']],
  ['PDFs in a folder do not open', '|application\\/pdf *(;|$)', '', ['promises']],
  ['videos in a folder do not open', '(audio|video)', '(audio)', ['promises']],
  ['a PDF stops to open once it was asked for again', 'if (type && ', 'if (!type || ', ['promises']],
  ['a folder’s function stays without folders', / {4}Condition: HasFolders\n/, '', ['promises']],
  [
    'Ghost may write to a folder',
    "/content/files/*'\n          # With this",
    "/content/files/*'\n              - !Sub '${Bucket.Arn}/${Folder1}/*'\n          # With this",
    ['promises', 'AwsSolutions'],
  ],
  [
    'nothing is cached',
    /CachePolicyId: 658327ea-.*/,
    'CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
    ['promises'],
  ],
  [
    'S3 gets the viewer’s Host',
    /(\s+)(CachePolicyId: .*)/,
    '$1$2$1OriginRequestPolicyId: 216adef6-5c7f-47e4-b989-5492eafa07d3',
    ['promises'],
  ],
  ['nothing is compressed', 'Compress: true', 'Compress: false', ['promises']],
  [
    'what is absent is so for a day',
    'ErrorCode: 404, ErrorCachingMinTTL: 60',
    'ErrorCode: 404, ErrorCachingMinTTL: 86400',
    ['promises'],
  ],
  ['an alias is in another zone', 'HostedZoneId: Z2FDTNDATAQYW2', 'HostedZoneId: Z2FDTNDATAQYWZ', ['promises']],
  ['IPv6 has no DNS record', 'Type: AAAA', 'Type: AAA', ['promises']],
  ['the instance gets no role', 'Roles: [!Ref GhostEc2Role]', 'Roles: [GhostRole]', ['promises']],
  [
    'a role is that of something else',
    'Roles: [!Ref GhostEc2Role]',
    'Roles: [!Ref GhostTaskRole]',
    ['promises', 'schemas'],
  ],
  [
    'tasks of other accounts get the role',
    /\n {12}Condition:\n {14}StringEquals: \{ aws:SourceAccount.*/,
    '\n            Condition:',
    ['promises'],
  ],
  [
    'the user is an administrator',
    'ManagedPolicyArns: [!Ref GhostPolicy]',
    'ManagedPolicyArns: [!Ref GhostPolicy, arn:aws:iam::aws:policy/AdministratorAccess]',
    ['promises', 'AwsSolutions'],
  ],
  [
    'an output is of what is not there',
    /( +)Condition: IsUser\n(\s+Description: The user)/,
    '$2',
    ['reading', 'promises', 'schemas'],
  ],
  ['a condition does not exist', 'Condition: IsTaskRole', 'Condition: IsTask', ['reading', 'schemas']],
  ['a reference leads to nothing', '!Ref ImageHeaders', '!Ref PictureHeaders', ['reading', 'promises', 'schemas']],
  ['a value is an anchor', 'Domain: { default: Image domain }', 'Domain: &domain { default: Domain }', ['reading']],
  ['a key appears twice', 'Enabled: true\n', 'Enabled: true\n        Enabled: false\n', ['reading', 'schemas']],
];

const ours = readTemplate();
const EVERYTHING = PARAMETER_SETS['everything at once'] ?? {};
const USER = PARAMETER_SETS['a user for a Ghost outside AWS'] ?? {};
const accepted = new Set([...nagFindings(render(ours, EVERYTHING)), ...nagFindings(render(ours, USER))]);

/** Returns whether each check finds something in a template that it does not find in ours. */
const FINDS: Record<Check, (text: string) => boolean> = {
  reading(text) {
    try {
      nagFindings(render(readTemplate(text), EVERYTHING));
      return false;
    } catch {
      return true;
    }
  },
  promises(text) {
    const template = readTemplate(text);
    // The last set has everything, so that most mistakes show in it.
    const sets = Object.values(PARAMETER_SETS).reverse();
    return sets.some((parameters) => breaksPromise(render(template, parameters), parameters));
  },
  schemas: (text) => schemaFindings(text).length > 0,
  AwsSolutions(text) {
    const template = readTemplate(text);
    return [EVERYTHING, USER].some((set) => nagFindings(render(template, set)).some((line) => !accepted.has(line)));
  },
};

describe('a mistake in the template is found', () => {
  test.each(MISTAKES)('%s', (_, from, to, caughtBy) => {
    const text = TEMPLATE_TEXT.replaceAll(typeof from === 'string' ? from : new RegExp(from, 'g'), to);
    expect(text).not.toBe(TEMPLATE_TEXT);
    expect(caughtBy.filter((check) => !FINDS[check](text))).toEqual([]);
  });

  test('and without one there is nothing to find', () => {
    const checks: Check[] = ['reading', 'promises', 'schemas', 'AwsSolutions'];
    expect(checks.filter((check) => FINDS[check](TEMPLATE_TEXT))).toEqual([]);
  });
});
