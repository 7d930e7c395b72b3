import type { Command } from 'commander';
import type { PolicyOptions } from './policy';
import { withAdapterOptions, withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';
import { addExamples, addExitCodes } from '../../shell/help';

/** Defines the command `policy`. */
export function addPolicy(program: Command): void {
  const command = program
    .command('policy')
    .summary("print the least-privilege policy for Ghost, or the bucket's policy")
    .description(
      'Prints the few permissions that Ghost needs for its configuration, as a policy for IAM in JSON. They are those of ' +
        'the template, for people who grant permissions themselves.',
    );
  withAdapterOptions(withSiteOptions(command))
    .optionsGroup('Policy:')
    .option('--bucket-policy', "print the bucket's policy instead, which lets CloudFront read the files")
    .option('--account <id>', 'AWS account of the distribution, 12 digits (default: that of the credentials)')
    .action(async (options: PolicyOptions) => (await import('./policy')).runPolicy(options));
  addExamples(
    command,
    `${calledAs()} policy --ghost /var/www/ghost > ghost-policy.json`,
    'aws iam put-role-policy --role-name blog --policy-name ghost-files --policy-document file://ghost-policy.json',
    `${calledAs()} policy --bucket blog-images --cdn-url images.example.com --distribution-id E2EXAMPLE1ABCD --bucket-policy`,
  );
  addExitCodes(command, 'the policy was printed', 'an error occurred');
}
