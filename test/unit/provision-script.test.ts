import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ghostConfigOf } from '../../src/commands/provision/ghost-config';
import { stackNameOf } from '../../src/template/stack-name';
import { parseConfig } from '../../src/core/config';
import { readTemplate, TEMPLATE_TEXT } from '../../src/template/read';
import { problemsOf, problemsOfInstalledCli } from '../support/aws-cli';
import { type Answers, HANGS } from '../support/aws-cli-stand-in';
import { runProvisionScript, type RunOptions, type ScriptRun } from '../support/provision-script';

const SCRIPT = path.resolve(__dirname, '../../infrastructure/provision.sh');
const DOMAIN = 'images.example.com';
const BLOG = 'https://blog.example.com';
const NAME = stackNameOf(DOMAIN);
const ZONE = 'Z0123456789ABCDEFGHIJ';
const SECRET = '5f2b8c1d9e7a4036b1c2d3e4f5061728394a5b6c7d8e9f00';
const ARN = 'arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
const OTHER_ARN = ARN.replace('0f1e', '1f1e');
const [RECORD, TARGET] = [`_3f1c.${DOMAIN}.`, '_a9b8.acm-validations.aws.'];

const pairs = (key: string, value: string, entries: Record<string, string>) =>
  Object.entries(entries).map(([name, content]) => ({ [key]: name, [value]: content }));

const PARAMETERS = {
  Domain: DOMAIN,
  CertificateArn: ARN,
  HostedZoneId: ZONE,
  TenantPrefix: '',
  FallbackSecret: '****',
};
const OUTPUTS = {
  BucketName: 'ghost-images-example-com-bucket-1abc',
  BucketRegion: 'eu-central-1',
  CdnUrl: `https://${DOMAIN}`,
  DistributionId: 'E1A2B3C4D5E6F7',
  DistributionDomainName: 'd111111abcdef8.cloudfront.net',
  GhostPolicyArn: 'arn:aws:iam::123456789012:policy/ghost-images-example-com',
};

const stackOf = (
  StackStatus: string,
  parameters: Record<string, string> = PARAMETERS,
  outputs: Record<string, string> = OUTPUTS,
): Answers => ({
  'cloudformation describe-stacks': {
    Stacks: [
      {
        StackStatus,
        Parameters: pairs('ParameterKey', 'ParameterValue', parameters),
        Outputs: pairs('OutputKey', 'OutputValue', outputs),
        Tags: [
          { Key: 'ghost-storage-s3-cloudfront', Value: DOMAIN },
          { Key: 'paid by', Value: 'the blog' },
        ],
      },
    ],
  },
});

const certificateOf = (Status: string, record?: object): Answers => ({
  'acm describe-certificate': {
    Certificate: { Status, FailureReason: 'CAA_ERROR', DomainValidationOptions: [{ ResourceRecord: record }] },
  },
});

const listOf = (...certificates: object[]): Answers => ({
  'acm list-certificates': {
    CertificateSummaryList: certificates.map((certificate) => ({
      Type: 'AMAZON_ISSUED',
      Status: 'ISSUED',
      CertificateArn: ARN,
      DomainName: DOMAIN,
      SubjectAlternativeNameSummaries: [DOMAIN],
      ...certificate,
    })),
  },
});

const distributionOf = (HeaderName: string, WebACLId = ''): Answers => ({
  'cloudfront get-distribution-config': {
    DistributionConfig: {
      WebACLId,
      Origins: {
        Items: [
          { CustomHeaders: { Quantity: 0 } },
          { CustomHeaders: { Quantity: 1, Items: [{ HeaderName, HeaderValue: SECRET }] } },
        ],
      },
    },
  },
});

const ZONES = {
  'route53 list-hosted-zones': {
    HostedZones: [
      { Name: `${DOMAIN}.`, Id: '/hostedzone/ZPRIVATE', Config: { PrivateZone: true } },
      { Name: 'example.com.', Id: `/hostedzone/${ZONE}`, Config: { PrivateZone: false } },
      { Name: 'ample.com.', Id: '/hostedzone/ZNOTTHISONE', Config: { PrivateZone: false } },
      { Name: 'com.', Id: '/hostedzone/ZSHORTER', Config: { PrivateZone: false } },
    ],
  },
};

const WITHOUT_ZONE = stackOf('CREATE_COMPLETE', { ...PARAMETERS, HostedZoneId: '' });

