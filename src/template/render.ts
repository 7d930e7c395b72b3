import type { Resource, Template } from './read';

/** A template with its conditions evaluated. Only references to values that are not known yet remain. */
export interface RenderedTemplate {
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Description?: string; Value: unknown }>;
}

const NO_VALUE = Symbol('AWS::NoValue');

/**
 * Renders a template with parameters, the way CloudFormation does.
 *
 * @param parameters values by name, including pseudo parameters (`AWS::Region`); missing ones get their defaults
 * @param knownLater names of parameters whose values are not known yet; references to them remain
 * @throws Error with the description of the violated constraint or rule
 */
export function renderTemplate(
  template: Template,
  parameters: Record<string, string>,
  knownLater: string[] = [],
): RenderedTemplate {
  const values = checkedValues(template, parameters, knownLater);
  const evaluator = new Evaluator(template, values);
  for (const { RuleCondition, Assertions } of Object.values(template.Rules ?? {})) {
    if (RuleCondition !== undefined && !evaluator.isTrue(RuleCondition)) {
      continue;
    }
    const broken = Assertions.find(({ Assert }) => !evaluator.isTrue(Assert));
    if (broken) {
      throw new Error(broken.AssertDescription);
    }
  }
  const present = <T extends { Condition?: string }>(things: Record<string, T>) =>
    Object.fromEntries(
      Object.entries(things)
        .filter(([, { Condition }]) => Condition === undefined || evaluator.isTrue({ Condition }))
        .map(([name, { Condition: _, ...thing }]) => [name, evaluator.resolve(thing)]),
    );
  return { Resources: present(template.Resources), Outputs: present(template.Outputs) } as RenderedTemplate;
}

function checkedValues(
  template: Template,
  given: Record<string, string>,
  knownLater: string[],
): Record<string, string> {
  const names = Object.keys(given);
  const unknown = names.find((name) => !(name in template.Parameters) && !name.startsWith('AWS::'));
  if (unknown) {
    throw new Error(`Parameters: [${unknown}] do not exist in the template`);
  }
  const pseudo = Object.fromEntries(Object.entries(given).filter(([name]) => name.startsWith('AWS::')));
  const known = Object.entries(template.Parameters).filter(([name]) => !knownLater.includes(name));
  const checked = Object.fromEntries(
    known.map(([name, parameter]) => {
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
  return { ...pseudo, ...checked };
}

class Evaluator {
  /** Results of conditions by name, because many parts of the template use each of them. */
  private readonly conditions = new Map<string, boolean>();

  constructor(
    private readonly template: Template,
    private readonly values: Record<string, string>,
  ) {}

  isTrue(condition: unknown): boolean {
    const [name, operand] = Object.entries(condition as object)[0] as [string, unknown];
    switch (name) {
      case 'Condition':
        return this.isConditionTrue(String(operand));
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
        throw new Error(`${name} is not a condition`);
    }
  }

  private isConditionTrue(name: string): boolean {
    if (!(name in this.template.Conditions)) {
      throw new Error(`The template has no condition ${name}`);
    }
    const isTrue = this.conditions.get(name) ?? this.isTrue(this.template.Conditions[name]);
    this.conditions.set(name, isTrue);
    return isTrue;
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
        // The names of resources are not known yet.
        return operand === 'AWS::NoValue' ? NO_VALUE : (this.values[String(operand)] ?? value);
      case 'Fn::GetAtt':
        return value;
      case 'Fn::If': {
        const [Condition, one, other] = operand as [string, unknown, unknown];
        return this.resolve(this.isTrue({ Condition }) ? one : other);
      }
      case 'Fn::Select': {
        const [index, list] = operand as [number, unknown];
        const items = this.resolve(list);
        return Array.isArray(items) ? items[index] : { [name]: [index, items] };
      }
      case 'Fn::Split': {
        const [separator, text] = operand as [string, unknown];
        const whole = this.resolve(text);
        return typeof whole === 'string' ? whole.split(separator) : { [name]: [separator, whole] };
      }
      case 'Fn::Sub':
        return this.substitute(...((Array.isArray(operand) ? operand : [operand, {}]) as [string, object]));
      default:
        return Object.fromEntries(
          entries.map(([key, item]) => [key, this.resolve(item)]).filter(([, item]) => item !== NO_VALUE),
        );
    }
  }

  private substitute(text: string, variables: object): unknown {
    const own = this.resolve(variables) as Record<string, unknown>;
    const substituted = text.replace(/\$\{([^}]+)\}/g, (reference, name: string) => {
      const value = own[name] ?? this.values[name];
      return typeof value === 'string' ? value : reference;
    });
    const left = Object.fromEntries(Object.entries(own).filter(([, value]) => typeof value !== 'string'));
    if (!substituted.includes('${')) {
      return substituted;
    }
    return { 'Fn::Sub': Object.keys(left).length > 0 ? [substituted, left] : substituted };
  }
}
