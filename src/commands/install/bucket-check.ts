import { checkChosenProfile } from '../../aws/profiles';
import type { Config } from '../../core/config';
import { FEATURES } from '../../core/features';
import { Bucket } from '../../core/s3/bucket';
import { connect } from '../../core/s3/client';
import { placeOfCredentials } from '../../core/s3/places';
import type { AdapterConfigs } from '../../ghost-site/adapter-config';
import { isOfUser, lacksCredentialsOfUser, signInAsContainer } from '../../ghost-site/compose/container-credentials';
import { fixForHostOfCompose } from '../../ghost-site/compose/host-of-compose';
import type { GhostSite } from '../../ghost-site/site';
import { Failure } from '../../shell/failure';
import type { Owner } from '../../shell/owner-rights';
import type { Terminal } from '../../shell/terminal';

/** Limits for the requests, so that a missing answer is noticed in seconds. */
const MAX_ATTEMPTS = 2;
const MAX_REQUEST_MS = 10_000;

/** What is known about the bucket before Ghost uses it. */
export interface BucketState {
  /** Why Ghost could not use it, with the fix. */
  failure?: Failure;
  /** Whether it has no files of this blog. */
  isEmpty: boolean;
  /** A sentence about credentials that Ghost may not have. */
  warning?: string;
}

/**
 * Requests a list of the blog's files from each bucket of a configuration, as the adapter would: signed, with its
 * client, credentials and explanations.
 *
 * @param site its container may have its own credentials
 * @param ghost the user that Ghost runs as
 */
export async function lookAtBucket(
  terminal: Terminal,
  configs: AdapterConfigs,
  site: GhostSite,
  ghost: Owner,
): Promise<BucketState> {
  signInAsContainer(site);
  const spinner = terminal.spin(`Checking the bucket ${configs.images.bucket} …`);
  try {
    if (Object.values(configs).some(({ accessKeyId }) => accessKeyId === undefined)) {
      await checkChosenProfile(undefined);
    }
    let isEmpty = true;
    const seen = new Set<string>();
    for (const config of FEATURES.map((feature) => configs[feature])) {
      const bucket = new Bucket(limited(config));
      if (isEmpty || !seen.has(bucket.identity)) {
        const { keys } = await bucket.list(prefixOf(config));
        isEmpty &&= keys.length === 0;
      }
      seen.add(bucket.identity);
    }
    return { isEmpty, warning: await warningOfCredentials(limited(configs.images), site, ghost) };
  } catch (error) {
    if (error instanceof Failure) {
      return { isEmpty: false, failure: error };
    }
    const { message, help, errorDetails } = error as Error & { help?: string; errorDetails?: { code?: string } };
    const cure =
      fixForHostOfCompose(site, errorDetails?.code, configs.images) === undefined
        ? (help ?? 'Fix it, and run the command again.')
        : `If only the containers of Docker Compose can resolve that host name, install without this check: --skip-check\nOtherwise: ${help}`;
    return { isEmpty: false, failure: new Failure(message, cure, { cause: error }) };
  } finally {
    spinner.stop();
  }
}

const limited = (config: Config): Config => ({
  ...config,
  maxAttempts: Math.min(config.maxAttempts, MAX_ATTEMPTS),
  requestTimeoutMs: Math.min(config.requestTimeoutMs, MAX_REQUEST_MS),
});

const prefixOf = ({ tenantPrefix, staticFileURLPrefix }: Config) =>
  `${[tenantPrefix, staticFileURLPrefix].filter(Boolean).join('/')}/`;

/** Credentials in the configuration and roles of the machine are Ghost's; those of the user who runs this may not be. */
async function warningOfCredentials(config: Config, site: GhostSite, ghost: Owner): Promise<string | undefined> {
  const isLacking = lacksCredentialsOfUser(site);
  const isGhosts = site.compose ? !isLacking : process.getuid?.() === ghost.uid;
  if (config.accessKeyId !== undefined || isGhosts) {
    return undefined;
  }
  const { client } = await connect(config);
  const { $source = {} } = (await client.config.credentials()) as { $source?: Record<string, string> };
  if (!isOfUser($source)) {
    return undefined;
  }
  const place = placeOfCredentials(process.env);
  return isLacking
    ? `The command checked the bucket with ${place}. Ghost's container does not have these credentials.\n` +
        `  Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in ${site.settings.file}, or give the machine a role.`
    : `The command checked the bucket with ${place}, which Ghost may not have: it runs as the user ${ghost.uid}.\n` +
        '  Set "accessKeyId" and "secretAccessKey" in its configuration, or give the machine a role.';
}
