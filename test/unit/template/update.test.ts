import { readTemplate } from '../../../src/template/read';
import { changesBetween } from '../../support/aws-account/changes';
import CREATE_ONLY from '../../support/template/create-only-properties.json';
import { PARAMETER_SETS } from '../../support/template/parameter-sets';
import { render } from '../../support/template/render';
import { VERSION_1, VERSION_1_SETS } from '../../support/template/version-1';

const template = readTemplate();

describe('a stack of version 1.0.0', () => {
  test('keeps all of its parameters, and needs no value for a new one', () => {
    expect(Object.keys(template.Parameters)).toEqual(expect.arrayContaining(Object.keys(VERSION_1.Parameters)));
    const added = Object.entries(template.Parameters).filter(([name]) => !(name in VERSION_1.Parameters));
    expect(added.filter(([, { Default }]) => Default === undefined)).toEqual([]);
  });

  test('keeps its outputs', () => {
    const { Outputs } = VERSION_1;
    expect(template.Outputs).toMatchObject(
      Object.fromEntries(Object.entries(Outputs).map(([name, { Value }]) => [name, { Value }])),
    );
  });

  /** The function for image sizes has replaced it. It has no data. */
  const REMOVED = ['TenantFunction'];

  test.each(VERSION_1_SETS)('for %s is updated without replacing or removing a resource with data', (_, parameters) => {
    const changes = changesBetween({
      before: render(VERSION_1, parameters),
      after: render(template, parameters),
      tagsChanged: false,
      imports: [],
      physicalIdOf: () => undefined,
    });
    const done = changes
      .filter(({ ResourceChange: change }) => !REMOVED.includes(change?.LogicalResourceId ?? ''))
      .map(({ ResourceChange: change }) => [change?.Action, change?.Replacement]);
    expect(done.length).toBeGreaterThan(0);
    expect(done.filter(([action, replacement]) => action !== 'Add' && replacement !== 'False')).toEqual([]);
  });

  test('has every resource under the type that it had', () => {
    const types = (resources: typeof template.Resources) =>
      Object.fromEntries(Object.entries(resources).map(([name, { Type }]) => [name, Type]));
    const kept = Object.entries(VERSION_1.Resources).filter(([name]) => !REMOVED.includes(name));
    expect(types(template.Resources)).toMatchObject(types(Object.fromEntries(kept)));
  });
});

test('what replaces a resource is known for every type in the template', () => {
  const types = Object.values(PARAMETER_SETS).flatMap((parameters) =>
    Object.values(render(template, parameters).Resources).map(({ Type }) => Type),
  );
  expect(Object.keys(CREATE_ONLY.types)).toEqual(expect.arrayContaining([...new Set(types)]));
});
