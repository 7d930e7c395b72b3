import { randomBytes } from 'node:crypto';
import { requireStack } from '../../../aws/stack';
import { checkState, type Stack } from '../../../aws/stack-state';
import { Failure, Interruption } from '../../../shell/failure';
import { duration } from '../../../shell/text';
import { confirmPlan } from '../confirm-plan';
import { isAllowed } from '../../../template/checked-parameter';
import { describeDistribution } from '../distribution';
import { type PlannedStep, stepLines, stepsOfChanges, stepsOfOriginals } from '../plan';
import type { Session } from '../session';
import { type ChangeSet, createChangeSet, discardChangeSet, executeChangeSet, mayRollBack } from '../stack/change-set';
import { settledStack, workOnStack } from '../stack/events';
import { webAclToStore } from '../web-acl';
import { askGhost, type GhostOrigin } from './ask-ghost';
import { writeOptions, readGhostOptions, writeOrPrintOptions, type WrittenOptions } from './ghost-options';

/** The result of `provision --rotate-secret`. */
export interface RotatedSecret extends WrittenOptions {
  stackName: string;
}

/** How long (s) to wait until Ghost has been restarted. */
const PATIENCE_SECONDS = 15 * 60;

/** How long (s) to wait before asking Ghost again. */
const SECONDS_BETWEEN_QUESTIONS = 5;

/** The values of a rotation, collected before anything is changed. */
interface Rotation {
  stack: Stack;
  distributionId: string;
  /** The secret that CloudFront sends. */
  current: string;
  /** The secret that replaces it; the same if CloudFront already sends it. */
  next: string;
  /** The new template parameters. */
  parameters: Record<string, string>;
  origin: GhostOrigin;
  writeConfig?: string;
}

/**
 * Replaces the secret shared by CloudFront and Ghost. Ghost recognizes CloudFront all the time: it first gets both
 * secrets, CloudFront switches when Ghost accepts the new one, and then Ghost keeps only that one. The list in the
 * configuration file shows how far an earlier run came.
 *
 * @param options `writeConfig`: Ghost's configuration file, undefined to print the options; `ghost`: the template
 *   parameters of `--ghost-url`, empty without it; `json`: whether the result is printed as JSON
 * @throws Failure with the cause and a fix; Declined when the user declines; Interruption after Ctrl-C
 */
export async function rotateSecret(
  session: Session,
  stackName: string,
  options: { writeConfig?: string; ghost: Record<string, string>; json?: boolean },
): Promise<RotatedSecret> {
  const { aws, terminal, pause } = session;
  await settledStack(session, stackName);
  const rotation = await terminal.step('Checking the current state', () => prepare(session, stackName, options));
  const { stack, current, next, parameters, writeConfig } = rotation;
  if (next === current) {
    await confirmPlan(terminal, planLines(session, rotation, undefined));
    return finish(session, rotation, options.json);
  }
  await checkGhost(session, rotation);
  const changeSet = await terminal.step('Sending the template to CloudFormation', () =>
    createChangeSet(aws, pause, { stackName, stack, parameters }),
  );
  if (!changeSet) {
    throw new Failure(
      `The stack ${stackName} already has the new secret, but its distribution sends another one, because it was changed outside of CloudFormation.`,
      '"provision diff" shows the changes. Undo them, then run the command again.',
    );
  }
  try {
    await confirmPlan(terminal, planLines(session, rotation, changeSet));
    terminal.say();
    writeOptions(terminal, writeConfig, { cdnFallbackSecret: [next, current] });
    terminal.say(
      'Then restart Ghost (all of its processes, if there are several). After that, it accepts both secrets.',
    );
    await waitForGhost(session, rotation);
  } catch (error) {
    await discardChangeSet(aws, changeSet, stack).catch(({ message }: Error) =>
      terminal.warn(`The change set ${changeSet.id} could not be deleted (${message}). It changes nothing by itself.`),
    );
    throw error;
  }
  await workOnStack(session, 'Switching CloudFront to the new secret (takes a few minutes)', changeSet.stackId, () =>
    executeChangeSet(aws, changeSet, { rollsBack: mayRollBack(stack) }),
  );
  return finish(session, rotation, options.json);
}