/** An account with nothing in it but a zone, in which everything succeeds. */
const FRESH = {
  answers: {
    'sts get-caller-identity': { Account: '123456789012' },
    'cloudformation describe-stacks':
      'An error occurred (ValidationError) when calling the DescribeStacks operation: Stack with id x does not exist',
    ...ZONES,
    ...listOf(),
    'acm request-certificate': { CertificateArn: ARN },
    ...certificateOf('PENDING_VALIDATION'),
    'route53 change-resource-record-sets': {},
    'acm wait': null,
    'cloudformation deploy': null,
  } as Answers,
  after: {
    // ACM needs a moment to choose the record.
    'acm describe-certificate': certificateOf('PENDING_VALIDATION', { Name: RECORD, Value: TARGET }),
    'acm wait': certificateOf('ISSUED'),
    'cloudformation deploy': stackOf('CREATE_COMPLETE'),
  } as Record<string, Answers>,
};

/** The same account with everything that the script makes. */
const BUILT = {
  answers: {
    ...FRESH.answers,
    ...stackOf('UPDATE_ROLLBACK_COMPLETE'),
    ...certificateOf('ISSUED'),
    ...distributionOf('X-Ghost-Cdn-Fallback-Key'),
  },
};

const run = (args: string[], account: Parameters<typeof runProvisionScript>[1] = FRESH, options?: RunOptions) =>
  runProvisionScript([SCRIPT, ...args], account, options);

const changed = (changes: Answers, account: { answers: Answers; after?: Record<string, Answers> } = FRESH) => ({
  ...account,
  answers: { ...account.answers, ...changes },
});

const operationsOf = ({ calls }: ScriptRun) => calls.map(({ args }) => args.slice(0, 2).join(' '));
const callsOf = (result: ScriptRun, operation: string) =>
  result.calls.filter(({ args }) => args.slice(0, 2).join(' ') === operation);

const wordsAfter = (option: string, args: string[]) => {
  if (!args.includes(option)) {
    return [];
  }
  const words = args.slice(args.indexOf(option) + 1);
  const end = words.findIndex((word) => word.startsWith('--'));
  return end < 0 ? words : words.slice(0, end);
};

/** The parameters that CloudFormation got: of two values of a name, the AWS CLI takes the last one. */
function parametersOf(result: ScriptRun): Record<string, string> {
  const [deploy] = callsOf(result, 'cloudformation deploy');
  const [file = ''] = wordsAfter('--parameter-overrides', deploy?.args ?? []);
  const words = JSON.parse(deploy?.files[file] ?? '[]') as string[];
  return Object.fromEntries(words.map((word) => word.split(/=(.*)/s, 2) as [string, string]));
}

const blockOf = ({ stdout }: ScriptRun) => JSON.parse(stdout.slice(stdout.indexOf('\n{') + 1)) as Block;

interface Block {
  storage: { S3CloudFrontStorage: Record<string, unknown> };
}

