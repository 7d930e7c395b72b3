import type { Aws } from '../../aws/sign-in';
import { detectHost } from '../../aws/host';
import { isEmpty, type Stack } from '../../aws/stack-state';
import { type GhostSite, warningOfUntested } from '../../ghost-site/site';
import { isTerminal } from '../../shell/colors';
import { blogUrlOf, countBlogFiles, findBlog, type BlogUrl } from './blog';
import type { CountedFiles } from './costs';
import type { ProvisionOptions, Settings } from './settings';

/** A value that was found or assumed for a new image server, as the plan shows it. */
export interface Chosen {
  /** `Blog`, `Identity` */
  what: string;
  value: string;
  /** The source of the value, and the option for another one. */
  reason: string;
}

/** A warning before an image server is built. */
export interface Warning {
  text: string;
  /** Whether it is about the missing URL of the blog, which options of `provision` can set. */
  isAboutUrl?: boolean;
}

/** Values for a new image server that the options do not set. An existing one keeps its values. */
export interface Defaults {
  /** The template's parameters. */
  parameters: Record<string, string>;
  createAccessKey: boolean;
  chosen: Chosen[];
  warnings: Warning[];
}

/**
 * Finds values that the options of `provision` do not set: the blog, Ghost's identity in AWS, and the files to store.
 *
 * @param aws the account, undefined for a plan without any request
 * @param site the Ghost, if it is already known; default: the one of `--write-config`, or of this machine
 * @returns the settings with these values
 */
export async function withDefaults(
  settings: Settings,
  options: ProvisionOptions,
  { aws, signal, site = findBlog(options.writeConfig) }: { aws?: Aws; signal?: AbortSignal; site?: GhostSite } = {},
): Promise<Settings> {
  const isOpen = settings.parameters.GhostHost === undefined;
  const blog = site && isOpen ? blogUrlOf(site, settings.domain) : undefined;
  const files: CountedFiles | undefined = site && (await countBlogFiles(site, signal));
  const identity = await identityOf(settings, options, { aws, hasBlog: !isOpen || blog?.parameters !== undefined });
  const untested = warningOfUntested(site?.version);
  const isForFolders = settings.folders.added.length > 0 && options.writeConfig === undefined;
  return {
    ...settings,
    files,
    defaults: {
      parameters: { ...blog?.parameters, ...(identity && { Identity: identity.value }) },
      createAccessKey: identity?.createAccessKey ?? false,
      chosen: [...(blog?.parameters ? [chosenBlog(blog)] : []), ...(identity ? [identity] : [])],
      warnings: [
        ...(isOpen && !blog?.parameters && !isForFolders ? [{ text: withoutBlog(blog), isAboutUrl: true }] : []),
        ...(untested === undefined ? [] : [{ text: untested }]),
      ],
    },
  };
}

/**
 * Applies the defaults to a new image server.
 *
 * @param stack the current stack, if there is one
 * @returns the settings; for an existing stack, they have no defaults
 */
export function applyDefaults(settings: Settings, stack: Stack | undefined): Settings {
  const { defaults } = settings;
  if (!defaults || (stack && !isEmpty(stack))) {
    return { ...settings, defaults: undefined };
  }
  return {
    ...settings,
    parameters: { ...defaults.parameters, ...settings.parameters },
    createAccessKey: settings.createAccessKey || defaults.createAccessKey,
  };
}

const chosenBlog = ({ url, source }: BlogUrl): Chosen => ({
  what: 'Blog',
  value: url,
  reason: `from ${source}; use --ghost-url for another one, or --no-ghost for none`,
});

function withoutBlog(found: BlogUrl | undefined): string {
  const cause =
    found === undefined
      ? "The blog's URL is unknown."
      : `The blog's URL is ${shown(found.url)} (from ${found.source}). CloudFront cannot connect to it, because it needs a public host with HTTPS.`;
  return `${cause} Without it, Ghost does not create image sizes that are missing in the bucket, and a new theme shows broken images.`;
}

/** Returns a URL for a message. A URL with "@" may contain a password, so it is not shown. */
const shown = (url: string): string => (url.includes('@') ? 'one with a password' : `"${url}"`);

type ChosenIdentity = Chosen & { createAccessKey: boolean };

/** @returns undefined when the options set it */
async function identityOf(
  { parameters, folders, createAccessKey }: Settings,
  options: ProvisionOptions,
  { aws, hasBlog }: { aws?: Aws; hasBlog: boolean },
): Promise<ChosenIdentity | undefined> {
  if (parameters.Identity !== undefined) {
    return undefined;
  }
  const chosen = (value: string, reason: string, withKey = false) => ({
    what: 'Identity',
    value,
    reason: `${reason}; use --identity for another one`,
    createAccessKey: withKey,
  });
  if (createAccessKey) {
    return chosen('iam-user', 'because of --create-access-key');
  }
  if (folders.added.length > 0 && !hasBlog && options.writeConfig === undefined) {
    return chosen('policy-only', 'for folders without a blog');
  }
  const host = await detectHost();
  const description = host && aws && (await (await import('../../aws/host-description')).describeHost(host));
  const name = host === 'ec2' ? 'an EC2 instance' : 'an ECS task';
  if (host && (!aws || description?.account === aws.account)) {
    return chosen(host === 'ec2' ? 'ec2-role' : 'ecs-task-role', `this is ${name}`);
  }
  const reason = !host
    ? 'this is neither an EC2 instance nor an ECS task'
    : description
      ? `this is ${name} of another account, as on Lightsail, so it cannot have a role of your account`
      : `this is ${name} whose metadata service does not answer, so Ghost could not get a role`;
  return chosen('iam-user', reason, canHandOver(options));
}

/** Returns whether the secret of an access key can reach its owner, and not only a CI log. */
const canHandOver = ({ writeConfig, json }: ProvisionOptions): boolean =>
  writeConfig !== undefined || (!json && isTerminal(process.stdout) && !('CI' in process.env));
