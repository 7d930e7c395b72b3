import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CheckReport } from '../../src/commands/doctor/check';
import { checkOriginals } from '../../src/commands/doctor/checks/originals';
import { type CloudFrontRecorder, startCloudFrontRecorder } from '../support/cloudfront-recorder';
import {
  BLOG_HOST,
  BUCKET,
  type Breakage,
  CDN_HOST,
  type Patient,
  SECRET,
  startPatient,
  troublesIn,
} from '../support/doctor';
import type { Answer } from '../support/http-client';
import { installTools } from '../support/tls-cdn/tools';

let patient: Patient | undefined;

beforeAll(() => installTools());

afterEach(async () => {
  await patient?.close();
  patient = undefined;
  jest.restoreAllMocks();
});

async function examine(breakage: Breakage = {}): Promise<CheckReport[]> {
  patient = await startPatient(breakage);
  return patient.examine();
}

const ADAPTER_FOLDER = 'content/adapters/storage/S3CloudFrontStorage';

test('everything is as it should be in a setup that works, and nothing is left in the bucket', async () => {
  const results = await examine();
  expect(troublesIn(results)).toEqual([]);
  expect(results.filter(({ result }) => result === 'passed').length).toBeGreaterThan(40);
  expect(patient?.s3.requests.filter(({ operation }) => operation === 'PutObject').length).toBeGreaterThan(4);
  expect(patient?.keys()).toEqual([]);
  expect(patient?.s3.multipartUploads(BUCKET)).toEqual([]);
});

test('everything is as it should be while a secret is replaced, and the CDN still sends the former one', async () => {
  const both = ['the-new-secret-of-the-cdn', SECRET];
  const results = await examine({
    config: ({ storage }) => (storage.S3CloudFrontStorage.cdnFallbackSecret = both),
    ghost: { hidesProxies: true, adapter: { cdnFallbackSecret: both } },
  });
  expect(troublesIn(results)).toEqual([]);
});

