import { checkGhostConfigFile, writeGhostConfig } from '../../ghost-site/config-file';
import type { GhostConfigBlock } from '../../ghost-site/edit-config';
import { warningOfReadableSecrets } from '../../ghost-site/readable-secrets';
import type { SettingsFile } from '../../ghost-site/settings-file';
import { Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import { foldersOf } from '../../aws/stack-state';
import { withDefaults } from './defaults';
import { destroy } from './destroy';
import { findDifferences } from './diff';
import { provision } from './provision';
import { openSession, openSessionOnStack, type Session } from './session';
import { readStackName } from '../../template/stack-name';
import { type ProvisionOptions, readSettings } from './settings';
import { showDestroyed, showDifferences, showProvisioned, showStatus } from './show';
import { readStatus } from './status';

/** Runs `provision`. */
export async function runProvision(options: ProvisionOptions): Promise<void> {
  const settings = readSettings(options);
  const settingsFile = options.writeConfig === undefined ? undefined : checkGhostConfigFile(options.writeConfig);
  const session = await openSession(options);
  const { aws, terminal } = session;
  const provisioned = await provision(session, await withDefaults(settings, options, { aws, signal: terminal.signal }));
  const { changed, stack, config, missingRecord, isWithoutDomain } = provisioned;
  const { backup, isWritten } = writeResult(session.terminal, settingsFile, config);
  if (options.json) {
    session.terminal.result({
      changed,
      stackName: stack.name,
      outputs: stack.outputs,
      folders: foldersOf(stack),
      // The configuration contains secrets, so it is not printed if it was written to the file.
      ghostConfig: isWritten ? undefined : config,
      configFile: settingsFile?.file,
      backup,
      missingRecord,
      isWithoutDomain,
    });
  } else {
    showProvisioned(session.terminal, provisioned, options, {
      settings: isWritten ? settingsFile : undefined,
      backup,
    });
  }
}

/** Runs `provision status`. */
export const runStatus = (options: ProvisionOptions) => runOnStack(options, readStatus, showStatus);

/** Runs `provision diff`. */
export const runDiff = (options: ProvisionOptions) => runOnStack(options, findDifferences, showDifferences);

/** Runs `provision destroy`. */
export const runDestroy = (options: ProvisionOptions) => runOnStack(options, destroy, showDestroyed);

/** Runs a command on an existing stack, and shows its result for the terminal or as JSON. */
async function runOnStack<Result>(
  options: ProvisionOptions,
  run: (session: Session, stackName: string) => Promise<Result>,
  show: (terminal: Terminal, result: Result, stackName: string) => void,
): Promise<void> {
  const stackName = readStackName(options.stackName, options.domain);
  const session = await openSessionOnStack(options);
  const result = await run(session, stackName);
  if (options.json) {
    session.terminal.result(result);
  } else {
    show(session.terminal, result, stackName);
  }
}

/**
 * Writes the configuration to the file of `--write-config`. A failure is only a warning, so that the command still
 * shows the configuration, whose secrets cannot be read again.
 */
function writeResult(
  terminal: Terminal,
  settings: SettingsFile | undefined,
  config: GhostConfigBlock,
): { isWritten: boolean; backup?: string } {
  if (settings === undefined) {
    return { isWritten: false };
  }
  try {
    const backup = writeGhostConfig(settings, config);
    const warning = warningOfReadableSecrets(settings, settings.text());
    if (warning !== undefined) {
      terminal.warn(warning);
    }
    return { isWritten: true, backup };
  } catch (error) {
    const { message } = error as Error;
    terminal.warn(error instanceof Failure ? message : `${settings.file} could not be written (${message}).`);
    process.exitCode = 1;
    return { isWritten: false };
  }
}
