// What root must never do for another user of the machine who can write a Compose file of Ghost.
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { carryOut } from '../../../../src/commands/setup/change';
import type { GhostConfigBlock } from '../../../../src/ghost-site/edit-config';
import { restartLine, restartOf, whyNotAsRoot } from '../../../../src/ghost-site/restart';
import { findGhostSite } from '../../../../src/ghost-site/site';
import { isRoot } from '../../../../src/shell/owner-rights';
import { openTerminal } from '../../../../src/shell/terminal';
import { NOBODY } from '../../../support/install/attacker';

const describeAsRoot = isRoot() ? describe : describe.skip;
const BLOCK: GhostConfigBlock = {
  storage: { S3CloudFrontStorage: { bucket: 'pictures', secretAccessKey: 'top-secret' } },
};
const SECRET = 'only-for-root';
const URL_LINE = 'url=https://blog.example.com\n';

let base: string;
/** Ghost's folder, of another user until a test gives it to root. */
let folder: string;
/** A file that only root may read. */
let rootFile: string;
const place = (name: string) => path.join(folder, name);

beforeEach(() => {
  base = realpathSync(mkdtempSync(path.join(tmpdir(), 'compose-root-')));
  chmodSync(base, 0o755);
  folder = path.join(base, 'site');
  mkdirSync(place('data/images'), { recursive: true });
  rootFile = path.join(base, 'root-file');
  writeFileSync(rootFile, `${SECRET}\n`, { mode: 0o600 });
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** Writes files of the user, and gives that user the folder. */
function write(files: Record<string, string>, owner = NOBODY): void {
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(place(name), text, { mode: 0o644 });
  }
  [folder, place('data'), place('data/images'), ...Object.keys(files).map(place)].forEach((name) =>
    lchownSync(name, owner.uid, owner.gid),
  );
}

const ghost = (...lines: string[]) =>
  `services:\n  ghost:\n    image: ghost:6\n${lines.map((line) => `    ${line}\n`).join('')}`;
const CONTENT = './data:/var/lib/ghost/content';
const find = (environment: NodeJS.ProcessEnv = {}, config?: string) =>
  findGhostSite({ ghost: folder, config }, environment);
const SITE = { 'compose.yaml': ghost('env_file: ghost.env', `volumes: ["${CONTENT}"]`), 'ghost.env': URL_LINE };

describeAsRoot('root does not run Docker', () => {
  const DOCKER = { command: ['docker', 'compose', 'up', '-d', '--force-recreate', 'ghost'], as: 'self' };

  test('on a Compose file of another user, and names the command', () => {
    write(SITE);
    expect(restartOf(find())).toBeUndefined();
    expect(whyNotAsRoot(find())).toBe(`other users can write ${place('compose.yaml')}`);
    expect(restartLine(find())).toBe(`cd ${folder} && docker compose up -d --force-recreate ghost`);
  });

  test('on one next to a configuration, from which Ghost does not run at all', () => {
    write({
      'config.production.json': '{"url":"https://blog.example.com"}',
      'docker-compose.yml': 'services: {ghost: {image: evil, privileged: true, volumes: ["/:/host"]}}',
    });
    expect([find().compose, restartOf(find())]).toEqual([undefined, undefined]);
    write({}, { uid: 0, gid: 0 });
    expect(restartOf(find())).toBeUndefined();
  });

  test.each(['compose.yaml', 'ghost.env', '.env', 'compose.override.yml'])(
    'where another user can write %s alone',
    (name) => {
      write({ ...SITE, '.env': '', 'compose.override.yml': ghost() }, { uid: 0, gid: 0 });
      expect(restartOf(find())).toMatchObject(DOCKER);
      chownSync(place(name), NOBODY.uid, NOBODY.gid);
      expect(restartOf(find())).toBeUndefined();
    },
  );

  test.each([
    ['a folder that others can write', () => chmodSync(folder, 0o777)],
    ['a Compose file that others can write', () => chmodSync(place('compose.yaml'), 0o666)],
    [
      'a service that takes over parts of a file elsewhere',
      () =>
        write(
          { 'compose.override.yml': 'services: {db: {extends: {file: /tmp/x.yml, service: db}}}' },
          { uid: 0, gid: 0 },
        ),
    ],
    [
      'a Compose file that includes others',
      () => write({ 'compose.override.yml': 'include: [/tmp/x.yml]' }, { uid: 0, gid: 0 }),
    ],
  ])('in %s', (_, change) => {
    write(SITE, { uid: 0, gid: 0 });
    const site = find();
    expect(restartOf(site)).toMatchObject(DOCKER);
    change();
    expect(restartOf(site)).toBeUndefined();
  });
});

describeAsRoot('root does not read for the user who can write a Compose file', () => {
  const refusal = () =>
    `${rootFile} cannot be read with the rights of the user ${NOBODY.uid}, who can write the Compose files`;
  const ENDPOINT = 'storage__S3CloudFrontStorage__endpoint=https://attacker.example';

  test.each<[string, Record<string, string>]>([
    ['the file of a secret', { 'ghost.env': `${URL_LINE}storage__S3CloudFrontStorage__accessKeyId_FILE=ROOT\n` }],
    [
      'the file of a secret that is mounted',
      {
        'compose.yaml': ghost('env_file: ghost.env', `volumes: ["${CONTENT}", "ROOT:/run/secrets/key"]`),
        'ghost.env': `${URL_LINE}storage__S3CloudFrontStorage__accessKeyId_FILE=/run/secrets/key\n`,
      },
    ],
    ['an env file', { 'compose.yaml': ghost('env_file: [ghost.env, ROOT]', `volumes: ["${CONTENT}"]`) }],
    [
      'an env file for another one',
      {
        'compose.yaml': ghost('env_file: [ROOT, ghost.env]', `volumes: ["${CONTENT}"]`),
        'ghost.env': `${URL_LINE}${ENDPOINT}/\${SECRET}\n`,
      },
    ],
    ['a Compose file', { '.env': 'COMPOSE_FILE=compose.yaml:ROOT\n' }],
  ])('%s of root', (_, files) => {
    const named = Object.entries({ ...SITE, ...files }).map(([name, text]) => [name, text.replace('ROOT', rootFile)]);
    write(Object.fromEntries(named) as Record<string, string>);
    expect(() => find()).toThrow(refusal());
  });

  test('what the environment of root has', () => {
    write({
      ...SITE,
      'compose.yaml': ghost(
        'env_file: ghost.env',
        'environment: ["OF_ROOT", "url=https://${OF_ROOT}"]',
        `volumes: ["${CONTENT}"]`,
      ),
      'ghost.env': `${ENDPOINT}/\${OF_ROOT}\n`,
    });
    expect(JSON.stringify(find({ OF_ROOT: SECRET }).config)).not.toContain(SECRET);
    write({}, { uid: 0, gid: 0 });
    [...Object.keys(SITE)].forEach((name) => chownSync(place(name), 0, 0));
    expect(find({ OF_ROOT: SECRET }).config.url).toBe(`https://${SECRET}`);
  });

  test('the file of a secret that an env file of that user names, in a folder of root', () => {
    write({ ...SITE, 'ghost.env': `storage__S3CloudFrontStorage__accessKeyId_FILE=${rootFile}\n` }, { uid: 0, gid: 0 });
    expect(find().config.storage).toEqual({ S3CloudFrontStorage: { accessKeyId: SECRET } });
    chownSync(place('ghost.env'), NOBODY.uid, NOBODY.gid);
    expect(() => find()).toThrow(refusal());
  });
});

describeAsRoot("root does not write Ghost's secrets", () => {
  const refused = (file: string) => ({
    message: `The user ${NOBODY.uid} can write ${place('compose.yaml')}. It names ${file}, which belongs to the user 0.`,
    cure: expect.stringContaining('If that is correct, ') as string,
  });
  const carry = () => carryOut(openTerminal({ yes: true }), { ghost: folder }, { do: 'write', block: BLOCK });

  test('into a configuration of root that another user mounts', async () => {
    const file = path.join(base, 'daemon.json');
    writeFileSync(file, '{"log-driver":"local"}', { mode: 0o644 });
    write({ 'compose.yaml': ghost(`volumes: ["${CONTENT}", "${file}:/var/lib/ghost/config.production.json"]`) });
    await expect(carry()).rejects.toMatchObject(refused(file));
    expect(readFileSync(file, 'utf8')).toBe('{"log-driver":"local"}');
  });

  test.each([true, false])('into an env file of root, whether it exists: %s', async (exists) => {
    const file = path.join(base, 'environment');
    if (exists) {
      writeFileSync(file, 'LANG=C\n', { mode: 0o644 });
    }
    write({ 'compose.yaml': ghost(`env_file: [{path: ${file}, required: false}]`, `volumes: ["${CONTENT}"]`) });
    await expect(carry()).rejects.toMatchObject(refused(file));
    // Unless root names it.
    expect(find({}, file).configFile).toBe(file);
  });

  test('but into one in the folder itself, and into one of that user elsewhere', async () => {
    write(SITE);
    await carry();
    expect(readFileSync(place('ghost.env'), 'utf8')).toContain('secretAccessKey="top-secret"');
    const own = path.join(base, 'own');
    mkdirSync(own);
    writeFileSync(path.join(own, 'ghost.env'), URL_LINE);
    [own, path.join(own, 'ghost.env')].forEach((name) => chownSync(name, NOBODY.uid, NOBODY.gid));
    write({ 'compose.yaml': ghost('env_file: ../own/ghost.env', `volumes: ["${CONTENT}"]`) });
    expect(find().configFile).toBe(path.join(own, 'ghost.env'));
  });
});
