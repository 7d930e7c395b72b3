import { ADAPTER } from '../../core/features';
import { isObject, storageOf } from '../../ghost-site/config';
import type { GhostConfigBlock } from '../../ghost-site/edit-config';
import type { GhostSite } from '../../ghost-site/site';
import { ownCommand } from '../../shell/called-as';
import { Failure } from '../../shell/failure';
import { detectHost } from '../../aws/host';
import { describeStack } from '../../aws/stack';
import { isEmpty, isFailedCreation, type Stack } from '../../aws/stack-state';
import type { Terminal } from '../../shell/terminal';
import { applyDefaults, type Warning, withDefaults } from '../provision/defaults';
import { ghostConfigOf, identityAdvice } from '../provision/ghost-config';
import { provision } from '../provision/provision';
import type { Session } from '../provision/session';
import { readSettings, type Settings } from '../provision/settings';
import { discardKey, keyForGhost } from './access-key';
import type { SetupOptions } from './options';
import { refuseServerOfOther } from './other-blog';
import { waitForRecord } from './wait-for-record';

/** What to build. */
export interface BuildPlan {
  /** With the defaults of a new image server. An existing one does not get them. */
  settings: Settings;
  /** How Ghost gets its credentials: `iam-user`, `policy-only`, `ec2-role`, `ecs-task-role`. */
  identity: string;
  warnings: Warning[];
}

/**
 * Plans what to build. The blog, the identity and the costs follow from the existing image server, the machine and
 * Ghost's configuration.
 *
 * @throws Failure with the option and a fix
 */
export async function planBuild(
  { aws, terminal }: Session,
  site: GhostSite,
  { domain, hostedZone, identity }: { domain: string } & Pick<SetupOptions, 'hostedZone' | 'identity'>,
): Promise<BuildPlan> {
  const options = { domain, hostedZone, identity, writeConfig: site.configFile };
  const wanted = await withDefaults(readSettings(options), options, { aws, signal: terminal.signal, site });
  // The key is created just before it is written, so that a stop in between loses none.
  const settings = { ...wanted, defaults: wanted.defaults && { ...wanted.defaults, createAccessKey: false } };
  const found = await describeStack(aws, settings.stackName);
  const existing = found && isGoing(found) ? undefined : found;
  refuseServerOfOther(site, { domain, region: aws.region }, existing);
  const { parameters, defaults } = applyDefaults(settings, existing);
  const chosen = parameters.Identity ?? existing?.parameters.Identity ?? '';
  await refuseUntestable(site, domain, chosen);
  return { settings, identity: chosen, warnings: defaults?.warnings ?? [] };
}

/** Whether a stack will be gone: one of a failed attempt is deleted before the next attempt. */
const isGoing = (stack: Stack) => isFailedCreation(stack) || stack.status === 'DELETE_IN_PROGRESS';

/** Makes sure that `setup` can test with the credentials that Ghost will have. The user's own would prove nothing. */
async function refuseUntestable(site: GhostSite, domain: string, identity: string): Promise<void> {
  if (identity === 'policy-only' && keyIn(site) === undefined && (await detectHost()) === undefined) {
    throw new Failure(
      `With the identity policy-only, you give Ghost its credentials yourself, and setup cannot test them here: ${site.configFile} has no access key for the adapter, and this machine has no role.`,
      `Let setup create a user with an access key for Ghost: --identity iam-user\nOr write "accessKeyId" and "secretAccessKey" of your own user into "${ADAPTER}" in that file.\nOr go step by step: ${ownCommand(`provision --domain ${domain} --identity policy-only`)}`,
    );
  }
}

/** The settings and credentials that Ghost gets. */
export interface Built {
  block: GhostConfigBlock;
  /** Whether Ghost gets its credentials from its machine, or has an access key of another user. */
  hasRole: boolean;
  /** Deletes the access key of the block, if this run has created it. */
  discardKey?: () => Promise<void>;
}

/**
 * Builds the image server, or finds it, and waits until its domain points to it. The user has agreed to build one, but
 * not to change an existing one.
 *
 * @param site its configuration may already have the access key
 * @param isUnattended whether consent was given in advance
 */
export async function build(
  session: Session,
  site: GhostSite,
  settings: Settings,
  isUnattended: boolean,
): Promise<Built> {
  const { aws, terminal } = session;
  const existing = await describeStack(aws, settings.stackName);
  const isNew = existing === undefined || isEmpty(existing);
  const provisioned = await provision(isNew ? { ...session, terminal: agreed(terminal) } : session, settings);
  const { stack, config, missingRecord } = provisioned;
  if (missingRecord) {
    await waitForRecord(session, settings.domain, missingRecord);
  }
  const { cdnFallbackSecret } = config.storage.S3CloudFrontStorage;
  const { GhostUserName } = stack.outputs;
  if (!GhostUserName) {
    identityAdvice(stack).forEach((line) => terminal.say(line));
    return { block: ghostConfigOf(stack, cdnFallbackSecret), hasRole: true };
  }
  const inFile = keyIn(site);
  const key = await keyForGhost(session, GhostUserName, inFile?.accessKeyId, isUnattended);
  return {
    block: ghostConfigOf(stack, cdnFallbackSecret, key ?? inFile),
    hasRole: false,
    discardKey: key && (() => discardKey(session, GhostUserName, key.accessKeyId)),
  };
}

/** Returns a terminal on which the user has agreed to the plan of `provision`, which is then not shown again. */
function agreed(terminal: Terminal): Terminal {
  let isPlanned = false;
  return {
    ...terminal,
    say: (text) => (isPlanned ? terminal.say(text) : undefined),
    confirm: () => Promise.resolve((isPlanned = true)),
  };
}

/** Returns the access key that Ghost's configuration has. */
function keyIn({ config }: GhostSite) {
  const block = storageOf(config)[ADAPTER];
  const { accessKeyId, secretAccessKey } = isObject(block) ? block : {};
  return typeof accessKeyId === 'string' && typeof secretAccessKey === 'string'
    ? { accessKeyId, secretAccessKey }
    : undefined;
}
