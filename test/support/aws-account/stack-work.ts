import type { ResourceStatus } from '@aws-sdk/client-cloudformation';
import { importBucket, KINDS, replacedBy, type Kind, type Made, type Services } from './resource-kinds';
import type { ChangeSet, Definition, Stack, StackResource } from './stack';
import { inOrder, referencesOf, type Resource } from './template';

/** Each step takes one look at the stack. */
type Work<T = void> = Generator<void, T>;

/** The state that a failed update goes back to. */
interface Before {
  definition: Definition;
  resources: Map<string, StackResource>;
  /** Logical IDs of the resources that were changed or failed, in order. */
  touched: string[];
}

/** A resource that an update replaced or removed, to be deleted at its end. */
type Leftover = StackResource;

/** The reasons for which resources fail, the next time that CloudFormation does anything, or `verb`, with them. */
export type PlannedFailures = { logicalId: string; reason: string; verb?: Verb }[];

type Verb = 'CREATE' | 'IMPORT' | 'UPDATE' | 'DELETE';

/** CloudFormation's work on a stack, step by step. */
export class StackWork {
  constructor(
    private readonly stack: Stack,
    private readonly services: Services,
    private readonly failures: PlannedFailures,
  ) {}

  *create({ definition, imports, onStackFailure = 'ROLLBACK' }: ChangeSet): Work {
    const { stack } = this;
    stack.definition = definition;
    stack.set('CREATE_IN_PROGRESS', 'User Initiated');
    yield;
    const failed = yield* this.makeAll(inOrder(definition.rendered), imports);
    if (!failed) {
      stack.resolveOutputs();
      stack.set('CREATE_COMPLETE');
      return;
    }
    const reason = `The following resource(s) failed to create: [${failed}]. `;
    switch (onStackFailure) {
      case 'DO_NOTHING':
        stack.set('CREATE_FAILED', reason);
        return;
      case 'DELETE':
        stack.set('DELETE_IN_PROGRESS', `${reason}Delete requested by user.`);
        yield* this.removeAll('DELETE', isKeptByRollback);
        return;
      case 'ROLLBACK':
        stack.set('ROLLBACK_IN_PROGRESS', `${reason}Rollback requested by user.`);
        yield* this.removeAll('ROLLBACK', isKeptByRollback);
    }
  }