/** Runs a copy of the script that has more parameters in its list. */
async function runWith(more: string, account: Parameters<typeof runProvisionScript>[1]): Promise<ScriptRun> {
  const folder = mkdtempSync(path.join(tmpdir(), 'edited-script-'));
  try {
    cpSync(path.dirname(SCRIPT), folder, { recursive: true });
    const script = path.join(folder, 'provision.sh');
    const own = 'parameters=("Domain=$domain"';
    writeFileSync(script, readFileSync(SCRIPT, 'utf8').replace(own, `${own} ${more}`));
    return await runProvisionScript([script, DOMAIN, BLOG], account);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let fresh: ScriptRun;

beforeAll(async () => {
  fresh = await run([DOMAIN, BLOG]);
});

describe('infrastructure/provision.sh builds an image server', () => {
  test('from nothing, in Route 53: certificate, its record, stack', () => {
    expect(fresh).toMatchObject({ code: 0, stderr: '' });
    expect(operationsOf(fresh).filter((operation) => !/ (list|describe|get)-/.test(operation))).toEqual([
      'acm request-certificate',
      'route53 change-resource-record-sets',
      'acm wait',
      'cloudformation deploy',
    ]);
    const [request] = callsOf(fresh, 'acm request-certificate');
    expect(request?.args).toEqual(expect.arrayContaining(['us-east-1', 'DNS', DOMAIN]));
    expect(wordsAfter('--idempotency-token', request?.args ?? [])[0]).toMatch(/^\w{1,32}$/);
    const [change] = callsOf(fresh, 'route53 change-resource-record-sets');
    expect(wordsAfter('--hosted-zone-id', change?.args ?? [])).toEqual([ZONE]);
    expect(JSON.parse(Object.values(change?.files ?? {})[0] ?? '')).toEqual({
      Changes: [
        {
          Action: 'UPSERT',
          ResourceRecordSet: { Name: RECORD, Type: 'CNAME', TTL: 300, ResourceRecords: [{ Value: TARGET }] },
        },
      ],
    });
  });

  test('and gives ACM the seconds that it needs to know the new certificate', () => {
    const requested = fresh.order.indexOf('aws acm request-certificate');
    expect(fresh.order.slice(requested, requested + 3)).toEqual([
      'aws acm request-certificate',
      'sleep 15',
      'aws acm describe-certificate',
    ]);
  });

  test('with the parameters of the template, in a stack that the command finds', () => {
    expect(parametersOf(fresh)).toEqual({
      Domain: DOMAIN,
      CertificateArn: ARN,
      HostedZoneId: ZONE,
      GhostHost: 'blog.example.com',
      GhostPath: '',
      FallbackSecret: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    const names = Object.keys(readTemplate().Parameters);
    expect(names).toEqual(expect.arrayContaining(Object.keys(parametersOf(fresh))));
    const [deploy] = callsOf(fresh, 'cloudformation deploy');
    expect(wordsAfter('--stack-name', deploy?.args ?? [])).toEqual([NAME]);
    expect(readFileSync(wordsAfter('--template-file', deploy?.args ?? [])[0] ?? '', 'utf8')).toBe(TEMPLATE_TEXT);
  });

  test('and says beforehand what it is going to do', () => {
    const [first = ''] = fresh.stdout.split('\n');
    for (const text of ['eu-central-1', '123456789012', NAME, ZONE, 'bucket', 'CloudFront', 'certificate']) {
      expect(first).toContain(text);
    }
  });

  test('and prints the outputs, and the options for Ghost that the command prints, and nothing that would activate them', () => {
    for (const [name, value] of Object.entries(OUTPUTS)) {
      expect(fresh.stdout).toContain(`${name}\t${value}`);
    }
    const { FallbackSecret } = parametersOf(fresh);
    const stack = { id: '', name: NAME, status: '', isProtected: false, parameters: PARAMETERS, outputs: OUTPUTS };
    const expected = ghostConfigOf(stack, FallbackSecret) as unknown as Block;
    const block = blockOf(fresh);
    const options = (from: Block) => parseConfig(from.storage.S3CloudFrontStorage);
    expect(options(block)).toEqual(options(expected));
    expect({ ...block, storage: { ...block.storage, S3CloudFrontStorage: {} } }).toEqual({
      ...expected,
      storage: { ...expected.storage, S3CloudFrontStorage: {} },
    });
  });

  test('from nothing, at another DNS provider: prints both records, and waits for the first', async () => {
    const elsewhere = await run([DOMAIN, BLOG], {
      ...changed({ 'route53 list-hosted-zones': { HostedZones: [] } }),
      after: { ...FRESH.after, 'cloudformation deploy': WITHOUT_ZONE },
    });
    expect(elsewhere).toMatchObject({ code: 0, stderr: '' });
    expect(operationsOf(elsewhere)).not.toContain('route53 change-resource-record-sets');
    expect(elsewhere.stdout).toContain(`${RECORD} CNAME ${TARGET}`);
    expect(operationsOf(elsewhere)).toContain('acm wait');
    expect(elsewhere.stdout).toContain(`${DOMAIN} CNAME ${OUTPUTS.DistributionDomainName}`);
    expect(parametersOf(elsewhere).HostedZoneId).toBe('');
  });

  test('for a blog in a sub-directory, in another region, with a parameter of your own', async () => {
    const result = await runProvisionScript([SCRIPT, DOMAIN, 'https://example.com/blog/', 'us-west-2'], FRESH);
    expect(parametersOf(result)).toMatchObject({ GhostHost: 'example.com', GhostPath: '/blog' });
    expect(result.stdout).toContain('us-west-2');
    const edited = await runWith('"Identity=ec2-role" "HostedZoneId="', FRESH);
    expect(parametersOf(edited)).toMatchObject({
      Identity: 'ec2-role',
      HostedZoneId: '',
      GhostHost: 'blog.example.com',
    });
  });

  test('without a blog, and so without a secret', async () => {
    const result = await run([DOMAIN]);
    expect(Object.keys(parametersOf(result)).sort()).toEqual(['CertificateArn', 'Domain', 'HostedZoneId']);
    expect(blockOf(result).storage.S3CloudFrontStorage).not.toHaveProperty('cdnFallbackSecret');
  });
});

describe('infrastructure/provision.sh, run again,', () => {
  test('waits for the certificate that it requested, and requests no other', async () => {
    const pending = changed({
      ...listOf({ Status: 'PENDING_VALIDATION' }),
      ...certificateOf('PENDING_VALIDATION', { Name: RECORD, Value: TARGET }),
    });
    const result = await run([DOMAIN, BLOG], pending);
    expect(result.code).toBe(0);
    expect(operationsOf(result)).not.toContain('acm request-certificate');
    expect(operationsOf(result)).toContain('acm wait');
  });

  test.each([
    [
      'the wildcard of another certificate',
      { SubjectAlternativeNameSummaries: ['example.com', '*.example.com'] },
      true,
    ],
    ['an imported one, which does not renew itself', { Type: 'IMPORTED' }, false],
    ['one of another domain', { SubjectAlternativeNameSummaries: ['images.example.org'] }, false],
    [
      'one that needs records for several names',
      { Status: 'PENDING_VALIDATION', SubjectAlternativeNameSummaries: [DOMAIN, 'example.org'] },
      false,
    ],
  ])('takes the certificates that it can use: %s', async (_, certificate, isUsed) => {
    const found = listOf({ CertificateArn: OTHER_ARN, ...certificate });
    const result = await run([DOMAIN], changed({ ...found, ...certificateOf('ISSUED') }));
    expect(parametersOf(result).CertificateArn).toBe(isUsed ? OTHER_ARN : ARN);
  });

  test('updates the stack: its certificate, secret, zone and tags stay', async () => {
    const result = await run([DOMAIN, BLOG], BUILT);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(operationsOf(result)).not.toEqual(expect.arrayContaining(['acm request-certificate']));
    expect(parametersOf(result)).toEqual({
      Domain: DOMAIN,
      CertificateArn: ARN,
      GhostHost: 'blog.example.com',
      GhostPath: '',
      FallbackSecret: SECRET,
      Formats: 'none',
    });
    expect(blockOf(result).storage.S3CloudFrontStorage.cdnFallbackSecret).toBe(SECRET);
    const [deploy] = callsOf(result, 'cloudformation deploy');
    expect(wordsAfter('--tags', deploy?.args ?? [])).toEqual([
      `ghost-storage-s3-cloudfront=${DOMAIN}`,
      'paid by=the blog',
    ]);
  });

  test('keeps the secret under its former name, also without the URL of the blog', async () => {
    const result = await run([DOMAIN], changed(distributionOf('X-Ghost-Cdn-Fallback'), BUILT));
    expect(parametersOf(result)).toEqual({ Domain: DOMAIN, CertificateArn: ARN, Formats: 'none' });
    expect(blockOf(result).storage.S3CloudFrontStorage.cdnFallbackSecret).toBe(SECRET);
  });

  test('keeps the formats of image sizes, and turns WebP on only in a new stack', async () => {
    const kept = changed(stackOf('UPDATE_COMPLETE', { Domain: DOMAIN, CertificateArn: ARN, Formats: 'webp' }), BUILT);
    expect(parametersOf(await run([DOMAIN, BLOG], kept))).not.toHaveProperty('Formats');
    expect(parametersOf(await run([DOMAIN, BLOG]))).not.toHaveProperty('Formats');
  });

  test('makes no new secret when it cannot read the old one', async () => {
    const unreadable = changed({ 'cloudfront get-distribution-config': 'An error occurred (AccessDenied)' }, BUILT);
    const result = await run([DOMAIN, BLOG], unreadable);
    expect(result.code).not.toBe(0);
    expect(operationsOf(result)).not.toContain('cloudformation deploy');
  });

  test('leaves the web ACL of a flat-rate plan on the distribution', async () => {
    const acl = 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/CreatedByCloudFront-1/473e64fd';
    const result = await run([DOMAIN, BLOG], changed(distributionOf('X-Ghost-Cdn-Fallback-Key', acl), BUILT));
    expect(parametersOf(result).WebAclArn).toBe(acl);
  });

  test('prints the record of a stack that was built without the zone, although there is one now', async () => {
    const result = await run([DOMAIN, BLOG], changed(WITHOUT_ZONE, BUILT));
    expect(result.stdout).toContain(`${DOMAIN} CNAME ${OUTPUTS.DistributionDomainName}`);
    expect((await run([DOMAIN, BLOG], BUILT)).stdout).not.toContain(' CNAME ');
  });

  test('prints the options with the tenant prefix of the stack', async () => {
    const parameters = { ...PARAMETERS, TenantPrefix: 'blog-7' };
    const result = await run([DOMAIN, BLOG], changed(stackOf('CREATE_COMPLETE', parameters), BUILT));
    const { storage } = blockOf(result);
    expect(storage.S3CloudFrontStorage.tenantPrefix).toBe('blog-7');
  });

  test.each(['ROLLBACK_COMPLETE', 'DELETE_FAILED', 'UPDATE_IN_PROGRESS'])(
    'leaves a stack alone that is %s',
    async (status) => {
      const result = await run([DOMAIN, BLOG], changed(stackOf(status), BUILT));
      expect(result.code).toBe(1);
      expect(result.stderr).toContain(`${NAME} is ${status}`);
      expect(operationsOf(result)).not.toContain('cloudformation deploy');
    },
  );

  test('leaves a stack alone that is something else', async () => {
    const result = await run([DOMAIN, BLOG], changed(stackOf('CREATE_COMPLETE', { Size: '4' }), BUILT));
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('is not the image server of images.example.com');
    expect(operationsOf(result)).not.toContain('cloudformation deploy');
  });

  // The command updates it with a template that names and keeps the bucket.
  test('leaves a stack alone that has adopted a bucket', async () => {
    const adopted = stackOf('UPDATE_COMPLETE', PARAMETERS, { ...OUTPUTS, AdoptedBucket: OUTPUTS.BucketName });
    const result = await run([DOMAIN, BLOG], changed(adopted, BUILT));
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('with the command "provision"');
    expect(operationsOf(result)).not.toContain('cloudformation deploy');
  });

  test('requests the certificate with the same token, so that ACM makes no second one, until one has failed', async () => {
    const tokens: (string | undefined)[] = [];
    for (const certificates of [listOf(), listOf({ Status: 'FAILED' })]) {
      const result = await run([DOMAIN], changed(certificates));
      tokens.push(wordsAfter('--idempotency-token', callsOf(result, 'acm request-certificate')[0]?.args ?? [])[0]);
    }
    const [first] = callsOf(fresh, 'acm request-certificate');
    expect(tokens[0]).toBe(wordsAfter('--idempotency-token', first?.args ?? [])[0]);
    expect(tokens[1]).toMatch(/^\w{1,32}$/);
    expect(tokens[1]).not.toBe(tokens[0]);
  });
});

describe('infrastructure/provision.sh stops with a message', () => {
  test.each([
    ['no domain', []],
    ['a domain in capitals', ['Images.example.com']],
    ['a domain with a scheme', [`https://${DOMAIN}`]],
    ['a domain without a dot', ['images']],
    ['a domain that cannot be the name of a certificate', [`${'a'.repeat(60)}.example.com`]],
    ['a blog without https', [DOMAIN, 'http://blog.example.com']],
    ['a blog with a port', [DOMAIN, 'https://blog.example.com:8443']],
    ['the address where editors sign in', [DOMAIN, 'https://blog.example.com/ghost/']],
    ['a blog in a folder above', [DOMAIN, 'https://blog.example.com/..']],
    ['a blog that would break the parameters', [DOMAIN, 'https://blog.example.com/"x']],
    ['the same domain for both', [DOMAIN, `https://${DOMAIN}/blog`]],
    ['a region that is none', [DOMAIN, BLOG, 'Frankfurt']],
  ])('for %s, before it asks AWS', async (_, args) => {
    const result = await run(args);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^".*" is not (?:a|the) |two domains/);
    expect(result.calls.filter(({ args: [word] }) => word !== 'configure')).toEqual([]);
  });

  test.each<[string, Answers, RegExp]>([
    ['no user is signed in', { 'sts get-caller-identity': 'Unable to locate credentials' }, /Sign in first/],
    [
      'the stack cannot be read',
      { 'cloudformation describe-stacks': 'An error occurred (AccessDenied)' },
      /AccessDenied/,
    ],
    ['zones cannot be listed', { 'route53 list-hosted-zones': 'An error occurred (AccessDenied)' }, /AccessDenied/],
    ['certificates cannot be listed', { 'acm list-certificates': 'An error occurred (AccessDenied)' }, /AccessDenied/],
    ['the certificate is refused', certificateOf('FAILED'), /is FAILED \(CAA_ERROR\)/],
    ['CloudFormation fails', { 'cloudformation deploy': 'Failed to create/update the stack.' }, /Failed to create/],
  ])('when %s, and leaves no file behind', async (_, changes, message) => {
    const account = changed(changes);
    // A refused certificate stays refused.
    const after = 'acm describe-certificate' in changes ? {} : FRESH.after;
    const result = await run([DOMAIN, BLOG], { ...account, after });
    expect(result.code).not.toBe(0);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toMatch(/Stopped.*run the same command again/);
    expect(result.stdout).not.toContain('"storage"');
    expect(result.left).toEqual([]);
  });

  /** The account in which the whole script is needed, and the one in which everything is built already. */
  const WHOLE = {
    'builds an image server': FRESH,
    'updates an image server': changed(
      distributionOf('X-Ghost-Cdn-Fallback-Key', 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/473e64fd'),
      BUILT,
    ),
  };

  test.each(Object.entries(WHOLE))(
    'whichever call fails while it %s, and neither continues nor claims success',
    async (_, account) => {
      const { calls } = await run([DOMAIN, BLOG], account);
      for (const [failing, { args }] of calls.entries()) {
        const call = args.slice(0, 2).join(' ');
        const result = await run([DOMAIN, BLOG], account, { failing });
        if (call === 'acm wait' || args.some((word) => word.includes('ResourceRecord'))) {
          // These it repeats.
          expect([call, result.code]).toEqual([call, 0]);
          continue;
        }
        const changes = operationsOf(result)
          .slice(failing + 1)
          .filter((later) => !/ (?:list|describe|get)-/.test(later));
        expect([call, args, changes]).toEqual([call, args, []]);
        expect([args, result.code]).not.toEqual([args, 0]);
        expect(result.stderr).toMatch(/Stopped.*run the same command again/);
        expect(result.stdout).not.toContain('"storage"');
      }
    },
  );

  test('on Ctrl-C, and leaves no file with the secret behind', async () => {
    const result = await run([DOMAIN, BLOG], changed({ 'cloudformation deploy': HANGS }), { interrupted: true });
    expect(result.code).not.toBe(0);
    expect(parametersOf(result).FallbackSecret).toHaveLength(64);
    expect(result.left).toEqual([]);
  });
});

test('infrastructure/provision.sh shows the secret to no one but you', () => {
  const { FallbackSecret = '' } = parametersOf(fresh);
  const words = [...fresh.calls.flatMap(({ args }) => args), ...fresh.words];
  expect(words.length).toBeGreaterThan(50);
  expect(words.filter((word) => word.includes(FallbackSecret))).toEqual([]);
  // Files and their folders
  const modes = fresh.calls.flatMap(({ modes: those }) => those.map((mode) => mode & 0o777));
  expect([...new Set(modes)].sort()).toEqual([0o600, 0o700]);
  expect(fresh.left).toEqual([]);
});

test('infrastructure/provision.sh calls AWS as the AWS CLI wants it', async () => {
  const built = await run([DOMAIN, BLOG], BUILT);
  const calls = [...fresh.calls, ...built.calls];
  expect(calls.flatMap((call) => problemsOf(call).map((problem) => `${call.args.join(' ')}: ${problem}`))).toEqual([]);
  const kinds = new Map(calls.map((call) => [call.args.join(' ').replace(/file:\S+/, ''), call]));
  // The files are gone with the script: they are written again, elsewhere.
  const moved = (word: string) => word.replace(/^(file:\/\/)?\/.*\//, '$1');
  const calledAs = [...kinds.values()].map(({ name, args, files }) => ({
    name,
    args: args.map(moved),
    files: Object.fromEntries(Object.entries(files).map(([file, text]) => [moved(file), text])),
  }));
  expect(await problemsOfInstalledCli(calledAs, { 'template.yaml': TEMPLATE_TEXT })).toEqual({});
});

describe('infrastructure/provision.sh can be read before it is run:', () => {
  const text = readFileSync(SCRIPT, 'utf8');

  test('it has at most 80 lines, and evaluates no text', () => {
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(80);
    expect(text).not.toMatch(/\b(?:eval|source)\b|\bcurl\b|\bpython|\bjq\b/);
  });

  test('bash has nothing to say about it', () => {
    expect(spawnSync('bash', ['-n', SCRIPT], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  // .ci/run installs it, and GitHub's Ubuntu has it.
  const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;
  (hasShellcheck || process.platform === 'linux' ? test : test.skip)('shellcheck has nothing to say about it', () => {
    const { error, status, stdout } = spawnSync('shellcheck', [SCRIPT], { encoding: 'utf8' });
    expect(error ?? { status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});
