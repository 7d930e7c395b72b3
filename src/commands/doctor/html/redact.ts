import { FEATURES } from '../../../core/features';
import type { DoctorContext } from '../context';

/** A value that is shorter may be a part of other words. */
const SHORTEST_SECRET = 6;

const OF_ENVIRONMENT = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/** What looks like the ID of an access key, whole or shortened: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
const KEY_ID = /\bA(KIA|SIA)[A-Z0-9]*(…\w*|(?<=\w{12}))/g;

/** The parameters of a signed URL. */
const SIGNATURE = /([?&](X-Amz-[\w-]+|Signature|AWSAccessKeyId|Key-Pair-Id|Policy)=)[^&\s"'<>)]*/gi;

/** A user name and password in a URL. */
const USER = /\/\/[^/@\s"']*@/g;

/** Returns a function that removes secrets, IDs of access keys and signatures from a text. */
export function redactFor(context: DoctorContext): (text: string) => string {
  const secrets = [...secretsOf(context), ...OF_ENVIRONMENT.map((name) => process.env[name])]
    .filter((value) => value !== undefined && value.length >= SHORTEST_SECRET)
    // A secret may be a part of another one.
    .sort((one = '', other = '') => other.length - one.length);
  return (text) =>
    secrets
      .reduce<string>((rest, secret = '') => rest.replaceAll(secret, '…'), text)
      .replace(KEY_ID, '…')
      .replace(SIGNATURE, '$1…')
      .replace(USER, '//');
}

function secretsOf(context: DoctorContext): (string | undefined)[] {
  try {
    return FEATURES.flatMap((feature) => {
      const { accessKeyId, secretAccessKey, sessionToken, cdnFallbackSecret = [] } = context.configOf(feature);
      return [accessKeyId, secretAccessKey, sessionToken, ...cdnFallbackSecret];
    });
  } catch {
    // The options are not valid, so nothing was done with them.
    return [];
  }
}
