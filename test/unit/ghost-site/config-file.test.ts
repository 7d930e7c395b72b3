import { execFileSync } from 'node:child_process';
import fs, {
  chmodSync,
  chownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkGhostConfigFile, replaceGhostConfig, writeGhostConfig } from '../../../src/ghost-site/config-file';
import { textOf } from '../../../src/ghost-site/config-text';
import { jsonSettings } from '../../../src/ghost-site/settings-file';
import { findGhostSite } from '../../../src/ghost-site/site';
import { isRoot } from '../../../src/shell/owner-rights';
import { type GhostConfigBlock, withGhostConfig } from '../../../src/ghost-site/edit-config';

const BLOCK: GhostConfigBlock = {
  storage: {
    S3CloudFrontStorage: { bucket: 'pictures', region: 'eu-central-1', cdnUrl: 'https://images.example.com' },
  },
};

describe("what is written into Ghost's configuration", () => {
  test('is added to what is there, whose order and blanks stay', () => {
    const text = '{\n    "url": "https://blog.example.com",\n    "server": { "port":   2368 }\n}\n';
    const changed = withGhostConfig(text, BLOCK, jsonSettings('config.production.json'));
    expect(changed).toContain('{\n    "url": "https://blog.example.com",\n    "server": { "port":   2368 }');
    expect(changed).toContain('\n    "storage": {\n        "S3CloudFrontStorage": {');
  });

  test('is the whole of a new file', () => {
    expect(JSON.parse(withGhostConfig('', BLOCK, jsonSettings('config.production.json')))).toEqual(BLOCK);
  });

  test('never switches Ghost over, nor back: that is for install, which also brings the adapter', () => {
    for (const storage of [undefined, { active: 'S3Storage' }, { active: 'S3CloudFrontStorage', media: 'X' }]) {
      const text = withGhostConfig(JSON.stringify({ storage }), BLOCK, jsonSettings('config.production.json'));
      expect(JSON.parse(text)).toEqual({ storage: { ...storage, ...BLOCK.storage } });
    }
  });

  test('keeps options of the adapter that it does not know, and other adapters', () => {
    const before = {
      storage: {
        active: 'S3Storage',
        S3Storage: { bucket: 'old' },
        S3CloudFrontStorage: { bucket: 'other', maxAttempts: 7 },
      },
      urls: { image: 'https://old.example.com' },
    };
    expect(JSON.parse(withGhostConfig(JSON.stringify(before), BLOCK, jsonSettings('config.production.json')))).toEqual({
      storage: {
        active: 'S3Storage',
        S3Storage: { bucket: 'old' },
        S3CloudFrontStorage: { ...BLOCK.storage.S3CloudFrontStorage, maxAttempts: 7 },
      },
      urls: { image: 'https://old.example.com' },
    });
  });

  test('takes out the prefix and the secret of a former image server', () => {
    const former = { bucket: 'other', tenantPrefix: 'blog-7', cdnFallbackSecret: 'a-former-secret', maxAttempts: 7 };
    const written = withGhostConfig(
      JSON.stringify({ storage: { S3CloudFrontStorage: former } }),
      BLOCK,
      jsonSettings('config.production.json'),
    );
    expect(JSON.parse(written)).toMatchObject(BLOCK);
    expect(written).not.toMatch(/tenantPrefix|cdnFallbackSecret/);
    expect(written).toContain('"maxAttempts"');
  });

  test('goes below adapters where Ghost reads it from there', () => {
    const before = '{ "adapters": { "storage": { "active": "S3Storage" }, "sso": {} } }';
    expect(JSON.parse(withGhostConfig(before, BLOCK, jsonSettings('config.production.json')))).toEqual({
      adapters: { storage: { active: 'S3Storage', ...BLOCK.storage }, sso: {} },
    });
  });

  test('keeps a byte order mark, which some editors write', () => {
    const changed = withGhostConfig(
      '\uFEFF{ "url": "https://blog.example.com" }',
      BLOCK,
      jsonSettings('config.production.json'),
    );
    expect(JSON.parse(changed.replace(/^\uFEFF/, ''))).toEqual({ url: 'https://blog.example.com', ...BLOCK });
    expect(changed.startsWith('\uFEFF{')).toBe(true);
  });

  test('is not written into the first of two storages, of which Ghost reads the last', () => {
    const text = '{ "storage": { "active": "a" }, "storage": { "active": "b" } }';
    expect(() => withGhostConfig(text, BLOCK, jsonSettings('config.production.json'))).toThrow(
      '"storage" occurs twice',
    );
  });

  test('changes nothing the second time', () => {
    const once = withGhostConfig(
      '{\r\n\t"url": "https://blog.example.com"\r\n}',
      BLOCK,
      jsonSettings('config.production.json'),
    );
    expect(once).toContain('\r\n\t"storage": {\r\n\t\t"S3CloudFrontStorage"');
    expect(withGhostConfig(once, BLOCK, jsonSettings('config.production.json'))).toBe(once);
  });

  test.each([
    ['{ "url": ', 'line 1'],
    ['{\n"url": "x",\n}}', 'line 3'],
    ['[]', 'not an object'],
    ['bucket=pictures', 'line 1, column 1'],
    ['\n{ "url": "x" } // mine', 'line 2, column 16 has a comment'],
  ])('is not written into what is not a configuration: %j', (text, cause) => {
    expect(() => withGhostConfig(text, BLOCK, jsonSettings('config.production.json'))).toThrow(
      expect.objectContaining({ message: expect.stringContaining(cause), cure: expect.any(String) }),
    );
  });
});

