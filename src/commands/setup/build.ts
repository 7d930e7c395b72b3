import { setTimeout } from 'node:timers/promises';
import { ADAPTER } from '../../core/features';
import { isObject, storageOf } from '../../ghost-site/config';
import type { GhostConfigBlock } from '../../ghost-site/edit-config';
import type { GhostSite } from '../../ghost-site/site';
import { ownCommand } from '../../shell/called-as';
import { Failure, Interruption } from '../../shell/failure';
import { detectHost } from '../../aws/host';
import { describeStack, isEmpty, type Stack } from '../../aws/stack';
import type { Terminal } from '../../shell/terminal';
import { withDefaults } from '../provision/defaults';
import { pointsTo } from '../provision/dns/live-dns';
import { ghostConfigOf, identityAdvice } from '../provision/ghost-config';
import { type Provisioned, provision } from '../provision/provision';
import type { Session } from '../provision/session';
import { readSettings, type Settings } from '../provision/settings';
import { showMissingRecord } from '../provision/show';
import { keyForGhost } from './access-key';
import type { SetupOptions } from './options';

/** How long (ms) to wait before asking DNS again. */
const DNS_PAUSE_MS = 10_000;

/**
 * Reads what to build: the blog, the identity and the costs follow from the machine and from Ghost's configuration.
 *
 * @throws Failure with the option and a fix
 */
export async function planBuild(
  { aws, terminal }: Session,
  site: GhostSite,
  { domain, hostedZone, identity }: { domain: string } & Pick<SetupOptions, 'hostedZone' | 'identity'>,
): Promise<Settings> {
  const options = { domain, hostedZone, identity, writeConfig: site.compose ? site.folder : site.configFile };
  const settings = await withDefaults(readSettings(options), options, { aws, signal: terminal.signal });
  await refuseUntestable(site, settings, await describeStack(aws, settings.stackName));
  // The key is created just before it is written, so that a stop in between loses none.
  return { ...settings, defaults: settings.defaults && { ...settings.defaults, createAccessKey: false } };
}

/**
 * Makes sure that `setup` can test with the credentials that Ghost will have: those of its user would prove nothing.
 *
 * @param stack the present one
 */
async function refuseUntestable(site: GhostSite, settings: Settings, stack: Stack | undefined): Promise<void> {
  const { Identity } = { ...(stack && !isEmpty(stack) ? stack.parameters : undefined), ...settings.parameters };
  if (Identity === 'policy-only' && keyIn(site) === undefined && (await detectHost()) === undefined) {
    throw new Failure(
      `With the identity policy-only, you give Ghost its credentials yourself, and setup cannot test them here: ${site.configFile} has no access key for the adapter, and this machine has no role.`,
      `Let setup create a user with an access key for Ghost: --identity iam-user\nOr write "accessKeyId" and "secretAccessKey" of your own user into "${ADAPTER}" in that file.\nOr go step by step: ${ownCommand(`provision --domain ${settings.domain} --identity policy-only`)}`,
    );
  }
}

/**
 * Builds the image server, or finds it, and waits until its domain points to it. The user has agreed to build one, but
 * not to a change of one that is there.
 *
 * @param site its configuration may already have the access key
 * @param isUnattended whether consent was given in advance
 * @returns the settings for Ghost, and whether it gets its credentials from its machine, or has its own access key
 */
export async function build(
  session: Session,
  site: GhostSite,
  settings: Settings,
  isUnattended: boolean,
): Promise<{ block: GhostConfigBlock; hasRole: boolean }> {
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
  return { block: ghostConfigOf(stack, cdnFallbackSecret, key ?? inFile), hasRole: false };
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

async function waitForRecord(
  { terminal, resolver }: Session,
  domain: string,
  record: NonNullable<Provisioned['missingRecord']>,
): Promise<void> {
  showMissingRecord(terminal, record);
  terminal.say('  Proxies (the orange cloud of Cloudflare) stay off for it.');
  terminal.say('You can stop with Ctrl-C, and run the same command again when the record is there.');
  await terminal.step(`Waiting until ${domain} points to the image server`, async () => {
    while (!(await pointsTo(resolver, domain, record.value))) {
      await setTimeout(DNS_PAUSE_MS, undefined, { signal: terminal.signal }).catch(() => {
        throw new Interruption('Stopped. Run the same command again to continue.');
      });
    }
  });
}