/** What is broken, the one check that finds it, what it says, and what the fix names. */
const BROKEN: [string, Breakage, string, RegExp, RegExp][] = [
  [
    'a misspelled option',
    { config: ({ storage }) => (storage.S3CloudFrontStorage.buckett = 'x') },
    'failed options',
    /Did you mean "bucket"/,
    /S3CloudFrontStorage/,
  ],
  [
    'a configuration that is not valid JSON',
    { folder: (folder) => writeFile(path.join(folder, 'config.production.json'), '{ "url": \n "x", ]') },
    'failed file',
    /Ghost cannot read .*: line 2, column \d+/,
    /Ghost reads plain JSON/,
  ],
  [
    'a configuration that cannot be read',
    {
      folder: async (folder) => {
        await rm(path.join(folder, 'config.production.json'));
        await mkdir(path.join(folder, 'config.production.json'));
      },
    },
    'failed file',
    /is a folder/,
    /Name Ghost's configuration file/,
  ],
  [
    'adapters.storage that hides storage',
    {
      config: (config) => {
        config.adapters = { storage: { active: 'LocalImagesStorage' } };
      },
    },
    'failed storage block',
    /Ghost reads only "adapters.storage"/,
    /Move/,
  ],
  [
    'media that stay on the disk',
    { config: ({ storage }) => delete storage.media },
    'warned features',
    /media go to Ghost's own disk/,
    /"media": \{ "adapter": "S3CloudFrontStorage", "staticFileURLPrefix": "content\/media" \}/,
  ],
  [
    'files that are stored among the images',
    { config: ({ storage }) => (storage.files = 'S3CloudFrontStorage') },
    'failed prefixes',
    /files are stored at content\/images/,
    /"staticFileURLPrefix": "content\/files"/,
  ],
  [
    'a configuration with comments, with which Ghost does not start',
    {
      folder: async (folder) => {
        const file = path.join(folder, 'config.production.json');
        await writeFile(file, `// mine\n${await readFile(file, 'utf8')}`);
      },
    },
    'failed file',
    /line 1, column 1 has a comment/,
    /plain JSON/,
  ],
  [
    'a URL of the blog without https',
    { config: (config) => (config.url = BLOG_HOST) },
    'failed url',
    /"url" is "blog.example.test", and Ghost does not start with that/,
    /https:\/\/blog.example.com/,
  ],
  [
    'urls with the content path',
    { config: ({ urls }) => (urls.image = `https://${CDN_HOST}/content/images`) },
    'failed urls',
    /Ghost adds the content path itself/,
    /Set "urls.image" to "https:\/\/images.example.test"/,
  ],
  [
    'urls that are missing',
    { config: (config) => delete (config as Partial<typeof config>).urls },
    'warned urls',
    /"urls.image", "urls.media", "urls.files" are not set/,
    /Set "urls.media"/,
  ],
  [
    'secrets that everybody may read',
    { folder: (folder) => chmod(path.join(folder, 'config.production.json'), 0o644) },
    'warned secrets',
    /secretAccessKey and cdnFallbackSecret.*mode 644/,
    /chmod o-rwx/,
  ],
  [
    'an access key that S3 does not recognize',
    { config: ({ storage }) => (storage.S3CloudFrontStorage.accessKeyId = 'AKIANOBODY0000000000') },
    'failed accepted',
    /does not recognize the access key ID/,
    /"accessKeyId"/,
  ],
  [
    'a wrong secret key',
    { config: ({ storage }) => (storage.S3CloudFrontStorage.secretAccessKey = 'another') },
    'failed accepted',
    /does not belong to the access key ID \(SignatureDoesNotMatch\)/,
    /"secretAccessKey"/,
  ],
  [
    'a token that has expired',
    {
      session: { sessionToken: 'token', expiresAt: new Date(Date.now() - 60_000) },
      config: ({ storage }) => (storage.S3CloudFrontStorage.sessionToken = 'token'),
    },
    'failed accepted',
    /has expired \(ExpiredToken\)/,
    /Renew "sessionToken"/,
  ],
  [
    'an S3 that does not answer',
    { config: ({ storage }) => (storage.S3CloudFrontStorage.endpoint = 'http://127.0.0.1:9') },
    'failed S3 answers',
    /ECONNREFUSED/,
    /"endpoint"/,
  ],
  [
    'a bucket that does not exist',
    { config: ({ storage }) => (storage.S3CloudFrontStorage.bucket = 'blog-image') },
    'failed bucket',
    /The bucket blog-image does not exist /,
    /Correct "bucket"/,
  ],
  [
    'a wrong region',
    { config: ({ storage }) => (storage.S3CloudFrontStorage.region = 'eu-west-1') },
    'failed bucket region',
    /bucket blog-images is in us-east-1/,
    /Set "region" to "us-east-1"/,
  ],
  [
    'a bucket in another region than its server',
    { bucket: { region: 'eu-central-1' } },
    'failed bucket region',
    /bucket blog-images is in eu-central-1/,
    /Set "region" to "eu-central-1"/,
  ],
  [
    'a public bucket',
    {
      prepare: (s3) => {
        const Action = ['s3:GetObject'];
        const Resource = `arn:aws:s3:::${BUCKET}/*`;
        s3.setBucketPolicy(BUCKET, { Statement: [{ Effect: 'Allow', Principal: '*', Action, Resource }] });
      },
      unblocked: true,
    },
    'failed private',
    /Anyone can read images, media, files in the bucket/,
    /origin access control/,
  ],
  [
    'a bucket of which the files alone are public',
    {
      prepare: (s3) => {
        const Action = ['s3:GetObject'];
        const Resource = `arn:aws:s3:::${BUCKET}/content/files/*`;
        s3.setBucketPolicy(BUCKET, { Statement: [{ Effect: 'Allow', Principal: '*', Action, Resource }] });
      },
      unblocked: true,
    },
    'failed private',
    /Anyone can read files in the bucket/,
    /origin access control/,
  ],
  [
    'a bucket that lists its files',
    {
      prepare: (s3) => {
        const Resource = `arn:aws:s3:::${BUCKET}`;
        const statement = { Effect: 'Allow', Principal: '*', Action: 's3:ListBucket', Resource };
        s3.setBucketPolicy(BUCKET, { Statement: [statement] });
      },
      unblocked: true,
    },
    'failed private',
    /Anyone can list the files in the bucket/,
    /block public access/,
  ],
  [
    'an S3 that ignores conditions',
    { bucket: { conditionalWrites: 'ignored' } },
    'failed conditional writes',
    /"endpoint" \(http.*ignores the condition.*several Ghosts/,
    /only one Ghost process.*or use a service with conditional writes/,
  ],
  [
    'an S3 without conditions',
    { bucket: { conditionalWrites: 'not-implemented' } },
    'warned conditional writes',
    /does not support conditional writes \(501\)/,
    /only one Ghost process/,
  ],
  [
    'a key of KMS that Ghost may not use',
    {
      config: ({ storage }) => (storage.S3CloudFrontStorage.serverSideEncryption = 'aws:kms'),
      prepare: (s3) => {
        const message = 'User: arn:aws:iam::123456789012:user/ghost is not authorized to perform: kms:GenerateDataKey';
        const kind = { status: 403, code: 'AccessDenied', message };
        s3.injectFault({ operation: 'PutObject', times: Infinity, kind });
      },
    },
    'failed write',
    /kms:GenerateDataKey is not allowed/,
    /Allow kms:GenerateDataKey/,
  ],
  [
    'an ACL for a bucket without any',
    { config: ({ storage }) => (storage.S3CloudFrontStorage.acl = 'public-read'), allowed: ['s3:PutObjectAcl'] },
    'failed write',
    /does not allow ACLs, but "acl" is "public-read"/,
    /Remove "acl"/,
  ],
  [
    'an ACL that Ghost has no right to',
    { config: ({ storage }) => (storage.S3CloudFrontStorage.acl = 'public-read') },
    'failed write',
    /s3:PutObject or s3:PutObjectAcl is not allowed/,
    /Remove "acl".*\n.*"s3:PutObjectAcl"/,
  ],
  [
    'no right to write',
    { forbidden: ['s3:PutObject'] },
    'failed write',
    /s3:PutObject is not allowed/,
    /"Action":\["s3:PutObject"\],"Resource":\["arn:aws:s3:::blog-images\/content\/images\/\*"/,
  ],
  [
    'no right to read',
    { forbidden: ['s3:GetObject'], ghost: { mayEverything: true } },
    'failed read',
    /s3:GetObject is not allowed/,
    /"Action":\["s3:GetObject"\]/,
  ],
  [
    'no right to list',
    { forbidden: ['s3:ListBucket'], ghost: { mayEverything: true } },
    'failed list',
    /S3 answers 403 instead of 404/,
    /\{"Effect":"Allow","Action":\["s3:ListBucket"\],"Resource":"arn:aws:s3:::blog-images"\}/,
  ],
  [
    'no right to delete',
    { forbidden: ['s3:DeleteObject'] },
    'failed delete',
    /s3:DeleteObject is not allowed/,
    /"Action":\["s3:DeleteObject"\]/,
  ],
  [
    'no right to abort large uploads',
    { forbidden: ['s3:AbortMultipartUpload'] },
    'failed abort',
    /s3:AbortMultipartUpload is not allowed/,
    /"Action":\["s3:AbortMultipartUpload"\]/,
  ],
  ['a domain that is not in DNS', { unknownHosts: [CDN_HOST] }, 'failed DNS', /ENOTFOUND/, /CNAME/],
  [
    'a certificate for another name',
    { certificate: { hostname: 'pictures.example.test' } },
    'failed certificate',
    /images.example.test is for pictures.example.test/,
    /alternate domain names/,
  ],
  [
    'a certificate that has expired',
    { certificate: { days: -1 } },
    'failed certificate',
    /images.example.test expired on 20/,
    /Renew/,
  ],
  ['a certificate that expires soon', { certificate: { days: 5 } }, 'warned certificate', /in 4 days/, /not renewed/],
  [
    'a certificate that browsers do not trust',
    { withoutTrust: true },
    'failed certificate',
    /DEPTH_ZERO_SELF_SIGNED_CERT/,
    /public authority/,
  ],
  [
    'a CDN that speaks TLS 1.0 only',
    { edge: { tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } } },
    'failed TLS',
    /supports only TLSv1,/,
    /TLSv1.2_2025/,
  ],
  [
    'a CDN that speaks TLS 1.1, too',
    { edge: { tls: { minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } } },
    'warned TLS',
    /still accepts old TLS versions \(TLSv1.1\)/,
    /minimum TLS version/,
  ],
  [
    'a CDN without HTTP/2',
    { edge: { http1Only: true } },
    'warned HTTP/2',
    /does not support HTTP\/2/,
    /Turn on HTTP\/2/,
  ],
  [
    'no redirect to HTTPS',
    { edge: { withoutRedirect: true } },
    'failed HTTP redirect',
    /instead of redirecting them to https/,
    /viewer protocol policy/,
  ],
  [
    'a list of files at the root',
    {
      edge: {
        change: (answer, path) => {
          if (path === '/') Object.assign(answer, { status: 200, body: Buffer.from('<ListBucketResult/>') });
        },
      },
    },
    'failed no listing',
    /list of all files/,
    /default root object/,
  ],
  [
    '403 for what is missing',
    { cdn: { mayNotList: true } },
    'failed missing file',
    /The CDN answers 403/,
    /"s3:ListBucket"/,
  ],
  [
    'an error page for what is missing',
    {
      edge: {
        change: (answer) => {
          if (answer.status === 404) Object.assign(answer, { status: 200, body: Buffer.from('Sorry!') });
        },
      },
    },
    'failed missing file',
    /The CDN answers 200/,
    /no error page/,
  ],
  [
    'a CDN that reads another bucket',
    { cdn: { bucket: 'other-images' } },
    'failed same bytes',
    /reads another bucket/,
    /check that two are not swapped/,
  ],
  [
    'a CDN that may not read the bucket',
    {
      edge: {
        change: (answer) => {
          if (answer.status === 200) Object.assign(answer, { status: 403, body: Buffer.from('AccessDenied') });
        },
      },
    },
    'failed same bytes',
    /may not read this file/,
    /"s3:GetObject"/,
  ],
  [
    'a CDN that changes images',
    {
      edge: {
        change: (answer) => {
          if (answer.status === 200) answer.body = answer.body.subarray(0, -20);
        },
      },
    },
    'failed same bytes',
    /returned other bytes/,
    /optimization/,
  ],
  [
    'another type',
    { edge: { change: header('content-type', 'binary/octet-stream') } },
    'failed type',
    /octet/,
    /Make the CDN send/,
  ],
  [
    'no Cache-Control',
    { edge: { change: header('cache-control', undefined) } },
    'failed cache headers',
    /sends no Cache-Control/,
    /CachingOptimized/,
  ],
  [
    'another Cache-Control',
    { edge: { change: header('cache-control', 'public, max-age=60') } },
    'warned cache headers',
    /max-age=60/,
    /Make the CDN send/,
  ],
  [
    'no protection against scripts in images',
    { edge: { change: header('x-content-type-options', undefined) } },
    'warned security headers',
    /nosniff/,
    /response headers policy/,
  ],
  [
    'CORS for somebody else',
    { edge: { change: header('access-control-allow-origin', 'https://somebody-else.example') } },
    'warned CORS',
    /Access-Control-Allow-Origin: https:\/\/somebody-else.example/,
    /response headers policy/,
  ],
  [
    'CORS only for requests with an Origin, as a headers policy of CloudFront sends it',
    {
      edge: {
        change: ({ headers }, _, origin) => {
          if (origin === undefined) delete headers['access-control-allow-origin'];
        },
      },
    },
    'warned CORS',
    /no Access-Control-Allow-Origin.*already shown/,
    /viewer response.*"provision" brings/,
  ],
  [
    'CORS only for requests with an Origin, which is another header than that in Vary',
    {
      edge: {
        change: ({ headers }, _, origin) => {
          headers.vary = 'Accept-Encoding, X-Origin-Country';
          if (origin === undefined) delete headers['access-control-allow-origin'];
        },
      },
    },
    'warned CORS',
    /no Access-Control-Allow-Origin.*already shown/,
    /viewer response/,
  ],
  [
    'a policy that lets scripts run',
    { edge: { change: header('content-security-policy', "default-src * 'unsafe-inline'") } },
    'warned security headers',
    /does not send Content-Security-Policy/,
    /response headers policy/,
  ],
  [
    'a CDN that may not read anything',
    { edge: { change: (answer) => void Object.assign(answer, { status: 403, body: Buffer.from('AccessDenied') }) } },
    'failed same bytes',
    /may not read this file/,
    /origin access control/,
  ],
  [
    'no CORS',
    { edge: { change: header('access-control-allow-origin', undefined) } },
    'warned CORS',
    /no Access-Control-Allow-Origin/,
    /Access-Control-Allow-Origin: \*/,
  ],
  [
    'a CDN that does not know ranges',
    {
      edge: {
        change: (answer) => {
          if (answer.status === 206) answer.status = 200;
        },
      },
    },
    'failed ranges',
    /does not send parts of files: .* it answers 200 with/,
    /Safari/,
  ],
  ['a CDN without tags', { edge: { change: header('etag', undefined) } }, 'warned not modified', /no ETag/, /ETag/],
  [
    'a CDN that caches nothing',
    { edge: { change: header('x-cache', 'Miss from cloudfront', 'age') } },
    'failed cached',
    /does not cache images/,
    /CachingOptimized/,
  ],
  [
    'a CDN that remembers what was not there',
    { edge: { remembersMissing: true } },
    'failed asked too early',
    /still answers 404/,
    /error caching minimum TTL/,
  ],
  [
    'no fallback to Ghost',
    { cdn: { withoutGhost: true } },
    'failed sizes on the CDN',
    /does not ask Ghost/,
    /origin group/,
  ],
  [
    'no fallback to Ghost, which was not meant to be',
    {
      cdn: { withoutGhost: true },
      config: ({ storage }) => delete storage.S3CloudFrontStorage.cdnFallbackSecret,
    },
    'warned sizes on the CDN',
    /does not ask Ghost/,
    /Set "cdnFallbackSecret"/,
  ],
  [
    'a CDN that has another secret than Ghost',
    { cdn: { secret: 'another-secret-than-that-of-ghost' }, ghost: { hidesProxies: true } },
    'failed sizes on the CDN',
    /302 \(to https:\/\/images.example.test.*Ghost does not recognize the CDN/,
    /X-Ghost-Cdn-Fallback-Key/,
  ],
  [
    'a Ghost that runs with another secret',
    {
      ghost: { hidesProxies: true, adapter: { cdnFallbackSecret: 'the-secret-of-before-the-change' } },
    },
    'failed sizes',
    /which is a loop/,
    /restart Ghost/,
  ],
  [
    'a proxy that makes Ghost send every visitor the bytes',
    {
      ghost: { via: '1.1 Caddy', adapter: { cdnFallbackSecret: undefined } },
      config: ({ storage }) => delete storage.S3CloudFrontStorage.cdnFallbackSecret,
    },
    'warned old links',
    /instead of redirecting to the CDN: a proxy in front of Ghost \(1\.1 Caddy\) adds/,
    /Set "cdnFallbackSecret"/,
  ],
  [
    'a Ghost that runs with another bucket',
    { ghost: { adapter: { bucket: 'other-images' } } },
    'failed sizes',
    /a bucket other than blog-images/,
    /Restart Ghost/,
  ],
  [
    'a Ghost that runs with another CDN',
    { ghost: { adapter: { cdnUrl: 'https://old.example.test' } } },
    'failed old links',
    /302 \(to https:\/\/old.example.test/,
    /Restart Ghost/,
  ],
  [
    'a blog that is not there',
    { config: (config) => (config.url = 'http://blog.example.test:9') },
    'failed blog answers',
    /ECONNREFUSED/,
    /Start Ghost/,
  ],
  [
    'an old Ghost',
    {
      folder: (folder) =>
        writeFile(path.join(folder, 'current/package.json'), '{ "name": "ghost", "version": "5.87.1" }'),
    },
    'failed Ghost',
    /Ghost 5.87.1 is too old/,
    /ghost update/,
  ],
  [
    'a Node that Ghost does not want',
    {
      folder: (folder) =>
        writeFile(
          path.join(folder, 'current/package.json'),
          '{ "name": "ghost", "version": "6.65.0", "engines": { "node": "^99.1.0" } }',
        ),
    },
    'warned Node',
    /Ghost needs \^99.1.0/,
    /another version/,
  ],
  ['an adapter of another version', { adapterVersion: '0.9.1' }, 'warned adapter', /has version 0.9.1/, / install /],
  [
    'an adapter without its code',
    {
      folder: (folder) => writeFile(path.join(folder, ADAPTER_FOLDER, 'package.json'), '{ "main": "dist/index.js" }'),
    },
    'failed adapter',
    /cannot be loaded/,
    /must be able to read/,
  ],
  [
    'a package of the same name before the adapter',
    { folder: (folder) => mkdir(path.join(folder, 'current/node_modules/S3CloudFrontStorage'), { recursive: true }) },
    'failed not shadowed',
    /node_modules\/S3CloudFrontStorage instead of the adapter/,
    /Remove it/,
  ],
  [
    'an empty bucket',
    { files: ({ objects }) => objects.clear() },
    'failed files',
    /The bucket blog-images is empty: none of the 7 files on the disk is in it \(images\/2013.* and 4 more\)/,
    /^Copy the missing files: npx ghost-storage-s3-cloudfront migrate/,
  ],
  [
    'a half-moved blog',
    { files: ({ keys, objects }) => keys.filter((_, index) => index % 2 === 0).forEach((key) => objects.delete(key)) },
    'failed files',
    /4 of 7 files on the disk are not in the bucket: images\/2013\/09\/own-oldest.png, .* and 1 more\./,
    /^Copy the missing files: .* migrate/,
  ],
  [
    'a folder that is not a content folder',
    {
      config: (config) => (config.paths = { contentPath: 'moved' }),
      folder: (folder) => mkdir(path.join(folder, 'moved')),
    },
    'failed content folder',
    /moved is not a Ghost content folder/,
    /"paths.contentPath"/,
  ],
  [
    'the images folder in place of the content folder',
    { config: (config) => (config.paths = { contentPath: '../../content/images' }) },
    'failed content folder',
    /content\/images is not a Ghost content folder/,
    /Did you mean \/.*\/content\?$/,
  ],
  [
    'a content folder that does not exist',
    { config: (config) => (config.paths = { contentPath: '/nonexistent/content' }) },
    'failed content folder',
    /The content folder \/nonexistent\/content does not exist/,
    /--content/,
  ],
  [
    'the content folder of another blog',
    {
      files: async (files) => {
        await files.emptyDisk();
        await files.write('images/2021/03/more-elsewhere.png');
      },
    },
    'failed files',
    /The bucket blog-images contains other files, but none from .*\/content\. Missing: images\/2021/,
    /migrate.*\n.*--content/,
  ],
  [
    'a file that was stored in part',
    { files: (files) => files.store('images/2019/01/own-first.png', 'image/png', Buffer.from('half')) },
    'failed files',
    /1 file is different in the bucket and on the disk \(by size\): images\/2019\/01\/own-first.png\./,
    /migrate.* --overwrite/,
  ],
  [
    'a file whose name cannot be stored',
    { files: (files) => files.write('images/2019/01/more-\u0007.png') },
    'warned files',
    /1 file on the disk cannot be read, or cannot be stored under its name/,
    /rename/,
  ],
  [
    'options that are not active yet, with all files in the bucket',
    { config: onlyOptions },
    'failed files',
    /Ghost still stores images on its own disk: the options of S3CloudFrontStorage are in the configuration, but the adapter is not active/,
    /^Make Ghost use the adapter: .* install/,
  ],
  [
    'options that are not active yet, with no file in the bucket',
    {
      config: onlyOptions,
      folder: (folder) => rm(path.join(folder, 'content/adapters'), { recursive: true }),
      files: ({ objects }) => objects.clear(),
    },
    'failed files',
    /the adapter is not active\. The bucket blog-images is empty/,
    /migrate.*\nThen make Ghost use the adapter: .* install/,
  ],
  [
    'images of another account',
    { edge: { change: ofOwnImages((answer) => Object.assign(answer, { status: 403, body: Buffer.alloc(0) })) } },
    'failed own images',
    /6 of 6 did not arrive as stored: https:.*own-newest.png \(the answer is 403\).* and 3 more/,
    /another account/,
  ],
  [
    'a rule of the CDN that sends some images elsewhere',
    {
      edge: {
        change: ofOwnImages((answer, file) => {
          if (file.includes('oldest')) Object.assign(answer, { status: 404, body: Buffer.alloc(0) });
        }),
      },
    },
    'failed own images',
    /1 of 6 did not arrive as stored: https:.*own-oldest.png \(the answer is 404\)\./,
    /no CDN rule/,
  ],
  [
    'images that another program has stored without their type',
    { files: (files) => files.store('images/2026/11/own-newest.png', 'binary/octet-stream') },
    'failed own images',
    /own-newest.png \(sent as binary\/octet-stream\)/,
    /Content-Type/,
  ],
  [
    'a CDN that makes some images smaller',
    { edge: { change: ofOwnImages((answer) => (answer.body = answer.body.subarray(0, 99))) } },
    'failed own images',
    /\(99 bytes instead of \d+\)/,
    /Turn off everything that changes images/,
  ],
  [
    'sizes that the CDN may not read',
    {
      edge: {
        change: ofOwnImages((answer, file) => {
          if (file.includes('/size/')) Object.assign(answer, { status: 403, body: Buffer.alloc(0) });
        }),
      },
    },
    'failed own images',
    /1 of 6 did not arrive as stored: https:.*\/size\/w600\/2026\/11\/own-newest.png/,
    /the CDN cannot read/,
  ],
  [
    'an adapter that is not there',
    { folder: (folder) => rm(path.join(folder, ADAPTER_FOLDER), { recursive: true }) },
    'failed adapter',
    /not/,
    /install/,
  ],
  [
    'a file of the same name next to the adapter',
    { folder: (folder) => writeFile(path.join(folder, `${ADAPTER_FOLDER}.js`), '') },
    'failed not shadowed',
    /S3CloudFrontStorage\.js instead of the adapter/,
    /Remove it/,
  ],
  [
    'an adapter that is there twice',
    {
      config: (config) => (config.paths = { installedAdaptersPath: 'more-adapters' }),
      folder: (folder) =>
        cp(path.join(folder, ADAPTER_FOLDER), path.join(folder, 'more-adapters/storage/S3CloudFrontStorage'), {
          recursive: true,
        }),
    },
    'warned not shadowed',
    /installed twice/,
    /Remove .*content\/adapters/,
  ],
  [
    'two storage blocks, of which Ghost reads the right one',
    { config: (config) => (config.adapters = { storage: config.storage }) },
    'warned storage block',
    /Ghost reads only "adapters.storage"/,
    /Remove "storage"/,
  ],
  [
    'options without the bucket',
    { config: ({ storage }) => delete storage.S3CloudFrontStorage.bucket },
    'failed options',
    /"bucket" is missing/,
    /S3CloudFrontStorage/,
  ],
  [
    'an incomplete CDN address',
    { config: ({ storage }) => (storage.S3CloudFrontStorage.cdnUrl = 'https://') },
    'failed options',
    /"cdnUrl"/,
    /cdnUrl|S3CloudFrontStorage/,
  ],
  [
    'urls of another domain',
    { config: ({ urls }) => (urls.media = 'https://old-images.example.test') },
    'failed urls',
    /"urls.media" is "https:\/\/old-images.example.test"/,
    /Set "urls.media" to "https:\/\/images.example.test"/,
  ],
  [
    'a CDN whose origin fails for what is missing',
    {
      edge: {
        change: (answer) => {
          if (answer.status === 404) answer.status = 502;
        },
      },
    },
    'failed missing file',
    /502/,
    /origin/,
  ],
  [
    'a CDN that redirects to another host',
    {
      edge: {
        change: (answer) => {
          if (answer.status === 200) {
            Object.assign(answer, { status: 302, body: Buffer.alloc(0) });
            answer.headers.location = 'https://elsewhere.example.test/';
          }
        },
      },
    },
    'failed same bytes',
    /302 \(to https:\/\/elsewhere.example.test\/\)/,
    /the file itself/,
  ],
  [
    'a page in place of the images',
    {
      edge: {
        change: (answer) => {
          if (answer.status === 200) {
            answer.body = Buffer.from('<title>Parked</title>');
            answer.headers['content-type'] = 'text/html';
          }
        },
      },
    },
    'failed same bytes',
    /text\/html/,
    /page/,
  ],
  [
    'originals that visitors can get, as on an image server of 1.1.0',
    { cdn: { publicOriginals: true } },
    'warned originals',
    /add _o to the name in its URL/,
    /Make the CDN answer 404 for names .* such as 2026\/11\/photo_o\.jpg/,
  ],
  [
    'a CDN that gives WebP to every client',
    {
      edge: {
        change: (answer, path) => {
          if (path.endsWith('-photo.jpg')) answer.headers['content-type'] = 'image/webp';
        },
      },
    },
    'failed WebP',
    /does not accept WebP gets it: image\/webp with \d+ bytes for the browser, image\/webp with/,
    /header Accept to the CDN's cache key/,
  ],
  [
    'a CDN that does not find the size of a photo',
    {
      edge: {
        change: (answer, path) => {
          if (path.endsWith('-photo.jpg')) answer.status = 500;
        },
      },
    },
    'failed WebP',
    /does not send both as images: 500/,
    /function for image sizes/,
  ],
  [
    'a Ghost whose pages ask for AVIF, which the CDN replaces',
    { config: (config) => Object.assign(config, { labs: { pictureImageFormats: true } }) },
    'warned WebP',
    /makes pages ask for AVIF\. The CDN sends WebP instead/,
    /Remove "labs\.pictureImageFormats"/,
  ],
  [
    'a Ghost whose pages ask for AVIF, and get it',
    {
      cdn: { formats: 'none' },
      config: (config) => Object.assign(config, { labs: { pictureImageFormats: true } }),
    },
    'warned WebP',
    /up to 20 seconds and all processors/,
    /Remove "labs\.pictureImageFormats"/,
  ],
];

test.each(BROKEN)('%s: named once, and nothing else', async (_title, breakage, trouble, found, cure) => {
  const results = await examine(breakage);
  expect(troublesIn(results)).toEqual([expect.stringContaining(`${trouble}: `)]);
  const result = results.find(({ result: kind, name }) => trouble === `${kind} ${name}`);
  expect(result).toMatchObject({ found: expect.stringMatching(found), cure: expect.stringMatching(cure) });
  expect(result?.tried).toMatch(/\w/);
  expect(patient?.keys()).toEqual([]);
  expect(patient?.s3.multipartUploads(BUCKET)).toEqual([]);
});

test('the originals of a blog are not among its own images, which visitors get', async () => {
  const original = 'images/2026/11/own-newest_o.png';
  const results = await examine({
    files: async (files) => {
      await files.write(original);
      await files.store(original, 'image/png');
    },
  });
  expect(troublesIn(results)).toEqual([]);
  expect(results.find(({ name }) => name === 'own images')?.found).toMatch(/of the blog arrived/);
});

test('a size of a photo is requested as a browser with WebP and as a client without, and the types and bytes are told', async () => {
  const results = await examine();
  const result = results.find(({ name }) => name === 'WebP');
  expect(result).toMatchObject({ result: 'passed', label: 'browsers get image sizes as WebP' });
  expect(result?.found).toMatch(/image\/webp with \d+ bytes for the browser, image\/jpeg with \d+ bytes for the other/);
});

test('image sizes without WebP are reported with the way to get it, and not as a fault', async () => {
  const results = await examine({ cdn: { formats: 'none' } });
  expect(troublesIn(results)).toEqual([]);
  expect(results.find(({ name }) => name === 'WebP')).toMatchObject({
    result: 'unchecked',
    found: 'browsers get image sizes as JPEG, not as WebP',
    cure: expect.stringContaining('docs/other-s3.md'),
  });
  expect(patient?.keys()).toEqual([]);
});

test('a CDN that refuses image sizes with 403 is not blamed for their format, which cannot be told then', async () => {
  const results = await examine({
    edge: {
      change: (answer, path) => {
        if (path.includes('/size/') && path.endsWith('-photo.jpg')) answer.status = 403;
      },
    },
  });
  expect(troublesIn(results)).toEqual([]);
  expect(results.find(({ name }) => name === 'WebP')).toMatchObject({
    result: 'unchecked',
    found: 'the CDN does not request image sizes from Ghost',
  });
});

test('originals are said to be private only where the CDN refuses one that exists', async () => {
  const results = await examine();
  expect(results.find(({ name }) => name === 'originals')).toMatchObject({
    result: 'passed',
    found: 'the CDN refuses originals',
  });
  const asked = patient?.s3.requests.filter(
    ({ operation, key }) => operation === 'PutObject' && key?.endsWith('_o.png'),
  );
  expect(asked?.map(({ key }) => key)).toEqual([
    expect.stringMatching(/^content\/images\/\d{4}\/\d\d\/doctor-.*-images_o\.png$/),
  ]);
});

test('the fix for originals on AWS is to run provision again, or to add the statement by hand', async () => {
  patient = await startPatient({ cdn: { publicOriginals: true } });
  const context = patient.contextFor();
  // On AWS there is no endpoint in the configuration. The requests go to the stand-in all the same.
  const [images] = context.probes.all;
  if (images) {
    images.config = { ...images.config, endpoint: undefined };
  }
  const { cure } = await checkOriginals(context);
  expect(cure).toMatch(/^Run provision again.* CloudFrontReadsNoOriginals .*\/content\/images\/\*.*--public-originals/);
  await context.cleanUp();
});

test('at least 85 broken setups are named once each', () => {
  expect(new Set(BROKEN.map(([title]) => title)).size).toBeGreaterThanOrEqual(85);
});

describe('with a distribution that is told of changes', () => {
  let cloudFront: CloudFrontRecorder;
  const withDistribution: Breakage = {
    config: ({ storage }) => (storage.S3CloudFrontStorage.distributionId = 'E2EXAMPLE1ABCD'),
  };

  beforeEach(async () => {
    cloudFront = await startCloudFrontRecorder();
    process.env.AWS_ENDPOINT_URL_CLOUDFRONT = cloudFront.endpoint;
  });
  afterEach(async () => {
    delete process.env.AWS_ENDPOINT_URL_CLOUDFRONT;
    await cloudFront.close();
  });

  test('the probe alone is invalidated', async () => {
    expect(troublesIn(await examine(withDistribution))).toEqual([]);
    expect(cloudFront.invalidations).toHaveLength(1);
    expect(cloudFront.invalidations[0]?.paths).toEqual([
      expect.stringMatching(/^\/content\/images\/\d{4}\/\d{2}\/doctor-[0-9a-f]{32}-images\.png$/),
    ]);
  });

  test.each([
    ['AccessDenied', 'Ghost may not invalidate', '"cloudfront:CreateInvalidation"'],
    ['NoSuchDistribution', 'The distribution E2EXAMPLE1ABCD does not exist', 'Correct "distributionId"'],
  ] as const)('%s: named once, and nothing else', async (failure, found, cure) => {
    cloudFront.failFor('E2EXAMPLE1ABCD', failure, Infinity);
    const results = await examine(withDistribution);
    expect(troublesIn(results)).toEqual([expect.stringContaining(`failed invalidate: `)]);
    expect(results.find(({ name }) => name === 'invalidate')).toMatchObject({
      found: expect.stringContaining(found),
      cure: expect.stringContaining(cure),
    });
  });
});

describe('behind an nginx, which remembers for a minute what is not there', () => {
  const examineNginx = (breakage: Breakage) => examine({ ...breakage, nginx: true });

  test.each<[string, Breakage, string[]]>([
    ['nothing else is wrong', {}, ['failed asked too early: ']],
    [
      'its certificate is for another name',
      { certificate: { hostname: 'other.example.test' } },
      ['failed certificate: The certificate of images.example.test is for other'],
    ],
    [
      'its certificate has expired',
      { certificate: { days: -1 } },
      ['failed certificate: The certificate of images.example.test expired'],
    ],
    ['it reads another bucket', { cdn: { bucket: 'other-images' } }, ['failed same bytes: The CDN answers 404']],
    [
      'it does not ask Ghost',
      { cdn: { withoutGhost: true } },
      ['failed sizes on the CDN: The CDN answers 404 for an image size', 'failed asked too early: '],
    ],
    [
      'it has another secret than Ghost',
      { cdn: { secret: 'another-secret-than-that-of-ghost' }, ghost: { hidesProxies: true } },
      ['failed sizes on the CDN: The CDN answers 302', 'failed asked too early: '],
    ],
  ])('%s', async (_title, breakage, expected) => {
    const found = troublesIn(await examineNginx(breakage));
    expect(found).toEqual(expected.map((text) => expect.stringContaining(text)));
    expect(patient?.keys()).toEqual([]);
  });
});

test('uploads that are encrypted with a key are looked at as such', async () => {
  const results = await examine({
    config: ({ storage }) =>
      Object.assign(storage.S3CloudFrontStorage, { serverSideEncryption: 'aws:kms', kmsKeyId: 'alias/pictures' }),
  });
  expect(troublesIn(results)).toEqual([]);
  expect(results.find(({ name }) => name === 'encrypt')?.found).toBe('aws:kms');
});

test('a clock that is wrong: named once, and nothing else', async () => {
  patient = await startPatient();
  const { now } = Date;
  jest.spyOn(Date, 'now').mockImplementation(() => now() - 20 * 60_000);
  const results = await patient.examine();
  expect(troublesIn(results)).toEqual([
    expect.stringMatching(/^failed clock: The clock of this machine is 20 minutes slow/),
  ]);
  expect(results.find(({ name }) => name === 'write')).toMatchObject({
    result: 'unchecked',
    skippedFor: 'clock',
    found: 'skipped because this failed: the clock is correct',
  });
});

test('what needs something that has failed is not checked, and says because of what', async () => {
  const results = await examine({ forbidden: ['s3:DeleteObject'] });
  const because = results.filter(({ skippedFor }) => skippedFor === 'delete').map(({ name }) => name);
  expect(because).toEqual(expect.arrayContaining(['write', 'read', 'same bytes', 'ranges', 'old links', 'sizes']));
  // Without the right to delete, nothing is written.
  expect(patient?.s3.requests.some(({ operation }) => operation === 'PutObject')).toBe(false);
});

test('the options of the command line are enough where Ghost is elsewhere', async () => {
  patient = await startPatient();
  const { accessKeyId, secretAccessKey } = patient.s3.credentials;
  process.env.AWS_ACCESS_KEY_ID = accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = secretAccessKey;
  try {
    const { endpoint, region } = patient.s3;
    const given = { bucket: BUCKET, region, endpoint, forcePathStyle: true, cdnUrl: CDN_HOST };
    const results = await patient.examine(given);
    expect(troublesIn(results)).toEqual([]);
    expect(results.find(({ name }) => name === 'credentials')?.found).toContain('AKIA…0000 from the environment');
    expect(results.find(({ name }) => name === 'sizes on the CDN')?.result).toBe('passed');
    expect(results.filter(({ group, result }) => group === 'Ghost' && result === 'unchecked').length).toBeGreaterThan(
      5,
    );
    expect(patient.keys()).toEqual([]);
  } finally {
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
  }
});

test('a blog that is its own CDN is looked at as one', async () => {
  const results = await examine({
    ghost: { adapter: { serve: 'stream' } },
    config: (config) => {
      config.url = `https://${CDN_HOST}`;
    },
  });
  expect(troublesIn(results)).toEqual([]);
  expect(results.find(({ name }) => name === 'old links')?.found).toBe('Ghost sends the file');
});

test('several blogs in one bucket: looked at below their prefix', async () => {
  const results = await examine({ tenantPrefix: 'blog-7' });
  // The stand-in falls back to the Ghost of a single blog only.
  expect(troublesIn(results)).toEqual([expect.stringContaining('failed sizes on the CDN')]);
  const keys = patient?.s3.requests.filter(({ operation }) => operation === 'PutObject').map(({ key }) => key);
  expect(keys?.every((key) => key?.startsWith('blog-7/content/'))).toBe(true);
  expect(patient?.keys()).toEqual([]);
});

test('when the user has had enough in the middle, nothing is left in the bucket', async () => {
  patient = await startPatient();
  const stop = new AbortController();
  const { requests } = patient.s3;
  const timer = setInterval(() => {
    if (requests.some(({ operation, status }) => operation === 'PutObject' && status === 200)) stop.abort();
  }, 1);
  const results = await patient.examine(undefined, stop.signal);
  clearInterval(timer);
  expect(results.length).toBeLessThan(40);
  expect(requests.filter(({ operation }) => operation === 'PutObject').length).toBeGreaterThan(0);
  expect(patient.keys()).toEqual([]);
});

test('no secret is in what is shown', async () => {
  const results = await examine({ config: ({ storage }) => (storage.S3CloudFrontStorage.secretAccessKey = 'not-it') });
  const shown = JSON.stringify([...results, ...(await (await restart()).examine())]);
  expect(shown).not.toMatch(/not-it|secret-of-the-ghost|a-secret-between|AKIADOCTORGHOST00000/);
});

async function restart(): Promise<Patient> {
  await patient?.close();
  patient = await startPatient();
  return patient;
}

/** Leaves Ghost on its disk, with the options of the adapter in its configuration, as `provision --write-config` does. */
function onlyOptions(config: Parameters<NonNullable<Breakage['config']>>[0]): void {
  const { S3CloudFrontStorage } = config.storage;
  Object.assign(config, { storage: { S3CloudFrontStorage }, urls: undefined });
}

/** Changes the CDN's answers for the blog's own images. */
function ofOwnImages(change: (answer: Answer, path: string) => unknown): (answer: Answer, path: string) => void {
  return (answer, file) => void (/\/own-/.test(file) && change(answer, file));
}

/** Changes a header of everything. */
function header(name: string, value: string | undefined, alsoWithout = name): (answer: Answer) => void {
  return ({ headers }) => {
    delete headers[alsoWithout];
    headers[name] = value;
  };
}
