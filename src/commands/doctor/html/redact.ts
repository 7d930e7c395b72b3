import { ADAPTER, FEATURES } from '../../../core/features';
import { adapterOptionsOf, isObject, storageOf } from '../../../ghost-site/config';
import { withoutUserInfo } from '../../../shell/text';
import type { DoctorContext } from '../context';

/** A value that is shorter may be a part of other words. */
const SHORTEST_SECRET = 6;

const OF_ENVIRONMENT = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/**
 * Texts that look like the ID of an access key, whole or shortened:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */
const KEY_ID = /\bA(KIA|SIA)[A-Z0-9]*(…\w*|(?<=\w{12}))/g;

/** The parameters of a signed URL. */
const SIGNATURE = /([?&](X-Amz-[\w-]+|Signature|AWSAccessKeyId|Key-Pair-Id|Policy)=)[^&\s"'<>)]*/gi;

/** The options that are secrets. */
const SECRET_OPTIONS = ['accessKeyId', 'secretAccessKey', 'sessionToken', 'cdnFallbackSecret'];

/** Returns a function that removes secrets, IDs of access keys and signatures from a text. */
export function redactFor(context: DoctorContext): (text: string) => string {
  const secrets = [...secretsOf(context), ...OF_ENVIRONMENT.map((name) => process.env[name])]
    .filter((value) => value !== undefined && value.length >= SHORTEST_SECRET)
    // A secret may be a part of another one.
    .sort((one = '', other = '') => other.length - one.length);
  return (text) =>
    withoutUserInfo(
      secrets
        .reduce<string>((rest, secret = '') => rest.replaceAll(secret, '…'), text)
        .replace(KEY_ID, '…')
        .replace(SIGNATURE, '$1…'),
    );
}

/** Returns the secrets among the options, also where these are not valid. */
function secretsOf({ ghostConfig }: DoctorContext): (string | undefined)[] {
  const storage = storageOf(ghostConfig);
  const blocks = [storage[ADAPTER], ...FEATURES.map((feature) => adapterOptionsOf(storage, feature))];
  return blocks.filter(isObject).flatMap((block) =>
    SECRET_OPTIONS.flatMap((name) => [block[name]].flat())
      .filter((value) => typeof value === 'string')
      // Two CDN secrets may be written as one text.
      .flatMap((value) => [value, ...value.split(/[\s,]+/)]),
  );
}
