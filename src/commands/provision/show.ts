import path from 'node:path';
import type { Terminal } from '../../shell/terminal';
import { calledAs, ownCommand } from '../../shell/called-as';
import { usesAdapter } from '../../ghost-site/config';
import type { SettingsFile } from '../../ghost-site/settings-file';
import { isFolder } from '../../ghost-site/site';
import { siteParameters } from '../../ghost-site/site-parameters';
import { optionOfBucket } from './account-regional-bucket';
import type { Destroyed } from './destroyed';
import type { Differences } from './diff';
import { identityAdvice } from './ghost-config';
import { stepLines } from './plan';
import type { Provisioned } from './provision';
import type { ProvisionOptions } from './settings';
import { isForGhost, showFolders } from './show-folders';
import type { Status } from './status';

/**
 * Shows the result of `provision` and the next steps.
 *
 * @param options options of the command, for the next commands
 * @param written `settings`: the file that the configuration was written to; `backup`: its previous version
 */
export function showProvisioned(
  terminal: Terminal,
  provisioned: Provisioned,
  options: ProvisionOptions,
  written: { settings?: SettingsFile; backup?: string },
): void {
  const { changed, stack, isWithoutDomain, missingRecord } = provisioned;
  const { outputs } = stack;
  terminal.say();
  terminal.say(
    changed
      ? terminal.colors.green(`✔ ${outputs.CdnUrl} is built.`)
      : `✔ ${outputs.CdnUrl} is up to date. Nothing was changed.`,
  );
  terminal.say();
  for (const [name, value] of Object.entries(outputs)) {
    terminal.say(`  ${name.padEnd(25)}${value}`);
  }
  if (isWithoutDomain) {
    terminal.warn(
      `Another distribution still has ${stack.parameters.Domain}. First copy the files to the bucket ${outputs.BucketName} (${calledAs()} migrate), then run the command again with --move-domain.`,
    );
  }
  if (missingRecord) {
    showMissingRecord(terminal, missingRecord);
  }
  showFolders(terminal, provisioned, options);
  terminal.say();
  if (isForGhost(stack, options)) {
    showGhostSteps(terminal, provisioned, options, written);
  } else {
    terminal.say(
      'To serve the images of a blog as well, run the command again with --ghost-url https://blog.example.com',
    );
  }
}

function showGhostSteps(
  terminal: Terminal,
  { stack, config, formerKeys }: Provisioned,
  { writeConfig }: ProvisionOptions,
  { settings, backup }: { settings?: SettingsFile; backup?: string },
): void {
  const { accessKeyId } = config.storage.S3CloudFrontStorage;
  identityAdvice(stack, accessKeyId, formerKeys).forEach((line) => terminal.say(line));
  terminal.say();
  if (settings === undefined) {
    terminal.say("Add this to Ghost's configuration, config.production.json:");
    terminal.say(JSON.stringify(config, null, 2));
  } else {
    terminal.say(
      backup === undefined
        ? `The options are in ${settings.file}.`
        : `The options are in ${settings.file}. Your previous configuration is saved as ${backup}.`,
    );
  }
  const isActive = settings !== undefined && usesAdapter(settings.own(settings.text()));
  if (!isActive) {
    terminal.say('They have no effect until `install` activates them. Until then, your blog uses its disk.');
  }
  terminal.say();
  terminal.say('Next:');
  const configFile = path.resolve(settings?.file ?? 'config.production.json');
  const folder = settings && writeConfig !== undefined && isFolder(writeConfig) ? path.resolve(writeConfig) : undefined;
  const where = siteParameters({ configFile, folder });
  terminal.say(`  ${ownCommand(`migrate${where}`, { reads: [configFile] })}   (copies the files to the bucket)`);
  const effect = isActive ? 'applies the options' : 'switches Ghost to the bucket';
  terminal.say(`  ${ownCommand(`install${where}`, { writes: [configFile] })}   (${effect})`);
  terminal.say('  Each of them shows the next steps.');
}

/** Shows the record that the user creates at another DNS provider. */
export function showMissingRecord(
  terminal: Terminal,
  { name, relativeName, zone, value }: NonNullable<Provisioned['missingRecord']>,
): void {
  terminal.say();
  terminal.say('Create this record at your DNS provider, so that visitors can load the images:');
  terminal.say('  Type   CNAME (at the apex of a zone: ALIAS or ANAME)');
  terminal.say(`  Name   ${name}`);
  terminal.say(`         or, if the provider adds ${zone} itself:  ${relativeName}`);
  terminal.say(`  Value  ${value}`);
}

/** Shows the result of `provision status`. */
export function showStatus(terminal: Terminal, status: Status): void {
  const { stack, domain, folders, certificate, distribution, pointsToDistribution } = status;
  const until = certificate?.notAfter ? `, until ${certificate.notAfter.toISOString().slice(0, 10)}` : '';
  const rows = {
    Stack: `${stack.name}: ${stack.status}${stack.statusReason ? ` (${stack.statusReason})` : ''}`,
    Certificate: certificate ? `${certificate.status}${until} (${certificate.arn})` : 'none',
    Distribution: distribution ?? 'none',
    ...(folders.length > 0 && { Folders: folders.map((name) => `/${name}/`).join(' ') }),
    DNS: pointsToDistribution
      ? `${domain} points to the distribution`
      : `${domain} does not point to ${stack.outputs.DistributionDomainName ?? 'a distribution'} (yet)`,
    ...stack.outputs,
  };
  for (const [name, value] of Object.entries(rows)) {
    terminal.say(`${name.padEnd(25)}${value}`);
  }
}

/** Shows the result of `provision diff`. */
export function showDifferences(terminal: Terminal, { changes, drifts }: Differences): void {
  terminal.say();
  if (changes.length === 0) {
    terminal.say("The stack matches this version's template.");
  } else {
    terminal.say('This version\'s template would make these changes (run "provision" to apply them):');
    stepLines(changes, terminal.colors).forEach((line) => terminal.say(line));
  }
  terminal.say();
  if (drifts.length === 0) {
    terminal.say('Nothing was changed outside of CloudFormation.');
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

/** Shows the result of `provision destroy`. */
export function showDestroyed(terminal: Terminal, destroyed: Destroyed, stackName: string): void {
  const { keptBucket, keptCertificate, danglingRecord } = destroyed;
  if (destroyed.stackName === undefined) {
    terminal.say(`The stack ${stackName} does not exist. There is nothing to delete.`);
    return;
  }
  terminal.say();
  terminal.say(terminal.colors.green(`✔ The stack ${stackName} is deleted.`));
  if (keptBucket) {
    terminal.say(
      `The bucket ${keptBucket} was kept, with every file. To use it again: provision ${optionOfBucket(keptBucket)} …`,
    );
  }
  if (keptCertificate) {
    terminal.say('The certificate was kept. To delete it, if nothing else uses it:');
    terminal.say(`  aws acm delete-certificate --region us-east-1 --certificate-arn ${keptCertificate}`);
  }
  if (danglingRecord) {
    terminal.warn(
      `Delete the record ${danglingRecord} at your DNS provider. It points to a deleted distribution, and someone who gets a distribution with that name could show content on your domain.`,
    );
  }
}
