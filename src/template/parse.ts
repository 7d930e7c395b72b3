import { isAlias, isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml';
import type { Template } from './read';

/**
 * Parses a template the way CloudFormation does.
 *
 * @param text YAML with the short forms of intrinsic functions, `!If [...]`
 * @throws Error for everything that CloudFormation rejects: invalid YAML, duplicate keys, anchors, aliases, unknown tags
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
 */
export function parseTemplate(text: string): Template {
  const document = parseDocument(text, { logLevel: 'error' });
  if (document.errors[0]) {
    throw document.errors[0];
  }
  return toPlain(document.contents) as Template;
}

function toPlain(node: unknown): unknown {
  if (isAlias(node) || (node as Node & { anchor?: string }).anchor) {
    throw new Error('CloudFormation does not support anchors and aliases');
  }
  const value = isMap(node)
    ? Object.fromEntries(node.items.map(({ key, value }) => [String(key), value === null ? null : toPlain(value)]))
    : isSeq(node)
      ? node.items.map(toPlain)
      : isScalar(node)
        ? node.value
        : undefined;
  const tag = (node as Node).tag;
  return tag?.startsWith('!') ? toLongForm(tag.slice(1), value) : value;
}

function toLongForm(name: string, value: unknown): unknown {
  if (name === 'Ref' || name === 'Condition') {
    return { [name]: value };
  }
  if (name === 'GetAtt') {
    return { 'Fn::GetAtt': String(value).split('.') };
  }
  if (['And', 'Equals', 'If', 'Not', 'Or', 'Select', 'Split', 'Sub'].includes(name)) {
    return { [`Fn::${name}`]: value };
  }
  throw new Error(`Unknown tag !${name}`);
}
