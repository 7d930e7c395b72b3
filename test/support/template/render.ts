import type { Template } from '../../../src/template/read';
import { renderTemplate, type RenderedTemplate } from '../../../src/template/render';

export type { RenderedTemplate };

/** The pseudo parameters of the rendered stack. */
export const PSEUDO_PARAMETERS: Record<string, string> = {
  'AWS::AccountId': '123456789012',
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::StackId': 'arn:aws:cloudformation:eu-central-1:123456789012:stack/images/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
};

/** Renders a template for parameters, in the account and region of `PSEUDO_PARAMETERS`. */
export const render = (template: Template, parameters: Record<string, string>): RenderedTemplate =>
  renderTemplate(template, { ...PSEUDO_PARAMETERS, ...parameters });

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

/** Returns the names of all resources that it refers to. */
export function referredTo(stack: RenderedTemplate): string[] {
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
