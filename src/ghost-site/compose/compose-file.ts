import { existsSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../../shell/failure';
import { isObject } from '../config';
import { textOf } from '../config-text';
import type { Owner } from '../../shell/owner-rights';
import { readEnvFile } from './env-file';
import { homeOfUser } from './home';
import type { Lookup } from './interpolate';
import { readFor, writerOf } from './writer';
import { readComposeFile } from './yaml';

/**
 * The files that Docker Compose looks for, in its order.
 *
 * @see https://docs.docker.com/compose/intro/compose-application-model/
 */
export const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const OVERRIDES = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/** The Compose files of a folder, merged but not interpolated. */
export interface ComposeProject {
  /** Where Docker Compose is run. */
  folder: string;
  /** The folder of the first file, which relative paths start from. */
  base: string;
  /** The home folder of the user who runs Docker Compose. */
  home: string;
  /** The files that were read; later ones override earlier ones. */
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
  /** The user other than root whose rights are used to read everything that the files name. */
  writer?: Owner;
}

/** A service as one file has it. */
export interface RawService {
  file: string;
  values: Record<string, unknown>;
  /** The names of the values that replace those of earlier files: `volumes`; '' for the whole service. */
  replaced: string[];
  /** The names of values in which only a part is replaced. */
  partlyReplaced: string[];
}

/**
 * Returns whether a folder has files that Docker Compose would read, and that may have Ghost as a service, also by
 * including others. A named file that does not exist may have been the right one.
 */
export function mayHaveGhost(folder: string, environment: NodeJS.ProcessEnv): boolean {
  const isNamedHere = environment.COMPOSE_FILE === undefined || folder === process.cwd();
  return composeFiles(folder, namesOf(folder, environment)).some((file) =>
    existsSync(file) ? /ghost|^["']?include["']?\s*:/im.test(textOf(file)) : isNamedHere,
  );
}

/**
 * Returns the variables that may name the Compose files. A file `.env` may belong to another program, and not be
 * readable.
 */
function namesOf(folder: string, environment: NodeJS.ProcessEnv): Lookup {
  const dotEnv = dotEnvOf(folder);
  let values = new Map<string, string>();
  try {
    values = readEnvFile(textOf(dotEnv), dotEnv, (name) => environment[name]);
  } catch (error) {
    // It is read again where the other files have Ghost.
    if (!(error instanceof Failure)) {
      throw error;
    }
  }
  return (name) => environment[name] ?? values.get(name);
}

/**
 * Reads the Compose files of a folder, with its overrides, as Docker Compose finds them there.
 *
 * @param environment in which Docker Compose would run. Root's variables are not put into the files of another user,
 *   who could have them sent anywhere.
 * @param writer of the files that are known
 * @throws Failure for a file that cannot be read
 * @see https://docs.docker.com/reference/compose-file/merge/
 */
export function readComposeProject(
  folder: string,
  environment: NodeJS.ProcessEnv,
  writer = writerOf([folder, dotEnvOf(folder)]),
): ComposeProject {
  // Docker Compose is run in that folder.
  const ofEnvironment: Lookup = (name) => (name === 'PWD' ? folder : writer ? undefined : environment[name]);
  const ofFolder = withEnvFile(dotEnvOf(folder), ofEnvironment, writer);
  const files = composeFiles(folder, (name) => environment[name] ?? ofFolder(name));
  const base = path.dirname(files[0] ?? dotEnvOf(folder));
  const other = writer ?? writerOf([...files, dotEnvOf(base)]);
  if (other !== writer) {
    return readComposeProject(folder, environment, other);
  }
  const project: ComposeProject = {
    folder,
    base,
    home: homeOfUser(environment),
    files,
    lookup: base === folder ? ofFolder : withEnvFile(dotEnvOf(base), ofFolder, writer),
    services: new Map(),
    volumes: {},
    secrets: {},
    including: [],
    writer,
  };
  for (const file of project.files) {
    if (!existsSync(file)) {
      throw new Failure(
        `COMPOSE_FILE names ${file}, which does not exist.`,
        `Correct COMPOSE_FILE in ${dotEnvOf(folder)} or in the environment.`,
      );
    }
    const { content, replacing } = readComposeFile(
      readFor(writer, file, () => textOf(file)),
      file,
    );
    const { services, volumes, secrets, include } = content;
    Object.assign(project.volumes, volumes);
    Object.assign(project.secrets, secrets);
    project.including.push(...(include === undefined ? [] : [file]));
    for (const [name, service] of Object.entries(isObject(services) ? services : {})) {
      const parts = project.services.get(name) ?? [];
      const tags = replacing.filter(([top, other]) => top === 'services' && (other === undefined || other === name));
      const part = {
        file,
        values: isObject(service) ? service : {},
        replaced: tags.filter(({ length }) => length <= 3).map(([, , key = '']) => key),
        partlyReplaced: tags.filter(({ length }) => length > 3).map(([, , key = '']) => key),
      };
      project.services.set(name, isObject(service) || part.replaced.includes('') ? [...parts, part] : parts);
    }
  }
  return project;
}

const dotEnvOf = (folder: string) => path.join(folder, '.env');

/** Adds the variables of an env file, after those that are there. */
function withEnvFile(file: string, lookup: Lookup, writer: Owner | undefined): Lookup {
  const values = readEnvFile(
    readFor(writer, file, () => textOf(file)),
    file,
    lookup,
  );
  return (name) => lookup(name) ?? values.get(name);
}

function composeFiles(folder: string, lookup: Lookup): string[] {
  const named = lookup('COMPOSE_FILE');
  if (named) {
    const separator = lookup('COMPOSE_PATH_SEPARATOR') ?? path.delimiter;
    return named.split(separator).map((name) => path.resolve(folder, name));
  }
  return [COMPOSE_FILES, OVERRIDES].flatMap((names) => {
    const found = names.map((name) => path.join(folder, name)).find((file) => existsSync(file));
    return found === undefined ? [] : [found];
  });
}
