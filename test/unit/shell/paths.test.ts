import { issuesUrl, ownManifest } from '../../../src/shell/paths';

test.each([
  [{ bugs: { url: 'https://example.com/issues' } }, 'https://example.com/issues'],
  [{ bugs: 'https://example.com/issues', repository: 'https://example.com/blog' }, 'https://example.com/issues'],
  [{ repository: { url: 'git+https://example.com/blog.git' } }, 'https://example.com/blog'],
  [{ bugs: { email: 'ghost@example.com' } }, undefined],
  [{}, undefined],
])('with %j, problems are reported at %s', (fields, url) => {
  expect(issuesUrl({ ...ownManifest(), bugs: undefined, repository: undefined, ...fields } as never)).toBe(url);
});
