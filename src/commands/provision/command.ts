import type { Command } from 'commander';
import { closest, distance } from 'fastest-levenshtein';
import type { ProvisionOptions } from './settings';
import { calledAs } from '../../shell/called-as';
import { addExamples, addExitCodes, GENERAL_OPTIONS } from '../../shell/help';

const REGION = 'region of the bucket (default: from your AWS configuration or this machine, or asked)';
const DNS_PROFILE = 'AWS profile of the account with the Route 53 zone, if it is in another account';
const JSON_OUTPUT = 'print the result as JSON, and everything else to the error output';

/** Defines the command `provision` with its subcommands. */
export function addProvision(program: Command): void {
  const command = program
    .command('provision')
    .summary('build the image server on AWS: bucket, CDN, certificate, DNS, permissions')
    .description(
      'Builds the image server on AWS, or updates it: a private S3 bucket, a CloudFront distribution on your domain ' +
        'with its certificate and DNS records, and the permissions for Ghost. The command shows its plan and asks before ' +
        'it changes anything. You can stop it at any time: run it again to continue.',
    )
    .optionsGroup('Image server:')
    .option('--domain <domain>', 'domain for your images (required)')
    .option(
      '--ghost-url <url>',
      "URL of your blog, which creates missing image sizes (default: from Ghost's configuration)",
    )
    .option('--no-ghost', 'serve only what is in the bucket, and do not request missing image sizes from the blog')
    .option('--region <region>', REGION)
    .option('--bucket <name>', 'bucket name (default: generated)')
    .option(
      '--account-regional-bucket [prefix]',
      'create the bucket as PREFIX-ACCOUNT-REGION-an, a name that only your account can use (default prefix: the domain)',
    )
    .option('--tenant-prefix <prefix>', 'path in front of content/images in the bucket, if several blogs share it')
    .option(
      '--public-originals',
      'let visitors get the original of each image, photo_o.jpg, which Ghost never links (default: private)',
    )
    .option('--no-public-originals', 'keep originals private, on an image server where they are public')
    .option(
      '--formats <formats>',
      'image sizes to send as WebP to browsers that accept it: webp for those of JPEGs, webp-and-png to include PNGs, with slight losses, or none (default: webp; an image server of version 1.1.0 or older: none)',
    )
    .option('--folder <name>', 'add a folder for your own files; can be repeated, up to three folders', repeated)
    .option('--remove-folder <name>', 'remove a folder; its files stay in the bucket; can be repeated', repeated)
    .option(
      '--price-class <class>',
      'edge locations to use: PriceClass_All, PriceClass_200 or PriceClass_100 (default: PriceClass_All)',
    )
    .option('--web-acl <arn>', 'AWS WAF web ACL for the distribution, or none to remove it (default: unchanged)')
    .option('--access-logs <bucket>', "bucket for CloudFront's access logs, or none; only for a stack in us-east-1")
    .optionsGroup('Domain and certificate:')
    .option('--hosted-zone <id>', 'Route 53 zone of the domain, or none for another DNS provider (default: detected)')
    .option('--dns-profile <name>', DNS_PROFILE)
    .option('--certificate-arn <arn>', 'certificate in us-east-1 to use (default: found, or requested)')
    .option('--wildcard', 'request a certificate for all names on the same level, *.example.com')
    .option('--move-domain', 'move the domain from another distribution, without an outage')
    .optionsGroup('AWS account:')
    .option('--profile <name>', 'AWS profile to sign in with')
    .option('--stack-name <name>', 'name of the CloudFormation stack (default: ghost- and the domain)')
    .optionsGroup('Permissions for Ghost:')
    .option(
      '--identity <kind>',
      'how Ghost gets its credentials: iam-user, ec2-role, ecs-task-role or policy-only (default: detected)',
    )
    .option(
      '--create-access-key',
      'create an access key for the user of --identity iam-user (default: if that identity was detected)',
    )
    .option('--rotate-secret', 'replace the secret that CloudFront sends to Ghost, without an interruption')
    .option('--rotate-access-key', "replace the access key of Ghost's user; run the command twice for this")
    .option(
      '--write-config <file>',
      "write the options into Ghost's configuration file or its container's env file, and keep a backup next to it",
    )
    .optionsGroup(GENERAL_OPTIONS)
    .option('--dry-run', 'show the plan, without any request to AWS')
    .option(
      '--template <file>',
      'write the CloudFormation template to a new file (- for the standard output), and build nothing',
    )
    .option('--yes', 'agree to the plan without asking')
    .option('--json', JSON_OUTPUT)
    // The subcommands have options of the same names.
    .enablePositionalOptions()
    .hook('preAction', (_provision, called) => {
      if (called === command) {
        refuseUnknownCommand(command);
      } else {
        refuseForeignOptions(command, called);
      }
    })
    // The hook refuses them with a better message.
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

  addExamples(
    command,
    `${calledAs()} provision --domain images.example.com --ghost-url https://blog.example.com --dry-run`,
    `${calledAs()} provision --domain images.example.com --ghost-url https://blog.example.com --region eu-central-1 --write-config config.production.json`,
    `${calledAs()} provision --domain images.example.com --folder downloads`,
    `${calledAs()} provision --domain images.example.com --rotate-secret --write-config config.production.json`,
    `${calledAs()} provision status --domain images.example.com`,
  );
  addExitCodes(
    command,
    'the image server is built, or nothing had to change',
    'an error occurred, you declined, or the file of --write-config could not be written',
  );

  const existing = (name: string, summary: string, description: string, done: string) => {
    const subcommand = command
      .command(name)
      .summary(summary)
      .description(description)
      .optionsGroup('Image server:')
      .option('--domain <domain>', 'domain of the image server')
      .option('--stack-name <name>', 'name of its CloudFormation stack, if you chose one')
      .option('--region <region>', REGION)
      .option('--profile <name>', 'AWS profile to sign in with')
      .optionsGroup(GENERAL_OPTIONS)
      .option('--json', JSON_OUTPUT);
    addExamples(subcommand, `${calledAs()} provision ${name} --domain images.example.com`);
    addExitCodes(subcommand, done, name === 'destroy' ? 'an error occurred, or you declined' : 'an error occurred');
    return subcommand;
  };
  // Options may also be in front of the name: provision --domain images.example.com status
  const optionsOf = (called: Command) => called.optsWithGlobals<ProvisionOptions>();
  existing(
    'status',
    'show the current state of the image server',
    'Shows the current state of the image server: stack, certificate, distribution, DNS.',
    'the state was shown, whatever it is',
  ).action(async (_options, called: Command) => (await import('./run')).runStatus(optionsOf(called)));
  existing(
    'diff',
    'compare the image server with the template',
    "Compares the stack with this version's template, and with the resources in your account.",
    'the differences were shown, or there are none',
  ).action(async (_options, called: Command) => (await import('./run')).runDiff(optionsOf(called)));
  existing(
    'destroy',
    'delete the image server; the bucket stays',
    'Deletes the image server. The bucket and its files stay, unless you type the bucket name to delete them too.',
    'the image server is deleted',
  )
    .optionsGroup('Image server:')
    .option('--dns-profile <name>', DNS_PROFILE)
    .optionsGroup(GENERAL_OPTIONS)
    .option('--yes', 'agree without asking; the bucket stays')
    .action(async (_options, called: Command) => (await import('./run')).runDestroy(optionsOf(called)));
}

