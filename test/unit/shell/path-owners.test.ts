import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isRoot } from '../../../src/shell/owner-rights';
import { ownerOf, refuseForeignLinks, refuseSharedWay, wayTo } from '../../../src/shell/path-owners';

const [GHOST, OTHER] = [4711, 4811];
const onUnix = process.platform === 'win32' ? describe.skip : describe;
const asRoot = isRoot() ? describe : describe.skip;

let folder: string;
beforeEach(() => (folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'way-')))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Creates a folder below the temporary one. */
function folderOf(name: string, uid?: number): string {
  const created = path.join(folder, name);
  mkdirSync(created);
  if (uid !== undefined) {
    chownSync(created, uid, uid);
  }
  return created;
}

/** Creates a link below the temporary folder. */
function linkTo(target: string, name: string, uid?: number): string {
  const link = path.join(folder, name);
  symlinkSync(target, link);
  if (uid !== undefined) {
    lchownSync(link, uid, uid);
  }
  return link;
}

onUnix('the way to a path', () => {
  it('resolves links on it, relative ones too, and keeps what does not exist', () => {
    folderOf('a');
    folderOf('a/b');
    linkTo('a/b', 'to b');
    linkTo('../../to b', 'a/b/again');
    expect(wayTo(path.join(folder, 'to b/again/missing/file')).real).toBe(path.join(folder, 'a/b/missing/file'));
  });

  it('ends where links lead in a loop', () => {
    linkTo('loop', 'loop');
    expect(() => wayTo(path.join(folder, 'loop'))).toThrow(/more than 40 symbolic links/);
  });
});

asRoot('what root uses', () => {
  it('is used with the rights of its owner', () => {
    expect(ownerOf(wayTo(folderOf('content', GHOST)))).toMatchObject({ uid: GHOST });
    expect(ownerOf(wayTo(path.join(folder, 'content/not/there')))).toMatchObject({ uid: GHOST });
    expect(ownerOf(wayTo(folderOf('of root')))).toMatchObject({ uid: 0 });
  });

  it('is used with the rights of a user who could replace it, where it belongs to root', () => {
    folderOf('ghost', GHOST);
    expect(ownerOf(wayTo(folderOf('ghost/content', 0)))).toMatchObject({ uid: GHOST });
    expect(ownerOf(wayTo(linkTo(folderOf('root'), 'link', OTHER)))).toMatchObject({ uid: OTHER });
  });

  it('is never found by a link of a user who has no rights there', () => {
    const content = folderOf('content', GHOST);
    const refusal = (link: string) => () => refuseForeignLinks(wayTo(link), '');
    expect(refusal(linkTo(content, 'by another user', OTHER))).toThrow(
      /by another user is a link owned by the user 4811/,
    );
    expect(refusal(linkTo(folderOf('root'), 'to root', GHOST))).toThrow(/to root is a link owned by the user 4711/);
    expect(refusal(linkTo(content, 'by root'))).not.toThrow();
    expect(refusal(linkTo(content, 'by the owner', GHOST))).not.toThrow();
  });

  it('is refused where others may write to a folder of root on the way, but below the temporary folder', () => {
    const inner = path.join(folderOf('shared'), 'root');
    mkdirSync(inner);
    expect(() => refuseSharedWay(wayTo(inner))).not.toThrow();
    chmodSync(inner, 0o775);
    expect(() => refuseSharedWay(wayTo(inner))).toThrow(`Users other than root can write to ${inner}`);
    chmodSync(inner, 0o1777);
    expect(() => refuseSharedWay(wayTo(inner))).toThrow(`Users other than root can write to ${inner}`);
    chmodSync(inner, 0o755);
    chmodSync(path.dirname(inner), 0o757);
    expect(() => refuseSharedWay(wayTo(inner))).toThrow(`can write to ${path.dirname(inner)}`);
  });
});
