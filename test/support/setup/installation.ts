import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DockerImage, LAYOUTS, layOutDockerSite } from '../ghost/docker-sites';
import { BLOG_HOST } from './cloud';

/** How a blog is installed. */
export interface InstallationOptions {
  /** The image of its container, whose site directory it has; without, Ghost-CLI installed it. */
  image?: DockerImage;
  /** With Ghost-CLI; default `https://blog.example.test`. */
  url?: string;
  /** With Ghost-CLI; default 6.65.0. */
  version?: string;
}

/** The folders of a blog. */
export interface Installation {
  folder: string;
  url: string;
  contentPath: string;
  /** The file with Ghost's settings. */
  settingsFile: string;
  /** Returns the settings as Ghost finds them when it starts. */
  settings: () => Settings;
}

/** What a stand-in for Ghost reads of its settings. */
export interface Settings {
  storage?: StorageOfGhost;
  adapters?: { storage?: StorageOfGhost };
}

interface StorageOfGhost {
  active?: string;
  S3CloudFrontStorage?: Record<string, unknown>;
}

/**
 * Lays the folders of a blog out.
 *
 * @param port where Ghost listens
 */
export async function installBlog(port: number, { image, ...options }: InstallationOptions): Promise<Installation> {
  const folder = await mkdtemp(path.join(tmpdir(), 'setup-blog-'));
  const installation = image ? await withDocker(folder, image) : await withGhostCli(folder, port, options);
  for (const name of ['images', 'media', 'files', 'adapters/storage', 'logs', 'data', 'themes']) {
    await mkdir(path.join(installation.contentPath, name), { recursive: true });
  }
  return installation;
}

async function withDocker(folder: string, image: DockerImage): Promise<Installation> {
  const site = await layOutDockerSite(folder, LAYOUTS[image], BLOG_HOST, 'https');
  return {
    folder,
    url: `https://${BLOG_HOST}`,
    contentPath: site.contentPath,
    settingsFile: site.envFile,
    settings: () => nested(site.variables()),
  };
}

/** Returns variables as Ghost reads them: two underscores separate levels. */
function nested(variables: Record<string, string>): Settings {
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(variables)) {
    const levels = name.split('__');
    const last = levels.pop() ?? '';
    const inner = levels.reduce((outer, level) => (outer[level] ??= {}) as Record<string, unknown>, settings);
    inner[last] = value;
  }
  return settings;
}

async function withGhostCli(
  folder: string,
  port: number,
  { url = `https://${BLOG_HOST}`, version = '6.65.0' }: InstallationOptions,
): Promise<Installation> {
  const code = path.join(folder, `versions/${version}`);
  await mkdir(code, { recursive: true });
  await symlink(code, path.join(folder, 'current'));
  const node = `^${process.versions.node.split('.')[0]}.0.0`;
  await writeFile(path.join(code, 'package.json'), JSON.stringify({ name: 'ghost', version, engines: { node } }));
  await writeFile(path.join(folder, '.ghost-cli'), '{}');
  const settingsFile = path.join(folder, 'config.production.json');
  const config = { url, server: { host: '127.0.0.1', port }, process: 'local' };
  await writeFile(settingsFile, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o640 });
  return {
    folder,
    url,
    contentPath: path.join(folder, 'content'),
    settingsFile,
    settings: () => JSON.parse(readFileSync(settingsFile, 'utf8')) as Settings,
  };
}
