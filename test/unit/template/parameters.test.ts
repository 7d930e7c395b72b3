import { PARAMETER_SETS, SMALLEST } from '../../support/template/parameter-sets';
import { readTemplate, TEMPLATE_TEXT } from '../../../src/template/read';
import { render } from '../../support/template/render';
import { route } from '../../support/template/route';
import { schemaFindings } from '../../support/template/tools';

const template = readTemplate();
const GHOST = { GhostHost: 'blog.example.com', FallbackSecret: 'a'.repeat(32) };

describe('the template', () => {
  test('can be sent to CloudFormation without a bucket to put it in', () => {
    expect(Buffer.byteLength(TEMPLATE_TEXT)).toBeLessThanOrEqual(51_200);
  });

  test('fits the schemas of AWS unchanged, without a warning', () => {
    expect(schemaFindings(TEMPLATE_TEXT)).toEqual([]);
  });

  test('uses nothing of YAML that CloudFormation refuses', () => {
    expect(() => readTemplate('Resources: { A: &anchor { Type: B }, C: *anchor }')).toThrow('anchors');
    expect(() => readTemplate('Resources: { A: !Import b }')).toThrow('Unknown tag !Import');
    expect(() => readTemplate('{ Resources: {}, Resources: {} }')).toThrow('unique');
    expect(() => readTemplate()).not.toThrow();
  });

  test('explains every parameter, says what a wrong one must be, and shows each in a group with a label', () => {
    const names = Object.keys(template.Parameters);
    for (const [name, parameter] of Object.entries(template.Parameters)) {
      expect([name, parameter.Description]).toEqual([name, expect.stringMatching(/^[A-Z].{20,}\.$/)]);
      expect([name, parameter.ConstraintDescription]).toEqual([name, expect.stringMatching(/^must /)]);
      expect([name, parameter.AllowedPattern ?? parameter.AllowedValues]).not.toEqual([name, undefined]);
    }
    const shown = template.Metadata['AWS::CloudFormation::Interface'];
    expect(shown?.ParameterGroups.flatMap(({ Parameters }) => Parameters).sort()).toEqual([...names].sort());
    expect(Object.keys(shown?.ParameterLabels ?? {}).sort()).toEqual([...names].sort());
  });

  test('needs a domain and a certificate, and nothing else', () => {
    const required = Object.entries(template.Parameters).filter(([, { Default }]) => Default === undefined);
    expect(required.map(([name]) => name)).toEqual(Object.keys(SMALLEST));
  });

  test('never shows the secret', () => {
    expect(template.Parameters.FallbackSecret?.NoEcho).toBe(true);
  });
});

