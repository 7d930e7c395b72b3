import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command as Program } from 'commander';
import { createProgram } from '../../src/commands/program';
import { parseConfig } from '../../src/core/config';
import { costLines } from '../../src/commands/provision/costs';
import { stackNameOf } from '../../src/template/stack-name';
import {
  IDENTITY_ACTIONS,
  LOG_ACTIONS,
  MOVING_ACTIONS,
  PROVISIONING_ACTIONS,
} from '../../src/commands/provision/permissions';
import { readTemplate, TEMPLATE_TEXT } from '../../src/template/read';
import { problemsOf, problemsOfInstalledCli, problemsOfMention } from '../support/aws-cli';
import { recordScript, type Command } from '../support/recorded-script';
import { PSEUDO_PARAMETERS, render, withReferencesAsText } from '../support/template/render';

const root = path.resolve(__dirname, '../..');
const GUIDE = 'infrastructure/GUIDE.md';
const texts: Record<string, string> = Object.fromEntries(
  ['README.md', GUIDE].map((name) => [name, readFileSync(path.join(root, name), 'utf8')]),
);
const guide = texts[GUIDE] ?? '';

/** What AWS gives to what is made by hand. */
const MADE = {
  account: PSEUDO_PARAMETERS['AWS::AccountId'] ?? '',
  bucket: `ghost-images-example-com-${PSEUDO_PARAMETERS['AWS::AccountId']}`,
  accessControl: 'E327GJI25M56DG',
  imageHeaders: '57f99797-3b20-4e1b-a728-27972a74082a',
  fileHeaders: '67f7725c-6f97-4210-82d7-5512b31e9d03',
  pathFunction: `arn:aws:cloudfront::${PSEUDO_PARAMETERS['AWS::AccountId']}:function/ghost-images-example-com-paths`,
  corsFunction: `arn:aws:cloudfront::${PSEUDO_PARAMETERS['AWS::AccountId']}:function/ghost-images-example-com-cors`,
  distribution: 'E1A2B3C4D5E6F7',
  distributionDomain: 'd111111abcdef8.cloudfront.net',
  certificate: 'arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0',
  secret: '5f2b8c1d9e7a4036b1c2d3e4f5061728394a5b6c7d8e9f00',
  policy: 'arn:aws:iam::123456789012:policy/ghost-images-example-com',
};

const ANSWERS: Record<string, string> = {
  'aws sts get-caller-identity': MADE.account,
  'aws cloudfront create-origin-access-control': MADE.accessControl,
  'aws cloudfront create-response-headers-policy --response-headers-policy-config file://image': MADE.imageHeaders,
  'aws cloudfront create-response-headers-policy --response-headers-policy-config file://file': MADE.fileHeaders,
  'aws cloudfront create-distribution': MADE.distribution,
  'aws cloudfront create-function': 'ETVPDKIKX0DER',
  'aws cloudfront describe-function --name ghost-images-example-com-paths --stage LIVE': MADE.pathFunction,
  'aws cloudfront describe-function --name ghost-images-example-com-cors --stage LIVE': MADE.corsFunction,
  'aws cloudfront describe-function': 'ETVPDKIKX0DER',
  'aws cloudfront get-distribution --': MADE.distributionDomain,
  'aws cloudfront get-': 'E2QWRUHAPOMQZL',
  'aws acm request-certificate': MADE.certificate,
  'aws acm describe-certificate': '_3f1c.images.example.com.',
  'aws route53 list-hosted-zones-by-name': '/hostedzone/Z0123456789ABCDEFGHIJ',
  'aws iam create-policy': MADE.policy,
  'aws wafv2 create-web-acl': `arn:aws:wafv2:us-east-1:${MADE.account}:global/webacl/images/473e64fd`,
  'aws iam list-access-keys': 'AKIAIOSFODNN7EXAMPLE',
  'openssl rand': MADE.secret,
  jq: '{ "Version": "2012-10-17", "Statement": [] }',
};

/** The blocks of a language, without the indent of a list. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, 'gm'))].map(
    ([, indent = '', block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/** What stands between backticks in a text, beside its blocks. */
const spans = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);

