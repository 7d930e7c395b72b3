import { join } from 'node:path';
import type { GhostInstall } from './install';

export type JsonObject = { [key: string]: unknown };

/** Merges `over` into a copy of `base`: objects in both recursively, and everything else is replaced. */
export function deepMerge(base: JsonObject, over: JsonObject): JsonObject {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const there = merged[key];
    merged[key] = isObject(there) && isObject(value) ? deepMerge(there, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns a configuration with which Ghost boots on SQLite, sends no mail and no requests: every service on the internet
 * is switched off or has an empty URL.
 *
 * @param url the site's URL, as in Ghost's `url`
 * @param port for Ghost, on 127.0.0.1
 * @param contentPath absolute path of the content folder
 */
export function baseConfig(install: GhostInstall, url: string, port: number, contentPath: string): JsonObject {
  const nothing = { url: '' };
  return {
    url,
    server: { host: '127.0.0.1', port },
    database: {
      client: install.sqlite,
      connection: { filename: databaseFile(contentPath) },
      useNullAsDefault: true,
    },
    paths: { contentPath: join(contentPath, '/') },
    mail: { transport: 'stub', from: 'ghost@example.com' },
    logging: { level: 'info', transports: ['stdout'], rotation: { enabled: false } },
    privacy: { useUpdateCheck: false, useGravatar: false, useRpcPing: false },
    // Otherwise, the first login needs a code that Ghost sends by mail.
    security: { staffDeviceVerification: false },
    sendWelcomeEmail: false,
    explore: { update_url: '' },
    emailAnalytics: { enabled: false },
    backgroundJobs: { emailAnalytics: false, clickTrackingLastSeenAtUpdater: false },
    portal: nothing,
    sodoSearch: { url: '', styles: '' },
    comments: { url: '', styles: '' },
    announcementBar: nothing,
    adminToolbar: nothing,
    signupForm: nothing,
  };
}

/** Returns the SQLite file's path in `baseConfig`. */
export function databaseFile(contentPath: string): string {
  return join(contentPath, 'data', 'ghost.db');
}
