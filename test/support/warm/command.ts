import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WarmOptions } from '../../../src/commands/warm/settings';
import type { Summary } from '../../../src/commands/warm/tally';
import { runWarm } from '../../../src/commands/warm/warm';
import { openCommandLine } from '../command-line';
import { type ImageCdn, type PublishedBlog, startImageCdn, startPublishedBlog } from './servers';

/** A blog, its CDN, its configuration file, and the user's configuration folder. */
export interface WarmBlog {
  blog: PublishedBlog;
  cdn: ImageCdn;
  folder: string;
  config: string;
  /** Returns the URL of an image on the CDN, by its path below content/images. */
  image(path: string): string;
}

/** The results of a run of `warm`. */
export interface WarmRun {
  /** Undefined when the command ended before its result. */
  result?: Summary;
  /** Without `json`, everything that was printed. */
  said: string;
  exitCode: number;
  error?: Error & { cure?: string };
}

/** Starts a new blog with its CDN for each test, and stops them afterwards. */
export function useWarmBlog(): WarmBlog {
  const site = {} as WarmBlog;
  beforeEach(async () => {
    const [blog, cdn] = [await startPublishedBlog(), await startImageCdn()];
    const folder = mkdtempSync(path.join(tmpdir(), 'warm-'));
    const config = path.join(folder, 'config.production.json');
    const image = (name: string) => `${cdn.url}/content/images/${name}`;
    Object.assign(site, { blog, cdn, folder, config, image });
    writeConfig(site, blog.url, { bucket: 'blog-images', region: 'eu-central-1', cdnUrl: cdn.url });
  });
  afterEach(async () => {
    await Promise.all([site.blog.close(), site.cdn.close()]);
    rmSync(site.folder, { recursive: true, force: true });
  });
  return site;
}

/** Writes Ghost's configuration file. */
export function writeConfig({ config }: WarmBlog, url: string | undefined, options?: Record<string, unknown>): void {
  const storage = options && { active: 'S3CloudFrontStorage', S3CloudFrontStorage: options };
  writeFileSync(config, JSON.stringify({ url, storage }));
}

/** Runs `warm` in this process, without pauses between its attempts. */
export async function runCommand({ config, folder }: WarmBlog, options: WarmOptions = {}): Promise<WarmRun> {
  const line = openCommandLine();
  process.env.XDG_CONFIG_HOME = path.join(folder, 'settings');
  process.exitCode = undefined;
  try {
    const error = await runWarm({ config, json: true, ...options }, [0, 0, 0]).then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    const { stdout, stderr } = line.written;
    const isJson = options.json !== false;
    return {
      result: isJson && stdout !== '' ? (JSON.parse(stdout) as Summary) : undefined,
      said: stdout + stderr,
      exitCode: error ? 1 : Number(process.exitCode ?? 0),
      error,
    };
  } finally {
    line.close();
  }
}