const script = Object.values(texts)
  .flatMap((text) => blocks(text, 'bash'))
  // All of the guide; of others what concerns AWS.
  .filter((block) => blocks(guide, 'bash').includes(block) || /\baws /.test(block));
const recorded = recordScript(script.join('\n'), ANSWERS);
const commands = recorded.commands.filter(({ name }) => name === 'aws');

/** The commands of an operation, `s3api create-bucket`. */
const commandsOf = (operation: string) => commands.filter(({ args }) => args.slice(0, 2).join(' ') === operation);

/**
 * What a command says after an option: the word, or what is in the file that it names.
 *
 * @param index among the commands of the operation
 */
function valueOf(operation: string, option: string, index = 0): string {
  const command = commandsOf(operation)[index];
  const word = command?.args[command.args.indexOf(option) + 1] ?? '';
  return command?.files[word] ?? word;
}

const documentOf = (operation: string, option: string, index = 0) =>
  JSON.parse(valueOf(operation, option, index)) as Record<string, unknown>;

const STACK_PARAMETERS = {
  Domain: 'images.example.com',
  CertificateArn: MADE.certificate,
  GhostHost: 'blog.example.com',
  FallbackSecret: MADE.secret,
  GhostPath: '',
  HostedZoneId: 'Z0123456789ABCDEFGHIJ',
  Identity: 'policy-only',
};

/** The properties of a resource of the template, with the names that AWS has given by hand. */
function propertiesOf(name: string, parameters: Record<string, string> = {}): Record<string, unknown> {
  const names: Record<string, string> = {
    Bucket: MADE.bucket,
    'Bucket.Arn': `arn:aws:s3:::${MADE.bucket}`,
    'Bucket.RegionalDomainName': `${MADE.bucket}.s3.eu-central-1.amazonaws.com`,
    Distribution: MADE.distribution,
    'Distribution.DomainName': MADE.distributionDomain,
    'OriginAccessControl.Id': MADE.accessControl,
    ImageHeaders: MADE.imageHeaders,
    FileHeaders: MADE.fileHeaders,
    'PathFunction.FunctionARN': MADE.pathFunction,
    'CorsFunction.FunctionARN': MADE.corsFunction,
    GhostPolicy: MADE.policy,
  };
  const stack = withReferencesAsText(render(readTemplate(), { ...STACK_PARAMETERS, ...parameters }));
  const text = JSON.stringify(stack.Resources[name]?.Properties);
  return JSON.parse(text.replace(/\$\{([\w.]+)\}/g, (_, reference: string) => names[reference] ?? reference)) as Record<
    string,
    unknown
  >;
}

/** What CloudFront wants to be told, and CloudFormation tells it by itself; keys in lower case. */
const TOLD_BY_CLOUDFORMATION: Record<string, unknown> = {
  httpport: 80,
  httpsport: 443,
  originkeepalivetimeout: 5,
  originpath: '',
  origincustomheaders: [],
  smoothstreaming: false,
  lambdafunctionassociations: [],
  fieldlevelencryptionid: '',
};

/** CloudFormation's names where they are others, in lower case. */
const NAMES: Record<string, string> = { isipv6enabled: 'ipv6enabled', customheaders: 'origincustomheaders' };

/**
 * Brings a document of CloudFront's API, and what the template says in its place, into one form.
 *
 * @throws Error when a Quantity is not the number of its Items
 */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(comparable);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const { Quantity, Items = [], ...others } = value as { Quantity?: number; Items?: unknown[] };
  if (Quantity !== undefined && Quantity !== Items.length) {
    throw new Error(`Quantity ${Quantity}, but ${Items.length} Items: ${JSON.stringify(value)}`);
  }
  if ((Quantity !== undefined || 'Items' in value) && Object.keys(others).length === 0) {
    return comparable(Items);
  }
  const entries = Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
    if (key === 'AllowedMethods' && !Array.isArray(member)) {
      const { CachedMethods, ...allowed } = member as { CachedMethods: unknown };
      return [
        ['allowedmethods', comparable(allowed)],
        ['cachedmethods', comparable(CachedMethods)],
      ];
    }
    const name = key.toLowerCase();
    return [[NAMES[name] ?? name, comparable(member)]];
  });
  return Object.fromEntries(
    entries.filter(([name, member]) => JSON.stringify(member) !== JSON.stringify(TOLD_BY_CLOUDFORMATION[name])),
  );
}

