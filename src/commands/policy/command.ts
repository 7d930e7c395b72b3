import type { Command } from 'commander';
import type { PolicyOptions } from './policy';
import { withAdapterOptions, withSiteOptions } from '../../ghost-site/options';
import { calledAs } from '../../shell/called-as';

/** `policy` */
export function addPolicy(program: Command): void {
  const command = program
    .command('policy')
    .summary('print the least-privilege policy for Ghost, or that of the bucket')
    .description(
      'Prints the policy with the few permissions that Ghost needs for its configuration, as JSON for IAM. It is that of ' +
        'the template, for those who give permissions themselves.',
    );
  withAdapterOptions(withSiteOptions(command))
    .option('--bucket-policy', "print the bucket's policy, by which CloudFront reads")
    .option('--account <id>', 'AWS account of the distribution, twelve digits (default: that of the credentials)')
    .addHelpText(
      'after',
      `
Examples:
  $ ${calledAs()} policy --ghost /var/www/ghost > ghost-policy.json
  $ aws iam put-role-policy --role-name blog --policy-name ghost-files --policy-document file://ghost-policy.json
  $ ${calledAs()} policy --bucket my-pictures --cdn-url images.example.com --distribution-id E2EXAMPLE1ABCD --bucket-policy`,
    )
    .action(async (options: PolicyOptions) => (await import('./policy')).runPolicy(options));
}
