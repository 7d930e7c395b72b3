import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAsCompose } from '../compose-env';

/** A site directory as ghost-docker lays it out: https://github.com/TryGhost/ghost-docker */
export interface DockerSite {
  folder: string;
  contentPath: string;
  /** The env file that Ghost's container gets. */
  envFile: string;
  /** Returns the files of the directory with their texts, without those in the content folder. */
  texts(): Promise<Record<string, string>>;
  /** Returns the variables of Ghost's container as Docker Compose would, without the services that are not here. */
  variables(): Record<string, string>;
}

/** What its Ghost is, which decides how a site is laid out. */
export type DockerImage = 'ghost:6-alpine' | 'ghost:6-next-alpine';

interface Layout {
  envFile: string;
  files: Record<string, string>;
}

/** How a site is laid out, by what its Ghost is; `DOMAIN` is written into `.env`. */
export const LAYOUTS: Record<DockerImage, Layout> = {
  'ghost:6-alpine': {
    envFile: '.env',
    files: {
      'compose.yml': `services:
  caddy:
    image: caddy:2.10.2-alpine
    environment:
      DOMAIN: \${DOMAIN:?the domain of the blog}
      ADMIN_DOMAIN: \${ADMIN_DOMAIN:-}
  ghost:
    image: ghost:\${GHOST_VERSION:-6-alpine}
    restart: always
    env_file:
      - .env
    environment:
      NODE_ENV: production
      url: SCHEME_OF_THE_SITE://\${DOMAIN:?the domain of the blog}
      admin__url: \${ADMIN_DOMAIN:+SCHEME_OF_THE_SITE://\${ADMIN_DOMAIN}}
      database__connection__password: \${DATABASE_PASSWORD:?a password}
    volumes:
      - \${UPLOAD_LOCATION:-./data/ghost}:/var/lib/ghost/content
  db:
    image: mysql:8.0.44
    volumes:
      - \${MYSQL_DATA_LOCATION:-./data/mysql}:/var/lib/mysql
    healthcheck:
      test: mysqladmin ping -p$$MYSQL_ROOT_PASSWORD -h 127.0.0.1
  activitypub:
    image: ghcr.io/tryghost/activitypub:1.2.8
    volumes:
      - \${UPLOAD_LOCATION:-./data/ghost}:/opt/activitypub/content
    profiles: [activitypub]
  tinybird-sync:
    image: ghost:\${GHOST_VERSION:-6-alpine}
    volumes:
      - tinybird_files:/data/tinybird
    profiles: [analytics]
volumes:
  tinybird_files:
`,
      '.env': `# The domain of the blog
DOMAIN=DOMAIN_OF_THE_SITE
HTTP_PORT=80
# DATABASE_USER=ghost
DATABASE_PASSWORD='a pass$word'

mail__from="'Field Notes' <notes@example.com>" # of newsletters
UPLOAD_LOCATION=./data/ghost
`,
    },
  },
  'ghost:6-next-alpine': {
    envFile: 'ghost.env',
    files: {
      'compose.yml': `services:
  ghost:
    image: \${GHOST_IMAGE:-ghost:6-next-alpine}
    restart: unless-stopped
    env_file: ghost.env
    environment:
      NODE_ENV: production
      url: SCHEME_OF_THE_SITE://\${DOMAIN}
      server__host: 0.0.0.0
      server__port: 2368
      paths__contentPath: /home/ghost/content
    volumes:
      - type: bind
        source: \${CONTENT_LOCATION:-./data/ghost}
        target: /home/ghost/content
`,
      '.env': 'DOMAIN="DOMAIN_OF_THE_SITE"\nGHOST_IMAGE="ghost:6.65.0-next-alpine"\n',
      'ghost.env': `# Settings of Ghost\r\nmail__from="'Field Notes' <notes@example.com>"\r\n`,
      'ghost-docker': '#!/bin/sh\n',
      '.ghost-docker.json': '{}\n',
    },
  },
};

/**
 * Lays out a site directory, without Docker: Ghost is run by the tests.
 *
 * @param domain host and port of the blog
 */
export async function layOutDockerSite(
  folder: string,
  { envFile: name, files }: Layout,
  domain: string,
  scheme: 'http' | 'https' = 'http',
): Promise<DockerSite> {
  const contentPath = join(folder, 'data/ghost');
  await mkdir(contentPath, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    const written = text.replace('DOMAIN_OF_THE_SITE', domain).replaceAll('SCHEME_OF_THE_SITE', scheme);
    await writeFile(join(folder, file), written, { mode: 0o600 });
  }
  const envFile = join(folder, name);
  return {
    folder,
    contentPath,
    envFile,
    async texts() {
      const entries = Object.keys(files).map(async (file) => [file, await readFile(join(folder, file), 'utf8')]);
      return Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
    },
    variables() {
      const ofCompose = parseAsCompose(readFileSync(join(folder, '.env'), 'utf8'));
      const ofFile = parseAsCompose(readFileSync(envFile, 'utf8'), ofCompose);
      const here = Object.entries(ofFile).filter(([variable]) => !/^(mail|database)__/.test(variable));
      return { ...Object.fromEntries(here), url: `${scheme}://${domain}` };
    },
  };
}
