import { checkGhostConfigFile } from '../../../ghost-site/config-file';
import { Failure } from '../../../shell/failure';
import { readGhost } from '../ghost-url';
import { openSessionOnStack } from '../session';
import { readStackName } from '../../../template/stack-name';
import { optionOf, type ProvisionOptions, refuseEmpty } from '../settings';
import { rotateAccessKey } from './access-key';
import { rotateSecret } from './secret';

/** The options that can be combined with a rotation. All others change the image server, which needs a separate run. */
const COMMON: (keyof ProvisionOptions)[] = ['domain', 'stackName', 'region', 'profile', 'writeConfig', 'yes', 'json'];

/** Runs `provision --rotate-secret` and `provision --rotate-access-key`. */
export async function runRotation(options: ProvisionOptions): Promise<void> {
  refuseEmpty(options);
  const { rotateSecret: isOfSecret, json } = options;
  const rotation = isOfSecret ? 'rotateSecret' : 'rotateAccessKey';
  const allowed = [...COMMON, rotation, ...(isOfSecret ? ['ghostUrl'] : [])];
  // Commander sets `ghost` to true without --no-ghost.
  const given = Object.entries(options).filter(([name, value]) => name !== 'ghost' || value === false);
  const [other] = given.find(([name]) => !allowed.includes(name)) ?? [];
  if (other !== undefined) {
    throw new Failure(
      `${optionOf(rotation)} and ${optionOf(other)} cannot be used together.`,
      `Run the command twice, once with each of these options.`,
    );
  }
  const stackName = readStackName(options.stackName, options.domain);
  const ghost = readGhost(options, options.domain ?? '');
  const writeConfig = options.writeConfig === undefined ? undefined : checkGhostConfigFile(options.writeConfig).file;
  const session = await openSessionOnStack(options);
  const result = isOfSecret
    ? await rotateSecret(session, stackName, { writeConfig, ghost, json })
    : await rotateAccessKey(session, stackName, { writeConfig, json });
  if (options.json) {
    session.terminal.result(result);
  }
}
