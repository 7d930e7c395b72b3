import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { packageFile } from '../shell/paths';
import { AS_BUILT } from './as-built';

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
  return text === TEMPLATE_TEXT ? (ownTemplate ??= templateAsBuilt(text) ?? parse(text)) : parse(text);
}

/** Loads the parser only for a template that the build has not parsed. */
function parse(text: string): Template {
  const { parseTemplate } = require('./parse') as typeof import('./parse');
  return parseTemplate(text);
}

/** Returns the template that the build has parsed, unless its text was changed afterwards. */
function templateAsBuilt(text: string): Template | undefined {
  if (AS_BUILT?.sha256 !== createHash('sha256').update(text).digest('hex')) return undefined;
  return JSON.parse(AS_BUILT.json) as Template;
}
