import { S3Error } from './s3-error';

/**
 * A policy document of a user or a bucket, in the part of the language that an S3 bucket for a website needs. Setting a
 * policy that uses anything else fails, so that no test passes because of an ignored condition.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export interface Policy {
  /** The original text, for GetBucketPolicy. */
  source: string;
  statements: Statement[];
}

interface Statement {
  effect: 'Allow' | 'Deny';
  /** ARNs, account numbers or `*`; undefined in a user's policy. */
  principals?: string[];
  actions: Patterns;
  resources: Patterns;
  conditions: Condition[];
}

interface Patterns {
  patterns: RegExp[];
  /** Inverts the meaning: NotAction, NotResource. */
  except: boolean;
}

interface Condition {
  operator: string;
  /** Whether an absent key satisfies the condition. */
  ifExists: boolean;
  key: string;
  values: string[];
}

export interface PolicyQuestion {
  /** The caller's ARN; undefined for an anonymous caller. */
  principal?: string;
  action: string;
  resource: string;
  /** Condition keys in lower case, such as `s3:prefix`, that the request has. */
  context: Record<string, string | undefined>;
}

export const ACCOUNT_ID = '123456789012';

const operators: Record<string, (actual: string, expected: string) => boolean> = {
  StringEquals: (actual, expected) => actual === expected,
  StringNotEquals: (actual, expected) => actual !== expected,
  StringLike: (actual, expected) => wildcard(expected).test(actual),
  StringNotLike: (actual, expected) => !wildcard(expected).test(actual),
  ArnEquals: (actual, expected) => wildcard(expected).test(actual),
  ArnLike: (actual, expected) => wildcard(expected).test(actual),
  Bool: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(),
  NumericEquals: (actual, expected) => Number(actual) === Number(expected),
  NumericLessThan: (actual, expected) => Number(actual) < Number(expected),
  NumericLessThanEquals: (actual, expected) => Number(actual) <= Number(expected),
};

/** @throws MalformedPolicy for an invalid policy, or an operator that is not supported here */
export function parsePolicy(source: string): Policy {
  let document: unknown;
  try {
    document = JSON.parse(source);
  } catch {
    throw malformed('This policy contains invalid Json');
  }
  const statements = isObject(document) ? list(document.Statement) : [];
  if (statements.length === 0) throw malformed('Missing required field Statement');
  return { source, statements: statements.map(parseStatement) };
}

/** Returns whether the statements allow or deny a request; a denial outweighs every permission. */
export function evaluate(policy: Policy, question: PolicyQuestion): 'allow' | 'deny' | 'silent' {
  const effects = policy.statements
    .filter((statement) => applies(statement, question))
    .map((statement) => statement.effect);
  if (effects.includes('Deny')) return 'deny';
  return effects.includes('Allow') ? 'allow' : 'silent';
}

/** Returns whether a policy grants anything to everybody. */
export function isPublic(policy: Policy): boolean {
  return policy.statements.some(
    ({ effect, principals, conditions }) =>
      effect === 'Allow' && principals?.includes('*') === true && conditions.length === 0,
  );
}

function applies(statement: Statement, question: PolicyQuestion): boolean {
  return (
    (statement.principals?.some((principal) => isPrincipal(principal, question.principal)) ?? true) &&
    matches(statement.actions, question.action.toLowerCase()) &&
    matches(statement.resources, question.resource) &&
    statement.conditions.every((condition) => holds(condition, question.context))
  );
}

function isPrincipal(named: string, caller: string | undefined): boolean {
  if (named === '*') return true;
  const isAccount = named === ACCOUNT_ID || named === `arn:aws:iam::${ACCOUNT_ID}:root`;
  return caller !== undefined && (isAccount || named === caller);
}

function matches({ patterns, except }: Patterns, text: string): boolean {
  return patterns.some((pattern) => pattern.test(text)) !== except;
}

function holds({ operator, ifExists, key, values }: Condition, context: PolicyQuestion['context']): boolean {
  const actual = context[key];
  const isNegative = operator.includes('Not');
  if (actual === undefined) return ifExists || isNegative;
  const holdsFor = (value: string) => operators[operator]?.(actual, value) === true;
  return isNegative ? values.every(holdsFor) : values.some(holdsFor);
}

function parseStatement(value: unknown): Statement {
  if (!isObject(value)) throw malformed('A statement is not an object');
  if (value.Effect !== 'Allow' && value.Effect !== 'Deny') throw malformed('Invalid effect');
  return {
    effect: value.Effect,
    principals: value.Principal === undefined ? undefined : parsePrincipals(value.Principal),
    actions: parsePatterns(value.Action, value.NotAction, (text) => text.toLowerCase()),
    resources: parsePatterns(value.Resource, value.NotResource, (text) => text),
    conditions: parseConditions(value.Condition),
  };
}

function parsePrincipals(value: unknown): string[] {
  if (value === '*') return ['*'];
  if (!isObject(value)) throw malformed('Invalid principal in policy');
  // Services are never callers here: the statement stays and matches no caller.
  return Object.entries(value).flatMap(([kind, names]) => (kind === 'AWS' ? list(names).map(String) : []));
}

function parsePatterns(included: unknown, excluded: unknown, normalise: (text: string) => string): Patterns {
  const texts = list(included ?? excluded);
  if (texts.length === 0) throw malformed('A statement names no action or no resource');
  return { patterns: texts.map((text) => wildcard(normalise(String(text)))), except: included === undefined };
}

function parseConditions(value: unknown): Condition[] {
  if (value === undefined) return [];
  if (!isObject(value)) throw malformed('Invalid condition');
  return Object.entries(value).flatMap(([fullOperator, keys]) => {
    const operator = fullOperator.replace(/IfExists$/, '');
    if (!(operator in operators) || !isObject(keys)) throw malformed(`Invalid condition type: ${fullOperator}`);
    return Object.entries(keys).map(([key, values]) => ({
      operator,
      ifExists: operator !== fullOperator,
      key: key.toLowerCase(),
      values: list(values).map(String),
    }));
  });
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}

function list(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(message: string): S3Error {
  return new S3Error('MalformedPolicy', message);
}
