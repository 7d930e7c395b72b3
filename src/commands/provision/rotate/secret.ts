import { randomBytes } from 'node:crypto';
import { checkState, requireStack, type Stack } from '../../../aws/stack';
import { Failure, Interruption } from '../../../shell/failure';
import { duration } from '../../../shell/text';
import { agree } from '../agree';
import { isAllowed } from '../../../template/checked-parameter';
import { describeDistribution } from '../distribution';
import { type PlannedStep, stepLines, stepsOfChanges } from '../plan';
import type { Session } from '../session';
import { type ChangeSet, createChangeSet, discardChangeSet, executeChangeSet, mayRollBack } from '../stack/change-set';
import { settledStack, workOnStack } from '../stack/events';
import { webAclToStore } from '../web-acl';
import { askGhost, type GhostOrigin } from './ask-ghost';
import { handOver, type HandedOver, handOverInAnyCase, readGhostOptions } from './ghost-options';

/** The result of `provision --rotate-secret`. */
export interface RotatedSecret extends HandedOver {
  stackName: string;
}

/** How long (s) to wait until Ghost was restarted. */
const PATIENCE_SECONDS = 15 * 60;
const SECONDS_BETWEEN_QUESTIONS = 5;

/** What is known before anything is changed. */
interface Rotation {
  stack: Stack;
  distributionId: string;
  /** The secret that CloudFront sends. */
  current: string;
  /** The secret that is to replace it; the same when CloudFront sends it already. */
  next: string;
  /** The template parameters that the stack gets. */
  parameters: Record<string, string>;
  origin: GhostOrigin;
  writeConfig?: string;
}

/**
 * Replaces the secret between CloudFront and Ghost without a moment in which Ghost does not recognize CloudFront: Ghost
 * gets both, CloudFront is switched once Ghost has shown that it knows the new one, and Ghost keeps that one alone. Finds
 * what an earlier run has done, by the list in the configuration file.
 *
 * @param options `writeConfig`: Ghost's configuration file, undefined to print what belongs there; `ghost`: the template
 * parameters of `--ghost-url`, none without it; `json`: whether the result is printed as JSON
 * @throws Failure with cause and cure; Declined when the user does not agree; Interruption after Ctrl-C
 */
export async function rotateSecret(
  session: Session,
  stackName: string,
  options: { writeConfig?: string; ghost: Record<string, string>; json?: boolean },
): Promise<RotatedSecret> {
  const { aws, terminal, pause } = session;
  await settledStack(session, stackName);
  const rotation = await terminal.step('Looking at what is there', () => prepare(session, stackName, options));
  const { stack, current, next, parameters, writeConfig } = rotation;
  if (next === current) {
    await agree(terminal, planLines(session, rotation, undefined));
    return finish(session, rotation, options.json);
  }
  await checkGhost(session, rotation);
  const changeSet = await terminal.step('Handing the template to CloudFormation', () =>
    createChangeSet(aws, pause, { stackName, stack, parameters }),
  );
  if (!changeSet) {
    throw new Failure(
      `The stack ${stackName} has the secret already, but its distribution sends another one: it was changed outside of CloudFormation.`,
      '"provision diff" shows what was changed. Undo that, then run the command again.',
    );
  }
  try {
    await agree(terminal, planLines(session, rotation, changeSet));
    terminal.say();
    handOver(terminal, writeConfig, { cdnFallbackSecret: [next, current] });
    terminal.say('Then restart Ghost; with several Ghosts, all of them. Both secrets are valid then.');
    await waitForGhost(session, rotation);
  } catch (error) {
    await discardChangeSet(aws, changeSet, stack).catch(({ message }: Error) =>
      terminal.warn(`The change set ${changeSet.id} could not be deleted (${message}). It changes nothing by itself.`),
    );
    throw error;
  }
  await workOnStack(session, 'Switching CloudFront to the new secret: this takes some minutes', changeSet.stackId, () =>
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
      `--ghost-url is https://${ghost.GhostHost}${ghost.GhostPath}, and the stack ${stackName} has ${host ? url : 'no blog'}.`,
      'Change the blog by a run of its own, without --rotate-secret.',
    );
  }
  const { DistributionId: distributionId } = stack.outputs;
  if (distributionId === undefined) {
    throw new Failure(
      `The stack ${stackName} is ${stack.status}, and has no distribution.`,
      'Run the command without --rotate-secret first: it builds the image server.',
    );
  }
  const { fallbackSecret: current, webAclArn, aliases } = await describeDistribution(aws, distributionId);
  if (stack.parameters.DomainIsElsewhere === 'true' && aliases.includes(cdnHost)) {
    throw new Failure(
      `${cdnHost} was moved to the distribution ${distributionId}, and is not part of the stack ${stackName} yet: a change of the stack would take it off the distribution.`,
      'Run the command without --rotate-secret first: it completes the move.',
    );
  }
  if (!host || current === undefined) {
    throw new Failure(
      `The distribution ${distributionId} of the stack ${stackName} sends no secret, as it does not ask Ghost for sizes.`,
      'There is nothing to replace. "provision --ghost-url https://blog.example.com" lets it ask Ghost, with a new secret.',
    );
  }
  const listed = writeConfig === undefined ? [] : secretsIn(readGhostOptions(writeConfig, stack));
  const next = nextSecret(listed, current);
  const webAcl = webAclToStore(stack.parameters.WebAclArn, webAclArn);
  const parameters = { FallbackSecret: next, ...(webAcl !== undefined && { WebAclArn: webAcl }) };
  return { stack, distributionId, current, next, parameters, origin: { url, cdnHost }, writeConfig };
}

