import { isObject } from '../config';
import { Failure } from '../../shell/failure';
import type { ComposeProject, RawService } from './compose-file';
import { interpolate } from './interpolate';
import { type Service, variablesOf } from './service';

/**
 * Returns the variables that a service and those that it depends on use without a default, and that are not set here:
 * the user who starts them may set them, for example with `docker compose --env-file`. Without them, Docker Compose
 * would start a container with empty values.
 */
export function unsetVariables(project: ComposeProject, service: Service): string[] {
  const unset = new Set<string>();
  const note = (name: string) => void unset.add(name);
  for (const { file, values } of partsOf(project, service.name)) {
    for (const text of textsIn(values)) {
      noteUnset(() => interpolate(text, project.lookup, file, note));
    }
    passedOn(values.environment)
      .filter((name) => project.lookup(name) === undefined)
      .forEach(note);
  }
  noteUnset(() => variablesOf(service, project, undefined, note));
  return [...unset];
}

/** Ignores what cannot be read: it was noted before, or Docker Compose reports the problem. */
function noteUnset(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
  }
}

/** Returns what the files say about a service, and about all that Docker Compose starts with it. */
function partsOf({ services }: ComposeProject, first: string): RawService[] {
  const names = new Set([first]);
  for (const name of names) {
    const others = (services.get(name) ?? []).flatMap(({ values: { depends_on: needed } }) =>
      isObject(needed) ? Object.keys(needed) : Array.isArray(needed) ? needed.map(String) : [],
    );
    others.forEach((other) => names.add(other));
  }
  return [...names].flatMap((name) => services.get(name) ?? []);
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') {
    return [value];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Returns the variables that get their values from where Docker Compose runs: their names stand alone. */
const passedOn = (environment: unknown): string[] =>
  isObject(environment)
    ? Object.keys(environment).filter((name) => environment[name] === null)
    : textsIn(environment).filter((entry) => /^\w+$/.test(entry));
