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
  /** What it is when it is not on the host: `the Docker volume blog`. */
  origin?: string;
  /** The content of a secret that is not a file of the host. */
  content?: string;
  readOnly?: boolean;
}

/** The parts of a Docker Compose service that say where Ghost is and how it is set up. */
export interface Service {
  name: string;
  image?: string;
  /** Whether the image is built from a Dockerfile. */
  isBuilt?: boolean;
  /** The variables of `environment`, which come before those of env files. Undefined takes a variable away. */
  environment: Map<string, string | undefined>;
  envFiles: { file: string; required: boolean }[];
  mounts: Mount[];
}

/** What is read of a service. */
const KEYS = ['', 'image', 'build', 'environment', 'env_file', 'volumes', 'secrets', 'extends'];

/**
 * Reads a service from what the Compose files say about it; later ones override earlier ones.
 *
 * @throws Failure for what is not read here, and for a variable that is missing
 */
export function readService(project: ComposeProject, name: string, parts: RawService[]): Service {
  let service: Service = { name, environment: new Map(), envFiles: [], mounts: [] };
  let secrets: Mount[] = [];
  for (const { file, values, replaced, partlyReplaced } of parts) {
    refuseUnread(name, file, values.extends, partlyReplaced);
    if (replaced.includes('')) {
      service = { name, environment: new Map(), envFiles: [], mounts: [] };
    }
    const isReplaced = (key: string) => ['', key].some((tagged) => replaced.includes(tagged));
    const text = (value: unknown) => interpolate(String(value), project.lookup, file);
    service.image = values.image == null ? (isReplaced('image') ? undefined : service.image) : text(values.image);
    service.isBuilt = values.build == null ? !isReplaced('build') && service.isBuilt : true;
    if (isReplaced('environment')) {
      service.environment.clear();
    }
    for (const [key, value] of pairsOf(values.environment, text)) {
      service.environment.set(key, value ?? project.lookup(key));
    }
    const envFiles = listOf(values.env_file).map((entry) => envFileOf(project, file, entry, text));
    service.envFiles = [...(isReplaced('env_file') ? [] : service.envFiles), ...envFiles];
    const volumes = listOf(values.volumes).map((entry) => mountOf(project, entry, text));
    service.mounts = merged(isReplaced('volumes') ? [] : service.mounts, volumes);
    const ofSecrets = listOf(values.secrets).map((entry) => secretOf(project, entry, text));
    secrets = merged(isReplaced('secrets') ? [] : secrets, ofSecrets);
  }
  return { ...service, mounts: merged(service.mounts, secrets) };
}

/** Later mounts replace earlier ones at the same path. */
const merged = (earlier: Mount[], later: Mount[]): Mount[] =>
  later.reduce((all, mount) => [...all.filter(({ target }) => target !== mount.target), mount], earlier);

/** @throws Failure for parts that are in other files, or cannot be known from these files */
function refuseUnread(name: string, file: string, extended: unknown, partlyReplaced: string[]): void {
  const tagged = partlyReplaced.find((key) => KEYS.includes(key));
  if (extended == null && tagged === undefined) {
    return;
  }
  throw new Failure(
    `The service ${name} in ${file} uses ${extended == null ? `!override or !reset inside "${tagged}"` : '"extends"'}, which this command does not read.`,
    `Write the resulting values into the service itself, or name the content folder with --content and Ghost's\nconfiguration with --config. Without a configuration file: install --print`,
  );
}

/**
 * Returns the variables that the container of a service gets.
 *
 * @param texts the texts of env files that differ from those on the disk, by their paths
 * @param onUnset is called with each variable that an env file uses, that is not set and has no default
 * @throws Failure for an env file that is missing or cannot be read
 * @see https://docs.docker.com/compose/how-tos/environment-variables/envvars-precedence/
 */
export function variablesOf(
  { environment, envFiles }: Pick<Service, 'environment' | 'envFiles'>,
  { lookup: ofProject, writer }: Pick<ComposeProject, 'lookup' | 'writer'>,
  texts: ReadonlyMap<string, string> = new Map(),
  onUnset?: (name: string) => void,
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
    readEnvFile(text, file, lookup, onUnset).forEach((value, name) => variables.set(name, value));
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
  const file = path.resolve(project.base, text(name));
  if (format !== undefined) {
    throw new Failure(
      `${composeFile} gives the env file ${file} the format "${text(format)}", which this command does not read.`,
      'Set it up by hand: install --print',
    );
  }
  return { file, required: required !== false };
}

/** @see https://docs.docker.com/reference/compose-file/services/#volumes */
function mountOf(project: ComposeProject, entry: unknown, text: Text): Mount {
  if (isObject(entry)) {
    const { type, source, target, read_only: readOnly } = entry;
    const from = source === undefined ? '' : text(source);
    const place = type === 'bind' ? onHost(project, from) : volumeOf(project, from, text);
    return { target: text(target), ...place, readOnly: readOnly === true };
  }
  const [first = '', second, options = ''] = text(entry).split(':');
  if (second === undefined) {
    return { target: first, origin: UNNAMED };
  }
  const place = /^[./~]/.test(first) ? onHost(project, first) : volumeOf(project, first, text);
  return { target: second, ...place, readOnly: options.split(',').includes('ro') };
}

const UNNAMED = 'an anonymous Docker volume';

/**
 * Finds a folder of the host. With sudo, `~` is the home folder of another user than without it, also for Docker
 * Compose.
 */
function onHost({ base, home }: ComposeProject, source: string): Pick<Mount, 'source' | 'origin'> {
  const [tilde = ''] = /^~(?=\/|$)/.exec(source) ?? [];
  const inHome = (folder: string) => path.resolve(base, tilde === '' ? source : `${folder}${source.slice(1)}`);
  return tilde !== '' && home !== homedir() && existsSync(inHome(homedir()))
    ? { origin: `${inHome(home)} or ${inHome(homedir())}, depending on whose home folder "~" is (write the full path)` }
    : { source: inHome(home) };
}

/** Returns the folder of a volume whose driver mounts one of the host, otherwise the name of the volume. */
function volumeOf(project: ComposeProject, name: string, text: Text): Pick<Mount, 'source' | 'origin'> {
  const volume = project.volumes[name];
  const options = isObject(volume) && isObject(volume.driver_opts) ? volume.driver_opts : {};
  return /\bbind\b/.test(text(options.o ?? '')) && options.device !== undefined
    ? onHost(project, text(options.device))
    : { origin: name === '' ? UNNAMED : `the Docker volume ${name}` };
}

/** A secret is a file of the container: https://docs.docker.com/reference/compose-file/services/#secrets */
function secretOf(project: ComposeProject, entry: unknown, text: Text): Mount {
  const { source, target = source } = isObject(entry) ? entry : { source: entry };
  const secret = project.secrets[text(source)];
  const { file, environment } = isObject(secret) ? secret : {};
  const place = file === undefined ? {} : onHost(project, text(file));
  const content = environment === undefined ? undefined : project.lookup(text(environment));
  return { target: path.posix.resolve('/run/secrets', text(target)), ...place, content };
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : typeof value === 'string' ? [value] : []);
