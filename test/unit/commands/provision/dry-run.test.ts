import { createProgram } from '../../../../src/commands/program';
import { typeDescription } from '../../../../src/commands/provision/resource-descriptions';
import { readTemplate } from '../../../../src/template/read';
import { PARAMETER_SETS } from '../../../support/template/parameter-sets';
import { schemaFindings } from '../../../support/template/tools';
import { listenToOutput, type WrittenOutput } from '../../../support/written-output';

let written: WrittenOutput;
beforeEach(() => (written = listenToOutput()));
afterEach(() => {
  written.restore();
  process.removeAllListeners('SIGINT');
});

async function run(...parameters: string[]): Promise<string> {
  written.stdout = '';
  await createProgram().parseAsync(['provision', '--dry-run', '--domain', 'images.example.com', ...parameters], {
    from: 'user',
  });
  return written.stdout;
}

const ghost = ['--ghost-url', 'https://blog.example.com/blog'];
const certificate = ['--certificate-arn', PARAMETER_SETS['only what is needed']?.CertificateArn ?? ''];

describe('the plan of a dry run', () => {
  test('shows what happens to the certificate', async () => {
    expect(await run()).toMatch(/\+ certificate +images\.example\.com, in us-east-1, unless there is already one/);
    expect(await run('--wildcard')).toMatch(/\+ certificate +\*\.example\.com/);
    expect(await run(...certificate)).toMatch(/= certificate +arn:aws:acm:us-east-1/);
  });

  test('shows what happens to the domain', async () => {
    expect(await run()).toMatch(/\+ DNS +records in Route 53 if it has the zone, otherwise you create a CNAME/);
    expect(await run('--hosted-zone', 'none')).toMatch(/\+ DNS +you create a CNAME/);
    const zone = await run('--hosted-zone', 'Z0123456789ABCDEFGHIJ');
    expect(zone).toMatch(/\+ DNS records/);
    expect(zone).not.toMatch(/\+ DNS +you/);
  });

  test('includes an access key on request', async () => {
    expect(await run('--identity', 'iam-user', '--create-access-key')).toMatch(/\+ access key +for the user/);
  });

  test.each([[[]], [ghost], [[...ghost, '--tenant-prefix', 'seven', '--identity', 'ec2-role', ...certificate]]])(
    'has a template that CloudFormation takes, with %j',
    async (parameters) => {
      const text = await run(...parameters, '--region', 'eu-central-1', '--template', '-');
      expect(schemaFindings(text)).toEqual([]);
    },
  );

  test('describes every type of resource', async () => {
    const types = Object.values(readTemplate().Resources).map(({ Type }) => Type);
    expect(types.filter((type) => typeDescription(type) === type)).toEqual([]);
    expect(await run(...ghost)).not.toContain('AWS::');
    expect(await run(...ghost)).toMatch(/\+ CloudFront distribution +CDN on the domain/);
  });

  test('is the plan alone, without the template', async () => {
    const output = await run(...ghost, '--region', 'eu-central-1');
    expect(output).not.toContain('AWSTemplateFormatVersion');
    expect(output.split('\n').length).toBeLessThan(40);
  });

  test('is JSON for programs, with the same steps', async () => {
    const { steps } = JSON.parse(await run(...ghost, '--json')) as { steps: { what: string; words: string }[] };
    const text = await run(...ghost);
    for (const { what, words } of steps) {
      expect(text).toMatch(new RegExp(`${typeDescription(what)} +${words.replace(/[.*+?()|[\]]/g, '\\$&')}`));
    }
  });
});
