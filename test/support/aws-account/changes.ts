import type { Change, Replacement, ResourceChangeDetail } from '@aws-sdk/client-cloudformation';
import { replacedBy } from './resource-kinds';
import { inOrder, referencesOf, type RenderedTemplate, type Resource } from './template';

const TAGGED = [
  'AWS::S3::Bucket',
  'AWS::CloudFront::Distribution',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::User',
  'AWS::IAM::Role',
];

/** The input of a change set. */
export interface Difference {
  before?: RenderedTemplate;
  after: RenderedTemplate;
  tagsChanged: boolean;
  /** Logical IDs of existing resources to import. */
  imports: string[];
  physicalIdOf: (logicalId: string) => string | undefined;
}

/**
 * Returns the changes that CloudFormation would show.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
 */
export function changesBetween(difference: Difference): Change[] {
  const { before = { Resources: {}, Outputs: {} }, after, tagsChanged, imports, physicalIdOf } = difference;
  const changes: Change[] = [];
  const replacements = new Map<string, Replacement>();
  const say = (LogicalResourceId: string, { Type }: Resource, change: Change['ResourceChange']) =>
    changes.push({
      Type: 'Resource',
      ResourceChange: {
        LogicalResourceId,
        ResourceType: Type,
        PhysicalResourceId: physicalIdOf(LogicalResourceId),
        Scope: [],
        Details: [],
        ...change,
      },
    });

  for (const id of inOrder(after)) {
    const now = after.Resources[id] as Resource;
    const old = before.Resources[id];
    if (!old) {
      say(id, now, { Action: imports.includes(id) ? 'Import' : 'Add' });
      continue;
    }
    const details = detailsOf(old, now, replacements, tagsChanged);
    if (details.length > 0) {
      const recreations = details.map(({ Target }) => Target?.RequiresRecreation);
      const replacement = recreations.includes('Always')
        ? 'True'
        : recreations.includes('Conditionally')
          ? 'Conditional'
          : 'False';
      replacements.set(id, replacement);
      const scope = [...new Set(details.map(({ Target }) => Target?.Attribute ?? 'Properties'))];
      say(id, now, { Action: 'Modify', Replacement: replacement, Scope: scope, Details: details });
    }
  }
  for (const [id, old] of Object.entries(before.Resources).filter(([name]) => !(name in after.Resources))) {
    say(id, old, { Action: 'Remove' });
  }
  return changes;
}

function detailsOf(
  old: Resource,
  now: Resource,
  replacements: Map<string, Replacement>,
  tagsChanged: boolean,
): ResourceChangeDetail[] {
  const createOnly = replacedBy(now.Type);
  const names = [...new Set([...Object.keys(old.Properties), ...Object.keys(now.Properties)])];
  const details = names.flatMap((name): ResourceChangeDetail[] => {
    const isOther = JSON.stringify(old.Properties[name]) !== JSON.stringify(now.Properties[name]);
    if (isOther) {
      return [
        {
          Target: {
            Attribute: 'Properties',
            Name: name,
            RequiresRecreation: createOnly.includes(name) ? 'Always' : 'Never',
          },
          Evaluation: 'Static',
          ChangeSource: 'DirectModification',
        },
      ];
    }
    // A name stays unless its resource is replaced; attributes are known only after the change.
    const cause = referencesOf(now.Properties[name]).find(({ logicalId, attribute }) => {
      const replacement = replacements.get(logicalId);
      return attribute === undefined ? replacement && replacement !== 'False' : replacement;
    });
    return cause
      ? [
          {
            Target: {
              Attribute: 'Properties',
              Name: name,
              RequiresRecreation: createOnly.includes(name) ? 'Conditionally' : 'Never',
            },
            Evaluation: 'Dynamic',
            ChangeSource: cause.attribute === undefined ? 'ResourceReference' : 'ResourceAttribute',
            CausingEntity: [cause.logicalId, cause.attribute].filter(Boolean).join('.'),
          },
        ]
      : [];
  });
  for (const Attribute of ['DeletionPolicy', 'UpdateReplacePolicy'] as const) {
    if (old[Attribute] !== now[Attribute]) {
      details.push({
        Target: { Attribute, RequiresRecreation: 'Never' },
        Evaluation: 'Static',
        ChangeSource: 'DirectModification',
      });
    }
  }
  if (tagsChanged && TAGGED.includes(now.Type)) {
    details.push({
      Target: { Attribute: 'Tags', RequiresRecreation: 'Never' },
      Evaluation: 'Static',
      ChangeSource: 'DirectModification',
    });
  }
  return details;
}
