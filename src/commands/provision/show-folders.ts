import { foldersOf, type Stack } from '../../aws/stack-state';
import { calledAs } from '../../shell/called-as';
import type { Terminal } from '../../shell/terminal';
import { quoted } from '../../shell/text';
import type { Provisioned } from './provision';
import type { ProvisionOptions } from './settings';

/** Shows the folders for your own files, and how to upload files to them. */
export function showFolders(
  terminal: Terminal,
  { stack, removedFolders }: Provisioned,
  options: ProvisionOptions,
): void {
  const folders = foldersOf(stack);
  const { CdnUrl, BucketName, DistributionId } = stack.outputs;
  if (folders.length > 0) {
    terminal.say();
    terminal.say('Your own files are available at:');
    folders.forEach((name) => terminal.say(`  ${CdnUrl}/${name}/`));
    terminal.say('To upload a file and get its URL:');
    terminal.say(`  ${calledAs()} upload FILE${optionsOfUpload(options)} --to ${folders[0]}`);
  }
  if (removedFolders.length > 0) {
    const paths = removedFolders.map((name) => `'/${name}/*'`).join(' ');
    terminal.say();
    terminal.say(
      `No longer served: ${removedFolders.join(', ')}. The files are still in the bucket ${BucketName}, and copies may still be in CloudFront's cache. To clear it:`,
    );
    terminal.say(`  aws cloudfront create-invalidation --distribution-id ${DistributionId} --paths ${paths}`);
  }
}

/** Returns whether Ghost uses the image server, according to the stack and the options. */
export function isForGhost(stack: Stack, { writeConfig }: Pick<ProvisionOptions, 'writeConfig'>): boolean {
  const { GhostHost, TenantPrefix, Identity = 'policy-only' } = stack.parameters;
  const isSetUp = Boolean(GhostHost) || Boolean(TenantPrefix) || Identity !== 'policy-only';
  return isSetUp || writeConfig !== undefined || foldersOf(stack).length === 0;
}

function optionsOfUpload({ domain = '', stackName, region, profile }: ProvisionOptions): string {
  const given = {
    ...(stackName === undefined ? { domain } : { 'stack-name': stackName }),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
  };
  return Object.entries(given)
    .map(([name, value]) => ` --${name} ${quoted(value)}`)
    .join('');
}
