import { readFileSync } from 'node:fs';
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml';
import { packageFile } from '../shell/paths';

/** A parameter of the template: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html */
export interface Parameter {
  Type: string;
  Description?: string;
  Default?: string;
  AllowedPattern?: string;
  AllowedValues?: string[];
  MaxLength?: number;
  ConstraintDescription?: string;
  NoEcho?: boolean;
}

export interface Resource {
  Type: string;
  Condition?: string;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Properties: Record<string, unknown>;
}

interface Rule {
  RuleCondition?: unknown;
  Assertions: { Assert: unknown; AssertDescription: string }[];
}

/** A template with intrinsic functions in their long form, `{ "Fn::If": [...] }`. */
export interface Template {
  Metadata: Record<string, { ParameterGroups: { Parameters: string[] }[]; ParameterLabels: Record<string, unknown> }>;
  Parameters: Record<string, Parameter>;
  Rules: Record<string, Rule>;
  Conditions: Record<string, unknown>;
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Condition?: string; Description?: string; Value: unknown }>;
}

/** The package's own template, as YAML. */
export const TEMPLATE_TEXT = readFileSync(packageFile('infrastructure/template.yaml'), 'utf8');

/** Caches the package's own template, since parsing takes a tenth of a second. */
let ownTemplate: Template | undefined;

/**
 * Reads a template the way CloudFormation does.
 *
 * @param text YAML with the short forms of intrinsic functions, `!If [...]`
 * @returns the template, which callers must not change
 * @throws Error for everything that CloudFormation rejects: invalid YAML, duplicate keys, anchors, aliases, unknown tags
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
 */
export function readTemplate(text: string = TEMPLATE_TEXT): Template {
  return text === TEMPLATE_TEXT ? (ownTemplate ??= parse(text)) : parse(text);
}

function parse(text: string): Template {
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
