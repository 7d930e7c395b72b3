import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { adapterConfig } from '../../test/support/ghost/adapter-config';
import { AdminApi } from '../../test/support/ghost/admin-api';
import { freePort, prepareContent, startGhost, type RunningGhost } from '../../test/support/ghost/boot';
import type { JsonObject } from '../../test/support/ghost/config';
import type { GhostInstall } from '../../test/support/ghost/install';
import { HOSTS_OF_AWS } from './child';
import type { BucketOptions } from './s3-server';
import { type AdapterName, moduleOf, optionsOf } from './storages';

/** A real Ghost that stores with one of the adapters. */
export interface BenchBlog {
  ghost: RunningGhost;
  /** The Admin API, authenticated as the owner. */
  admin: AdminApi;
  stop: () => Promise<void>;
}

interface BlogOptions {
  cdnUrl: string;
  /** With which the CDN asks Ghost for image sizes; only this adapter knows it. */
  cdnFallbackSecret?: string;
  /** For Ghost's process. */
  env?: Record<string, string>;
}

/** Starts a new Ghost with an adapter as its documentation configures it. */
export async function startBlog(
  name: AdapterName,
  install: GhostInstall,
  bucket: BucketOptions,
  { cdnUrl, cdnFallbackSecret, env }: BlogOptions,
): Promise<BenchBlog> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-blog-'));
  const contentPath = path.join(folder, 'content');
  await prepareContent(contentPath, install);
  if (name === 'ghos3' || name === 'ghost-storage-adapter-s3') {
    await placePeer(name, install, contentPath);
  }
  const config = configOf(name, bucket, cdnUrl, cdnFallbackSecret);
  const environment = { NODE_OPTIONS: `--import ${HOSTS_OF_AWS}`, ...env };
  try {
    const ghost = await startGhost({ install, config, port: await freePort(), contentPath, env: environment });
    const stop = async () => {
      await ghost.stop();
      await rm(folder, { recursive: true, force: true });
    };
    return { ghost, admin: await AdminApi.setUp(ghost.url), stop };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Has Ghost find an installed peer, where it looks for adapters. */
async function placePeer(name: AdapterName, install: GhostInstall, contentPath: string): Promise<void> {
  const target = path.join(contentPath, 'adapters/storage', name);
  await mkdir(target, { recursive: true });
  const module = JSON.stringify(moduleOf(name, install.dir));
  await writeFile(
    path.join(target, 'index.js'),
    `const loaded = require(${module});\nmodule.exports = loaded.default ?? loaded;\n`,
  );
}

function configOf(name: AdapterName, bucket: BucketOptions, cdnUrl: string, cdnFallbackSecret?: string): JsonObject {
  const options = { ...optionsOf(name, bucket, ''), cdnUrl } as { cdnUrl: string } & JsonObject;
  if (name === 'S3CloudFrontStorage') {
    return adapterConfig({ ...options, serve: 'auto', cdnFallbackSecret });
  }
  if (name === "Ghost's S3Storage") {
    // Also for files: Ghost imports the images of a zip a second time, as files.
    const storage = {
      active: 'S3Storage',
      media: { adapter: 'S3Storage', staticFileURLPrefix: 'content/media' },
      files: { adapter: 'S3Storage', staticFileURLPrefix: 'content/files' },
      S3Storage: options,
    };
    return { storage, urls: { image: cdnUrl, media: cdnUrl, files: cdnUrl } };
  }
  return { storage: { active: name, [name]: { ...options, assetHost: cdnUrl } } };
}
