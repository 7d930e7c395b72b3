import type { Aws } from '../../aws/sign-in';
import { listImageServers, requireStack } from '../../aws/stack';
import { foldersOf, type Stack } from '../../aws/stack-state';
import { type Config, parseConfig } from '../../core/config';
import { trimSlashes } from '../../core/object-keys';
import { calledAs } from '../../shell/called-as';
import { Failure } from '../../shell/failure';
import { readStackName } from '../../template/stack-name';

/** The folder of an image server that files are uploaded to. */
export interface Destination {
  stackName: string;
  /** The bucket's configuration, with the folder as the path prefix. */
  config: Config;
  /** Path within the folder, `2026/press`; empty for the folder itself. */
  directory: string;
}

/** The name of a folder or subfolder. Other characters would have to be encoded in a URL. */
const SEGMENT = /^[A-Za-z0-9_~@][A-Za-z0-9_.~@-]*$/;

/**
 * Finds the image server and the folder for the options.
 *
 * @throws Failure when there is no such image server or folder, or when the choice is ambiguous
 */
export async function findDestination(
  aws: Aws,
  { domain, stackName, to }: { domain?: string; stackName?: string; to?: string },
): Promise<Destination> {
  const path = to === undefined ? undefined : readPath(to);
  const stack =
    domain === undefined && stackName === undefined
      ? await onlyImageServer(aws)
      : await requireStack(aws, readStackName(stackName, domain));
  const { BucketName: bucket, BucketRegion: region, CdnUrl: cdnUrl } = stack.outputs;
  if (!bucket || !region || !cdnUrl) {
    throw new Failure(
      `The image server of the stack ${stack.name} is not ready yet. The stack is ${stack.status}.`,
      'Run "provision" again and wait until it finishes, then upload.',
    );
  }
  const [folder, ...directory] = path ?? [onlyFolder(stack)];
  if (folder === undefined || !foldersOf(stack).includes(folder)) {
    throw notServed(stack, folder ?? '');
  }
  return {
    stackName: stack.name,
    config: parseConfig({ bucket, region, cdnUrl, staticFileURLPrefix: folder }).config,
    directory: directory.join('/'),
  };
}

function readPath(to: string): string[] {
  const path = trimSlashes(to.trim()).split('/');
  const wrong = path.find((segment) => !SEGMENT.test(segment));
  if (wrong !== undefined) {
    throw new Failure(
      `--to is "${to}".`,
      'Use the name of a folder, optionally with subfolders, with only letters, digits, "_", ".", "~", "@" and "-": --to downloads/2026',
    );
  }
  return path;
}

async function onlyImageServer(aws: Aws): Promise<Stack> {
  const [stack, ...others] = await listImageServers(aws);
  if (!stack) {
    throw new Failure(
      `There is no image server in ${aws.region} in the account ${aws.account}.`,
      `Use another --region or --profile, or build an image server: ${calledAs()} provision --domain images.example.com --folder downloads`,
    );
  }
  if (others.length > 0) {
    const domains = [stack, ...others].map(({ name, parameters }) => `${parameters.Domain} (stack ${name})`);
    throw new Failure(
      `There are ${domains.length} image servers in ${aws.region}: ${domains.join(', ')}.`,
      `Choose one: --domain ${stack.parameters.Domain}`,
    );
  }
  return stack;
}

function onlyFolder(stack: Stack): string {
  const [folder, ...others] = foldersOf(stack);
  if (folder === undefined) {
    throw notServed(stack, 'downloads');
  }
  if (others.length > 0) {
    const folders = [folder, ...others];
    throw new Failure(
      `${stack.outputs.CdnUrl} has ${folders.length} folders: ${folders.join(', ')}.`,
      `Choose one: --to ${folder}`,
    );
  }
  return folder;
}

function notServed(stack: Stack, folder: string): Failure {
  const folders = foldersOf(stack);
  return new Failure(
    folders.length === 0
      ? `${stack.outputs.CdnUrl} has no folder for your own files.`
      : `${stack.outputs.CdnUrl} does not serve the folder "${folder}". It serves ${folders.join(', ')}.`,
    `Add it: ${calledAs()} provision --domain ${stack.parameters.Domain} --folder ${folder}`,
  );
}
