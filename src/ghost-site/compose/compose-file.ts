import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { Failure } from '../../shell/failure';
import { isObject } from '../config';
import { textOf } from '../config-text';
import type { Owner } from '../../shell/owner-rights';
import { readEnvFile } from './env-file';
import type { Lookup } from './interpolate';
import { readFor, writerOf } from './writer';

/** The files that Docker Compose looks for, in its order. */
const FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const OVERRIDES = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/** The Compose files of a folder, merged but not interpolated. */
export interface ComposeProject {
  folder: string;
  /** The files that were read, the later ones over the earlier ones. */
  files: string[];
  /** The variables of the environment and of `.env`, which Compose puts into its files. */
  lookup: Lookup;
  /** What each file says about each service, in the order of the files. */
  services: Map<string, RawService[]>;
  /** The top-level `volumes` and `secrets`. */
  volumes: Record<string, unknown>;
  secrets: Record<string, unknown>;
  /** The files with `include`, which is not read here. */
  including: string[];
  /** The user other than root with whose rights everything is read that the files name. */
  writer?: Owner;
}

/** A service as one file has it. */
export interface RawService {
  file: string;
  values: Record<string, unknown>;
}

/** Returns whether a folder holds a file that Docker Compose would read, and that may have Ghost as a service. */
export function mayHaveGhost(folder: string): boolean {
  const found = FILES.map((name) => path.join(folder, name)).find((file) => existsSync(file));
  return found !== undefined && /ghost/i.test(textOf(found));
}

/**
 * Reads the Compose files of a folder, with its overrides, as Docker Compose finds them there.
 *
 * @param environment in which Docker Compose would run. What root has in it is not put into the files of another user,
 *   who could have it sent anywhere.
 * @param writer of the files that are known
 * @throws Failure for a file that cannot be read
 * @see https://docs.docker.com/reference/compose-file/merge/
 */
export function readComposeProject(
  folder: string,
  environment: NodeJS.ProcessEnv,
  writer = writerOf([folder, dotEnvOf(folder)]),
): ComposeProject {
  const dotEnv = dotEnvOf(folder);
  const ofEnvironment: Lookup = (name) => (writer ? undefined : environment[name]);
  const values = readEnvFile(
    readFor(writer, dotEnv, () => textOf(dotEnv)),
    dotEnv,
    ofEnvironment,
  );
  const lookup: Lookup = (name) => ofEnvironment(name) ?? values.get(name);
  const files = composeFiles(folder, (name) => environment[name] ?? values.get(name));
  const other = writer ?? writerOf(files);
  if (other !== writer) {
    return readComposeProject(folder, environment, other);
  }
  const project: ComposeProject = {
    folder,
    files,
    lookup,
    services: new Map(),
    volumes: {},
    secrets: {},
    including: [],
    writer,
  };
  for (const file of project.files) {
    const { services, volumes, secrets, include } = contentOf(file, writer);
    Object.assign(project.volumes, volumes);
    Object.assign(project.secrets, secrets);
    project.including.push(...(include === undefined ? [] : [file]));
    for (const [name, service] of Object.entries(isObject(services) ? services : {})) {
      const parts = project.services.get(name) ?? [];
      project.services.set(name, [...parts, ...(isObject(service) ? [{ file, values: service }] : [])]);
    }
  }
  return project;
}

const dotEnvOf = (folder: string) => path.join(folder, '.env');

function composeFiles(folder: string, lookup: Lookup): string[] {
  const named = lookup('COMPOSE_FILE');
  if (named) {
    const separator = lookup('COMPOSE_PATH_SEPARATOR') ?? path.delimiter;
    return named.split(separator).map((name) => path.resolve(folder, name));
  }
  return [FILES, OVERRIDES].flatMap((names) => {
    const found = names.map((name) => path.join(folder, name)).find((file) => existsSync(file));
    return found === undefined ? [] : [found];
  });
}

function contentOf(file: string, writer: Owner | undefined): Record<string, unknown> {
  const text = readFor(writer, file, () => textOf(file));
  const document = parseDocument(text, { merge: true });
  // A tag that is not resolved is one of Compose's own: !reset and !override.
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) {
    throw new Failure(
      `${file} cannot be read: ${problem.message.split('\n', 1)[0]}`,
      "Name Ghost's content folder with --content and its configuration with --config, or set it up by hand: install --print",
    );
  }
  const content: unknown = document.toJS();
  return isObject(content) ? content : {};
}
