import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { Failure } from '../../shell/failure';
import { isObject } from '../config';
import { textOf } from '../config-text';
import type { ComposeProject, RawService } from './compose-file';
import { readEnvFile } from './env-file';
import { interpolate, type Lookup } from './interpolate';
import { readFor } from './writer';

/** A folder or file of the container that comes from outside of it. */
export interface Mount {
  /** In the container, `/var/lib/ghost/content`. */
  target: string;
  /** On the host, undefined for what only Docker can reach. */
  source?: string;
  /** The name of the volume, or what else it is. */
  volume?: string;
}

/** A service of Docker Compose, as far as it says where Ghost is and how it is set up. */
export interface Service {
  name: string;
  image?: string;
  /** The variables of `environment`, which come before those of env files. Undefined takes a variable away. */
  environment: Map<string, string | undefined>;
  envFiles: { file: string; required: boolean }[];
  mounts: Mount[];
}

/**
 * Reads a service from what the Compose files say about it, the later ones over the earlier ones.
 *
 * @throws Failure for what is not read here, and for a variable that is missing
 */
export function readService(project: ComposeProject, name: string, parts: RawService[]): Service {
  const service: Service = { name, environment: new Map(), envFiles: [], mounts: [] };
  for (const { file, values } of parts) {
    if (values.extends !== undefined) {
      throw new Failure(
        `The service ${name} in ${file} uses "extends", which is not read here.`,
        `Write what it takes from there into the service itself, or name the content folder with --content and Ghost's\nconfiguration with --config. Without a configuration file: install --print`,
      );
    }
    const text = (value: unknown) => interpolate(String(value), project.lookup, file);
    service.image = values.image === undefined ? service.image : text(values.image);
    for (const [key, value] of pairsOf(values.environment, text)) {
      service.environment.set(key, value ?? project.lookup(key));
    }
    service.envFiles.push(...listOf(values.env_file).map((entry) => envFileOf(project, file, entry, text)));
    for (const mount of [
      ...listOf(values.volumes).map((entry) => mountOf(project, entry, text)),
      ...listOf(values.secrets).map((entry) => secretOf(project, entry, text)),
    ]) {
      service.mounts = [...service.mounts.filter(({ target }) => target !== mount.target), mount];
    }
  }
  return service;
}

/**
 * Returns the variables that the container of a service gets.
 *
 * @param texts the texts of env files that differ from those on the disk, by their paths
 * @throws Failure for an env file that is missing or cannot be read
 * @see https://docs.docker.com/compose/how-tos/environment-variables/envvars-precedence/
 */
export function variablesOf(
  { environment, envFiles }: Service,
  { lookup: ofProject, writer }: Pick<ComposeProject, 'lookup' | 'writer'>,
  texts: ReadonlyMap<string, string> = new Map(),
): NodeJS.ProcessEnv {
  const variables = new Map<string, string | undefined>();
  for (const { file, required } of envFiles) {
    if (!existsSync(file) && required && !texts.has(file)) {
      throw new Failure(
        `The env file ${file}, which the Compose file names, does not exist.`,
        'Create it, or correct "env_file".',
      );
    }
    const lookup: Lookup = (name) => ofProject(name) ?? environment.get(name) ?? variables.get(name);
    const text = texts.get(file) ?? readFor(writer, file, () => textOf(file));
    readEnvFile(text, file, lookup).forEach((value, name) => variables.set(name, value));
  }
  environment.forEach((value, name) => variables.set(name, value));
  return Object.fromEntries(variables);
}

type Text = (value: unknown) => string;

/** Returns the variables of a list or a map. A name alone has the value of Compose's own environment. */
function pairsOf(environment: unknown, text: Text): [string, string | undefined][] {
  if (isObject(environment)) {
    return Object.entries(environment).map(([name, value]) => [name, value === null ? undefined : text(value)]);
  }
  return listOf(environment).map((entry) => {
    const [name = '', ...value] = text(entry).split('=');
    return [name, value.length === 0 ? undefined : value.join('=')];
  });
}

function envFileOf(project: ComposeProject, composeFile: string, entry: unknown, text: Text): Service['envFiles'][0] {
  const { path: name, required, format } = isObject(entry) ? entry : { path: entry };
  const file = path.resolve(project.folder, text(name));
  if (format !== undefined) {
    throw new Failure(
      `${composeFile} gives the env file ${file} the format "${text(format)}", which is not read here.`,
      'Set it up by hand: install --print',
    );
  }
  return { file, required: required !== false };
}

/** @see https://docs.docker.com/reference/compose-file/services/#volumes */
function mountOf(project: ComposeProject, entry: unknown, text: Text): Mount {
  if (isObject(entry)) {
    const { type, source, target } = entry;
    const from = source === undefined ? '' : text(source);
    return { target: text(target), ...(type === 'bind' ? onHost(project, from) : volumeOf(project, from, text)) };
  }
  const [first = '', second] = text(entry).split(':');
  if (second === undefined) {
    return { target: first, volume: 'without a name' };
  }
  return { target: second, ...(/^[./~]/.test(first) ? onHost(project, first) : volumeOf(project, first, text)) };
}

const onHost = ({ folder }: ComposeProject, source: string): Pick<Mount, 'source'> => ({
  source: path.resolve(folder, source.replace(/^~(?=\/|$)/, homedir())),
});

/** Returns the folder of a volume whose driver mounts one of the host, otherwise the name of the volume. */
function volumeOf(project: ComposeProject, name: string, text: Text): Pick<Mount, 'source' | 'volume'> {
  const volume = project.volumes[name];
  const options = isObject(volume) && isObject(volume.driver_opts) ? volume.driver_opts : {};
  return /\bbind\b/.test(text(options.o ?? '')) && options.device !== undefined
    ? onHost(project, text(options.device))
    : { volume: name === '' ? 'without a name' : name };
}

/** A secret is a file of the container: https://docs.docker.com/reference/compose-file/services/#secrets */
function secretOf(project: ComposeProject, entry: unknown, text: Text): Mount {
  const { source, target = source } = isObject(entry) ? entry : { source: entry };
  const secret = project.secrets[text(source)];
  const file = isObject(secret) && secret.file !== undefined ? onHost(project, text(secret.file)) : {};
  return { target: path.posix.resolve('/run/secrets', text(target)), ...file };
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : typeof value === 'string' ? [value] : []);
