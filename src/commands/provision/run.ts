import { Resolver } from 'node:dns/promises';
import { checkGhostConfigFile, writeGhostConfig } from '../../ghost-site/config-file';
import type { GhostConfigBlock } from '../../ghost-site/edit-config';
import { openTerminal, type Terminal } from '../../shell/terminal';
import { quoted } from '../../shell/text';
import { signIn } from './aws/sign-in';
import { destroy, type Destroyed } from './destroy';
import { type Differences, findDifferences } from './diff';
import { identityAdvice } from './ghost-config';
import { stepLines } from './plan';
import { provision, type Provisioned } from './provision';
import { pauseUntil, type Session } from './session';
import { type ProvisionOptions, readSettings, readStackName } from './settings';
import { readStatus, type Status } from './status';

/** `provision` */
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
    // What was written to the file is shown nowhere else.
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

/** `provision status` */
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

/** `provision diff` */
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

/** `provision destroy` */
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

async function openSession(options: ProvisionOptions): Promise<Session> {
  const terminal = openTerminal(options);
  const aws = await signIn(options);
  // A name server that does not answer is given up on soon: these are looks before the start.
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  return { aws, terminal, resolver, pause: pauseUntil(terminal.signal) };
}

/** Writes the configuration where it is wanted. Where that fails, it is shown: it may hold a secret that is told once. */
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

function showProvisioned(
  terminal: Terminal,
  { changed, stack, config, missingRecord }: Provisioned,
  { writeConfig, backup }: { writeConfig?: string; backup?: string },
): void {
  const { outputs } = stack;
  terminal.say();
  terminal.say(
    changed
      ? terminal.colors.green(`✔ ${outputs.CdnUrl} is built.`)
      : `Nothing to change: ${outputs.CdnUrl} is as it should be.`,
  );
  terminal.say();
  for (const [name, value] of Object.entries(outputs)) {
    terminal.say(`  ${name.padEnd(25)}${value}`);
  }
  if (missingRecord) {
    const { name, relativeName, zone, value } = missingRecord;
    terminal.say();
    terminal.say('Make this record at your DNS provider, so that visitors find the images:');
    terminal.say('  Type   CNAME (at the apex of a zone: ALIAS or ANAME)');
    terminal.say(`  Name   ${name}`);
    terminal.say(`         or, where the provider adds ${zone} itself:  ${relativeName}`);
    terminal.say(`  Value  ${value}`);
  }
  terminal.say();
  identityAdvice(stack, config.storage.S3CloudFrontStorage.accessKeyId).forEach((line) => terminal.say(line));
  terminal.say();
  if (writeConfig === undefined) {
    terminal.say("Put this into Ghost's configuration, config.production.json, beside what is there:");
    terminal.say(JSON.stringify(config, null, 2));
  } else {
    terminal.say(
      backup === undefined
        ? `${writeConfig} holds the configuration.`
        : `${writeConfig} was changed; as it was before, it is ${backup}.`,
    );
  }
  terminal.say(
    'It is the same for Ghost 6 and Ghost 5. "urls" is for Ghost 6: Ghost 5 passes over it, and its posts hold full addresses.',
  );
  terminal.say('Next:');
  const where = writeConfig === undefined ? '' : ` --config ${quoted(writeConfig)}`;
  terminal.say(
    `  ghost-storage-s3-cloudfront install${where}   (before Ghost starts again: with this configuration it needs the adapter)`,
  );
  terminal.say('  It says what comes after it.');
}

function showStatus(terminal: Terminal, status: Status): void {
  const { stack, domain, certificate, distribution, pointsToDistribution } = status;
  const until = certificate?.notAfter ? `, until ${certificate.notAfter.toISOString().slice(0, 10)}` : '';
  const rows = {
    Stack: `${stack.name}: ${stack.status}${stack.statusReason ? ` (${stack.statusReason})` : ''}`,
    Certificate: certificate ? `${certificate.status}${until} (${certificate.arn})` : 'none',
    Distribution: distribution ?? 'none',
    DNS: pointsToDistribution
      ? `${domain} leads to the distribution`
      : `${domain} does not lead to ${stack.outputs.DistributionDomainName ?? 'a distribution'} (yet)`,
    ...stack.outputs,
  };
  for (const [name, value] of Object.entries(rows)) {
    terminal.say(`${name.padEnd(25)}${value}`);
  }
}

function showDifferences(terminal: Terminal, { changes, drifts }: Differences): void {
  terminal.say();
  if (changes.length === 0) {
    terminal.say("The stack is as this version's template has it.");
  } else {
    terminal.say('This version\'s template would change (run "provision" to do it):');
    stepLines(changes, terminal.colors).forEach((line) => terminal.say(line));
  }
  terminal.say();
  if (drifts.length === 0) {
    terminal.say('Everything is as CloudFormation has made it.');
    return;
  }
  terminal.say('Changed outside of CloudFormation:');
  for (const { resource, id, status, properties } of drifts) {
    terminal.say(`  ${resource} (${id}): ${status}`);
    for (const { path, expected, actual } of properties) {
      terminal.say(`    ${path}: ${expected} → ${actual}`);
    }
  }
}

function showDestroyed(terminal: Terminal, destroyed: Destroyed, stackName: string): void {
  const { keptBucket, keptCertificate, danglingRecord } = destroyed;
  if (destroyed.stackName === undefined) {
    terminal.say(`There is no stack ${stackName}: nothing to delete.`);
    return;
  }
  terminal.say();
  terminal.say(terminal.colors.green(`✔ The stack ${stackName} is deleted.`));
  if (keptBucket) {
    terminal.say(
      `The bucket ${keptBucket} is kept, with every file. To use it again: provision --bucket ${keptBucket} …`,
    );
  }
  if (keptCertificate) {
    terminal.say('The certificate is kept. If nothing else uses it:');
    terminal.say(`  aws acm delete-certificate --region us-east-1 --certificate-arn ${keptCertificate}`);
  }
  if (danglingRecord) {
    terminal.warn(
      `Delete the record ${danglingRecord} at your DNS provider: it leads to a distribution that is gone, and whoever makes one with that name would be shown under your domain.`,
    );
  }
}
