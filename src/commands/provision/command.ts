import type { Command } from 'commander';
import { closest, distance } from 'fastest-levenshtein';
import type { ProvisionOptions } from './settings';
import { calledAs } from '../../shell/called-as';

/** `provision` with its sub-commands. */
export function addProvision(program: Command): void {
  const command = program
    .command('provision')
    .summary('build the image server on AWS: bucket, CDN, certificate, DNS, permissions')
    .description(
      'Builds the image server on AWS, or brings it up to date: a private S3 bucket, a CloudFront distribution on your ' +
        'domain with its certificate and DNS records, and the permissions for Ghost. Shows the plan and asks before it ' +
        'does anything. Can be stopped and run again at any time.',
    )
    .option('--domain <domain>', 'the domain that images are shown from (required)')
    .option(
      '--ghost-url <url>',
      'URL of the blog, which then creates missing image sizes (default: as in its configuration)',
    )
    .option('--no-ghost', 'serve only files from the bucket, and no longer request missing image sizes from the blog')
    .option(
      '--region <region>',
      'region of the bucket (default: as configured for AWS, that of this machine, or asked)',
    )
    .option('--profile <name>', 'profile of the AWS configuration to sign in with')
    .option('--dns-profile <name>', 'profile of the account that holds the Route 53 zone, when it is another one')
    .option(
      '--hosted-zone <id>',
      'Route 53 zone of the domain, or none where another provider serves it (default: found)',
    )
    .option('--certificate-arn <arn>', 'certificate in us-east-1 to use (default: found, or requested)')
    .option('--wildcard', 'request a certificate for all names beside the domain, *.example.com')
    .option('--bucket <name>', 'name of the bucket (default: generated)')
    .option(
      '--account-regional-bucket [prefix]',
      'create the bucket as PREFIX-ACCOUNT-REGION-an, a name that nobody else can take (default prefix: the domain)',
    )
    .option(
      '--identity <kind>',
      'who Ghost signs in as: iam-user, ec2-role, ecs-task-role or policy-only (default: as the machine can)',
    )
    .option(
      '--create-access-key',
      'create an access key for the user of --identity iam-user, and show it once (default: if the identity is the default)',
    )
    .option('--rotate-secret', 'replace the secret between CloudFront and Ghost; Ghost accepts both in the meantime')
    .option('--rotate-access-key', "replace the access key of the stack's user, in two runs of this command")
    .option('--tenant-prefix <prefix>', 'path in front of content/images in the bucket: for one of several blogs')
    .option('--folder <name>', 'serve a folder for your own files; can be repeated, up to three folders', repeated)
    .option('--remove-folder <name>', 'stop serving a folder; its files stay in the bucket; can be repeated', repeated)
    .option('--price-class <class>', 'edge locations: PriceClass_All (default), PriceClass_200 or PriceClass_100')
    .option('--move-domain', 'move the domain from another distribution, without an outage')
    .option('--web-acl <arn>', 'AWS WAF web ACL for the distribution, or none to remove it (default: unchanged)')
    .option('--access-logs <bucket>', "bucket for CloudFront's access logs, or none; only for a stack in us-east-1")
    .option('--stack-name <name>', 'name of the CloudFormation stack (default: ghost- and the domain)')
    .option(
      '--write-config <file>',
      "write the result into Ghost's configuration file, or the env file of its container, with a backup beside it",
    )
    .option('--dry-run', 'show the plan, without asking AWS anything')
    .option(
      '--template <file>',
      'write the rendered CloudFormation template to a new file (- for the standard output), and build nothing',
    )
    .option('--yes', 'agree to the plan without being asked')
    .option('--json', 'give the result as JSON; everything else goes to the error output')
    .addHelpText(
      'after',
      `
Examples:
  $ ${calledAs()} provision --domain images.example.com --ghost-url https://blog.example.com --dry-run
  $ ${calledAs()} provision --domain images.example.com --ghost-url https://blog.example.com \\
      --region eu-central-1 --identity iam-user --create-access-key --write-config config.production.json
  $ ${calledAs()} provision --domain images.example.com --folder downloads
  $ ${calledAs()} provision --domain images.example.com --rotate-secret --write-config config.production.json
  $ ${calledAs()} provision status --domain images.example.com`,
    )
    // Its commands have options of the same names.
    .enablePositionalOptions()
    .hook('preAction', (_provision, called) => {
      if (called === command) {
        refuseUnknownCommand(command);
      } else {
        refuseForeignOptions(command, called);
      }
    })
    // They are refused above, in better words.
    .allowExcessArguments()
    .action(async (options: ProvisionOptions) => {
      if (options.rotateSecret || options.rotateAccessKey) {
        await (await import('./rotate/run')).runRotation(options);
      } else if (options.dryRun || options.template !== undefined) {
        await (await import('./dry-run')).runDryRun(options);
      } else {
        await (await import('./run')).runProvision(options);
      }
    });

  const existing = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .option('--domain <domain>', 'the domain of the image server')
      .option('--stack-name <name>', 'its CloudFormation stack, if you gave it another name')
      .option(
        '--region <region>',
        'region of the bucket (default: as configured for AWS, that of this machine, or asked)',
      )
      .option('--profile <name>', 'profile of the AWS configuration to sign in with')
      .option('--json', 'give the result as JSON; everything else goes to the error output');
  // Options may stand before the name, too: provision --domain images.example.com status
  const optionsOf = (called: Command) => called.optsWithGlobals<ProvisionOptions>();
  existing('status', 'Shows how the image server does: stack, certificate, distribution, DNS.').action(
    async (_options, called: Command) => (await import('./run')).runStatus(optionsOf(called)),
  );
  existing('diff', "Compares the stack with this version's template, and with what is really there.").action(
    async (_options, called: Command) => (await import('./run')).runDiff(optionsOf(called)),
  );
  existing('destroy', 'Takes the image server down. The bucket stays, unless its name is typed.')
    .option('--dns-profile <name>', 'profile of the account that holds the Route 53 zone, when it is another one')
    .option('--yes', 'agree without being asked; the bucket stays')
    .action(async (_options, called: Command) => (await import('./run')).runDestroy(optionsOf(called)));
}

