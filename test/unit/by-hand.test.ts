import { execFileSync } from 'node:child_process';
import {
  IDENTITY_ACTIONS,
  LOG_ACTIONS,
  MOVING_ACTIONS,
  PROVISIONING_ACTIONS,
} from '../../src/commands/provision/permissions';
import { TEMPLATE_TEXT } from '../../src/template/read';
import { stackNameOf } from '../../src/template/stack-name';
import { problemsOf, problemsOfInstalledCli, problemsOfMention } from '../support/aws-cli';
import {
  awsCommands,
  commandsOf,
  comparable,
  CREATED,
  documentOf,
  propertiesOf,
  recorded,
  valueOf,
} from '../support/by-hand';
import { blocks, BY_HAND, docs, read, spans } from '../support/docs';
import type { Command } from '../support/recorded-script';

const byHand = docs[BY_HAND] ?? '';

describe('the AWS CLI commands in the docs', () => {
  test('exist, with the required arguments and no unknown ones', async () => {
    expect(awsCommands.length).toBeGreaterThan(60);
    const problems = awsCommands.flatMap((command) =>
      problemsOf(command).map((problem) => `${command.args.slice(0, 3).join(' ')}: ${problem}`),
    );
    expect(problems).toEqual([]);

    // Each takes a while, so commands with the same options and documents are checked once.
    const kind = ({ args, files }: Command) => [args.slice(0, 2), args.filter((word) => /^--/.test(word)), files];
    const requesting = awsCommands.filter(({ args }) => !['login', 'configure'].includes(args[0] ?? ''));
    const once = [...new Map(requesting.map((command) => [JSON.stringify(kind(command)), command])).values()];
    const files = {
      'infrastructure/template.yaml': TEMPLATE_TEXT,
      'hello.txt': 'Hello',
      'content/images/x.jpg': '',
      'content/media/x.mp4': '',
      'content/files/x.pdf': '',
    };
    expect(await problemsOfInstalledCli(once, files)).toEqual({});
  });

  test('exist, also in the middle of a sentence', () => {
    const mentioned = Object.values(docs).flatMap((text) => spans(text).filter((span) => /^aws\s/.test(span)));
    expect(mentioned.length).toBeGreaterThan(4);
    expect(mentioned.flatMap((line) => problemsOfMention(line).map((problem) => `${line}: ${problem}`))).toEqual([]);
  });
});

test('by hand, no other user of the computer can read the secret', () => {
  const words = recorded.commands.flatMap(({ args }) => args);
  expect(words.filter((word) => word.includes(CREATED.secret))).toEqual([]);
  const holding = Object.keys(recorded.files).filter((name) => recorded.files[name]?.includes(CREATED.secret));
  expect(holding.sort()).toEqual(['distribution.json', 'ids.sh']);
  expect(holding.map((name) => recorded.modes[name])).toEqual([0o600, 0o600]);
  // So does another terminal, which reads the values from the file.
  expect(recorded.files['ids.sh']).toMatch(/^umask 077$/m);
});

