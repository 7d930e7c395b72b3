import { dollars, estimateMonthlyCost } from '../../aws/costs';
import { PRICES } from '../../aws/prices';
import { placeOfRegion } from '../../aws/regions';
import type { Aws } from '../../aws/sign-in';
import { ownCommand } from '../../shell/called-as';
import type { Terminal } from '../../shell/terminal';
import { counted, megabytes } from '../../shell/text';
import type { BuildPlan } from './build';
import { warnOfGhost5 } from '../install/say';
import type { Found } from './found';

/** Shows what was found without asking. */
export function showFound(terminal: Terminal, { site, kind, files, user, host, dnsProvider, profiles }: Found): void {
  const where = site.config.url ? `at ${site.config.url.replace(/\/+$/, '')}` : `in ${site.folder}`;
  const more = files.isComplete ? '' : 'more than ';
  const facts = [
    kind,
    ...(user === undefined ? [] : [`runs as user ${user}`]),
    { ec2: 'on EC2', ecs: 'in ECS', none: 'not on EC2' }[host ?? 'none'],
  ];
  const lines = [
    `Ghost ${site.version ?? site.major ?? '(version unknown)'} ${where}, ${more}${counted(files.files, 'file')} (${megabytes(files.bytes)}) on the disk`,
    facts.join(', ') + (dnsProvider === undefined ? '' : `; DNS at ${dnsProvider}`),
    ...(profiles.length > 0 ? [`AWS profiles: ${profiles.join(', ')}`] : []),
  ];
  terminal.say();
  lines.forEach((line, index) => terminal.say(`${(index === 0 ? 'Found' : '').padEnd(8)}${line}`));
  terminal.say();
}

/** Shows what the user gets, what it costs, and how to go back, even when Ghost already uses the adapter. */
export function showPlan(
  terminal: Terminal,
  { account, region }: Aws,
  { site, files }: Found,
  { settings: { domain }, identity, warnings, isSwitched }: BuildPlan & { isSwitched: boolean },
): void {
  const { monthly, once } = estimateMonthlyCost(files);
  const forGhost = { 'iam-user': 'an access key for Ghost', 'policy-only': 'a policy for Ghost' }[identity];
  terminal.say();
  terminal.say(`You get a private bucket, a CDN on ${domain} and ${forGhost ?? 'a role for Ghost'}.`);
  terminal.say(`The bucket is in ${placeOfRegion(region) ?? region}, in the AWS account ${account}.`);
  terminal.say(`Your files cost ${dollars(monthly)} a month, and copying them ${dollars(once)} once.`);
  terminal.say(
    `Visitors are free up to ${PRICES.freeTrafficTerabytes} TB and ${PRICES.freeRequestsMillion} million requests a month.`,
  );
  for (const { text, isAboutUrl } of warnings) {
    const later = ownCommand(`provision --domain ${domain} --region ${region} --ghost-url https://blog.example.com`);
    terminal.warn(isAboutUrl ? `${text}\n  Give the blog such a URL first, or add it later: ${later}` : text);
  }
  if (site.major === 5) {
    warnOfGhost5(terminal);
  }
  const meanwhile = isSwitched
    ? 'Your blog already uses a CDN on this domain'
    : 'Your blog keeps running from the disk until step 5';
  terminal.say(`${meanwhile}. To go back: ${ownCommand('setup --undo')}`);
}
