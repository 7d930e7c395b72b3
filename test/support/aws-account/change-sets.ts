import type { CreateChangeSetCommandInput, Parameter } from '@aws-sdk/client-cloudformation';
import { awsError } from './aws-error';
import { changesBetween } from './changes';
import type { Identifiers } from './identifiers';
import type { Services } from './resource-kinds';
import type { ChangeSet, Definition, Stack } from './stack';
import { readTemplate, renderTemplate, type Template } from './template';

const TEMPLATE_BYTES = 51_200;

export const validationError = (message: string) => awsError('cloudformation', 'ValidationError', message);

/**
 * Returns the change set that CreateChangeSet makes for a stack.
 *
 * @throws ValidationError, InsufficientCapabilitiesException
 */
export function changeSetFor(stack: Stack, input: CreateChangeSetCommandInput, services: Services): ChangeSet {
  const { access, buckets, identifiers } = services;
  const { ChangeSetName = '', ChangeSetType = 'UPDATE', ImportExistingResources = false } = input;
  const before = ChangeSetType === 'UPDATE' ? stack.definition : undefined;
  const definition = definitionOf(stack, input, before, access.accountId);
  // Names that are functions are ignored:
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
  const bucketName = definition.template.Resources.Bucket?.Properties.BucketName;
  const imports =
    ImportExistingResources &&
    typeof bucketName === 'string' &&
    buckets.find(bucketName) &&
    !stack.resources.has('Bucket')
      ? ['Bucket']
      : [];
  const changes = changesBetween({
    before: before?.rendered,
    after: definition.rendered,
    tagsChanged: before !== undefined && JSON.stringify(before.tags) !== JSON.stringify(definition.tags),
    imports,
    physicalIdOf: (logicalId) => stack.resources.get(logicalId)?.physicalId,
  });
  const sameOutputs = JSON.stringify(before?.rendered.Outputs) === JSON.stringify(definition.rendered.Outputs);
  const changeSet = { name: ChangeSetName, id: changeSetId(stack, ChangeSetName, identifiers) };
  return {
    ...changeSet,
    type: ChangeSetType as 'CREATE' | 'UPDATE',
    definition,
    status: 'CREATE_PENDING',
    executionStatus: 'UNAVAILABLE',
    changes,
    imports,
    onStackFailure: input.OnStackFailure,
    createdAt: new Date(),
    outcome: changes.length === 0 && sameOutputs ? 'FAILED' : 'CREATE_COMPLETE',
    invalid: [],
  };
}

function changeSetId({ id }: Stack, name: string, identifiers: Identifiers): string {
  return `${id.replace(/:stack\/.*/, '')}:changeSet/${name}/${identifiers.uuid()}`;
}

/** Returns the template with its parameters, after the checks that CloudFormation makes before it answers. */
export function definitionOf(
  stack: Stack,
  input: Pick<CreateChangeSetCommandInput, 'TemplateBody' | 'Parameters' | 'Capabilities' | 'Tags'>,
  before: Definition | undefined,
  accountId: string,
): Definition {
  const { TemplateBody: body, Parameters = [], Capabilities = [], Tags = before?.tags ?? [] } = input;
  if (body === undefined) {
    throw validationError('Either Template URL or Template Body must be specified.');
  }
  if (Buffer.byteLength(body) > TEMPLATE_BYTES) {
    throw validationError(
      "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: " +
        `Member must have length less than or equal to ${TEMPLATE_BYTES}`,
    );
  }
  const template = read(body);
  const parameters = parametersOf(template, Parameters, before);
  if (
    Object.values(template.Resources).some(({ Type }) => Type.startsWith('AWS::IAM::')) &&
    !Capabilities.some((capability) => capability.startsWith('CAPABILITY_'))
  ) {
    throw awsError('cloudformation', 'InsufficientCapabilitiesException', 'Requires capabilities : [CAPABILITY_IAM]');
  }
  const pseudo = {
    'AWS::AccountId': accountId,
    'AWS::Partition': 'aws',
    'AWS::Region': stack.region,
    'AWS::StackId': stack.id,
    'AWS::StackName': stack.name,
  };
  const rendered = refusing(() => renderTemplate(template, { ...parameters, ...pseudo }));
  return { template, parameters, tags: Tags, capabilities: Capabilities, rendered };
}

function parametersOf(template: Template, given: Parameter[], before?: Definition): Record<string, string> {
  const values = Object.fromEntries(
    given.map(({ ParameterKey = '', ParameterValue = '', UsePreviousValue }) => {
      const previous = before?.parameters[ParameterKey];
      if (UsePreviousValue && previous === undefined) {
        throw validationError(
          `Invalid input for parameter key ${ParameterKey}. Cannot specify usePreviousValue as true for a parameter ` +
            'key not in the previous template',
        );
      }
      return [ParameterKey, UsePreviousValue ? String(previous) : ParameterValue];
    }),
  );
  const unknown = Object.keys(values).filter((name) => !(name in template.Parameters));
  if (unknown.length > 0) {
    throw validationError(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  }
  const all = Object.entries(template.Parameters).map(
    ([name, { Default }]) => [name, values[name] ?? Default] as const,
  );
  const missing = all.filter(([, value]) => value === undefined).map(([name]) => name);
  if (missing.length > 0) {
    throw validationError(`Parameters: [${missing.join(', ')}] must have values`);
  }
  return Object.fromEntries(all) as Record<string, string>;
}

/** What was read last. Tests send the same few templates, and each takes a tenth of a second to parse. */
const lastRead = new Map<string, Template>();

function read(body: string): Template {
  const template = lastRead.get(body) ?? refusing(() => readTemplate(body), 'Template format error: ');
  if (lastRead.size >= 10) lastRead.clear();
  lastRead.set(body, template);
  return template;
}

/** Turns errors of a template or its parameters into CloudFormation's. */
function refusing<T>(action: () => T, prefix = ''): T {
  try {
    return action();
  } catch (error) {
    throw validationError(prefix + (error as Error).message);
  }
}
