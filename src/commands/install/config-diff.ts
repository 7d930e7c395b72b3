import path from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { type Node, parseTree } from 'jsonc-parser';
import type { Colors } from '../../shell/terminal';

const MASK = '********';

/** The names of settings whose values are never shown. Ghost's configuration has many of them. */
const SECRET_NAME = /pass|secret|token|key|credential|auth/i;

/** A user name and a password in front of the host of a URL. */
const USER_INFO = /(\w:\/\/)[^/@"\s]+@/g;

/** Returns the change of a configuration file as the lines of a unified diff, without secrets. */
export function configDiff(file: string, before: string, after: string, colors: Colors): string[] {
  const name = path.basename(file);
  const patch = createTwoFilesPatch(name, name, withoutSecrets(before), withoutSecrets(after), 'now', 'then');
  return patch
    .slice(patch.indexOf('--- '))
    .trimEnd()
    .split('\n')
    .map((line) => colored(line, colors));
}

/** Masks the secrets in the text of a configuration, and keeps its lines. */
export function withoutSecrets(text: string): string {
  const root = parseTree(text);
  const masked = (root ? secretLiterals(root, false) : []).reduceRight(
    (current, { offset, length }) => `${current.slice(0, offset)}"${MASK}"${current.slice(offset + length)}`,
    text,
  );
  return masked.replaceAll(USER_INFO, `$1${MASK}@`);
}

/** Returns a copy of a part of the configuration with masked secrets. */
export const withMaskedSecrets = <T>(value: T): T => JSON.parse(withoutSecrets(JSON.stringify(value))) as T;

/** Returns the literals below the name of a secret, in the order of the text. */
function secretLiterals({ type, children = [], ...node }: Node, isSecret: boolean): Pick<Node, 'offset' | 'length'>[] {
  if (type === 'property') {
    const [name, value] = children;
    return value ? secretLiterals(value, isSecret || SECRET_NAME.test(String(name?.value))) : [];
  }
  if (type === 'object' || type === 'array') {
    return children.flatMap((child) => secretLiterals(child, isSecret));
  }
  return isSecret && type !== 'boolean' && type !== 'null' ? [node] : [];
}

function colored(line: string, colors: Colors): string {
  if (/^(---|\+\+\+) /.test(line)) {
    return colors.bold(line);
  }
  const color = { '+': colors.green, '-': colors.red, '@': colors.cyan }[line[0] ?? ''];
  return color ? color(line) : colors.dim(line);
}
