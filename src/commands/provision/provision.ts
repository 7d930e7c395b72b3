import { randomBytes } from 'node:crypto';
import { type GhostConfigBlock } from '../../ghost-site/edit-config';
import { Declined, Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { createAccessKey, listAccessKeys } from './access-key';
import { requestCertificate } from './certificate/certificate';
import { certificateName } from './certificate/name';
import { recordSpellings, validationRecord, waitUntilIssued } from './certificate/validation';
import { describeDistribution } from './distribution';
import { upsertAliases, upsertValidationRecord } from './dns/records';
import type { Finding } from './finding';
import { pointsTo, zoneOf } from './dns/live-dns';
import { type AccessKey, ghostConfigOf } from './ghost-config';
import { planLines, type PlannedStep, stepsOfChanges, stepsOfCreation } from './plan';
import { readTemplate } from '../../template/read';
import { renderTemplate } from '../../template/render';
import { checkAccessKeyWish, type Settings } from './settings';
import { eventLine, lookAround, settledStack, type Situation } from './situation';
import { type Session } from './session';
import {
  type ChangeSet,
  createChangeSet,
  deleteChangeSet,
  deleteStack,
  describeStack,
  executeChangeSet,
  followStack,
  isDeleted,
  isEmpty,
  isFailedCreation,
  lastEventOf,
  type Stack,
} from './stack/stack';

/** What stands at the end. */
export interface Provisioned {
  /** Whether anything in AWS is not as it was. */
  changed: boolean;
  stack: Stack;
  config: GhostConfigBlock;
  accessKey?: AccessKey;
  /** The record that the user has still to make at another DNS provider. */
  missingRecord?: { name: string; relativeName: string; zone: string; value: string };
}

/**
 * Builds the image server, or brings it up to date: shows the plan, asks, and acts. What an earlier run has done is
 * found and not done again.
 *
 * @throws Failure with cause and cure; Interruption when the user stops it
 */
export async function provision(session: Session, settings: Settings): Promise<Provisioned> {
  const { aws, terminal, pause } = session;
  const { stackName, domain } = settings;
  const { stack: before, isCleared } = await clearedStack(session, stackName);
  const situation = await terminal.step('Looking at what is there', () => lookAround(session, before, settings));
  report(terminal, situation.findings);
  const { stack, zone } = situation;
  checkAccessKeyWish(settings, stack?.parameters.Identity);

  const parameters = parametersOf(settings, situation, aws.dnsElsewhere);
  const title = `Image server https://${domain}, in ${aws.region} of the account ${aws.account}`;
  const besides = stepsBesideTheStack(settings, situation, aws.dnsElsewhere);
  const changeSetFor = (CertificateArn: string) =>
    createChangeSet(aws, pause, {
      stackName,
      stack,
      parameters: { ...parameters, CertificateArn },
      adoptedBucket: situation.adoptedBucket,
    });
  let changed = false;
  const agree = async (steps: PlannedStep[], changeSet?: ChangeSet) => {
    terminal.say();
    planLines(title, steps, terminal.colors).forEach((line) => terminal.say(line));
    const takeBack = changeSet && (() => discard(aws, changeSet, stack));
    if (!(await agreed(terminal, takeBack))) {
      const done = [
        ...(isCleared ? ['What the failed attempt had left was deleted'] : []),
        ...(changed ? ['The certificate was requested and is kept'] : []),
      ];
      throw new Declined(done.length > 0 ? `${done.join('. ')}; nothing else was changed.` : 'Nothing was changed.');
    }
  };

  let arn = situation.certificate?.status === 'ISSUED' ? situation.certificate.arn : undefined;
  if (!arn) {
    // What a stack that is there becomes by a new certificate can be told, and asked, when that is issued.
    await agree(
      stack ? besides.before : [...besides.before, ...stepsOfNewStack(parameters, situation), ...besides.after],
    );
    arn = await obtainCertificate(session, settings, situation);
    changed = true;
  }
  const issued = arn;
  const changeSet = await terminal.step('Handing the template to CloudFormation', () => changeSetFor(issued));
  const steps = [
    ...(changed ? [] : besides.before),
    ...(stack ? (changeSet ? stepsOfChanges(changeSet.changes) : []) : stepsOfNewStack(parameters, situation)),
    ...besides.after,
  ];
  if (steps.some(({ sign }) => sign !== '=') && !(changed && !stack)) {
    await agree(steps, changeSet);
    changed = true;
  }
  if (changeSet) {
    await execute(
      session,
      changeSet,
      stack ? 'Changing the stack' : 'Building the stack: CloudFront takes some minutes',
    );
  }
  const finished = await describeStack(aws, stackName);
  if (!finished) {
    throw new Failure(`The stack ${stackName} is gone.`, 'Somebody has deleted it. Run the command again.');
  }
  const { DistributionId = '', DistributionDomainName = '' } = finished.outputs;
  if (zone && aws.dnsElsewhere && !situation.hasForeignRecords) {
    await terminal.step(`Pointing ${domain} to the distribution`, () =>
      upsertAliases(aws.route53, zone, domain, DistributionDomainName),
    );
  }
  const { fallbackSecret } = await describeDistribution(aws, DistributionId);
  const missing = zone ? undefined : await missingRecord(session, domain, DistributionDomainName);
  // The last of all: what fails after it would lose the secret, which IAM shows this once.
  const accessKey = settings.createAccessKey ? await makeAccessKey(session, finished) : undefined;
  return {
    changed,
    stack: finished,
    config: ghostConfigOf(finished, fallbackSecret, accessKey),
    accessKey,
    missingRecord: missing,
  };
}

function stepsOfNewStack(parameters: Record<string, string>, { adoptedBucket }: Situation): PlannedStep[] {
  const rendered = renderTemplate(readTemplate(), { ...parameters, 'AWS::Partition': 'aws' }, ['CertificateArn']);
  return stepsOfCreation(rendered, adoptedBucket);
}

/** The stack as it is when CloudFormation rests. What an attempt has left that failed is deleted: it serves nobody. */
async function clearedStack(session: Session, stackName: string): Promise<{ stack?: Stack; isCleared: boolean }> {
  const { aws, terminal, pause } = session;
  const stack = await settledStack(session, stackName);
  if (!stack || isDeleted(stack)) {
    return { isCleared: false };
  }
  if (!isFailedCreation(stack)) {
    return { stack, isCleared: false };
  }
  const question = `An attempt to build ${stackName} has failed (${stack.status}). Delete what it has left, and begin anew?`;
  if (!(await terminal.confirm(question))) {
    throw new Declined();
  }
  await terminal.step(`Deleting what is left of ${stackName}`, async ({ event }) => {
    const since = await lastEventOf(aws, stack.id);
    await deleteStack(aws, stack);
    await followStack(aws, pause, stack.id, since, (happened) => event(eventLine(happened)));
  });
  return { isCleared: true };
}

/** Says what the looks have found, and stops where to go on makes no sense. */
function report(terminal: Terminal, findings: Finding[]): void {
  findings.filter(({ refuses }) => !refuses).forEach(({ cause, cure }) => terminal.warn(`${cause}\n  ${cure}`));
  const refusals = findings.filter(({ refuses }) => refuses);
  const [first] = refusals;
  if (!first) {
    return;
  }
  if (refusals.length === 1) {
    throw new Failure(first.cause, first.cure);
  }
  throw new Failure(
    `${refusals.length} things stand in the way:\n${refusals.map(({ cause, cure }) => `- ${cause}\n  ${cure}`).join('\n')}`,
    'Mend them, and run the command again.',
  );
}

/** Parameters for the stack but for the certificate's. Those that are not named keep their values. */
function parametersOf(
  { parameters, hostedZoneId }: Settings,
  { stack, zone, hasForeignRecords, foreignWebAclArn }: Situation,
  dnsElsewhere: boolean,
): Record<string, string> {
  const needsSecret = parameters.GhostHost && !stack?.parameters.GhostHost;
  return {
    ...parameters,
    // The generated name of the stack's own bucket is no new name.
    ...(stack &&
      parameters.BucketName === stack.outputs.BucketName && { BucketName: stack.parameters.BucketName ?? '' }),
    // Records that lead to the distribution already would keep the stack from making its own.
    ...(zone && !dnsElsewhere && !hasForeignRecords && { HostedZoneId: zone.id }),
    // Left out, the web ACL of a flat-rate plan would be taken off.
    ...(foreignWebAclArn && { WebAclArn: foreignWebAclArn }),
    ...(hostedZoneId === 'none' && { HostedZoneId: '' }),
    ...(needsSecret && { FallbackSecret: randomBytes(32).toString('base64url') }),
  };
}

function stepsBesideTheStack(
  settings: Settings,
  { stack, certificate, zone, accessKeyId, hasForeignRecords }: Situation,
  dnsElsewhere: boolean,
): { before: PlannedStep[]; after: PlannedStep[] } {
  const before: PlannedStep[] = [];
  const after: PlannedStep[] = [];
  const validated = zone
    ? `validated by a record in the Route 53 zone ${zone.name}`
    : 'validated by a record that you make';
  if (certificate?.status === 'ISSUED') {
    before.push({ sign: '=', what: 'certificate', words: `${certificate.names.join(', ')} (${certificate.arn})` });
  } else if (certificate) {
    before.push({
      sign: '+',
      what: 'certificate',
      words: `${certificate.names.join(', ')}, requested before; ${validated}`,
    });
  } else {
    const name = certificateName(settings.domain, settings.wildcard);
    before.push({ sign: '+', what: 'certificate', words: `${name}, in us-east-1; ${validated}` });
  }
  if (zone && dnsElsewhere && !hasForeignRecords) {
    after.push({ sign: '+', what: 'DNS', words: `A, AAAA and HTTPS records in the Route 53 zone ${zone.name}` });
  }
  if (!stack && !zone) {
    after.push({
      sign: '+',
      what: 'DNS',
      words: `a CNAME record for ${settings.domain}, which you make at your DNS provider`,
    });
  }
  if (settings.createAccessKey && !accessKeyId) {
    after.push({ sign: '+', what: 'access key', words: 'for the user, shown once' });
  }
  return { before, after };
}

/** Takes back a change set, and with it the empty stack that CloudFormation has begun for one that makes a new stack. */
async function discard(aws: Session['aws'], changeSet: ChangeSet, stack: Stack | undefined): Promise<void> {
  await deleteChangeSet(aws, changeSet.id);
  const begun = stack ? undefined : await describeStack(aws, changeSet.stackId);
  if (begun && isEmpty(begun)) {
    await deleteStack(aws, begun);
  }
}

/** A change set that is not wanted is taken back, also when the question is broken off. */
async function agreed(terminal: Terminal, takeBack: (() => Promise<void>) | undefined): Promise<boolean> {
  let answer = false;
  try {
    answer = await terminal.confirm('Go on?');
  } finally {
    if (!answer) {
      await takeBack?.();
    }
  }
  return answer;
}

/** Requests the certificate where it is not, has it validated, and waits for it. Returns its ARN. */
async function obtainCertificate(
  { aws, terminal, resolver, pause }: Session,
  settings: Settings,
  situation: Situation,
): Promise<string> {
  const { acm, route53 } = aws;
  const { domain, wildcard } = settings;
  const { certificate, zone } = situation;
  const arn =
    certificate?.arn ??
    (await terminal.step('Requesting the certificate', () => requestCertificate(acm, { domain, wildcard })));
  const record = await terminal.step('Asking for the validation record', () => validationRecord(acm, arn, pause));
  if (zone) {
    await terminal.step(`Writing the validation record into the zone ${zone.name}`, () =>
      upsertValidationRecord(route53, zone, record),
    );
  } else {
    const {
      fullyQualified,
      relative,
      zone: zoneName,
      value,
    } = recordSpellings(record, await zoneOf(resolver, domain), domain);
    terminal.say();
    terminal.say(
      'Make this record at your DNS provider, and leave it there for ever: the certificate is renewed by it.',
    );
    terminal.say('  Type   CNAME');
    terminal.say(`  Name   ${fullyQualified}`);
    if (relative !== undefined) {
      terminal.say(`         or, where the provider adds ${zoneName} itself:  ${relative}`);
    }
    terminal.say(`  Value  ${value}`);
    terminal.say('  Proxies (the orange cloud of Cloudflare) stay off for it.');
    terminal.say();
    terminal.say('You may stop with Ctrl-C and run the same command again later: it goes on waiting.');
  }
  await terminal.step('Waiting for the certificate', ({ progress }) =>
    waitUntilIssued(acm, arn, {
      pause,
      onWaiting: ({ secondsLeft }) => progress(`ACM waits ${countdown(secondsLeft)} more`),
    }),
  );
  return arn;
}

/** 71 h 58 min */
const countdown = (seconds: number) => `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;

async function execute({ aws, terminal, pause }: Session, changeSet: ChangeSet, title: string): Promise<void> {
  await terminal.step(title, async ({ event }) => {
    const since = await lastEventOf(aws, changeSet.stackId);
    await executeChangeSet(aws, changeSet);
    await followStack(aws, pause, changeSet.stackId, since, (happened) => event(eventLine(happened)));
  });
}

/** Makes the one access key that Ghost needs; a second run makes no second one. */
async function makeAccessKey({ aws, terminal }: Session, stack: Stack): Promise<AccessKey | undefined> {
  const user = stack.outputs.GhostUserName ?? '';
  const [existing] = await listAccessKeys(aws, user);
  if (existing) {
    terminal.warn(
      `The user ${user} has the access key ${existing} already, whose secret IAM shows no more. No other one was made.\n` +
        `  If the secret is lost: aws iam delete-access-key --user-name ${user} --access-key-id ${existing}, then run the command again.`,
    );
    return undefined;
  }
  return terminal.step(`Making an access key for the user ${user}`, () => createAccessKey(aws, user));
}

async function missingRecord(
  { resolver }: Session,
  domain: string,
  target: string,
): Promise<Provisioned['missingRecord']> {
  if (await pointsTo(resolver, domain, target)) {
    return undefined;
  }
  const { fullyQualified, relative, zone, value } = recordSpellings(
    { name: domain, value: target },
    await zoneOf(resolver, domain),
    domain,
  );
  return { name: fullyQualified, relativeName: relative ?? fullyQualified, zone, value };
}
