import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Answer, send } from '../support/http-client';

const ADAPTER = path.resolve(__dirname, '../../dist/index.js');

/** Ghost's own storage, as far as the adapter uses it. It follows every link, as Ghost's does. */
const LOCAL_STORAGE = `
  const fs = require('node:fs');
  exports.default = class LocalImagesStorage {
    constructor() { this.storagePath = __dirname + '/../../../../content/images/'; }
    serve() {
      return (request, response, next) => fs.readFile(this.storagePath + decodeURIComponent(request.url.split('?')[0]), (error, bytes) =>
        error ? next(Object.assign(error, { statusCode: 404 })) : response.setHeader('cache-control', 'public, max-age=31536000').end(bytes));
    }
  };`;

/** A program that mounts the adapter as Ghost does, and prints its port. */
const GHOST = `
  const Adapter = require(${JSON.stringify(ADAPTER)});
  const features = ['images', 'media', 'files'];
  const handlers = features.map((feature) => [
    '/content/' + feature,
    new Adapter({ bucket: 'b', region: 'eu-central-1', cdnUrl: 'https://images.example.com', staticFileURLPrefix: 'content/' + feature }).serve(),
  ]);
  const server = require('node:http').createServer((request, response) => {
    const [mount, serve] = handlers.find(([prefix]) => request.url.startsWith(prefix));
    request.url = request.url.slice(mount.length);
    serve(request, response, (error) => {
      response.statusCode = error?.statusCode ?? 405;
      response.end('by Ghost');
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

let folder: string;
let ghost: ChildProcess;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'served-from-disk-'));
  const storage = path.join(folder, 'core/server/adapters/storage');
  const pictures = path.join(folder, 'content/images/activitypub/images/2026');
  await Promise.all([storage, pictures].map((place) => mkdir(place, { recursive: true })));
  await writeFile(path.join(folder, 'package.json'), '{"name": "ghost", "version": "6.65.0"}');
  await writeFile(path.join(storage, 'LocalImagesStorage.js'), LOCAL_STORAGE);
  await writeFile(path.join(folder, 'index.js'), GHOST);
  await writeFile(path.join(folder, 'content/secret.txt'), 'secret');
  await writeFile(path.join(pictures, 'a.jpg'), 'avatar');
  await writeFile(path.join(pictures, 'über uns.jpg'), 'avatar');
  await symlink('a.jpg', path.join(pictures, 'link.jpg'));
  await symlink(path.join(folder, 'content/secret.txt'), path.join(pictures, 'secret.jpg'));
  await symlink(path.join(folder, 'content'), path.join(pictures, 'all'));
  ghost = spawn(process.execPath, [path.join(folder, 'index.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(ghost.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  port = Number(line);
});

afterAll(async () => {
  ghost.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const get = (name: string, headers = {}, method = 'GET'): Promise<Answer> =>
  send({ host: '127.0.0.1', port, path: name, headers, method });

describe('a file of a self-hosted ActivityPub', () => {
  test.each([
    ['a visitor', '/content/images/activitypub/images/2026/a.jpg', {}],
    ['a visitor behind Caddy', '/content/images/activitypub/images/2026/a.jpg', { via: '1.1 Caddy' }],
    [
      'the CDN',
      '/content/images/activitypub/images/2026/a.jpg?v=1',
      { via: '1.1 0a1b.cloudfront.net (CloudFront)', 'x-forwarded-host': 'images.example.com' },
    ],
    ['anybody, by its encoded name', '/content/images/activitypub/images/2026/%C3%BCber%20uns.jpg', {}],
    ['anybody, by a link that stays inside', '/content/images/activitypub/images/2026/link.jpg', {}],
  ])('is served from the disk by Ghost for %s', async (_, name, headers) => {
    const { status, headers: answered, body } = await get(name, headers);
    expect([status, answered['cache-control'], body.toString()]).toEqual([200, 'public, max-age=31536000', 'avatar']);
  });

  test('that does not exist gets the 404 of Ghost', async () => {
    const { status, body } = await get('/content/images/activitypub/images/2026/none.jpg');
    expect([status, body.toString()]).toEqual([404, 'by Ghost']);
  });

  test.each([
    '/content/images/activitypub/images/2026/secret.jpg',
    '/content/images/activitypub/images/2026/all/secret.txt',
    '/content/images/activitypub/../../secret.txt',
    '/content/images/activitypub/..%2f..%2fsecret.txt',
    '/content/images/activitypub/%2e%2e/%2e%2e/secret.txt',
    '/content/images/activitypub/..%5c..%5csecret.txt',
    '/content/images/activitypub/%252e%252e/%252e%252e/secret.txt',
  ])('is never one outside its folder: %s', async (name) => {
    const { status, body } = await get(name);
    expect([status, body.toString()]).toEqual([404, 'Not found\n']);
  });

  test('is not written to', async () => {
    expect((await get('/content/images/activitypub/images/2026/a.jpg', {}, 'POST')).status).toBe(405);
  });
});

test.each([
  '/content/images/2026/11/x.jpg',
  '/content/images/activitypub.jpg',
  '/content/images/2026/activitypub/x.jpg',
  '/content/media/activitypub/x.mp4',
  '/content/files/activitypub/x.pdf',
])('%s is on the CDN as before', async (name) => {
  const { status, headers } = await get(name);
  expect([status, headers.location]).toEqual([302, `https://images.example.com${name}`]);
});