describe('a parameter', () => {
  test.each([
    ['Domain', 'images.example.com'],
    ['Domain', 'example.com'],
    ['Domain', 'a.b-c.example.co.uk'],
    ['Domain', 'bilder.xn--mller-kva.de'],
    ['GhostHost', 'blog.example.com'],
    ['GhostPath', '/blog'],
    ['GhostPath', '/a/b.c/~d'],
    ['TenantPrefix', 'seven'],
    ['TenantPrefix', 'a/b@c/~d.e'],
    ['TenantPrefix', 'content'],
    ['TenantPrefix', 'contents/images'],
    ['PublicOriginals', 'true'],
    ['PublicOriginals', 'false'],
    ['BucketName', 'abc'],
    ['BucketName', 'x'.repeat(63)],
    ['BucketNamePrefix', 'images'],
    ['BucketNamePrefix', 'x'.repeat(32)],
    ['HostedZoneId', 'Z3AADJGX6KTTL2'],
    ['AccessLogDestination', 'arn:aws:s3:::logs.example.com'],
    ['AccessLogBucket', 'logs.example.com'],
    ['FallbackSecret', 'x7Kq_2mVnB8wEr5TyU1iOp3AsDf6GhJk'],
    ['Folder1', 'downloads'],
    ['Folder1', ''],
    ['Folder2', 'Press_kit-2026.v2~'],
    ['Folder3', 'contents'],
  ])('%s may be %s', (name, value) => {
    expect(() => render(template, { ...SMALLEST, ...GHOST, [name]: value })).not.toThrow();
  });

  test.each([
    ['Domain', 'https://images.example.com'],
    ['Domain', 'images.example.com/'],
    ['Domain', 'Images.example.com'],
    ['Domain', 'localhost'],
    ['Domain', '*.example.com'],
    ['Domain', 'images.example.com.'],
    ['Domain', '10.0.0.1'],
    ['Domain', `${'a'.repeat(64)}.example.com`],
    ['Domain', `${'a.'.repeat(126)}com`],
    ['Domain', ''],
    ['CertificateArn', 'arn:aws:acm:eu-central-1:123456789012:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'],
    ['CertificateArn', ''],
    ['HostedZoneId', '/hostedzone/Z3AADJGX6KTTL2'],
    ['GhostHost', 'https://blog.example.com'],
    ['GhostHost', 'blog.example.com:8443'],
    ['GhostHost', 'blog.example.com/blog'],
    ['GhostHost', 'localhost'],
    ['GhostPath', 'blog'],
    ['GhostPath', '/blog/'],
    ['GhostPath', '/'],
    ['GhostPath', '/a/../b'],
    ['GhostPath', '/a*'],
    ['GhostPath', `/${'a'.repeat(200)}`],
    ['FallbackSecret', 'short'],
    ['FallbackSecret', `${'a'.repeat(32)}"`],
    ['FallbackSecret', 'a'.repeat(129)],
    ['Identity', 'root'],
    ['BucketName', 'Images'],
    ['BucketName', 'images.example.com'],
    ['BucketName', 'ab'],
    ['BucketName', 'x'.repeat(64)],
    ['BucketName', '-images'],
    ['BucketName', 'xn--images'],
    ['BucketName', 'images--x-s3'],
    ['BucketName', 'images-123456789012-eu-central-1-an'],
    ['BucketNamePrefix', 'x'.repeat(33)],
    ['BucketNamePrefix', 'images-'],
    ['BucketNamePrefix', 'images.example'],
    ['TenantPrefix', '/seven'],
    ['TenantPrefix', 'seven/'],
    ['TenantPrefix', 'a//b'],
    ['TenantPrefix', '../b'],
    ['TenantPrefix', 'a/./b'],
    ['TenantPrefix', '*'],
    ['TenantPrefix', "a'b"],
    ['TenantPrefix', '${Bucket}'],
    ['TenantPrefix', 'content/images'],
    ['TenantPrefix', 'a/content/files/b'],
    ['TenantPrefix', 'a'.repeat(201)],
    ['Folder1', '/downloads'],
    ['Folder1', 'downloads/'],
    ['Folder1', 'downloads/2026'],
    ['Folder1', 'content'],
    ['Folder2', 'index.html'],
    ['Folder2', 'favicon.ico'],
    ['Folder2', 'robots.txt'],
    ['Folder3', '.'],
    ['Folder3', '..'],
    ['Folder3', '*'],
    ['Folder3', 'my downloads'],
    ['Folder3', '${Bucket}'],
    ['Folder3', 'a'.repeat(65)],
    ['PublicOriginals', ''],
    ['PublicOriginals', 'yes'],
    ['PriceClass', 'PriceClass_300'],
    ['WebAclArn', 'arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/a/473e64fd-f30b-4765-81a0-62ad96dd167a'],
    ['AccessLogDestination', 'logs'],
    ['AccessLogDestination', 'arn:aws:s3:::logs/images'],
    ['AccessLogBucket', 's3://logs'],
    ['AccessLogBucket', 'logs/images'],
  ])('%s cannot be %s, and is told what it must be', (name, value) => {
    expect(() => render(template, { ...SMALLEST, ...GHOST, [name]: value })).toThrow(
      `Parameter ${name} ${template.Parameters[name]?.ConstraintDescription}`,
    );
  });

  test.each([
    ['the blog is on the domain of the images', { ...GHOST, GhostHost: SMALLEST.Domain }, 'request images from itself'],
    ['Ghost is given without a secret', { GhostHost: 'blog.example.com' }, 'needs a FallbackSecret'],
    ['a path is given without a host', { GhostPath: '/blog' }, 'needs a GhostHost'],
    ['a folder is given twice', { Folder1: 'press', Folder3: 'press' }, 'must be different'],
    ['another folder is given twice', { Folder2: 'press', Folder3: 'press' }, 'must be different'],
    ['the first folder is given twice', { Folder1: 'press', Folder2: 'press' }, 'must be different'],
    [
      'a folder has the name of a blog’s prefix',
      { TenantPrefix: 'seven', Folder2: 'seven' },
      'not have the name of the TenantPrefix',
    ],
  ])('is refused together with another when %s', (_, parameters, message) => {
    expect(() => render(template, { ...SMALLEST, ...parameters })).toThrow(message);
  });
});

describe('a visitor', () => {
  const stack = render(template, PARAMETER_SETS['one of several blogs, in a sub-directory'] ?? {});

  test.each(['/', '/content/images/2026/11/x.jpg', '/eight/content/images/size/w600/x.jpg', '/members.csv'])(
    'who asks for %s gets nowhere near Ghost',
    (path) => {
      expect(route(stack, path).asked).toEqual([`bucket:${path.slice(1)}`]);
    },
  );

  test('who spells a prefix in another way does not lose it on the way', () => {
    const spelled = '/seven/content/images/size/%2e%2e/./x.jpg';
    expect(route(stack, spelled).asked).toEqual([
      `bucket:${spelled.slice(1)}`,
      `https://blog.example.com/blog${spelled.slice('/seven'.length)}`,
    ]);
  });
});
