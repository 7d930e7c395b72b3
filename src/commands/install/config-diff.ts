import path from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { type Node, parseTree } from 'jsonc-parser';
import type { Colors } from '../../shell/terminal';

const MASK = '********';

/** Names of settings whose values are never shown, wherever they stand: Ghost's configuration is full of them. */
const SECRET_NAME = /pass|secret|token|key|credential|auth/i;

/** What stands before the host in an address is a name and a password. */
const USER_INFO = /(\w:\/\/)[^/@"\s]+@/g;

/**
 * Shows what changes in a configuration file as a unified diff, without secrets.
 *
 * @returns lines
 */
export function configDiff(file: string, before: string, after: string, colors: Colors): string[] {
  const name = path.basename(file);
  const patch = createTwoFilesPatch(name, name, withoutSecrets(before), withoutSecrets(after), 'now', 'then');
  return patch
    .slice(patch.indexOf('--- '))
    .trimEnd()
    .split('\n')
    .map((line) => colored(line, colors));
}

/** @returns the text with the values of secrets masked, line by line as it was */
export function withoutSecrets(text: string): string {
  const root = parseTree(text);
  const masked = (root ? secretLiterals(root, false) : []).reduceRight(
    (current, { offset, length }) => `${current.slice(0, offset)}"${MASK}"${current.slice(offset + length)}`,
    text,
  );
  return masked.replaceAll(USER_INFO, `$1${MASK}@`);
}

/** @returns a copy of a value out of the configuration with the values of secrets replaced */
export const withMaskedSecrets = <T>(value: T): T => JSON.parse(withoutSecrets(JSON.stringify(value))) as T;

/** The literals below a name of a secret, in the order of the text. */
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
