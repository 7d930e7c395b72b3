import { readFileSync } from 'node:fs';
import path from 'node:path';
import { withAddress } from '../../scripts/address';

const root = path.join(__dirname, '../..');
const texts = {
  manifest: readFileSync(path.join(root, 'package.json'), 'utf8'),
  readme: readFileSync(path.join(root, 'README.md'), 'utf8'),
};
const ADDRESS = 'https://github.com/someone/ghost-storage-s3-cloudfront';

describe('the address of the repository, once it is known,', () => {
  test.each([ADDRESS, `${ADDRESS}.git`, `${ADDRESS}/`])('is in every field that npm shows, from %s', (url) => {
    expect(JSON.parse(withAddress(url, texts).manifest)).toEqual({
      ...(JSON.parse(texts.manifest) as object),
      homepage: `${ADDRESS}#readme`,
      repository: { type: 'git', url: `git+${ADDRESS}.git` },
      bugs: { url: `${ADDRESS}/issues` },
    });
  });

  test('is what the README tells to clone, with the badges, within the README’s size', () => {
    const { readme } = withAddress(ADDRESS, texts);
    expect(readme).toContain(`\`git clone ${ADDRESS}.git\``);
    expect(readme.split('\n')[2]).toContain(`${ADDRESS}/actions/workflows/ci.yml/badge.svg`);
    expect(readme.split('\n').length - 1).toBeLessThanOrEqual(180);
    expect(readme.split(/\s+/).filter(Boolean).length).toBeLessThanOrEqual(1300);
  });

  test('takes the place of an earlier one', () => {
    const other = withAddress('https://github.com/another/fork', texts);
    expect(withAddress(ADDRESS, other)).toEqual(withAddress(ADDRESS, withAddress(ADDRESS, texts)));
    expect(withAddress(ADDRESS, other).readme).toBe(withAddress(ADDRESS, texts).readme);
  });

  test.each(['', 'someone/fork', 'http://github.com/someone/fork', 'https://github.com/someone', 'git@github.com:a/b'])(
    'is refused where it is none: "%s"',
    (url) => {
      expect(() => withAddress(url, texts)).toThrow(
        `"${url}" is not the address of a repository. Run: npm run address`,
      );
    },
  );
});

test('until the address is known, neither package.json nor the README contains a dead one', () => {
  const manifest = JSON.parse(texts.manifest) as Record<string, unknown>;
  const isKnown = 'repository' in manifest;
  expect('bugs' in manifest).toBe(isKnown);
  expect(/github\.com\/[\w-]+\/ghost-storage-s3-cloudfront/i.test(texts.readme)).toBe(isKnown);
});