/** A list has the new secret first. */
function nextSecret(listed: unknown[], current: string): string {
  const [first, second] = listed;
  const isPending = first === current || (second === current && isAllowed('FallbackSecret', String(first)));
  return listed.length === 2 && isPending ? String(first) : randomBytes(32).toString('base64url');
}

function secretsIn({ cdnFallbackSecret }: Record<string, unknown>): unknown[] {
  return Array.isArray(cdnFallbackSecret) ? cdnFallbackSecret : [cdnFallbackSecret];
}

/** @throws Failure when no answer of this Ghost could prove that it knows a secret */
async function checkGhost({ terminal }: Session, { origin, current }: Rotation): Promise<void> {
  const { state, answer } = await terminal.step(`Asking ${origin.url}`, () =>
    askGhost(origin, current, terminal.signal),
  );
  const byHand = 'The guide has the way by hand: infrastructure/GUIDE.md, "New secrets". Nothing was changed.';
  if (state === 'blurred') {
    throw new Failure(
      `${origin.url} gives a visitor the same answer as CloudFront (${answer}), so it cannot show whether it knows a new secret.`,
      'Is the adapter installed there, and "serve" not "stream"? A proxy in front of Ghost must neither answer for it nor ' +
        `add marks of CloudFront to its requests. ${byHand}`,
    );
  }
  if (state === 'unknown') {
    terminal.warn(
      `${origin.url} takes CloudFront for a visitor (${answer}): Ghost has another secret than CloudFront, or "serve" is "redirect".\n` +
        '  Until that is changed, no size is made.',
    );
  }
  if (state === 'silent') {
    throw new Failure(
      `${origin.url} does not redirect a visitor to ${origin.cdnHost}: ${answer}.`,
      `Start Ghost, and let this machine reach it as CloudFront does. ${byHand}`,
    );
  }
}

function planLines({ aws, terminal }: Session, rotation: Rotation, changeSet: ChangeSet | undefined): string[] {
  const { current, next, origin, stack, writeConfig } = rotation;
  const file = writeConfig ?? "Ghost's configuration, which you change,";
  const what = 'configuration';
  const steps: PlannedStep[] = changeSet
    ? [
        { sign: '~', what, words: `${file} gets the new secret beside the one that CloudFront sends` },
        {
          sign: '=',
          what: 'Ghost',
          words: `you restart it; the command waits until ${origin.url} knows the new secret`,
        },
        ...stepsOfChanges(changeSet.changes),
        { sign: '~', what, words: `${file} keeps the new secret alone` },
      ]
    : [{ sign: '~', what, words: `${file} keeps the secret that CloudFront sends, without the former one` }];
  const title = `A new secret between https://${stack.parameters.Domain} and ${origin.url}, in ${aws.region} of the account ${aws.account}`;
  return [
    terminal.colors.bold(next === current ? `${title}: CloudFront sends it already` : title),
    '',
    ...stepLines(steps, terminal.colors),
    '',
  ];
}

/** @throws Failure when Ghost does not know the new secret in time; Interruption after Ctrl-C */
async function waitForGhost({ terminal, pause }: Session, { origin, next, writeConfig }: Rotation): Promise<void> {
  const again = `Run the same command again: it ${writeConfig === undefined ? 'makes another new secret' : 'continues with the same secret'}.`;
  try {
    await terminal.step(`Waiting until ${origin.url} knows the new secret`, async ({ progress }) => {
      const end = Date.now() + PATIENCE_SECONDS * 1_000;
      for (;;) {
        const { state, answer } = await askGhost(origin, next, terminal.signal);
        const secondsLeft = (end - Date.now()) / 1_000;
        if (state === 'known') {
          return;
        }
        if (secondsLeft <= 0) {
          throw new Failure(
            `${origin.url} did not know the new secret after ${duration(PATIENCE_SECONDS)} (its last answer: ${answer}). ` +
              'Nothing was switched: CloudFront sends the former secret, and Ghost accepts it.',
            `Restart Ghost with both secrets in its configuration (a variable of its environment comes before the file). ${again}`,
          );
        }
        progress(`${answer}; ${duration(secondsLeft)} more`);
        await pause(SECONDS_BETWEEN_QUESTIONS);
      }
    });
  } catch (error) {
    if (terminal.signal.aborted) {
      throw new Interruption(
        `Stopped. Nothing was switched: CloudFront sends the former secret, and Ghost accepts it. ${again}`,
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
      `The distribution ${distributionId} does not send the new secret, although its stack was changed.`,
      '"provision diff" shows what was changed outside of CloudFormation. Ghost accepts both secrets meanwhile.',
    );
  }
  terminal.say();
  terminal.say(terminal.colors.green('✔ CloudFront sends the new secret.'));
  const handedOver = handOverInAnyCase(terminal, writeConfig, { cdnFallbackSecret: next }, json);
  terminal.say('Restart Ghost when it suits you: until then, it also accepts the former secret.');
  return { stackName: stack.name, ...handedOver };
}