  /** @param rollsBack whether a failure is undone */
  *update({ definition, changes, imports }: ChangeSet, rollsBack = true): Work {
    const { stack } = this;
    const before: Before = {
      definition: stack.definition as Definition,
      resources: new Map([...stack.resources].map(([id, resource]) => [id, { ...resource }])),
      touched: [],
    };
    stack.definition = definition;
    stack.updatedAt = new Date();
    stack.set('UPDATE_IN_PROGRESS', 'User Initiated');
    yield;
    const changed = new Map(changes.map(({ ResourceChange }) => [ResourceChange?.LogicalResourceId, ResourceChange]));
    for (const id of inOrder(definition.rendered).filter((name) => changed.has(name))) {
      before.touched.push(id);
      const isNew = !before.resources.has(id);
      const succeeded = isNew
        ? (yield* this.makeAll([id], imports)) === undefined
        : yield* this.change(id, definition.rendered.Resources[id] as Resource);
      if (!succeeded) {
        const reason = `The following resource(s) failed to ${isNew ? 'create' : 'update'}: [${id}]. `;
        if (rollsBack) {
          yield* this.rollBackUpdate(before, reason);
        } else {
          stack.set('UPDATE_FAILED', reason);
        }
        return;
      }
    }
    stack.set('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    yield;
    yield* this.cleanUp([...before.resources.values()].reverse());
    stack.resolveOutputs();
    stack.set('UPDATE_COMPLETE');
  }

  private *rollBackUpdate(before: Before, reason: string): Work {
    const { stack } = this;
    stack.set('UPDATE_ROLLBACK_IN_PROGRESS', reason);
    yield;
    const added: Leftover[] = [];
    for (const id of [...before.touched].reverse()) {
      const now = stack.resources.get(id);
      const old = before.resources.get(id);
      if (now && (!old || old.physicalId !== now.physicalId)) {
        added.push(now);
      }
      if (!old) {
        stack.resources.delete(id);
        continue;
      }
      stack.resources.set(id, old);
      if (!(yield* this.changeBack(old, now ?? old))) {
        stack.set('UPDATE_ROLLBACK_FAILED', `The following resource(s) failed to update: [${id}]. `);
        return;
      }
    }
    stack.definition = before.definition;
    stack.set('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    yield;
    for (const leftover of added) {
      yield* this.remove(leftover);
    }
    stack.set('UPDATE_ROLLBACK_COMPLETE');
  }

  *delete(): Work {
    this.stack.set('DELETE_IN_PROGRESS', 'User Initiated');
    yield;
    yield* this.removeAll('DELETE', ({ source }) => source.DeletionPolicy?.startsWith('Retain') ?? false);
  }

  /** Creates resources, and returns the ID of the first that failed. */
  private *makeAll(ids: string[], imports: string[]): Work<string | undefined> {
    const { stack, services } = this;
    for (const id of ids) {
      const source = stack.definition?.rendered.Resources[id] as Resource;
      const isImported = imports.includes(id);
      const verb = isImported ? 'IMPORT' : 'CREATE';
      stack.record(id, source.Type, '', `${verb}_IN_PROGRESS`);
      yield;
      const succeeded = this.attempt(id, source.Type, verb, () => {
        const properties = stack.resolve(source.Properties);
        this.checkActions(id, kindOf(source).actions[isImported ? 'update' : 'create']);
        const made = isImported
          ? importBucket(properties, stack.place(id))
          : kindOf(source).create(services, properties, stack.place(id));
        this.keep(id, source, properties, made);
      });
      yield;
      if (!succeeded) {
        return id;
      }
    }
    return undefined;
  }

  /** Changes or replaces a resource, and returns whether it succeeded. */
  private *change(id: string, source: Resource): Work<boolean> {
    const { stack, services } = this;
    const resource = stack.resources.get(id) as StackResource;
    const kind = kindOf(source);
    const properties = stack.resolve(source.Properties);
    if (isSame(resource.properties, properties)) {
      // Something that it refers to was changed, but not the value that it refers to.
      resource.source = source;
      return true;
    }
    const replaced = replacedBy(source.Type).some((name) => !isSame(resource.properties[name], properties[name]));
    stack.record(
      id,
      source.Type,
      resource.physicalId,
      'UPDATE_IN_PROGRESS',
      replaced ? 'Requested update requires the creation of a new physical resource; hence creating one.' : undefined,
    );
    yield;
    const succeeded = this.attempt(id, source.Type, 'UPDATE', () => {
      this.checkActions(id, kind.actions[replaced ? 'create' : 'update']);
      if (replaced) {
        this.keep(id, source, properties, kind.create(services, properties, stack.place(id)));
      } else {
        kind.update?.(services, resource.physicalId, properties, resource.properties);
        Object.assign(resource, { source, properties });
      }
    });
    yield;
    return succeeded;
  }

  /** Restores a resource, and returns whether it succeeded. */
  private *changeBack(old: StackResource, now: StackResource): Work<boolean> {
    const { stack, services } = this;
    stack.record(old.logicalId, old.type, old.physicalId, 'UPDATE_IN_PROGRESS');
    yield;
    const succeeded = this.attempt(old.logicalId, old.type, 'UPDATE', () => {
      if (old.physicalId === now.physicalId) {
        kindOf(old.source).update?.(services, old.physicalId, old.properties, now.properties);
      }
    });
    yield;
    return succeeded;
  }

  /** Deletes what is no longer part of the stack. */
  private *cleanUp(before: Leftover[]): Work {
    for (const old of before) {
      const now = this.stack.resources.get(old.logicalId);
      const isInTemplate = this.stack.definition?.rendered.Resources[old.logicalId] !== undefined;
      if (isInTemplate && now?.physicalId === old.physicalId) {
        continue;
      }
      const policy = isInTemplate ? old.source.UpdateReplacePolicy : old.source.DeletionPolicy;
      if (!isInTemplate) {
        this.stack.resources.delete(old.logicalId);
      }
      if (policy?.startsWith('Retain')) {
        this.stack.record(old.logicalId, old.type, old.physicalId, 'DELETE_SKIPPED');
        yield;
      } else {
        yield* this.remove(old);
      }
    }
  }

  private *removeAll(verb: 'DELETE' | 'ROLLBACK', isKept: (resource: StackResource) => boolean): Work {
    const { stack } = this;
    const failed: string[] = [];
    const needed = new Set<string>();
    for (const resource of [...stack.resources.values()].reverse()) {
      const { logicalId, type, physicalId, source } = resource;
      if (isKept(resource)) {
        stack.record(logicalId, type, physicalId, 'DELETE_SKIPPED');
        yield;
      } else if (needed.has(logicalId) || !(yield* this.remove(resource))) {
        // What it refers to is left alone.
        referencesOf(source.Properties).forEach((reference) => needed.add(reference.logicalId));
        if (!needed.has(logicalId)) {
          failed.push(logicalId);
        }
        continue;
      }
      stack.resources.delete(logicalId);
    }
    if (failed.length > 0) {
      stack.set(`${verb}_FAILED`, `The following resource(s) failed to delete: [${failed.join(', ')}]. `);
      return;
    }
    stack.deletedAt = verb === 'DELETE' ? new Date() : undefined;
    stack.set(`${verb}_COMPLETE`);
  }

  /** Deletes a resource, and returns whether it succeeded. */
  private *remove({ logicalId, type, physicalId, properties, source }: StackResource): Work<boolean> {
    this.stack.record(logicalId, type, physicalId, 'DELETE_IN_PROGRESS');
    yield;
    const succeeded = this.attempt(
      logicalId,
      type,
      'DELETE',
      () => {
        this.checkActions(logicalId, kindOf(source).actions.remove);
        kindOf(source).remove(this.services, physicalId, properties);
      },
      physicalId,
    );
    yield;
    return succeeded;
  }

  private attempt(id: string, type: string, verb: Verb, action: () => void, physicalId?: string): boolean {
    const name = () => physicalId ?? this.stack.resources.get(id)?.physicalId ?? '';
    const record = (status: ResourceStatus, reason?: string) => this.stack.record(id, type, name(), status, reason);
    try {
      const planned = this.failures.findIndex((failure) => failure.logicalId === id && (failure.verb ?? verb) === verb);
      if (planned !== -1) {
        record(`${verb}_FAILED`, this.failures.splice(planned, 1)[0]?.reason);
        return false;
      }
      action();
      record(`${verb}_COMPLETE`);
      return true;
    } catch (error) {
      record(`${verb}_FAILED`, reasonOf(error, type, this.services.identifiers.uuid()));
      return false;
    }
  }

  /** Throws when the caller lacks a permission: CloudFormation has no others. */
  private checkActions(logicalId: string, actions: string[]): void {
    const { access } = this.services;
    const denied = actions.find((action) => !access.allows(action));
    if (denied) {
      const error = new Error(access.message(denied, `arn:aws:*:::${this.stack.name}-${logicalId}`));
      throw Object.assign(error, { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    }
  }

  private keep(id: string, source: Resource, properties: Record<string, unknown>, made: Made) {
    this.stack.resources.set(id, {
      logicalId: id,
      type: source.Type,
      physicalId: made.physicalId,
      attributes: made.attributes ?? {},
      properties,
      source,
      status: 'CREATE_IN_PROGRESS',
    });
  }
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

function kindOf({ Type }: Resource): Kind {
  const kind = KINDS[Type];
  if (!kind) {
    throw new Error(`The test account cannot create ${Type}.`);
  }
  return kind;
}

/**
 * Returns whether a resource outlives the rollback of its stack's creation. No document says so of one that was imported
 * with another policy.
 */
const isKeptByRollback = ({ source }: StackResource) => source.DeletionPolicy === 'Retain';

/** Returns a reason in CloudFormation's words. */
function reasonOf(error: unknown, type: string, token: string): string {
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode: number } };
  if (!$metadata) {
    throw error;
  }
  // The types of Route 53 are older and pass messages on unchanged.
  if (type.startsWith('AWS::Route53::')) {
    return message;
  }
  const status = $metadata.httpStatusCode;
  const code =
    name === 'AccessDenied' ? name : status === 409 ? 'AlreadyExists' : status === 404 ? 'NotFound' : 'InvalidRequest';
  const service = type.split('::')[1];
  return (
    `Resource handler returned message: "${message} (Service: ${service}, Status Code: ${status}, Request ID: ${token})" ` +
    `(RequestToken: ${token}, HandlerErrorCode: ${code})`
  );
}
