import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync, chownSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { idsOf, isRoot, withRightsOf } from '../../../src/shell/owner-rights';

// A user of every Linux that owns nothing.
const NOBODY = { uid: 65534, gid: 65534 };
const asRoot = isRoot() ? describe : describe.skip;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rights-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a step with the rights of an owner', () => {
  it('returns what the step returns, and throws what it throws', () => {
    expect(withRightsOf(NOBODY, () => 5)).toBe(5);
    expect(() =>
      withRightsOf(NOBODY, () => {
        throw new Error('the error of the step');
      }),
    ).toThrow('the error of the step');
  });
});

asRoot('root with the rights of an owner', () => {
  it('cannot read a file of root through a link of the owner', () => {
    const secret = path.join(folder, 'secret');
    writeFileSync(secret, 'only for root', { mode: 0o600 });
    symlinkSync(secret, path.join(folder, 'link'));
    expect(() => withRightsOf(NOBODY, () => readFileSync(path.join(folder, 'link')))).toThrow(/EACCES/);
  });

  it('cannot use the groups of root', () => {
    const file = path.join(folder, 'for the group root');
    writeFileSync(file, 'only for the group', { mode: 0o040 });
    chmodSync(file, 0o040);
    expect(() => withRightsOf(NOBODY, () => readFileSync(file))).toThrow(/EACCES/);
  });

  it('cannot use the group root either where a folder of the owner has it', () => {
    const file = path.join(folder, 'for the group root');
    writeFileSync(file, 'only for the group');
    chmodSync(file, 0o040);
    for (const uid of [NOBODY.uid, 4711]) {
      expect(() => withRightsOf({ uid, gid: 0 }, () => readFileSync(file))).toThrow(/EACCES/);
      expect(idsOf({ uid, gid: 0 })).toEqual({ uid, gid: NOBODY.gid });
    }
  });

  it('creates files that belong to the owner', () => {
    chownSync(folder, NOBODY.uid, NOBODY.gid);
    const file = path.join(folder, 'new');
    withRightsOf(NOBODY, () => writeFileSync(file, ''));
    expect(statSync(file)).toMatchObject(NOBODY);
  });

  it('has the rights of root again afterwards, also after an error', () => {
    const rights = () => [process.geteuid?.(), process.getegid?.(), process.getgroups?.()];
    const before = rights();
    withRightsOf(NOBODY, () => {});
    expect(() => withRightsOf(NOBODY, () => readFileSync(path.join(folder, 'missing')))).toThrow(/ENOENT/);
    expect(rights()).toEqual(before);
  });

  it('keeps its rights where root owns the folder', () => {
    expect(withRightsOf({ uid: 0, gid: 0 }, isRoot)).toBe(true);
  });
});
