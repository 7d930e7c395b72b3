import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { listen, stop } from './local-server';

const root = path.resolve(__dirname, '../..');

/** The part of `npm pack`'s output that is used here. */
interface Packed {
  name: string;
  version: string;
  filename: string;
  integrity: string;
}

/** An npm registry with this package alone. */
export interface NpmRegistry {
  url: string;
  close(): Promise<void>;
}

/**
 * Packs the built package, and serves it as npm's registry does after publishing.
 * https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md
 *
 * @param folder for the archive
 */
export async function startNpmRegistry(folder: string): Promise<NpmRegistry> {
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const answer = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8' })) as Packed[];
  const [{ name, version, filename, integrity }] = answer as [Packed];
  const archive = readFileSync(path.join(folder, filename));
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as object;

  const server = createServer((request, response) => {
    if (request.url === `/${name}`) {
      const dist = { tarball: `${url}/${filename}`, integrity };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } }),
      );
    } else if (request.url === `/${filename}`) {
      response.end(archive);
    } else {
      response.writeHead(404).end();
    }
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  return { url, close: () => stop(server) };
}