describe('the commands of the setup guide', () => {
  test('are ones that AWS knows, with what it needs and nothing else', async () => {
    expect(commands.length).toBeGreaterThan(60);
    const problems = commands.flatMap((command) =>
      problemsOf(command).map((problem) => `${command.args.slice(0, 3).join(' ')}: ${problem}`),
    );
    expect(problems).toEqual([]);

    // Each takes a while: one of those that have the same options and documents is enough.
    const kind = ({ args, files }: Command) => [args.slice(0, 2), args.filter((word) => /^--/.test(word)), files];
    const once = [...new Map(commands.map((command) => [JSON.stringify(kind(command)), command])).values()];
    const files = {
      'infrastructure/template.yaml': TEMPLATE_TEXT,
      'hello.txt': 'Hello',
      'content/images/x.jpg': '',
      'content/media/x.mp4': '',
      'content/files/x.pdf': '',
    };
    expect(await problemsOfInstalledCli(once, files)).toEqual({});
  }, 300_000);

  test('are ones that AWS knows, also in the middle of a sentence', () => {
    const mentioned = Object.values(texts).flatMap((text) => spans(text).filter((span) => /^aws\s/.test(span)));
    expect(mentioned.length).toBeGreaterThan(4);
    expect(mentioned.flatMap((line) => problemsOfMention(line).map((problem) => `${line}: ${problem}`))).toEqual([]);
  });

  test('have the options of the command line, and its commands', () => {
    const program = createProgram();
    const optionsOf = ({ options }: Program) => options.map(({ long }) => long);
    const find = (commands: readonly Program[], name = '') => commands.find((command) => command.name() === name);
    const unknown: string[] = [];
    const called = new Set<string>();
    for (const [file, text] of Object.entries(texts)) {
      const lines = blocks(text, 'bash').flatMap((piece) => piece.replaceAll('\\\n', ' ').split('\n'));
      for (const line of [...lines, ...spans(text)]) {
        const [, words = ''] = /\bnpx (?:--yes )?\S*ghost-storage-s3-cloudfront\S* +(.*)$/.exec(line) ?? [];
        const [first = '', second = '', ...rest] = (words || line.trim()).split(/\s+/);
        const command = find(program.commands, first);
        if (!command) {
          // A word of its own in a sentence may be anything else.
          unknown.push(...(words || /^[a-z]+ --/.test(line) ? [`${file}: ${line}`] : []));
          continue;
        }
        called.add(first);
        const below = find(command.commands, second);
        if (!below && command.commands.length > 0 && /^[a-z]/.test(second)) {
          unknown.push(`${file}: ${first} ${second}`);
        }
        // Commander adds the help by itself.
        const known = [...optionsOf(below ?? command), ...optionsOf(program), '--help'];
        unknown.push(
          ...[second, ...rest]
            .filter((word) => /^--[\w-]/.test(word))
            .filter((option) => !known.includes(option))
            .map((option) => `${file}: ${option} of ${line}`),
        );
      }
    }
    expect(unknown).toEqual([]);
    const visible = program.createHelp().visibleCommands(program);
    const names = visible.map((command) => command.name()).filter((name) => name !== 'help');
    expect([...called].sort()).toEqual(names.sort());
  });

  test('are called by options that exist, also in the middle of a sentence', () => {
    const ofTheAwsCli = [
      '--create-bucket-configuration',
      '--cache-control',
      '--content-type',
      '--metadata-directive',
      '--if-none-match',
    ];
    const program = createProgram();
    const commands = program.commands.filter((command) =>
      ['provision', 'install', 'doctor', 'upload'].includes(command.name()),
    );
    const known = [program, ...commands]
      .flatMap(({ options }) => options.map(({ long }) => long ?? ''))
      .concat(ofTheAwsCli);
    const named = [...guide.matchAll(/`(--[\w-]+)[^`\n]*`/g)].map(([, option = '']) => option);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((option) => !known.includes(option))).toEqual([]);
  });
});

test('the setup guide shows the secret to no other user of the computer', () => {
  const words = recorded.commands.flatMap(({ args }) => args);
  expect(words.filter((word) => word.includes(MADE.secret))).toEqual([]);
  const holding = Object.keys(recorded.files).filter((name) => recorded.files[name]?.includes(MADE.secret));
  expect(holding.sort()).toEqual(['distribution.json', 'ids.sh']);
  expect(holding.map((name) => recorded.modes[name])).toEqual([0o600, 0o600]);
  // Also in another terminal, where the values are read from the file.
  expect(recorded.files['ids.sh']).toMatch(/^umask 077$/m);
});

test('the setup guide lists what who provisions must be allowed to do, all of it', () => {
  const [list = ''] = blocks(guide, 'text');
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

/** @param index among the functions of the guide */
function expectFunction(resource: string, file: string, index: number): void {
  const { FunctionCode, FunctionConfig } = propertiesOf(resource, { TenantPrefix: 'blog-8' });
  expect(recorded.files[file]).toBe(FunctionCode);
  expect(valueOf('cloudfront create-function', '--function-config', index)).toBe(
    Object.entries(FunctionConfig as object)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(','),
  );
}

describe('by hand, the setup guide makes what the template makes:', () => {
  test('a bucket that is private, encrypted and versioned, with its lifecycle', () => {
    const bucket = propertiesOf('Bucket') as Record<string, Record<string, unknown>>;
    expect(valueOf('s3api create-bucket', '--object-ownership')).toBe(
      (bucket.OwnershipControls?.Rules as { ObjectOwnership: string }[])[0]?.ObjectOwnership,
    );
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
    // S3 wants to be told that a rule is for all objects, and has the marker elsewhere.
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
    // The third one is of a distribution that was there, and the fourth switches it off, on leaving.
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
    // CloudFormation takes the health check for switched off, and the API wants to hear it.
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

  test('all of it in the short cut, by the script that is in the package', () => {
    const [{ args } = { args: [] }] = recorded.commands.filter(({ name }) => name === 'bash');
    const [script = '', ...words] = args;
    const [, usage] = /^# +bash provision\.sh (.*)$/m.exec(readFileSync(path.join(root, script), 'utf8')) ?? [];
    expect(words.join(' ')).toBe(usage);
  });
});

describe('what the setup guide gives to be added by hand', () => {
  const documents = blocks(guide, 'json').map((block) => JSON.parse(block) as unknown);
  const find = (key: string, value?: unknown) =>
    documents.flat().filter((document) => {
      const found = (document as Record<string, unknown>)[key];
      return value === undefined ? found !== undefined : found === value;
    }) as Record<string, unknown>[];

  test('are the statements of the template, for a bucket that has a policy', () => {
    const { Statement } = propertiesOf('BucketPolicy').PolicyDocument as {
      Statement: { Sid: string; Effect: string }[];
    };
    // Names of their own: a policy takes each name once, and the bucket may have another distribution already.
    const added = Statement.filter(({ Effect }) => Effect === 'Allow');
    expect(JSON.parse(recorded.files['statements.json'] ?? '')).toEqual(
      added.map((statement) => ({ ...statement, Sid: `${statement.Sid}${MADE.distribution}` })),
    );
  });

  test('are the origin and the path of the template, for a blog in a sub-directory', () => {
    const { DistributionConfig } = propertiesOf('Distribution', { GhostHost: 'example.com', GhostPath: '/blog' });
    const { Origins, CacheBehaviors } = DistributionConfig as Record<string, Record<string, unknown>[]>;
    const [origin] = find('Id', 'ghost-redirects');
    const ours = JSON.stringify(origin).replace('FALLBACK_SECRET', MADE.secret);
    expect(comparable(JSON.parse(ours))).toEqual(comparable(Origins?.find(({ Id }) => Id === 'ghost-redirects')));
    expect(CacheBehaviors?.map(({ PathPattern }) => PathPattern)).toContain('/blog/content/images/*');
  });

  test('are the function, the origins and the paths of the template, for one of several blogs', () => {
    const parameters = { TenantPrefix: 'blog-8' };
    expectFunction('TenantFunction', 'tenant.js', 2);
    const { DistributionConfig } = propertiesOf('Distribution', parameters);
    const { Origins, CacheBehaviors } = DistributionConfig as Record<string, Record<string, unknown>[]>;
    const [association] = find('FunctionAssociations');
    const types = (CacheBehaviors?.[0]?.FunctionAssociations as { EventType: string }[]).map(
      ({ EventType }) => EventType,
    );
    expect(comparable(association)).toEqual({
      functionassociations: [
        { eventtype: types[0], functionarn: 'FUNCTION_ARN' },
        { eventtype: types[1], functionarn: 'CORS_FUNCTION_ARN' },
      ],
    });
    const section = guide.slice(guide.indexOf('### Several blogs'), guide.indexOf('### An existing bucket'));
    for (const name of [
      ...(Origins ?? []).map(({ Id }) => Id).filter((id) => id !== 'ghost'),
      ...(CacheBehaviors ?? []).map(({ PathPattern }) => PathPattern),
    ]) {
      expect(section).toContain(`\`${String(name)}\``);
    }
    expect((CacheBehaviors ?? []).findIndex(({ TargetOriginId }) => TargetOriginId === 'ghost-redirects')).toBe(2);
  });

  test('is a configuration that the adapter takes, without a word to say about it', () => {
    const [ghost] = find('storage') as { storage: Record<string, unknown>; urls: Record<string, string> }[];
    const options = [ghost?.storage.S3CloudFrontStorage, ...find('endpoint')] as Record<string, unknown>[];
    expect(options).toHaveLength(2);
    for (const option of options) {
      expect(parseConfig(option).notices).toEqual([]);
      expect(Object.values(ghost?.urls ?? {})).toEqual(Array(3).fill(option.cdnUrl));
    }
    const services = [...guide.matchAll(/^\| .*? +\| `(https:[^`]+)` +\| `([^`]+)` +\| leave out +\|$/gm)];
    expect(services).toHaveLength(2);
    for (const [, endpoint, region] of services) {
      expect(parseConfig({ ...options[1], endpoint, region, forcePathStyle: undefined }).notices).toEqual([]);
    }
  });
});

