import { loadSharedConfigFiles } from '@smithy/core/config';
import { Failure } from '../shell/failure';
import { quoted } from '../shell/text';

/** Sections of ~/.aws/config that are no profiles. */
const OTHER_SECTIONS = /^(sso-session|services)\./;

/**
 * Lists the profiles of the AWS configuration.
 *
 * @returns names, sorted; `default` among them when it is there
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export async function listProfiles(): Promise<string[]> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ignoreCache: true });
  const names = [...Object.keys(configFile), ...Object.keys(credentialsFile)];
  return [...new Set(names)].filter((name) => !OTHER_SECTIONS.test(name)).sort();
}

/**
 * Checks that the profile exists that a command signs in with.
 *
 * @param option value of `--profile`; without it, AWS_PROFILE names the profile
 * @throws Failure as `checkProfile` does
 */
export async function checkChosenProfile(option: string | undefined): Promise<void> {
  const { AWS_PROFILE } = process.env;
  await (option === undefined
    ? checkProfile(AWS_PROFILE || undefined, 'The environment variable AWS_PROFILE')
    : checkProfile(option, '--profile'));
}

/**
 * Checks that a profile exists. Without it, the SDK would go on to other credentials, such as those of the machine.
 *
 * @param name of the profile, undefined for none
 * @param setting where the name comes from, as the error names it: `--profile`
 * @throws Failure with the profiles that exist
 */
export async function checkProfile(name: string | undefined, setting: string): Promise<void> {
  // "default" is also what everything else is called, without any AWS file.
  if (name === undefined || name === 'default') {
    return;
  }
  const names = await listProfiles();
  if (names.includes(name)) {
    return;
  }
  throw new Failure(
    `${setting} is "${name}", and the AWS configuration has no profile of that name.`,
    names.length > 0
      ? `Its profiles are ${names.join(', ')}. Name one of them, or create "${name}" with: aws login --profile ${quoted(name)} (AWS CLI 2.32 or newer)`
      : `It has no profiles at all. Create one with: aws login --profile ${quoted(name)} (AWS CLI 2.32 or newer)`,
  );
}