/** Collects the values of an option that can be repeated. */
const repeated = (value: string, before: string[] = []): string[] => [...before, value];

/** A name with more wrong letters than this is not a typo. */
const MAX_SLIPS = 3;

/** Refuses an unknown subcommand: "provision destory" must not run "provision". */
function refuseUnknownCommand(command: Command): void {
  const [unknown] = command.args;
  if (unknown === undefined) {
    return;
  }
  const names = command.commands.map((candidate) => candidate.name());
  const nearest = closest(unknown, names);
  command.error(
    `error: unknown command '${command.name()} ${unknown}'\n` +
      (distance(unknown, nearest) <= MAX_SLIPS
        ? `(Did you mean ${nearest}?)`
        : `(The commands are ${names.join(', ')}.)`),
  );
}

/**
 * Refuses options in front of a subcommand that it does not have, or that it has with another value. Otherwise,
 * "provision --dry-run destroy" would delete the image server.
 */
function refuseForeignOptions(parent: Command, called: Command): void {
  const isGiven = (command: Command, name: string) => command.getOptionValueSource(name) === 'cli';
  for (const option of parent.options.filter((candidate) => isGiven(parent, candidate.attributeName()))) {
    const name = option.attributeName();
    if (!called.options.some((candidate) => candidate.attributeName() === name)) {
      called.error(`error: '${parent.name()} ${called.name()}' does not have the option '${option.long}'`);
    }
    const [before, after] = [parent, called].map((command) => command.getOptionValue(name) as unknown);
    if (isGiven(called, name) && before !== after) {
      called.error(`error: option '${option.long}' has two values: ${String(before)} and ${String(after)}`);
    }
  }
}