async function prepare(
  { aws }: Session,
  stackName: string,
  { writeConfig, ghost }: { writeConfig?: string; ghost: Record<string, string> },
): Promise<Rotation> {
  const stack = await requireStack(aws, stackName);
  checkState(stack);
  const { GhostHost: host = '', GhostPath: path = '', Domain: cdnHost = '' } = stack.parameters;
  const url = `https://${host}${path}`;
  if ('GhostHost' in ghost && (ghost.GhostHost !== host || ghost.GhostPath !== path)) {
    throw new Failure(
      `--ghost-url is https://${ghost.GhostHost}${ghost.GhostPath}, but the stack ${stackName} has ${host ? url : 'no blog'}.`,
      'Change the blog in a separate run, without --rotate-secret.',
    );
  }
  const { DistributionId: distributionId } = stack.outputs;
  if (distributionId === undefined) {
    throw new Failure(
      `The stack ${stackName} is ${stack.status} and has no distribution.`,
      'First run the command without --rotate-secret to build the image server.',
    );
  }
  const { fallbackSecret: current, webAclArn, aliases } = await describeDistribution(aws, distributionId);
  if (stack.parameters.DomainIsElsewhere === 'true' && aliases.includes(cdnHost)) {
    throw new Failure(
      `${cdnHost} was moved to the distribution ${distributionId}, but is not part of the stack ${stackName} yet. An update of the stack would remove it from the distribution.`,
      'First run the command without --rotate-secret to complete the move.',
    );
  }
  if (!host || current === undefined) {
    throw new Failure(
      `The distribution ${distributionId} of the stack ${stackName} sends no secret, because it does not request image sizes from Ghost.`,
      'There is nothing to replace. To connect it to Ghost with a new secret, run "provision --ghost-url https://blog.example.com".',
    );
  }
  const listed = writeConfig === undefined ? [] : secretsIn(readGhostOptions(writeConfig, stack));
  const next = nextSecret(listed, current);
  const webAcl = webAclToStore(stack.parameters.WebAclArn, webAclArn);
  const parameters = { FallbackSecret: next, ...(webAcl !== undefined && { WebAclArn: webAcl }) };
  return { stack, distributionId, current, next, parameters, origin: { url, cdnHost }, writeConfig };
}

/** Returns the new secret: the one from an earlier run, which is first in the list of the file, or a new one. */
function nextSecret(listed: unknown[], current: string): string {
  const [first, second] = listed;
  const isPending = first === current || (second === current && isAllowed('FallbackSecret', String(first)));
  return listed.length === 2 && isPending ? String(first) : randomBytes(32).toString('base64url');
}

function secretsIn({ cdnFallbackSecret }: Record<string, unknown>): unknown[] {
  return Array.isArray(cdnFallbackSecret) ? cdnFallbackSecret : [cdnFallbackSecret];
}

/** @throws Failure when Ghost's responses cannot prove that it knows a secret */
async function checkGhost({ terminal }: Session, { origin, current }: Rotation): Promise<void> {
  const { state, answer } = await terminal.step(`Checking ${origin.url}`, () =>
    askGhost(origin, current, terminal.signal),
  );
  const byHand = 'To do it by hand, see "New secrets" in docs/aws-by-hand.md. Nothing was changed.';
  if (state === 'blurred') {
    throw new Failure(
      `${origin.url} gives visitors the same response as CloudFront (${answer}), so the command cannot check whether it accepts a new secret.`,
      'Check that the adapter is installed there and that "serve" is not "stream". A proxy in front of Ghost must not respond for it, or ' +
        `add CloudFront's headers to requests. ${byHand}`,
    );
  }
  if (state === 'unknown') {
    terminal.warn(
      `${origin.url} treats CloudFront as a visitor (${answer}). Ghost has another secret than CloudFront, or "serve" is "redirect".\n` +
        '  Until you fix this, Ghost does not create missing image sizes.',
    );
  }
  if (state === 'silent') {
    throw new Failure(
      `${origin.url} does not redirect visitors to ${origin.cdnHost} (${answer}).`,
      `Start Ghost, and run the command on a machine that can reach it. ${byHand}`,
    );
  }
}