const testAsRoot = isRoot() ? test : test.skip;

describe("Ghost's configuration file", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'config-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const asUser = process.platform === 'win32' ? test.skip : test;

  test('is kept as it was next to the new one, with the same permissions', () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, '{"url":"https://blog.example.com"}', { mode: 0o640 });
    const backup = writeGhostConfig(file, BLOCK) as string;
    expect(readFileSync(backup, 'utf8')).toBe('{"url":"https://blog.example.com"}');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ url: 'https://blog.example.com', ...BLOCK });
    if (process.platform !== 'win32') {
      expect([file, backup].map((name) => statSync(name).mode & 0o777)).toEqual([0o640, 0o640]);
    }
  });

  test('is left as another program has written it since it was read', () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, '{"url":"https://new.example.com"}');
    expect(() => replaceGhostConfig(file, '{}', '{"url":"https://blog.example.com"}')).toThrow(
      `Another program has changed ${file} since this command read it. It was not overwritten.`,
    );
    expect([readdirSync(folder), readFileSync(file, 'utf8')]).toEqual([
      ['config.production.json'],
      '{"url":"https://new.example.com"}',
    ]);
    replaceGhostConfig(file, '{}', '{"url":"https://new.example.com"}');
    expect(readFileSync(file, 'utf8')).toBe('{}');
  });

  test('that is empty is put back from its newest backup with content', () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, '');
    const cure = () => {
      try {
        jsonSettings(file).text();
      } catch (error) {
        return (error as { cure?: string }).cure;
      }
      return undefined;
    };
    expect(cure()).toBe('Write {} into it, or delete it.');
    const backups = ['20260101T000000000Z', '20260102T000000000Z', '20260103T000000000Z'].map(
      (time) => `${file}.${time}.backup`,
    ) as [string, string, string];
    writeFileSync(backups[0], '{}');
    writeFileSync(backups[1], '{"url":"https://blog.example.com"}');
    writeFileSync(backups[2], '');
    expect(cure()).toBe(`Restore its newest backup: cp ${backups[1]} ${file}`);
  });

  asUser('is put back from no link, which could be to a file of somebody else', () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, '');
    symlinkSync('/etc/passwd', `${file}.20260101T000000000Z.backup`);
    expect(() => jsonSettings(file).text()).toThrow(
      expect.objectContaining({ cure: 'Write {} into it, or delete it.' }) as Error,
    );
  });

  asUser('that is mounted itself is never empty on the disk, and is kept there before the command ends', () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, '{"url":"https://blog.example.com","a":"long value that the new text does not have"}');
    const done: string[] = [];
    jest.spyOn(fs, 'renameSync').mockImplementation(() => {
      throw Object.assign(new Error('EBUSY'), { code: 'EBUSY' });
    });
    const { ftruncateSync, fsyncSync } = fs;
    const sizes = (opened: number) => fs.fstatSync(opened).size;
    jest.spyOn(fs, 'ftruncateSync').mockImplementation((opened, length) => {
      ftruncateSync(opened, length);
      done.push(`cut to ${sizes(opened)}`);
    });
    jest.spyOn(fs, 'fsyncSync').mockImplementation((opened) => {
      fsyncSync(opened);
      done.push(`kept ${sizes(opened)}`);
    });
    try {
      replaceGhostConfig(file, '{}');
    } finally {
      jest.restoreAllMocks();
    }
    expect(done.slice(-2)).toEqual(['cut to 2', 'kept 2']);
    expect(readFileSync(file, 'utf8')).toBe('{}');
  });

  asUser('has a backup that others cannot read, even where they can read the file itself', () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, '{}');
    chmodSync(file, 0o644);
    const backup = writeGhostConfig(file, BLOCK) ?? '';
    expect([file, backup].map((name) => statSync(name).mode & 0o777)).toEqual([0o644, 0o640]);
  });

  test('has no backup when nothing changes', () => {
    const file = path.join(folder, 'config.production.json');
    writeGhostConfig(file, BLOCK);
    expect(writeGhostConfig(file, BLOCK)).toBeUndefined();
    expect(readdirSync(folder)).toEqual(['config.production.json']);
  });

  asUser('is readable to its owner only when it is new: it holds secrets', () => {
    const file = path.join(folder, 'config.production.json');
    writeGhostConfig(file, BLOCK);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  asUser('is refused at once where it is a FIFO, which would wait for a writer for ever', () => {
    const file = path.join(folder, 'config.production.json');
    execFileSync('mkfifo', [file]);
    for (const use of [checkGhostConfigFile, textOf, (name: string) => writeGhostConfig(name, BLOCK)]) {
      expect(() => use(file)).toThrow(`${file} is a FIFO`);
    }
    expect(() => findGhostSite({ ghost: folder }, {})).toThrow(`${file} is a FIFO`);
  });

  test('is not read beyond a size that no configuration has', () => {
    const file = path.join(folder, 'config.production.json');
    writeFileSync(file, `{}${' '.repeat(1_000_001)}`);
    expect(() => textOf(file)).toThrow(/has more than 1000000 bytes/);
  });

  asUser('is written where a link leads, which stays', () => {
    const [file, link] = ['shared.json', 'config.production.json'].map((name) => path.join(folder, name)) as [
      string,
      string,
    ];
    writeFileSync(file, '{}', { mode: 0o640 });
    symlinkSync('shared.json', link);
    expect(writeGhostConfig(link, BLOCK)).toContain(`${file}.`);
    expect([lstatSync(link).isSymbolicLink(), lstatSync(file).mode & 0o777]).toEqual([true, 0o640]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(BLOCK);
  });

  testAsRoot.each([
    ['its folder', 4711, 4711, 0o640],
    ['another user than its folder', 4811, 4711, 0o600],
    ['root', 0, 4711, 0o640],
    ['another group', 4711, 0, 0o640],
  ])('keeps owner and mode, and the backup has them too: owned by the owner of %s', (_, uid, gid, mode) => {
    const file = path.join(folder, 'config.production.json');
    chownSync(folder, 4711, 4711);
    chmodSync(folder, 0o755);
    writeFileSync(file, '{}');
    chmodSync(file, mode);
    chownSync(file, uid, gid);
    const backup = writeGhostConfig(file, BLOCK) ?? '';
    expect(readdirSync(folder).sort()).toEqual([path.basename(file), path.basename(backup)]);
    for (const name of [file, backup]) {
      const found = statSync(name);
      expect([found.uid, found.gid, found.mode & 0o777]).toEqual([uid, gid, mode]);
    }
  });

  testAsRoot('is new with the rights of the owner of its folder, to whom it belongs', () => {
    chownSync(folder, 4711, 4711);
    const file = path.join(folder, 'config.production.json');
    writeGhostConfig(file, BLOCK);
    expect(statSync(file)).toMatchObject({ uid: 4711, gid: 4711 });
  });

  test('is looked at beforehand: a folder that is not there, and a file that is not JSON', () => {
    expect(() => checkGhostConfigFile(path.join(folder, 'nowhere', 'config.json'))).toThrow(/nowhere.*ENOENT/);
    expect(() => checkGhostConfigFile(folder)).toThrow(`${folder} is a folder`);
    const file = path.join(folder, 'config.json');
    if (process.platform !== 'win32') {
      symlinkSync(path.join(folder, 'nowhere'), file);
      expect(() => checkGhostConfigFile(file)).toThrow('it is a broken link');
      rmSync(file);
    }
    writeFileSync(file, 'nonsense');
    expect(() => checkGhostConfigFile(file)).toThrow(/line 1, column 1 has something that is not JSON/);
    writeFileSync(file, '{}');
    expect(() => checkGhostConfigFile(file)).not.toThrow();
  });
});
