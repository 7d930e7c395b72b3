import type { Resource, Template } from './read-template';

/** What a template becomes with parameters: no conditions and no parameters, references to resources alone are left. */
export interface Stack {
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Description?: string; Value: unknown }>;
}

/** Of the stack that is rendered. */
export const PSEUDO_PARAMETERS: Record<string, string> = {
  'AWS::AccountId': '123456789012',
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::StackId': 'arn:aws:cloudformation:eu-central-1:123456789012:stack/images/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
};

const NO_VALUE = Symbol('AWS::NoValue');

/**
 * Renders a template for parameters, as CloudFormation would.
 *
 * @param parameters values by name; defaults are filled in
 * @throws Error with the description of the constraint or rule that the parameters break
 */
export function render(template: Template, parameters: Record<string, string>): Stack {
  const values = checkedValues(template, parameters);
  const resolver = new Resolver(template, values);
  for (const { RuleCondition, Assertions } of Object.values(template.Rules ?? {})) {
    if (RuleCondition !== undefined && !resolver.isTrue(RuleCondition)) {
      continue;
    }
    const broken = Assertions.find(({ Assert }) => !resolver.isTrue(Assert));
    if (broken) {
      throw new Error(broken.AssertDescription);
    }
  }
  const present = <T extends { Condition?: string }>(things: Record<string, T>) =>
    Object.fromEntries(
      Object.entries(things)
        .filter(([, { Condition }]) => Condition === undefined || resolver.isTrue({ Condition }))
        .map(([name, { Condition: _, ...thing }]) => [name, resolver.resolve(thing)]),
    );
  return { Resources: present(template.Resources), Outputs: present(template.Outputs) } as Stack;
}

/**
 * @returns the same with references as text, `${Bucket.Arn}`, for comparing: `Ref`, `GetAtt` and `Sub` of one thing look
 * alike
 */
export function withReferencesAsText<T>(value: T): T {
  return mapObjects(value, (object) => {
    if ('Ref' in object) {
      return `\${${String(object.Ref)}}`;
    }
    if ('Fn::GetAtt' in object) {
      return `\${${(object['Fn::GetAtt'] as string[]).join('.')}}`;
    }
    return 'Fn::Sub' in object ? object['Fn::Sub'] : object;
  }) as T;
}

/** @returns the names of all resources that are referred to anywhere in it */
export function referredTo(stack: Stack): string[] {
  return [...JSON.stringify(withReferencesAsText(stack)).matchAll(/\$\{([\w:]+)[^}]*\}/g)].map(([, name = '']) => name);
}

function mapObjects(value: unknown, change: (object: Record<string, unknown>) => unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => mapObjects(item, change));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return change(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapObjects(item, change)])));
}

function checkedValues(template: Template, given: Record<string, string>): Record<string, string> {
  const unknown = Object.keys(given).find((name) => !(name in template.Parameters));
  if (unknown) {
    throw new Error(`Parameters: [${unknown}] do not exist in the template`);
  }
  return Object.fromEntries(
    Object.entries(template.Parameters).map(([name, parameter]) => {
      const value = given[name] ?? parameter.Default;
      if (value === undefined) {
        throw new Error(`Parameters: [${name}] must have values`);
      }
      if (
        (parameter.AllowedPattern && !new RegExp(`^(?:${parameter.AllowedPattern})$`).test(value)) ||
        (parameter.AllowedValues && !parameter.AllowedValues.includes(value)) ||
        value.length > (parameter.MaxLength ?? 4096)
      ) {
        throw new Error(`Parameter ${name} ${parameter.ConstraintDescription ?? 'failed to satisfy constraint'}`);
      }
      return [name, value];
    }),
  );
}

class Resolver {
  constructor(
    private readonly template: Template,
    private readonly values: Record<string, string>,
  ) {}

  isTrue(condition: unknown): boolean {
    const [name, operand] = Object.entries(condition as object)[0] as [string, unknown];
    switch (name) {
      case 'Condition':
        if (!(String(operand) in this.template.Conditions)) {
          throw new Error(`No condition ${String(operand)}`);
        }
        return this.isTrue(this.template.Conditions[String(operand)]);
      case 'Fn::Equals': {
        const [one, other] = (operand as unknown[]).map((item) => this.resolve(item));
        return one === other;
      }
      case 'Fn::Not':
        return !this.isTrue((operand as unknown[])[0]);
      case 'Fn::And':
        return (operand as unknown[]).every((item) => this.isTrue(item));
      case 'Fn::Or':
        return (operand as unknown[]).some((item) => this.isTrue(item));
      default:
        throw new Error(`${name} is no condition`);
    }
  }

  resolve(value: unknown): unknown {
    if (Array.isArray(value)) {
      return value.map((item) => this.resolve(item)).filter((item) => item !== NO_VALUE);
    }
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    const entries = Object.entries(value);
    const [name, operand] = entries[0] ?? [''];
    switch (name) {
      case 'Ref':
        return operand === 'AWS::NoValue' ? NO_VALUE : (this.refer(String(operand)) ?? value);
      case 'Fn::GetAtt':
        return value;
      case 'Fn::If': {
        const [Condition, one, other] = operand as [string, unknown, unknown];
        return this.resolve(this.isTrue({ Condition }) ? one : other);
      }
      case 'Fn::Select': {
        const [index, list] = operand as [number, unknown];
        return (this.resolve(list) as unknown[])[index];
      }
      case 'Fn::Split': {
        const [separator, text] = operand as [string, unknown];
        return String(this.resolve(text)).split(separator);
      }
      case 'Fn::Sub':
        return this.substitute(...((Array.isArray(operand) ? operand : [operand, {}]) as [string, object]));
      default:
        return Object.fromEntries(
          entries.map(([key, item]) => [key, this.resolve(item)]).filter(([, item]) => item !== NO_VALUE),
        );
    }
  }

  /** @returns undefined for a resource, whose name nobody knows before it is made */
  private refer(name: string): string | undefined {
    return this.values[name] ?? PSEUDO_PARAMETERS[name];
  }

  private substitute(text: string, variables: object): unknown {
    const own = this.resolve(variables) as Record<string, string>;
    const substituted = text.replace(/\$\{([^}]+)\}/g, (reference, name: string) => {
      return own[name] ?? this.refer(name) ?? reference;
    });
    return substituted.includes('${') ? { 'Fn::Sub': substituted } : substituted;
  }
}
