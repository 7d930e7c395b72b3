import { loadSharedConfigFiles } from '@smithy/core/config';
import { Failure } from '../shell/failure';
import { quoted } from '../shell/text';

/** Matches sections of ~/.aws/config that are not profiles. */
const OTHER_SECTIONS = /^(sso-session|services)\./;

/**
 * Lists the profiles of the AWS configuration.
 *
 * @returns names, sorted, with `default` if it exists
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export async function listProfiles(): Promise<string[]> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ignoreCache: true });
  const names = [...Object.keys(configFile), ...Object.keys(credentialsFile)];
  return [...new Set(names)].filter((name) => !OTHER_SECTIONS.test(name)).sort();
}

/**
 * Checks that the profile for a command exists.
 *
 * @param option value of `--profile`; without it, the profile is AWS_PROFILE
 * @throws Failure as `checkProfile` does
 */
export async function checkChosenProfile(option: string | undefined): Promise<void> {
  const { AWS_PROFILE } = process.env;
  await (option === undefined
    ? checkProfile(AWS_PROFILE || undefined, 'The environment variable AWS_PROFILE')
    : checkProfile(option, '--profile'));
}

/**
 * Checks that a profile exists. For a missing profile, the SDK would use other credentials, such as those of the
 * machine.
 *
 * @param name name of the profile, undefined for none
 * @param setting where the name comes from, as the error refers to it: `--profile`
 * @throws Failure with the existing profiles
 */
export async function checkProfile(name: string | undefined, setting: string): Promise<void> {
  // "default" may be set without any AWS configuration file; then other credentials apply.
  if (name === undefined || name === 'default') {
    return;
  }
  const names = await listProfiles();
  if (names.includes(name)) {
    return;
  }
  throw new Failure(
    `${setting} is "${name}", but the AWS configuration has no profile with that name.`,
    names.length > 0
      ? `Its profiles are ${names.join(', ')}. Use one of them, or create "${name}" with: aws login --profile ${quoted(name)} (AWS CLI 2.32 or newer)`
      : `It has no profiles. Create one with: aws login --profile ${quoted(name)} (AWS CLI 2.32 or newer)`,
  );
}
