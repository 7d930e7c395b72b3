import path from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { getNodeValue, type Node, parseTree } from 'jsonc-parser';
import { withShownValues } from '../../ghost-site/compose/env-file';
import type { SettingsFile } from '../../ghost-site/settings-file';
import type { Colors } from '../../shell/terminal';

const MASK = '********';

/** The names of settings whose values are never shown. Ghost's configuration has many of them. */
const SECRET_NAME =
  /pass|pwd|secret|token|key|credential|auth|private|salt|dsn|cert|cookie|signature|bearer|session|webhook|hash|connection_?string|(^|[_-])(pin|otp|sas|pem)($|[_-])/i;

/** A user name and a password without a scheme, as database drivers use them: `ghost:password@tcp(localhost)`. */
const BARE_USER_INFO = /^[^\s:/@]+:(?!\/\/)\S.*@(?=[\w[(])/s;

/** A parameter of a URL or a connection string. */
const PARAMETER = /(^|[?&;\s])([\w.-]+)=[^&;\s]+/g;

/** Values that are keys whatever their name is: AWS access keys and PEM. */
const SECRET_VALUE = /\b(AKIA|ASIA)[A-Z0-9]{12,}|-----BEGIN /;

/** A part of the text that is replaced. */
interface Replacement {
  offset: number;
  length: number;
  text: string;
}

/** Returns the change of a configuration file as the lines of a unified diff, without secrets. */
export function configDiff(
  file: string,
  before: string,
  after: string,
  colors: Colors,
  format: SettingsFile['format'] = 'json',
): string[] {
  const name = path.basename(file);
  const shown = (text: string) => (format === 'env' ? withoutSecretVariables(text, file) : withoutSecrets(text));
  const patch = createTwoFilesPatch(name, name, shown(before), shown(after), 'now', 'then');
  return patch
    .slice(patch.indexOf('--- '))
    .trimEnd()
    .split('\n')
    .map((line) => colored(line, colors));
}

/** Masks the secrets in the text of a configuration, and keeps its lines. */
export function withoutSecrets(text: string): string {
  const root = parseTree(text);
  const replacements = root ? secretLiterals(root, false) : [];
  const starts = [0, ...replacements.map(({ offset, length }) => offset + length)];
  return starts
    .map((start, index) => text.slice(start, replacements[index]?.offset) + (replacements[index]?.text ?? ''))
    .join('');
}

/** Masks the secrets in the text of an env file and everything in comments. */
const withoutSecretVariables = (text: string, file: string): string =>
  withShownValues(text, file, (name, value) => (SECRET_NAME.test(name) ? `"${MASK}"` : withoutSecretParts(value)));

/** Returns a copy of a part of the configuration with masked secrets. */
export const withMaskedSecrets = <T>(value: T): T => JSON.parse(withoutSecrets(JSON.stringify(value))) as T;

/** Returns the literals that are secrets or contain one. */
function secretLiterals(node: Node, isSecret: boolean): Replacement[] {
  const { type, children = [], offset, length } = node;
  if (type === 'property') {
    const [name, value] = children;
    return value ? secretLiterals(value, isSecret || SECRET_NAME.test(String(name?.value))) : [];
  }
  if (type === 'object' || type === 'array') {
    return children.flatMap((child) => secretLiterals(child, isSecret));
  }
  if (isSecret && type !== 'boolean' && type !== 'null') {
    return [{ offset, length, text: JSON.stringify(MASK) }];
  }
  const value: unknown = getNodeValue(node);
  const shown = typeof value === 'string' ? withoutSecretParts(value) : value;
  return shown === value ? [] : [{ offset, length, text: JSON.stringify(shown) }];
}

function withoutSecretParts(value: string): string {
  return SECRET_VALUE.test(value)
    ? MASK
    : withoutUserInfo(value)
        .replace(BARE_USER_INFO, `${MASK}@`)
        .replace(PARAMETER, (whole, before: string, name: string) =>
          SECRET_NAME.test(name) ? `${before}${name}=${MASK}` : whole,
        );
}

/** Masks everything before the host of a URL, up to the last `@`, since a password may contain any character. */
function withoutUserInfo(value: string): string {
  const start = value.search(/(?<=\w:\/\/)\S/);
  const end = value.lastIndexOf('@');
  return start >= 0 && start < end ? value.slice(0, start) + MASK + value.slice(end) : value;
}

function colored(line: string, colors: Colors): string {
  if (/^(---|\+\+\+) /.test(line)) {
    return colors.bold(line);
  }
  const color = { '+': colors.green, '-': colors.red, '@': colors.cyan }[line[0] ?? ''];
  return color ? color(line) : colors.dim(line);
}
