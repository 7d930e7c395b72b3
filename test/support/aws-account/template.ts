import { readTemplate, TEMPLATE_TEXT, type Resource, type Template } from '../../../src/template/read';
import { renderTemplate, type RenderedTemplate } from '../../../src/template/render';

export { readTemplate, renderTemplate, TEMPLATE_TEXT };
export type { RenderedTemplate, Resource, Template };

/** Returns the value of a reference: a resource's name for `Ref`, one of its attributes for `GetAtt`. */
export type Lookup = (logicalId: string, attribute?: string) => string;

/** Replaces references by values that are known once the resources exist. */
export function resolveReferences(value: unknown, lookup: Lookup): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => resolveReferences(item, lookup));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const [[name, operand] = ['', undefined]] = Object.entries(value);
  switch (name) {
    case 'Ref':
      return lookup(String(operand));
    case 'Fn::GetAtt':
      return lookup(...(operand as [string, string]));
    case 'Fn::Sub':
      return String(operand).replace(/\$\{(\w+)(?:\.(\w+))?\}/g, (_, id: string, attribute?: string) =>
        lookup(id, attribute),
      );
    default:
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveReferences(item, lookup)]));
  }
}

/** Returns what a part of a template refers to. */
export function referencesOf(value: unknown): { logicalId: string; attribute?: string }[] {
  const found: { logicalId: string; attribute?: string }[] = [];
  resolveReferences(value, (logicalId, attribute) => {
    found.push({ logicalId, attribute });
    return '';
  });
  return found;
}

/** Returns the names of the resources, each after those that it refers to. */
export function inOrder({ Resources }: RenderedTemplate): string[] {
  const ordered = new Set<string>();
  const visit = (name: string) => {
    const resource = Resources[name];
    if (resource && !ordered.has(name)) {
      referencesOf(resource.Properties).forEach(({ logicalId }) => visit(logicalId));
      ordered.add(name);
    }
  };
  Object.keys(Resources).forEach(visit);
  return [...ordered];
}
