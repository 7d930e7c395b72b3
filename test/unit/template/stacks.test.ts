import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { PARAMETER_SETS } from '../../support/template/parameter-sets';
import { PROMISES } from '../../support/template/promises';
import { readTemplate } from '../../../src/template/read';
import { render } from '../../support/template/render';
import { nagFindings, schemaFindings } from '../../support/template/tools';

const template = readTemplate();

describe.each(Object.entries(PARAMETER_SETS))('the stack for %s', (_, parameters) => {
  const stack = render(template, parameters);
  const own = parameters.TenantPrefix ? `${parameters.TenantPrefix}/` : '';

  /** What cdk-nag finds and we accept, and why. */
  const accepted: Record<string, string> = {
    'AwsSolutions-CFR1 Distribution': 'a blog is read in all countries',
    'AwsSolutions-S1 Bucket': 'only CloudFront reads the bucket, and its own logs are a parameter',
    ...(!parameters.WebAclArn && {
      'AwsSolutions-CFR2 Distribution':
        'files are given out, nothing is computed; a web ACL is a parameter as it costs',
    }),
    ...(!parameters.AccessLogBucket && {
      'AwsSolutions-CFR3 Distribution': 'logs hold addresses of visitors: they are a parameter, not a default',
    }),
    ...Object.fromEntries(
      ['files', 'images', 'media'].map((tree) => [
        `AwsSolutions-IAM5[Resource::<Bucket.Arn>/${own}content/${tree}/*] GhostPolicy`,
        'Ghost names files by the month and the upload: they cannot be listed beforehand',
      ]),
    ),
  };

  test('fits the schemas of AWS, without a warning', () => {
    expect(schemaFindings(JSON.stringify(stack))).toEqual([]);
  });

  test('has no finding of AwsSolutions besides those that are accepted for a reason', () => {
    expect(nagFindings(stack)).toEqual(Object.keys(accepted).sort());
  });

  test.each(Object.entries(PROMISES))('%s', (__, promise) => promise(stack, parameters));
});

test('Python’s cfn-lint, where it is installed, finds nothing in the template', () => {
  const { error, status, stdout } = spawnSync(
    'cfn-lint',
    [path.join(__dirname, '../../../infrastructure/template.yaml')],
    {
      encoding: 'utf8',
    },
  );
  expect(error ?? { status, stdout }).toEqual(
    error ? expect.objectContaining({ code: 'ENOENT' }) : { status: 0, stdout: '' },
  );
});
