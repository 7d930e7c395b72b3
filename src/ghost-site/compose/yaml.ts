import { isScalar, parseDocument, Scalar, visit } from 'yaml';
import { Failure } from '../../shell/failure';
import { isObject } from '../config';

/** Compose's own tags: the value replaces those of earlier files, or there is none. */
const REPLACING = ['!override', '!reset'];

/** A whole number as Docker Compose reads it, without the underscores: `0123` is octal. */
const INTEGER = /^[-+]?(?:0[0-7]*|0o[0-7]+|0b[01]+|0x[\da-f]+|[1-9]\d*)$/i;

/** The content of a Compose file. */
export interface ComposeFile {
  content: Record<string, unknown>;
  /** The paths of values with the tag `!override` or `!reset`: `['services', 'ghost', 'ports']`. */
  replacing: string[][];
}

/**
 * Reads the text of a Compose file as Docker Compose does, whose numbers are those of YAML 1.1.
 *
 * @param file its name, for errors
 * @throws Failure with the place that cannot be read
 * @see https://docs.docker.com/reference/compose-file/merge/#replace-value
 */
export function readComposeFile(text: string, file: string): ComposeFile {
  const document = parseDocument(text, { merge: true });
  const replacing: string[][] = [];
  visit(document, {
    Node(_key, node, parents) {
      if (isScalar(node) && node.type === Scalar.PLAIN && node.tag === undefined) {
        node.value = integerOf(node.source ?? '') ?? node.value;
      }
      if (node.tag !== undefined && REPLACING.includes(node.tag)) {
        replacing.push(parents.flatMap((parent) => ('key' in parent ? [String(parent.key)] : [])));
        if (node.tag === '!reset' && isScalar(node)) {
          node.value = null;
        }
      }
    },
  });
  const problems = [...document.errors, ...document.warnings];
  const problem = problems.find(({ message }) => !REPLACING.some((tag) => message.includes(`Unresolved tag: ${tag}`)));
  if (problem) {
    throw new Failure(
      `${file} cannot be read: ${problem.message.split('\n', 1)[0]}`,
      "Name Ghost's content folder with --content and its configuration with --config, or set it up by hand: install --print",
    );
  }
  const content: unknown = document.toJS();
  return { content: isObject(content) ? content : {}, replacing };
}

/** @see https://github.com/go-yaml/yaml/blob/v3.0.1/resolve.go */
function integerOf(source: string): number | string | undefined {
  const plain = source.replaceAll('_', '');
  if (!/^[-+\d]/.test(source) || !INTEGER.test(plain)) {
    return undefined;
  }
  const [, sign, digits = ''] = /^([-+]?)(.*)$/.exec(plain) ?? [];
  const positive = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase());
  const value = sign === '-' ? -positive : positive;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
