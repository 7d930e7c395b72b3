import type { Aws } from '../../aws/sign-in';
import { describeHost, detectHost } from '../../aws/host';
import { isEmpty, type Stack } from '../../aws/stack';
import { type GhostSite, warningOfUntested } from '../../ghost-site/site';
import { isTerminal } from '../../shell/colors';
import { blogUrlOf, countBlogFiles, findBlog, type BlogUrl } from './blog';
import type { CountedFiles } from './costs';
import type { ProvisionOptions, Settings } from './settings';

/** What was found or assumed for a new image server, as the plan shows it. */
export interface Chosen {
  /** `Blog`, `Identity` */
  what: string;
  value: string;
  /** Where it comes from, and how to choose otherwise. */
  reason: string;
}

/** What the user should know before an image server is built. */
export interface Warning {
  text: string;
  /** Whether the blog has no URL for the image server, which options of `provision` decide. */
  isAboutUrl?: boolean;
}

/** What a new image server gets where the options say nothing. An existing one keeps what it has. */
export interface Defaults {
  /** The template's parameters. */
  parameters: Record<string, string>;
  createAccessKey: boolean;
  chosen: Chosen[];
  warnings: Warning[];
}

/**
 * Finds out what the options of `provision` leave open: the blog, who Ghost signs in as, and the files to store.
 *
 * @param aws the account, undefined for a plan without any request
 * @param site the Ghost that is known already; default: that of `--write-config`, or of this machine
 * @returns the settings with it
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
 * @param stack the present one
 * @returns the settings; those of an existing stack have no defaults
 */
export function settle(settings: Settings, stack: Stack | undefined): Settings {
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
  reason: `"url" in ${source}; --ghost-url names another, --no-ghost none`,
});

function withoutBlog(found: BlogUrl | undefined): string {
  const cause =
    found === undefined
      ? "The blog's URL is not known."
      : `The blog's URL in ${found.source} is ${shown(found.url)}, which CloudFront cannot request: it needs a public host with HTTPS.`;
  return `${cause} Without it, image sizes that are missing in the bucket are not created, and pages of a new theme show broken images.`;
}

/** A URL may contain a password. */
const shown = (url: string): string => (url.includes('@') ? 'one with a password' : `"${url}"`);

type ChosenIdentity = Chosen & { createAccessKey: boolean };

/** @returns undefined when the options choose it */
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
    reason: `${reason}; --identity chooses another`,
    createAccessKey: withKey,
  });
  if (createAccessKey) {
    return chosen('iam-user', 'as --create-access-key needs it');
  }
  if (folders.added.length > 0 && !hasBlog && options.writeConfig === undefined) {
    return chosen('policy-only', 'only folders are served, and no blog');
  }
  const host = await detectHost();
  const description = host && aws && (await describeHost(host));
  const name = host === 'ec2' ? 'an EC2 instance' : 'a task of ECS';
  if (host && (!aws || description?.account === aws.account)) {
    return chosen(host === 'ec2' ? 'ec2-role' : 'ecs-task-role', `this is ${name}`);
  }
  const reason = !host
    ? 'this is neither an EC2 instance nor a task of ECS'
    : description
      ? `this is ${name} of another account, as on Lightsail, which cannot have a role of yours`
      : `this is ${name} whose metadata service does not answer, so that Ghost would get no role`;
  return chosen('iam-user', reason, canHandOver(options));
}

/** An access key is created only where it reaches its owner, and not the log of a CI. */
const canHandOver = ({ writeConfig, json }: ProvisionOptions): boolean =>
  writeConfig !== undefined || (!json && isTerminal(process.stdout) && !('CI' in process.env));
