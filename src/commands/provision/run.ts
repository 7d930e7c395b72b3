import { checkGhostConfigFile, writeGhostConfig } from '../../ghost-site/config-file';
import type { GhostConfigBlock } from '../../ghost-site/edit-config';
import type { Terminal } from '../../shell/terminal';
import { destroy } from './destroy';
import { findDifferences } from './diff';
import { provision } from './provision';
import { openSession } from './session';
import { type ProvisionOptions, readSettings, readStackName } from './settings';
import { showDestroyed, showDifferences, showProvisioned, showStatus } from './show';
import { readStatus } from './status';

/** Runs `provision`. */
export async function runProvision(options: ProvisionOptions): Promise<void> {
  const settings = readSettings(options);
  const { writeConfig } = options;
  if (writeConfig !== undefined) {
    checkGhostConfigFile(writeConfig);
  }
  const session = await openSession(options);
  const provisioned = await provision(session, settings);
  const { changed, stack, config, missingRecord } = provisioned;
  const { backup, isWritten } = writeResult(session.terminal, writeConfig, config);
  if (options.json) {
    const { name: stackName, outputs } = stack;
    // It has secrets, which are not shown once they are in the file.
    const ghostConfig = isWritten ? undefined : config;
    session.terminal.result({
      changed,
      stackName,
      outputs,
      ghostConfig,
      configFile: writeConfig,
      backup,
      missingRecord,
    });
  } else {
    showProvisioned(session.terminal, provisioned, { writeConfig: isWritten ? writeConfig : undefined, backup });
  }
}

/** Runs `provision status`. */
export async function runStatus(options: ProvisionOptions): Promise<void> {
  const stackName = readStackName(options.stackName, options.domain);
  const session = await openSession(options);
  const status = await readStatus(session, stackName);
  if (options.json) {
    session.terminal.result(status);
  } else {
    showStatus(session.terminal, status);
  }
}

/** Runs `provision diff`. */
export async function runDiff(options: ProvisionOptions): Promise<void> {
  const stackName = readStackName(options.stackName, options.domain);
  const session = await openSession(options);
  const differences = await findDifferences(session, stackName);
  if (options.json) {
    session.terminal.result(differences);
  } else {
    showDifferences(session.terminal, differences);
  }
}

/** Runs `provision destroy`. */
export async function runDestroy(options: ProvisionOptions): Promise<void> {
  const stackName = readStackName(options.stackName, options.domain);
  const session = await openSession(options);
  const destroyed = await destroy(session, stackName);
  if (options.json) {
    session.terminal.result(destroyed);
  } else {
    showDestroyed(session.terminal, destroyed, stackName);
  }
}

/**
 * Writes the configuration to the file of `--write-config`. A failure is only a warning, so that the configuration is
 * shown: its secret may not be available again.
 */
function writeResult(
  terminal: Terminal,
  file: string | undefined,
  config: GhostConfigBlock,
): { isWritten: boolean; backup?: string } {
  if (file === undefined) {
    return { isWritten: false };
  }
  try {
    return { isWritten: true, backup: writeGhostConfig(file, config) };
  } catch (error) {
    terminal.warn(`${file} could not be written (${(error as Error).message}). It keeps what it had.`);
    process.exitCode = 1;
    return { isWritten: false };
  }
}
