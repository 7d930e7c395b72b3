import path from 'node:path';
import { Failure } from '../../shell/failure';
import type { Owner } from '../../shell/owner-rights';
import { isInside } from '../../shell/paths';
import { secretIn } from '../config';
import { textOf } from '../config-text';
import { chooseService, GHOST_IMAGE, homeOf, type NamedPlaces } from './choose-service';
import { type ComposeProject, mayHaveGhost, readComposeProject } from './compose-file';
import { readEnvFile } from './env-file';
import { type Service, variablesOf } from './service';
import { unsetVariables } from './unset-variables';
import { readFor, writerOf } from './writer';

/** A Ghost that runs as a service of Docker Compose, with its content folder on the host. */
export class ComposeGhost {
  /** The path of the container's content folder, `/var/lib/ghost/content`. */
  readonly contentPath: string;
  /** The user other than root who can write its Compose files or env files, for a process with root's rights. */
  readonly writer?: Owner;

  private constructor(
    private readonly project: ComposeProject,
    private readonly service: Service,
    /** Ghost's folder in the container, `/var/lib/ghost`. */
    readonly home: string,
  ) {
    this.writer = project.writer ?? writerOf(this.envFiles);
    this.contentPath = path.posix.resolve(home, this.variables().paths__contentPath ?? 'content');
  }

  /**
   * Finds the service that is Ghost in the Compose files of a folder.
   *
   * @param environment in which Docker Compose would run
   * @returns undefined when there are no such files, or none of their services is Ghost
   * @param named what the user named, which tells one of several services
   * @throws Failure when they cannot be read, or several services are Ghost
   */
  static find(folder: string, environment: NodeJS.ProcessEnv, named: NamedPlaces = {}): ComposeGhost | undefined {
    if (!mayHaveGhost(folder, environment)) {
      return undefined;
    }
    const project = readComposeProject(folder, environment);
    const service = chooseService(project, named);
    return service && new ComposeGhost(project, service, homeOf(service) ?? '/var/lib/ghost');
  }

  get folder(): string {
    return this.project.folder;
  }

  /** The name of the service. */
  get name(): string {
    return this.service.name;
  }

  /** The Compose files, and the file with the variables that are put into them. */
  get files(): string[] {
    return [...this.project.files, path.join(this.folder, '.env')];
  }

  /** The Compose file with most of the service's settings. */
  get composeFile(): string {
    return this.project.services.get(this.name)?.[0]?.file ?? path.join(this.folder, 'compose.yml');
  }

  /** The env files of the service, in their order. */
  get envFiles(): string[] {
    return this.service.envFiles.map(({ file }) => file);
  }

  /** Ghost's version as far as the tag of its image shows it: `6.65.0`, and the major version of `6-alpine`. */
  get version(): { version?: string; major?: number } {
    const { image = '' } = this.service;
    const [, major, rest] = (GHOST_IMAGE.test(image) && /:(\d+)(\.\d+(?:\.\d+)?)?(?:[-@]|$)/.exec(image)) || [];
    return {
      version: rest === undefined ? undefined : `${major}${rest}`,
      major: major === undefined ? undefined : Number(major),
    };
  }

  /** Whether the image may contain more than Docker's official one: an adapter, or settings. */
  get hasOwnImage(): boolean {
    return this.service.isBuilt === true || !GHOST_IMAGE.test(this.service.image ?? '');
  }

  /** The variables that Compose's `environment` sets, which come before those of env files. */
  get fixed(): ReadonlyMap<string, string | undefined> {
    return this.service.environment;
  }

  /**
   * Returns the variables that Ghost's container gets.
   *
   * @param texts the texts of env files that differ from those on the disk, by their paths
   */
  variables(texts?: ReadonlyMap<string, string>): NodeJS.ProcessEnv {
    return variablesOf(this.service, this.project, texts);
  }

  /**
   * Returns the variables that one of its env files alone sets, whose values may need others.
   *
   * @param envFile undefined for all others
   * @param file the name of the text, for errors
   */
  ownVariables(text: string, envFile: string | undefined, file: string): NodeJS.ProcessEnv {
    const { environment, envFiles } = this.service;
    const place = envFiles.findIndex((one) => one.file === envFile);
    const before = variablesOf({ environment, envFiles: envFiles.slice(0, Math.max(place, 0)) }, this.project);
    const lookup = (name: string) => this.project.lookup(name) ?? before[name];
    return Object.fromEntries(readEnvFile(text, file, lookup));
  }

  /** The variables that it uses without a default, and that are set only where it is started. */
  get unsetVariables(): string[] {
    return unsetVariables(this.project, this.service);
  }

  /** Returns the text of one of its env files, empty when it does not exist. */
  textOf(envFile: string): string {
    return readFor(this.project.writer, envFile, () => textOf(envFile));
  }

  /** Returns the text of the file in the container that a variable names, which may be a secret of Compose. */
  secretIn(inContainer: string, variable: string): string {
    const content = this.service.mounts.find(({ target }) => target === inContainer)?.content;
    if (content !== undefined) {
      return content.replace(/\r?\n$/, '');
    }
    const file = this.toHost(inContainer) ?? inContainer;
    return readFor(this.writer, file, () => secretIn(file, variable));
  }

  /** Returns the path on the host of a path in the container; undefined when it is not on the host. */
  toHost(inContainer: string): string | undefined {
    const place = path.posix.resolve(this.home, inContainer);
    const mount = this.mountOf(place);
    return mount?.source === undefined ? undefined : path.join(mount.source, path.posix.relative(mount.target, place));
  }

  /** Returns the path in the container of a path on the host; undefined when the container does not have it. */
  toContainer(onHost: string): string | undefined {
    return this.service.mounts
      .filter(({ source }) => source !== undefined && isInside(onHost, source))
      .map(({ source = '', target }) => path.posix.join(target, path.relative(source, onHost)))
      .find((place) => this.toHost(place) === onHost);
  }

  private mountOf(place: string) {
    return this.service.mounts
      .filter(({ target }) => isInside(place, target))
      .toSorted((one, other) => other.target.length - one.target.length)[0];
  }

  /** Returns whether a folder of the host is the content folder that the container has. */
  hasContentIn(folder: string): boolean {
    return this.toHost(this.contentPath) === folder;
  }

  /** Returns what is mounted below a part of the content folder, by paths relative to the content folder. */
  mountsInContent(part: string): string[] {
    const place = path.posix.join(this.contentPath, part);
    return this.service.mounts
      .filter(({ target }) => target !== place && isInside(target, place))
      .map(({ target }) => path.posix.relative(this.contentPath, target));
  }

  /**
   * Returns Ghost's content folder on the host.
   *
   * @param part a folder below it, `images`; default: the whole
   * @throws Failure when only Docker can reach it
   */
  contentOnHost(part = ''): string {
    const place = path.posix.join(this.contentPath, part);
    const onHost = this.toHost(place);
    if (onHost !== undefined) {
      return onHost;
    }
    const origin = this.mountOf(place)?.origin;
    const copy = `./${path.posix.basename(place)}`;
    throw new Failure(
      `The ${part === '' ? 'content folder' : `folder content/${part}`} of the service ${this.name} in ${this.composeFile} is ${origin ?? 'not mounted'}, so this command cannot reach it from the host.`,
      `Copy it to a folder (docker compose cp ${this.name}:${place} ${copy}), mount that folder instead\n(${copy}:${place}), and run the command again. Or set it up by hand: install --print`,
    );
  }
}
