// Puts the repository's address into package.json and the README. Until it is known, neither contains a dead link.

/** The two files as text. */
interface Texts {
  manifest: string;
  readme: string;
}

/**
 * Returns both files with the repository's address: `repository`, `homepage` and `bugs` in package.json; the badges below
 * the title and the address to clone in the README. Calling it again with another address replaces the first one.
 *
 * @param url such as `https://github.com/owner/name`, with or without `.git`
 * @throws Error when it is not the https URL of a repository on GitHub, whose badges and issues the links point to
 * @see https://docs.npmjs.com/cli/v11/configuring-npm/package-json#repository
 */
export function withAddress(url: string, { manifest, readme }: Texts): Texts {
  const [, address = ''] = /^(https:\/\/github\.com\/[\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(url) ?? [];
  if (!address) {
    throw new Error(
      `"${url}" is not the address of a repository. Run: npm run address -- https://github.com/OWNER/ghost-storage-s3-cloudfront`,
    );
  }
  const fields = JSON.parse(manifest) as { name: string };
  const { name } = fields;
  const badges = [
    `[![npm](https://img.shields.io/npm/v/${name})](https://www.npmjs.com/package/${name})`,
    `[![CI](${address}/actions/workflows/ci.yml/badge.svg)](${address}/actions/workflows/ci.yml)`,
  ].join(' ');
  const known = {
    ...fields,
    homepage: `${address}#readme`,
    repository: { type: 'git', url: `git+${address}.git` },
    bugs: { url: `${address}/issues` },
  };
  return {
    manifest: `${JSON.stringify(known, null, 2)}\n`,
    readme: readme
      .replace(/^(# .+\n)\n(?:\[!\[npm\].*\n\n)?/, (_, title: string) => `${title}\n${badges}\n\n`)
      .replace(/`git clone[^`]*`/, `\`git clone ${address}.git\``),
  };
}