function planLines({ aws, terminal }: Session, rotation: Rotation, changeSet: ChangeSet | undefined): string[] {
  const { current, next, origin, stack, writeConfig } = rotation;
  const file = writeConfig ?? "Ghost's configuration (which you edit)";
  const what = 'configuration';
  const steps: PlannedStep[] = changeSet
    ? [
        { sign: '~', what, words: `${file} gets the new secret in addition to the current one` },
        {
          sign: '=',
          what: 'Ghost',
          words: `you restart it; the command waits until ${origin.url} accepts the new secret`,
        },
        ...stepsOfChanges(changeSet.changes),
        ...stepsOfOriginals({}, stack.parameters),
        { sign: '~', what, words: `${file} keeps only the new secret` },
      ]
    : [{ sign: '~', what, words: `${file} keeps only the secret that CloudFront already sends` }];
  const title = `A new secret for https://${stack.parameters.Domain} and ${origin.url}, in ${aws.region} in the account ${aws.account}`;
  return [
    terminal.colors.bold(next === current ? `${title} (CloudFront already sends it)` : title),
    '',
    ...stepLines(steps, terminal.colors),
    '',
  ];
}

/** @throws Failure when Ghost does not accept the new secret in time; Interruption after Ctrl-C */
async function waitForGhost({ terminal, pause }: Session, { origin, next, writeConfig }: Rotation): Promise<void> {
  const again = `Run the same command again. It ${writeConfig === undefined ? 'creates another secret' : 'continues with the same secret'}.`;
  try {
    await terminal.step(`Waiting until ${origin.url} accepts the new secret`, async ({ progress }) => {
      const end = Date.now() + PATIENCE_SECONDS * 1_000;
      for (;;) {
        const { state, answer } = await askGhost(origin, next, terminal.signal);
        const secondsLeft = (end - Date.now()) / 1_000;
        if (state === 'known') {
          return;
        }
        if (secondsLeft <= 0) {
          throw new Failure(
            `${origin.url} did not accept the new secret within ${duration(PATIENCE_SECONDS)} (last response: ${answer}). ` +
              'CloudFront was not switched. It still sends the old secret, which Ghost accepts.',
            `Restart Ghost with both secrets in its configuration (an environment variable overrides the file). ${again}`,
          );
        }
        progress(`${answer}; ${duration(secondsLeft)} left`);
        await pause(SECONDS_BETWEEN_QUESTIONS);
      }
    });
  } catch (error) {
    if (terminal.signal.aborted) {
      throw new Interruption(
        `Stopped. CloudFront was not switched. It still sends the old secret, which Ghost accepts. ${again}`,
      );
    }
    throw error;
  }
}

async function finish(
  { aws, terminal }: Session,
  rotation: Rotation,
  json: boolean | undefined,
): Promise<RotatedSecret> {
  const { stack, distributionId, next, writeConfig } = rotation;
  const { fallbackSecret } = await describeDistribution(aws, distributionId);
  if (fallbackSecret !== next) {
    throw new Failure(
      `The distribution ${distributionId} does not send the new secret, although the stack was updated.`,
      '"provision diff" shows the changes outside of CloudFormation. Until you fix them, Ghost accepts both secrets.',
    );
  }
  terminal.say();
  terminal.say(terminal.colors.green('✔ CloudFront sends the new secret.'));
  const written = writeOrPrintOptions(terminal, writeConfig, { cdnFallbackSecret: next }, json);
  terminal.say('Restart Ghost at any time. Until then, it also accepts the old secret.');
  return { stackName: stack.name, ...written };
}