test.each(['images.example.com', 'images.my-blog.example.com', 'images-my.blog.example.com'])(
  'the stack for %s has the same name by hand and by the command',
  (domain) => {
    const [lines = ''] = /^NAME=[^]*?^GHOST=/m.exec(guide) ?? [];
    const name = lines.replace(/^GHOST=/m, 'echo "$NAME"');
    expect(execFileSync('bash', ['-c', `DOMAIN=${domain}\n${name}`], { encoding: 'utf8' }).trim()).toBe(
      stackNameOf(domain),
    );
  },
);

test('the costs in the setup guide are those that the command shows', () => {
  const costs = guide.slice(guide.indexOf('## Costs'), guide.indexOf('## Troubleshooting'));
  const shown = costLines(undefined).join('\n');
  const figures = shown.match(/\$[\d.]*\d|\d+ (?:TB|GB|million)|[\d,]+ new|[A-Z][a-z]+ 20\d\d/g) ?? [];
  expect(figures.length).toBeGreaterThan(5);
  expect(figures.map((figure) => figure.replace(' new', '')).filter((figure) => !costs.includes(figure))).toEqual([]);
});

describe('links', () => {
  /** GitHub's names of the headings of a text. */
  const anchorsOf = (text: string) =>
    [...text.replace(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    );

  test.each(Object.entries(texts))('of %s lead to files and headings that are there', (file, text) => {
    const prose = text.replace(/^ *```[\s\S]*?^ *```$/gm, '').replace(/`[^`\n]+`(?!\])/g, '');
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const local = links.filter((link) => !/^https?:/.test(link));
    expect(local.length).toBeGreaterThan(0);
    const broken = local.filter((link) => {
      const [name, anchor] = link.split('#', 2) as [string, string?];
      const target = name ? path.resolve(root, path.dirname(file), name) : path.join(root, file);
      return !existsSync(target) || (anchor && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  test('of the setup guide name each heading once', () => {
    const anchors = anchorsOf(guide);
    expect(anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index)).toEqual([]);
  });
});