/** Collects the values of an option that can be repeated. */
const repeated = (value: string, before: string[] = []): string[] => [...before, value];

/** With more wrong letters than this it is not a typo. */
const MAX_SLIPS = 3;

/** Refuses "provision destory", which must not run "provision". */
function refuseUnknownCommand(command: Command): void {
  const [unknown] = command.args;
  if (unknown === undefined) {
    return;
  }
  const names = command.commands.map((candidate) => candidate.name());
  const nearest = closest(unknown, names);
  command.error(
    `error: unknown command '${command.name()} ${unknown}'\n` +
      (distance(unknown, nearest) <= MAX_SLIPS ? `(Did you mean ${nearest}?)` : `(There are ${names.join(', ')}.)`),
  );
}

/**
 * Refuses options in front of a command that it does not have, or has with another value: "provision --dry-run destroy"
 * would not be a dry run, and of two domains only one would be destroyed.
 */
function refuseForeignOptions(parent: Command, called: Command): void {
  const isGiven = (command: Command, name: string) => command.getOptionValueSource(name) === 'cli';
  for (const option of parent.options.filter((candidate) => isGiven(parent, candidate.attributeName()))) {
    const name = option.attributeName();
    if (!called.options.some((candidate) => candidate.attributeName() === name)) {
      called.error(`error: '${parent.name()} ${called.name()}' has no option '${option.long}'`);
    }
    const [before, after] = [parent, called].map((command) => command.getOptionValue(name) as unknown);
    if (isGiven(called, name) && before !== after) {
      called.error(`error: option '${option.long}' is given twice: ${String(before)} and ${String(after)}`);
    }
  }
}
