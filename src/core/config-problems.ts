// Problems with the values of options that have the right type.
import type { Config } from './config';
import { endpointWithoutBucket } from './s3/endpoint-url';

/** Text in quotation marks of a shell, of a programming language, or of a word processor. */
const QUOTED = /^('.*'|".*"|`.*`|[‘’‚].*[‘’]|[“”„].*[“”]|«.*»)$/s;

/** The spellings of a variable in Docker, shells, Windows, templates and instructions. */
const PLACEHOLDER = /\$\{[^}]*\}|\$\([^)]*\)|\{\{.*\}\}|%[A-Z_]{3,}%|<[A-Za-z][\w .-]*>/;
const NOTHING_BUT_A_VARIABLE = /^\$[A-Z_][A-Z0-9_]*$/;
const NOT_A_VALUE = /^(undefined|null|NaN|\[object Object\])$/;

/**
 * Returns the problem with a value that contains quotation marks or a placeholder, undefined for any other value.
 *
 * @param isSecret allows everything that a key of some service may contain
 */
export function leftover(value: unknown, isSecret: boolean): string | undefined {
  if (typeof value !== 'string') {
    return undefined;
  }
  const text = value.trim();
  if (text.length > 1 && QUOTED.test(text)) {
    return 'has quotation marks around it: remove them (in a Docker env file, they are part of the value)';
  }
  const [placeholder] = PLACEHOLDER.exec(text) ?? NOTHING_BUT_A_VARIABLE.exec(text) ?? [];
  if (placeholder !== undefined && (!isSecret || placeholder === text)) {
    return 'is a placeholder that was not replaced: write the value itself';
  }
  return NOT_A_VALUE.test(text) ? 'is what programs write for a missing value: write the value itself' : undefined;
}

/** Returns the options that contradict each other, each as a sentence without its full stop. */
export function contradictions(config: Config): string[] {
  const problems: string[] = [];
  if (Boolean(config.accessKeyId) !== Boolean(config.secretAccessKey)) {
    const pair = ['accessKeyId', 'secretAccessKey'];
    const [given, missing] = config.accessKeyId ? pair : pair.reverse();
    problems.push(`"${given}" is set without "${missing}": set both, or remove both to use the role of the machine`);
  }
  if (config.sessionToken && !config.accessKeyId && !config.secretAccessKey) {
    problems.push(
      '"sessionToken" is set without "accessKeyId" and "secretAccessKey": set all three, or remove "sessionToken"',
    );
  }
  if (config.kmsKeyId && !config.serverSideEncryption?.startsWith('aws:kms')) {
    problems.push(
      '"kmsKeyId" is set, but "serverSideEncryption" is not "aws:kms": set "serverSideEncryption" to "aws:kms", or remove "kmsKeyId"',
    );
  }
  const withoutBucket = config.endpoint && endpointWithoutBucket(config.endpoint, config);
  if (withoutBucket) {
    problems.push(`"endpoint" contains the bucket name: write "${withoutBucket}" instead of "${config.endpoint}"`);
  }
  if (!config.endpoint && /-\d[a-z]$/.test(config.region ?? '')) {
    const region = config.region?.slice(0, -1);
    problems.push(`"region" is "${config.region}", which is an availability zone: write the region, "${region}"`);
  }
  return problems;
}