test('the list of actions for the person who provisions is complete', () => {
  const [list = ''] = blocks(byHand, 'text');
  const listed = [...list.replace(/^#.*$/gm, '').matchAll(/^(\w+):((?:\s+\w+(?!:))+)$/gm)].flatMap(
    ([, service = '', names = '']) =>
      names
        .trim()
        .split(/\s+/)
        .map((name) => `${service}:${name}`),
  );
  const needed = [
    ...Object.keys(PROVISIONING_ACTIONS),
    ...Object.values(IDENTITY_ACTIONS).flat(),
    ...MOVING_ACTIONS,
    ...LOG_ACTIONS,
    // For diff
    'cloudformation:DetectStackDrift',
    'cloudformation:DescribeStackDriftDetectionStatus',
    'cloudformation:DescribeStackResourceDrifts',
    // For destroy, when the bucket is deleted too
    's3:ListBucketVersions',
    's3:DeleteObjectVersion',
  ];
  expect([...new Set(listed)].sort()).toEqual([...new Set(needed)].sort());
});

/** @param index among the functions that are created */
function expectFunction(resource: string, file: string, index: number): void {
  const { FunctionCode, FunctionConfig } = propertiesOf(resource);
  expect(recorded.files[file]).toBe(FunctionCode);
  expect(valueOf('cloudfront create-function', '--function-config', index)).toBe(
    Object.entries(FunctionConfig as object)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(','),
  );
}

describe('by hand, the result is the same as with the template:', () => {
  test('a bucket that is private, encrypted and versioned, with its lifecycle', () => {
    const bucket = propertiesOf('Bucket') as Record<string, Record<string, unknown>>;
    const ownership = bucket.OwnershipControls as { Rules: { ObjectOwnership: string }[] } | undefined;
    expect(valueOf('s3api create-bucket', '--object-ownership')).toBe(ownership?.Rules[0]?.ObjectOwnership);
    const publicAccess = valueOf('s3api put-public-access-block', '--public-access-block-configuration');
    expect(publicAccess.split(',').sort()).toEqual(
      Object.entries(bucket.PublicAccessBlockConfiguration ?? {})
        .map(([name, value]) => `${name}=${String(value)}`)
        .sort(),
    );
    expect(valueOf('s3api put-bucket-versioning', '--versioning-configuration')).toBe(
      `Status=${String(bucket.VersioningConfiguration?.Status)}`,
    );
    const encryption = valueOf('s3api put-bucket-encryption', '--server-side-encryption-configuration');
    expect(JSON.parse(encryption.replace('Apply', ''))).toEqual({
      Rules: bucket.BucketEncryption?.ServerSideEncryptionConfiguration,
    });
    const { Rules } = documentOf('s3api put-bucket-lifecycle-configuration', '--lifecycle-configuration');
    // S3 requires a filter for all objects, and has the marker elsewhere.
    const rules = (Rules as Record<string, unknown>[]).map(({ ID: Id, Filter: _, Expiration, ...rule }) => ({
      ...{ Id, ...rule },
      ...(Expiration as object),
    }));
    expect(rules).toEqual(bucket.LifecycleConfiguration?.Rules);
  });

  test('a bucket policy with the same statements', () => {
    expect(documentOf('s3api put-bucket-policy', '--policy')).toEqual(propertiesOf('BucketPolicy').PolicyDocument);
  });

  test('the same access control of the origin', () => {
    const config = {
      ...(propertiesOf('OriginAccessControl').OriginAccessControlConfig as object),
      Name: 'ghost-images-example-com',
    };
    expect(valueOf('cloudfront create-origin-access-control', '--origin-access-control-config')).toBe(
      Object.entries(config)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(','),
    );
  });

  test.each(['ImageHeaders', 'FileHeaders'])('the same headers (%s)', (name) => {
    const option = '--response-headers-policy-config';
    const index = name === 'ImageHeaders' ? 0 : 1;
    const config = documentOf('cloudfront create-response-headers-policy', option, index);
    const expected = propertiesOf(name).ResponseHeadersPolicyConfig as object;
    expect(comparable({ ...config, Name: '' })).toEqual(comparable({ ...expected, Name: '' }));
  });

  test('the same function for paths', () => {
    expectFunction('PathFunction', 'paths.js', 0);
  });

  test('the same function for CORS', () => {
    expectFunction('CorsFunction', 'cors.js', 1);
  });

  test('the same function for image sizes', () => {
    expectFunction('SizeFunction', 'sizes.js', 2);
  });

  test('the same distribution, at first without the domain and without Ghost', () => {
    const config = documentOf('cloudfront create-distribution', '--distribution-config');
    const withoutGhost = { GhostHost: '', FallbackSecret: '' };
    const expected = propertiesOf('Distribution', withoutGhost).DistributionConfig as object;
    const { aliases, viewercertificate, ...others } = comparable({ ...expected, CallerReference: '' }) as Record<
      string,
      unknown
    >;
    expect(aliases).toEqual(['images.example.com']);
    expect(viewercertificate).toHaveProperty('acmcertificatearn');
    expect(comparable({ ...config, CallerReference: '' })).toEqual(others);
  });

  test('the same distribution in the end, with the domain, its certificate and Ghost', () => {
    // The third one is for an existing distribution, and the fourth disables it when leaving.
    expect(commandsOf('cloudfront update-distribution')).toHaveLength(4);
    const config = documentOf('cloudfront update-distribution', '--distribution-config', 1);
    const expected = propertiesOf('Distribution').DistributionConfig as object;
    expect(comparable({ ...config, CallerReference: '' })).toEqual(comparable({ ...expected, CallerReference: '' }));
  });

  test('the same records in Route 53', () => {
    const [, ...batches] = commandsOf('route53 change-resource-record-sets');
    const { Changes } = JSON.parse(Object.values(batches[0]?.files ?? {})[0] ?? '') as {
      Changes: { ResourceRecordSet: { AliasTarget: object } }[];
    };
    // The API requires the health check, which CloudFormation turns off by default.
    const expected = (propertiesOf('DomainRecords').RecordSets as { AliasTarget: object }[]).map((record) => ({
      Action: 'UPSERT',
      ResourceRecordSet: { ...record, AliasTarget: { ...record.AliasTarget, EvaluateTargetHealth: false } },
    }));
    expect(Changes).toEqual(expected);
    const left = JSON.parse(Object.values(batches[1]?.files ?? {})[0] ?? '') as typeof expected;
    expect(left).toEqual({ Changes: expected.map((change) => ({ ...change, Action: 'DELETE' })) });
  });

  test('the same permissions for Ghost', () => {
    const { PolicyDocument, Description } = propertiesOf('GhostPolicy');
    expect(documentOf('iam create-policy', '--policy-document')).toEqual(PolicyDocument);
    expect(valueOf('iam create-policy', '--description')).toBe(Description);
  });

  test.each([
    ['EC2', 'GhostEc2Role', 'ec2-role', 0],
    ['ECS', 'GhostTaskRole', 'ecs-task-role', 1],
  ])('the same role for a Ghost on %s', (_, name, Identity, index) => {
    const { AssumeRolePolicyDocument, Description } = propertiesOf(name, { Identity });
    expect(documentOf('iam create-role', '--assume-role-policy-document', index)).toEqual(AssumeRolePolicyDocument);
    expect(valueOf('iam create-role', '--description', index)).toBe(Description);
  });

  test('all of it with the script that is in the package', () => {
    const [{ args } = { args: [] }] = recorded.commands.filter(({ name }) => name === 'bash');
    const [script = '', ...words] = args;
    const [, usage] = /^# +bash provision\.sh (.*)$/m.exec(read(script)) ?? [];
    expect(words.join(' ')).toBe(usage);
  });
});

describe('the pieces that are added by hand', () => {
  const documents = Object.values(docs)
    .flatMap((text) => blocks(text, 'json'))
    .map((block) => JSON.parse(block) as unknown);
  const find = (key: string, value?: unknown) =>
    documents.flat().filter((document) => {
      const found = (document as Record<string, unknown>)[key];
      return value === undefined ? found !== undefined : found === value;
    }) as Record<string, unknown>[];

  test('are the statements of the template, for a bucket that has a policy', () => {
    const { Statement } = propertiesOf('BucketPolicy').PolicyDocument as {
      Statement: { Sid: string; Principal: unknown }[];
    };
    // Their names are unique: a policy takes each name once, and the bucket may have another distribution already.
    const added = Statement.filter(({ Principal }) => Principal !== '*');
    expect(JSON.parse(recorded.files['statements.json'] ?? '')).toEqual(
      added.map((statement) => ({ ...statement, Sid: `${statement.Sid}${CREATED.distribution}` })),
    );
  });

  test('are the origin and the path of the template, for a blog in a subdirectory', () => {
    const { DistributionConfig } = propertiesOf('Distribution', { GhostHost: 'example.com', GhostPath: '/blog' });
    const { Origins, CacheBehaviors } = DistributionConfig as Record<string, Record<string, unknown>[]>;
    const [origin] = find('Id', 'ghost-redirects');
    const ours = JSON.stringify(origin).replace('FALLBACK_SECRET', CREATED.secret);
    expect(comparable(JSON.parse(ours))).toEqual(comparable(Origins?.find(({ Id }) => Id === 'ghost-redirects')));
    expect(CacheBehaviors?.map(({ PathPattern }) => PathPattern)).toContain('/blog/content/images/*');
  });

  test('are the functions, the origins and the paths of the template, for one of several blogs', () => {
    const parameters = { TenantPrefix: 'blog-8' };
    const { DistributionConfig } = propertiesOf('Distribution', parameters);
    const { Origins, CacheBehaviors } = DistributionConfig as Record<string, Record<string, unknown>[]>;
    const page = docs['docs/several-blogs.md'] ?? '';
    const [line = ''] = blocks(page, 'js');
    for (const [resource, file] of [
      ['PathFunction', 'paths.js'],
      ['SizeFunction', 'sizes.js'],
    ] as const) {
      const ours = recorded.files[file]?.replace("const tenantPrefix = '';", line.trim());
      expect(ours).toBe(propertiesOf(resource, parameters).FunctionCode);
    }
    for (const name of [
      ...(Origins ?? []).map(({ Id }) => Id).filter((id) => id !== 'ghost'),
      ...(CacheBehaviors ?? []).map(({ PathPattern }) => PathPattern),
    ]) {
      expect(page).toContain(`\`${String(name)}\``);
    }
    expect((CacheBehaviors ?? []).findIndex(({ TargetOriginId }) => TargetOriginId === 'ghost-redirects')).toBe(2);
  });
});

test.each(['images.example.com', 'images.my-blog.example.com', 'images-my.blog.example.com'])(
  'the stack for %s has the same name by hand and with the command',
  (domain) => {
    const [lines = ''] = /^NAME=[^]*?^GHOST=/m.exec(byHand) ?? [];
    const name = lines.replace(/^GHOST=/m, 'echo "$NAME"');
    expect(execFileSync('bash', ['-c', `DOMAIN=${domain}\n${name}`], { encoding: 'utf8' }).trim()).toBe(
      stackNameOf(domain),
    );
  },
);
