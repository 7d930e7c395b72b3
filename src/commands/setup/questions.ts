import { readDomain } from '../../template/stack-name';
import { checkRegion } from '../../aws/region';
import { chooseRegion } from '../provision/session';
import { Failure } from '../../shell/failure';
import type { Terminal } from '../../shell/terminal';
import type { SetupOptions } from './options';
import type { Answers } from './saved-answers';

/** The three values that `setup` needs from the user. */
export type Answered = Answers & { domain: string };

/** The proposals for questions that the user has not answered before. */
export interface Proposals {
  domain?: string;
  region?: string;
  /** The names of the profiles in the AWS configuration. */
  profiles: string[];
}

/**
 * Asks for what the options do not say. Answers of an earlier run are the defaults.
 *
 * @throws Failure that names the missing options when this is not a terminal
 */
export async function ask(
  terminal: Terminal,
  options: SetupOptions,
  earlier: Answers,
  proposed: Proposals,
): Promise<Answered> {
  const isUnattended = options.yes === true || !terminal.canChoose;
  if (isUnattended) {
    refuseMissing(options, proposed);
  }
  const domain = await answer(options.domain, {
    isUnattended,
    ask: () =>
      terminal.input('Domain for your images', {
        default: earlier.domain ?? proposed.domain,
        check: (value) => problemOf(() => readDomain('The domain', value)),
      }),
  });
  if (domain !== undefined) {
    // Before the other questions.
    readDomain('--domain', domain);
  }
  // The answers of a run that was stopped: its image server is in that region.
  const former = isUnattended && earlier.domain === domain ? earlier : {};
  const region =
    options.region ??
    (isUnattended ? (former.region ?? proposed.region) : await askRegion(terminal, earlier.region ?? proposed.region));
  const isProfileOpen =
    options.profile === undefined && process.env.AWS_PROFILE === undefined && proposed.profiles.length > 1;
  const profile = isProfileOpen
    ? await answer(former.profile, {
        isUnattended,
        ask: () =>
          terminal.input(`AWS profile (${proposed.profiles.join(', ')})`, {
            default: earlier.profile ?? (proposed.profiles.includes('default') ? 'default' : undefined),
            check: (value) =>
              proposed.profiles.includes(value) ? undefined : `The profile "${value}" does not exist.`,
          }),
      })
    : options.profile;
  return { domain: readDomain('--domain', domain ?? ''), region, profile };
}

async function answer(
  given: string | undefined,
  { isUnattended, ask: askUser }: { isUnattended: boolean; ask: () => Promise<string> },
): Promise<string | undefined> {
  return given ?? (isUnattended ? undefined : askUser());
}

function refuseMissing({ domain, region, yes }: SetupOptions, proposed: Proposals): void {
  const missing = [
    ...(domain === undefined ? ['--domain images.example.com'] : []),
    ...(domain === undefined && (region ?? proposed.region) === undefined ? ['--region eu-central-1'] : []),
    ...(yes ? [] : ['--yes']),
  ];
  if (missing.length > 0) {
    throw new Failure(
      `Can't ask for the missing values: ${yes ? 'with --yes, no question is asked' : "this isn't a terminal"}.`,
      `Add ${missing.join(' and ')}.`,
    );
  }
}

function problemOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) {
      return `${error.message} ${error.cure}`;
    }
    throw error;
  }
}

/** The choice has no default, since files cannot be moved to another region later. */
function askRegion(terminal: Terminal, proposed: string | undefined): Promise<string> {
  return proposed === undefined
    ? chooseRegion(terminal)
    : terminal.input('Region (close to this server)', {
        default: proposed,
        check: (value) => problemOf(() => checkRegion(value, 'The region')),
      });
}
